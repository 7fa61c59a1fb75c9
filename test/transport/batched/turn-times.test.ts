/**
 * How long turns took: exact mean and maximum, and a quantile that is never too low and at most a quarter too high.
 */
import { expect, it } from 'vitest'
import { TurnTimes } from '../../../src/transport/batched/turn-times.ts'
import { micros } from '../../../src/units.ts'

it('is nothing where no turn was', () => {
  expect(new TurnTimes().read()).toEqual({ mean: 0, p99: 0, max: 0 })
})

it('tells the mean, the longest and the 99th percentile in seconds, and begins anew', () => {
  const times = new TurnTimes()
  for (let i = 0; i < 990; i += 1) times.add(micros(100))
  for (let i = 0; i < 10; i += 1) times.add(micros(5_000))
  const { mean, p99, max } = times.read()
  expect(mean).toBeCloseTo(0.000149, 6)
  expect(p99).toBeGreaterThanOrEqual(0.0001)
  expect(p99).toBeLessThanOrEqual(0.000125)
  expect(max).toBe(0.005)
  expect(times.read()).toEqual({ mean: 0, p99: 0, max: 0 })
})

it('has a step for the shortest and the longest', () => {
  const times = new TurnTimes()
  for (const duration of [0, 1, 3_600_000_000]) times.add(micros(duration))
  expect(times.read().max).toBe(3_600)
})

it('is never too low and at most a quarter too high, for every duration', () => {
  for (let duration = 0; duration < 5_000; duration += 1) {
    const times = new TurnTimes()
    for (let i = 0; i < 100; i += 1) times.add(micros(duration))
    times.add(micros(3_600_000_000))
    const { p99 } = times.read()
    expect(Math.round(p99 * 1e6)).toBeGreaterThanOrEqual(duration)
    expect(p99 * 1e6).toBeLessThanOrEqual(duration * 1.25)
  }
})
