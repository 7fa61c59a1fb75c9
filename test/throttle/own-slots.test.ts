/**
 * The grid and its quota: exact by enumeration where the space is small, by properties where it is not.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quotaOfSlot, slotsPerSecond, termOf } from '../../src/throttle/budget.ts'
import { OwnSlots } from '../../src/throttle/own-slots.ts'
import { type Duration, type Instant, instant, micros, millis, perSecond, seconds } from '../../src/units.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

const SECOND = 1_000_000
const slotLengths = fc.constantFrom(1, 7, 50, 100, 333, 999, 1000).map(millis)
const rates = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 20_000 }))

const quotaWith = (maxRate: number, slot: Duration = millis(50)): OwnSlots =>
  new OwnSlots(termOf({ maxRate: perSecond(maxRate), slot }, 0))

/** Another rate, as a reload at that moment announces it. */
const announce = (quota: OwnSlots, maxRate: number, at: number, slot: Duration = millis(50)): void =>
  quota.announce([termOf({ maxRate: perSecond(maxRate), slot }, Math.floor(at / SECOND) + 1)])

/** How many can be taken at that moment. */
const takeAll = (quota: OwnSlots, now: Instant): number => {
  let taken = 0
  while (quota.tryTake(now)) taken += 1
  return taken
}

/** The slots of one second from the definition alone: where each begins, and its quota. */
const gridOf = (rate: number, slot: Duration): { begins: number; quota: number }[] => {
  const count = Math.min(rate, Math.floor(SECOND / slot))
  const upTo = (k: number): number => Number((BigInt(k) * BigInt(rate)) / BigInt(count))
  return Array.from({ length: count }, (_, k) => ({
    begins: Number((BigInt(k) * BigInt(SECOND)) / BigInt(count)),
    quota: upTo(k + 1) - upTo(k),
  }))
}

