/**
 * A list as a chain through its items themselves: whoever waits allocates nothing.
 *
 * Both ends are at hand, and an item is put before another one, taken out or exchanged in O(1). The links are fields of
 * the item. An item that can be in several lists at once has a pair of links for each, and a `Chain` says which. The list
 * has no order of its own: it is that in which its user puts the items.
 */

/** Where an item has its links of one kind of list; only what orders items of that kind writes them. */
export interface Chain<T> {
  next(of: T): T | undefined
  previous(of: T): T | undefined
  setNext(of: T, next: T | undefined): void
  setPrevious(of: T, previous: T | undefined): void
  /** Whether it is in a list of that kind. */
  isLinked(of: T): boolean
  setLinked(of: T, isLinked: boolean): void
}

export class ChainedList<T> {
  readonly #chain: Chain<T>
  #first: T | undefined = undefined
  #last: T | undefined = undefined
  #length = 0

  constructor(chain: Chain<T>) {
    this.#chain = chain
  }

  get length(): number {
    return this.#length
  }

  first(): T | undefined {
    return this.#first
  }

  last(): T | undefined {
    return this.#last
  }

  append(item: T): void {
    this.putBefore(item, undefined)
  }

  /** Before `next`, which is in this list; at the end where it is undefined. */
  putBefore(item: T, next: T | undefined): void {
    const chain = this.#chain
    const previous = next === undefined ? this.#last : chain.previous(next)
    chain.setNext(item, next)
    chain.setPrevious(item, previous)
    chain.setLinked(item, true)
    if (previous === undefined) this.#first = item
    else chain.setNext(previous, item)
    if (next === undefined) this.#last = item
    else chain.setPrevious(next, item)
    this.#length += 1
  }

  /** Another one stands in the place of this one from now on. */
  replace(item: T, other: T): void {
    const next = this.#chain.next(item)
    this.remove(item)
    this.putBefore(other, next)
  }

  /** Takes it out; it must be in this list. */
  remove(item: T): void {
    const chain = this.#chain
    const next = chain.next(item)
    const previous = chain.previous(item)
    const isHere = previous === undefined ? this.#first === item : chain.next(previous) === item
    if (!isHere || (next === undefined && this.#last !== item)) {
      throw new Error('chained list: the message waits elsewhere')
    }
    if (previous === undefined) this.#first = next
    else chain.setNext(previous, next)
    if (next === undefined) this.#last = previous
    else chain.setPrevious(next, previous)
    chain.setNext(item, undefined)
    chain.setPrevious(item, undefined)
    chain.setLinked(item, false)
    this.#length -= 1
  }
}
