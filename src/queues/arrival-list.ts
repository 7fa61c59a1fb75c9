/**
 * Messages in the order of arrival, through links of their own: waiting allocates nothing, in whatever order they come.
 *
 * Arrival numbers rise, so nearly every message goes to the tail, the head, or beside the one before it: O(1) in a chained list,
 * from which any message can leave in O(1). A message that comes back into the middle (failover, a Down server's queue) stands in
 * a search tree beside the list, by the same links, in O(log n).
 */
import { ArrivalTree } from './arrival-tree.ts'
import { type Chain, ChainedList } from './containers/chained-list.ts'

/** Places behind the last one put in the middle that are looked at, for two orders that are merged into one. */
const NEAR = 8

export class ArrivalList<T extends { readonly arrival: number }> {
  readonly #chain: Chain<T>
  readonly #inOrder: ChainedList<T>
  /** Made when the first one comes back: there may be a list for each client, and most have none. */
  #cameBack: ArrivalTree<T> | undefined = undefined
  /** The last one put into the list, but at its tail. */
  #finger: T | undefined = undefined

  constructor(chain: Chain<T>) {
    this.#chain = chain
    this.#inOrder = new ChainedList<T>(chain)
  }

  get length(): number {
    return this.#inOrder.length + (this.#cameBack?.size ?? 0)
  }

  first(): T | undefined {
    const first = this.#inOrder.first()
    return this.#cameBack === undefined ? first : older(first, this.#cameBack.first())
  }

  last(): T | undefined {
    const last = this.#inOrder.last()
    const other = this.#cameBack?.last()
    return last === undefined || (other !== undefined && other.arrival > last.arrival) ? other : last
  }

  /** Of those that came in the order of arrival, as all do for the first time: who follows this one, or the first. */
  nextInOrder(item?: T): T | undefined {
    return item === undefined ? this.#inOrder.first() : this.#chain.next(item)
  }

  insert(item: T): void {
    if (this.#chain.isLinked(item)) throw new Error('arrival list: a message cannot wait in two places')
    const [first, last] = [this.#inOrder.first(), this.#inOrder.last()]
    if (first === undefined || last === undefined || last.arrival < item.arrival) {
      this.#inOrder.append(item)
      return
    }
    const next = item.arrival < first.arrival ? first : this.#nextNearby(item)
    if (next === undefined) {
      this.#cameBack ??= new ArrivalTree<T>(this.#chain)
      this.#cameBack.put(item)
      return
    }
    this.#inOrder.putBefore(item, next)
    this.#finger = item
  }

  /** Another one of the same arrival number takes its place. */
  replace(item: T, other: T): void {
    if (this.#cameBack?.tryReplace(item, other) === true) return
    this.#inOrder.replace(item, other)
    if (this.#finger === item) this.#finger = other
  }

  remove(item: T): void {
    if (this.#cameBack?.tryRemove(item) === true) return
    const previous = this.#chain.previous(item)
    this.#inOrder.remove(item)
    if (this.#finger === item) this.#finger = previous
  }

  *[Symbol.iterator](): Generator<T> {
    let item = this.#inOrder.first()
    for (const other of this.#cameBack ?? []) {
      for (; item !== undefined && item.arrival < other.arrival; item = this.#chain.next(item)) yield item
      yield other
    }
    for (; item !== undefined; item = this.#chain.next(item)) yield item
  }

  /** Who stands behind it in the list, if its place is a few steps behind the finger, or behind the head. */
  #nextNearby(item: T): T | undefined {
    let before = this.#finger
    if (before === undefined || item.arrival < before.arrival) before = this.#inOrder.first()
    let next = before === undefined ? undefined : this.#chain.next(before)
    for (let steps = 1; steps < NEAR && next !== undefined && next.arrival < item.arrival; steps += 1) {
      next = this.#chain.next(next)
    }
    return next !== undefined && item.arrival < next.arrival ? next : undefined
  }
}

export const older = <T extends { readonly arrival: number }>(a: T | undefined, b: T | undefined): T | undefined =>
  a === undefined ? b : b === undefined || a.arrival < b.arrival ? a : b
