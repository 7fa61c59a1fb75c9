/**
 * Windows and paces of several instances as one number.
 */
import { describe, expect, it } from 'vitest'
import { sumOf } from '../../src/instances/shared/sum.ts'
import type { LaneSnapshot } from '../../src/proxy/border/snapshot.ts'
import { World } from '../proxy/kit.ts'

/** The first lane of engines of which each has such a one. */
function sumOfLanes(...all: readonly Partial<LaneSnapshot>[]): LaneSnapshot | undefined {
  const engine = new World().snapshot()
  const engines = all.map((changes) => ({ ...engine, lanes: engine.lanes.map((lane) => ({ ...lane, ...changes })) }))
  return sumOf(engines, 'host').lanes[0]
}

describe('windows of several instances', () => {
  it('add up, as max_outstanding does', () => {
    expect(sumOfLanes({ window: 20 }, { window: 30 })).toMatchObject({ window: 50, maxOutstanding: 512 })
    expect(sumOfLanes({}, {})).toMatchObject({ window: undefined })
  })

  it('and so do their slowest paces, if each has one', () => {
    expect(sumOfLanes({ slowestPace: 200 }, { slowestPace: 150 })?.slowestPace).toBe(350)
    expect(sumOfLanes({ slowestPace: 200 }, {})?.slowestPace).toBeUndefined()
  })
})
