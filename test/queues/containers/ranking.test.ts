/**
 * Who holds most, against a model that sorts.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Holder, Ranking } from '../../../src/queues/containers/ranking.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

class One implements Holder<One> {
  readonly name: number
  group: Holder<One>['group'] = undefined
  after: One | undefined = undefined
  before: One | undefined = undefined

  constructor(name: number) {
    this.name = name
  }
}

describe('the first of a ranking', () => {
  it('is one with the highest number, and of equals who came to it last', () => {
    const ranking = new Ranking<One>()
    const [a, b, c] = [new One(0), new One(1), new One(2)]
    expect(ranking.first).toBeUndefined()
    ranking.set(a, 0)
    expect(ranking.first).toBeUndefined()
    ranking.set(a, 2)
    ranking.set(b, 1)
    expect(ranking.first).toBe(a)
    ranking.set(b, 2)
    expect(ranking.first).toBe(b)
    ranking.set(c, 2)
    ranking.set(c, 1)
    expect(ranking.first).toBe(b)
    ranking.set(b, 0)
    expect(ranking.first).toBe(a)
    ranking.set(a, 0)
    expect(ranking.first).toBe(c)
  })

  it('is right after any changes, by one and by many', () => {
    const change = fc.tuple(fc.integer({ min: 0, max: 7 }), fc.constantFrom(-40, -1, -1, 0, 1, 1, 1, 35))
    fc.assert(
      fc.property(fc.array(change, { maxLength: 150 }), (changes) => {
        const ranking = new Ranking<One>()
        const all = Array.from({ length: 8 }, (_, name) => new One(name))
        const numbers = all.map(() => 0)
        for (const [who, by] of changes) {
          const number = Math.max(0, numbers[who]! + by)
          numbers[who] = number
          ranking.set(all[who]!, number)
          const most = Math.max(...numbers)
          const { first } = ranking
          expect(first === undefined ? 0 : numbers[first.name]).toBe(most)
          expect(first?.group?.number ?? 0).toBe(most)
        }
      }),
    )
  })
})
