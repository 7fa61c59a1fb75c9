/**
 * A client's own rate, beside the server: what waits for its client's slots says nothing of the server.
 */
import { describe, expect, it } from 'vitest'
import { millis, perSecond, seconds } from '../../src/units.ts'
import { World } from './kit.ts'
import { client, queues, server } from './options.ts'

const storm = (maxRate: number): World => {
  const world = new World({
    clients: [client({ maxRate: perSecond(maxRate) })],
    servers: [server('s1', { rate: 100, timeout: seconds(2), maxOutstanding: 256 })],
    queues: queues({ authentication: { maxAge: seconds(300) }, accounting: {} }),
  })
  world.serversAnswerAfter(millis(2))
  for (let asked = 0; asked < 600; asked += 1) world.access()
  return world
}

describe('a server whose requests wait', () => {
  it('for its own slots has been seen at its pace, and they wait for it', () => {
    const world = storm(0)
    world.advance(seconds(4))
    expect(world.lane('s1', 'authentication')).toMatchObject({ slowestPace: 100, queued: 195, resting: 0 })
  })

  it("for their client's slots is not slow, and they do not wait for it", () => {
    const world = storm(4)
    world.advance(seconds(4.1))
    const lane = world.lane('s1', 'authentication')
    expect(lane).toMatchObject({ slowestPace: undefined, queued: 600 - 17 })
    expect(lane.resting).toBe(lane.queued)
  })
})
