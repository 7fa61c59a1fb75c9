/**
 * The first level: every message enters here at the tail, and is served from here.
 *
 * What the server queues give back is older than anything else here and stands before it: by precedence and arrival
 * number that is the head (docs/throttling.md).
 */
import { CLASS_TRAITS, type TrafficClass } from '../classes.ts'
import { older } from './arrival-list.ts'
import { PriorityQueue, type Promotable, type ServiceOrder } from './priority-queue.ts'

export class InstanceQueue<T extends Promotable<T>> {
  readonly #waiting: PriorityQueue<T>

  constructor(order: ServiceOrder) {
    this.#waiting = new PriorityQueue<T>(order)
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

  setOrder(order: ServiceOrder): void {
    this.#waiting.setOrder(order)
  }

  /** Whether an older first transmission of the same preference waits here. */
  hasOlderThan({ preference, arrival }: T): boolean {
    const oldest = this.#waiting.oldestOf(preference)
    return oldest !== undefined && oldest.arrival < arrival
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
    item.promotedBy?.settle(item)
    item.promotedBy = undefined
  }
}
