/**
 * A list in the order of arrival: a chain through the messages themselves.
 *
 * Arrival numbers rise, so a new message goes to the tail in O(1), one that comes back goes to the head in O(1), and any
 * message can leave from the middle in O(1) (superseded, expired, shed). The chain's links are fields of the message:
 * waiting allocates nothing. A message that can be in several lists at once has a pair of links for each, and a `Chain`
 * says which.
 */

/** Where a message has its links of one kind of list; only lists of that kind write them. */
export interface Chain<T> {
  next(of: T): T | undefined
  previous(of: T): T | undefined
  setNext(of: T, next: T | undefined): void
  setPrevious(of: T, previous: T | undefined): void
  /** Whether it is in a list of that kind. */
  isLinked(of: T): boolean
  setLinked(of: T, isLinked: boolean): void
}

export class ArrivalList<T extends { readonly arrival: number }> {
  readonly #chain: Chain<T>
  #first: T | undefined = undefined
  #last: T | undefined = undefined
  /** The last one put in the middle: many that come in the order of arrival are merged in one walk. */
  #finger: T | undefined = undefined
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

  /** Puts it in its place: at the tail where it is the newest, else looked for from the finger or the head. */
  insert(item: T): void {
    if (this.#chain.isLinked(item)) throw new Error('arrival list: a message cannot wait in two places')
    if (this.#last === undefined || this.#last.arrival < item.arrival) {
      this.#putBefore(item, undefined)
      return
    }
    let next = this.#finger !== undefined && this.#finger.arrival < item.arrival ? this.#finger : this.#first
    while (next !== undefined && next.arrival < item.arrival) next = this.#chain.next(next)
    this.#putBefore(item, next)
    this.#finger = item
  }

  /** Puts it at the tail, whenever it arrived: for a list in another order than that of arrival. */
  append(item: T): void {
    this.#putBefore(item, undefined)
  }

  /** Another one of the same arrival number stands in the place of this one from now on. */
  replace(item: T, other: T): void {
    const next = this.#chain.next(item)
    this.remove(item)
    this.#putBefore(other, next)
  }

  /** Takes it out; it must be in this list. */
  remove(item: T): void {
    const chain = this.#chain
    const next = chain.next(item)
    const previous = chain.previous(item)
    const isHere = previous === undefined ? this.#first === item : chain.next(previous) === item
    if (!isHere || (next === undefined && this.#last !== item)) {
      throw new Error('arrival list: the message waits elsewhere')
    }
    if (this.#finger === item) this.#finger = previous
    if (previous === undefined) this.#first = next
    else chain.setNext(previous, next)
    if (next === undefined) this.#last = previous
    else chain.setPrevious(next, previous)
    chain.setNext(item, undefined)
    chain.setPrevious(item, undefined)
    chain.setLinked(item, false)
    this.#length -= 1
  }

  shift(): T | undefined {
    const first = this.#first
    if (first !== undefined) this.remove(first)
    return first
  }

  /** From the oldest to the newest. */
  *[Symbol.iterator](): Generator<T> {
    for (let item = this.#first; item !== undefined; item = this.#chain.next(item)) yield item
  }

  #putBefore(item: T, next: T | undefined): void {
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
}
