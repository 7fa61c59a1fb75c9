/**
 * The adaptive window, second by second: when it grows, when it shrinks, and what it never does.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Random } from '../../src/simulation/peers/random.ts'
import { AdaptiveWindow } from '../../src/throttle/adaptive-window.ts'
import { type Duration, instant, MICROS_PER_SECOND, micros, millis, seconds } from '../../src/units.ts'

/** A whole minute, far from 0. */
const START = 1_000_020
const at = (second: number, within = 0) => instant((START + second) * MICROS_PER_SECOND + within)

const TIMEOUT = seconds(3)

interface Second {
  readonly answers?: number
  readonly took?: Duration
  /** The most that were unanswered, as a share of the window. */
  readonly use?: number
  /** The same as a number. */
  readonly taken?: number
  readonly timeouts?: number
}

/** A window to which seconds happen. */
class Played {
  readonly window: AdaptiveWindow
  #second = 0

  constructor(ceiling: number) {
    this.window = new AdaptiveWindow(ceiling, TIMEOUT)
  }

  /** The size at the end of each of so many such seconds, when the next one has begun. */
  second({ answers = 100, took = millis(10), use = 1, taken: most, timeouts = 0 }: Second = {}, times = 1): number[] {
    return Array.from({ length: times }, () => {
      const taken = most ?? Math.ceil(use * this.window.size)
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
    for (const ceiling of [1, 7, 8, 256, 4_000]) expect(new AdaptiveWindow(ceiling, TIMEOUT).size).toBe(ceiling)
  })

  it('is never above its ceiling nor below 8, or the ceiling if that is lower, whatever happens', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4_000 }), fc.array(anySecond, { maxLength: 60 }), (first, all) => {
        const one = new Played(first)
        let highest = first
        for (const { ceiling, ...second } of all) {
          highest = ceiling ?? highest
          one.window.reconfigure(highest, TIMEOUT)
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
  })

  it('takes for queued, and shrinks from, what was unanswered: not an empty part of the window', () => {
    // 100 x (1 - 10 / 40) are 75: 29.5 less than 100.
    expect(played(200).second({ took: millis(40), use: 0.5 })).toEqual([70])
    // 350 x (1 - 10 / 500) are 343: 163.5 less than 350.
    expect(played(4_000).second({ took: millis(500), taken: 350 })).toEqual([186])
    // More than the window are unanswered just after it was lowered; it goes on from where it is.
    expect(played(200).second({ took: millis(40), taken: 900 })).toEqual([133])
  })

  it('does not shrink for the few that a quiet second has, however slow they are', () => {
    expect(played(4_000).second({ answers: 16, took: seconds(2), taken: 16 }, 5)).toEqual(
      Array.from({ length: 5 }, () => 4_000),
    )
    // 17 x (1 - 10 / 2000) are 16.9.
    expect(played(4_000).second({ answers: 17, took: seconds(2), taken: 17 })).toEqual([16])
  })

  it('shrinks, while it is less than half used, only where the wait in the server is a tenth of the time-out', () => {
    // The base is 10 ms, the time-out 3 s.
    expect(played(200).second({ took: micros(309_999), use: 0.49 }, 3)).toEqual([200, 200, 200])
    expect(played(200).second({ took: millis(310), use: 0.49 })[0]).toBeLessThan(98)
    const one = played(200)
    one.window.reconfigure(200, seconds(1))
    expect(one.second({ took: millis(110), use: 0.49 })[0]).toBeLessThan(98)
    // What a slow server takes by itself is no wait.
    const slow = new Played(4_000)
    slow.second({ took: millis(500), use: 0.2 })
    expect(slow.second({ took: millis(700), use: 0.2 }, 3)).toEqual([4_000, 4_000, 4_000])
  })

  it('never grows while it is less than half used, however long a response takes', () => {
    const one = played(1_000, 100)
    const { size } = one.window
    expect(one.second({ took: seconds(1), taken: 5 }, 3)).toEqual([size, size, size])
  })

  it('stays wide at a healthy server of jittery response times, in a burst after a quiet time', () => {
    const random = new Random('jitter')
    const events: { readonly at: number; readonly took?: Duration }[] = []
    const second = (from: number, count: number): void => {
      for (let i = 0; i < count; i += 1) {
        // One of five takes long: the server asks another one for it. A quiet second has few of these, or none.
        const took = micros(random.chance(0.2) ? 100_000 : 5_000)
        const begins = Math.floor((START + from + random.fraction()) * MICROS_PER_SECOND)
        events.push({ at: begins }, { at: begins + took, took })
      }
    }
    for (let from = 0; from < 60; from += 1) second(from, 12)
    for (let from = 60; from < 66; from += 1) second(from, 3_000)
    const one = new AdaptiveWindow(4_000, TIMEOUT)
    let taken = 0
    let most = 0
    for (const { at: moment, took } of events.sort((a, b) => a.at - b.at)) {
      if (took === undefined) taken += 1
      else {
        one.used(taken, instant(moment))
        one.answered(took, instant(moment))
        most = Math.max(most, taken)
        taken -= 1
      }
    }
    expect(most).toBeGreaterThan(60)
    expect(one.size).toBe(4_000)
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
    full.window.reconfigure(1_000, TIMEOUT)
    expect(full.window.size).toBe(1_000)
    full.window.reconfigure(100, TIMEOUT)
    expect(full.window.size).toBe(100)
    const lowered = played(256, 100)
    const { size } = lowered.window
    lowered.window.reconfigure(1_000, TIMEOUT)
    expect(lowered.window.size).toBe(size)
    lowered.window.reconfigure(20, TIMEOUT)
    expect(lowered.window.size).toBe(20)
  })
})
