/**
 * A waiting line in the order of ranks; of equals, who came first goes first. A heap, in which what left stays until it is met.
 */
interface Place<T> {
  readonly rank: number
  readonly number: number
  readonly item: T
}

export class Line<T> {
  readonly #heap: Place<T>[] = []
  readonly #isHere: (item: T) => boolean
  #entered = 0

  /** `isHere`: whether an item still waits. */
  constructor(isHere: (item: T) => boolean) {
    this.#isHere = isHere
  }

  enter(item: T, rank: number): void {
    const place = { rank, number: this.#entered, item }
    this.#entered += 1
    let at = this.#heap.length
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = this.#heap[above] as Place<T>
      if (isBefore(parent, place)) break
      this.#heap[at] = parent
      at = above
    }
    this.#heap[at] = place
  }

  /** Takes out the first that still waits. */
  next(): T | undefined {
    while (this.#heap.length > 0) {
      const { item } = this.#pop()
      if (this.#isHere(item)) return item
    }
    return undefined
  }

  #pop(): Place<T> {
    const first = this.#heap[0] as Place<T>
    const last = this.#heap.pop() as Place<T>
    if (last === first) return first
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      const left = this.#heap[below]
      if (left === undefined) break
      const right = this.#heap[below + 1]
      if (right !== undefined && isBefore(right, left)) below += 1
      const child = this.#heap[below] as Place<T>
      if (isBefore(last, child)) break
      this.#heap[at] = child
      at = below
    }
    this.#heap[at] = last
    return first
  }
}

const isBefore = <T>(a: Place<T>, b: Place<T>): boolean => a.rank < b.rank || (a.rank === b.rank && a.number < b.number)
