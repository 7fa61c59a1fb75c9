/**
 * How late turns came: the worst of each 20 ms is a sample; exact mean and maximum, and a quantile that is never too low and at most
 * a quarter too high.
 */
import { expect, it } from 'vitest'
import { TurnTimes } from '../../../src/transport/batched/turn-times.ts'
import { instant, micros } from '../../../src/units.ts'

const WINDOW = 20_000

/** Adds durations, each in a window of its own. */
function added(durations: readonly number[]): TurnTimes {
  const times = new TurnTimes()
  for (const [i, duration] of durations.entries()) times.add(micros(duration), instant((i + 1) * WINDOW))
  return times
}

it('is nothing where no turn was', () => {
  expect(new TurnTimes().read()).toEqual({ mean: 0, p99: 0, max: 0 })
})

it('tells the mean, the longest and the 99th percentile in seconds, and begins anew', () => {
  const times = added([...new Array<number>(990).fill(100), ...new Array<number>(10).fill(5_000)])
  const { mean, p99, max } = times.read()
  expect(mean).toBeCloseTo(0.000149, 6)
  expect(p99).toBeGreaterThanOrEqual(0.0001)
  expect(p99).toBeLessThanOrEqual(0.000125)
  expect(max).toBe(0.005)
  expect(times.read()).toEqual({ mean: 0, p99: 0, max: 0 })
})

it('counts a pause as much among thousands of short turns as alone', () => {
  const times = new TurnTimes()
  let now = 0
  for (let turn = 0; turn < 4_000; turn += 1) {
    now += turn === 2_000 ? 400_000 : 250
    times.add(micros(turn === 2_000 ? 400_000 : 50), instant(now))
  }
  const { p99, max } = times.read()
  expect(p99).toBe(0.4)
  expect(max).toBe(0.4)
})

it('has a step for the shortest and the longest', () => {
  expect(added([0, 1, 3_600_000_000]).read().max).toBe(3_600)
})

it('is never too low and at most a quarter too high, for every duration', () => {
  for (let duration = 1; duration < 5_000; duration += 1) {
    const { p99 } = added([...new Array<number>(100).fill(duration), 3_600_000_000]).read()
    expect(Math.round(p99 * 1e6)).toBeGreaterThanOrEqual(duration)
    expect(p99 * 1e6).toBeLessThanOrEqual(duration * 1.25)
  }
})
