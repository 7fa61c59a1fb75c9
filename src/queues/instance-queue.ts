/**
 * The first level: every message enters here at the tail, and is served from here.
 *
 * What the server queues give back is older than anything else here and stands before it: by precedence and arrival
 * number that is the head (docs/throttling.md).
 */
import { CLASS_TRAITS, type TrafficClass } from '../classes.ts'
import { older } from './arrival-list.ts'
import type { Message, QueueFields } from './message.ts'
import { PriorityQueue, type ServiceOrder } from './priority-queue.ts'

/** Its server queue hears that the message was served, or left in another way. */
export const settlePromise = <T extends Message<T>>(item: T, { promoter }: QueueFields<T>): void => {
  const its = promoter.get(item)
  if (its === undefined) return
  its.settle(item)
  promoter.set(item, undefined)
}

export class InstanceQueue<T extends Message<T>> {
  readonly #waiting: PriorityQueue<T>
  readonly #fields: QueueFields<T>

  constructor(order: ServiceOrder, fields: QueueFields<T>) {
    this.#waiting = new PriorityQueue<T>(order, fields)
    this.#fields = fields
  }

  get queued(): number {
    return this.#waiting.queued
  }

  isEmpty(): boolean {
    return this.#waiting.isEmpty()
  }

  has(item: T): boolean {
    return item.queue === this.#waiting
  }

  set order(order: ServiceOrder) {
    this.#waiting.order = order
  }

  /** Whether an older first transmission of the same preference waits here. */
  hasOlderThan(item: T): boolean {
    const oldest = this.#waiting.oldestOf(this.#fields.preference(item))
    return oldest !== undefined && oldest.arrival < item.arrival
  }

  /** The oldest of a class that was never sent. */
  oldestFresh(trafficClass: TrafficClass): T | undefined {
    const { plain, withState } = CLASS_TRAITS[trafficClass].preference
    return older(this.#waiting.oldestOf(plain), this.#waiting.oldestOf(withState))
  }

  put(item: T): void {
    this.#waiting.put(item)
  }

  /** Takes who is to be served next. */
  removeNext(): T | undefined {
    const next = this.#waiting.next(true)
    if (next !== undefined) this.remove(next)
    return next
  }

  remove(item: T): void {
    this.#waiting.remove(item)
    settlePromise(item, this.#fields)
  }
}
