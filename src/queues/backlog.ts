/**
 * The bounds of one class: all that waits, in the instance queue, in server queues, parked or set aside, counted together.
 *
 * Count, octets and age are limited. If too many wait, the overflow policy names who is shed; what waited too long expires. The age
 * of what was never sent counts from its arrival, so the oldest expires first. The age of a copy counts from its client's latest
 * retransmission, so each has a moment of its own. The backlog only names them: the register ends them.
 */
import { after, type Duration, earliest, type Instant, instant } from '../units.ts'
import { ArrivalList, older } from './arrival-list.ts'
import { ChainedList } from './containers/chained-list.ts'
import { MomentHeap } from './containers/moment-heap.ts'
import type { Message, QueueFields } from './message.ts'

export type OverflowPolicy = 'drop_newest' | 'drop_oldest' | 'shed_interim_first'

/** Of all that waits of one class: instance queue, server queues, parked and set aside together. */
export interface BacklogLimits {
  /** At least 1. */
  readonly maxMessages: number
  readonly maxBytes: number
  /** A message older than this expires unsent. */
  readonly maxAge: Duration
  readonly overflow: OverflowPolicy
}

export class Backlog<T extends Message<T>> {
  #limits: BacklogLimits
  readonly #fields: QueueFields<T>
  /** What was never sent, and copies: each message is in one of the two. */
  readonly #byAge: ArrivalList<T>
  readonly #copies: ArrivalList<T>
  /** When each copy becomes overdue, as far as was known when that was last looked at. */
  readonly #ages = new MomentHeap<T>(({ arrival }) => arrival)
  /** Those that are not outdated in the order of arrival, the others in the order in which they became it. */
  readonly #interims: ArrivalList<T>
  readonly #outdated: ChainedList<T>
  #octets = 0

  constructor(limits: BacklogLimits, fields: QueueFields<T>) {
    this.#limits = limits
    this.#fields = fields
    this.#byAge = new ArrivalList<T>(fields.byAge)
    this.#copies = new ArrivalList<T>(fields.byAge)
    this.#interims = new ArrivalList<T>(fields.amongInterims)
    this.#outdated = new ChainedList<T>(fields.amongInterims)
  }

  get messages(): number {
    return this.#byAge.length + this.#copies.length
  }

  get octets(): number {
    return this.#octets
  }

  get limits(): BacklogLimits {
    return this.#limits
  }

  set limits(limits: BacklogLimits) {
    const isOther = limits.maxAge !== this.#limits.maxAge
    this.#limits = limits
    if (isOther) for (const item of this.#copies) this.#ages.put(item, this.#overdueAt(item))
  }

  /** Of those that were never sent, in the order of arrival: who follows this one, or the first. */
  nextInOrder(item?: T): T | undefined {
    return this.#byAge.nextInOrder(item)
  }

  has(item: T): boolean {
    return this.#fields.byAge.isLinked(item)
  }

  /** When the age of the first to expire began to count; undefined if nothing waits. */
  agesFrom(): Instant | undefined {
    const oldest = this.#byAge.first()
    const copy = this.#firstCopyToExpire()
    return earliest(copy === undefined ? undefined : this.#fields.agesFrom(copy), oldest?.receivedAt)
  }

  enter(item: T): void {
    if (isCopy(item)) {
      this.#copies.insert(item)
      this.#ages.put(item, this.#overdueAt(item))
    } else this.#byAge.insert(item)
    if (this.#fields.isInterim(item)) this.#interims.insert(item)
    this.#octets += this.#fields.size(item)
  }

  leave(item: T): void {
    if (isCopy(item)) {
      this.#copies.remove(item)
      this.#ages.remove(item)
    } else this.#byAge.remove(item)
    const { isInterim, isOutdated } = this.#fields
    if (isOutdated.get(item)) this.#outdated.remove(item)
    else if (isInterim(item)) this.#interims.remove(item)
    isOutdated.set(item, false)
    this.#octets -= this.#fields.size(item)
  }

  /** Another one of the same kind and arrival number takes its place. */
  replace(item: T, other: T): void {
    this.#byAge.replace(item, other)
    if (this.#fields.isInterim(item)) this.#interims.replace(item, other)
    this.#octets += this.#fields.size(other) - this.#fields.size(item)
  }

  /** A newer record of its session waits: this interim update is the first to be shed. */
  outdate(item: T): void {
    const { isInterim, isOutdated } = this.#fields
    if (!isInterim(item) || isOutdated.get(item) || !this.has(item)) return
    this.#interims.remove(item)
    isOutdated.set(item, true)
    this.#outdated.append(item)
  }

  overflow(): 'queue-messages' | 'queue-bytes' | undefined {
    if (this.messages > this.#limits.maxMessages) return 'queue-messages'
    return this.#octets > this.#limits.maxBytes ? 'queue-bytes' : undefined
  }

  /** Who is shed next by the policy; asked again until `overflow` answers undefined. */
  victim(): T | undefined {
    switch (this.#limits.overflow) {
      case 'drop_newest':
        return this.#newest()
      case 'drop_oldest':
        return older(this.#byAge.first(), this.#copies.first())
      case 'shed_interim_first':
        // First what a waiting record says too, then the oldest interim: the session's next record will have its figures.
        return this.#outdated.first() ?? this.#interims.first() ?? this.#newest()
    }
  }

  /** A message that has waited longer than max-age; asked again until it answers undefined. */
  overdue(now: Instant): T | undefined {
    const oldest = this.#byAge.first()
    if (oldest !== undefined && this.isOverdue(oldest, now)) return oldest
    if (this.#ages.firstAt > now) return undefined
    const copy = this.#firstCopyToExpire()
    return copy !== undefined && this.isOverdue(copy, now) ? copy : undefined
  }

  /** Whether a message waits, and has done so for longer than max-age. */
  isOverdue(item: T, now: Instant): boolean {
    return this.has(item) && now >= this.#overdueAt(item)
  }

  /** No later than the next message becomes overdue. */
  nextWakeAt(): Instant | undefined {
    const oldest = this.#byAge.first()
    const copyAt = this.#ages.size === 0 ? undefined : instant(this.#ages.firstAt)
    return earliest(oldest === undefined ? undefined : this.#overdueAt(oldest), copyAt)
  }

  #newest(): T | undefined {
    const [fresh, copy] = [this.#byAge.last(), this.#copies.last()]
    return fresh !== undefined && older(fresh, copy) === fresh ? (copy ?? fresh) : (fresh ?? copy)
  }

  /** If its client has sent it again, a copy has more time than was known. */
  #firstCopyToExpire(): T | undefined {
    for (let item = this.#ages.first(); item !== undefined; item = this.#ages.first()) {
      const overdueAt = this.#overdueAt(item)
      if (overdueAt <= this.#ages.firstAt) return item
      this.#ages.put(item, overdueAt)
    }
    return undefined
  }

  #overdueAt(item: T): Instant {
    return after(after(this.#fields.agesFrom(item), this.#limits.maxAge), 1 as Duration)
  }
}

/** It was sent before. Constant while it is in the backlog. */
const isCopy = ({ stage }: Message<unknown>): boolean => stage !== 'fresh'
