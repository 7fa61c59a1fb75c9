/**
 * A daemon that ends in the middle of a storm, and begins anew without what it knew.
 */
import { expect, it } from 'vitest'
import { perSecond, seconds } from '../../../src/units.ts'
import { bng, homeServer, options, Rig } from '../../sim/rig.ts'

it('forgets what waits, answers nothing while it is down, and serves the clients again', () => {
  const authentication = { timeout: seconds(3), tries: 4, redialAfter: seconds(10) }
  const clients = [bng({ sessions: 100, authentication })]
  const servers = [homeServer('one')]
  const engine = options(clients, servers, { limits: { rate: perSecond(10) } })
  const waiting = (rig: Rig): number => rig.snapshot.classes.authentication.queued
  const rig = new Rig({
    engine,
    servers,
    clients,
    isWatched: false,
    script: [{ at: seconds(2), run: (world, now) => world.restart(engine, seconds(0.5), now) }],
  })
  rig.until(1.9)
  const before = rig.world.clients[0]!.counters.up
  expect(before).toBeGreaterThan(10)
  expect(waiting(rig)).toBeGreaterThan(50)
  rig.until(2.4)
  expect(rig.world.engine).toBeUndefined()
  rig.until(2.9)
  expect(waiting(rig)).toBe(0)
  expect(rig.world.clients[0]!.counters.up).toBeLessThanOrEqual(before + 2)
  rig.until(30)
  expect(rig.world.clients[0]!.counters.up).toBe(100)
})
