/**
 * What the sink's record says of a throttle: whether each slot is within its quota, and how much of the quota was used while
 * enough requests waited. Quotas come from the judge of the end-to-end tests, not from the daemon's code.
 */
import { type Grid, judge, quotaOf, slotAt, slotsPerSecond } from '../../test/e2e/kit/slot-grid.ts'

/**
 * A request that left at the end of a slot may be stamped in the next: where load, relay and sink share two processors, a thread
 * is stopped for milliseconds between its decision and its sending. That excuses a late request whose own slot had
 * room for it, never one too many.
 */
export const TOLERANCE_MICROS = 5_000

export interface SlotUse {
  readonly arrivals: number
  /** Slots with more than their quota, also with the tolerance; one that is two over stands here twice. */
  readonly overQuota: number
  /** Requests that fit only with the tolerance. */
  readonly excused: number
  readonly mostInASecond: number
  /** Whole slots in which something waited all the time. */
  readonly slots: number
  readonly unfilled: number
  /** Of their quota, how much was used; at most 1. */
  readonly usedShare: number
  /** Requests in each slot, from the first on. */
  readonly perSlot: readonly number[]
  /** The quota of most slots. */
  readonly quota: number
}

/** Judges arrivals (microseconds of the monotonic clock). From `backlogFrom` until the last but one slot something waited. */
export function slotUse(grid: Grid, arrivals: readonly number[], backlogFrom: number): SlotUse {
  const verdict = judge(grid, { departures: arrivals, toleranceMicros: TOLERANCE_MICROS, backlogFrom })
  const slots = arrivals.map((at) => slotAt(grid, at))
  const first = slots.reduce((least, slot) => Math.min(least, slot), Number.POSITIVE_INFINITY)
  const last = slots.reduce((most, slot) => Math.max(most, slot), 0)
  const perSlot = Array.from({ length: arrivals.length === 0 ? 0 : last - first + 1 }, () => 0)
  for (const slot of slots) perSlot[slot - first]! += 1
  const from = slotAt(grid, backlogFrom) + 1
  let offered = 0
  let used = 0
  for (let slot = from; slot < last; slot += 1) {
    offered += quotaOf(grid, slot)
    used += perSlot[slot - first] ?? 0
  }
  return {
    arrivals: arrivals.length,
    overQuota: verdict.overQuota.length,
    excused: verdict.excused,
    mostInASecond: verdict.mostInASecond,
    slots: Math.max(0, last - from),
    unfilled: verdict.unfilled.length,
    usedShare: offered === 0 ? 0 : Math.min(1, used / offered),
    perSlot,
    quota: Math.ceil(grid.maxRate / slotsPerSecond(grid)),
  }
}
