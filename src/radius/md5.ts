/**
 * MD5 (RFC 1321) and HMAC-MD5 (RFC 2104), the two functions that every RADIUS packet costs.
 *
 * A call into node:crypto costs several times as much as hashing 200 octets here. Nothing is allocated between `begin` and
 * `finishInto`, and the two HMAC states of a key are computed once. All callers are synchronous, so one `md5` serves them
 * all: each hash is finished before the next one begins. It works on machines of either byte order.
 */

const BLOCK = 64

/** The words of the block at hand; filled by `compress` from octets, least significant first. */
const words = new Int32Array(16)

/** An HMAC key as the two states that follow its inner and its outer padded block. */
export class HmacKey {
  readonly inner = new Int32Array(4)
  readonly outer = new Int32Array(4)

  /** Any number of octets; keys over 64 are hashed first (RFC 2104 section 2). */
  constructor(key: Uint8Array) {
    const block = new Uint8Array(BLOCK)
    if (key.length > BLOCK) new Md5().begin().add(key).finishInto(block, 0)
    else block.set(key)
    for (let i = 0; i < BLOCK; i += 1) block[i]! ^= 0x36
    setInitial(this.inner)
    compress(this.inner, block, 0)
    for (let i = 0; i < BLOCK; i += 1) block[i]! ^= 0x36 ^ 0x5c
    setInitial(this.outer)
    compress(this.outer, block, 0)
  }
}

/** One hash at a time: `begin` or `beginHmac`, any number of `add` (below 2^28 octets in all), `finishInto`. */
export class Md5 {
  readonly #state = new Int32Array(4)
  readonly #block = new Uint8Array(BLOCK)
  readonly #inner = new Uint8Array(16)
  #key: HmacKey | undefined
  #filled = 0
  #length = 0