describe('the grid', () => {
  it('has as many slots a second as fit, but never a slot without quota', () => {
    const slots = (rate: number, ms: number): number => slotsPerSecond({ maxRate: perSecond(rate), slot: millis(ms) })
    expect(slots(200, 50)).toBe(20)
    expect(slots(20, 50)).toBe(20)
    expect(slots(19, 50)).toBe(19)
    expect(slots(5, 50)).toBe(5)
    expect(slots(5, 1000)).toBe(1)
    expect(slots(100_000, 1)).toBe(1000)
    expect(slots(100, 70)).toBe(14)
    expect(slots(0, 50)).toBe(0)
  })

  it('gives 5 a second as 5 slots of 200 ms with one message each', () => {
    const quota = quotaWith(5)
    const leaves: number[] = []
    for (let now = 7 * SECOND; now < 8 * SECOND; now += 1_000) {
      for (let i = takeAll(quota, instant(now)); i > 0; i -= 1) leaves.push(now - 7 * SECOND)
    }
    expect(leaves).toEqual([0, 200_000, 400_000, 600_000, 800_000])
  })

  it('begins slot k at floor(k * 1 s / S) of its second, to the microsecond', () => {
    fc.assert(
      fc.property(rates, slotLengths, fc.nat(10_000), (rate, slot, second) => {
        const quota = quotaWith(rate, slot)
        const grid = gridOf(rate, slot)
        const step = Math.max(1, Math.floor(grid.length / 25))
        for (let k = 0; k < grid.length; k += step) {
          const begins = second * SECOND + grid[k]!.begins
          const ends = second * SECOND + (grid[k + 1]?.begins ?? SECOND)
          const view = { slot: k, beganAt: begins, endsAt: ends, quota: grid[k]!.quota, sent: 0 }
          expect(quota.view(instant(begins))).toMatchObject(view)
          expect(quota.view(instant(ends - 1))).toMatchObject(view)
          expect(quota.nextSlotAt(instant(ends - 1))).toBe(ends)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('spreads a remainder: 30 a second over 20 slots is 1, 2, 1, 2', () => {
    const quotas = Array.from({ length: 20 }, (_, k) => quotaOfSlot(k, 30, 20))
    expect(quotas).toEqual(Array.from({ length: 10 }, () => [1, 2]).flat())
  })

  it('has no two slots more than one message apart, for every rate up to 3000 on 20 slots', () => {
    for (let rate = 20; rate <= 3_000; rate += 1) {
      const quotas = Array.from({ length: 20 }, (_, k) => quotaOfSlot(k, rate, 20))
      expect(Math.max(...quotas) - Math.min(...quotas)).toBeLessThanOrEqual(1)
      expect(quotas.reduce((sum, one) => sum + one, 0)).toBe(rate)
    }
  })
})

describe('OwnSlots', () => {
  it('lets exactly max-rate through in every whole second of full demand, whenever it is asked', () => {
    fc.assert(
      fc.property(
        rates,
        slotLengths,
        fc.array(fc.integer({ min: 0, max: 999 }), { maxLength: 30 }),
        (rate, slot, extra) => {
          const quota = quotaWith(rate, slot)
          const grid = gridOf(rate, slot)
          for (const second of [3, 4]) {
            // Once in each slot, and at moments of no meaning: early, double, late.
            const moments = [...grid.map(({ begins }) => begins), ...extra.map((ms) => ms * 1_000), SECOND - 1]
            const perSlot = new Map<number, number>()
            for (const moment of moments.sort((a, b) => a - b)) {
              const slotIndex = grid.findLastIndex(({ begins }) => begins <= moment)
              const taken = takeAll(quota, instant(second * SECOND + moment))
              perSlot.set(slotIndex, (perSlot.get(slotIndex) ?? 0) + taken)
            }
            expect([...perSlot.values()]).toEqual(grid.map(({ quota: one }) => one))
            expect([...perSlot.values()].reduce((sum, one) => sum + one, 0)).toBe(rate)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('never lets more than a slot has, however late and irregular the wakes are', () => {
    fc.assert(
      fc.property(rates, slotLengths, fc.array(fc.nat(400_000), { maxLength: 200 }), (rate, slot, steps) => {
        const quota = quotaWith(rate, slot)
        const grid = gridOf(rate, slot)
        let now = 5 * SECOND + 123_456
        const perSlot = new Map<string, number>()
        for (const step of steps) {
          now += step
          const second = Math.floor(now / SECOND)
          const k = grid.findLastIndex(({ begins }) => begins <= now - second * SECOND)
          const key = `${second} ${k}`
          const before = perSlot.get(key) ?? 0
          // The first look at a slot finds all of it, each later one nothing.
          expect(takeAll(quota, instant(now))).toBe(before === 0 ? grid[k]!.quota : 0)
          perSlot.set(key, grid[k]!.quota)
        }
      }),
    )
  })

  it('loses what a slot did not use: a pause is never paid back as a burst', () => {
    const quota = quotaWith(200)
    expect(takeAll(quota, instant(SECOND))).toBe(10)
    expect(takeAll(quota, instant(SECOND + 500_000))).toBe(10)
    expect(takeAll(quota, instant(3_600 * SECOND))).toBe(10)
  })

  it('lets no sliding second carry more than the rate and one quota', () => {
    fc.assert(
      fc.property(rates, fc.array(fc.nat(80_000), { minLength: 50, maxLength: 120 }), (rate, steps) => {
        const quota = quotaWith(rate)
        const most = Math.max(...gridOf(rate, millis(50)).map((slot) => slot.quota))
        const leaves: { at: number; count: number }[] = []
        let now = SECOND
        for (const step of steps) {
          now += step
          leaves.push({ at: now, count: takeAll(quota, instant(now)) })
        }
        for (const { at: from } of leaves) {
          const within = leaves.filter(({ at }) => at >= from && at < from + SECOND)
          expect(within.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(rate + most)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('charges a reading of the clock that lies behind to the slot that has begun', () => {
    const quota = quotaWith(20)
    expect(quota.tryTake(instant(SECOND + 50_000))).toBe(true)
    expect(quota.tryTake(instant(SECOND + 49_999))).toBe(false)
    expect(quota.tryTake(instant(SECOND + 99_999))).toBe(false)
    expect(quota.tryTake(instant(SECOND + 100_000))).toBe(true)
  })

  it('says what is left and when the next slot begins, and looking takes nothing', () => {
    const quota = quotaWith(200)
    const now = instant(SECOND + 60_000)
    expect(quota.left(now)).toBe(10)
    expect(quota.left(now)).toBe(10)
    quota.tryTake(now)
    expect(quota.left(now)).toBe(9)
    expect(quota.view(now)).toMatchObject({ sent: 1, quota: 10, slot: 1, slotsPerSecond: 20, maxRate: 200 })
    expect(quota.nextSlotAt(now)).toBe(SECOND + 100_000)
  })

  it('with rate 0 is unlimited and has no next slot', () => {
    const quota = quotaWith(0)
    for (let i = 0; i < 5_000; i += 1) expect(quota.tryTake(instant(SECOND + 1))).toBe(true)
    expect(quota.left(instant(SECOND + 1))).toBe(Number.POSITIVE_INFINITY)
    expect(quota.nextSlotAt(instant(SECOND + 1))).toBeUndefined()
    expect(quota.view(instant(SECOND + 1))).toMatchObject({ slotsPerSecond: 0, sent: 5_000 })
  })
})

describe('slots that others may have used', () => {
  it('give nothing until the moment from which they are ours, and all of their quota from then on', () => {
    const second = 7 * SECOND
    const quota = new OwnSlots(termOf({ maxRate: perSecond(30), slot: millis(50) }, 0), instant(second + SECOND))
    expect(quota.nextSlotAt(instant(second))).toBe(second + 50_000)
    for (let at = second; at < second + SECOND; at += 50_000) expect(takeAll(quota, instant(at))).toBe(0)
    let taken = 0
    for (let at = second + SECOND; at < second + 2 * SECOND; at += 50_000) taken += takeAll(quota, instant(at))
    expect(taken).toBe(30)
  })

  it('are no matter where the rate is unlimited', () => {
    const quota = new OwnSlots(termOf({ maxRate: perSecond(0), slot: millis(50) }, 0), instant(9 * SECOND))
    expect(quota.tryTake(instant(7 * SECOND))).toBe(true)
  })
})

describe('a new rate', () => {
  const all = [0, 1, 5, 30, 200, 2_000]

  it('holds from the next whole grid second on, whatever it was and becomes', () => {
    for (const from of all) {
      for (const to of all.filter((rate) => rate !== from)) {
        const quota = quotaWith(from)
        const count = (second: number, fromMs = 0): number => {
          let taken = 0
          for (let ms = fromMs; ms < 1_000; ms += 5) {
            const now = instant(second * SECOND + ms * 1_000)
            for (let i = 0; i < 3_000 && quota.tryTake(now); i += 1) taken += 1
          }
          return taken
        }
        const unlimited = 200 * 3_000
        expect(count(1)).toBe(from === 0 ? unlimited : from)
        announce(quota, to, 2 * SECOND + 300_000)
        expect(quota.view(instant(2 * SECOND + 300_000))).toMatchObject({ maxRate: from, pendingMaxRate: to })
        const rest = gridOf(Math.max(1, from), millis(50)).filter(({ begins }) => begins >= 300_000)
        const running = from >= 20 ? rest.reduce((sum, { quota: one }) => sum + one, 0) : undefined
        if (running !== undefined) expect(count(2, 300)).toBe(running)
        expect(count(3)).toBe(to === 0 ? unlimited : to)
        expect(quota.view(instant(4 * SECOND - 1))).toMatchObject({ maxRate: to, pendingMaxRate: undefined })
      }
    }
  }, 30_000)

  it('is forgotten where the old one comes back before it holds', () => {
    const quota = quotaWith(5)
    announce(quota, 50, SECOND + 1)
    announce(quota, 5, SECOND + 2)
    expect(quota.view(instant(5 * SECOND))).toMatchObject({ maxRate: 5, pendingMaxRate: undefined, quota: 1 })
  })

  it('changes the length of slots the same way', () => {
    const quota = quotaWith(100)
    announce(quota, 100, SECOND + 400_000, seconds(1))
    expect(quota.view(instant(2 * SECOND - 1))).toMatchObject({ slotsPerSecond: 20, quota: 5 })
    expect(quota.view(instant(2 * SECOND))).toMatchObject({ slotsPerSecond: 1, quota: 100, endsAt: 3 * SECOND })
    expect(micros(quota.view(instant(2 * SECOND)).beganAt)).toBe(2 * SECOND)
  })
})
