/**
 * A storm, described once: the models and the real engine play the same description.
 *
 * All sessions dial within 2 s. The server works off 500 requests a second, one at a time, in the order in which they reach it. A
 * session that gave up dials again after 10 s, give or take a fifth. An answer is back at the client 6 ms after its
 * request left the line.
 */
import type { LoopPlan, SessionKind } from '../../src/simulation/peers/nas-plan.ts'
import { type Duration, MICROS_PER_SECOND, millis, seconds } from '../../src/units.ts'

export const DIAL_WITHIN = seconds(2)
/** Requests a second. */
export const CAPACITY = 500
export const ROUND_TRIP = millis(6)
const REDIAL = { redialAfter: seconds(10), redialSpread: 0.2 } as const

export interface Storm {
  readonly sessions: number
  /** Their shares add up to 1. */
  readonly kinds: readonly SessionKind[]
  /** The share of the clients' datagrams that is lost. */
  readonly loss?: number
  /** The daemon ends, with all that it knows, and is back later. */
  readonly restart?: { readonly at: Duration; readonly downFor: Duration }
  readonly seed: number
  /** A run ends then if not all are up. */
  readonly until: Duration
}

/** What an attacker or a bad network adds. The models play the storm without it. */
export interface Attack {
  readonly loops?: readonly LoopPlan[]
  /** So many sessions of all repeat every 10 ms as long as the others are patient. */
  readonly repeaters?: number
  /** The network doubles every datagram of a client; the second comes so much later. */
  readonly doubledAfter?: Duration
}

/** A client that sends `sends` times, `gap` seconds apart. Growth and jitter are those of `LoginRetransmission`. */
export const kind = (
  gap: number,
  sends: number,
  o: { readonly growth?: number; readonly jitter?: number; readonly share?: number } = {},
): SessionKind => {
  const { share = 1, growth = 1, jitter = 0 } = o
  return { share, authentication: { timeout: seconds(gap), tries: sends, growth, jitter, ...REDIAL } }
}

/** How a storm went, in seconds. */
export interface StormFigures {
  readonly sessions: number
  readonly up: number
  /** When the last session came up, from the start of the storm; undefined if that did not happen. */
  readonly allUpAt: number | undefined
  /** From a session's first dial until it was up: half of them, and 99 of 100. Undefined if fewer came up. */
  readonly p50: number | undefined
  readonly p99: number | undefined
  /** The share of the server's work that brought no session up. */
  readonly wasted: number
}

/** `waits` from the first dial, and `lastUpAt` from the start of the storm, in microseconds; `worked` requests of sessions. */
export function figuresOf(o: {
  readonly sessions: number
  readonly waits: readonly number[]
  readonly lastUpAt: number
  readonly worked: number
}): StormFigures {
  const { sessions, worked, lastUpAt } = o
  const waits = o.waits.toSorted((a, b) => a - b)
  const up = waits.length
  const quantile = (part: number): number | undefined => {
    const wait = waits[Math.ceil(sessions * part) - 1]
    return wait === undefined ? undefined : wait / MICROS_PER_SECOND
  }
  return {
    sessions,
    up,
    allUpAt: up === sessions ? lastUpAt / MICROS_PER_SECOND : undefined,
    p50: quantile(0.5),
    p99: quantile(0.99),
    wasted: worked === 0 ? 0 : 1 - up / worked,
  }
}
