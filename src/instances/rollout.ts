/**
 * Which settings hold where: what each instance's thread has been told, and what it must be told next.
 *
 * A change is all or nothing. Every thread that lives prepares it (opens the sockets that it needs); when all have, it is in
 * force, and all take it. Where one can't prepare it, none takes it. A thread that starts is one of them: it is born with
 * what is in force, which stays so until that thread serves or has ended. A thread that ended owes no answer, and where
 * none lives a change is in force at once. What waits behind a change is not lost: one follows the other.
 *
 * Pure: events in, acts out. The shell (`instances.io.ts`) does the acts in their order and decides nothing; each thread is
 * called once at a time, so that it never meets two changes at once.
 */

import type { Followed } from '../proxy/border/events.ts'
import type { Draining } from '../proxy/border/ports.ts'

/** One call to a thread. */
export type Instruction<S> =
  /** Open the sockets of the settings that it was born with. */
  | { readonly name: 'open' }
  | { readonly name: 'follow'; readonly followed: readonly Followed[] }
  | { readonly name: 'drain'; readonly how: Draining }
  /** From now on it serves. */
  | { readonly name: 'listen' }
  | { readonly name: 'prepare'; readonly settings: S }
  | { readonly name: 'reconfigure'; readonly settings: S }
  /** What was prepared is not taken. */
  | { readonly name: 'forget' }

export type Act<S> =
  | { readonly do: 'call'; readonly thread: number; readonly instruction: Instruction<S> }
  /** All have prepared it: it holds from now on, also for threads that start. */
  | { readonly do: 'commit'; readonly settings: S }
  /** A change has come to its end: all have taken it, or one could not prepare it (`refused` says why). */
  | { readonly do: 'over'; readonly settings: S; readonly refused?: unknown }
  /** All follow the last of what was to be followed, and none serves that drains otherwise than it shall. */
  | { readonly do: 'told' }
  /** A thread that started serves now. */
  | { readonly do: 'serves'; readonly thread: number }
  /** A thread could not start and is not counted on any more; `error` says why. */
  | { readonly do: 'start-failed'; readonly thread: number; readonly error: unknown }
  /** A thread failed at what can't fail: a bug, and nobody knows what holds there. */
  | { readonly do: 'broken'; readonly error: unknown }

interface Change<S> {
  readonly settings: S
}

interface Thread<S> {
  /** What it lives by. */
  has: Change<S>
  /** What it has opened sockets for, or tried to, beside. */
  prepared: Change<S> | undefined
  isOpen: boolean
  serves: boolean
  follows: readonly Followed[]
  drains: Draining
  /** The call that it has not answered yet, and the change that it is about. */
  asked: { readonly instruction: Instruction<S>; readonly change: Change<S> | undefined } | undefined
}

const NOTHING: readonly Followed[] = []

export class Rollout<S> {
  readonly #threads = new Map<number, Thread<S>>()
  /** Changes that are not over, in the order in which they were asked for; the first one is under way. */
  readonly #pending: Change<S>[] = []
  #current: Change<S>
  #followed: readonly Followed[] = NOTHING
  #drains: Draining = 'no'
  #isToldPending = false

  constructor(settings: S) {
    this.#current = { settings }
  }

  /** What a thread is born with. */
  get settings(): S {
    return this.#current.settings
  }

  /** Other settings are asked for. */
  change(settings: S): Act<S>[] {
    this.#pending.push({ settings })
    return this.#goOn()
  }

  /** From now on all threads follow these requests, and none but these. */
  follow(followed: readonly Followed[]): Act<S>[] {
    this.#followed = followed
    this.#isToldPending = true
    return this.#goOn()
  }

  /** From now on no thread takes anything new, or all take traffic again. */
  drain(how: Draining): Act<S>[] {
    this.#drains = how
    this.#isToldPending = true
    return this.#goOn()
  }

