/**
 * The least of a while that goes on: against a list that remembers everything.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RecentMinimum } from '../../src/throttle/recent-minimum.ts'
import { instant, seconds } from '../../src/units.ts'

const PARTS = 4
const LENGTH = seconds(10)
const partOf = (at: number): number => Math.floor(at / LENGTH)

describe('the least of the last while', () => {
  it('is that of the parts that are not over too long, whatever came when', () => {
    const step = fc.record({ wait: fc.integer({ min: 0, max: 6 * LENGTH }), value: fc.integer({ min: 1, max: 9 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const minimum = new RecentMinimum({ parts: PARTS, length: LENGTH })
        const all: { readonly at: number; readonly value: number }[] = []
        let now = 1_000_000_000
        for (const { wait, value } of steps) {
          now += wait
          const counts = all.filter(({ at }) => partOf(at) > partOf(now) - PARTS).map((one) => one.value)
          expect(minimum.least(instant(now))).toBe(counts.length === 0 ? undefined : Math.min(...counts))
          minimum.note(value, instant(now))
          all.push({ at: now, value })
          expect(minimum.least(instant(now))).toBe(Math.min(value, ...counts))
        }
      }),
    )
  })
})
