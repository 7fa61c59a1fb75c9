/**
 * MD5 (RFC 1321) and HMAC-MD5 (RFC 2104), the two functions that every RADIUS packet costs.
 *
 * A call into node:crypto costs several times as much as hashing 200 octets here. The 64 steps are written out on a plain
 * Int32Array, nothing is allocated between `begin` and `finish`, and the two HMAC states of a key are computed once. All
 * callers are synchronous, so one `md5` serves them all: each hash is finished before the next one begins. It works on
 * machines of either byte order.
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

  /** As `add` of so many zero octets, at most 64. */
  addZeros(count: number): this {
    return this.add(ZEROS, 0, count)
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
    for (let i = 0; i < 4; i += 1) writeWord(this.#state[i]!, target, at + 4 * i)
  }
}

const ZEROS = new Uint8Array(BLOCK)

/** The one hash of all callers: whoever begins it finishes it before anyone else begins. */
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

/** One block of 64 octets into the state: RFC 1321 section 3.4, its four rounds of 16 steps written out. */
function compress(state: Int32Array, bytes: Uint8Array, at: number): void {
  const w = words
  for (let i = 0, j = at; i < 16; i += 1, j += 4) {
    w[i] = bytes[j]! | (bytes[j + 1]! << 8) | (bytes[j + 2]! << 16) | (bytes[j + 3]! << 24)
  }
  let a = state[0]!
  let b = state[1]!
  let c = state[2]!
  let d = state[3]!
  let t = 0
  t = (a + (((c ^ d) & b) ^ d) + w[0]! - 680876936) | 0
  a = (((t << 7) | (t >>> 25)) + b) | 0
  t = (d + (((b ^ c) & a) ^ c) + w[1]! - 389564586) | 0
  d = (((t << 12) | (t >>> 20)) + a) | 0
  t = (c + (((a ^ b) & d) ^ b) + w[2]! + 606105819) | 0
  c = (((t << 17) | (t >>> 15)) + d) | 0
  t = (b + (((d ^ a) & c) ^ a) + w[3]! - 1044525330) | 0
  b = (((t << 22) | (t >>> 10)) + c) | 0
  t = (a + (((c ^ d) & b) ^ d) + w[4]! - 176418897) | 0
  a = (((t << 7) | (t >>> 25)) + b) | 0
  t = (d + (((b ^ c) & a) ^ c) + w[5]! + 1200080426) | 0
  d = (((t << 12) | (t >>> 20)) + a) | 0
  t = (c + (((a ^ b) & d) ^ b) + w[6]! - 1473231341) | 0
  c = (((t << 17) | (t >>> 15)) + d) | 0
  t = (b + (((d ^ a) & c) ^ a) + w[7]! - 45705983) | 0
  b = (((t << 22) | (t >>> 10)) + c) | 0
  t = (a + (((c ^ d) & b) ^ d) + w[8]! + 1770035416) | 0
  a = (((t << 7) | (t >>> 25)) + b) | 0
  t = (d + (((b ^ c) & a) ^ c) + w[9]! - 1958414417) | 0
  d = (((t << 12) | (t >>> 20)) + a) | 0
  t = (c + (((a ^ b) & d) ^ b) + w[10]! - 42063) | 0
  c = (((t << 17) | (t >>> 15)) + d) | 0
  t = (b + (((d ^ a) & c) ^ a) + w[11]! - 1990404162) | 0
  b = (((t << 22) | (t >>> 10)) + c) | 0
  t = (a + (((c ^ d) & b) ^ d) + w[12]! + 1804603682) | 0
  a = (((t << 7) | (t >>> 25)) + b) | 0
  t = (d + (((b ^ c) & a) ^ c) + w[13]! - 40341101) | 0
  d = (((t << 12) | (t >>> 20)) + a) | 0
  t = (c + (((a ^ b) & d) ^ b) + w[14]! - 1502002290) | 0
  c = (((t << 17) | (t >>> 15)) + d) | 0
  t = (b + (((d ^ a) & c) ^ a) + w[15]! + 1236535329) | 0
  b = (((t << 22) | (t >>> 10)) + c) | 0
  t = (a + (((b ^ c) & d) ^ c) + w[1]! - 165796510) | 0
  a = (((t << 5) | (t >>> 27)) + b) | 0
  t = (d + (((a ^ b) & c) ^ b) + w[6]! - 1069501632) | 0
  d = (((t << 9) | (t >>> 23)) + a) | 0
  t = (c + (((d ^ a) & b) ^ a) + w[11]! + 643717713) | 0
  c = (((t << 14) | (t >>> 18)) + d) | 0
  t = (b + (((c ^ d) & a) ^ d) + w[0]! - 373897302) | 0
  b = (((t << 20) | (t >>> 12)) + c) | 0
  t = (a + (((b ^ c) & d) ^ c) + w[5]! - 701558691) | 0
  a = (((t << 5) | (t >>> 27)) + b) | 0
  t = (d + (((a ^ b) & c) ^ b) + w[10]! + 38016083) | 0
  d = (((t << 9) | (t >>> 23)) + a) | 0
  t = (c + (((d ^ a) & b) ^ a) + w[15]! - 660478335) | 0
  c = (((t << 14) | (t >>> 18)) + d) | 0
  t = (b + (((c ^ d) & a) ^ d) + w[4]! - 405537848) | 0
  b = (((t << 20) | (t >>> 12)) + c) | 0
  t = (a + (((b ^ c) & d) ^ c) + w[9]! + 568446438) | 0
  a = (((t << 5) | (t >>> 27)) + b) | 0
  t = (d + (((a ^ b) & c) ^ b) + w[14]! - 1019803690) | 0
  d = (((t << 9) | (t >>> 23)) + a) | 0
  t = (c + (((d ^ a) & b) ^ a) + w[3]! - 187363961) | 0
  c = (((t << 14) | (t >>> 18)) + d) | 0
  t = (b + (((c ^ d) & a) ^ d) + w[8]! + 1163531501) | 0
  b = (((t << 20) | (t >>> 12)) + c) | 0
  t = (a + (((b ^ c) & d) ^ c) + w[13]! - 1444681467) | 0
  a = (((t << 5) | (t >>> 27)) + b) | 0
  t = (d + (((a ^ b) & c) ^ b) + w[2]! - 51403784) | 0
  d = (((t << 9) | (t >>> 23)) + a) | 0
  t = (c + (((d ^ a) & b) ^ a) + w[7]! + 1735328473) | 0
  c = (((t << 14) | (t >>> 18)) + d) | 0
  t = (b + (((c ^ d) & a) ^ d) + w[12]! - 1926607734) | 0
  b = (((t << 20) | (t >>> 12)) + c) | 0
  t = (a + (b ^ c ^ d) + w[5]! - 378558) | 0
  a = (((t << 4) | (t >>> 28)) + b) | 0
  t = (d + (a ^ b ^ c) + w[8]! - 2022574463) | 0
  d = (((t << 11) | (t >>> 21)) + a) | 0
  t = (c + (d ^ a ^ b) + w[11]! + 1839030562) | 0
  c = (((t << 16) | (t >>> 16)) + d) | 0
  t = (b + (c ^ d ^ a) + w[14]! - 35309556) | 0
  b = (((t << 23) | (t >>> 9)) + c) | 0
  t = (a + (b ^ c ^ d) + w[1]! - 1530992060) | 0
  a = (((t << 4) | (t >>> 28)) + b) | 0
  t = (d + (a ^ b ^ c) + w[4]! + 1272893353) | 0
  d = (((t << 11) | (t >>> 21)) + a) | 0
  t = (c + (d ^ a ^ b) + w[7]! - 155497632) | 0
  c = (((t << 16) | (t >>> 16)) + d) | 0
  t = (b + (c ^ d ^ a) + w[10]! - 1094730640) | 0
  b = (((t << 23) | (t >>> 9)) + c) | 0
  t = (a + (b ^ c ^ d) + w[13]! + 681279174) | 0
  a = (((t << 4) | (t >>> 28)) + b) | 0
  t = (d + (a ^ b ^ c) + w[0]! - 358537222) | 0
  d = (((t << 11) | (t >>> 21)) + a) | 0
  t = (c + (d ^ a ^ b) + w[3]! - 722521979) | 0
  c = (((t << 16) | (t >>> 16)) + d) | 0
  t = (b + (c ^ d ^ a) + w[6]! + 76029189) | 0
  b = (((t << 23) | (t >>> 9)) + c) | 0
  t = (a + (b ^ c ^ d) + w[9]! - 640364487) | 0
  a = (((t << 4) | (t >>> 28)) + b) | 0
  t = (d + (a ^ b ^ c) + w[12]! - 421815835) | 0
  d = (((t << 11) | (t >>> 21)) + a) | 0
  t = (c + (d ^ a ^ b) + w[15]! + 530742520) | 0
  c = (((t << 16) | (t >>> 16)) + d) | 0
  t = (b + (c ^ d ^ a) + w[2]! - 995338651) | 0
  b = (((t << 23) | (t >>> 9)) + c) | 0
  t = (a + (c ^ (b | ~d)) + w[0]! - 198630844) | 0
  a = (((t << 6) | (t >>> 26)) + b) | 0
  t = (d + (b ^ (a | ~c)) + w[7]! + 1126891415) | 0
  d = (((t << 10) | (t >>> 22)) + a) | 0
  t = (c + (a ^ (d | ~b)) + w[14]! - 1416354905) | 0
  c = (((t << 15) | (t >>> 17)) + d) | 0
  t = (b + (d ^ (c | ~a)) + w[5]! - 57434055) | 0
  b = (((t << 21) | (t >>> 11)) + c) | 0
  t = (a + (c ^ (b | ~d)) + w[12]! + 1700485571) | 0
  a = (((t << 6) | (t >>> 26)) + b) | 0
  t = (d + (b ^ (a | ~c)) + w[3]! - 1894986606) | 0
  d = (((t << 10) | (t >>> 22)) + a) | 0
  t = (c + (a ^ (d | ~b)) + w[10]! - 1051523) | 0
  c = (((t << 15) | (t >>> 17)) + d) | 0
  t = (b + (d ^ (c | ~a)) + w[1]! - 2054922799) | 0
  b = (((t << 21) | (t >>> 11)) + c) | 0
  t = (a + (c ^ (b | ~d)) + w[8]! + 1873313359) | 0
  a = (((t << 6) | (t >>> 26)) + b) | 0
  t = (d + (b ^ (a | ~c)) + w[15]! - 30611744) | 0
  d = (((t << 10) | (t >>> 22)) + a) | 0
  t = (c + (a ^ (d | ~b)) + w[6]! - 1560198380) | 0
  c = (((t << 15) | (t >>> 17)) + d) | 0
  t = (b + (d ^ (c | ~a)) + w[13]! + 1309151649) | 0
  b = (((t << 21) | (t >>> 11)) + c) | 0
  t = (a + (c ^ (b | ~d)) + w[4]! - 145523070) | 0
  a = (((t << 6) | (t >>> 26)) + b) | 0
  t = (d + (b ^ (a | ~c)) + w[11]! - 1120210379) | 0
  d = (((t << 10) | (t >>> 22)) + a) | 0
  t = (c + (a ^ (d | ~b)) + w[2]! + 718787259) | 0
  c = (((t << 15) | (t >>> 17)) + d) | 0
  t = (b + (d ^ (c | ~a)) + w[9]! - 343485551) | 0
  b = (((t << 21) | (t >>> 11)) + c) | 0
  state[0] = state[0]! + a
  state[1] = state[1]! + b
  state[2] = state[2]! + c
  state[3] = state[3]! + d
}
