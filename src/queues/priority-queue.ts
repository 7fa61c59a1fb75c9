/**
 * Who goes next: messages that wait in one place, in the order of precedence.
 *
 * With `authentication_first` and `fair`: due retries and failover copies by arrival number, then Access-Requests with State, then
 * Access-Requests, then accounting. Within each of these three, `authentication_first` has the order of arrival, and in `fair` the
 * clients have turns. With `fifo` only age counts. In any order the records that a living server left unanswered go last. The
 * instance queue and every server queue are such queues, so precedence holds in both levels (docs/throttling.md).
 */
import type { Instant } from '../units.ts'
import { older } from './arrival-list.ts'
import { MomentHeap } from './containers/moment-heap.ts'
import { FreshMessages, PREFERENCES } from './fresh-messages.ts'
import type { Message, QueueFields } from './message.ts'

export type ServiceOrder = 'authentication_first' | 'fifo'

/** `fair` is `authentication_first` with turns of the clients. */
export type QueueOrder = ServiceOrder | 'fair'

const arrivalOf = ({ arrival }: { readonly arrival: number }): number => arrival

export class PriorityQueue<T extends Message<T>> {
  #order: QueueOrder
  readonly #fields: QueueFields<T>
  readonly fresh: FreshMessages<T>
  /** What was sent before, by arrival number: it comes in any order. */
  readonly #retries = new MomentHeap<T>(arrivalOf)
  readonly #failovers = new MomentHeap<T>(arrivalOf)
  readonly #aside = new MomentHeap<T>(arrivalOf)
  /** Messages and octets, without retries: those are outstanding, not queued. */
  #queued = 0
  #octets = 0

  constructor(order: QueueOrder, fields: QueueFields<T>) {
    this.#order = order
    this.#fields = fields
    this.fresh = new FreshMessages<T>(order === 'fair', fields)
  }

  get order(): QueueOrder {
    return this.#order
  }

  set order(order: QueueOrder) {
    this.#order = order
    this.fresh.setTurns(order === 'fair')
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
    if (item.stage === 'fresh') this.fresh.put(item)
    else this.#heapOf(item).put(item, item.arrival)
    this.#count(item, 1)
  }

  /** It leaves without its turn. If a server queue gave it back, that hears of it. */
  remove(item: T): void {
    if (item.queue !== this) throw new Error('priority queue: the message waits elsewhere')
    if (item.stage === 'fresh') this.fresh.remove(item)
    else this.#heapOf(item).remove(item)
    this.#left(item)
  }

  /** Another first transmission of the same preference, flow and arrival number takes its place. */
  replace(item: T, other: T): void {
    if (item.queue !== this) throw new Error('priority queue: the message waits elsewhere')
    const { promoter, size } = this.#fields
    this.fresh.replace(item, other)
    item.queue = undefined
    other.queue = this
    this.#octets += size(other) - size(item)
    const its = promoter.get(item)
    if (its === undefined) return
    promoter.set(other, its)
    promoter.set(item, undefined)
  }

  /**
   * Takes out the message that goes next. Without a free identifier it can only be a retry, since a retry holds its own. With `now`, it
   * is one whose client may send in this slot.
   */
  takeNext(identifierFree = true, now?: Instant): T | undefined {
    const next = this.#next(identifierFree, now)
    if (next === undefined) return undefined
    if (next.stage === 'fresh') this.fresh.take(next)
    else this.#heapOf(next).remove(next)
    this.#left(next)
    return next
  }

  /** Takes out the message that arrived first, retries included. If clients have turns, the one that goes next. */
  removeOldest(): T | undefined {
    if (this.#order === 'fair') return this.takeNext()
    const oldest = older(this.#retries.first(), this.oldest())
    if (oldest !== undefined) this.remove(oldest)
    return oldest
  }

  /**
   * Whether somebody in here goes before this message, which waits nowhere. `hadItsTurn`: it has waited in here before. With `now`,
   * only those count whose clients may send in this slot.
   */
  hasPrecedenceOver(item: T, hadItsTurn = false, now?: Instant): boolean {
    const sentBefore = this.#retries.size + this.#failovers.size
    if (this.#order === 'fair' && item.stage === 'fresh' && sentBefore === 0) {
      return this.fresh.hasTurnBefore(item, hadItsTurn)
    }
    const next = this.#next(true, now)
    if (next === undefined) return false
    const [first, second] = [this.#rank(next), this.#rank(item)]
    return first < second || (first === second && next.arrival < item.arrival)
  }

  /** When the first may go, if all that wait have clients that may send no more in this slot; undefined if others wait. */
  restsUntil(): Instant | undefined {
    const others = this.#retries.size + this.#failovers.size + this.#aside.size
    return others > 0 ? undefined : this.fresh.restsUntil()
  }

  /** The queued message that arrived first (retries are not queued). If clients have turns, it looks at each of them. */
  oldest(): T | undefined {
    return older(older(this.#failovers.first(), this.#aside.first()), this.fresh.oldest())
  }

  failovers(): Iterable<T> {
    return this.#failovers
  }

  #next(identifierFree: boolean, now?: Instant): T | undefined {
    const retry = this.#retries.first()
    if (!identifierFree) return retry
    const again = older(retry, this.#failovers.first())
    const next = this.#order === 'fifo' ? older(again, this.fresh.firstOfAll()) : (again ?? this.fresh.next(now))
    return next ?? this.#aside.first()
  }

  #rank(item: T): number {
    if (item.stage === 'aside') return PREFERENCES
    return item.stage === 'fresh' && this.#order !== 'fifo' ? this.#fields.preference(item) : -1
  }

  /** It is out of its list. */
  #left(item: T): void {
    item.queue = undefined
    this.#count(item, -1)
    const promoter = this.#fields.promoter.get(item)
    if (promoter === undefined) return
    promoter.settle(item)
    this.#fields.promoter.set(item, undefined)
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
