/**
 * The second level: what waits for one server and class, because a slot is used up or no identifier is free.
 *
 * It gives back as many messages as can go now, into the instance queue. They are older than what waits there, so they stand at
 * its head. What was given back and is not served yet is remembered, so that a slot is promised only once.
 */
import type { Message, Promoter, QueueFields, Stage } from './message.ts'
import { PriorityQueue, type ServiceOrder } from './priority-queue.ts'

export interface Room {
  /** Quota left in this slot; Infinity if unlimited. */
  readonly quota: number
  readonly identifiers: number
}

export class ServerQueue<T extends Message<T>> implements Promoter {
  readonly waiting: PriorityQueue<T>
  readonly #fields: QueueFields<T>
  /** Given back and not yet served: what they will take of the room. */
  #promisedQuota = 0
  #promisedIdentifiers = 0
  #settled: Set<ServerQueue<T>> | undefined = undefined

  constructor(order: ServiceOrder, fields: QueueFields<T>) {
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

  /** Moves what can go now to the instance queue; answers how many. */
  promote(room: Room, to: PriorityQueue<T>): number {
    let promoted = 0
    while (this.#promisedQuota < room.quota) {
      const next = this.waiting.next(this.#promisedIdentifiers < room.identifiers)
      if (next === undefined) break
      this.waiting.remove(next)
      this.#promisedQuota += 1
      if (next.stage !== 'retry') this.#promisedIdentifiers += 1
      this.#fields.promoter.set(next, this)
      to.put(next)
      promoted += 1
    }
    return promoted
  }

  /** From now on it enters itself there whenever something that it gave back was served. */
  tellOfSettled(settled: Set<ServerQueue<T>>): void {
    this.#settled = settled
  }

  settle(item: { readonly stage: Stage }): void {
    this.#settled?.add(this)
    this.#promisedQuota -= 1
    if (item.stage !== 'retry') this.#promisedIdentifiers -= 1
  }
}
