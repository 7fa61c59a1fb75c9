/**
 * The set of serials, against JavaScript's own.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BitSet } from '../../../src/simulation/rehearsal/deliveries.ts'

const members = fc.array(fc.nat({ max: 100_000 }))
const setOf = (all: readonly number[]): BitSet => {
  const set = new BitSet()
  for (const member of all) set.add(member)
  return set
}

describe('a set of serials', () => {
  it('counts as a set does', () => {
    fc.assert(
      fc.property(members, members, (some, others) => {
        const set = setOf(some)
        const known = new Set(others)
        const without = new Set(some.filter((member) => !known.has(member)))
        expect(set.size).toBe(new Set(some).size)
        expect(set.countWithout(setOf(others))).toBe(without.size)
      }),
    )
  })

  it('shares nothing with its copy', () => {
    const set = setOf([1, 31, 32])
    const copy = set.copy()
    copy.add(99_999)
    expect([set.size, copy.size, copy.countWithout(set)]).toEqual([3, 4, 1])
  })
})
