/**
 * The bounds of one class: all that waits, in the instance queue, in server queues, parked or set aside, counted together.
 *
 * Count, octets and age are limited. If too many wait, the overflow policy names who is shed, of the client that holds most; what
 * waited too long expires. The age of what was never sent counts from its arrival, so the oldest expires first. The age of a copy
 * counts from its client's latest retransmission, and so does that of a request whose own copies say how long its client waits
 * (`Patience`): each of those has a moment of its own. The backlog only names them: the register ends them.
 */
import { type Duration, earliest, type Instant, instant, micros, since } from '../units.ts'
import { ArrivalList } from './arrival-list.ts'
import { MomentHeap } from './containers/moment-heap.ts'
import { Holdings } from './holdings.ts'
import type { Message, QueueFields } from './message.ts'
import { worthUntil } from './patience.ts'

export type OverflowPolicy = 'drop_newest' | 'drop_oldest' | 'shed_interim_first'

/** Of all that waits of one class: instance queue, server queues, parked and set aside together. */
export interface BacklogLimits {
  /** At least 1. */
  readonly maxMessages: number
  readonly maxBytes: number
  /** A message older than this expires unsent. */
  readonly maxAge: Duration
  /**
   * `max_age: auto`: a request whose copies say how long its client waits expires just before the next one is due, and no later than
   * this after it began to wait. `maxAge` is for the others.
   */
  readonly maxAgeMost?: Duration
  readonly overflow: OverflowPolicy
}

/** How old what waits is. */
export interface BacklogAge {
  /** 0 if nothing waits. */
  readonly oldestAge: Duration
  /**
   * Of the time that a message may wait, what is over, of the first to expire or of the one that is there for longest: 0, also if
   * nothing waits, to 1, and more until it is ended.
   */
  readonly ageShare: number
}

interface Excess<T> {
  readonly victim: T
  readonly reason: 'queue-messages' | 'queue-bytes'
}

export class Backlog<T extends Message<T>> {
  #limits: BacklogLimits
  readonly #fields: QueueFields<T>
  /** What was never sent, in the order of arrival, and what has a moment of its own: each message is in one of the two. */
  readonly #byAge: ArrivalList<T>
  readonly #renewed: ArrivalList<T>
  /** When each of these becomes overdue, as far as was known when that was last looked at. */
  readonly #ages = new MomentHeap<T>(({ arrival }) => arrival)
  readonly holdings: Holdings<T>
  #octets = 0

  constructor(limits: BacklogLimits, fields: QueueFields<T>, isFair = false) {
    this.#limits = limits
    this.#fields = fields
    this.#byAge = new ArrivalList<T>(fields.byAge)
    this.#renewed = new ArrivalList<T>(fields.byAge)
    this.holdings = new Holdings<T>(fields, isFair)
  }

  get messages(): number {
    return this.#byAge.length + this.#renewed.length
  }

  get octets(): number {
    return this.#octets
  }

  get limits(): BacklogLimits {
    return this.#limits
  }