  /** A thread was started with `settings`; its number was never used before. */
  started(thread: number): Act<S>[] {
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
  ended(thread: number): Act<S>[] {
    this.#threads.delete(thread)
    return this.#goOn()
  }

  /** A thread has done what it was told last; `failure` says why it could not. */
  answered(thread: number, failure?: { readonly error: unknown }): Act<S>[] {
    const found = this.#threads.get(thread)
    if (found?.asked === undefined) return []
    const { asked } = found
    found.asked = undefined
    const acts = failure === undefined ? this.#done(thread, found, asked) : this.#failed(thread, found, asked, failure)
    return [...acts, ...this.#goOn()]
  }

  #done(number: number, thread: Thread<S>, { instruction, change }: NonNullable<Thread<S>['asked']>): Act<S>[] {
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
        return [{ do: 'serves', thread: number }]
      case 'prepare':
        thread.prepared = change
        return []
      case 'reconfigure':
        thread.has = change as Change<S>
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
    { instruction, change }: NonNullable<Thread<S>['asked']>,
    { error }: { readonly error: unknown },
  ): Act<S>[] {
    if (!thread.serves) {
      this.#threads.delete(number)
      return [{ do: 'start-failed', thread: number, error }]
    }
    if (instruction.name !== 'prepare') return [{ do: 'broken', error }]
    // Some of its sockets may be open: it has something to forget.
    thread.prepared = change
    if (change !== this.#pending[0]) return []
    this.#pending.shift()
    return [{ do: 'over', settings: instruction.settings, refused: error }]
  }

  /** All that can be done now. */
  #goOn(): Act<S>[] {
    const acts: Act<S>[] = this.#decide()
    for (const [number, thread] of this.#threads) {
      if (thread.asked !== undefined) continue
      const next = this.#next(thread)
      if (next === undefined) continue
      thread.asked = next
      acts.push({ do: 'call', thread: number, instruction: next.instruction })
    }
    if (this.#isToldPending && this.#all((one) => this.#isTold(one))) {
      this.#isToldPending = false
      acts.push({ do: 'told' })
    }
    return acts
  }

  /** Puts in force what all have prepared, and ends what all have taken. */
  #decide(): Act<S>[] {
    const acts: Act<S>[] = []
    for (let first = this.#pending[0]; first !== undefined; first = this.#pending[0]) {
      const change = first
      if (change !== this.#current) {
        if (!this.#all(({ prepared }) => prepared === change)) break
        this.#current = change
        acts.push({ do: 'commit', settings: change.settings })
      }
      if (!this.#all(({ has }) => has === change)) break
      this.#pending.shift()
      acts.push({ do: 'over', settings: change.settings })
    }
    return acts
  }

  /** What a thread must be told next: a drain and what to follow before anything reaches it. */
  #next(thread: Thread<S>): Thread<S>['asked'] {
    const { settings } = this.#current
    if (!thread.isOpen) return about({ name: 'open' })
    if (thread.follows !== this.#followed) return about({ name: 'follow', followed: this.#followed })
    if (thread.drains !== this.#drains) return about({ name: 'drain', how: this.#drains })
    if (!thread.serves) return about({ name: 'listen' })
    if (thread.has !== this.#current) return about({ name: 'reconfigure', settings }, this.#current)
    const first = this.#pending[0]
    const candidate = first === this.#current ? undefined : first
    if (thread.prepared === candidate) return undefined
    // Before the next ones too: those may need the very ports that a refused change has opened here.
    return candidate === undefined || thread.prepared !== undefined
      ? about({ name: 'forget' })
      : about({ name: 'prepare', settings: candidate.settings }, candidate)
  }

  /** One that starts is told before it serves; while it opens its listeners it may serve already. */
  #isTold(thread: Thread<S>): boolean {
    const maySoonServe = thread.serves || thread.asked?.instruction.name === 'listen'
    const { asked } = thread
    const mayDrain = asked?.instruction.name === 'drain' ? asked.instruction.how : this.#drains
    return (
      !maySoonServe ||
      (thread.follows === this.#followed && thread.drains === this.#drains && mayDrain === this.#drains)
    )
  }

  #all(holds: (thread: Thread<S>) => boolean): boolean {
    return [...this.#threads.values()].every(holds)
  }
}

const about = <S>(instruction: Instruction<S>, change?: Change<S>): NonNullable<Thread<S>['asked']> => ({
  instruction,
  change,
})
