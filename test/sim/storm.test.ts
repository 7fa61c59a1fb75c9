/**
 * The storm that radsluice is for: tens of thousands of sessions log in again within 2 s; each sends every 3 s, at most 4
 * times, then dials again after 10 s, give or take a fifth. The server does 500/s and works off a backlog of 16,000 in order, also what nobody
 * waits for any more. Without the throttle it never recovers; with it all sessions are up soon, and its work is not wasted.
 */
import { describe, expect, it } from 'vitest'
import { seconds } from '../../src/units.ts'
import { bng, homeServer, options, Rig } from './rig.ts'

const PATIENCE = { timeout: seconds(3), tries: 4, redialAfter: seconds(10), redialSpread: 0.2 }
const CAPACITY = 500

const storm = (sessions: number, isThrottled: boolean, isWatched = true): Rig => {
  const clients = [bng({ sessions, dialWithin: seconds(2), authentication: PATIENCE })] as const
  const [{ secret }] = clients
  const servers = [homeServer('collapsing', { capacity: CAPACITY, backlog: 16_000, secret })]
  const base = options(clients, servers, { limits: { rate: CAPACITY, timeout: seconds(3) } })
  const authentication = { ...base.queues.authentication, maxMessages: 100_000, maxAge: seconds(5) }
  const engine = isThrottled ? { ...base, queues: { ...base.queues, authentication } } : undefined
  return new Rig({ engine, servers, clients, isWatched })
}

const up = (rig: Rig): number => rig.world.clients[0]!.counters.up
/** The part of the server's work that brought no session up. */
const wasted = (rig: Rig): number => 1 - up(rig) / rig.world.servers[0]!.worked

describe('a storm of log-ins against a server that collapses', () => {
  it('is over within 60 s for 20,000 sessions, with at most 5 % of the work wasted', () => {
    const rig = storm(20_000, true).until(60)
    expect(up(rig)).toBe(20_000)
    expect(wasted(rig)).toBeLessThanOrEqual(0.05)
  })

  it('is over within 130 s for 50,000 sessions, with at most 5 % of the work wasted', () => {
    // The laws watch the storm above; here they would only cost their time.
    const rig = storm(50_000, true, false).until(130)
    expect(up(rig)).toBe(50_000)
    expect(wasted(rig)).toBeLessThanOrEqual(0.05)
  })

  it('never ends without the throttle: after the first seconds no session comes up any more, for 240 s', () => {
    const rig = storm(20_000, false).until(60)
    const early = up(rig)
    expect(early).toBeGreaterThan(4_000)
    expect(early).toBeLessThan(8_000)
    rig.until(240)
    expect(up(rig)).toBe(early)
    expect(wasted(rig)).toBeGreaterThan(0.9)
  })
})
