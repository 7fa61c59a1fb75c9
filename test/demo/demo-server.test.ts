import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { peakWithin } from '../../src/demo/demo-server.io.ts'

describe('the peak of arrivals', () => {
  it('counts the busiest window, whose ends are a window apart at most, wherever it begins', () => {
    expect(peakWithin([0, 10, 49, 50, 51, 200], 50)).toBe(4)
    expect(peakWithin([], 50)).toBe(0)
    expect(peakWithin([5, 5, 5], 1)).toBe(3)
  })

  it('is what looking at every window finds', () => {
    const arrivals = fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 60 })
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 300 }), (unsorted, window) => {
        const sorted = [...unsorted].sort((a, b) => a - b)
        const counts = sorted.map((from) => sorted.filter((at) => at >= from && at < from + window).length)
        expect(peakWithin(sorted, window)).toBe(Math.max(0, ...counts))
      }),
    )
  })
})
