/**
 * Units: what the conversions round to, and the three questions asked of instants.
 */
import { describe, expect, it } from 'vitest'
import { earliest, instant, after as later, micros, millis, perSecond, seconds, since } from '../src/units.ts'

describe('units', () => {
  it('turn milliseconds and seconds into whole microseconds', () => {
    expect(millis(50)).toBe(50_000)
    expect(millis(0.0004)).toBe(0)
    expect(millis(1.0006)).toBe(1_001)
    expect(seconds(3)).toBe(3_000_000)
    expect(seconds(0.1 + 0.2)).toBe(300_000)
    expect(micros(7)).toBe(7)
    expect(perSecond(30)).toBe(30)
  })

  it('add a wait to a moment', () => {
    expect(later(instant(5), micros(7))).toBe(12)
  })

  it('measure how long ago a moment was, never less than nothing', () => {
    expect(since(instant(5), instant(12))).toBe(7)
    expect(since(instant(12), instant(5))).toBe(0)
  })

  it('find the earlier of two moments that may be absent', () => {
    expect(earliest(instant(5), instant(7))).toBe(5)
    expect(earliest(instant(7), instant(5))).toBe(5)
    expect(earliest(undefined, instant(5))).toBe(5)
    expect(earliest(instant(5), undefined)).toBe(5)
    expect(earliest(undefined, undefined)).toBeUndefined()
    expect(earliest(instant(0), instant(5))).toBe(0)
  })
})
