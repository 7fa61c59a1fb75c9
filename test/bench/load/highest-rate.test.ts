import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Search, searchHighest } from '../../../bench/load/highest-rate.ts'

/** Drives a search with what `isBorne` says; the answer, and the rates that were tried. */
const search = (options: Search, isBorne: (rate: number, nth: number) => boolean) => {
  const tried: number[] = []
  const questions = searchHighest(options)
  let step = questions.next()
  while (!step.done) {
    tried.push(step.value)
    step = questions.next(isBorne(step.value, tried.filter((rate) => rate === step.value).length))
  }
  return { highest: step.value, tried }
}

describe('the search for the highest rate', () => {
  it('finds the limit from any guess, and only tries multiples of the step within the bounds', () => {
    for (let limit = 0; limit <= 12; limit += 1) {
      for (let guess = 0; guess <= 14; guess += 1) {
        const { highest, tried } = search({ step: 10, most: 125, guess: guess * 10 }, (rate) => rate <= limit * 10)
        expect(highest).toBe(limit * 10)
        expect(tried.every((rate) => rate > 0 && rate <= 120 && rate % 10 === 0)).toBe(true)
      }
    }
  })

  it('tries its answer once more at the end, and gives each failure one more try', () => {
    const { highest, tried } = search({ step: 10, most: 1_000, guess: 300 }, (rate, nth) => rate <= 300 || nth === 3)
    expect(highest).toBe(300)
    expect(tried).toEqual([300, 310, 310, 300])
  })

  it('takes one failure at a rate as an accident, and two as the truth', () => {
    expect(search({ step: 10, most: 1_000, guess: 50 }, (rate, nth) => rate < 80 && nth > 1).highest).toBe(70)
    expect(search({ step: 10, most: 1_000, guess: 50 }, (rate, nth) => rate < 80 && nth > 2).highest).toBe(0)
  })

  it('goes down where what was borne once is not borne again', () => {
    expect(
      search({ step: 10, most: 100, guess: 50 }, (rate, nth) => rate < 40 || (rate < 70 && nth === 1)).highest,
    ).toBe(40)
  })

  it('ends after a number of tries that grows as the logarithm of the distance', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 1, max: 1_000 }), (limit, guess) => {
        const { highest, tried } = search({ step: 1, most: 1_000, guess }, (rate) => rate <= limit)
        return highest === limit && tried.length <= 45
      }),
    )
  })
})
