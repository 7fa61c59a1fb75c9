/**
 * Whose turn it is: deficit round robin over those that have something waiting (Shreedhar and Varghese, 1996).
 *
 * A turn is as many messages as the weight says. Each message costs one, and the credit is the rest of the running turn. A new taker
 * comes last, without credit. A taker that leaves loses its credit. So nobody gains by sending in drips. All steps are O(1).
 */

/** One that may have turns. Only `RoundRobin` writes it. */
export interface Taker {
  readonly weight: number
  /** Messages left of its running turn. */
  credit: number
  /** Its neighbours in the ring; undefined while it has no turns. */
  next: this | undefined
  previous: this | undefined
}

export class RoundRobin<T extends Taker> {
  /** Whose turn it is. */
  #current: T | undefined = undefined

  /** Whose turn it is; undefined if nobody is in the ring. */
  get current(): T | undefined {
    return this.#current
  }

  /** It has something now: its turn comes after those of all others. */
  join(taker: T): void {
    const current = this.#current
    taker.credit = 0
    if (current === undefined) {
      taker.next = taker
      taker.previous = taker
      this.#begin(taker)
      return
    }
    const last = current.previous as T
    taker.previous = last
    taker.next = current
    last.next = taker
    current.previous = taker
  }

  /** It has nothing more, or may not go for a while. What was left of its turn is lost. */
  leave(taker: T): void {
    const { next, previous } = taker
    if (next === undefined || previous === undefined) throw new Error('round robin: it has no turn')
    taker.next = undefined
    taker.previous = undefined
    taker.credit = 0
    if (next === taker) {
      this.#current = undefined
      return
    }
    next.previous = previous
    previous.next = next
    if (this.#current === taker) this.#begin(next)
  }

  /** A message of the current one was served, and more of it waits. */
  spend(): void {
    const current = this.#current
    if (current === undefined) throw new Error('round robin: nobody is in the ring')
    current.credit -= 1
    if (current.credit <= 0) this.#begin(current.next as T)
  }

  *[Symbol.iterator](): Generator<T> {
    const first = this.#current
    if (first === undefined) return
    let taker: T | undefined = first
    do {
      const next: T | undefined = taker.next
      yield taker
      taker = next
    } while (taker !== undefined && taker !== first)
  }

  #begin(taker: T): void {
    this.#current = taker
    taker.credit += taker.weight
  }
}
