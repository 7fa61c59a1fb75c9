/**
 * The waiting line of the models, beside a list that is sorted.
 */
import { expect, it } from 'vitest'
import { Line } from '../../../bench/overload/line.ts'
import { Random } from '../../../src/simulation/peers/random.ts'

it('hands out what waits in the order of ranks, and of equals who came first', () => {
  const random = new Random('a line')
  for (let round = 0; round < 50; round += 1) {
    const left = new Set<object>()
    const line = new Line<{ rank: number; number: number }>((item) => !left.has(item))
    const items = Array.from({ length: 60 }, (_, number) => ({ rank: random.between(0, 9), number }))
    for (const item of items) line.enter(item, item.rank)
    for (const item of items) if (random.chance(0.3)) left.add(item)
    const wanted = items.filter((item) => !left.has(item)).toSorted((a, b) => a.rank - b.rank || a.number - b.number)
    expect(wanted.map(() => line.next())).toEqual(wanted)
    expect(line.next()).toBeUndefined()
  }
})

it('is in order also while items come and go', () => {
  const line = new Line<number>(() => true)
  for (const rank of [5, 1, 4]) line.enter(rank, rank)
  expect(line.next()).toBe(1)
  line.enter(2, 2)
  line.enter(9, 9)
  expect([line.next(), line.next(), line.next(), line.next(), line.next()]).toEqual([2, 4, 5, 9, undefined])
})
