/**
 * The first level: every message enters here at the tail, and is served from here.
 *
 * What the server queues give back is older than anything else here and stands before it: by precedence and arrival
 * number that is the head (docs/throttling.md).
 */
import { CLASS_TRAITS, type TrafficClass } from '../classes.ts'
import { older } from './arrival-list.ts'
import { type Promotable, type ServiceOrder, WaitingLine } from './waiting-line.ts'

export class InstanceQueue<T extends Promotable<T>> {
  readonly #line: WaitingLine<T>

  constructor(order: ServiceOrder) {
    this.#line = new WaitingLine<T>(order)
  }

  get queued(): number {
    return this.#line.queued
  }

  isEmpty(): boolean {
    return this.#line.isEmpty()
  }

  has(item: T): boolean {
    return item.line === this.#line
  }

  changeOrder(order: ServiceOrder): void {
    this.#line.changeOrder(order)
  }

  /** Whether an older first transmission of the same preference waits here. */
  hasOlderThan({ preference, arrival }: T): boolean {
    const oldest = this.#line.oldestOf(preference)
    return oldest !== undefined && oldest.arrival < arrival
  }

  /** The oldest of a class that was never sent. */
  oldestFresh(trafficClass: TrafficClass): T | undefined {
    const { plain, withState } = CLASS_TRAITS[trafficClass].preference
    return older(this.#line.oldestOf(plain), this.#line.oldestOf(withState))
  }

  put(item: T): void {
    this.#line.put(item)
  }

  /** Takes who is to be served next. */
  takeNext(): T | undefined {
    const next = this.#line.next(true)
    if (next !== undefined) this.remove(next)
    return next
  }

  remove(item: T): void {
    this.#line.remove(item)
    item.promotedBy?.settle(item)
    item.promotedBy = undefined
  }
}
