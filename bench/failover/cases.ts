/**
 * The failover table: what becomes of logins if the first of two servers fails. They come at four paces, and their clients
 * have four kinds of patience. The engine is the real one, with the defaults of the schema; the rest is simulated.
 *
 * Promise: no login is lost if its client sends at least three times. A case is a value, so the command that prints the table
 * and the test that checks the promise run the same worlds.
 */
import type { EngineOptions } from '../../src/proxy/border/options.ts'
import type { Observer } from '../../src/simulation/world/observer.ts'
import { World, type WorldPlan } from '../../src/simulation/world/world.ts'
import { type Duration, MICROS_PER_SECOND, micros, seconds } from '../../src/units.ts'
import { clientPlan, defaultOptions, NEVER, serverPlan } from './rig.ts'

/** What is wrong with the first server. `late`: it answers all, 1 s after the first time-out, or after the last. */
export const SERVER_FAULTS = ['silent', 'port closed', 'slow', '1 s late', 'too late'] as const
export type ServerFault = (typeof SERVER_FAULTS)[number]

/** How often somebody logs in. */
export const PACES = [
  { name: 'one a minute', every: seconds(60), logins: 30 },
  { name: 'one each 2 s', every: seconds(2), logins: 150 },
  { name: '20/s', every: micros(50_000), logins: 1_200 },
  { name: '500/s', every: micros(2_000), logins: 15_000 },
] as const
export type Pace = (typeof PACES)[number]

/** Seconds between two transmissions of a client, and how many it makes. */
export const PATIENCES = [
  { gap: 3, sends: 3 },
  { gap: 3, sends: 4 },
  { gap: 5, sends: 4 },
  { gap: 6, sends: 3 },
] as const
export type Patience = (typeof PATIENCES)[number]

/** Since when it is so: from the start, or after a third of the logins. */
export const BEGINNINGS = ['from the start', 'on the way'] as const
export type Beginning = (typeof BEGINNINGS)[number]

export interface FailoverCase {
  readonly fault: ServerFault
  readonly pace: Pace
  readonly patience: Patience
  readonly beginning: Beginning
}

export interface FailoverFigures {
  readonly logins: number
  readonly lost: number
  /** Of a login that came through, from its client's first transmission on. */
  readonly worst: Duration
  /** How often the first server went Down. */
  readonly downs: number
  /** What the first and the second server were sent. */
  readonly sentTo: readonly [first: number, second: number]
}

export function playFailover(
  o: FailoverCase,
  options = defaultOptions(),
  watch: readonly Observer[] = [],
): FailoverFigures {
  const plan = planOf(o, options)
  let worst = micros(0)
  let downs = 0
  const sentTo: [number, number] = [0, 0]
  const figures: Observer = {
    cameUp: (_client, waited) => {
      worst = micros(Math.max(worst, waited))
    },
    noted: (event) => {
      if (event.kind === 'server-state' && event.to === 'down' && event.server === 'first') downs += 1
    },
    forwarded: (lane) => {
      const { server } = world.engine?.plan().find((one) => one.lane === lane) ?? {}
      sentTo[server === 'first' ? 0 : 1] += 1
    },
  }
  const world = new World(plan, [figures, ...watch])
  const { every, logins } = o.pace
  world.run(micros(every * logins + seconds(60)))
  const { gaveUp } = (world.clients[0] as World['clients'][number]).counters
  return { logins, lost: gaveUp.authentication, worst, downs, sentTo }
}

const planOf = ({ fault, pace, patience, beginning }: FailoverCase, options: EngineOptions): WorldPlan => {
  const { gap, sends } = patience
  const authentication = { timeout: seconds(gap), tries: sends, redialAfter: NEVER }
  const at = micros(beginning === 'from the start' ? 0 : Math.floor((pace.every * pace.logins) / 3))
  return {
    seed: [fault, pace.name, gap, sends, beginning].join(' '),
    engine: options,
    clients: [clientPlan(options, { sessions: pace.logins, dialEvery: pace.every, authentication })],
    servers: options.servers.map((server) => serverPlan(server, fault === 'port closed')),
    script: [{ at, run: (world) => strike(world, fault, options) }],
  }
}

const strike = (world: World, fault: ServerFault, options: EngineOptions): void => {
  const [first] = world.servers
  if (fault === 'silent' || fault === 'port closed') first?.die()
  else if (first !== undefined) first.trouble = { latency: latencyOf(fault, options) }
}

export const latencyOf = (fault: ServerFault, { servers }: EngineOptions): Duration => {
  const { timeout, maxRetries } = servers[0]?.lanes.authentication ?? { timeout: seconds(0), maxRetries: 0 }
  if (fault === 'slow') return micros(timeout * 0.8)
  return micros((fault === '1 s late' ? timeout : timeout * (maxRetries + 1)) + MICROS_PER_SECOND)
}

/** Whether as many requests as come in may be outstanding: a server that is slow in time is no fault of its health. */
export const isWithinCapacity = ({ fault, pace }: FailoverCase, options: EngineOptions): boolean => {
  const { maxOutstanding = 0 } = options.servers[0]?.lanes.authentication ?? {}
  return fault !== 'slow' || latencyOf(fault, options) <= maxOutstanding * pace.every
}
