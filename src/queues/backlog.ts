/**
 * The bounds of one class: everything that waits, in the instance queue, in server queues or parked, counted together.
 *
 * Count, octets and age are limited. When something more comes than fits, the overflow policy names who is shed; when
 * something has waited too long, it expires, oldest first. The backlog only names them: the engine ends them.
 */
import { after, type Duration, type Instant } from '../units.ts'
import { ArrivalList } from './arrival-list.ts'
import { type Chain, ChainedList } from './chained-list.ts'

export type OverflowPolicy = 'drop_newest' | 'drop_oldest' | 'shed_interim_first'

export interface BacklogLimits {
  /** At least 1. */
  readonly maxMessages: number
  readonly maxBytes: number
  /** A message older than this expires unsent. */
  readonly maxAge: Duration
  readonly overflow: OverflowPolicy
}

export interface Aging<T> {
  readonly receivedAt: Instant
  readonly size: number
  readonly arrival: number
  readonly isInterim: boolean
  /** Its place among all that wait in its class. */
  nextByAge: T | undefined
  previousByAge: T | undefined
  isInBacklog: boolean
  /** A newer record of its session waits that says all that it says; written by the backlog alone. */
  isOutdated: boolean
  /** Its place among the interim updates, for those that are. */
  nextInterim: T | undefined
  previousInterim: T | undefined
}

const byAge = <T extends Aging<T>>(): Chain<T> => ({
  next: (of) => of.nextByAge,
  previous: (of) => of.previousByAge,
  setNext: (of, next) => {
    of.nextByAge = next
  },
  setPrevious: (of, previous) => {
    of.previousByAge = previous
  },
  isLinked: (of) => of.isInBacklog,
  setLinked: (of, isLinked) => {
    of.isInBacklog = isLinked
  },
})

/** Who is in this list is in the other one too, and so can't be in two. */
const amongInterims = <T extends Aging<T>>(): Chain<T> => ({
  next: (of) => of.nextInterim,
  previous: (of) => of.previousInterim,
  setNext: (of, next) => {
    of.nextInterim = next
  },
  setPrevious: (of, previous) => {
    of.previousInterim = previous
  },
  isLinked: () => false,
  setLinked: () => undefined,
})

export class Backlog<T extends Aging<T>> {
  #limits: BacklogLimits
  readonly #byAge = new ArrivalList<T>(byAge())
  /** Those that are not outdated in the order of arrival, the others in the order in which they became it. */
  readonly #interims = new ArrivalList<T>(amongInterims())
  readonly #outdated = new ChainedList<T>(amongInterims())
  #octets = 0

  constructor(limits: BacklogLimits) {
    this.#limits = limits
  }

  get messages(): number {
    return this.#byAge.length
  }

  get octets(): number {
    return this.#octets
  }

  get limits(): BacklogLimits {
    return this.#limits
  }

  change(limits: BacklogLimits): void {
    this.#limits = limits
  }

  /** The oldest of those that came in the order of arrival, which are all that were never sent. */
  firstInOrder(): T | undefined {
    return this.#byAge.firstInOrder()
  }

  /** Who follows this one of them. */
  nextInOrder(item: T): T | undefined {
    return this.#byAge.nextInOrder(item)
  }

  has(item: T): boolean {
    return item.isInBacklog
  }

  oldest(): T | undefined {
    return this.#byAge.first()
  }

  enter(item: T): void {
    this.#byAge.insert(item)
    if (item.isInterim) this.#interims.insert(item)
    this.#octets += item.size
  }

  leave(item: T): void {
    this.#byAge.remove(item)
    if (item.isOutdated) this.#outdated.remove(item)
    else if (item.isInterim) this.#interims.remove(item)
    item.isOutdated = false
    this.#octets -= item.size
  }

  /** Another one of the same kind and arrival number waits in the place of this one. */
  replace(item: T, other: T): void {
    this.#byAge.replace(item, other)
    if (item.isInterim) this.#interims.replace(item, other)
    this.#octets += other.size - item.size
  }

  /** A newer record of its session waits: this interim update is the first to be shed. */
  outdate(item: T): void {
    if (!item.isInterim || item.isOutdated || !item.isInBacklog) return
    this.#interims.remove(item)
    item.isOutdated = true
    this.#outdated.append(item)
  }

  /** Which bound is passed, if any. */
  overflow(): 'queue-messages' | 'queue-bytes' | undefined {
    if (this.#byAge.length > this.#limits.maxMessages) return 'queue-messages'
    return this.#octets > this.#limits.maxBytes ? 'queue-bytes' : undefined
  }

  /** Who is shed next by the policy; asked again until `overflow` answers undefined. */
  victim(): T | undefined {
    switch (this.#limits.overflow) {
      case 'drop_newest':
        return this.#byAge.last()
      case 'drop_oldest':
        return this.#byAge.first()
      case 'shed_interim_first':
        // What a record that waits says too; then the oldest interim, whose figures the session's next record will have.
        return this.#outdated.first() ?? this.#interims.first() ?? this.#byAge.last()
    }
  }

  /** The oldest message where it has waited longer than max-age. */
  overdue(now: Instant): T | undefined {
    const oldest = this.#byAge.first()
    return oldest !== undefined && this.isOverdue(oldest, now) ? oldest : undefined
  }

  /** Whether a message has waited longer than max-age. */
  isOverdue(item: T, now: Instant): boolean {
    return now > after(item.receivedAt, this.#limits.maxAge)
  }

  /** When the oldest message becomes overdue. */
  nextWakeAt(): Instant | undefined {
    const oldest = this.#byAge.first()
    return oldest === undefined ? undefined : after(after(oldest.receivedAt, this.#limits.maxAge), 1 as Duration)
  }
}
