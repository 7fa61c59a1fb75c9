/**
 * First in, first out: each step in constant time, memory in proportion to what waits.
 */

/** Slots of items that have left, beyond which the array is cut. */
const SLACK = 1_024

export class Fifo<T> {
  #items: T[] = []
  #head = 0

  get size(): number {
    return this.#items.length - this.#head
  }

  push(item: T): void {
    this.#items.push(item)
  }

  /** The oldest, of one that is not empty. */
  shift(): T {
    const item = this.#items[this.#head] as T
    this.#head += 1
    if (this.#head > SLACK && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  /** All that wait, oldest first. */
  all(): T[] {
    return this.#items.slice(this.#head)
  }

  clear(): void {
    this.#items = []
    this.#head = 0
  }
}
