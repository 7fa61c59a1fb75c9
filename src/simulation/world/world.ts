/**
 * A world: the real engine between simulated clients, a simulated network and simulated servers, in virtual time.
 *
 * The engine and the codec are the real ones; only time, network and peers are simulated. After every step the checkers
 * look. The same plan and seed give the same trace, message for message. Without an engine, the clients ask the servers
 * directly: what an operator has today.
 */

import type { TrafficClass } from '../../classes.ts'
import type { EngineEvent, Peer } from '../../proxy/border/events.ts'
import type { EngineOptions } from '../../proxy/border/options.ts'
import type { LanePlan, Outbox } from '../../proxy/border/ports.ts'
import { Engine } from '../../proxy/engine.ts'
import { type Duration, type Instant, instant } from '../../units.ts'
import { type Actor, Agenda } from './agenda.ts'
import { HomeServer, type ServerPlan } from './home-server.ts'
import { Nas } from './nas.ts'
import type { NasPlan } from './nas-plan.ts'
import { type Faults, NO_FAULTS, Path } from './network.ts'
import { BrokenLaw, type Witness } from './observer.ts'
import { Random } from './random.ts'

export interface WorldPlan {
  readonly seed: string | number
  /** Undefined: the clients ask the servers directly. */
  readonly engine: EngineOptions | undefined
  readonly servers: readonly ServerPlan[]
  readonly clients: readonly NasPlan[]
  readonly network?: Partial<Record<Direction, Faults>>
  /** Processor time of each message served; 0 is none. */
  readonly cost?: Duration
  /** How late the shell's timer may be, drawn for each wake. */
  readonly lateness?: Duration
  /** Changes on the way: a server dies, a path is cut, the configuration is reloaded. */
  readonly script?: readonly Turn[]
}

export const DIRECTIONS = ['clientToProxy', 'proxyToClient', 'proxyToServer', 'serverToProxy'] as const
export type Direction = (typeof DIRECTIONS)[number]

/** Something that happens at a moment after the start. */
export interface Turn {
  readonly at: Duration
  readonly happen: (world: World, now: Instant) => void
}

/** Where an answer goes on its way back to a client. */
interface ToClient {
  readonly nas: number
  readonly class: TrafficClass
  readonly port: number
}

/** Where a message goes on its way to a server, and its answer comes back to: a lane's port, -1 is the probe socket. */
interface ToServer {
  readonly server: number
  readonly class: TrafficClass
  readonly lane: number
  readonly port: number
  readonly client: ToClient | undefined
  /** On the way back: nobody listens there. */
  readonly isRefused?: true
}

type Topic =
  | { readonly kind: 'wake'; readonly at: number }
  | { readonly kind: 'serve' }
  | { readonly kind: 'turn'; readonly turn: Turn }

/** The listeners' numbers. */
const LISTENER = { authentication: 0, accounting: 1 } as const
/** Calls of `serve` at one moment, and wakes without a datagram between them: more of either get nowhere. */
const FRUITLESS = 20_000
const NOTHING = new Uint8Array(0)
/** A world begins on a grid second, in the middle of nowhere. */
export const START = instant(1_000_000_000_000)

export class World implements Actor<Topic>, Outbox {
  readonly agenda = new Agenda(START)
  readonly engine: Engine | undefined
  readonly servers: readonly HomeServer<ToServer>[]
  readonly clients: readonly Nas[]
  readonly paths: {
    readonly clientToProxy: Path<ToClient>
    readonly proxyToClient: Path<ToClient>
    readonly proxyToServer: Path<ToServer>
    readonly serverToProxy: Path<ToServer>
  }
  readonly events: { readonly at: Instant; readonly event: EngineEvent }[] = []
  readonly #plan: WorldPlan
  readonly #witness: Witness
  readonly #random: Random
  readonly #clientAt: ReadonlyMap<string, number>
  readonly #serverNamed: ReadonlyMap<string, number>
  readonly #serverAt = new Map<string, number>()
  #lanes = new Map<number, LanePlan>()
  #serials = 0
  /** When the one timer rings, and what for: it may be late. */
  #wakeAt = Number.POSITIVE_INFINITY
  #wanted = Number.POSITIVE_INFINITY
  #busyUntil: Instant = START
  #serveIsMet = false
  /** Something has happened to the engine since it was served; what goes on elsewhere does not wake the shell. */
  #isTouched = false
  #fruitlessWakes = 0
  steps = 0

