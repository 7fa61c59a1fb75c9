/**
 * One instance: an engine with its links and its loop, on a thread of its own.
 *
 * All that is per instance is here: queues, identifiers, health, the duplicates it has seen. What instances share comes
 * in as memory (`SharedMemory`). The thread's file hands calls in; the instance never asks the main thread for anything.
 */
import type { Ended } from '../../accounting/sessions/session-report.ts'
import { Boundary } from '../../observe/boundary/boundary.io.ts'
import { watchErrorText } from '../../observe/boundary/watch-errors.ts'
import { bounded } from '../../observe/log/event-lines.ts'
import { Log } from '../../observe/log/log.io.ts'
import type { Followed } from '../../proxy/border/events.ts'
import type { ClientOptions } from '../../proxy/border/options.ts'
import type { Draining, Journal, Tracer } from '../../proxy/border/ports.ts'
import type { Client } from '../../proxy/clients/client-table.ts'
import { Engine } from '../../proxy/engine.ts'
import type { FoundLearned } from '../../proxy/inspection.ts'
import { monotonicNow } from '../../transport/clock.io.ts'
import { Links } from '../../transport/links.io.ts'
import type { LinkNotes } from '../../transport/listeners.io.ts'
import { addressesOfThisMachine } from '../../transport/local-addresses.io.ts'
import { Loop } from '../../transport/loop.io.ts'
import { systemRandomness } from '../../transport/randomness.io.ts'
import { changedClients } from '../protocol/clients-change.ts'
import type { FoundSessions, SoughtSessions } from '../protocol/found.ts'
import { type InstanceView, ViewInParts, type ViewPart } from '../protocol/instance-view.ts'
import type { ChangedSettings, InstanceProtocol, MainThread, ThreadStart, Traced } from '../protocol/protocol.ts'
import { engineOptionsFrom, type PlainOptions } from '../shared/plain-options.ts'
import { SharedEndpoints } from '../shared/shared-endpoints.ts'
import { SharedParts } from '../shared/shared-parts.ts'
import { EndedLines } from './ended-lines.io.ts'
import type { OpenedTransport } from './open-transport.io.ts'
import { TraceBound } from './trace-bound.ts'

const HOUSEKEEPING_MS = 1_000
const IDLE_CHECK_MS = 20
/** Places of the session table that are looked at before packets have their turn again: well under a millisecond. */
const PLACES_AT_ONCE = 1_000
/** The same of the table of who signs, whose places hold several addresses. */
const BUCKETS_AT_ONCE = 128

