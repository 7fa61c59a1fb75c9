/**
 * Who goes next: messages that wait in one place, in the order of precedence.
 *
 * Precedence, with `authentication_first`: due retries and failover copies by arrival number; then Access-Requests with
 * State, Access-Requests, accounting, each in the order of arrival. With `fifo` only age counts. Last of all, in either
 * order, go the records that a living server left unanswered. The instance queue and every server queue are such
 * queues, so precedence holds in both levels alike (docs/throttling.md).
 */
import { CLASS_TRAITS, TRAFFIC_CLASSES } from '../classes.ts'
import { ArrivalHeap, type HeapMember } from './arrival-heap.ts'
import { ArrivalList, older } from './arrival-list.ts'
import type { Chain } from './containers/chained-list.ts'

export type ServiceOrder = 'authentication_first' | 'fifo'

/** How many preferences there are among messages that were never sent. */
const PREFERENCES = 1 + Math.max(...TRAFFIC_CLASSES.map((each) => CLASS_TRAITS[each].preference.plain))

/**
 * `fresh` was never sent; `failover` needs an identifier at another server; `retry` holds one and needs quota only;
 * `aside` was left unanswered by a server that lives, and needs an identifier.
 */
export type Stage = 'fresh' | 'failover' | 'retry' | 'aside'

export interface Waiting<T> extends HeapMember {
  /** Among messages that were never sent the lowest goes first. */
  readonly preference: number
  nextInQueue: T | undefined
  previousInQueue: T | undefined
  isInQueue: boolean
  readonly size: number
  stage: Stage
  /** The queue it waits in, written by that queue alone. */
  queue: object | undefined
}

const inQueue = <T extends Waiting<T>>(): Chain<T> => ({
  next: (of) => of.nextInQueue,
  previous: (of) => of.previousInQueue,
  setNext: (of, next) => {
    of.nextInQueue = next
  },
  setPrevious: (of, previous) => {
    of.previousInQueue = previous
  },
  isLinked: (of) => of.isInQueue,
  setLinked: (of, isLinked) => {
    of.isInQueue = isLinked
  },
})

/** Who is told when a promoted message has been served, or left the instance queue in another way. */
export interface Promoter {
  settle(item: { readonly stage: Stage }): void
}

/** A message that can be promoted: it knows which server queue gave it back. */
export interface Promotable<T> extends Waiting<T> {
  promotedBy: Promoter | undefined
}

export class PriorityQueue<T extends Waiting<T>> {
  #order: ServiceOrder
  readonly #retries = new ArrivalHeap<T>()
  readonly #failovers = new ArrivalHeap<T>()
  readonly #aside = new ArrivalHeap<T>()
  readonly #fresh: readonly ArrivalList<T>[] = Array.from({ length: PREFERENCES }, () => new ArrivalList<T>(inQueue()))
  /** Messages and octets, retries not counted: they are outstanding, not queued. */
  #queued = 0
  #octets = 0

  constructor(order: ServiceOrder) {
    this.#order = order
  }

  get queued(): number {
    return this.#queued
  }

  get octets(): number {
    return this.#octets
  }

  get retries(): number {
    return this.#retries.length
  }

  isEmpty(): boolean {
    return this.#queued === 0 && this.#retries.length === 0
  }

  setOrder(order: ServiceOrder): void {
    this.#order = order
  }

  put(item: T): void {
    if (item.queue !== undefined) throw new Error('priority queue: a message cannot wait in two places')
    item.queue = this
    if (item.stage === 'retry') {
      this.#retries.put(item)
      return
    }
    if (item.stage === 'failover') this.#failovers.put(item)
    else if (item.stage === 'aside') this.#aside.put(item)
    else (this.#fresh[item.preference] as ArrivalList<T>).insert(item)
    this.#queued += 1
    this.#octets += item.size
  }

  remove(item: T): void {
    if (item.queue !== this) throw new Error('priority queue: the message waits elsewhere')
    item.queue = undefined
    if (item.stage === 'retry') {
      this.#retries.remove(item)
      return
    }
    if (item.stage === 'failover') this.#failovers.remove(item)
    else if (item.stage === 'aside') this.#aside.remove(item)
    else (this.#fresh[item.preference] as ArrivalList<T>).remove(item)
    this.#queued -= 1
    this.#octets -= item.size
  }

  /** Another first transmission of the same preference and arrival number waits in the place of this one. */
  replace(item: T, other: T): void {
    if (item.queue !== this) throw new Error('priority queue: the message waits elsewhere')
    ;(this.#fresh[item.preference] as ArrivalList<T>).replace(item, other)
    item.queue = undefined
    other.queue = this
    this.#octets += other.size - item.size
  }

  /** Who goes next. Without an identifier free only a retry can, since it holds its own. */
  next(identifierFree: boolean): T | undefined {
    const retry = this.#retries.first()
    if (!identifierFree) return retry
    const again = older(retry, this.#failovers.first())
    if (this.#order === 'authentication_first') {
      return again ?? this.#firstFresh() ?? this.#aside.first()
    }
    let oldest = again
    for (const list of this.#fresh) oldest = older(oldest, list.first())
    return oldest ?? this.#aside.first()
  }

  #firstFresh(): T | undefined {
    for (const list of this.#fresh) {
      const first = list.first()
      if (first !== undefined) return first
    }
    return undefined
  }

  /** Whether somebody in this queue goes before `item`. */
  hasPrecedenceOver(item: T, identifierFree: boolean): boolean {
    const next = this.next(identifierFree)
    return next !== undefined && goesBefore(next, item, this.#order)
  }

  /** The queued message that arrived first (retries are not queued). */
  oldest(): T | undefined {
    let oldest = older(this.#failovers.first(), this.#aside.first())
    for (const list of this.#fresh) oldest = older(oldest, list.first())
    return oldest
  }

  /** The oldest message that was never sent. */
  oldestFresh(): T | undefined {
    let oldest: T | undefined
    for (const list of this.#fresh) oldest = older(oldest, list.first())
    return oldest
  }

  /** The same among those of one preference. */
  oldestOf(preference: number): T | undefined {
    return this.#fresh[preference]?.first()
  }

  failovers(): Iterable<T> {
    return this.#failovers
  }

  /** Takes out who arrived first, retries included. */
  removeOldest(): T | undefined {
    const oldest = older(this.#retries.first(), this.oldest())
    if (oldest !== undefined) this.remove(oldest)
    return oldest
  }
}

const goesBefore = <T extends Waiting<T>>(a: T, b: T, order: ServiceOrder): boolean => {
  if (order === 'fifo') return isAside(a) === isAside(b) ? a.arrival < b.arrival : isAside(b)
  return rank(a) < rank(b) || (rank(a) === rank(b) && a.arrival < b.arrival)
}

/** The rank of what a living server left unanswered: behind all that was never sent. */
const ASIDE_RANK = PREFERENCES

const rank = <T extends Waiting<T>>(item: T): number => {
  if (item.stage === 'fresh') return item.preference
  return item.stage === 'aside' ? ASIDE_RANK : -1
}

const isAside = <T extends Waiting<T>>(item: T): boolean => item.stage === 'aside'
