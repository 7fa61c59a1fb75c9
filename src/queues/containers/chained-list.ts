/**
 * A list as a chain through its items themselves: waiting allocates nothing.
 *
 * An item is put at the end or before another one, taken out or exchanged in O(1). The links are fields of the item. An item that
 * can be in several lists at once has a pair of links for each, and a `Chain` says which.
 */

/** Where an item has its links of one kind of list. Only such lists write them. */
export interface Chain<T> {
  next(of: T): T | undefined
  previous(of: T): T | undefined
  setNext(of: T, next: T | undefined): void
  setPrevious(of: T, previous: T | undefined): void
  isLinked(of: T): boolean
  /** It is in the list, between these two. */
  link(of: T, previous: T | undefined, next: T | undefined): void
  /** It is in no list of that kind, and has no neighbours. */
  unlink(of: T): void
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

  /** Before `next`, which is in this list; at the end without. */
  putBefore(item: T, next: T | undefined): void {
    const chain = this.#chain
    const previous = next === undefined ? this.#last : chain.previous(next)
    chain.link(item, previous, next)
    if (previous === undefined) this.#first = item
    else chain.setNext(previous, item)
    if (next === undefined) this.#last = item
    else chain.setPrevious(next, item)
    this.#length += 1
  }

  replace(item: T, other: T): void {
    const next = this.#chain.next(item)
    this.remove(item)
    this.putBefore(other, next)
  }

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
    chain.unlink(item)
    this.#length -= 1
  }

  *[Symbol.iterator](): Generator<T> {
    for (let item = this.#first; item !== undefined; item = this.#chain.next(item)) yield item
  }
}