export class Instance implements InstanceProtocol {
  readonly #number: number
  readonly #log: Log
  readonly #opened: OpenedTransport
  readonly #links: Links
  readonly #shared: SharedParts | undefined
  readonly #engine: Engine
  readonly #loop: Loop
  /** Tracing and the sessions log end no instance. */
  readonly #boundary = new Boundary((place, error, count) =>
    this.#log.write('watch-failed', { place, error: watchErrorText(error), count }),
  )
  /** In the order in which the main thread knows them. */
  #clients: readonly ClientOptions[]
  readonly #tracer: Tracer
  readonly #endedLines: EndedLines
  #internalErrors = 0
  /** Datagrams that the system refused to send. */
  #sendFailures = 0
  #isDraining = false
  /** This machine's addresses, as the main thread said last. */
  #local: readonly string[] = []
  /** The latest view, whose parts are fetched. */
  #view: ViewInParts<Client> | undefined
  /** Sockets of a reload are open that the engine does not name yet. */
  #isPreparing = false
  #housekeeping: NodeJS.Timeout | undefined
  #isClosed = false
  #forgets: number

  constructor({ number, of, settings, usedUpUntil, books }: ThreadStart, main: MainThread, opened: OpenedTransport) {
    const { options, memory, logLevel, logsSessions, forgets } = settings
    const { transport } = opened
    this.#number = number
    this.#forgets = forgets
    const target = { write: main.line, drained: () => Promise.resolve(), lost: 0 }
    this.#log = new Log(logLevel, target, of > 1 ? { instance: number } : undefined)
    this.#opened = opened
    const { fellBack } = opened.packetIo
    if (fellBack !== undefined) this.#log.write('packet-io-fell-back', { why: fellBack })
    this.#tracer = boundedTracer(main.traced, this.#boundary)
    const journal: Journal = {
      note: (event, now) => {
        if (event.kind === 'internal-error') this.#internalErrors += 1
        this.#log.note(event, now)
      },
    }
    const { endpoints } = memory.tables ?? {}
    this.#links = new Links({
      transport,
      notes: this.#notes(),
      share: { number, of },
      shared: endpoints && new SharedEndpoints(endpoints),
      localAddresses: () => this.#local,
    })
    this.#shared = memory.tables && new SharedParts(memory.budgets, memory.tables)
    const shared = this.#shared === undefined ? {} : { shared: this.#shared }
    this.#endedLines = new EndedLines(main.sessionsEnded, this.#boundary)
    const ended = logsSessions ? { ended: (what: Ended) => this.#endedLines.add(what) } : {}
    const ports = { outbox: this.#links, journal, random: systemRandomness(), usedUpUntil, books, ...shared, ...ended }
    const born = engineOptionsFrom(options)
    this.#clients = born.clients
    this.#engine = new Engine(born, ports, monotonicNow())
    this.#loop = new Loop({ engine: this.#engine, transport, journal, clock: monotonicNow })
  }

  /** @throws a coded error where a socket can't be opened. */
  async open(): Promise<void> {
    await this.#links.openLanes(this.#engine.plan(), this.#loop)
  }

  /** @throws a coded error where an address can't be opened. */
  async listen(at: Parameters<InstanceProtocol['listen']>[0]): Promise<void> {
    this.#local = addressesOfThisMachine()
    await this.#links.openListeners(at, this.#loop)
    this.#keepHouse()
    this.#loop.kick()
  }

  async addresses(local: readonly string[]): Promise<void> {
    this.#local = local
    await this.#links.followAddresses(local)
  }

  /** `reconfigure` or `forget` follows. */
  async prepare(options: PlainOptions): Promise<void> {
    this.#isPreparing = true
    await this.#links.openLanes(this.#engine.planFor(engineOptionsFrom(options), monotonicNow()), this.#loop)
  }

  /** The options of `prepare` are not taken after all: the next ones may need the same local ports. */
  async forget(): Promise<void> {
    this.#isPreparing = false
    this.#links.keepOnlyLanes(this.#engine.plan())
  }

  async reconfigure({ options, clients, memory, logLevel, forgets }: ChangedSettings): Promise<void> {
    this.#shared?.reconfigure(memory)
    this.#clients = changedClients(this.#clients, clients)
    this.#engine.reconfigure({ ...engineOptionsFrom(options), clients: this.#clients }, monotonicNow())
    if (forgets > this.#forgets) this.#engine.forgetLearned()
    this.#forgets = forgets
    this.#isPreparing = false
    this.#log.setLevel(logLevel)
    this.#loop.kick()
  }

  async follow(followed: readonly Followed[]): Promise<void> {
    this.#engine.follow(followed, this.#tracer)
  }

  async drain(how: Draining): Promise<void> {
    this.#isDraining = how !== 'no'
    this.#engine.drain(how)
    this.#loop.kick()
  }

  async idle(): Promise<void> {
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (this.#isClosed || this.#engine.inspection.isIdle() || !this.#isDraining) resolve()
        else setTimeout(check, IDLE_CHECK_MS)
      }
      check()
    })
  }

  async view(): ReturnType<InstanceProtocol['view']> {
    const { user, system } = process.threadCpuUsage()
    const now = monotonicNow()
    const { inspection } = this.#engine
    const view: InstanceView = {
      number: this.#number,
      isRunning: true,
      crashes: 0,
      engine: inspection.overview(now),
      listeners: this.#links.listeners(),
      upstreams: this.#links.upstreams(),
      clampedReceiveBuffer: this.#links.clampedReceiveBuffer(),
      packetIo: this.#opened.packetIo,
      transport: this.#opened.transport.counts?.(),
      sendFailures: this.#sendFailures,
      internalErrors: this.#internalErrors,
      watchErrors: this.#boundary.counts,
      cpuSeconds: (user + system) / 1e6,
      loopDelay: this.#loop.delay(),
    }
    this.#view = new ViewInParts(view, inspection.clients, inspection.clientSnapshots(now))
    return { first: this.#view.first, parts: this.#view.count }
  }

  async viewPart(part: number): Promise<ViewPart> {
    if (this.#view === undefined) throw new Error('a part of a view was asked for before the view')
    return this.#view.part(part)
  }

  async sessions({ limit, ...sought }: SoughtSessions): Promise<FoundSessions | undefined> {
    const sessions = await this.#inSteps(PLACES_AT_ONCE, limit + 1, (from) =>
      this.#engine.inspection.sessions(from, PLACES_AT_ONCE, sought),
    )
    const counts = this.#engine.inspection.overview(monotonicNow()).sessions
    if (counts === undefined) return undefined
    return { sessions: sessions.slice(0, limit), more: sessions.length > limit, tracked: counts.live }
  }

  async learned(limit: number): Promise<FoundLearned> {
    const addresses = await this.#inSteps(BUCKETS_AT_ONCE, limit, (from) =>
      this.#engine.inspection.learnedAddresses(from, BUCKETS_AT_ONCE, monotonicNow()),
    )
    const at = monotonicNow()
    const { messageAuthenticatorLearned, signing } = this.#engine.inspection.signing(at)
    return {
      addresses: addresses.slice(0, limit),
      total: messageAuthenticatorLearned.clients,
      servers: this.#engine.inspection.learnedServers(at),
      mixed: signing.mixed,
      at,
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#housekeeping)
    this.#loop.stop()
    this.#links.close()
    this.#endedLines.flush()
    await this.#log.end()
  }

  /** A walk over a large table until so many are found, in steps, so that no packet waits for it. */
  async #inSteps<T>(atOnce: number, enough: number, find: (from: number) => T[] | undefined): Promise<T[]> {
    const all: T[] = []
    for (let from = 0; all.length < enough && !this.#isClosed; from += atOnce) {
      const found = find(from)
      if (found === undefined) break
      all.push(...found)
      this.#loop.rest()
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    return all
  }

  /** Once a second: lines that were held back, links of lanes that ended, listeners that can be opened now. */
  #keepHouse(): void {
    this.#housekeeping = setTimeout(() => {
      this.#log.flushDue(monotonicNow())
      this.#boundary.flushDue()
      if (!this.#isPreparing) this.#links.keepOnlyLanes(this.#engine.plan())
      void this.#links.followAddresses(this.#local)
      this.#keepHouse()
    }, HOUSEKEEPING_MS)
  }

  #notes(): LinkNotes {
    const log = this.#log
    return {
      sendFailed: (where, code) => {
        this.#sendFailures += 1
        log.writeBounded(bounded('send-failed', { where, code }, [where, code]), monotonicNow())
      },
      listener: (event) => {
        const at = { class: event.class, address: event.address }
        if (event.kind === 'listener-failed') log.write(event.kind, { ...at, why: event.why })
        else log.write(event.kind, at)
      },
    }
  }
}

function boundedTracer(tell: (told: Traced) => void, boundary: Boundary): Tracer {
  const bound = new TraceBound()
  return {
    note: (traces, event) =>
      boundary.run('trace', () => {
        const lost = bound.admit(event.at)
        if (lost !== undefined) tell({ traces, event, lost })
      }),
  }
}
