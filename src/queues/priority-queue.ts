/**
 * Who goes next: messages that wait in one place, in the order of precedence.
 *
 * With `authentication_first`: due retries and failover copies by arrival number, then Access-Requests with State, then
 * Access-Requests, then accounting, each in the order of arrival. With `fifo` only age counts. In either order the records that
 * a living server left unanswered go last. The instance queue and every server queue are such queues, so precedence holds in
 * both levels (docs/throttling.md).
 */
import { CLASS_TRAITS, TRAFFIC_CLASSES } from '../classes.ts'
import { ArrivalList, older } from './arrival-list.ts'
import { MomentHeap } from './containers/moment-heap.ts'
import type { Message, QueueFields } from './message.ts'

export type ServiceOrder = 'authentication_first' | 'fifo'

/** How many preferences there are among messages that were never sent. */
const PREFERENCES = 1 + Math.max(...TRAFFIC_CLASSES.map((each) => CLASS_TRAITS[each].preference.plain))

const arrivalOf = ({ arrival }: { readonly arrival: number }): number => arrival

export class PriorityQueue<T extends Message<T>> {
  order: ServiceOrder
  readonly #fields: QueueFields<T>
  /** What was sent before, by arrival number: it comes in any order. */
  readonly #retries = new MomentHeap<T>(arrivalOf)
  readonly #failovers = new MomentHeap<T>(arrivalOf)
  readonly #aside = new MomentHeap<T>(arrivalOf)
  /** By preference. */
  readonly #fresh: readonly ArrivalList<T>[]
  /** Messages and octets, without retries: those are outstanding, not queued. */
  #queued = 0
  #octets = 0

  constructor(order: ServiceOrder, fields: QueueFields<T>) {
    this.order = order
    this.#fields = fields
    this.#fresh = Array.from({ length: PREFERENCES }, () => new ArrivalList<T>(fields.inQueue))
  }

  get queued(): number {
    return this.#queued
  }

  get octets(): number {
    return this.#octets
  }

  get retries(): number {
    return this.#retries.size
  }

  isEmpty(): boolean {
    return this.#queued === 0 && this.#retries.size === 0
  }

  put(item: T): void {
    if (item.queue !== undefined) throw new Error('priority queue: a message cannot wait in two places')
    item.queue = this
    if (item.stage === 'fresh') this.#freshOf(item).insert(item)
    else this.#heapOf(item).put(item, item.arrival)
    this.#count(item, 1)
  }

  /** If a server queue gave it back, that hears of it. */
  remove(item: T): void {
    if (item.queue !== this) throw new Error('priority queue: the message waits elsewhere')
    item.queue = undefined
    if (item.stage === 'fresh') this.#freshOf(item).remove(item)
    else this.#heapOf(item).remove(item)
    this.#count(item, -1)
    const promoter = this.#fields.promoter.get(item)
    if (promoter === undefined) return
    promoter.settle(item)
    this.#fields.promoter.set(item, undefined)
  }

  /** Another first transmission of the same preference and arrival number takes its place. */
  replace(item: T, other: T): void {
    if (item.queue !== this) throw new Error('priority queue: the message waits elsewhere')
    const { promoter, size } = this.#fields
    this.#freshOf(item).replace(item, other)
    item.queue = undefined
    other.queue = this
    this.#octets += size(other) - size(item)
    const its = promoter.get(item)
    if (its === undefined) return
    promoter.set(other, its)
    promoter.set(item, undefined)
  }

  /** Who goes next. Without a free identifier only a retry can, since it holds its own. */
  next(identifierFree = true): T | undefined {
    const retry = this.#retries.first()
    if (!identifierFree) return retry
    const again = older(retry, this.#failovers.first())
    const next =
      this.order === 'fifo' ? older(again, this.oldestFresh()) : (again ?? this.#fresh.find(isFilled)?.first())
    return next ?? this.#aside.first()
  }

  removeNext(): T | undefined {
    const next = this.next()
    if (next !== undefined) this.remove(next)
    return next
  }

  /** Takes out who arrived first, retries included. */
  removeOldest(): T | undefined {
    const oldest = older(this.#retries.first(), this.oldest())
    if (oldest !== undefined) this.remove(oldest)
    return oldest
  }

  hasPrecedenceOver(item: T): boolean {
    const next = this.next()
    if (next === undefined) return false
    const [first, second] = [this.#rank(next), this.#rank(item)]
    return first < second || (first === second && next.arrival < item.arrival)
  }

  /** The queued message that arrived first (retries are not queued). */
  oldest(): T | undefined {
    return older(older(this.#failovers.first(), this.#aside.first()), this.oldestFresh())
  }

  /** The oldest message that was never sent, of all or of one preference. */
  oldestFresh(preference?: number): T | undefined {
    if (preference !== undefined) return this.#fresh[preference]?.first()
    let oldest: T | undefined
    for (const list of this.#fresh) oldest = older(oldest, list.first())
    return oldest
  }

  failovers(): Iterable<T> {
    return this.#failovers
  }

  #rank(item: T): number {
    if (item.stage === 'aside') return PREFERENCES
    return item.stage === 'fresh' && this.order !== 'fifo' ? this.#fields.preference(item) : -1
  }

  #freshOf(item: T): ArrivalList<T> {
    return this.#fresh[this.#fields.preference(item)] as ArrivalList<T>
  }

  #heapOf({ stage }: T): MomentHeap<T> {
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
