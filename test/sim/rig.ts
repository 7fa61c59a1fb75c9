/**
 * A rig for scenarios that read like a script: plain clients and servers to vary, everything that leaves written down,
 * and every law watching.
 */

import { perClass, type TrafficClass } from '../../src/classes.ts'
import { ACCESS_ACCEPT, ACCESS_REQUEST, ACCOUNTING_RESPONSE } from '../../src/codes.ts'
import type { EngineEvent } from '../../src/proxy/border/events.ts'
import type { EngineOptions, LaneOptions } from '../../src/proxy/border/options.ts'
import type { EngineSnapshot } from '../../src/proxy/border/snapshot.ts'
import { Secret } from '../../src/radius/secret.ts'
import { type Books, withBooks } from '../../src/simulation/books/books.ts'
import { allLaws } from '../../src/simulation/laws/all-laws.ts'
import type { ServerPlan } from '../../src/simulation/peers/home-server.ts'
import type { NasPlan } from '../../src/simulation/peers/nas-plan.ts'
import { answerTo, serialOf, wellFormed } from '../../src/simulation/peers/packets.ts'
import { basicOptions, clientOptions, serverOptions } from '../../src/simulation/world/basic-options.ts'
import type { Observer } from '../../src/simulation/world/observer.ts'
import { START, World, type WorldPlan } from '../../src/simulation/world/world.ts'
import { type Instant, MICROS_PER_SECOND, micros, perSecond, seconds } from '../../src/units.ts'

/** A BNG whose sessions all dial at the start, once, and wait for ever. */
export const bng = (o: Partial<NasPlan> = {}): NasPlan => ({
  name: 'bng',
  address: '10.0.0.1',
  secret: new Secret('of the client'),
  sessions: 1,
  dialWithin: micros(0),
  authentication: { timeout: seconds(100_000), tries: 1, redialAfter: seconds(10) },
  accounting: { isOn: false, timeout: seconds(100_000), tries: 1, newDelayTime: false, interimPeriod: seconds(0) },
  sessionTime: seconds(0),
  ...o,
})

/** A BNG whose sessions are up, and send one interim update each at the start. */
export const reporting = (o: Partial<NasPlan> = {}): NasPlan =>
  bng({
    accounting: { ...bng().accounting, isOn: true, interimPeriod: seconds(100_000) },
    upAtStart: { interimWithin: micros(0) },
    ...o,
  })

/** A server that is as good as endlessly fast. */
export const homeServer = (name: string, o: Partial<ServerPlan> = {}): ServerPlan => ({
  name,
  secret: new Secret(`of ${name}`),
  capacity: 1_000_000,
  backlog: 1_000_000,
  latency: micros(0),
  answersTwice: 0,
  challenges: 0,
  ...o,
})

interface Limits extends Partial<Omit<LaneOptions, 'maxRate' | 'port'>> {
  readonly rate?: number
}

/** Options for these clients and servers; `limits` holds for every lane that has none of its own by name. */
export const options = (
  clients: readonly NasPlan[],
  servers: readonly ServerPlan[],
  o: Partial<EngineOptions> & { readonly limits?: Limits; readonly limitsOf?: Readonly<Record<string, Limits>> } = {},
): EngineOptions => {
  const { limits = {}, limitsOf = {}, ...others } = o
  const laneOf = (name: string): Partial<LaneOptions> => {
    const { rate = 0, ...rest } = { ...limits, ...limitsOf[name] }
    return { maxRate: perSecond(rate), ...rest }
  }
  const queue = { maxMessages: 100_000, maxBytes: 1 << 28, maxAge: seconds(7_200), overflow: 'drop_newest' as const }
  return basicOptions({
    clients: clients.map(({ name, address, secret }) =>
      clientOptions({ name, network: address, secret, addNasIpAddress: 'never' }),
    ),
    servers: servers.map(({ name, secret }, index) =>
      serverOptions({ name, address: `10.1.0.${index + 1}`, secret, lane: laneOf(name) }),
    ),
    queues: perClass(() => queue),
    ...others,
  })
}

/** One law with the books that it reads, as the observers of a world. */
export const only = (engine: EngineOptions, Law: new (books: Books) => Observer): Observer[] =>
  withBooks(engine, (books) => [new Law(books)])

/** A request as it left for a server. */
export interface Sent {
  /** Seconds after the start. */
  readonly at: number
  readonly lane: number
  readonly port: number
  readonly server: string
  readonly class: TrafficClass
  /** Requests of a world are numbered in the order in which clients first sent them. */
  readonly serial: number
  readonly isFirst: boolean
  readonly bytes: Uint8Array
}

export class Rig {
  readonly world: World
  readonly sent: Sent[] = []
  /** Changes of a server's state. */
  readonly events: { readonly at: Instant; readonly event: EngineEvent }[] = []
  /** Serials of the answers that went to clients, in their order. */
  replies = 0
  readonly #plan: WorldPlan

  constructor(plan: Omit<WorldPlan, 'seed'> & { readonly isWatched?: boolean }, observers: readonly Observer[] = []) {
    const { isWatched = true, ...others } = plan
    this.#plan = { seed: 'a scripted scenario', ...others }
    const laws = plan.engine === undefined || !isWatched ? [] : allLaws(plan.engine)
    const seen = new Set<string>()
    const recorder: Observer = {
      forwarded: (lane, port, bytes, now) => {
        const packet = wellFormed(bytes)
        const serial = serialOf(packet) ?? 0
        const to = this.world.engine?.plan().find((one) => one.lane === lane)
        const key = `${lane} ${serial}`
        const isFirst = !seen.has(key)
        seen.add(key)
        const trafficClass = packet.code === ACCESS_REQUEST ? 'authentication' : 'accounting'
        const at = secondsOf(now)
        this.sent.push({ at, lane, port, server: to?.server ?? '', class: trafficClass, serial, isFirst, bytes })
      },
      replied: () => {
        this.replies += 1
      },
      noted: (event, at) => {
        if (event.kind === 'server-state') this.events.push({ at, event })
      },
    }
    this.world = new World(this.#plan, [recorder, ...observers, ...laws])
  }

  /** Lets time pass until so many seconds after the start. */
  until(time: number): this {
    this.world.run(seconds(time))
    return this
  }

  /** A server answers this one request, now: for servers that are otherwise silent. */
  answer(sent: Sent): void {
    const server = this.#plan.servers.findIndex(({ name }) => name === sent.server)
    const { secret } = this.#plan.servers[server] as ServerPlan
    const code = sent.class === 'authentication' ? ACCESS_ACCEPT : ACCOUNTING_RESPONSE
    const bytes = answerTo({ request: wellFormed(sent.bytes), code, secret })
    const way = { server, class: sent.class, lane: sent.lane, port: sent.port, client: undefined }
    this.world.links.serverToProxy.send(way, bytes, this.world.now)
  }

  /** First transmissions only. */
  get firsts(): Sent[] {
    return this.sent.filter(({ isFirst }) => isFirst)
  }

  get snapshot(): EngineSnapshot {
    if (this.world.engine === undefined) throw new Error('this scenario has no proxy')
    return this.world.engine.inspection.snapshot(this.world.now)
  }
}

export const secondsOf = (now: Instant): number => (now - START) / MICROS_PER_SECOND
