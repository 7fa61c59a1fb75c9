/**
 * The timing wheel against a plain list of deadlines: never early, at most one step late, everything exactly once.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Timed, TimingWheel, WHEEL_STEP } from '../../src/throttle/timing-wheel.ts'
import { type Instant, instant } from '../../src/units.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

interface Item extends Timed {
  readonly name: number
}

const item = (name: number): Item => ({ name, deadline: instant(0), step: -1, next: undefined, previous: undefined })

/** One turn of the wheel. */
const TURN = 1024 * WHEEL_STEP
const HOUR = 3_600_000_000

describe('the timing wheel', () => {
  it('hands over nothing early, and everything within one step of its deadline', () => {
    for (const offset of [0, 1, 4_999, 9_999, 10_000, 10_001]) {
      const wheel = new TimingWheel<Item>()
      const deadline = 5_000_000 + offset
      wheel.put(item(1), instant(deadline))
      expect(wheel.removeDue(instant(deadline - 1))).toEqual([])
      const wake = wheel.nextWakeAt() as Instant
      expect(wake).toBeGreaterThanOrEqual(deadline)
      expect(wake).toBeLessThan(deadline + WHEEL_STEP)
      expect(wheel.removeDue(wake)).toHaveLength(1)
      expect(wheel.size).toBe(0)
      expect(wheel.nextWakeAt()).toBeUndefined()
    }
  })

  it('hands over in the order of the deadlines, not of the steps they were put into', () => {
    const wheel = new TimingWheel<Item>()
    const deadlines = [9_000_000, 3_000_001, 3_000_009, 3_000_004, 20_000_000, 15_000_000]
    for (const [name, deadline] of deadlines.entries()) wheel.put(item(name), instant(deadline))
    expect(wheel.removeDue(instant(HOUR)).map(({ deadline }) => deadline)).toEqual(deadlines.sort((a, b) => a - b))
  })

  it('survives idle hours: what was put before and what is put after them comes when it is due', () => {
    const wheel = new TimingWheel<Item>()
    wheel.put(item(1), instant(1_000_000))
    expect(wheel.removeDue(instant(HOUR))).toHaveLength(1)
    expect(wheel.removeDue(instant(2 * HOUR))).toEqual([])
    wheel.put(item(2), instant(2 * HOUR + 3_000_000))
    expect(wheel.removeDue(instant(2 * HOUR + 2_999_999))).toEqual([])
    expect(wheel.removeDue(instant(2 * HOUR + 3_000_000))).toHaveLength(1)
  })

  it('keeps a deadline many turns away, and looks at it no more than about once a turn', () => {
    const wheel = new TimingWheel<Item>()
    const deadline = 50 * TURN + 77
    wheel.put(item(1), instant(deadline))
    let wakes = 0
    let due: readonly Item[] = []
    for (let wake = wheel.nextWakeAt(); wake !== undefined; wake = wheel.nextWakeAt()) {
      wakes += 1
      due = wheel.removeDue(wake)
      if (due.length > 0) expect(wake).toBeGreaterThanOrEqual(deadline)
      expect(wakes).toBeLessThan(60)
    }
    expect(due).toHaveLength(1)
  })

  it('hands over at the next step what was due before it was put', () => {
    const wheel = new TimingWheel<Item>()
    wheel.put(item(1), instant(HOUR))
    expect(wheel.removeDue(instant(HOUR))).toHaveLength(1)
    wheel.put(item(2), instant(HOUR - 5_000_000))
    expect(wheel.removeDue(instant(HOUR + WHEEL_STEP))).toHaveLength(1)
  })

  it('takes an item out in whatever step it hangs, and out twice is harmless', () => {
    const wheel = new TimingWheel<Item>()
    const items = [1, 2, 3].map(item)
    for (const one of items) wheel.put(one, instant(1_000_000))
    wheel.remove(items[1]!)
    wheel.remove(items[1]!)
    expect(wheel.size).toBe(2)
    expect(
      wheel
        .removeDue(instant(1_000_000))
        .map(({ name }) => name)
        .sort(),
    ).toEqual([1, 3])
  })

  it('moves an item that is put again', () => {
    const wheel = new TimingWheel<Item>()
    const one = item(1)
    wheel.put(one, instant(9_000_000))
    wheel.put(one, instant(2_000_000))
    expect(wheel.size).toBe(1)
    expect(wheel.removeDue(instant(2_000_000))).toEqual([one])
    expect(wheel.removeDue(instant(9_000_000))).toEqual([])
  })

  it('agrees with a plain list under random use, woken by its own wish and at random', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('put' as const),
        name: fc.nat(30),
        in: fc.oneof(fc.nat(50_000), fc.nat(4_000_000), fc.nat(3 * TURN)),
      }),
      fc.record({ kind: fc.constant('remove' as const), name: fc.nat(30) }),
      fc.record({ kind: fc.constant('pass' as const), by: fc.oneof(fc.nat(30_000), fc.nat(5_000_000), fc.nat(HOUR)) }),
      fc.record({ kind: fc.constant('wake' as const) }),
    )
    fc.assert(
      fc.property(fc.nat(HOUR), fc.array(step, { maxLength: 150 }), (start, use) => {
        const wheel = new TimingWheel<Item>()
        const items = Array.from({ length: 31 }, (_, name) => item(name))
        const model = new Map<number, number>()
        let now = start
        for (const one of use) {
          if (one.kind === 'put') {
            wheel.put(items[one.name]!, instant(now + one.in))
            model.set(one.name, now + one.in)
          } else if (one.kind === 'remove') {
            wheel.remove(items[one.name]!)
            model.delete(one.name)
          } else {
            if (one.kind === 'pass') now += one.by
            else now = Math.max(now, wheel.nextWakeAt() ?? now)
            for (const { name, deadline } of wheel.removeDue(instant(now))) {
              expect(model.get(name)).toBe(deadline)
              expect(deadline).toBeLessThanOrEqual(now)
              model.delete(name)
            }
            // Nothing is left that is later than one step.
            for (const deadline of model.values()) expect(deadline).toBeGreaterThan(now - WHEEL_STEP)
          }
          expect(wheel.size).toBe(model.size)
          const wake = wheel.nextWakeAt()
          expect(wake === undefined).toBe(model.size === 0)
          const first = Math.ceil(Math.min(...model.values()) / WHEEL_STEP) * WHEEL_STEP
          if (wake !== undefined) expect(wake).toBeLessThanOrEqual(Math.max(first, now + WHEEL_STEP))
        }
      }),
      { numRuns: 200 },
    )
  })
})
