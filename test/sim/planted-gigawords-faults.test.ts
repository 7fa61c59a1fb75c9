/**
 * The law of synthesized Gigawords must be seen to fail: the faults are planted into the real engine, as in
 * planted-faults.test.ts.
 */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Sessions } from '../../src/accounting/sessions/sessions.ts'
import type { EngineOptions } from '../../src/proxy/border/options.ts'
import { Records } from '../../src/proxy/register/records.ts'
import { GigawordsLaw } from '../../src/simulation/laws/records/gigawords-law.ts'
import { gigawordsOf, wellFormed } from '../../src/simulation/peers/packets.ts'
import { randomWorld } from '../../src/simulation/seeds/random-world.ts'
import { BrokenLaw, type Observer } from '../../src/simulation/world/observer.ts'
import { World, type WorldPlan } from '../../src/simulation/world/world.ts'
import { type Duration, seconds } from '../../src/units.ts'
import { homeServer, options, reporting } from './rig.ts'

/** Ten sessions whose counters wrap every nine seconds, at a server that answers a part of it, and whose records end unanswered. */
const wrapping = (o: { readonly newDelayTime: boolean }): WorldPlan & { readonly engine: EngineOptions } => {
  const times = { timeout: seconds(1), tries: 12, interimPeriod: seconds(4), tellsTime: true, ...o }
  const accounting = { ...reporting().accounting, ...times, octetsPerSecond: 500_000_000 }
  const clients = [reporting({ sessions: 10, accounting, sessionTime: seconds(30) })]
  const servers = [homeServer('one', { capacity: 3, backlog: 4 })]
  const engine = options(clients, servers, {
    limits: { timeout: seconds(1), maxRetries: 0 },
    sessions: { maxSessions: 4, lifetime: seconds(60), maxPortRate: 0 },
  })
  const synthesizing = engine.clients.map((client) => ({
    ...client,
    accounting: { ...client.accounting, synthesizeGigawords: true },
  }))
  // Else a record is never given up.
  const accountingClass = { ...engine.classes.accounting, maxTransmissions: 1 }
  const classes = { ...engine.classes, accounting: accountingClass }
  return { seed: 'counters that wrap', engine: { ...engine, classes, clients: synthesizing }, servers, clients }
}

/** What was broken within a minute, and how many packets left with Gigawords. */
const run = (plan: WorldPlan & { readonly engine: EngineOptions }, length: Duration = seconds(60)) => {
  let withGigawords = 0
  const counts: Observer = {
    forwarded: (_lane, _port, bytes) => {
      if (gigawordsOf(wellFormed(bytes))[0] > 0) withGigawords += 1
    },
  }
  const world = new World(plan, [counts, new GigawordsLaw(plan.engine)])
  try {
    world.run(length)
  } catch (error) {
    if (!(error instanceof BrokenLaw)) throw error
    return { broken: error.message, withGigawords }
  }
  return { broken: undefined, withGigawords }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('Gigawords that are added', () => {
  it('are the same in each copy, and no more than was counted, though the table has room for four of ten sessions', () => {
    for (const newDelayTime of [false, true]) {
      const { broken, withGigawords } = run(wrapping({ newDelayTime }))
      expect(broken).toBeUndefined()
      expect(withGigawords).toBeGreaterThan(10)
    }
  })

  it('are found to depend on the copy', () => {
    vi.spyOn(Records.prototype, 'remember').mockReturnValue(undefined)
    for (const newDelayTime of [false, true]) {
      expect(run(wrapping({ newDelayTime })).broken).toMatch(/^gigawords: a copy of request \d+ says/)
    }
  })

  it('are found to be made up', () => {
    const real = Sessions.prototype.observe
    vi.spyOn(Sessions.prototype, 'observe').mockImplementation(function (this: Sessions, ...record) {
      const wraps = real.apply(this, record)
      return wraps === undefined ? undefined : { input: wraps.input + 3, output: wraps.output }
    })
    expect(run(wrapping({ newDelayTime: false })).broken).toMatch(/^gigawords: request \d+ says .* counted/)
  })

  it('leave in some of the random worlds', () => {
    let worlds = 0
    for (let seed = 1; seed <= 60; seed += 1) {
      const { plan, faultsUntil } = randomWorld(seed, { length: seconds(40) })
      if (!plan.engine.clients.some(({ accounting }) => accounting.synthesizeGigawords)) continue
      if (run(plan, faultsUntil).withGigawords > 0) worlds += 1
    }
    expect(worlds).toBeGreaterThan(2)
  })
})
