import { describe, expect, it } from 'vitest'
import { slotUse, TOLERANCE_MICROS } from '../../../bench/load/slot-use.ts'

const GRID = { maxRate: 200, slotMicros: 50_000 }
const SLOTS = 20
/** Ten requests in each of a second's twenty slots, the first 100 us after its beginning, `more` laid over that. */
const oneSecond = (more: (slot: number) => number = () => 0, second = 7): number[] =>
  Array.from({ length: SLOTS }, (_, slot) =>
    Array.from({ length: 10 + more(slot) }, (_, n) => second * 1_000_000 + slot * 50_000 + 5_000 + n * 100),
  ).flat()

describe('the use of slots, as the sink saw it', () => {
  it('finds every slot full and none over', () => {
    const use = slotUse(GRID, oneSecond(), 7_000_000)
    expect(use).toMatchObject({
      arrivals: 200,
      overQuota: 0,
      unfilled: 0,
      usedShare: 1,
      slots: 18,
      quota: 10,
      excused: 0,
    })
    expect(use.perSlot).toEqual(Array.from({ length: SLOTS }, () => 10))
  })

  it('counts each request that is too many', () => {
    expect(
      slotUse(
        GRID,
        oneSecond((slot) => (slot === 5 ? 2 : 0)),
        7_000_000,
      ).overQuota,
    ).toBe(2)
  })

  it('tells how much of the quota was left over', () => {
    const use = slotUse(
      GRID,
      oneSecond((slot) => (slot === 5 ? -9 : 0)),
      7_000_000,
    )
    expect(use.unfilled).toBe(1)
    expect(use.usedShare).toBeCloseTo(1 - 9 / 180)
  })

  it('does not hold slots before the backlog against it, nor the last', () => {
    const arrivals = oneSecond((slot) => (slot < 3 || slot === SLOTS - 1 ? -5 : 0))
    expect(slotUse(GRID, arrivals, 7_100_001)).toMatchObject({ usedShare: 1, slots: 16, unfilled: 0 })
  })

  it('excuses what was stamped a moment late, and not more', () => {
    const late = (by: number): number[] =>
      oneSecond().map((at) => (at === 7_000_000 + 4 * 50_000 + 5_900 ? 7_250_000 + by : at))
    expect(slotUse(GRID, late(TOLERANCE_MICROS - 100), 7_000_000)).toMatchObject({ overQuota: 0, excused: 1 })
    expect(slotUse(GRID, late(TOLERANCE_MICROS + 100), 7_000_000)).toMatchObject({ overQuota: 1 })
  })

  it('has nothing to say of nothing', () => {
    expect(slotUse(GRID, [], 0)).toMatchObject({ arrivals: 0, usedShare: 0, overQuota: 0, perSlot: [] })
  })
})
