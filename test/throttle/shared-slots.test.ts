/**
 * Slots that several instances share: for one of them the same as its own quota, for all together exact, also where they
 * really run at the same time.
 */
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quotaOfSlot, type SlotRate, slotsPerSecond, termOf } from '../../src/throttle/budget.ts'
import { OwnSlots } from '../../src/throttle/own-slots.ts'
import { SharedBudgets, SharedSlots, secondWithNotice, slotMemory } from '../../src/throttle/shared-slots.ts'
import { instant, micros, millis, perSecond } from '../../src/units.ts'
import type { Taking } from './taking-thread.ts'

fc.configureGlobal({ seed: 2_026 })

const SECOND = 1_000_000
const rateOf = (maxRate: number, slotMs = 50): SlotRate => ({ maxRate: perSecond(maxRate), slot: millis(slotMs) })

const takeAll = (slots: SharedSlots, now: number): number => {
  let taken = 0
  while (slots.tryTake(instant(now))) taken += 1
  return taken
}

const rates = fc.record({
  maxRate: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 20_000 })),
  slotMs: fc.constantFrom(1, 7, 50, 100, 333, 1000),
})

describe('one user of shared slots', () => {
  it('sees what it would see of a quota of its own, at every step', () => {
    const steps = fc.array(fc.record({ wait: fc.nat(120_000), takes: fc.nat(40) }), { maxLength: 60 })
    fc.assert(
      fc.property(rates, steps, fc.nat(SECOND), ({ maxRate, slotMs }, walk, start) => {
        const rate = rateOf(maxRate, slotMs)
        const [own, shared] = [new OwnSlots(termOf(rate, 0)), new SharedSlots(slotMemory(termOf(rate, 0)))]
        let now = 5 * SECOND + start
        for (const { wait, takes } of walk) {
          now += wait
          for (let i = 0; i < takes; i += 1) expect(shared.tryTake(instant(now))).toBe(own.tryTake(instant(now)))
          expect(shared.left(instant(now))).toBe(own.left(instant(now)))
          expect(shared.nextSlotAt(instant(now))).toBe(own.nextSlotAt(instant(now)))
          expect(shared.view(instant(now))).toEqual(own.view(instant(now)))
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('several users of shared slots', () => {
  const memory = slotMemory(termOf(rateOf(100), 0))
  const [a, b] = [new SharedSlots(memory), new SharedSlots(memory)]
  const announce = (rate: SlotRate, now: number): void =>
    new SharedBudgets({ lane: memory }).announce('lane', [termOf(rate, secondWithNotice(instant(now)))])

  it('use in the same slot what another leaves over, and no more', () => {
    const now = 10 * SECOND
    expect(a.tryTake(instant(now))).toBe(true)
    expect(b.left(instant(now + 10))).toBe(4)
    expect(takeAll(b, now + 20)).toBe(4)
    expect(a.tryTake(instant(now + 30))).toBe(false)
    expect(a.left(instant(now + 30))).toBe(0)
    expect(a.view(instant(now + 30))).toMatchObject({ quota: 5, sent: 5 })
  })

  it('take nothing of a slot that is over for another, whatever it had left', () => {
    const now = 20 * SECOND
    expect(a.left(instant(now))).toBe(5)
    expect(b.tryTake(instant(now + 50_000))).toBe(true)
    expect(a.tryTake(instant(now))).toBe(false)
    expect(a.left(instant(now))).toBe(0)
    expect(a.nextSlotAt(instant(now))).toBe(now + 50_000)
    expect(takeAll(a, now + 50_000)).toBe(4)
  })

  it('change the rate together, with the first whole second that is 50 ms away', () => {
    const early = 30 * SECOND + 900_000
    announce(rateOf(40), early)
    expect(a.view(instant(early)).pendingMaxRate).toBe(40)
    expect(takeAll(a, early) + takeAll(b, early)).toBe(5)
    expect(takeAll(a, 31 * SECOND) + takeAll(b, 31 * SECOND)).toBe(2)
    // 49 ms before the second: too late for this one.
    announce(rateOf(200), 31 * SECOND + 951_000)
    expect(takeAll(a, 32 * SECOND) + takeAll(b, 32 * SECOND)).toBe(2)
    expect(takeAll(a, 33 * SECOND) + takeAll(b, 33 * SECOND)).toBe(10)
  })

  it('follow the last of several announcements for one second, and until then what was', () => {
    for (const rate of [600, 500, 400, 20]) {
      announce(rateOf(rate), 40 * SECOND + 100_000)
    }
    expect(takeAll(a, 40 * SECOND + 300_000)).toBe(10)
    expect(takeAll(b, 41 * SECOND)).toBe(1)
  })

  it('keep the rate that is announced again', () => {
    announce(rateOf(20), 41 * SECOND + 100_000)
    expect(a.view(instant(41 * SECOND + 200_000))).toMatchObject({ maxRate: 20, pendingMaxRate: undefined })
  })

  it('become unlimited and limited again', () => {
    announce(rateOf(0), 50 * SECOND)
    expect(a.left(instant(51 * SECOND))).toBe(Number.POSITIVE_INFINITY)
    for (let i = 0; i < 1_000; i += 1) expect(a.tryTake(instant(51 * SECOND))).toBe(true)
    announce(rateOf(100), 51 * SECOND + 1)
    expect(takeAll(a, 52 * SECOND) + takeAll(b, 52 * SECOND)).toBe(5)
  })

  it('keep the rate of a second in which one of them sends, though the announcement read its clock before', () => {
    expect(a.tryTake(instant(60 * SECOND))).toBe(true)
    announce(rateOf(40), 59 * SECOND + 100_000)
    expect(takeAll(b, 60 * SECOND + 1)).toBe(4)
    expect(takeAll(a, 61 * SECOND) + takeAll(b, 61 * SECOND)).toBe(2)
  })

  it('have no room for what the word can not count', () => {
    expect(() => slotMemory(termOf({ maxRate: perSecond(5_000_000), slot: micros(1_000_000) }, 0))).toThrow(RangeError)
    expect(() => slotMemory(termOf({ maxRate: perSecond(5_000), slot: micros(200) }, 0))).toThrow(RangeError)
  })
})

describe('four threads at the same slots', () => {
  /** What each thread took of each slot. */
  const run = async (o: Omit<Taking, 'memory' | 'gate' | 'threads' | 'atMost'>, rate: SlotRate, atMost: number[]) => {
    const memory = slotMemory(termOf(rate, 0))
    const gate = new SharedArrayBuffer(8)
    const results = atMost.map(
      (limit) =>
        new Promise<number[]>((resolve, reject) => {
          const workerData: Taking = { ...o, memory, gate, threads: atMost.length, atMost: limit }
          const worker = new Worker(new URL('./taking-thread.ts', import.meta.url), { workerData })
          worker.once('message', resolve)
          worker.once('error', reject)
        }),
    )
    return Promise.all(results)
  }

  it('use every slot to its quota and no further, whoever is quicker', async () => {
    const rate = rateOf(30_007)
    const slots = slotsPerSecond(rate)
    const none = Number.POSITIVE_INFINITY
    const taken = await run({ fromSecond: 7, seconds: 3, slots }, rate, [none, none, none, none])
    const together = taken[0]!.map((_, slot) => taken.reduce((sum, one) => sum + one[slot]!, 0))
    expect(together).toEqual(together.map((_, slot) => quotaOfSlot(slot % slots, rate.maxRate, slots)))
  })

  it('leave what idle ones do not take to the one that is busy', async () => {
    const rate = rateOf(2_000)
    const slots = slotsPerSecond(rate)
    const taken = await run({ fromSecond: 9, seconds: 2, slots }, rate, [0, 3, 10, Number.POSITIVE_INFINITY])
    for (let slot = 0; slot < 2 * slots; slot += 1) {
      expect(taken.reduce((sum, one) => sum + one[slot]!, 0)).toBe(100)
      expect(taken[3]![slot]).toBeGreaterThanOrEqual(87)
    }
  })
})
