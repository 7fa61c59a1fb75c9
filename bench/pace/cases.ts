/**
 * A server that becomes slower for a minute: the worlds of the table in `bench/pace.ts`, played with the real engine.
 *
 * 400 logins a second are offered to a server that does 500. From 30 s to 90 s it does 200 or 50. The client asks once and waits
 * 12 s, so nothing but radsluice sends a request again. max_rate is 500, the time-out 3 s, max_age 5 s.
 */
import type { EngineOptions } from '../../src/proxy/border/options.ts'
import { Secret } from '../../src/radius/secret.ts'
import type { ServerPlan } from '../../src/simulation/peers/home-server.ts'
import type { NasPlan } from '../../src/simulation/peers/nas-plan.ts'
import { NO_FAULTS } from '../../src/simulation/peers/network.ts'
import {
  basicOptions,
  clientOptions,
  deadServerOptions,
  queueOptions,
  serverOptions,
} from '../../src/simulation/world/basic-options.ts'
import type { Observer } from '../../src/simulation/world/observer.ts'
import { type ScriptEntry, START, World } from '../../src/simulation/world/world.ts'
import { type Instant, MICROS_PER_SECOND, micros, millis, perSecond, seconds, since } from '../../src/units.ts'

type Adaptive = EngineOptions['adaptive']

export const ADAPTIVE: readonly Adaptive[] = ['off', 'window']
export const WINDOWS = [4_000, 256, 64] as const
export const DIPS = [200, 50] as const

const OFFERED = 400
const FULL = 500
/** Seconds. */
const DIP = { begins: 30, ends: 90 } as const
const LENGTH = 120
const AFTER_DIP = 20
const PATIENCE = seconds(12)
const TIMEOUT = seconds(3)
const NEVER_DOWN = 1_000_000

/** Good answers a second in the dip and after it, and the share of the server's work that was for nobody, 0-1. */
export interface Figures {
  readonly inDip: number
  readonly wasted: number
  readonly afterDip: number
}

/** What happened in each second. */
export interface Seconds {
  /** Messages that the server worked off. */
  readonly worked: number[]
  /** Logins that came up. */
  readonly good: number[]
  /** Answers that came later than the time-out after the first transmission. */
  readonly late: number[]
  /** The window at the end of the second; undefined with `off`. */
  readonly window: (number | undefined)[]
}

export interface Case {
  readonly adaptive: Adaptive
  /** max_outstanding. */
  readonly window: number
  readonly seed?: string | number
  readonly offered?: number
  /** Whether the server can become Down. The model of the table knows no such thing; by default it can. */
  readonly isJudged?: boolean
  /** The server's messages a second from so many seconds on; the first is from 0 on. */
  readonly steps: readonly { readonly from: number; readonly capacity: number }[]
  /** Seconds. */
  readonly length: number
}

/** The figures of one cell of the table. */
export function playDip(o: { adaptive: Adaptive; window: number; dip: number; isJudged: boolean }): Figures {
  const { dip, ...one } = o
  const steps = [
    { from: 0, capacity: FULL },
    { from: DIP.begins, capacity: dip },
    { from: DIP.ends, capacity: FULL },
  ]
  const { worked, good } = playSteps({ ...one, steps, length: LENGTH })
  const all = sum(worked)
  return {
    inDip: sum(good.slice(DIP.begins, DIP.ends)) / (DIP.ends - DIP.begins),
    wasted: (all - sum(good)) / all,
    afterDip: sum(good.slice(DIP.ends, DIP.ends + AFTER_DIP)) / AFTER_DIP,
  }
}

/** Plays one world, with `others` watching. */
export function playSteps(one: Case, others: readonly Observer[] = []): Seconds {
  const { seed = 1, length, steps } = one
  const count = (): number[] => Array.from({ length: length + 1 }, () => 0)
  const found: Seconds = { worked: count(), good: count(), late: count(), window: [] }
  const second = (now: Instant): number => Math.floor((now - START) / MICROS_PER_SECOND)
  const sent = new Map<string, { readonly authenticator: string; readonly at: Instant }>()
  const observer: Observer = {
    worked: (_server, _packet, now) => {
      found.worked[second(now)]! += 1
    },
    cameUp: (_client, _waited, now) => {
      found.good[second(now)]! += 1
    },
    forwarded: (lane, port, bytes, now) => {
      const key = `${lane} ${port} ${bytes[1]}`
      const authenticator = Buffer.from(bytes.subarray(4, 20)).toString('hex')
      if (sent.get(key)?.authenticator !== authenticator) sent.set(key, { authenticator, at: now })
    },
    arrives: (lane, port, bytes, now) => {
      const at = sent.get(`${lane} ${port} ${bytes[1]}`)?.at
      if (at !== undefined && since(at, now) > TIMEOUT) found.late[second(now)]! += 1
    },
  }
  const script: ScriptEntry[] = steps.map(({ from, capacity }) => ({
    at: seconds(from),
    run: (world) => {
      const [server] = world.servers
      if (server !== undefined) server.capacity = capacity
    },
  }))
  for (let at = 1; at <= length; at += 1) {
    script.push({
      at: seconds(at),
      run: (world, now) => void found.window.push(world.engine?.inspection.overview(now).lanes[0]?.window),
    })
  }
  const near = { ...NO_FAULTS, delay: micros(0) }
  const world = new World(
    {
      seed,
      engine: engineFor(one),
      servers: [SERVER],
      clients: [clientFor(one)],
      network: { proxyToServer: near, serverToProxy: near, clientToProxy: near, proxyToClient: near },
      script,
    },
    [observer, ...others],
  )
  world.run(seconds(length))
  return found
}

/** The engine of such a world. */
export const engineFor = ({ adaptive, window, isJudged = true }: Omit<Case, 'steps' | 'length'>): EngineOptions =>
  basicOptions({
    adaptive,
    deadServer: deadServerOptions(isJudged ? { probe: 'status_server' } : { consecutiveFailures: NEVER_DOWN }),
    clients: [clientOptions({ name: CLIENT.name, network: CLIENT.address, secret: CLIENT.secret })],
    servers: [
      serverOptions({
        name: SERVER.name,
        address: '10.1.0.1',
        secret: SERVER.secret,
        lane: { maxRate: perSecond(FULL), maxOutstanding: window, timeout: TIMEOUT, maxRetries: 5 },
      }),
    ],
    queues: queueOptions({ authentication: { maxMessages: 100_000, maxAge: seconds(5) } }),
  })

const CLIENT = { name: 'bng', address: '10.0.0.1', secret: new Secret('of the client') } as const

const SERVER: ServerPlan = {
  name: 'first',
  secret: new Secret('of the server'),
  capacity: FULL,
  backlog: 1_000_000,
  latency: millis(5),
  answersTwice: 0,
  challenges: 0,
}

/** Each session dials once, at a moment of its own: so many a second, as a Poisson process has them. */
const clientFor = ({ offered = OFFERED, length }: Case): NasPlan => ({
  ...CLIENT,
  sessions: offered * length,
  dialWithin: seconds(length),
  authentication: { timeout: PATIENCE, tries: 1, redialAfter: seconds(1_000_000) },
  accounting: { isOn: false, timeout: PATIENCE, tries: 1, newDelayTime: false, interimPeriod: seconds(0) },
  sessionTime: seconds(0),
})

const sum = (of: readonly number[]): number => of.reduce((all, one) => all + one, 0)
