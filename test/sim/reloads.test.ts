/**
 * Reloads under load after which the servers are the same as before: all laws hold, in worlds with every other fault too;
 * and where a limit is not counted on, the laws that count at the network find it.
 */

import { afterEach, describe, expect, it, vi } from 'vitest'
import type { EngineOptions, ServerOptions } from '../../src/proxy/border/options.ts'
import { LaneLimits } from '../../src/proxy/work/lane-limits.ts'
import { allLaws } from '../../src/simulation/laws/all-laws.ts'
import { Random } from '../../src/simulation/peers/random.ts'
import { randomWorld } from '../../src/simulation/seeds/random-world.ts'
import { BrokenLaw } from '../../src/simulation/world/observer.ts'
import { type ScriptEntry, World, type WorldPlan } from '../../src/simulation/world/world.ts'
import { termOf } from '../../src/throttle/budget.ts'
import { Identifiers } from '../../src/throttle/identifiers.ts'
import { OwnSlots } from '../../src/throttle/own-slots.ts'
import { type Duration, micros, millis, seconds } from '../../src/units.ts'
import { homeServer, options, reporting } from './rig.ts'

/** How long a server is out at most, microseconds: within a grid second, or over its end. */
const OUT_AT_MOST = 1_500_000
const SOURCES = 3

/** Some reloads within the length of a world; the last one brings the options back as they were. */
const reloadsToTheSame = (options: EngineOptions, length: Duration, random: Random): ScriptEntry[] => {
  const script: ScriptEntry[] = []
  const reload = (at: number, servers: readonly ServerOptions[]): void => {
    script.push({ at: micros(at), run: (world, now) => world.reconfigure({ ...options, servers }, now) })
  }
  const count = random.between(1, 6)
  const every = Math.floor(length / (count + 1))
  for (let number = 1; number <= count; number += 1) {
    const at = number * every + random.between(0, Math.max(0, every - OUT_AT_MOST - 1))
    const [first, ...others] = random.chance(0.5) ? options.servers : options.servers.toReversed()
    if (first === undefined) return []
    if (random.chance(0.4)) {
      reload(at, others)
      reload(at + random.between(1, OUT_AT_MOST), options.servers)
    } else reload(at, [changed(first, random), ...others])
  }
  reload(length, options.servers)
  return script
}

const changed = (server: ServerOptions, random: Random): ServerOptions => {
  const renamed = random.chance(0.5) ? { ...server, name: `${server.name} renamed` } : server
  return random.chance(0.6) ? { ...renamed, sourceAddress: `10.9.0.${random.between(1, SOURCES)}` } : renamed
}

afterEach(() => {
  vi.restoreAllMocks()
})

/** The first law that breaks in this world within so many seconds. */
const brokenLaw = (plan: WorldPlan & { readonly engine: EngineOptions }, length: number): string | undefined => {
  const world = new World(plan, allLaws(plan.engine))
  try {
    world.run(seconds(length))
  } catch (error) {
    if (error instanceof BrokenLaw) return error.message
    throw error
  }
  return undefined
}

describe('worlds with reloads to the same servers', () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed))('hold every law: seed %i', (seed) => {
    const length = seconds(25)
    const { plan, end } = randomWorld(`reloads ${seed}`, { length })
    const reloads = reloadsToTheSame(plan.engine, length, new Random(`reloads ${seed}`))
    const script = [...(plan.script ?? []), ...reloads].sort((a, b) => a.at - b.at)
    expect(brokenLaw({ ...plan, script }, end / 1_000_000)).toBeUndefined()
  })
})

/** 300 records wait for a server of 20 a second; a reload at 480 ms, and what comes of it. */
const crowded = (
  change: (server: ServerOptions) => readonly ServerOptions[],
  o: { readonly rate: number; readonly maxOutstanding: number },
): WorldPlan & { readonly engine: EngineOptions } => {
  const clients = [reporting({ sessions: 300, upAtStart: { interimWithin: micros(0) } })]
  const servers = [homeServer('one', { latency: seconds(2) })]
  const engine = options(clients, servers, { limits: o })
  const [server] = engine.servers as [ServerOptions]
  const reload = (at: number, list: readonly ServerOptions[]): ScriptEntry => ({
    at: millis(at),
    run: (world, now) => world.reconfigure({ ...engine, servers: list }, now),
  })
  return {
    seed: 'crowded',
    engine,
    servers,
    clients,
    script: [reload(480, change(server)), reload(490, change(server))],
  }
}

const fromElsewhere = (server: ServerOptions) => [{ ...server, sourceAddress: '10.9.0.1' }]

type Limits = LaneLimits<unknown>

describe('a limit that begins anew with a reload', () => {
  it('is found: the slots', () => {
    const plan = crowded(fromElsewhere, { rate: 20, maxOutstanding: 256 })
    expect(brokenLaw(plan, 20)).toBeUndefined()
    const { reconfigure } = LaneLimits.prototype
    vi.spyOn(LaneLimits.prototype, 'reconfigure').mockImplementation(function (this: Limits, settings) {
      const { maxRate } = settings.options
      this.budget = new OwnSlots(termOf({ maxRate, slot: settings.slot }, 0))
      reconfigure.call(this, settings)
    })
    expect(brokenLaw(plan, 20)).toMatch(/^slot: /)
  })

  it('is found: max-outstanding', () => {
    const plan = crowded(fromElsewhere, { rate: 0, maxOutstanding: 10 })
    expect(brokenLaw(plan, 20)).toBeUndefined()
    const { room } = Identifiers.prototype
    vi.spyOn(Identifiers.prototype, 'room').mockImplementation(function (this: Identifiers<unknown>) {
      const { taken } = this.places
      this.places.taken = this.outstanding
      const alone = room.call(this)
      this.places.taken = taken
      return alone
    })
    expect(brokenLaw(plan, 20)).toMatch(/^max-outstanding: /)
  })
})
