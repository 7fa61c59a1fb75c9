/**
 * The place of one instance: its thread now, and what the threads before it left behind.
 *
 * A thread that ends unasked is followed by another one, at once the first time and later the more often it happens; the
 * other instances are not touched. Its ledgers stand in memory that outlives it, so what it had in hand is counted as
 * lost, to the message; its other counters are those of the last view.
 */

import { type PerClass, TRAFFIC_CLASSES, type TrafficClass } from '../classes.ts'
import type { EngineSnapshot } from '../proxy/border/snapshot.ts'
import { LEDGER_NUMBERS, ledgerFrom } from '../proxy/register/ledger.ts'
import type { FoundLearned } from '../proxy/signing.ts'
import { monotonicNow } from '../transport/clock.io.ts'
import { type Instant, instant, MICROS_PER_SECOND } from '../units.ts'
import { type InstanceView, type ViewPart, whole } from './protocol/instance-view.ts'
import type { FoundSessions, SoughtSessions, Traced } from './protocol/protocol.ts'
import type { RolloutRunner } from './rollout.io.ts'
import { leftBy, withCounters } from './shared/sum.ts'
import { ThreadHandle } from './thread-handle.io.ts'

const BOOKS_BYTES = TRAFFIC_CLASSES.length * LEDGER_NUMBERS * Float64Array.BYTES_PER_ELEMENT
/** Until the next thread after the first, second, ... crash of the last minute. */
const RESTART_AFTER_MS = [0, 1_000, 5_000, 15_000, 30_000]
const CRASHES_COUNT_FOR = 60 * MICROS_PER_SECOND
/** If a thread does not answer within this, its last view stands. */
const VIEW_AT_MOST_MS = 2_000

export interface SupervisorEvents {
  line(line: string): void
  /** Lines for the sessions log. */
  sessionsEnded(lines: readonly string[]): void
  traced(number: number, told: Traced): void
  /** The thread ended unasked; what it had in hand is lost, and another follows after that time. */
  crashed(o: { number: number; error: unknown; lost: PerClass<number>; restartSeconds: number }): void
  restarted(number: number): void
  /** Viewing the thread threw there; its last view stands. */
  viewFailed(error: unknown): void
  /** The thread that follows could not open what it needs; it is tried again. */
  restartFailed(number: number, error: unknown, restartSeconds: number): void
}

export class Supervisor {
  readonly #number: number
  readonly #of: number
  readonly #rollout: RolloutRunner
  readonly #events: SupervisorEvents
  readonly #file: URL | undefined
  #thread: ThreadHandle | undefined
  #books = new Float64Array(new SharedArrayBuffer(BOOKS_BYTES))
  #before: EngineSnapshot | undefined
  #last: InstanceView | undefined
  /** The addresses that its thread was told of last. */
  #told: { readonly thread: ThreadHandle; readonly local: readonly string[] } | undefined
  #viewUnderWay: Promise<unknown> = Promise.resolve()
  #nextView: Promise<InstanceView> | undefined
  #isOpen = false
  #isClosed = false
  #crashedAt: Instant[] = []
  #crashes = 0
  #restart: NodeJS.Timeout | undefined

  /** `rollout` knows what each thread that is started must be told. */
  constructor(o: {
    readonly number: number
    readonly of: number
    readonly rollout: RolloutRunner
    readonly events: SupervisorEvents
    readonly file: URL | undefined
  }) {
    this.#number = o.number
    this.#of = o.of
    this.#rollout = o.rollout
    this.#events = o.events
    this.#file = o.file
  }

