/**
 * Seeded randomness: the same seed gives the same numbers on every machine.
 *
 * Each part of a world draws from a stream of its own, named after it. If one part draws more often, the others still see
 * the same numbers. The generator is sfc32 (Chris Doty-Humphrey): small and fast. It is not for keys.
 */
import type { Randomness } from '../../proxy/border/ports.ts'

export class Random {
  readonly #name: string
  #a: number
  #b: number
  #c: number
  #counter = 1

  /** `seed` is any text or integer. */
  constructor(seed: string | number) {
    this.#name = String(seed)
    this.#a = hash(this.#name, 0x9e3779b9)
    this.#b = hash(this.#name, 0x243f6a88)
    this.#c = hash(this.#name, 0xb7e15162)
    for (let i = 0; i < 12; i += 1) this.next()
  }

  /** A stream of its own. The same name gives the same stream. */
  child(name: string | number): Random {
    return new Random(`${this.#name}/${name}`)
  }

  /** 32 bits. */
  next(): number {
    const result = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + result
    this.#c |= 0
    return result >>> 0
  }

  /** In [0, 1). */
  fraction(): number {
    return this.next() / 0x1_0000_0000
  }

  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1))
  }

  chance(probability: number): boolean {
    return probability > 0 && this.fraction() < probability
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.between(0, choices.length - 1)] as T
  }

  readonly fill: Randomness = (target) => {
    for (let i = 0; i < target.length; i += 1) target[i] = this.next() & 0xff
  }
}

/** FNV-1a with a start of its own. */
const hash = (text: string, start: number): number => {
  let value = start
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value | 0
}
