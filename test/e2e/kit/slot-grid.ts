/**
 * The judge of the throttle on the wire: given when packets passed the interface, were the slots of the grid kept?
 *
 * Quotas and slot bounds are computed here from the documented rule (docs/throttling.md), not by the daemon's code.
 * A packet decided at the end of a slot may pass the interface a moment later, so a packet within the tolerance of an
 * edge may belong to the neighbour instead: but only where its own slot is over quota and the neighbour has room, so that
 * the tolerance excuses a late packet and never an extra one.
 */
export interface Grid {
  /** Messages per second, at least 1. */
  readonly maxRate: number
  /** Microseconds of one configured slot: 50,000. */
  readonly slotMicros: number
}

export interface Verdict {
  /** The slots of packets that fit in no slot that they could belong to; a slot that is two over stands here twice. */
  readonly overQuota: readonly number[]
  /** Packets that fit only because the tolerance let them count for a neighbour. */
  readonly excused: number
  /** Slots after `backlogFrom` and before the last used one that were not used to their quota. */
  readonly unfilled: readonly number[]
  /** The most packets given to one grid second. */
  readonly mostInASecond: number
  /** Of those after `backlogFrom`. */
  readonly slotsUsed: number
}

export const slotsPerSecond = ({ maxRate, slotMicros }: Grid): number =>
  Math.min(maxRate, Math.floor(1_000_000 / slotMicros))

/** How many messages slot `slot`, counted from the clock's origin, may take. */
export const quotaOf = (grid: Grid, slot: number): number => {
  const perSecond = slotsPerSecond(grid)
  const k = slot % perSecond
  return Math.floor(((k + 1) * grid.maxRate) / perSecond) - Math.floor((k * grid.maxRate) / perSecond)
}

/** The slot that `at`, microseconds of the daemon's monotonic clock, lies in. */
export const slotAt = (grid: Grid, at: number): number => {
  const perSecond = slotsPerSecond(grid)
  const second = Math.floor(at / 1_000_000)
  const within = at - second * 1_000_000
  let k = Math.min(perSecond - 1, Math.floor((within * perSecond) / 1_000_000) + 1)
  while (Math.floor((k * 1_000_000) / perSecond) > within) k -= 1
  return second * perSecond + k
}

export interface Measurement {
  /** Microseconds of the daemon's monotonic clock. */
  readonly departures: readonly number[]
  readonly toleranceMicros: number
  /** From then on until the last departure something waited all the time. */
  readonly backlogFrom: number
}

/** Judges when packets left. */
export const judge = (grid: Grid, { departures, toleranceMicros, backlogFrom }: Measurement): Verdict => {
  const perSlot = new Map<number, number[]>()
  for (const at of departures) {
    const slot = slotAt(grid, at)
    const there = perSlot.get(slot)
    if (there === undefined) perSlot.set(slot, [at])
    else there.push(at)
  }
  const slots = [...perSlot.keys()].sort((a, b) => a - b)
  const used = new Map<number, number>()
  const overQuota: number[] = []
  let fromBefore = 0
  let excused = 0
  for (let slot = slots[0] ?? 0; slot <= (slots.at(-1) ?? -1) + 1; slot += 1) {
    const here = perSlot.get(slot) ?? []
    const excess = Math.max(0, here.length + fromBefore - quotaOf(grid, slot))
    const late = here.filter((at) => slotAt(grid, at - toleranceMicros) < slot).length
    const room = Math.max(0, quotaOf(grid, slot - 1) - (used.get(slot - 1) ?? 0))
    const back = Math.min(excess, late, room)
    if (back > 0) used.set(slot - 1, (used.get(slot - 1) ?? 0) + back)
    const early = here.filter((at) => slotAt(grid, at + toleranceMicros) > slot).length
    const forward = Math.min(excess - back, early)
    for (let n = 0; n < excess - back - forward; n += 1) overQuota.push(slot)
    if (here.length + fromBefore > 0) used.set(slot, here.length + fromBefore - back - forward)
    fromBefore = forward
    excused += back + forward
  }
  return { ...summary(grid, used, slotAt(grid, backlogFrom)), overQuota, excused }
}

const summary = (
  grid: Grid,
  used: ReadonlyMap<number, number>,
  backlogSlot: number,
): Omit<Verdict, 'overQuota' | 'excused'> => {
  const slots = [...used.keys()].sort((a, b) => a - b)
  const unfilled: number[] = []
  for (let slot = backlogSlot + 1; slot < (slots.at(-1) ?? 0); slot += 1) {
    if ((used.get(slot) ?? 0) < quotaOf(grid, slot)) unfilled.push(slot)
  }
  const seconds = new Map<number, number>()
  for (const [slot, count] of used) {
    const second = Math.floor(slot / slotsPerSecond(grid))
    seconds.set(second, (seconds.get(second) ?? 0) + count)
  }
  return {
    unfilled,
    mostInASecond: Math.max(0, ...seconds.values()),
    slotsUsed: slots.filter((slot) => slot > backlogSlot).length,
  }
}
