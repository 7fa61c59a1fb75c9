/**
 * Which settings each instance's thread has, and what it must be told next: a commit in two phases.
 *
 * A change is all or nothing. Every thread prepares it (opens the sockets that it needs). When all have, it is committed, and
 * all threads use it. If one can't prepare it, none uses it. A thread that starts counts too: it is started with the
 * committed settings, and these do not change until it serves or has ended. A thread that ended owes no answer, and if there
 * is no thread, a change is committed at once. Changes wait for each other; none is lost.
 *
 * Pure: events in, acts out. The shell (`rollout.io.ts`) does the acts in their order. A thread has one call at a time, so
 * that it never has two changes at once.
 */

import type { Followed } from '../proxy/border/events.ts'
import type { Draining } from '../proxy/border/ports.ts'

/** One call to a thread. */
export type Instruction<S> =
  /** Open the sockets of the settings that it was started with. */
  | { readonly name: 'open' }
  | { readonly name: 'follow'; readonly followed: readonly Followed[] }
  | { readonly name: 'drain'; readonly how: Draining }
  /** From now on it serves. `mustHaveAll`: it is an error if an address can't be opened; else it is retried. */
  | { readonly name: 'listen'; readonly mustHaveAll: boolean }
  | { readonly name: 'prepare'; readonly settings: S }
  | { readonly name: 'reconfigure'; readonly settings: S }
  /** Close what was prepared. */
  | { readonly name: 'forget' }

export type RolloutAct<S> =
  | { readonly do: 'call'; readonly thread: number; readonly instruction: Instruction<S> }
  /** All have prepared it: it holds from now on, also for threads that start. */
  | { readonly do: 'commit'; readonly settings: S }
  /** A change is over: all threads use it, or one could not prepare it (`refused` says why). */
  | { readonly do: 'over'; readonly settings: S; readonly refused?: unknown }
  /** All threads that serve know what to follow and how to drain. */
  | { readonly do: 'told' }
  /** A thread that started serves now. */
  | { readonly do: 'serves'; readonly thread: number }
  /** A thread could not start, and does not count any more. */
  | { readonly do: 'start-failed'; readonly thread: number; readonly error: unknown }
  /** A thread failed at what can't fail: a bug, and nobody knows which settings it has. */
  | { readonly do: 'broken'; readonly error: unknown }

interface Thread<S> {
  /** What it uses. */
  has: S
  /** What it has opened sockets for too, or has tried to. */
  prepared: S | undefined
  isOpen: boolean
  serves: boolean
  follows: readonly Followed[]
  drains: Draining
  /** The call that it has not answered yet. */
  asked: Instruction<S> | undefined
}

const NOTHING: readonly Followed[] = []

/** Each change has an object `S` of its own. */
export class Rollout<S extends object> {
  readonly #threads = new Map<number, Thread<S>>()
  /** Changes that are not over, in the order in which they were asked for; the first one is under way. */
  readonly #pending: S[] = []
  #current: S
  #followed: readonly Followed[] = NOTHING
  #drains: Draining = 'no'
  #isToldPending = false
  /** A thread has opened all listeners once. */
  #hasServed = false

  constructor(settings: S) {
    this.#current = settings
  }

  /** What a thread is started with. */
  get settings(): S {
    return this.#current
  }

  reconfigure(settings: S): RolloutAct<S>[] {
    this.#pending.push(settings)
    return this.#goOn()
  }

  /** From now on all threads follow these requests, and none but these. */
  follow(followed: readonly Followed[]): RolloutAct<S>[] {
    this.#followed = followed
    this.#isToldPending = true
    return this.#goOn()
  }

  /** From now on no thread accepts new requests, or all accept traffic again. */
  drain(how: Draining): RolloutAct<S>[] {
    this.#drains = how
    this.#isToldPending = true
    return this.#goOn()
  }

