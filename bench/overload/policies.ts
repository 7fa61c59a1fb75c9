/**
 * Which waiting request goes first, and when one is forgotten. A policy is two functions of what it may know.
 *
 * An oracle knows when each client gives up, which no proxy can know. `known gaps` knows the gap to the next copy: it
 * forgets a request just before that copy is due, and the copy enters at the tail. `own gaps` has to find that gap out, as the
 * engine's `max_age: auto` does; both are measured against `known gaps`.
 */
import { millis, seconds } from '../../src/units.ts'
import type { Call } from './caller.ts'

/** What was heard of a call since it was last unknown. */
export interface Heard {
  latestAt: number
  /** Between the latest two copies, and between the two before; undefined if there were fewer. */
  gap: number | undefined
  gapBefore: number | undefined
  /** When the client sends the next copy, or gives up: nobody but an oracle knows. */
  nextAt: number
}

/** A request that waits. */
export interface Waiting {
  readonly call: Call
  readonly firstDial: number
  readonly enteredAt: number
  /** Between 0 and 1, drawn when it entered. */
  readonly chance: number
  readonly heard: Heard
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
  keepUntil: ({ heard: { latestAt, nextAt } }) => latestAt + PROOF_OF_LIFE * (nextAt - latestAt),
}

/** How long a forgotten request is remembered, so that its next copy is not taken for a first one. */
export const TOMBSTONE = seconds(30)
const LIMIT = seconds(5)
const MOST = seconds(30)

/** The rule of `max_age: auto` as the specification states it: the gap to come is guessed from the gaps that were. */
export const OWN_GAPS: Policy = {
  name: 'own gaps',
  rank: ({ enteredAt }) => enteredAt,
  keepUntil: ({ enteredAt, heard }) => {
    const { latestAt, gap } = heard
    if (gap === undefined) return enteredAt + LIMIT
    const wait = Math.max(millis(20), 0.95 * gap * growthOf(heard) - millis(20))
    return Math.min(latestAt + wait, enteredAt + MOST)
  },
}

/** Of a client that backs off. Less than 1.5 is jitter, and more than 3 are lost copies. */
const growthOf = ({ gap, gapBefore }: Heard): number => {
  const ratio = gap === undefined || gapBefore === undefined ? 1 : gap / gapBefore
  return ratio >= 1.5 && ratio <= 3 ? Math.min(2.2, ratio) : 1
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
