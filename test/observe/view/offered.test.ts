/**
 * What is offered to a server where a client rests for its own rate, and another one begins to wait.
 */
import { describe, expect, it } from 'vitest'
import { Interval } from '../../../src/observe/view/interval.ts'
import { millis, perSecond, seconds } from '../../../src/units.ts'
import { World } from '../../proxy/kit.ts'
import { client, queues, server } from '../../proxy/options.ts'
import { viewOf } from '../view-of.ts'

describe('what is offered', () => {
  it('is without what waits for its client, though logins of another wait for the server', () => {
    const world = new World({
      clients: [
        client({ name: 'a', network: '10.1.0.0/16', maxRate: perSecond(4) }),
        client({ name: 'b', network: '10.2.0.0/16' }),
      ],
      servers: [server('s1', { rate: 100, maxOutstanding: 256 })],
      queues: queues({ authentication: { maxAge: seconds(300) } }),
    })
    world.serversAnswerAfter(millis(2))
    for (let port = 1; port <= 2_000; port += 1) world.access({ from: { address: '10.1.0.1', port } })
    world.advance(seconds(4.01))
    const before = viewOf(world.snapshot())
    for (let port = 1; port <= 12; port += 1) world.access({ from: { address: '10.2.0.1', port } })
    world.settle()
    const now = viewOf(world.snapshot())
    const later = { ...now, uptimeSeconds: before.uptimeSeconds + 5 }
    const [lane] = new Interval(before, later, new Map()).lanes().filter((one) => one.class === 'authentication')
    expect(lane?.lane.queued).toBeGreaterThan(1_900)
    expect(lane?.lane.resting).toBe(2_000 - 17)
    expect(lane?.offered).toBeCloseTo(12 / 5)
  })
})
