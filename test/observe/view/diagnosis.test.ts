import { describe, expect, it } from 'vitest'
import { effectiveCeiling, whatLimits } from '../../../src/observe/view/diagnosis.ts'
import { seconds } from '../../../src/units.ts'
import { World } from '../../proxy/kit.ts'
import { deadServer, server } from '../../proxy/options.ts'

/** A lane after its server was silent through so many tries. */
function laneOf(o: { rate: number; maxOutstanding: number; tries: number }) {
  const lane = { rate: o.rate, maxOutstanding: o.maxOutstanding, timeout: seconds(3), maxRetries: o.tries - 1 }
  const world = new World({ servers: [server('s1', lane)], deadServer: deadServer({ consecutiveFailures: 99 }) })
  for (let i = 0; i < 50; i += 1) world.accounting()
  world.advance(seconds(30))
  return world.lane('s1', 'accounting')
}

describe('the effective ceiling', () => {
  it('of a silent server with 256 outstanding and 6 tries of 3 s is 14 a second, whatever max_rate says', () => {
    const lane = laneOf({ rate: 500, maxOutstanding: 256, tries: 6 })
    expect(Math.round(effectiveCeiling(lane) ?? 0)).toBe(14)
    expect(whatLimits(lane)).toBe('max_outstanding')
  })

  it('is max_rate where that is less', () => {
    const lane = laneOf({ rate: 10, maxOutstanding: 256, tries: 1 })
    expect([effectiveCeiling(lane), whatLimits(lane)]).toEqual([10, 'max_rate'])
  })

  it('is unknown while nothing limits', () => {
    expect(effectiveCeiling(new World().lane('s1', 'accounting'))).toBeUndefined()
  })
})
