import { describe, expect, it } from 'vitest'
import { sumOf, withCounters } from '../../src/instances/shared/sum.ts'
import type { EngineSnapshot } from '../../src/proxy/border/snapshot.ts'
import { millis, seconds } from '../../src/units.ts'
import { World } from '../proxy/kit.ts'
import { server } from '../proxy/options.ts'

/** An engine whose server answered so many after so long. */
function answered(count: number, afterMillis: number): EngineSnapshot {
  const world = new World({ servers: [server('s1')] })
  world.serversAnswerAfter(millis(afterMillis))
  for (let i = 0; i < count; i += 1) world.accounting()
  world.advance(seconds(1))
  return world.snapshot()
}
const timesOf = (engine: EngineSnapshot) =>
  engine.lanes.find((lane) => lane.class === 'accounting')?.counters.roundTrips

describe('histograms of several engines', () => {
  it('are added bucket by bucket, as lists', () => {
    const sum = timesOf(sumOf([answered(3, 2), answered(5, 50)], 'host'))
    expect(sum).toEqual({ counts: [0, 3, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0], sum: 3 * 2_000 + 5 * 50_000 })
  })

  it('go on counting in the engine that follows one that crashed', () => {
    const sum = timesOf(withCounters(answered(1, 2), answered(4, 2)))
    expect(sum?.counts[1]).toBe(5)
  })

  it('say how long identifiers are held where that is longest', () => {
    const both = sumOf([answered(1, 2), answered(1, 50)], 'host')
    expect(both.lanes.find((lane) => lane.class === 'accounting')?.holdingTime).toBe(millis(50))
  })
})
