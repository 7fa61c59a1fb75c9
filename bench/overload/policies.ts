/**
 * Which waiting request goes first, and when one is forgotten. A policy is two functions of what it may know.
 *
 * An oracle knows when each client gives up, which no proxy can know. `known gaps` knows the gap to the next copy: it
 * forgets a request just before that copy is due, and the copy enters at the tail. The engine's `max_age: auto` has to find
 * that gap out, so it is measured against this model.
 */
import { seconds } from '../../src/units.ts'
import type { Call } from './caller.ts'

/** A request that waits. */
export interface Waiting {
  readonly call: Call
  readonly firstDial: number
  readonly enteredAt: number
  /** Between 0 and 1, drawn when it entered. */
  readonly chance: number
  /** When its latest copy came, and when its client sends the next one, or gives up. */
  latestAt: number
  nextAt: number
}

export interface Policy {
  readonly name: string
  /** The least goes first. It does not change while the request waits. */
  readonly rank: (waiting: Waiting) => number
  /** Served later than this, it is forgotten instead. */
  readonly keepUntil: (waiting: Waiting) => number
}

/** As radsluice 0.1.0: first in, first out, and so long from entering the line. */
export const fifo = (maxAge: number): Policy => ({
  name: `FIFO ${maxAge} s`,
  rank: ({ enteredAt }) => enteredAt,
  keepUntil: ({ enteredAt }) => enteredAt + seconds(maxAge),
})

/** The share of a gap for which its client is believed to be there. */
const PROOF_OF_LIFE = 0.97

export const KNOWN_GAPS: Policy = {
  name: 'known gaps',
  rank: ({ enteredAt }) => enteredAt,
  keepUntil: ({ latestAt, nextAt }) => latestAt + PROOF_OF_LIFE * (nextAt - latestAt),
}

const oracle = (name: string, rank: Policy['rank']): Policy => ({ name, rank, keepUntil: ({ call }) => call.givesUpAt })

export const ORACLES: readonly Policy[] = [
  // Who would come back last is served first.
  oracle('return', ({ call }) => -call.redialsAt),
  oracle('latest deadline', ({ call }) => -call.givesUpAt),
  oracle('earliest deadline', ({ call }) => call.givesUpAt),
  oracle('last in', ({ enteredAt }) => -enteredAt),
  oracle('latest call', ({ call }) => -call.begins),
  oracle('earliest call', ({ call }) => call.begins),
  oracle('first dial', ({ firstDial }) => firstDial),
  oracle('at random', ({ chance }) => chance),
]
