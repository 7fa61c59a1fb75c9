/**
 * When an instance gets its next thread, and what counts for it over all the threads that it had.
 *
 * A thread that ends unasked is followed by another: at once the first time, and later if it happens more often. The ledgers
 * of a thread are in memory that outlives it, so what it had in hand is counted as lost, to the message. Its other counters
 * are those of its last view, and go on in the next thread.
 *
 * Pure: the shell (`supervisor.io.ts`) starts and ends the threads, and tells what became of them.
 */
import { type PerClass, perClass } from '../classes.ts'
import { addedNumbers } from '../proxy/border/added-numbers.ts'
import type { LedgerSnapshot } from '../proxy/border/endings.ts'
import type { EngineSnapshot } from '../proxy/border/snapshot.ts'
import { BOOKS_BYTES, ledgersIn } from '../proxy/register/ledger.ts'
import { type Instant, instant, MICROS_PER_SECOND, secondOf } from '../units.ts'
import type { InstanceView } from './protocol/instance-view.ts'
import type { ThreadStart } from './protocol/protocol.ts'
import { leftBy, withCounters } from './shared/sum.ts'

/** The wait for the next thread after the first, second, ... end within a minute. */
const RESTART_AFTER_MS = [0, 1_000, 5_000, 15_000, 30_000]
const ENDS_COUNT_FOR = 60 * MICROS_PER_SECOND

/** What a thread is started with, beside the settings. */
export interface NextThread extends Pick<ThreadStart, 'usedUpUntil' | 'books'> {
  /** 1 for the first thread of this instance, and so on. */
  readonly life: number
}

/** A thread ended unasked. */
export interface Crash {
  /** What it had in hand. */
  readonly lost: PerClass<number>
  readonly restartAfterMs: number
}

export class Supervision {
  readonly #number: number
  #life = 0
  #isRunning = false
  #isClosed = false
  #books = new SharedArrayBuffer(BOOKS_BYTES)
  /** What the threads before this one counted. */
  #former: EngineSnapshot | undefined
  #last: InstanceView | undefined
  #endedAt: readonly Instant[] = []
  #crashes = 0
  /** The addresses that the thread of this life was told of last. */
  #told: { readonly life: number; readonly addresses: readonly string[] } | undefined

  constructor(number: number) {
    this.#number = number
  }

  /** A thread starts now; `opened` or `startFailed` follows. */
  start(): NextThread {
    this.#life += 1
    this.#books = new SharedArrayBuffer(BOOKS_BYTES)
    return { life: this.#life, usedUpUntil: endOfSecond(this.#endedAt.at(-1)), books: this.#books }
  }

  /** The thread that was started serves, and looks like this. */
  opened(view: InstanceView): void {
    this.#isRunning = true
    this.#last = view
  }

  /** The thread could not open what it needs, or has ended. Returns the milliseconds until the next try; undefined: none. */
  startFailed(now: Instant): number | undefined {
    // It may have handled requests already.
    if (this.#former !== undefined) this.#keep(withLedgers(this.#former, this.#ledgers()))
    return this.#isClosed ? undefined : this.#restartAfterMs(now)
  }

  /** The thread of that life has ended. Returns undefined if nothing follows from that. */
  ended(life: number, now: Instant): Crash | undefined {
    if (this.#isClosed || !this.#isRunning || life !== this.#life) return undefined
    this.#isRunning = false
    this.#crashes += 1
    const ledgers = this.#ledgers()
    const left = leftBy((this.#last as InstanceView).engine, ledgers)
    this.#keep(this.#former === undefined ? left : withCounters(left, this.#former))
    return { lost: perClass((each) => ledgers[each].lost), restartAfterMs: this.#restartAfterMs(now) }
  }

  viewed(life: number, view: InstanceView): void {
    if (this.isCurrent(life)) this.#last = view
  }

  /** Whether a fault in the thread of that life is one of the thread that runs now. */
  isCurrent(life: number): boolean {
    return this.#isRunning && life === this.#life
  }

  /** As it was viewed last; its engine has the counters of all threads. */
  view(): InstanceView {
    const view = this.#last
    if (view === undefined) throw new Error(`instance ${this.#number} was viewed before it was open`)
    const isRunning = this.#isRunning
    const engine = isRunning && this.#former !== undefined ? withCounters(view.engine, this.#former) : view.engine
    return { ...view, isRunning, crashes: this.#crashes, engine }
  }

  /** Whether its thread must be told of these addresses of the machine: each thread hears of a list once. */
  mustHear(addresses: readonly string[]): boolean {
    if (!this.#isRunning || (this.#told?.life === this.#life && this.#told.addresses === addresses)) return false
    this.#told = { life: this.#life, addresses }
    return true
  }

  /** It ends: no thread follows. */
  close(): void {
    this.#isClosed = true
  }

  get isRunning(): boolean {
    return this.#isRunning
  }

  #ledgers(): PerClass<LedgerSnapshot> {
    const ledgers = ledgersIn(this.#books)
    return perClass((each) => ledgers[each].lastSnapshot())
  }

  /** What all threads so far have counted. */
  #keep(former: EngineSnapshot): void {
    this.#former = former
    this.#last = { ...(this.#last as InstanceView), engine: former, upstreams: [] }
  }

  #restartAfterMs(now: Instant): number {
    this.#endedAt = [...this.#endedAt.filter((at) => now - at < ENDS_COUNT_FOR), now]
    return RESTART_AFTER_MS[Math.min(this.#endedAt.length, RESTART_AFTER_MS.length) - 1] as number
  }
}

const endOfSecond = (at: Instant | undefined): Instant =>
  instant(at === undefined ? 0 : (secondOf(at) + 1) * MICROS_PER_SECOND)

const withLedgers = (former: EngineSnapshot, ledgers: PerClass<LedgerSnapshot>): EngineSnapshot => ({
  ...former,
  classes: perClass((each) => ({
    ...former.classes[each],
    ledger: addedNumbers(former.classes[each].ledger, ledgers[each]),
  })),
})
