/**
 * Memory that both this thread and the kernel read and write: one buffer that never moves, dealt out once, and numbers in it.
 *
 * An "at" is an offset in it; the kernel wants addresses, which are 64 bits, in two words.
 */

const ALIGNMENT = 8
const WORD = 4
const WORD_RANGE = 0x1_0000_0000

export class Memory {
  readonly buffer: ArrayBuffer
  readonly octets: Uint8Array
  readonly words: Int32Array
  readonly #base: number
  #used = 0

  /** `base` is the address of the first octet of `buffer`, whose length is a multiple of 8. */
  constructor(buffer: ArrayBuffer, base: number) {
    this.buffer = buffer
    this.octets = new Uint8Array(buffer)
    this.words = new Int32Array(buffer)
    this.#base = base
  }

  /** Room for so many octets, at a multiple of 8; it is never given back. */
  deal(octets: number): number {
    const at = this.#used
    this.#used += Math.ceil(octets / ALIGNMENT) * ALIGNMENT
    if (this.#used > this.buffer.byteLength) throw new Error('batched transport: its memory is dealt out')
    return at
  }

  address(at: number): number {
    return this.#base + at
  }

  view(at: number, length: number): Uint8Array {
    return new Uint8Array(this.buffer, at, length)
  }

  word(at: number): number {
    return this.words[at / WORD] as number
  }

  setWord(at: number, value: number): void {
    this.words[at / WORD] = value
  }

  /** A number of 64 bits that is no negative one. `| 0` takes its lower 32 bits; `%` would be a call for each number. */
  setLong(at: number, value: number): void {
    this.words[at / WORD] = value | 0
    this.words[at / WORD + 1] = (value / WORD_RANGE) | 0
  }

  /** `at` holds the address of `target`. */
  setPointer(at: number, target: number): void {
    this.setLong(at, this.#base + target)
  }

  copyWords(from: number, to: number, octets: number): void {
    this.words.copyWithin(to / WORD, from / WORD, (from + octets) / WORD)
  }
}