  set limits(limits: BacklogLimits) {
    const { maxAge, maxAgeMost } = this.#limits
    this.#limits = limits
    if (limits.maxAge === maxAge && limits.maxAgeMost === maxAgeMost) return
    for (const item of this.#renewed) this.#ages.put(item, this.#overdueAt(item))
  }

  /** Of those that were never sent and have no moment of their own, in the order of arrival: who follows this one, or the first. */
  nextInOrder(item?: T): T | undefined {
    return this.#byAge.nextInOrder(item)
  }

  has(item: T): boolean {
    return this.#fields.byAge.isLinked(item)
  }

  /**
   * Of the oldest. Where max-age is a number, that is the first to expire. With `auto` a younger message may expire first, and who has
   * come first is the oldest.
   */
  age(now: Instant): BacklogAge {
    const [oldest, copy, longest] = [this.#byAge.first(), this.#firstRenewedToExpire(), this.#renewed.first()]
    const from =
      this.#limits.maxAgeMost === undefined
        ? earliest(copy === undefined ? undefined : this.#fields.agesFrom(copy), oldest?.receivedAt)
        : earliest(longest?.receivedAt, oldest?.receivedAt)
    return {
      oldestAge: from === undefined ? micros(0) : since(from, now),
      // With `auto` the first to expire may be of a client that sends each instant, and has hardly begun to wait.
      ageShare: Math.max(...[oldest, copy, longest].map((item) => this.#ageShare(item, now))),
    }
  }

  enter(item: T): void {
    if (item.stage !== 'fresh' || this.#hasPatience(item)) this.#enterRenewed(item)
    else this.#byAge.insert(item)
    this.holdings.enter(item)
    this.#octets += this.#fields.size(item)
  }

  leave(item: T): void {
    if (this.#ages.has(item)) {
      this.#renewed.remove(item)
      this.#ages.remove(item)
    } else this.#byAge.remove(item)
    this.holdings.leave(item)
    this.#octets -= this.#fields.size(item)
  }

  /** A copy of a message that waits has come: it may wait for longer, or for less. */
  renew(item: T): void {
    if (!this.has(item) || !this.#hasPatience(item)) return
    if (this.#ages.has(item)) this.#ages.put(item, this.#overdueAt(item))
    else {
      this.#byAge.remove(item)
      this.#enterRenewed(item)
    }
  }

  /** Another one of the same kind and arrival number takes its place. */
  replace(item: T, other: T): void {
    this.#byAge.replace(item, other)
    this.holdings.replace(item, other)
    this.#octets += this.#fields.size(other) - this.#fields.size(item)
  }

  /** If more waits than may: who is shed next by the policy, and why. Asked again until it answers undefined. */
  excess(): Excess<T> | undefined {
    if (this.messages > this.#limits.maxMessages) return this.#victim('queue-messages')
    return this.#octets > this.#limits.maxBytes ? this.#victim('queue-bytes') : undefined
  }

  /** A message that has waited for too long; asked again until it answers undefined. */
  overdue(now: Instant): T | undefined {
    const oldest = this.#byAge.first()
    if (oldest !== undefined && this.isOverdue(oldest, now)) return oldest
    if (this.#ages.firstAt > now) return undefined
    const copy = this.#firstRenewedToExpire()
    return copy !== undefined && this.isOverdue(copy, now) ? copy : undefined
  }

  /** Whether a message waits, and has done so for too long. */
  isOverdue(item: T, now: Instant): boolean {
    return this.has(item) && now >= this.#overdueAt(item)
  }

  /** No later than the next message becomes overdue. */
  nextWakeAt(): Instant | undefined {
    const oldest = this.#byAge.first()
    const copyAt = this.#ages.size === 0 ? undefined : instant(this.#ages.firstAt)
    return earliest(oldest === undefined ? undefined : this.#overdueAt(oldest), copyAt)
  }

  #victim(reason: 'queue-messages' | 'queue-bytes'): Excess<T> | undefined {
    const by = reason === 'queue-messages' ? 'messages' : 'octets'
    const victim = this.#victimBy(by)
    return victim === undefined ? undefined : { victim, reason }
  }

  #victimBy(by: 'messages' | 'octets'): T | undefined {
    switch (this.#limits.overflow) {
      case 'drop_newest':
        return this.holdings.newest(by)
      case 'drop_oldest':
        return this.holdings.oldest(by)
      case 'shed_interim_first':
        // First what a waiting record says too, then the oldest interim: the session's next record will have its figures.
        return this.holdings.interim() ?? this.holdings.newest(by)
    }
  }

  /** From this moment on the message has waited for too long, by what is known of its client now. */
  #overdueAt(item: T): Instant {
    const { agesFrom, patience } = this.#fields
    const { maxAge, maxAgeMost } = this.#limits
    if (maxAgeMost === undefined) return instant(agesFrom(item) + maxAge + 1)
    const { stage, receivedAt } = item
    const what = { wasSent: stage !== 'fresh', patience: patience(item), agesFrom: agesFrom(item), receivedAt }
    return instant(worthUntil(what, this.#limits) + 1)
  }

  /** How much of the time that it may wait is over. */
  #ageShare(item: T | undefined, now: Instant): number {
    if (item === undefined) return 0
    const from = this.#fields.agesFrom(item)
    return since(from, now) / Math.max(1, this.#overdueAt(item) - 1 - from)
  }

  #hasPatience(item: T): boolean {
    return this.#limits.maxAgeMost !== undefined && this.#fields.patience(item) !== undefined
  }

  #enterRenewed(item: T): void {
    this.#renewed.insert(item)
    this.#ages.put(item, this.#overdueAt(item))
  }

  /** If its client has sent it again, it has more time than was known. */
  #firstRenewedToExpire(): T | undefined {
    for (let item = this.#ages.first(); item !== undefined; item = this.#ages.first()) {
      const overdueAt = this.#overdueAt(item)
      if (overdueAt <= this.#ages.firstAt) return item
      this.#ages.put(item, overdueAt)
    }
    return undefined
  }
}