  /**
   * Starts its thread and opens its sockets.
   * @throws a coded error where an address can't be opened; the thread is ended then.
   */
  async open(): Promise<void> {
    this.#books = new Float64Array(new SharedArrayBuffer(BOOKS_BYTES))
    const { settings } = this.#rollout
    const start = {
      number: this.#number,
      of: this.#of,
      settings,
      usedUpUntil: endOfSecond(this.#crashedAt.at(-1)),
      books: this.#books.buffer as SharedArrayBuffer,
    }
    const events = {
      line: this.#events.line,
      sessionsEnded: this.#events.sessionsEnded,
      traced: (told: Traced) => this.#events.traced(this.#number, told),
      ended: (error: unknown) => this.#ended(thread, error),
    }
    const thread = new ThreadHandle(start, events, this.#file)
    this.#thread = thread
    try {
      await this.#rollout.start(thread)
      this.#last = await wholeView(thread)
      this.#isOpen = true
    } catch (error) {
      this.#thread = undefined
      await thread.terminate()
      throw error
    }
  }

  /** Resolves when nothing is in hand. */
  async idle(): Promise<void> {
    // A thread that ends meanwhile has nothing in hand any more.
    await this.#thread?.call('idle', undefined).catch(() => undefined)
  }

  /** As it is now; its engine has the counters of all threads it had. */
  async view(): Promise<InstanceView> {
    const thread = this.#isOpen ? this.#thread : undefined
    if (thread !== undefined) {
      const fresh = await within(VIEW_AT_MOST_MS, this.#viewInTurn(thread), (error) => {
        if (thread === this.#thread) this.#events.viewFailed(error)
      })
      if (fresh !== undefined && thread === this.#thread) this.#last = fresh
    }
    const view = this.#last
    if (view === undefined) throw new Error(`instance ${this.#number} was viewed before it was open`)
    const isRunning = this.#isOpen
    const engine = isRunning && this.#before !== undefined ? withCounters(view.engine, this.#before) : view.engine
    return { ...view, isRunning, crashes: this.#crashes, engine }
  }

  /** What this machine's addresses are; a thread hears of each list once. */
  tellAddresses(local: readonly string[]): void {
    const thread = this.#isOpen ? this.#thread : undefined
    if (thread === undefined || (this.#told?.thread === thread && this.#told.local === local)) return
    this.#told = { thread, local }
    // A thread that ends meanwhile reads them itself when it is started again.
    thread.call('addresses', local).catch(() => undefined)
  }

  /** Of an instance that does not run there are none. */
  async sessions(sought: SoughtSessions): Promise<FoundSessions | undefined> {
    return this.#isOpen ? await this.#thread?.call('sessions', sought).catch(() => undefined) : undefined
  }

  /** Of an instance that does not run nothing. */
  async learned(limit: number): Promise<FoundLearned | undefined> {
    return this.#isOpen ? await this.#thread?.call('learned', limit).catch(() => undefined) : undefined
  }

  /** One view after the other, since the thread keeps the latest alone. Whoever asks while one waits for its turn shares it. */
  #viewInTurn(thread: ThreadHandle): Promise<InstanceView> {
    this.#nextView ??= this.#viewUnderWay.then(() => {
      this.#nextView = undefined
      const view = wholeView(thread)
      this.#viewUnderWay = view.catch(() => undefined)
      return view
    })
    return this.#nextView
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#restart)
    const thread = this.#thread
    if (thread === undefined) return
    await within(VIEW_AT_MOST_MS, thread.call('close', undefined))
    await thread.terminate()
  }

  #ended(thread: ThreadHandle, error: unknown): void {
    this.#rollout.ended(thread, error)
    if (this.#isClosed || thread !== this.#thread || !this.#isOpen) return
    this.#thread = undefined
    this.#isOpen = false
    this.#crashes += 1
    const lost = this.#keepCounters()
    const restartMs = this.#restartDelay()
    this.#events.crashed({ number: this.#number, error, lost, restartSeconds: restartMs / 1_000 })
    this.#restartAfter(restartMs)
  }

  /** The counters of the thread that ended go on in the next one's; answers what it had in hand. */
  #keepCounters(): Record<TrafficClass, number> {
    const ledgers = { authentication: ledgerFrom(this.#books, 0), accounting: ledgerFrom(this.#books, LEDGER_NUMBERS) }
    const last = this.#last as InstanceView
    const left = leftBy(last.engine, ledgers)
    this.#before = this.#before === undefined ? left : withCounters(left, this.#before)
    this.#last = { ...last, engine: this.#before, listeners: last.listeners, upstreams: [] }
    return { authentication: ledgers.authentication.lost, accounting: ledgers.accounting.lost }
  }

  #restartDelay(): number {
    const now = monotonicNow()
    this.#crashedAt = [...this.#crashedAt.filter((at) => now - at < CRASHES_COUNT_FOR), now]
    const place = Math.min(this.#crashedAt.length, RESTART_AFTER_MS.length) - 1
    return RESTART_AFTER_MS[place] as number
  }

  #restartAfter(milliseconds: number): void {
    if (this.#isClosed) return
    this.#restart = setTimeout(() => {
      this.open().then(
        () => this.#events.restarted(this.#number),
        (error: unknown) => {
          const again = this.#restartDelay()
          this.#events.restartFailed(this.#number, error, again / 1_000)
          this.#restartAfter(again)
        },
      )
    }, milliseconds)
  }
}

const endOfSecond = (at: Instant | undefined): Instant =>
  instant(at === undefined ? 0 : (Math.floor(at / MICROS_PER_SECOND) + 1) * MICROS_PER_SECOND)

/** A view, fetched part by part: between two of them the thread does its own work. */
async function wholeView(thread: ThreadHandle): Promise<InstanceView> {
  const { first, parts } = await thread.call('view', undefined)
  const fetched: ViewPart[] = []
  for (let part = 0; part < parts; part += 1) fetched.push(await thread.call('viewPart', part))
  return whole(first, fetched)
}

/** The value, or undefined where it takes longer or fails. */
async function within<T>(
  milliseconds: number,
  value: Promise<T>,
  failed: (error: unknown) => void = () => undefined,
): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds)
  })
  try {
    return await Promise.race([value, late])
  } catch (error) {
    failed(error)
    return undefined
  } finally {
    clearTimeout(timer)
  }
}
