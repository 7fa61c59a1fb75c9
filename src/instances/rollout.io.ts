/**
 * Rolls settings out to the threads of all instances: does what `Rollout` answers, and tells it the result. It decides nothing.
 *
 * A call to a thread that ends before it answers has not failed: `Rollout` hears that the thread ended.
 */

import type { Followed } from '../proxy/border/events.ts'
import type { Draining } from '../proxy/border/ports.ts'
import type { ListenOptions } from '../transport/listener-plan.ts'
import { changedSettings } from './protocol/clients-change.ts'
import type { InstanceSettings } from './protocol/protocol.ts'
import { type Instruction, Rollout, type RolloutAct } from './rollout.ts'
import type { PlainClient } from './shared/plain-options.ts'
import type { ThreadHandle } from './thread-handle.io.ts'

export type Listen = ListenOptions['at']

type Waiting = Pick<PromiseWithResolvers<void>, 'resolve' | 'reject'>

interface Starting extends Waiting {
  readonly thread: ThreadHandle
  /** Those that the thread has when it has done what it was told. */
  clients: readonly PlainClient[]
}

interface Changing extends Waiting {
  /** All have prepared it, none has taken it yet. */
  committed(): void
}

export class RolloutRunner {
  readonly #listen: Listen
  readonly #state: Rollout<InstanceSettings>
  readonly #threads = new Map<number, Starting>()
  readonly #changes = new Map<InstanceSettings, Changing>()
  #untilTold: Waiting[] = []
  #count = 0

  constructor(listen: Listen, settings: InstanceSettings) {
    this.#listen = listen
    this.#state = new Rollout(settings)
  }

  get settings(): InstanceSettings {
    return this.#state.settings
  }

  /**
   * A thread was started with `settings`. Resolves when it serves.
   * @throws what it could not do, or what ended it.
   */
  start(thread: ThreadHandle): Promise<void> {
    this.#count += 1
    const number = this.#count
    return new Promise((resolve, reject) => {
      this.#threads.set(number, { thread, clients: this.settings.options.clients, resolve, reject })
      this.#do(this.#state.started(number))
    })
  }

  ended(thread: ThreadHandle, error: unknown): void {
    for (const [number, one] of this.#threads) {
      if (one.thread !== thread) continue
      this.#threads.delete(number)
      one.reject(error ?? new Error('the instance ended while it started'))
      this.#do(this.#state.ended(number))
    }
  }

  /** @throws a coded error if a thread can't open what the settings need. */
  reconfigure(settings: InstanceSettings, committed: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#changes.set(settings, { committed, resolve, reject })
      this.#do(this.#state.reconfigure(settings))
    })
  }

  follow(followed: readonly Followed[]): Promise<void> {
    return this.#told(() => this.#state.follow(followed))
  }

  drain(how: Draining): Promise<void> {
    return this.#told(() => this.#state.drain(how))
  }

  #told(tell: () => RolloutAct<InstanceSettings>[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#untilTold.push({ resolve, reject })
      this.#do(tell())
    })
  }

  #do(acts: readonly RolloutAct<InstanceSettings>[]): void {
    for (const act of acts) {
      switch (act.do) {
        case 'call':
          this.#call(act.thread, act.instruction)
          break
        case 'commit':
          this.#changes.get(act.settings)?.committed()
          break
        case 'over':
          this.#over(act)
          break
        case 'told':
          for (const one of this.#untilTold.splice(0)) one.resolve()
          break
        case 'serves':
          this.#threads.get(act.thread)?.resolve()
          break
        case 'start-failed':
          this.#threads.get(act.thread)?.reject(act.error)
          this.#threads.delete(act.thread)
          break
        case 'broken':
          this.#broken(act.error)
          break
      }
    }
  }

  #call(number: number, instruction: Instruction<InstanceSettings>): void {
    const started = this.#threads.get(number)
    if (started === undefined) return
    callOf(started, instruction, this.#listen).then(
      () => this.#do(this.#state.answered(number)),
      (error: unknown) => this.#do(this.#state.answered(number, { error })),
    )
  }

  #over({ settings, refused }: Extract<RolloutAct<InstanceSettings>, { do: 'over' }>): void {
    const changing = this.#changes.get(settings)
    this.#changes.delete(settings)
    if (refused === undefined) changing?.resolve()
    else changing?.reject(refused)
  }

  /** Those who wait get the error. If nobody waits, it is thrown, and ends the daemon. */
  #broken(error: unknown): void {
    const waiting = [...this.#changes.values(), ...this.#untilTold.splice(0)]
    this.#changes.clear()
    for (const one of waiting) one.reject(error)
    if (waiting.length === 0) throw error
  }
}

function callOf(started: Starting, instruction: Instruction<InstanceSettings>, at: Listen): Promise<void> {
  const { thread } = started
  switch (instruction.name) {
    case 'listen':
      return thread.call('listen', { at, mustHaveAll: instruction.mustHaveAll })
    case 'follow':
      return thread.call('follow', instruction.followed)
    case 'prepare':
      // Clients need no sockets, and there may be many of them.
      return thread.call('prepare', { ...instruction.settings.options, clients: [] })
    case 'reconfigure': {
      const changed = changedSettings(instruction.settings, started.clients)
      started.clients = instruction.settings.options.clients
      return thread.call('reconfigure', changed)
    }
    case 'drain':
      return thread.call('drain', instruction.how)
    case 'open':
    case 'forget':
      return thread.call(instruction.name, undefined)
  }
}
