/**
 * An engine in a world of its own for the tests: a clock that only tests move, an outbox that records, servers that
 * answer when told to.
 *
 * After every call into the engine the ledger's law is checked twice, by the engine itself and from its snapshot. Time
 * moves from wake to wake as the engine asks for it; an engine that asks to be woken again and again at one moment
 * without getting anywhere fails the test.
 */
import { expect } from 'vitest'
import type { Ended } from '../../src/accounting/sessions/session-report.ts'
import type { TrafficClass } from '../../src/classes.ts'
import { PLACES } from '../../src/proxy/border/endings.ts'
import type { EngineEvent, Peer } from '../../src/proxy/border/events.ts'
import type { EngineOptions } from '../../src/proxy/border/options.ts'
import type { Shared } from '../../src/proxy/border/ports.ts'
import type { EngineSnapshot, LaneSnapshot } from '../../src/proxy/border/snapshot.ts'
import { Engine } from '../../src/proxy/engine.ts'
import { StrictOutbox } from '../../src/simulation/world/strict-outbox.ts'
import { after, type Duration, type Instant, instant, micros } from '../../src/units.ts'
import {
  type AccessOptions,
  type AccountingOptions,
  accessRequest,
  accountingRequest,
  answers,
  CLIENT_SECRET,
  type ResponseOptions,
  responseTo,
  tagOf,
} from './datagrams.ts'
import { defaults } from './options.ts'

/** A whole grid second, far from 0. */
export const START = instant(1_000_000_000_000)
const SERVE_AT_ONCE = 32
/** More turns than any test needs at one moment. */
const TURNS_AT_ONE_MOMENT = 20_000

/** A request as it left for a server. */
export interface Sent {
  readonly at: Instant
  readonly lane: number
  readonly server: string
  readonly class: TrafficClass
  readonly port: number
  readonly identifier: number
  readonly bytes: Uint8Array
  readonly tag: string
}

/** A request as a client sent it. */
export interface Asked {
  readonly class: TrafficClass
  readonly from: Peer
  readonly bytes: Buffer
  readonly tag: string
}

type Loose<T> = { [K in keyof T]?: T[K] | undefined }
export type AskAccess = Loose<AccessOptions> & { readonly from?: Partial<Peer> }
export type AskAccounting = Loose<AccountingOptions> & { readonly from?: Partial<Peer> }

export class World {
  now: Instant
  options: EngineOptions
  readonly engine: Engine
  readonly sent: Sent[] = []
  readonly probes: {
    readonly at: Instant
    readonly lane: number
    readonly server: string
    readonly bytes: Uint8Array
  }[] = []
  readonly replies: { readonly at: Instant; readonly to: Peer; readonly bytes: Uint8Array }[] = []
  readonly ended: Ended[] = []
  readonly events: { readonly at: Instant; readonly event: EngineEvent }[] = []
  /** Called for every request that leaves; for servers that answer by themselves. */
  onForward: ((sent: Sent) => void) | undefined
  /** Called for every probe. */
  onProbe: ((probe: World['probes'][number]) => void) | undefined
  /** How long what arrives has waited in its socket. */
  age = micros(0)
  readonly #due: { readonly at: Instant; readonly act: () => void }[] = []
  #asked = 0
  #names = new Map<number, { readonly server: string; readonly class: TrafficClass }>()

  /** `shared`: what it has in common with the engines of other worlds; `usedUpUntil`: what one before it may have used. */
  constructor(
    options: Partial<EngineOptions> = {},
    startAt: Instant = START,
    shared?: Shared,
    usedUpUntil: Instant = instant(0),
  ) {
    this.now = startAt
    this.options = { ...defaults(), ...options }
    let seed = 1
    this.engine = new Engine(
      this.options,
      {
        outbox: new StrictOutbox({
          forward: (lane, port, bytes) => this.#forwarded(lane, port, bytes),
          probe: (lane, bytes) => this.#probed(lane, bytes),
          reply: (to, bytes) => this.replies.push({ at: this.now, to, bytes }),
        }),
        journal: { note: (event, at) => this.events.push({ at, event }) },
        ended: (what) => this.ended.push(what),
        random: (target) => {
          for (let i = 0; i < target.length; i += 1) {
            seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff
            target[i] = seed >> 16
          }
        },
        usedUpUntil,
        ...(shared === undefined ? {} : { shared }),
      },
      this.now,
    )
  }

