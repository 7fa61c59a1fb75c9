/**
 * Numbers in a line: first in, first out, each step in constant time, memory in proportion to what waits.
 *
 * A NAS keeps its free identifiers in one, so that the least recently used one is taken next.
 */

export class NumberLine {
  #items: number[] = []
  #head = 0

  isEmpty(): boolean {
    return this.#head === this.#items.length
  }

  push(item: number): void {
    this.#items.push(item)
  }

  shift(): number {
    const item = this.#items[this.#head] as number
    this.#head += 1
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }
}
