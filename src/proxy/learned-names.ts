/**
 * Names that one engine has learned, in a bounded set: beyond the bound the oldest is forgotten.
 */
import type { Learned } from './ports.ts'

export class LearnedNames implements Learned {
  /** In the order of learning. */
  readonly #names = new Set<string>()
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
    this.#names.add(name)
    if (this.#names.size <= this.#atMost) return
    for (const oldest of this.#names) {
      this.#names.delete(oldest)
      return
    }
  }
}
