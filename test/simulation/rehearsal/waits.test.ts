/**
 * Quantiles of waits, beside a list that is sorted.
 */
import { expect, it } from 'vitest'
import { Random } from '../../../src/simulation/peers/random.ts'
import { Waits } from '../../../src/simulation/rehearsal/waits.ts'
import { micros, seconds } from '../../../src/units.ts'

it('are those of the sorted list, to one per cent', () => {
  const random = new Random('waits')
  const waits = new Waits()
  const list = Array.from({ length: 1_000 }, () => micros(random.between(0, 1_000) ** 2))
  for (const wait of list) waits.cameUp('one', wait)
  const sorted = list.toSorted((a, b) => a - b)
  for (const part of [0, 0.25, 0.5, 0.99, 1]) {
    const exact = sorted[Math.max(1, Math.ceil(1_000 * part)) - 1] ?? 0
    const found = waits.quantileOf('one', part, 0) ?? 0
    expect(found).toBeGreaterThanOrEqual(exact)
    expect(found).toBeLessThanOrEqual(exact * 1.01 + 1)
  }
})

it('count those who still wait as the longest of all', () => {
  const waits = new Waits()
  for (let count = 0; count < 60; count += 1) waits.cameUp('one', seconds(1))
  expect(waits.quantileOf('one', 0.5, 40)).toBeGreaterThanOrEqual(seconds(1))
  expect(waits.quantileOf('one', 0.6, 40)).toBeDefined()
  expect(waits.quantileOf('one', 0.61, 40)).toBeUndefined()
})

it('are those of one client, and none where nobody waited', () => {
  const waits = new Waits()
  waits.cameUp('one', seconds(1))
  waits.cameUp('another', seconds(100))
  expect(waits.quantileOf('one', 1, 0)).toBeLessThan(seconds(1.02))
  expect(waits.quantileOf('third', 0.5, 0)).toBeUndefined()
})
