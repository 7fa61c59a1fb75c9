/**
 * The adaptive window, second by second: when it grows, when it shrinks, and what it never does.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AdaptiveWindow } from '../../src/throttle/adaptive-window.ts'
import { type Duration, instant, MICROS_PER_SECOND, micros, millis, seconds } from '../../src/units.ts'

/** A whole minute, far from 0. */
const START = 1_000_020
const at = (second: number, within = 0) => instant((START + second) * MICROS_PER_SECOND + within)

interface Second {
  readonly answers?: number
  readonly took?: Duration
  /** The most that were unanswered, as a share of the window. */
  readonly use?: number
  readonly timeouts?: number
}

/** A window to which seconds happen. */
class Played {
  readonly window: AdaptiveWindow
  #second = 0

  constructor(ceiling: number) {
    this.window = new AdaptiveWindow(ceiling)
  }

  /** The size at the end of each of so many such seconds, when the next one has begun. */
  second({ answers = 100, took = millis(10), use = 1, timeouts = 0 }: Second = {}, times = 1): number[] {
    return Array.from({ length: times }, () => {
      const taken = Math.ceil(use * this.window.size)
      for (let i = 0; i < answers; i += 1) {
        this.window.used(taken, at(this.#second, 2 * i))
        this.window.answered(took, at(this.#second, 2 * i + 1))
      }
      for (let i = 0; i < timeouts; i += 1) this.window.timedOut(at(this.#second, 500_000 + i))
      this.#second += 1
      this.window.used(0, at(this.#second))
      return this.window.size
    })
  }

  pass(count: number): void {
    this.#second += count
  }
}

/** One that knows 10 ms as its base, at this size. */
function played(ceiling: number, size = ceiling): Played {
  const one = new Played(ceiling)
  one.second()
  while (one.window.size > size) one.second({ answers: 0, timeouts: 1 })
  return one
}

const anySecond = fc.record({
  answers: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20 })),
  took: fc.integer({ min: 1, max: 5_000_000 }).map(micros),
  use: fc.double({ min: 0, max: 1, noNaN: true }),
  timeouts: fc.integer({ min: 0, max: 3 }),
  ceiling: fc.option(fc.integer({ min: 1, max: 4_000 }), { nil: undefined, freq: 10 }),
})

describe('the adaptive window', () => {
  it('begins at its ceiling', () => {
    for (const ceiling of [1, 7, 8, 256, 4_000]) expect(new AdaptiveWindow(ceiling).size).toBe(ceiling)
  })

  it('is never above its ceiling nor below 8, or the ceiling if that is lower, whatever happens', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4_000 }), fc.array(anySecond, { maxLength: 60 }), (first, all) => {
        const one = new Played(first)
        let highest = first
        for (const { ceiling, ...second } of all) {
          highest = ceiling ?? highest
          one.window.reconfigure(highest)
          const [size] = one.second(second)
          expect(size).toBeLessThanOrEqual(highest)
          expect(size).toBeGreaterThanOrEqual(Math.min(8, highest))
        }
      }),
    )
  })

  it('shrinks by three tenths in a second with time-outs, once, however many there are and whatever is answered', () => {
    for (const timeouts of [1, 2, 50]) {
      for (const answers of [0, 1, 7, 8, 100]) {
        for (const took of [millis(10), seconds(2)]) {
          expect(played(1_000).second({ answers, took, timeouts })).toEqual([700])
          expect(played(1_000).second({ answers, took, timeouts }, 3)).toEqual([700, 490, 343])
        }
      }
    }
  })

  it('does so at once, not at the end of the second', () => {
    const { window } = played(1_000)
    window.timedOut(at(9, 1))
    expect(window.size).toBe(700)
  })

  it('grows by a tenth, or by one, while fewer than 6 queue and it is at least half used', () => {
    const one = played(1_000, 100)
    const { size } = one.window
    expect(size).toBe(82)
    // 82 x (1 - 10 / 10.7) are 5.4.
    expect(one.second({ took: micros(10_700), use: 0.5 })).toEqual([90])
    expect(one.second({ took: micros(10_700), use: 0.4 })).toEqual([90])
    const small = played(1_000, 8)
    expect(small.second({}, 4)).toEqual([9, 10, 11, 12])
  })

  it('stays as it is while 6 to 16 queue', () => {
    const one = played(200)
    // 200 x (1 - 10 / 10.31) are 6.01; 200 x (1 - 10 / 10.86) are 15.8.
    expect(one.second({ took: micros(10_310) }, 3)).toEqual([200, 200, 200])
    expect(one.second({ took: micros(10_860) }, 3)).toEqual([200, 200, 200])
  })

  it('shrinks by half of what queues beyond 16', () => {
    // 200 x (1 - 10 / 40) are 150: 67 less.
    expect(played(200).second({ took: millis(40) })).toEqual([133])
    expect(played(200).second({ took: millis(40), use: 0.5 })).toEqual([133])
  })

  it('learns nothing of a queue from a window that is less than half used', () => {
    expect(played(200).second({ took: millis(40), use: 0.49 }, 5)).toEqual([200, 200, 200, 200, 200])
  })

  it('takes the response times of a near server for 1 ms at least: noise is no queue', () => {
    const one = new Played(256)
    one.second({ took: micros(50) })
    expect(one.second({ took: micros(900) }, 20)).toEqual(Array.from({ length: 20 }, () => 256))
  })

  it('believes after 10 minutes that a server became slower for good', () => {
    const one = new Played(256)
    one.second({}, 30)
    // Ten times slower by itself, whatever the window is. The last minute with the old base leaves with the tenth after it.
    const sizes = one.second({ took: millis(100) }, 9 * 60 + 30)
    expect(sizes[60]).toBeLessThan(25)
    expect(sizes.at(-1)).toBeLessThan(25)
    expect(one.second({ took: millis(100) }, 60).at(-1)).toBe(256)
  })

  it('measures a server that gives fewer than 8 answers a second over several seconds, 10 at most', () => {
    const growsWith = (answers: number): boolean => {
      const one = new Played(100)
      one.second({ answers: 8 })
      one.second({ answers: 0, timeouts: 1 })
      return (one.second({ answers }, 25).at(-1) ?? 0) > 70
    }
    expect([0, 1, 2, 3, 7, 8].filter(growsWith)).toEqual([1, 2, 3, 7, 8])
    const one = new Played(100)
    one.second({ answers: 8 })
    one.second({ answers: 0, timeouts: 1 })
    for (let i = 0; i < 30; i += 1) {
      // One in 2 s: 10 s have no 8 of them.
      one.second({ answers: 1 })
      one.second({ answers: 0 })
    }
    expect(one.window.size).toBe(70)
  })

  it('is as it was after a pause of any length', () => {
    const one = played(256, 50)
    const { size } = one.window
    one.pass(100_000)
    one.window.used(0, at(200_000))
    expect(one.window.size).toBe(size)
  })

  it('follows another ceiling if it stood at the old one, and stays where it is if it was lowered', () => {
    const full = played(256)
    full.window.reconfigure(1_000)
    expect(full.window.size).toBe(1_000)
    full.window.reconfigure(100)
    expect(full.window.size).toBe(100)
    const lowered = played(256, 100)
    const { size } = lowered.window
    lowered.window.reconfigure(1_000)
    expect(lowered.window.size).toBe(size)
    lowered.window.reconfigure(20)
    expect(lowered.window.size).toBe(20)
  })
})