  /** A new Access-Request arrives; nothing is served until `settle` or time moves. */
  access(o: AskAccess = {}): Asked {
    const { from, identifier, serial, tag } = this.#identityOf(o)
    return this.deliver('authentication', from, accessRequest({ ...o, serial, identifier, tag }))
  }

  accounting(o: AskAccounting = {}): Asked {
    const { from, identifier, tag } = this.#identityOf(o)
    return this.deliver('accounting', from, accountingRequest({ ...o, identifier, tag }))
  }

  deliver(trafficClass: TrafficClass, from: Peer, bytes: Buffer): Asked {
    // The engine keeps what it is given: nobody may change it afterwards.
    this.engine.receive(trafficClass, from, Buffer.from(bytes), this.now, this.age)
    this.check()
    return { class: trafficClass, from, bytes, tag: bytes.length < 20 ? '' : tagOf(bytes) }
  }

  /** The client sends the same octets again. */
  again(asked: Asked): void {
    this.deliver(asked.class, asked.from, asked.bytes)
  }

  /** Everything that may go at this moment goes. */
  settle(): void {
    for (let turn = 0; turn < TURNS_AT_ONE_MOMENT; turn += 1) {
      const more = this.engine.serve(this.now, SERVE_AT_ONCE)
      this.check()
      const next = this.engine.nextWakeAt(this.now)
      if (!more && (next === undefined || next > this.now)) return
    }
    throw new Error('the engine asks for this moment again and again')
  }

  /** Time passes up to `until`, from wake to wake, with what was planned by `plan` on its way. */
  advanceTo(until: Instant): void {
    this.settle()
    for (;;) {
      const wake = this.engine.nextWakeAt(this.now)
      const planned = this.#due[0]
      if (planned !== undefined && planned.at <= until && (wake === undefined || planned.at <= wake)) {
        this.#due.shift()
        this.now = instant(Math.max(planned.at, this.now))
        planned.act()
      } else if (wake !== undefined && wake <= until) {
        this.now = wake
      } else break
      this.settle()
    }
    this.now = until
    this.settle()
  }

  advance(by: Duration): void {
    this.advanceTo(after(this.now, by))
  }

  /** Does something when time gets there; what is planned first goes first. */
  plan(at: Instant, act: () => void): void {
    const place = this.#due.findIndex((other) => other.at > at)
    this.#due.splice(place === -1 ? this.#due.length : place, 0, { at, act })
  }

  /** The server answers that request now. */
  answer(sent: Sent, o: ResponseOptions = {}): void {
    this.respond(sent, responseTo(sent.bytes, o))
  }

  respond(sent: { readonly lane: number; readonly port: number }, bytes: Uint8Array): void {
    this.engine.respond(sent.lane, sent.port, Buffer.from(bytes), this.now)
    this.check()
    this.settle()
  }

  /** From now on the servers named (all without names) answer after `delay`. */
  serversAnswerAfter(delay: Duration, ...servers: string[]): void {
    this.onForward = (sent) => {
      if (servers.length > 0 && !servers.includes(sent.server)) return
      this.plan(after(this.now, delay), () => this.answer(sent))
    }
  }

  reconfigure(options: Partial<EngineOptions>): void {
    this.options = { ...this.options, ...options }
    const planned = this.engine.planFor(this.options, this.now)
    this.engine.reconfigure(this.options, this.now)
    this.check()
    const byLane = (a: { lane: number }, b: { lane: number }): number => a.lane - b.lane
    expect(this.engine.plan().sort(byLane)).toEqual(planned.sort(byLane))
  }

