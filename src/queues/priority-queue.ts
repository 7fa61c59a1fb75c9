/**
 * Who goes next: messages that wait in one place, in the order of precedence.
 *
 * Precedence, with `authentication_first`: due retries and failover copies by arrival number; then Access-Requests with
 * State, Access-Requests, accounting, each in the order of arrival. With `fifo` only age counts. Last of all, in either
 * order, go the records that a living server left unanswered. The instance queue and every server queue are such
 * queues, so precedence holds in both levels alike (docs/throttling.md).
 */
import { CLASS_TRAITS, TRAFFIC_CLASSES } from '../classes.ts'
import { ArrivalHeap } from './arrival-heap.ts'
import { ArrivalList, older } from './arrival-list.ts'
import type { Message, QueueFields } from './message.ts'

export type ServiceOrder = 'authentication_first' | 'fifo'

/** How many preferences there are among messages that were never sent. */
const PREFERENCES = 1 + Math.max(...TRAFFIC_CLASSES.map((each) => CLASS_TRAITS[each].preference.plain))

export class PriorityQueue<T extends Message<T>> {
  #order: ServiceOrder
  readonly #fields: QueueFields<T>
  readonly #retries: ArrivalHeap<T>
  readonly #failovers: ArrivalHeap<T>
  readonly #aside: ArrivalHeap<T>
  readonly #fresh: readonly ArrivalList<T>[]
  /** Messages and octets, retries not counted: they are outstanding, not queued. */
  #queued = 0
  #octets = 0

  constructor(order: ServiceOrder, fields: QueueFields<T>) {
    this.#order = order
    this.#fields = fields
    this.#retries = new ArrivalHeap<T>(fields.heapPlace)
    this.#failovers = new ArrivalHeap<T>(fields.heapPlace)
    this.#aside = new ArrivalHeap<T>(fields.heapPlace)
    this.#fresh = Array.from({ length: PREFERENCES }, () => new ArrivalList<T>(fields.inQueue))
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

  get order(): ServiceOrder {
    return this.#order
  }

  set order(order: ServiceOrder) {
    this.#order = order
  }

  put(item: T): void {
    if (item.queue !== undefined) throw new Error('priority queue: a message cannot wait in two places')
    item.queue = this
    if (item.stage === 'fresh') this.#freshOf(item).insert(item)
    else this.#heapOf(item).put(item)
    this.#count(item, 1)
  }

  remove(item: T): void {
    if (item.queue !== this) throw new Error('priority queue: the message waits elsewhere')
    item.queue = undefined
    if (item.stage === 'fresh') this.#freshOf(item).remove(item)
    else this.#heapOf(item).remove(item)
    this.#count(item, -1)
  }

  /** Another first transmission of the same preference and arrival number waits in the place of this one. */
  replace(item: T, other: T): void {
    if (item.queue !== this) throw new Error('priority queue: the message waits elsewhere')
    this.#freshOf(item).replace(item, other)
    item.queue = undefined
    other.queue = this
    this.#octets += this.#fields.size(other) - this.#fields.size(item)
  }

  /** Who goes next. Without an identifier free only a retry can, since it holds its own. */
  next(identifierFree: boolean): T | undefined {
    const retry = this.#retries.first()
    if (!identifierFree) return retry
    const again = older(retry, this.#failovers.first())
    const next =
      this.#order === 'fifo' ? older(again, this.oldestFresh()) : (again ?? this.#fresh.find(isFilled)?.first())
    return next ?? this.#aside.first()
  }

  /** Whether somebody in this queue goes before `item`. */
  hasPrecedenceOver(item: T, identifierFree: boolean): boolean {
    const next = this.next(identifierFree)
    return next !== undefined && this.#goesBefore(next, item)
  }

  /** The queued message that arrived first (retries are not queued). */
  oldest(): T | undefined {
    return older(older(this.#failovers.first(), this.#aside.first()), this.oldestFresh())
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

  #goesBefore(a: T, b: T): boolean {
    const first = this.#rank(a)
    const second = this.#rank(b)
    return first < second || (first === second && a.arrival < b.arrival)
  }

  /** What a living server left unanswered goes behind all that was never sent. */
  #rank(item: T): number {
    if (item.stage === 'aside') return PREFERENCES
    return item.stage === 'fresh' && this.#order !== 'fifo' ? this.#fields.preference(item) : -1
  }

  #freshOf(item: T): ArrivalList<T> {
    return this.#fresh[this.#fields.preference(item)] as ArrivalList<T>
  }

  #heapOf({ stage }: T): ArrivalHeap<T> {
    if (stage === 'retry') return this.#retries
    return stage === 'failover' ? this.#failovers : this.#aside
  }

  #count(item: T, by: 1 | -1): void {
    if (item.stage === 'retry') return
    this.#queued += by
    this.#octets += by * this.#fields.size(item)
  }
}

const isFilled = (list: { readonly length: number }): boolean => list.length > 0
