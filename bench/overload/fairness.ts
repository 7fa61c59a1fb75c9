/**
 * What one client does to the others, with the real engine.
 *
 * The storm: 20,000 sessions of one BNG (3 s x 4) dial within 2 s. Ten other clients have 10 logins a second each (Poisson), and
 * began 10 s before. The loop: one device sends new requests without end, and another client wants to log in.
 */
import type { EngineOptions } from '../../src/proxy/border/options.ts'
import type { NasPlan } from '../../src/simulation/peers/nas-plan.ts'
import type { Observer } from '../../src/simulation/world/observer.ts'
import { START, World } from '../../src/simulation/world/world.ts'
import { MICROS_PER_SECOND, micros, seconds } from '../../src/units.ts'
import { type Fairness, type MaxAge, withFairness, withMaxAge, withMaxShare } from './engine-options.ts'
import { nas, optionsFor, server } from './rig.ts'
import { CAPACITY, DIAL_WITHIN, kind } from './storm.ts'

const OTHERS = 10
const LOGINS_PER_SECOND = 10
const PATIENT = kind(3, 4).authentication
const PATIENCE = PATIENT.timeout * PATIENT.tries
const STORM_FROM = seconds(10)

export interface FairnessCase {
  readonly fairness: Fairness
  readonly maxAge: MaxAge
  /** Requests that may wait. */
  readonly queue: number
  /** Per cent of the queue that one client may fill. */
  readonly maxShare?: number
}

export interface FairnessFigures {
  /** Logins of the others since the storm began, and how many of them have service. */
  readonly logins: number
  readonly up: number
  /** How long these waited, in seconds. */
  readonly p50: number
  readonly p99: number
  readonly most: number
  /** Of those that are up, which had to dial again. */
  readonly redialled: number
  /** Requests of the others that an overflow policy removed. */
  readonly shed: number
  /** From its begin until all its sessions were up, in seconds; undefined if that did not happen. */
  readonly stormOver: number | undefined
}

export function playFairness(
  { fairness, maxAge, queue, maxShare }: FairnessCase,
  o: { readonly sessions: number; readonly seed: number },
): FairnessFigures {
  const lasts = lengthFor(o.sessions)
  const clients = [stormOf(o.sessions), ...othersFor(lasts)]
  const base = optionsFor(clients, [server()], {
    maxMessages: queue,
    limited: (client) => (maxShare === undefined ? client : withMaxShare(client, maxShare)),
  })
  const books = new FairnessBooks('storm')
  const world = worldOf(withMaxAge(withFairness(base, fairness), maxAge), clients, { seed: o.seed, books })
  // What the last of the others wait for may take two calls of theirs.
  world.run(micros(STORM_FROM + lasts + 3 * PATIENCE))
  return books.figures(o.sessions)
}

/** Twice the time that the server needs for the storm, and some more. */
const lengthFor = (sessions: number): number => seconds(5 + (2 * sessions) / CAPACITY)

const stormOf = (sessions: number): NasPlan =>
  nas({
    name: 'storm',
    address: '10.0.0.1',
    sessions,
    dialFrom: STORM_FROM,
    dialWithin: DIAL_WITHIN,
    authentication: PATIENT,
  })

/** They log in until a storm must be over. */
const othersFor = (lasts: number): NasPlan[] =>
  Array.from({ length: OTHERS }, (_, index) =>
    otherNas(`other-${index + 1}`, `10.0.0.${index + 2}`, STORM_FROM + lasts),
  )

const otherNas = (name: string, address: string, until: number): NasPlan =>
  nas({
    name,
    address,
    sessions: Math.round((LOGINS_PER_SECOND * until) / MICROS_PER_SECOND),
    dialsPerSecond: LOGINS_PER_SECOND,
    authentication: PATIENT,
  })

export interface LoopCase {
  readonly fairness: Fairness
  /** Requests a second of the device. */
  readonly rate: number
}

const LOOP_RATE = 100
const LOOP_LASTS = seconds(60)

/** The share of another client's logins that get through at their first dial, 0-1. */
export function playLoop({ fairness, rate }: LoopCase, o: { readonly seed: number }): number {
  const every = micros(Math.round(MICROS_PER_SECOND / rate))
  const loops = [{ every, copies: 1, apart: seconds(5) }]
  const device = nas({ name: 'device', address: '10.0.0.1', sessions: 0, loops })
  const other = otherNas('other', '10.0.0.2', LOOP_LASTS)
  const clients = [device, other]
  const base = optionsFor(clients, [server(LOOP_RATE)])
  const books = new FairnessBooks('device')
  const world = worldOf(withMaxAge(withFairness(base, fairness), '5s'), clients, { seed: o.seed, books })
  world.run(micros(LOOP_LASTS + PATIENCE))
  return books.firstCalls / other.sessions
}

const worldOf = (
  engine: EngineOptions,
  clients: readonly NasPlan[],
  { seed, books }: { readonly seed: number; readonly books: Observer },
): World => {
  const rate = engine.servers[0]?.lanes.authentication?.maxRate ?? CAPACITY
  return new World({ seed, engine, clients, servers: [server(rate)] }, [books])
}

/** What becomes of the clients beside the one that storms. */
class FairnessBooks implements Observer {
  readonly #storming: string
  readonly #waits: number[] = []
  #world: Parameters<Required<Observer>['begins']>[0] | undefined
  #dialledBefore = 0
  #stormUp = 0
  #stormUpAt = 0
  #shed = 0
  /** Logins of the others that came up before their clients gave up for the first time. */
  firstCalls = 0

  constructor(storming: string) {
    this.#storming = storming
  }

  begins(world: Parameters<Required<Observer>['begins']>[0]): void {
    this.#world = world
  }

  cameUp(...[client, waited, now]: Parameters<Required<Observer>['cameUp']>): void {
    if (client === this.#storming) {
      this.#stormUp += 1
      this.#stormUpAt = now
      return
    }
    if (waited <= PATIENCE) this.firstCalls += 1
    if (now - waited < START + STORM_FROM) this.#dialledBefore += 1
    else this.#waits.push(waited)
  }

  noted(...[event]: Parameters<Required<Observer>['noted']>): void {
    if (event.kind === 'shed' && event.client !== this.#storming) this.#shed += 1
  }

  figures(sessions: number): FairnessFigures {
    const others = this.#world?.clients.filter(({ plan }) => plan.name !== this.#storming) ?? []
    const all = others.reduce((sum, { plan }) => sum + plan.sessions, 0)
    const waits = this.#waits.toSorted((a, b) => a - b)
    const quantile = (part: number): number => (waits[Math.ceil(waits.length * part) - 1] ?? 0) / MICROS_PER_SECOND
    return {
      logins: all - this.#dialledBefore,
      up: waits.length,
      p50: quantile(0.5),
      p99: quantile(0.99),
      most: quantile(1),
      redialled: waits.filter((wait) => wait > PATIENCE).length,
      shed: this.#shed,
      stormOver: this.#stormUp < sessions ? undefined : (this.#stormUpAt - START - STORM_FROM) / MICROS_PER_SECOND,
    }
  }
}
