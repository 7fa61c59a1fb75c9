/**
 * Keeps one instance running: starts its thread, asks it, and starts the next one when it ends.
 *
 * It decides nothing: `Supervision` says when the next thread starts, and what counts for all threads of the instance.
 */
import type { PerClass } from '../classes.ts'
import { monotonicNow } from '../transport/clock.io.ts'
import { within } from '../within.io.ts'
import { type InstanceView, type ViewPart, whole } from './protocol/instance-view.ts'
import type { AnswerOf, Argument, MainThread, MethodName, ThreadStart, Traced } from './protocol/protocol.ts'
import type { RolloutRunner } from './rollout.io.ts'
import { Supervision } from './supervisor.ts'
import { ThreadHandle } from './thread-handle.io.ts'

/** If a thread does not answer within this time, its last view stands. */
const ANSWER_AT_MOST_MS = 2_000

export interface SupervisorEvents extends Pick<MainThread, 'line' | 'sessionsEnded'> {
  traced(number: number, told: Traced): void
  /** The thread ended unasked; what it had in hand is lost, and another follows after that time. */
  crashed(o: { number: number; error: unknown; lost: PerClass<number>; restartSeconds: number }): void
  restarted(number: number): void
  /** Making a view failed in the thread; its last view stands. */
  viewFailed(error: unknown): void
  /** The thread that follows could not open what it needs; it is tried again. */
  restartFailed(number: number, error: unknown, restartSeconds: number): void
}

interface Thread {
  readonly handle: ThreadHandle
  readonly life: number
}

export interface SupervisorOptions extends Pick<ThreadStart, 'number' | 'of' | 'packetIo'> {
  /** Knows what each thread that is started must be told. */
  readonly rollout: RolloutRunner
  readonly events: SupervisorEvents
  /** The thread to start, by default that of this program. */
  readonly file: URL | undefined
}

export class Supervisor {
  readonly #o: SupervisorOptions
  readonly #state: Supervision
  /** It starts or runs. */
  #thread: Thread | undefined
  #viewUnderWay: Promise<void> = Promise.resolve()
  #nextView: Promise<void> | undefined
  #restart: NodeJS.Timeout | undefined

  constructor(o: SupervisorOptions) {
    this.#o = o
    this.#state = new Supervision(o.number)
  }

  /**
   * Starts its thread and opens its sockets.
   * @throws a coded error if an address can't be opened; the thread is ended then.
   */
  async open(): Promise<void> {
    const { life, usedUpUntil, books } = this.#state.start()
    const { number, of, packetIo, rollout, events: heard, file } = this.#o
    const start = { number, of, settings: rollout.settings, packetIo, usedUpUntil, books }
    const events = {
      line: heard.line,
      sessionsEnded: heard.sessionsEnded,
      traced: (told: Traced) => heard.traced(number, told),
      ended: (error: unknown) => this.#ended(handle, life, error),
    }
    const handle = new ThreadHandle(start, events, file)
    this.#thread = { handle, life }
    try {
      await rollout.start(handle)
      this.#state.opened(await wholeView(handle))
    } catch (error) {
      this.#thread = undefined
      await handle.terminate()
      throw error
    }
  }

  /** Resolves when nothing is in hand. */
  async idle(): Promise<void> {
    // A thread that ends meanwhile has nothing in hand any more.
    await this.#thread?.handle.call('idle', undefined).catch(() => undefined)
  }

  /** As it is now; its engine has the counters of all threads it had. */
  async view(): Promise<InstanceView> {
    await within(ANSWER_AT_MOST_MS, this.#viewInTurn())
    return this.#state.view()
  }

  tellAddresses(local: readonly string[]): void {
    // A thread that ends meanwhile reads them itself when it is started again.
    if (this.#state.mustHear(local)) this.#thread?.handle.call('addresses', local).catch(() => undefined)
  }

  /** What its thread answers; undefined if the instance does not run. */
  async ask<Name extends MethodName>(name: Name, argument: Argument<Name>): Promise<AnswerOf<Name> | undefined> {
    try {
      return await this.#running()?.handle.call(name, argument)
    } catch {
      return undefined
    }
  }

  async close(): Promise<void> {
    this.#state.close()
    clearTimeout(this.#restart)
    const handle = this.#thread?.handle
    if (handle === undefined) return
    await within(ANSWER_AT_MOST_MS, handle.call('close', undefined)).catch(() => undefined)
    await handle.terminate()
  }

  #running(): Thread | undefined {
    return this.#state.isRunning ? this.#thread : undefined
  }

  /** One view after the other, since the thread holds only one. Those who ask while one waits for its turn share it. */
  #viewInTurn(): Promise<void> {
    this.#nextView ??= this.#viewUnderWay.then(() => {
      this.#nextView = undefined
      this.#viewUnderWay = this.#look()
      return this.#viewUnderWay
    })
    return this.#nextView
  }

  /** At the thread that runs by now: the one that ran when the view was asked for may have ended. Does not throw. */
  async #look(): Promise<void> {
    const thread = this.#running()
    if (thread === undefined) return
    try {
      this.#state.viewed(thread.life, await wholeView(thread.handle))
    } catch (error) {
      if (this.#state.isCurrent(thread.life)) this.#o.events.viewFailed(error)
    }
  }

  #ended(handle: ThreadHandle, life: number, error: unknown): void {
    this.#o.rollout.ended(handle, error)
    const crash = this.#state.ended(life, monotonicNow())
    if (crash === undefined) return
    this.#thread = undefined
    const { lost, restartAfterMs } = crash
    this.#o.events.crashed({ number: this.#o.number, error, lost, restartSeconds: restartAfterMs / 1_000 })
    this.#restartAfter(restartAfterMs)
  }

  #restartAfter(milliseconds: number): void {
    this.#restart = setTimeout(() => {
      this.open().then(
        () => this.#o.events.restarted(this.#o.number),
        (error: unknown) => {
          const again = this.#state.startFailed(monotonicNow())
          if (again === undefined) return
          this.#o.events.restartFailed(this.#o.number, error, again / 1_000)
          this.#restartAfter(again)
        },
      )
    }, milliseconds)
  }
}

/** Fetched part by part: between two parts the thread handles packets. */
async function wholeView(thread: ThreadHandle): Promise<InstanceView> {
  const { first, parts } = await thread.call('view', undefined)
  const fetched: ViewPart[] = []
  for (let part = 0; part < parts; part += 1) fetched.push(await thread.call('viewPart', part))
  return whole(first, fetched)
}