  check(): void {
    this.engine.inspection.check()
    const { classes } = this.engine.inspection.overview(this.now)
    for (const { ledger, queued, outstanding } of Object.values(classes)) {
      const { received, dropped, shed, ...ended } = ledger
      const parts = [...Object.values(ended), ...Object.values(dropped), ...Object.values(shed), queued, outstanding]
      const sum = parts.reduce((before, part) => before + part, 0)
      // No `expect` here: this runs after every call, and the matchers would take most of the tests' time.
      if (sum !== received || Math.min(...parts) < 0)
        throw new Error(`the law does not hold: ${JSON.stringify(classes)}`)
    }
  }

  snapshot(): EngineSnapshot {
    return this.engine.inspection.snapshot(this.now)
  }

  lane(server: string, trafficClass: TrafficClass): LaneSnapshot {
    const found = this.snapshot().lanes.find((lane) => lane.server === server && lane.class === trafficClass)
    if (found === undefined) throw new Error(`no lane ${server} ${trafficClass}`)
    return found
  }

  /** The ledger of a class, only what is not 0, with what waits and what is outstanding. */
  account(trafficClass: TrafficClass): Record<string, number> {
    const of = this.snapshot().classes[trafficClass]
    const { dropped, shed, ...ended } = of.ledger
    const places = PLACES.map(({ name }) => [name, of[name]] as const)
    const all = [...Object.entries({ ...ended, ...dropped, ...shed }), ...places]
    return Object.fromEntries(all.filter(([, count]) => count > 0))
  }

  /** The tags of what left, in order; retries too. */
  tags(server?: string): string[] {
    return this.sent.filter((sent) => server === undefined || sent.server === server).map(({ tag }) => tag)
  }

  sentOf(tag: string): Sent[] {
    return this.sent.filter((sent) => sent.tag === tag)
  }

  /** The answers that verify as answers to that very request, at its address. */
  answersTo({ from, bytes }: Asked, secret = CLIENT_SECRET): Uint8Array[] {
    return this.replies
      .filter(({ to }) => to.link === from.link && to.address === from.address && to.port === from.port)
      .filter((reply) => answers(reply.bytes, bytes, secret))
      .map((reply) => reply.bytes)
  }

  noted<K extends EngineEvent['kind']>(kind: K): Extract<EngineEvent, { kind: K }>[] {
    return this.events.map(({ event }) => event).filter((event) => event.kind === kind) as Extract<
      EngineEvent,
      { kind: K }
    >[]
  }

  /** How a server's state went, as the journal tells it. */
  statesOf(server: string, trafficClass: TrafficClass): string[] {
    return this.noted('server-state')
      .filter((event) => event.server === server && event.class === trafficClass)
      .map((event) => event.to)
  }

  #identityOf(o: AskAccess): { from: Peer; identifier: number; serial: number; tag: string } {
    const serial = this.#asked
    this.#asked += 1
    const from = { link: 0, address: '10.1.1.1', port: 2_000 + Math.floor(serial / 256), ...o.from }
    return { from, identifier: o.identifier ?? serial % 256, serial: o.serial ?? serial, tag: o.tag ?? `r${serial}` }
  }

  #nameOf(lane: number): { readonly server: string; readonly class: TrafficClass } {
    if (!this.#names.has(lane)) this.#names = new Map(this.engine.plan().map((plan) => [plan.lane, plan]))
    return this.#names.get(lane) as { readonly server: string; readonly class: TrafficClass }
  }

  #probed(lane: number, bytes: Uint8Array): void {
    const probe = { at: this.now, lane, server: this.#nameOf(lane).server, bytes }
    this.probes.push(probe)
    this.onProbe?.(probe)
  }

  #forwarded(lane: number, port: number, bytes: Uint8Array): void {
    const { server, class: trafficClass } = this.#nameOf(lane)
    const identifier = bytes[1]!
    const tag = tagOf(bytes)
    const sent: Sent = { at: this.now, lane, server, class: trafficClass, port, identifier, bytes, tag }
    this.sent.push(sent)
    this.onForward?.(sent)
  }
}
