/**
 * How a record follows what is known of its session: it is the next one, a late one, a repeated one, or the first of
 * another session with the same Acct-Session-Id.
 *
 * If both records have an Event-Timestamp, that decides, then Acct-Session-Time. Without timestamps a late record still
 * differs from a new session: the new session cannot be older than the time since the last record of the old one.
 */
import { START, STOP } from './client-accounting.ts'

/** Seconds: clocks are read in whole seconds, and records travel. */
const SLACK = 2

/** What the session's records said so far. Times in seconds; undefined if no record had them. */
export interface Known {
  readonly stamp: number | undefined
  readonly time: number | undefined
  /** When the last record came. */
  readonly second: number
  readonly ended: boolean
  /** Something that is no Start came. */
  readonly wentOn: boolean
}

export interface Coming {
  readonly status: number
  readonly stamp: number | undefined
  readonly time: number | undefined
  /** When it was made: now, less its Acct-Delay-Time. */
  readonly second: number
}

export type Succession = 'next' | 'late' | 'repeated' | 'new-session'

export function succession(known: Known, coming: Coming): Succession {
  return coming.status === START ? ofStart(known, coming) : ofOther(known, coming)
}

function ofStart(known: Known, coming: Coming): Succession {
  const later = difference(coming.stamp, known.stamp)
  if (!known.wentOn) {
    if (later === undefined || later === 0) return 'repeated'
    return later < 0 ? 'late' : 'new-session'
  }
  if (later !== undefined && later !== 0) return later < 0 ? 'late' : 'new-session'
  if (later === 0) return (known.time ?? 0) > 0 ? 'new-session' : 'late'
  if (known.ended) return 'new-session'
  // Its own Start, if an interim update overtook it: then both say that it began at the same time.
  const began = known.second - (known.time ?? 0)
  return coming.second - (coming.time ?? 0) <= began + SLACK ? 'late' : 'new-session'
}

function ofOther(known: Known, coming: Coming): Succession {
  const later = difference(coming.stamp, known.stamp)
  const longer = difference(coming.time, known.time)
  if (later !== undefined) {
    if (later < 0) return 'late'
    if (longer !== undefined && longer < 0) return later > 0 ? 'new-session' : 'late'
  } else if (longer !== undefined && longer < 0) {
    const canBeNew = coming.time! <= coming.second - known.second + SLACK
    return canBeNew ? 'new-session' : 'late'
  }
  if (!known.ended) return 'next'
  const isSame = (later ?? 0) === 0 && (longer ?? 0) === 0
  return coming.status === STOP && isSame ? 'repeated' : 'late'
}

const difference = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a - b
