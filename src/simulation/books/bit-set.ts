/**
 * A set of small non-negative integers, one bit for each up to the largest: the serials of a world's messages.
 */

export class BitSet {
  #words = new Uint32Array(1024)

  add(member: number): void {
    const at = member >>> 5
    if (at >= this.#words.length) {
      const longer = new Uint32Array(Math.max(at + 1, this.#words.length * 2))
      longer.set(this.#words)
      this.#words = longer
    }
    this.#words[at] = (this.#words[at] ?? 0) | (1 << (member & 31))
  }

  copy(): BitSet {
    const other = new BitSet()
    other.#words = this.#words.slice()
    return other
  }

  get size(): number {
    return this.#words.reduce((count, word) => count + ones(word), 0)
  }

  /** How many are members here and not there. */
  countWithout(other: BitSet): number {
    return this.#words.reduce((count, word, at) => count + ones(word & ~(other.#words[at] ?? 0)), 0)
  }
}

/** Set bits of 32: pairs, fours, eights, then the sum of the octets by one multiplication. */
const ones = (word: number): number => {
  let left = word - ((word >>> 1) & 0x5555_5555)
  left = (left & 0x3333_3333) + ((left >>> 2) & 0x3333_3333)
  return Math.imul((left + (left >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24
}
