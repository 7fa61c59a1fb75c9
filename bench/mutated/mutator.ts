/**
 * Changes packets at random, from a seed: an octet, a bit, a length; or an attribute is added, removed, moved or gets another
 * type. All shapes that result are intended.
 */

/** Numbers in [0, 1) from a seed. */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  next(): number {
    // mulberry32, ample for this.
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }

  /** A whole number from 0 to `below` - 1. */
  below(below: number): number {
    return Math.floor(this.next() * below)
  }

  chance(share: number): boolean {
    return this.next() < share
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }

  octets(length: number): Buffer {
    const bytes = Buffer.alloc(length)
    for (let at = 0; at < length; at += 1) bytes[at] = this.below(256)
    return bytes
  }
}

const BORDERS = [0, 1, 2, 3, 5, 6, 17, 18, 19, 20, 127, 128, 253, 254, 255]
/** Types that the proxy reads, and some that nobody does. */
const TYPES = [0, 1, 2, 3, 4, 18, 24, 25, 26, 32, 33, 40, 41, 44, 52, 55, 60, 69, 70, 79, 80, 95, 192, 241, 245, 255]

/** Where attributes begin, as far as their lengths hold. */
const starts = (bytes: Buffer): number[] => {
  const found: number[] = []
  for (let at = 20; at + 1 < bytes.length && bytes[at + 1]! >= 2; at += bytes[at + 1]!) found.push(at)
  return found
}

const cut = (bytes: Buffer, from: number, to: number, between: Uint8Array = Buffer.alloc(0)): Buffer =>
  Buffer.concat([bytes.subarray(0, from), between, bytes.subarray(to)])

type Change = (bytes: Buffer, dice: Dice) => Buffer

const writeOctet = (bytes: Buffer, at: number, octet: number): Buffer => {
  const copy = Buffer.from(bytes)
  if (at < copy.length) copy[at] = octet & 255
  return copy
}

const atAttribute =
  (change: (bytes: Buffer, dice: Dice, at: number, end: number) => Buffer): Change =>
  (bytes, dice) => {
    const places = starts(bytes)
    if (places.length === 0) return bytes
    const at = dice.pick(places)
    return change(bytes, dice, at, Math.min(bytes.length, at + bytes[at + 1]!))
  }

const randomAttribute = (dice: Dice): Buffer => {
  const length = dice.chance(0.5) ? Math.max(0, dice.pick(BORDERS) - 2) : dice.below(40)
  return Buffer.concat([Buffer.of(dice.pick(TYPES), length + 2), dice.octets(length)])
}

const CHANGES: readonly Change[] = [
  (bytes, dice) => {
    const at = dice.below(bytes.length)
    return writeOctet(bytes, at, bytes[at]! ^ (1 << dice.below(8)))
  },
  (bytes, dice) => writeOctet(bytes, dice.below(bytes.length), dice.pick(BORDERS)),
  (bytes, dice) => writeOctet(bytes, 0, dice.pick([0, 1, 2, 3, 4, 5, 11, 12, 13, 40, 43, 255])),
  (bytes, dice) => writeOctet(bytes, 1, dice.below(256)),
  (bytes, dice) => writeOctet(writeOctet(bytes, 2, dice.below(17)), 3, dice.below(256)),
  (bytes, dice) => bytes.subarray(0, dice.below(bytes.length + 1)),
  (bytes, dice) => Buffer.concat([bytes, dice.octets(dice.below(300))]),
  atAttribute((bytes, dice, at) => writeOctet(bytes, at, dice.pick(TYPES))),
  atAttribute((bytes, dice, at) =>
    writeOctet(bytes, at + 1, dice.chance(0.5) ? dice.pick(BORDERS) : bytes[at + 1]! + dice.below(5) - 2),
  ),
  atAttribute((bytes, _dice, at, end) => cut(bytes, at, end)),
  atAttribute((bytes, _dice, at, end) => cut(bytes, at, at, bytes.subarray(at, end))),
  atAttribute((bytes, dice, at) => cut(bytes, at, at, randomAttribute(dice))),
  atAttribute((bytes, dice, at, end) => {
    const [to] = [dice.pick(starts(bytes))]
    return to > at
      ? bytes
      : Buffer.concat([bytes.subarray(0, to), bytes.subarray(at, end), bytes.subarray(to, at), bytes.subarray(end)])
  }),
  atAttribute((bytes, dice, at) =>
    cut(bytes, at, at, Buffer.concat(Array.from({ length: dice.below(220) }, () => Buffer.of(25, 3, 65)))),
  ),
  (bytes, dice) =>
    Buffer.concat([
      bytes,
      ...Array.from({ length: dice.below(16) }, () => Buffer.concat([Buffer.of(26, 255), dice.octets(253)])),
    ]),
]

/** One to four changes; the Length is made right again more often than not. */
export function mutated(bytes: Buffer, dice: Dice): Buffer {
  let now = bytes
  for (let left = 1 + dice.below(4); left > 0 && now.length > 0; left -= 1) now = dice.pick(CHANGES)(now, dice)
  const copy = Buffer.from(now.subarray(0, 6_000))
  if (copy.length >= 4 && dice.chance(0.75)) copy.writeUInt16BE(Math.min(0xffff, copy.length), 2)
  return copy
}
