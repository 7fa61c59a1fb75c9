/**
 * Short texts in one piece of memory, as chains of blocks. So a million texts are no objects for the garbage collector, and
 * a block that is free fits any text.
 *
 *     block k, 64 octets:  | 60 octets of text | number of the next block, 0 at the end |
 *
 * Blocks are numbered from 1. Memory that was never written costs nothing: the system provides it when it is touched.
 */

/** One line of the processor's cache. The key of most sessions fits into one block. */
const BLOCK = 64
const CONTENT = 60
const WORDS = BLOCK / 4
const LINK = WORDS - 1

export class TextBlocks {
  readonly #octets: Uint8Array
  readonly #words: Uint32Array
  readonly #most: number
  /** Never used so far: all from this number on. */
  #fresh = 1
  #freed = 0
  #used = 0

  constructor(most: number) {
    const memory = new ArrayBuffer((most + 1) * BLOCK)
    this.#octets = new Uint8Array(memory)
    this.#words = new Uint32Array(memory)
    this.#most = most
  }

  hasRoomFor(length: number): boolean {
    return this.#used + Math.ceil(length / CONTENT) <= this.#most
  }

  /** Keeps the first `length` octets, one at least; returns the number of the first block. There must be room. */
  put(text: Uint8Array, length: number): number {
    let next = 0
    for (let from = Math.floor((length - 1) / CONTENT) * CONTENT; from >= 0; from -= CONTENT) {
      const block = this.#allocate()
      const base = block * BLOCK
      const to = Math.min(length, from + CONTENT)
      for (let i = from; i < to; i += 1) this.#octets[base + i - from] = text[i]!
      this.#words[block * WORDS + LINK] = next
      next = block
    }
    return next
  }

  /** Whether the text that begins at `block` begins with the first `length` octets of `text`. */
  startsWith(block: number, text: Uint8Array, length: number): boolean {
    const octets = this.#octets
    let current = block
    for (let from = 0; from < length; from += CONTENT) {
      const base = current * BLOCK
      const to = Math.min(length, from + CONTENT)
      for (let i = from; i < to; i += 1) if (octets[base + i - from] !== text[i]) return false
      current = this.#words[current * WORDS + LINK]!
    }
    return true
  }

  /** The whole text that begins at `block`, `length` octets long. */
  read(block: number, length: number): Uint8Array {
    const text = new Uint8Array(length)
    let current = block
    for (let from = 0; from < length; from += CONTENT) {
      const base = current * BLOCK
      text.set(this.#octets.subarray(base, base + Math.min(CONTENT, length - from)), from)
      current = this.#words[current * WORDS + LINK]!
    }
    return text
  }

  release(first: number): void {
    let block = first
    while (block !== 0) {
      const next = this.#words[block * WORDS + LINK]!
      this.#words[block * WORDS + LINK] = this.#freed
      this.#freed = block
      this.#used -= 1
      block = next
    }
  }

  #allocate(): number {
    this.#used += 1
    const freed = this.#freed
    if (freed !== 0) {
      this.#freed = this.#words[freed * WORDS + LINK]!
      return freed
    }
    return this.#fresh++
  }
}