  begin(): this {
    setInitial(this.#state)
    this.#key = undefined
    this.#filled = 0
    this.#length = 0
    return this
  }

  beginHmac(key: HmacKey): this {
    this.begin()
    copyState(key.inner, this.#state)
    this.#key = key
    this.#length = BLOCK
    return this
  }

  /** Octets `from` (inclusive) to `to` (exclusive). */
  add(bytes: Uint8Array, from = 0, to = bytes.length): this {
    const block = this.#block
    let at = from
    let filled = this.#filled
    this.#length += to - from
    if (filled > 0) {
      while (filled < BLOCK && at < to) block[filled++] = bytes[at++]!
      if (filled < BLOCK) {
        this.#filled = filled
        return this
      }
      compress(this.#state, block, 0)
    }
    for (; at + BLOCK <= to; at += BLOCK) compress(this.#state, bytes, at)
    filled = 0
    while (at < to) block[filled++] = bytes[at++]!
    this.#filled = filled
    return this
  }

  /** Writes the 16 octets of the digest, or of the HMAC where `beginHmac` began it, to `target` from `at` on. */
  finishInto(target: Uint8Array, at: number): void {
    const key = this.#key
    if (key === undefined) {
      this.#closeInto(target, at)
      return
    }
    this.#closeInto(this.#inner, 0)
    copyState(key.outer, this.#state)
    this.#filled = 0
    this.#length = BLOCK
    this.add(this.#inner)
    this.#closeInto(target, at)
  }

  #closeInto(target: Uint8Array, at: number): void {
    const block = this.#block
    let filled = this.#filled
    block[filled++] = 0x80
    if (filled > BLOCK - 8) {
      while (filled < BLOCK) block[filled++] = 0
      compress(this.#state, block, 0)
      filled = 0
    }
    while (filled < BLOCK) block[filled++] = 0
    writeWord(this.#length << 3, block, BLOCK - 8)
    compress(this.#state, block, 0)
    for (let i = 0; i < 4; i += 1) writeWord(this.#state[i]! | 0, target, at + 4 * i)
  }
}

export const md5 = new Md5()

/** Whether 16 octets are the same. It takes the same time wherever they differ, so an attacker learns nothing. */
export function sameSixteen(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): boolean {
  let difference = 0
  for (let i = 0; i < 16; i += 1) difference |= a[aAt + i]! ^ b[bAt + i]!
  return difference === 0
}

function copyState(from: Int32Array, to: Int32Array): void {
  for (let i = 0; i < 4; i += 1) to[i] = from[i]!
}

/** Least significant octet first. */
function writeWord(word: number, target: Uint8Array, at: number): void {
  target[at] = word
  target[at + 1] = word >>> 8
  target[at + 2] = word >>> 16
  target[at + 3] = word >>> 24
}

function setInitial(state: Int32Array): void {
  state[0] = 0x67452301
  state[1] = 0xefcdab89
  state[2] = 0x98badcfe
  state[3] = 0x10325476
}

/** The constant of each step, by RFC 1321 section 3.4: 2^32 times |sin(step)| without its fraction, steps from 1 on. */
const SINES = Int32Array.from({ length: 64 }, (_, i) => Math.floor(2 ** 32 * Math.abs(Math.sin(i + 1))))

const rotated = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

/**
 * One block of 64 octets into the state: the four rounds of 16 steps of RFC 1321 section 3.4. Four steps are written out, so
 * that the words change their places without being moved. Each step waits for the word that the step before it made, which is
 * only in the mixed words in the middle. So these are added last: the other sum is ready by then. `| 0` keeps every sum a 32-bit
 * integer for the compiler.
 */
function compress(state: Int32Array, bytes: Uint8Array, at: number): void {
  const w = words
  for (let i = 0, j = at; i < 16; i += 1, j += 4) {
    w[i] = bytes[j]! | (bytes[j + 1]! << 8) | (bytes[j + 2]! << 16) | (bytes[j + 3]! << 24)
  }
  let a = state[0]!
  let b = state[1]!
  let c = state[2]!
  let d = state[3]!
  for (let i = 0; i < 16; i += 4) {
    a = (rotated((((a + w[i]! + SINES[i]!) | 0) + (((c ^ d) & b) ^ d)) | 0, 7) + b) | 0
    d = (rotated((((d + w[i + 1]! + SINES[i + 1]!) | 0) + (((b ^ c) & a) ^ c)) | 0, 12) + a) | 0
    c = (rotated((((c + w[i + 2]! + SINES[i + 2]!) | 0) + (((a ^ b) & d) ^ b)) | 0, 17) + d) | 0
    b = (rotated((((b + w[i + 3]! + SINES[i + 3]!) | 0) + (((d ^ a) & c) ^ a)) | 0, 22) + c) | 0
  }
  for (let i = 16; i < 32; i += 4) {
    a = (rotated((((a + w[(5 * i + 1) & 15]! + SINES[i]!) | 0) + ((b & d) | (c & ~d))) | 0, 5) + b) | 0
    d = (rotated((((d + w[(5 * i + 6) & 15]! + SINES[i + 1]!) | 0) + ((a & c) | (b & ~c))) | 0, 9) + a) | 0
    c = (rotated((((c + w[(5 * i + 11) & 15]! + SINES[i + 2]!) | 0) + ((d & b) | (a & ~b))) | 0, 14) + d) | 0
    b = (rotated((((b + w[(5 * i) & 15]! + SINES[i + 3]!) | 0) + ((c & a) | (d & ~a))) | 0, 20) + c) | 0
  }
  for (let i = 32; i < 48; i += 4) {
    a = (rotated((((a + w[(3 * i + 5) & 15]! + SINES[i]!) | 0) + (c ^ d ^ b)) | 0, 4) + b) | 0
    d = (rotated((((d + w[(3 * i + 8) & 15]! + SINES[i + 1]!) | 0) + (b ^ c ^ a)) | 0, 11) + a) | 0
    c = (rotated((((c + w[(3 * i + 11) & 15]! + SINES[i + 2]!) | 0) + (a ^ b ^ d)) | 0, 16) + d) | 0
    b = (rotated((((b + w[(3 * i + 14) & 15]! + SINES[i + 3]!) | 0) + (d ^ a ^ c)) | 0, 23) + c) | 0
  }
  for (let i = 48; i < 64; i += 4) {
    a = (rotated((((a + w[(7 * i) & 15]! + SINES[i]!) | 0) + (c ^ (b | ~d))) | 0, 6) + b) | 0
    d = (rotated((((d + w[(7 * i + 7) & 15]! + SINES[i + 1]!) | 0) + (b ^ (a | ~c))) | 0, 10) + a) | 0
    c = (rotated((((c + w[(7 * i + 14) & 15]! + SINES[i + 2]!) | 0) + (a ^ (d | ~b))) | 0, 15) + d) | 0
    b = (rotated((((b + w[(7 * i + 5) & 15]! + SINES[i + 3]!) | 0) + (d ^ (c | ~a))) | 0, 21) + c) | 0
  }
  state[0] = state[0]! + a
  state[1] = state[1]! + b
  state[2] = state[2]! + c
  state[3] = state[3]! + d
}
