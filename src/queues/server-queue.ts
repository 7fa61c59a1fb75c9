/**
 * The second level: what waits for one server and class, because a slot is used up or no identifier is free.
 *
 * It gives back as many messages as can go now, into the instance queue. They are older than what waits there, so they stand at
 * its head. What was given back and is not served yet is remembered, so that a slot is promised only once.
 */
import type { Instant } from '../units.ts'
import type { Message, Promoter, QueueFields } from './message.ts'
import { PriorityQueue, type QueueOrder } from './priority-queue.ts'

export interface Room {
  /** Quota left in this slot; Infinity if unlimited. */
  readonly quota: number
  readonly identifiers: number
}

export class ServerQueue<T extends Message<T>> implements Promoter<T> {
  readonly isDissolving = false
  readonly waiting: PriorityQueue<T>
  readonly #fields: QueueFields<T>
  /** Given back and not yet served: what they will take of the room. */
  #promisedQuota = 0
  #promisedIdentifiers = 0
  #settled: Set<ServerQueue<T>> | undefined = undefined
  /** In its place where it gives away what other servers get. */
  readonly #dissolving: Promoter<T> = {
    isDissolving: true,
    promise: (item) => this.promise(item),
    settle: (item) => this.settle(item),
  }

  constructor(order: QueueOrder, fields: QueueFields<T>) {
    this.waiting = new PriorityQueue<T>(order, fields)
    this.#fields = fields
  }

  /** An empty one like it, for what comes after its messages went elsewhere. */
  successor(): ServerQueue<T> {
    return new ServerQueue<T>(this.waiting.order, this.#fields)
  }

  /** How many were given back and are not served yet. */
  get promised(): number {
    return this.#promisedQuota
  }

  /** All that waits is of clients that may send no more in their slots: none of it waits for the server. */
  restsAt(now: Instant): boolean {
    return (this.waiting.restsUntil() ?? 0) > now
  }

  /** Moves what can go now to the instance queue; answers how many. With `now`, clients' own rates count. */
  promote(room: Room, to: PriorityQueue<T>, now?: Instant): number {
    return this.#giveBack(room, to, this, now)
  }

  /** The same for a server that lives no more, or for none: so many go to whatever server they are given. */
  dissolve(atMost: number, to: PriorityQueue<T>): number {
    return this.#giveBack({ quota: atMost, identifiers: atMost }, to, this.#dissolving)
  }

  #giveBack(room: Room, to: PriorityQueue<T>, promoter: Promoter<T>, now?: Instant): number {
    let promoted = 0
    while (this.#promisedQuota < room.quota) {
      const next = this.waiting.takeNext(this.#promisedIdentifiers < room.identifiers, now)
      if (next === undefined) break
      this.promise(next)
      this.#fields.promoter.set(next, promoter)
      to.put(next)
      promoted += 1
    }
    return promoted
  }

  /** From now on it enters itself there whenever something that it gave back was served. */
  tellOfSettled(settled: Set<ServerQueue<T>>): void {
    this.#settled = settled
  }

  promise(item: T): void {
    this.#promise(item, 1)
  }

  settle(item: T): void {
    this.#settled?.add(this)
    this.#promise(item, -1)
  }

  #promise(item: T, by: 1 | -1): void {
    this.#promisedQuota += by
    if (item.stage !== 'retry') this.#promisedIdentifiers += by
    const allowance = item.stage === 'fresh' ? this.#fields.allowance(item) : undefined
    if (allowance !== undefined) allowance.promised += by
  }
}