  /** A thread was started with `settings`; its number was never used before. */
  started(thread: number): RolloutAct<S>[] {
    this.#threads.set(thread, {
      has: this.#current,
      prepared: undefined,
      isOpen: false,
      serves: false,
      follows: NOTHING,
      drains: 'no',
      asked: undefined,
    })
    return this.#goOn()
  }

  /** A thread ended, asked or not. */
  ended(thread: number): RolloutAct<S>[] {
    this.#threads.delete(thread)
    return this.#goOn()
  }

  /** A thread has done what it was told last; `failure` says why it could not. */
  answered(thread: number, failure?: { readonly error: unknown }): RolloutAct<S>[] {
    const found = this.#threads.get(thread)
    if (found?.asked === undefined) return []
    const { asked } = found
    found.asked = undefined
    const acts = failure === undefined ? this.#done(thread, found, asked) : this.#failed(thread, found, asked, failure)
    return [...acts, ...this.#goOn()]
  }

  #done(number: number, thread: Thread<S>, instruction: Instruction<S>): RolloutAct<S>[] {
    switch (instruction.name) {
      case 'open':
        thread.isOpen = true
        return []
      case 'follow':
        thread.follows = instruction.followed
        return []
      case 'drain':
        thread.drains = instruction.how
        return []
      case 'listen':
        thread.serves = true
        this.#hasServed = true
        return [{ do: 'serves', thread: number }]
      case 'prepare':
        thread.prepared = instruction.settings
        return []
      case 'reconfigure':
        thread.has = instruction.settings
        thread.prepared = undefined
        return []
      case 'forget':
        thread.prepared = undefined
        return []
    }
  }

  #failed(
    number: number,
    thread: Thread<S>,
    instruction: Instruction<S>,
    { error }: { readonly error: unknown },
  ): RolloutAct<S>[] {
    if (!thread.serves) {
      this.#threads.delete(number)
      return [{ do: 'start-failed', thread: number, error }]
    }
    if (instruction.name !== 'prepare') return [{ do: 'broken', error }]
    // Some of its sockets may be open, so it must forget them.
    const { settings } = instruction
    thread.prepared = settings
    if (settings !== this.#pending[0]) return []
    this.#pending.shift()
    return [{ do: 'over', settings, refused: error }]
  }

  /** All acts that are possible now. */
  #goOn(): RolloutAct<S>[] {
    const acts: RolloutAct<S>[] = this.#decide()
    for (const [number, thread] of this.#threads) {
      if (thread.asked !== undefined) continue
      const next = this.#next(thread)
      if (next === undefined) continue
      thread.asked = next
      acts.push({ do: 'call', thread: number, instruction: next })
    }
    if (this.#isToldPending && this.#all((one) => this.#isTold(one))) {
      this.#isToldPending = false
      acts.push({ do: 'told' })
    }
    return acts
  }

  /** Commits what all threads have prepared, and ends what all use. */
  #decide(): RolloutAct<S>[] {
    const acts: RolloutAct<S>[] = []
    for (let first = this.#pending[0]; first !== undefined; first = this.#pending[0]) {
      const change = first
      if (change !== this.#current) {
        if (!this.#all(({ prepared }) => prepared === change)) break
        this.#current = change
        acts.push({ do: 'commit', settings: change })
      }
      if (!this.#all(({ has }) => has === change)) break
      this.#pending.shift()
      acts.push({ do: 'over', settings: change })
    }
    return acts
  }

  /** What a thread must be told next. It hears of a drain and of what to follow before it serves. */
  #next(thread: Thread<S>): Instruction<S> | undefined {
    if (!thread.isOpen) return { name: 'open' }
    if (thread.follows !== this.#followed) return { name: 'follow', followed: this.#followed }
    if (thread.drains !== this.#drains) return { name: 'drain', how: this.#drains }
    if (!thread.serves) return { name: 'listen', mustHaveAll: !this.#hasServed }
    if (thread.has !== this.#current) return { name: 'reconfigure', settings: this.#current }
    const first = this.#pending[0]
    const candidate = first === this.#current ? undefined : first
    if (thread.prepared === candidate) return undefined
    // Before the next change too: it may need the ports that a refused change has opened here.
    return candidate === undefined || thread.prepared !== undefined
      ? { name: 'forget' }
      : { name: 'prepare', settings: candidate }
  }

  /** A thread that starts is told before it serves. While it opens its listeners it may serve already. */
  #isTold(thread: Thread<S>): boolean {
    const maySoonServe = thread.serves || thread.asked?.name === 'listen'
    const { asked } = thread
    const mayDrain = asked?.name === 'drain' ? asked.how : this.#drains
    return (
      !maySoonServe ||
      (thread.follows === this.#followed && thread.drains === this.#drains && mayDrain === this.#drains)
    )
  }

  #all(holds: (thread: Thread<S>) => boolean): boolean {
    return [...this.#threads.values()].every(holds)
  }
}
