import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { didYouMean, editDistance, similarWords, thereAre } from '../src/did-you-mean.ts'

/** The textbook recursion, slow and plain. */
function slowDistance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length
  const same = a.at(-1) === b.at(-1) ? 0 : 1
  const [cutA, cutB] = [a.slice(0, -1), b.slice(0, -1)]
  let best = Math.min(slowDistance(cutA, b) + 1, slowDistance(a, cutB) + 1, slowDistance(cutA, cutB) + same)
  if (a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1)) {
    best = Math.min(best, slowDistance(a.slice(0, -2), b.slice(0, -2)) + 1)
  }
  return best
}

describe('editDistance', () => {
  it('counts insertions, deletions, substitutions and swaps like the textbook recursion', () => {
    const word = fc.stringMatching(/^[abc]{0,6}$/)
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(slowDistance(a, b))
      }),
    )
  })

  it('takes words longer than any key for wholly different', () => {
    expect(editDistance('a'.repeat(65), 'a'.repeat(64))).toBe(65)
  })
})

describe('similarWords', () => {
  const keys = ['max_rate', 'max_retries', 'timeout', 'max_outstanding']

  it('finds the word that was meant', () => {
    expect(similarWords('max_rte', keys)[0]).toBe('max_rate')
    expect(similarWords('tiemout', keys)).toEqual(['timeout'])
    expect(similarWords('Max_Outstanding', keys)).toEqual(['max_outstanding'])
  })

  it('finds nothing where nothing is near', () => {
    expect(similarWords('colour', keys)).toEqual([])
    expect(similarWords('', keys)).toEqual([])
  })

  it('makes a question of it', () => {
    expect(didYouMean([])).toBe('')
    expect(didYouMean(['a'])).toBe('; did you mean "a"?')
    expect(didYouMean(['a', 'b'])).toBe('; did you mean "a" or "b"?')
  })
})

it('names the existing words, similar ones first, and ten at most', () => {
  const known = Array.from({ length: 10_000 }, (_, at) => `bng-${at}`)
  const text = thereAre('bng-99999', [...known, 'bng-9999x'])
  expect(text).toMatch(/^there are "bng-9999x?", "bng-9999/)
  expect(text).toMatch(/"bng-\d+" and 9991 more$/)
  expect(text.match(/"/g)).toHaveLength(20)
  expect([thereAre('x', ['a', 'b']), thereAre('x', [])]).toEqual(['there are "a", "b"', 'there are none'])
})
