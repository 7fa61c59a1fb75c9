import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Search, searchHighest } from '../../../bench/load/highest-rate.ts'

/** Drives a search with what `isBorne` says; the answer, the rates that were tried, and those that had to hold. */
const search = (options: Search, isBorne: (rate: number, nth: number, mustHold: boolean) => boolean) => {
  const tried: number[] = []
  const held: number[] = []
  const questions = searchHighest(options)
  let step = questions.next()
  while (!step.done) {
    const { rate, mustHold } = step.value
    tried.push(rate)
    if (mustHold) held.push(rate)
    step = questions.next(isBorne(rate, tried.filter((one) => one === rate).length, mustHold))
  }
  return { highest: step.value, tried, held }
}
/** Rates double, so that they are easy to read: 100, 200, 400, 800 and so on. */
const DOUBLES = { resolution: 1, least: 100, most: 100 * 2 ** 12 }
const double = (place: number): number => (place === 0 ? 0 : 100 * 2 ** (place - 1))

describe('the search for the highest rate', () => {
  it('finds the limit from any guess, and only tries rates of its scale within the bounds', () => {
    for (let limit = 0; limit <= 13; limit += 1) {
      for (let guess = 0; guess <= 15; guess += 1) {
        const { highest, tried } = search({ ...DOUBLES, guess: double(guess) }, (rate) => rate <= double(limit))
        expect(highest).toBe(double(limit))
        expect(
          tried.every((rate) => rate >= 100 && rate <= DOUBLES.most && Number.isInteger(Math.log2(rate / 100))),
        ).toBe(true)
      }
    }
  })

  it('tries its answer once more at the end, and gives each failure one more try', () => {
    const { highest, tried } = search({ ...DOUBLES, guess: 400 }, (rate, nth) => rate <= 400 || nth === 3)
    expect(highest).toBe(400)
    expect(tried).toEqual([400, 800, 800, 400])
  })

  it('answers with a rate that holds, below those that are only borne for a moment', () => {
    const holds = (limit: number) =>
      search({ ...DOUBLES, guess: 400 }, (rate, _, mustHold) => rate <= (mustHold ? limit : 3_200))
    expect(holds(3_200)).toMatchObject({ highest: 3_200, held: [3_200] })
    expect(holds(800)).toMatchObject({ highest: 800, held: [3_200, 3_200, 1_600, 1_600, 800] })
    expect(holds(0).highest).toBe(0)
  })

  it('takes one failure at a rate as an accident, and two as the truth', () => {
    expect(search({ ...DOUBLES, guess: 400 }, (rate, nth) => rate < 3_200 && nth > 1).highest).toBe(1_600)
    expect(search({ ...DOUBLES, guess: 400 }, (rate, nth) => rate < 3_200 && nth > 2).highest).toBe(0)
  })

  it('goes down where what was borne once is not borne again', () => {
    let luck = 2
    const isBorne = (rate: number): boolean => {
      if (rate < 800) return true
      luck -= rate < 6_400 ? 1 : 0
      return rate < 6_400 && luck >= 0
    }
    expect(search({ ...DOUBLES, guess: 400 }, isBorne)).toMatchObject({
      highest: 400,
      tried: expect.arrayContaining([3_200]),
    })
  })

  it('comes within its resolution of any limit, in a number of tries that grows as the logarithm of the distance', () => {
    const options = { resolution: 0.05, least: 1_000, most: 250_000 }
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 240_000 }), fc.integer({ min: 1, max: 500_000 }), (limit, guess) => {
        const { highest, tried } = search({ ...options, guess }, (rate) => rate <= limit)
        // A rate is rounded to tens.
        return highest <= limit && highest * 1.05 >= limit - 20 && tried.length <= 30
      }),
    )
  })
})
