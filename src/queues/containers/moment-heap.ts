/**
 * Things by a number, for example the moment at which each is due: the lowest is found in one step.
 *
 * A thing is in it once; if it is put again, it moves. Equal ones are told apart by a second number, the thing's own, so the order
 * is the same in every run. Putting, moving and taking out cost the logarithm of how many are in it.
 */

export class MomentHeap<T> {
  readonly #ownNumber: (item: T) => number
  readonly #items: T[] = []
  readonly #moments: number[] = []
  readonly #places = new Map<T, number>()

  constructor(ownNumber: (item: T) => number) {
    this.#ownNumber = ownNumber
  }

  get size(): number {
    return this.#items.length
  }

  has(item: T): boolean {
    return this.#places.has(item)
  }

  first(): T | undefined {
    return this.#items[0]
  }

  /** Its number; Infinity if there is none. */
  get firstAt(): number {
    return this.#moments[0] ?? Number.POSITIVE_INFINITY
  }

  put(item: T, moment: number): void {
    const place = this.#places.get(item)
    if (place !== undefined && this.#moments[place] === moment) return
    if (place === undefined) this.#rise(this.#items.length, item, moment)
    else if (moment < this.#moments[place]!) this.#rise(place, item, moment)
    else this.#sink(place, item, moment)
  }

  remove(item: T): void {
    const place = this.#places.get(item)
    if (place === undefined) return
    this.#places.delete(item)
    const moved = this.#items.pop() as T
    const moment = this.#moments.pop() as number
    if (moved === item) return
    this.#sink(place, moved, moment)
    if (this.#items[place] === moved) this.#rise(place, moved, moment)
  }

  shift(): T | undefined {
    const first = this.#items[0]
    if (first !== undefined) this.remove(first)
    return first
  }

  clear(): void {
    this.#items.length = 0
    this.#moments.length = 0
    this.#places.clear()
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#items.values()
  }

  #rise(from: number, item: T, moment: number): void {
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      if (!this.#isBefore(item, moment, above)) break
      this.#set(place, this.#items[above] as T, this.#moments[above]!)
      place = above
    }
    this.#set(place, item, moment)
  }

  #sink(from: number, item: T, moment: number): void {
    let place = from
    for (;;) {
      let below = 2 * place + 1
      if (below >= this.#items.length) break
      const right = below + 1
      if (right < this.#items.length && this.#isBefore(this.#items[right] as T, this.#moments[right]!, below)) {
        below = right
      }
      if (this.#isBefore(item, moment, below)) break
      this.#set(place, this.#items[below] as T, this.#moments[below]!)
      place = below
    }
    this.#set(place, item, moment)
  }

  #isBefore(item: T, moment: number, place: number): boolean {
    const other = this.#moments[place]!
    return moment < other || (moment === other && this.#ownNumber(item) < this.#ownNumber(this.#items[place] as T))
  }

  #set(place: number, item: T, moment: number): void {
    this.#items[place] = item
    this.#moments[place] = moment
    this.#places.set(item, place)
  }
}
