import { describe, expect, it } from 'vitest'
import { TraceBound } from '../../../src/instances/thread/trace-bound.ts'
import { instant } from '../../../src/units.ts'

const SECOND = 1_000_000

describe('what crosses of a trace', () => {
  it('is 2,000 events a second; what is left out is told with the next that crosses', () => {
    const bound = new TraceBound()
    const first = Array.from({ length: 2_500 }, (_, n) => bound.admit(instant(n)))
    expect(first.filter((lost) => lost === 0)).toHaveLength(2_000)
    expect(first.slice(2_000).every((lost) => lost === undefined)).toBe(true)
    expect(bound.admit(instant(SECOND))).toBe(500)
    expect(bound.admit(instant(SECOND))).toBe(0)
  })
})