  constructor(plan: WorldPlan, witness: Witness) {
    this.#plan = plan
    this.#witness = witness
    this.#random = new Random(plan.seed)
    this.#clientAt = new Map(plan.clients.map(({ address }, index) => [address, index]))
    this.#serverNamed = new Map(plan.servers.map(({ name }, index) => [name, index]))
    this.paths = {
      clientToProxy: this.#path('clientToProxy', (mark: ToClient, bytes, now) =>
        this.#atProxyFromClient(mark, bytes, now),
      ),
      proxyToClient: this.#path('proxyToClient', (mark: ToClient, bytes, now) => this.#atClient(mark, bytes, now)),
      proxyToServer: this.#path('proxyToServer', (mark: ToServer, bytes, now) => this.#atServer(mark, bytes, now)),
      serverToProxy: this.#path('serverToProxy', (mark: ToServer, bytes, now) =>
        this.#atProxyFromServer(mark, bytes, now),
      ),
    }
    this.servers = plan.servers.map(
      (server) =>
        new HomeServer<ToServer>(server, {
          agenda: this.agenda,
          random: this.#random.child(`server ${server.name}`),
          answers: {
            answer: (_server, mark, bytes, now) => this.paths.serverToProxy.send(mark, bytes, now),
            worked: (of, packet, now) => this.#witness.worked?.(of.plan.name, packet, now),
          },
        }),
    )
    this.clients = plan.clients.map((client, index) => this.#client(client, index))
    this.engine = plan.engine === undefined ? undefined : this.#engine(plan.engine)
    for (const turn of plan.script ?? []) this.agenda.at(START + turn.at, this, { kind: 'turn', turn })
    for (const client of this.clients) client.start(START)
    this.#witness.begins?.(this)
  }

  get now(): Instant {
    return this.agenda.now
  }

  /** Lets virtual time pass until `until` after the start, or until nothing is left to happen. */
  run(until: Duration): void {
    const end = START + until
    for (let next = this.agenda.nextAt(); next !== undefined && next <= end; next = this.agenda.nextAt()) {
      this.agenda.step()
      this.steps += 1
      if (this.#isTouched) this.#serve(this.now)
    }
    this.agenda.now = instant(Math.max(end, this.now))
  }

  /** Other options from now on, as a reload does it. */
  reconfigure(options: EngineOptions, now: Instant): void {
    this.engine?.reconfigure(options, now)
    this.#learnLanes()
    this.#witness.reconfigured?.(options, now)
  }

  act(topic: Topic, now: Instant): void {
    if (topic.kind === 'wake') {
      if (topic.at === this.#wakeAt) this.#wake(now)
      return
    }
    if (topic.kind === 'turn') topic.turn.happen(this, now)
    else this.#serveIsMet = false
    this.#isTouched = true
  }

  // What the engine sends, on its way over the network.

  forward(lane: number, port: number, bytes: Uint8Array): void {
    this.#fruitlessWakes = 0
    this.#witness.forwarded?.(lane, port, bytes, this.now)
    this.#toServer(lane, port, bytes)
  }

  probe(lane: number, bytes: Uint8Array): void {
    this.#fruitlessWakes = 0
    this.#witness.probed?.(lane, bytes, this.now)
    this.#toServer(lane, -1, bytes)
  }

  reply(to: Peer, bytes: Uint8Array): void {
    this.#witness.replied?.(to, bytes, this.now)
    const nas = this.#clientAt.get(to.address) ?? -1
    const trafficClass = to.listener === LISTENER.authentication ? 'authentication' : 'accounting'
    this.paths.proxyToClient.send({ nas, class: trafficClass, port: to.port }, bytes, this.now)
  }

  #toServer(lane: number, port: number, bytes: Uint8Array): void {
    const plan = this.#lanes.get(lane)
    if (plan === undefined) throw new Error(`simulation: lane ${lane} has no sockets`)
    // A server that a reload gave another name is where it was.
    const server = this.#serverNamed.get(plan.server) ?? this.#serverAt.get(plan.address) ?? -1
    this.paths.proxyToServer.send({ server, class: plan.class, lane, port, client: undefined }, bytes, this.now)
  }

  #atProxyFromClient(mark: ToClient, bytes: Uint8Array, now: Instant): void {
    const { engine } = this
    if (engine === undefined) {
      // A client without a proxy asks the server that is its own.
      const server = mark.nas % this.servers.length
      this.#atServer({ server, class: mark.class, lane: -1, port: -1, client: mark }, bytes, now)
      return
    }
    const { address } = (this.clients[mark.nas] as Nas).plan
    const from: Peer = { listener: LISTENER[mark.class], address, port: mark.port }
    this.#touch()
    engine.receive(mark.class, from, bytes, now)
    this.#witness.received?.(mark.class, bytes, now, from)
  }

  #atServer(mark: ToServer, bytes: Uint8Array, now: Instant): void {
    const server = this.servers[mark.server]
    server?.take(mark.class, mark, bytes, now)
    if (server?.plan.refuses && !server.isUp) {
      this.paths.serverToProxy.send({ ...mark, isRefused: true }, NOTHING, now)
    }
  }

  #atProxyFromServer(mark: ToServer, bytes: Uint8Array, now: Instant): void {
    if (mark.client !== undefined) {
      if (!mark.isRefused) this.paths.proxyToClient.send(mark.client, bytes, now)
      return
    }
    this.#touch()
    if (mark.isRefused) {
      this.#witness.refused?.(mark.lane, mark.port, now)
      this.engine?.refused(mark.lane, mark.port, now)
      return
    }
    this.#witness.arrives?.(mark.lane, mark.port, bytes, now)
    if (mark.port === -1) {
      this.engine?.probeAnswered(mark.lane, bytes, now)
      return
    }
    this.engine?.respond(mark.lane, mark.port, bytes, now)
    this.#witness.responded?.(mark.lane, mark.port, bytes, now)
  }

  #atClient(mark: ToClient, bytes: Uint8Array, now: Instant): void {
    this.clients[mark.nas]?.take(mark.class, mark.port, bytes, now)
  }

  #touch(): void {
    this.#isTouched = true
    this.#fruitlessWakes = 0
  }

  #wake(now: Instant): void {
    this.#wakeAt = Number.POSITIVE_INFINITY
    this.#isTouched = true
    this.#fruitlessWakes += 1
    if (this.#fruitlessWakes > FRUITLESS) throw new BrokenLaw('progress', 'it wakes again and again for nothing', now)
    this.engine?.wake(now)
  }

  /** As the shell does after everything that happened to it; a cost a message makes service take time. */
  #serve(now: Instant): void {
    const { engine } = this
    this.#isTouched = false
    if (engine === undefined) return
    const cost = this.#plan.cost ?? 0
    if (cost === 0) {
      let calls = 0
      while (engine.serve(now, 32)) {
        calls += 1
        if (calls > FRUITLESS) throw new BrokenLaw('progress', 'service comes to no end', now)
      }
    } else if (now >= this.#busyUntil) {
      const more = engine.serve(now, 1)
      this.#busyUntil = instant(now + cost)
      if (more) this.#meetServe()
    } else {
      this.#meetServe()
    }
    if (!this.#serveIsMet) this.#witness.stepped?.(now)
    this.#aim(now)
  }

  #meetServe(): void {
    if (this.#serveIsMet) return
    this.#serveIsMet = true
    this.agenda.at(this.#busyUntil, this, { kind: 'serve' })
  }

  #aim(now: Instant): void {
    const wanted = this.engine?.nextWakeAt(now)
    if (wanted === undefined || this.#serveIsMet) return
    const lateness = this.#plan.lateness ?? 0
    // The one timer is aimed anew only where it must ring earlier.
    if (wanted >= this.#wanted && this.#wakeAt > now && this.#wakeAt !== Number.POSITIVE_INFINITY) return
    this.#wanted = wanted
    this.#wakeAt = Math.max(wanted, now + 1) + (lateness === 0 ? 0 : this.#random.between(0, lateness))
    this.agenda.at(this.#wakeAt, this, { kind: 'wake', at: this.#wakeAt })
  }

  #engine(options: EngineOptions): Engine {
    const journal = {
      note: (event: EngineEvent, now: Instant): void => {
        if (event.kind === 'internal-error') throw event.error
        if (event.kind === 'server-state') this.events.push({ at: now, event })
        this.#witness.noted?.(event, now)
      },
    }
    const engine = new Engine(options, { outbox: this, journal, random: this.#random.child('engine').fill }, START)
    this.#learnLanes(engine)
    return engine
  }

  #learnLanes(engine = this.engine): void {
    for (const plan of engine?.plan() ?? []) {
      this.#lanes.set(plan.lane, plan)
      const named = this.#serverNamed.get(plan.server)
      if (named !== undefined) this.#serverAt.set(plan.address, named)
    }
  }

  #client(plan: NasPlan, index: number): Nas {
    return new Nas(plan, {
      agenda: this.agenda,
      random: this.#random.child(`client ${plan.name}`),
      nextSerial: () => {
        this.#serials += 1
        return this.#serials
      },
      send: (_nas, trafficClass, port, bytes, now) =>
        this.paths.clientToProxy.send({ nas: index, class: trafficClass, port }, bytes, now),
      wrongAnswer: (nas, why) => this.#witness.wrongAnswer?.(nas.plan.name, why, this.now),
      gaveUp: (nas, trafficClass, serial, now) => this.#witness.gaveUp?.(nas.plan.name, trafficClass, serial, now),
      cameUp: (nas, waited, now) => this.#witness.cameUp?.(nas.plan.name, waited, now),
    })
  }

  #path<Mark>(direction: Direction, deliver: (mark: Mark, bytes: Uint8Array, now: Instant) => void): Path<Mark> {
    return new Path<Mark>({
      agenda: this.agenda,
      random: this.#random.child(direction),
      faults: this.#plan.network?.[direction] ?? NO_FAULTS,
      receiver: { deliver },
    })
  }
}
