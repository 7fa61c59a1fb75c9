/**
 * A world: the real engine and the real codec between simulated clients, network and servers, in virtual time.
 *
 * Observers are told of all that happens. The same plan and seed give the same run, message for message. Without an engine
 * the clients ask the servers directly, as they do without a proxy.
 */
import { type PerClass, perClass, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import type { EngineEvent, Peer } from '../../proxy/border/events.ts'
import type { EngineOptions } from '../../proxy/border/options.ts'
import { type LanePlan, PROBE_PORT } from '../../proxy/border/ports.ts'
import { Engine } from '../../proxy/engine.ts'
import { after, type Duration, type Instant, instant, micros } from '../../units.ts'
import { type Actor, Agenda } from '../peers/agenda.ts'
import { HomeServer, type ServerPlan } from '../peers/home-server.ts'
import { Nas } from '../peers/nas.ts'
import type { NasPlan } from '../peers/nas-plan.ts'
import { type Faults, NO_FAULTS, SimulatedLink } from '../peers/network.ts'
import { Random } from '../peers/random.ts'
import { quoteOf } from '../peers/refusing.ts'
import { SocketBacklog } from '../peers/socket-backlog.ts'
import type { Observer } from './observer.ts'
import { SimulatedShell } from './shell.ts'
import { type Receivers, StrictOutbox } from './strict-outbox.ts'

export interface WorldPlan {
  readonly seed: string | number
  /** Undefined if the clients ask the servers directly. */
  readonly engine: EngineOptions | undefined
  readonly servers: readonly ServerPlan[]
  readonly clients: readonly NasPlan[]
  readonly network?: Partial<Record<Direction, Faults>>
  /** Time that the service of each message takes; 0 by default. */
  readonly cost?: Duration
  /** How late the shell's timer may be, drawn for each wake. */
  readonly lateness?: Duration
  /** The longest that a client's datagram waits in a socket before it is read. All are read at once by default. */
  readonly ages?: PerClass<Duration>
  /** What happens on the way: a server dies, a link is cut, the configuration is reloaded. */
  readonly script?: readonly ScriptEntry[]
}

export const DIRECTIONS = ['clientToProxy', 'proxyToClient', 'proxyToServer', 'serverToProxy'] as const
export type Direction = (typeof DIRECTIONS)[number]

/** One value for each direction, made in their order. */
export const perDirection = <T>(make: () => T): Record<Direction, T> =>
  Object.fromEntries(DIRECTIONS.map((direction) => [direction, make()])) as Record<Direction, T>

/** Something that happens so long after the start. */
export interface ScriptEntry {
  readonly at: Duration
  readonly run: (world: World, now: Instant) => void
}

/** One class and port of a client. */
interface ClientEnvelope {
  readonly nas: number
  readonly class: TrafficClass
  readonly port: number
}

/** A server, and the lane's port that the message came from, which may be PROBE_PORT. */
interface ServerEnvelope {
  readonly server: number
  readonly class: TrafficClass
  readonly lane: number
  readonly port: number
  /** The client that asked the server directly. */
  readonly client: ClientEnvelope | undefined
  /** On the way back: nobody listened there, and the error quotes this; `unknown` if it quotes nothing. */
  readonly refused?: Uint8Array | 'unknown'
}

type Tell = (...saw: readonly unknown[]) => void

const NOTHING = new Uint8Array(0)
const OVERWRITTEN = 0xee
/** Octets of a datagram. */
const LARGEST = 4_200
/** A grid second far from 0. */
export const START = instant(1_000_000_000_000)

export class World implements Actor<ScriptEntry>, Receivers {
  engine: Engine | undefined
  readonly cost: Duration
  readonly servers: readonly HomeServer<ServerEnvelope>[]
  readonly clients: readonly Nas[]
  readonly links: {
    readonly clientToProxy: SimulatedLink<ClientEnvelope>
    readonly proxyToClient: SimulatedLink<ClientEnvelope>
    readonly proxyToServer: SimulatedLink<ServerEnvelope>
    readonly serverToProxy: SimulatedLink<ServerEnvelope>
  }
  readonly #plan: WorldPlan
  readonly #observers: readonly Observer[]
  readonly #agenda = new Agenda(START)
  readonly #random: Random
  readonly #backlogs: PerClass<SocketBacklog> | undefined
  readonly #quotes: Random
  readonly #clientAt: ReadonlyMap<string, number>
  readonly #serverNamed: ReadonlyMap<string, number>
  readonly #serverAt = new Map<string, number>()
  #lanes = new Map<number, LanePlan>()
  #serials = 0
  #starts = 1
  readonly #arrival = new Uint8Array(LARGEST)
  #shell: SimulatedShell | undefined
  steps = 0

  constructor(plan: WorldPlan, observers: readonly Observer[]) {
    this.#plan = plan
    this.cost = plan.cost ?? micros(0)
    this.#observers = observers
    this.#random = new Random(plan.seed)
    const { ages } = plan
    this.#backlogs = ages && perClass((each) => new SocketBacklog(ages[each], this.#random.child(`socket of ${each}`)))
    this.#quotes = this.#random.child('quotes')
    this.#clientAt = new Map(plan.clients.map(({ address }, index) => [address, index]))
    this.#serverNamed = new Map(plan.servers.map(({ name }, index) => [name, index]))
    this.links = {
      clientToProxy: this.#link('clientToProxy', (to: ClientEnvelope, bytes, now) => this.#fromClient(to, bytes, now)),
      proxyToClient: this.#link('proxyToClient', (to: ClientEnvelope, bytes, now) => this.#toClient(to, bytes, now)),
      proxyToServer: this.#link('proxyToServer', (to: ServerEnvelope, bytes, now) => this.#atServer(to, bytes, now)),
      serverToProxy: this.#link('serverToProxy', (to: ServerEnvelope, bytes, now) => this.#fromServer(to, bytes, now)),
    }
    this.servers = plan.servers.map(
      (server) =>
        new HomeServer<ServerEnvelope>(server, {
          agenda: this.#agenda,
          random: this.#random.child(`server ${server.name}`),
          answer: (envelope, bytes, now) => this.links.serverToProxy.send(envelope, bytes, now),
          worked: (packet, now) => this.#tell('worked', server.name, packet, now),
        }),
    )
    this.clients = plan.clients.map((client, index) => this.#client(client, index))
    this.engine = plan.engine && this.#engine(plan.engine, START)
    this.#learnLanes()
    this.#shell = this.engine && this.#shellOf(this.engine)
    for (const entry of plan.script ?? []) this.#agenda.at(START + entry.at, this, entry)
    for (const client of this.clients) client.start(START)
    this.#tell('begins', this)
  }

  get now(): Instant {
    return this.#agenda.now
  }

  /** Lets virtual time pass until so long after the start. */
  run(until: Duration): void {
    const end = START + until
    while (this.#agenda.nextAt <= end) {
      this.#agenda.step()
      this.steps += 1
      this.#shell?.serve(this.now)
    }
    this.#agenda.now = instant(Math.max(end, this.now))
  }

  /** As a reload does it. */
  reconfigure(options: EngineOptions, now: Instant): void {
    this.engine?.reconfigure(options, now)
    this.#learnLanes()
    this.#tell('reconfigured', options, now)
  }

  /** The daemon ends now, with all that it knows, and a new one with these options is there after a time. */
  restart(options: EngineOptions, downFor: Duration, now: Instant): void {
    this.#shell?.end()
    this.#shell = undefined
    this.engine = undefined
    this.#starts += 1
    const run = (_world: World, later: Instant): void => {
      this.engine = this.#engine(options, later)
      this.#shell = this.#shellOf(this.engine)
      this.#learnLanes()
    }
    this.#agenda.at(after(now, downFor), this, { at: downFor, run })
  }

  act(entry: ScriptEntry, now: Instant): void {
    entry.run(this, now)
    this.#shell?.touch()
  }

  // What the engine sends.

  forward(lane: number, port: number, bytes: Uint8Array): void {
    this.#shell?.sent()
    this.#tell('forwarded', lane, port, bytes, this.now)
    this.#toServer(lane, port, bytes)
  }

  probe(lane: number, bytes: Uint8Array): void {
    this.#shell?.sent()
    this.#tell('probed', lane, bytes, this.now)
    this.#toServer(lane, PROBE_PORT, bytes)
  }

  reply(to: Peer, bytes: Uint8Array): void {
    this.#tell('replied', to, bytes, this.now)
    const nas = this.#clientAt.get(to.address) ?? -1
    const trafficClass = TRAFFIC_CLASSES[to.link] as TrafficClass
    this.links.proxyToClient.send({ nas, class: trafficClass, port: to.port }, bytes, this.now)
  }

  #toServer(lane: number, port: number, bytes: Uint8Array): void {
    const plan = this.#lanes.get(lane)
    if (plan === undefined) throw new Error(`simulation: lane ${lane} has no sockets`)
    // A reload may have given the server another name.
    const server = this.#serverNamed.get(plan.server) ?? this.#serverAt.get(plan.address) ?? -1
    this.links.proxyToServer.send({ server, class: plan.class, lane, port, client: undefined }, bytes, this.now)
  }

  #fromClient(envelope: ClientEnvelope, bytes: Uint8Array, now: Instant): void {
    const { engine } = this
    if (this.#plan.engine === undefined) {
      // Each client asks one server.
      const server = envelope.nas % this.servers.length
      this.#atServer({ server, class: envelope.class, lane: -1, port: PROBE_PORT, client: envelope }, bytes, now)
      return
    }
    if (engine === undefined) return
    if (this.#backlogs === undefined) {
      this.#read(engine, envelope, bytes, now, micros(0))
      return
    }
    const age = this.#backlogs[envelope.class].waitAt(now)
    const run = (_world: World, later: Instant): void => this.#read(engine, envelope, bytes, later, age)
    this.#agenda.at(after(now, age), this, { at: age, run })
  }

  #read(engine: Engine, envelope: ClientEnvelope, bytes: Uint8Array, now: Instant, age: Duration): void {
    const { address } = (this.clients[envelope.nas] as Nas).plan
    const from: Peer = { link: TRAFFIC_CLASSES.indexOf(envelope.class), address, port: envelope.port }
    this.#shell?.touch()
    this.#handOver(bytes, (view) => engine.receive(envelope.class, from, view, now, age))
    this.#tell('received', envelope.class, bytes, now, from, age)
  }

  #atServer(envelope: ServerEnvelope, bytes: Uint8Array, now: Instant): void {
    const server = this.servers[envelope.server]
    server?.receive(envelope.class, envelope, bytes, now)
    if (server === undefined) return
    const { refuses, refusing } = server.plan
    const isTold = server.isUp ? refusing !== undefined && this.#quotes.chance(refusing.lies) : refuses
    if (!isTold) return
    const quoted = refusing === undefined ? undefined : quoteOf(bytes, refusing, this.#quotes)
    this.links.serverToProxy.send({ ...envelope, refused: quoted ?? 'unknown' }, NOTHING, now)
  }

  #fromServer(envelope: ServerEnvelope, bytes: Uint8Array, now: Instant): void {
    if (envelope.client !== undefined) {
      if (envelope.refused === undefined) this.links.proxyToClient.send(envelope.client, bytes, now)
      return
    }
    this.#shell?.touch()
    if (envelope.refused !== undefined) {
      this.#refused(envelope, envelope.refused === 'unknown' ? undefined : envelope.refused, now)
      return
    }
    this.#tell('arrives', envelope.lane, envelope.port, bytes, now)
    if (envelope.port === PROBE_PORT) {
      this.#handOver(bytes, (view) => this.engine?.probeAnswered(envelope.lane, view, now))
      return
    }
    this.#handOver(bytes, (view) => this.engine?.respond(envelope.lane, envelope.port, view, now))
    this.#tell('responded', envelope.lane, envelope.port, bytes, now)
  }

  #refused({ lane, port }: ServerEnvelope, quoted: Uint8Array | undefined, now: Instant): void {
    this.#tell('refused', lane, port, now, quoted)
    if (quoted === undefined) this.engine?.refused(lane, port, now)
    else this.#handOver(quoted, (view) => this.engine?.refused(lane, port, now, view))
  }

  #toClient(envelope: ClientEnvelope, bytes: Uint8Array, now: Instant): void {
    this.clients[envelope.nas]?.receive(envelope.class, envelope.port, bytes, now)
  }

  /** As a transport hands octets over: a view into its memory, which holds something else after the call. */
  #handOver(bytes: Uint8Array, to: (view: Uint8Array) => void): void {
    const view = this.#arrival.subarray(0, bytes.length)
    view.set(bytes)
    to(view)
    view.fill(OVERWRITTEN)
  }

  #tell<Name extends keyof Observer>(name: Name, ...saw: Parameters<Required<Observer>[Name]>): void {
    for (const each of this.#observers) (each[name] as Tell | undefined)?.apply(each, saw)
  }

  #shellOf(engine: Engine): SimulatedShell {
    const { cost = 0, lateness = 0 } = this.#plan
    const stepped = (now: Instant): void => this.#tell('stepped', now)
    return new SimulatedShell({ engine, agenda: this.#agenda, random: this.#random, cost, lateness, stepped })
  }

  #engine(options: EngineOptions, now: Instant): Engine {
    const journal = {
      note: (event: EngineEvent, now: Instant): void => {
        if (event.kind === 'internal-error') throw event.error
        this.#tell('noted', event, now)
      },
    }
    const random = this.#random.child(this.#starts === 1 ? 'engine' : `engine ${this.#starts}`)
    return new Engine(options, { outbox: new StrictOutbox(this), journal, random: random.fill }, now)
  }

  #learnLanes(): void {
    for (const plan of this.engine?.plan() ?? []) {
      this.#lanes.set(plan.lane, plan)
      const named = this.#serverNamed.get(plan.server)
      if (named !== undefined) this.#serverAt.set(plan.address, named)
    }
  }

  #client(plan: NasPlan, index: number): Nas {
    return new Nas(plan, {
      agenda: this.#agenda,
      random: this.#random.child(`client ${plan.name}`),
      nextSerial: () => ++this.#serials,
      send: (trafficClass, port, bytes, now) =>
        this.links.clientToProxy.send({ nas: index, class: trafficClass, port }, bytes, now),
      wrongAnswer: (why) => this.#tell('wrongAnswer', plan.name, why, this.now),
      gaveUp: (trafficClass, serial, now) => this.#tell('gaveUp', plan.name, trafficClass, serial, now),
      cameUp: (waited, now) => this.#tell('cameUp', plan.name, waited, now),
    })
  }

  #link<Envelope>(
    direction: Direction,
    deliver: (envelope: Envelope, bytes: Uint8Array, now: Instant) => void,
  ): SimulatedLink<Envelope> {
    const random = this.#random.child(direction)
    return new SimulatedLink(this.#plan.network?.[direction] ?? NO_FAULTS, { agenda: this.#agenda, random, deliver })
  }
}
