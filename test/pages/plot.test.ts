/**
 * Plots: round axes, every point within the frame, and text that can't become markup.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawn, escaped, type Plot, plotData, roundAxis } from '../../src/pages/plot.ts'

const plot = (over: Partial<Plot>): Plot => ({
  id: 'p',
  title: 'a title',
  caption: 'a caption',
  unit: '',
  curves: [{ label: 'one', style: 'with', values: [0, 5, 3] }],
  ...over,
})

const pointsOf = (svg: string): [number, number][] =>
  [...svg.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)])

describe('an axis', () => {
  it('has a top at or above the highest value, in at most six round steps', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e9, noNaN: true }), (highest) => {
        const { top, steps } = roundAxis(highest)
        expect(top).toBeGreaterThanOrEqual(highest * (1 - 1e-6))
        expect(top).toBeLessThanOrEqual(highest * 2)
        expect(steps).toBeGreaterThanOrEqual(1)
        expect(steps).toBeLessThanOrEqual(6)
        const lead = Number((top / steps).toExponential().split('e')[0])
        expect([1, 2, 5].some((round) => Math.abs(lead - round) < 1e-6)).toBe(true)
      }),
    )
  })

  it.each([0, -1, Number.NaN])('of nothing (%s) still has a height', (highest) => {
    expect(roundAxis(highest)).toEqual({ top: 1, steps: 1 })
  })
})

describe('a plot', () => {
  it('draws every line within its frame, and no more points than can be seen', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1_000_000 }), { minLength: 1, maxLength: 5_000 }), (values) => {
        const svg = drawn(plot({ curves: [{ label: 'x', style: 'with', values }] }))
        const points = pointsOf(svg)
        expect(points.length).toBeGreaterThan(0)
        expect(points.length).toBeLessThanOrEqual(700)
        for (const [x, y] of points) {
          expect(x).toBeGreaterThanOrEqual(56)
          expect(x).toBeLessThanOrEqual(598.1)
          expect(y).toBeGreaterThanOrEqual(13.9)
          expect(y).toBeLessThanOrEqual(194.1)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('keeps a peak that lasts one second of a whole day', () => {
    const values = new Array<number>(86_400).fill(0)
    values[40_001] = 100
    const svg = drawn(plot({ curves: [{ label: 'x', style: 'with', values }] }))
    expect(Math.min(...pointsOf(svg).map(([, y]) => y))).toBe(14)
  })

  it('without a value is not drawn', () => {
    expect(drawn(plot({ curves: [{ label: 'x', style: 'with', values: [] }] }))).toBe('')
  })

  it('has bands and marks where they belong, kept within the frame', () => {
    const curves = [{ label: 'x', style: 'with' as const, values: [0, 1, 2, 3, 4] }]
    const svg = drawn(plot({ curves, bands: [{ from: 2, to: 99 }], marks: [{ label: 'half', at: 2 }] }))
    // From 56 to 598 are 4 seconds, so second 2 stands at 327.
    expect(svg).toContain('<rect class="band" x="327" y="14" width="271"')
    expect(svg).toContain('x1="327" x2="327"')
  })

  it('takes no markup from words', () => {
    const evil = '<script>alert("x")</script>&'
    const svg = drawn(plot({ title: evil, caption: evil, curves: [{ label: evil, style: 'with', values: [1] }] }))
    expect(svg).not.toContain('<script')
    expect(escaped(evil)).toBe('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;')
  })

  it('gives its numbers to the cross-hair, to a thousandth', () => {
    expect(plotData(plot({ from: 2, step: 0.05, curves: [{ label: 'x', style: 'with', values: [1 / 3] }] }))).toEqual({
      id: 'p',
      unit: '',
      from: 2,
      step: 0.05,
      lines: [[0.333]],
    })
  })
})
