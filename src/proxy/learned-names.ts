/**
 * Names that one engine has learned, in a bounded set: beyond the bound the oldest is forgotten.
 *
 * The order of learning is a ring of names: who is oldest is not looked for in the set, which keeps the places of those
 * that left for a while.
 */
import type { Learned } from './ports.ts'

export class LearnedNames implements Learned {
  readonly #names = new Set<string>()
  /** In the order of learning, once around: the oldest is where the next one goes. */
  readonly #ring: string[] = []
  #next = 0
  readonly #atMost: number

  /** `atMost` names, at least 1. */
  constructor(atMost: number) {
    this.#atMost = atMost
  }

  get size(): number {
    return this.#names.size
  }

  has(name: string): boolean {
    return this.#names.has(name)
  }

  add(name: string): void {
    if (this.#names.has(name)) return
    const oldest = this.#ring[this.#next]
    if (oldest !== undefined) this.#names.delete(oldest)
    this.#names.add(name)
    this.#ring[this.#next] = name
    this.#next = (this.#next + 1) % this.#atMost
  }
}
