/**
 * Values hidden with the shared secret, moved from one secret to another in their place.
 *
 * Each is an exclusive-or with MD5 pads. One exclusive-or with both pads removes the old one and applies the new one, so
 * the plain value never exists here, and no length changes. hidden-dictionary.ts says which attribute has which cipher:
 *
 *     1 User-Password    | hidden |                                pads: secret, authenticator; secret, block before
 *     2 Tunnel-Password  | tag: 0-1 | salt: 2 | 16, 32 ... octets |  pads: secret, authenticator, salt; secret, block before
 *     3 Ascend-Secret    | hidden: 16 |                            pad: authenticator, secret
 *
 * The authenticator is that of the request (RFC 2865 section 5.2, RFC 2868 section 3.5). An Accounting-Request's own is
 * computed over the hidden octets, so 16 zero octets are used instead, as in FreeRADIUS. The salt is unique within its
 * packet, so it stays.
 */
import {
  AUTHENTICATOR_LENGTH,
  HEADER_LENGTH,
  MAX_PACKET_LENGTH,
  TUNNEL_PASSWORD,
  VENDOR_HEADER_LENGTH,
  VENDOR_SPECIFIC,
} from '../codes.ts'
import { md5 } from './md5.ts'
import { vendorAt } from './packet.ts'
import type { Secret } from './secret.ts'
import { cipherIn, parseDictionary, RFC_FORMAT } from './vendors/dictionary.ts'
import { HIDDEN_DICTIONARY } from './vendors/hidden-dictionary.ts'
import { endAt, formatOf, headerOf, typeAt } from './vendors/vendor-format.ts'

/** One end of a hop: its secret and the authenticator of the request there. */
export interface Hop {
  readonly secret: Secret
  readonly authenticator: Uint8Array
}

type Cipher = 1 | 2 | 3

/** What is hidden of an attribute: all of it by one cipher, or some of its parts, by their types. */
interface Hidden {
  readonly cipher: Cipher | undefined
  readonly parts: Map<number, Hidden>
  /** By the lowest octet of a type: 0 if nothing of such a type is hidden. Most are not, and need no look into the map. */
  readonly isPart: Uint8Array
}

const BLOCK = 16
const SALT_LENGTH = 2
const CONTINUES = 0x80
const NO_AUTHENTICATOR = new Uint8Array(AUTHENTICATOR_LENGTH)

const MICROSOFT = 311

/** Ciphers of the standard space by type, 0 for none. */
const standard = new Uint8Array(256)
/** What is hidden of each vendor's attributes. */
const vendors = new Map<number, Hidden>()
for (const { vendor, path, flags } of parseDictionary(HIDDEN_DICTIONARY).attributes) {
  if (vendor === 0) standard[path[0]!] = cipherIn(flags) ?? 0
  else note(vendors, [vendor, ...path], cipherIn(flags))
}

function note(among: Map<number, Hidden>, [type, ...rest]: readonly number[], cipher: Cipher | undefined): void {
  const made = { cipher: rest.length === 0 ? cipher : undefined, parts: new Map(), isPart: new Uint8Array(256) }
  const known = among.get(type!) ?? made
  among.set(type!, known)
  if (rest.length === 0) return
  known.isPart[rest[0]! & 0xff] = 1
  note(known.parts, rest, cipher)
}

const partOf = ({ parts, isPart }: Hidden, type: number): Hidden | undefined =>
  isPart[type & 0xff] === 0 ? undefined : parts.get(type)

interface Move {
  readonly before: Hop
  readonly after: Hop
  /** In a response, an attribute of an RFC is refused if it has the wrong shape. */
  readonly isResponse: boolean
}

/** How many tags are before the salt, by RFC; undefined for a vendor's own attribute. */
type Tags = 0 | 1 | undefined

const oldPad = new Uint8Array(BLOCK)
const newPad = new Uint8Array(BLOCK)
const oldBlock = new Uint8Array(BLOCK)
/** A value from several attributes, put together. */
const whole = new Uint8Array(MAX_PACKET_LENGTH)

/** Whether a well-formed packet in `bytes` may have a hidden value. Most have none, and this check is cheap. */
export function mayHide(bytes: Uint8Array): boolean {
  for (let at = HEADER_LENGTH; at < bytes.length && bytes[at + 1]! >= 2; at += bytes[at + 1]!) {
    const type = bytes[at]!
    if (standard[type] !== 0) return true
    if (type === VENDOR_SPECIFIC && bytes[at + 1]! >= 8 && mayHideWithin(bytes, at, at + bytes[at + 1]!)) return true
  }
  return false
}

/** The same for one Vendor-Specific attribute. */
function mayHideWithin(bytes: Uint8Array, from: number, to: number): boolean {
  const vendor = vendorAt(bytes, from)
  const hidden = vendors.get(vendor)
  if (hidden === undefined) return false
  const format = formatOf(vendor)
  for (let at = from + VENDOR_HEADER_LENGTH; at < to; ) {
    const end = endAt(bytes, at, to, format)
    if (end === 0) return false
    if (partOf(hidden, typeAt(bytes, at, format)) !== undefined) return true
    at = end
  }
  return false
}

/** Moves the hidden values of an Access-Request, a well-formed packet, from the client's hop to the server's. */
export function rehideRequest(bytes: Uint8Array, before: Hop, after: Hop): void {
  rehide(bytes, { before, after, isResponse: false })
}

/** The same for an Accounting-Request. */
export function rehideRecord(bytes: Uint8Array, before: Secret, after: Secret): void {
  const hop = (secret: Secret): Hop => ({ secret, authenticator: NO_AUTHENTICATOR })
  rehide(bytes, { before: hop(before), after: hop(after), isResponse: false })
}

/**
 * Moves every hidden value of a response, a well-formed packet, from the server's hop to the client's. False if one that
 * an RFC defines does not have the shape above, so that nobody can read it. A vendor's attribute that cannot be read is
 * taken to be plain and stays as it is.
 */
export function rehideResponse(bytes: Uint8Array, before: Hop, after: Hop): boolean {
  return rehide(bytes, { before, after, isResponse: true })
}

function rehide(bytes: Uint8Array, move: Move): boolean {
  let at = HEADER_LENGTH
  // A well-formed packet has no length below 2, which would make this loop endless.
  while (at < bytes.length && bytes[at + 1]! >= 2) {
    const type = bytes[at]!
    const end = at + bytes[at + 1]!
    let next = end
    if (type === VENDOR_SPECIFIC) {
      if (end - at >= 8) next = rehideVendor(bytes, at, end, move)
    } else if (standard[type] !== 0) {
      const tags = move.isResponse && type === TUNNEL_PASSWORD ? 1 : undefined
      if (!rehideValue(bytes, at + 2, end, standard[type] as Cipher, move, tags) && tags !== undefined) return false
    }
    if (next === 0) return false
    at = next
  }
  return true
}

/**
 * The Vendor-Specific attribute from `from` to `to`, and its sub-attributes up to one whose length does not add up. Returns
 * where to go on: `to`, or behind the last attribute over which a value is spread. 0 if it is refused.
 */
function rehideVendor(bytes: Uint8Array, from: number, to: number, move: Move): number {
  const vendor = vendorAt(bytes, from)
  const hidden = vendors.get(vendor)
  if (hidden === undefined) return to
  const format = formatOf(vendor)
  const header = headerOf(format)
  const tags = move.isResponse && vendor === MICROSOFT ? 0 : undefined
  let at = from + VENDOR_HEADER_LENGTH
  while (at < to) {
    const end = endAt(bytes, at, to, format)
    if (end === 0) return to
    const found = partOf(hidden, typeAt(bytes, at, format))
    if (found !== undefined) {
      const goesOn = format.continues && (bytes[at + header - 1]! & CONTINUES) !== 0
      // Only the last value of an attribute can go on in the next one.
      if (goesOn) return end === to ? rehideSpread(bytes, { from, at, to }, found, move) : to
      if (!rehideFound(bytes, at + header, end, found, move, tags) && tags !== undefined) return 0
    }
    at = end
  }
  return to
}

/**
 * A value that goes on in the attributes behind the one at `first.from`: put together, moved, and put back. It stays as it
 * is unless the same attribute follows, alone in its Vendor-Specific attribute.
 */
function rehideSpread(
  bytes: Uint8Array,
  first: { readonly from: number; readonly at: number; readonly to: number },
  found: Hidden,
  move: Move,
): number {
  const vendor = vendorAt(bytes, first.from)
  const format = formatOf(vendor)
  const header = headerOf(format)
  const type = typeAt(bytes, first.at, format)
  const pieces = [{ from: first.at + header, to: first.to }]
  for (let goesOn = true, at = first.to; goesOn; ) {
    const piece = at + VENDOR_HEADER_LENGTH
    const to = at + (bytes[at + 1] ?? 0)
    const isSame =
      bytes[at] === VENDOR_SPECIFIC &&
      vendorAt(bytes, at) === vendor &&
      endAt(bytes, piece, to, format) === to &&
      typeAt(bytes, piece, format) === type
    if (!isSame) return first.to
    pieces.push({ from: piece + header, to })
    goesOn = (bytes[piece + header - 1]! & CONTINUES) !== 0
    at = to
  }
  let length = 0
  for (const { from, to } of pieces) {
    whole.set(bytes.subarray(from, to), length)
    length += to - from
  }
  rehideFound(whole, 0, length, found, move, undefined)
  length = 0
  for (const { from, to } of pieces) {
    bytes.set(whole.subarray(length, length + to - from), from)
    length += to - from
  }
  return pieces.at(-1)!.to
}

/** A value, or its hidden parts. False, and nothing is changed, if it does not have its cipher's shape. */
function rehideFound(
  bytes: Uint8Array,
  from: number,
  to: number,
  { cipher, parts }: Hidden,
  move: Move,
  tags: Tags,
): boolean {
  if (cipher !== undefined) return rehideValue(bytes, from, to, cipher, move, tags)
  for (let at = from; at < to; ) {
    const end = endAt(bytes, at, to, RFC_FORMAT)
    if (end === 0) return true
    const found = parts.get(bytes[at]!)
    if (found !== undefined) rehideFound(bytes, at + 2, end, found, move, undefined)
    at = end
  }
  return true
}

function rehideValue(bytes: Uint8Array, from: number, to: number, cipher: Cipher, move: Move, tags: Tags): boolean {
  switch (cipher) {
    case 1:
      rehidePassword(bytes, from, to, move)
      return true
    case 2:
      return rehideSalted(bytes, from, to, move, tags)
    case 3:
      return rehideSecret(bytes, from, to, move)
  }
}

/** RFC 2865 section 5.2. Any length can be moved; the checks of the packet judge it. */
function rehidePassword(bytes: Uint8Array, from: number, to: number, { before, after }: Move): void {
  firstPadInto(oldPad, before, bytes, from, from)
  firstPadInto(newPad, after, bytes, from, from)
  rehideChain(bytes, from, to, before.secret, after.secret)
}

/**
 * RFC 2868 section 3.5. In a vendor's attribute the length shows whether there is a tag before the salt. It is hidden only
 * if it can be read: its first plain octet is the length of the value, which fits into the blocks.
 */
function rehideSalted(bytes: Uint8Array, from: number, to: number, { before, after }: Move, tags: Tags): boolean {
  const saltAt = from + (tags ?? ((to - from) % BLOCK === SALT_LENGTH ? 0 : 1))
  const hiddenAt = saltAt + SALT_LENGTH
  if (to - hiddenAt < BLOCK || (to - hiddenAt) % BLOCK !== 0) return false
  firstPadInto(oldPad, before, bytes, saltAt, hiddenAt)
  if (tags === undefined && (bytes[hiddenAt]! ^ oldPad[0]!) >= to - hiddenAt) return false
  firstPadInto(newPad, after, bytes, saltAt, hiddenAt)
  rehideChain(bytes, hiddenAt, to, before.secret, after.secret)
  return true
}

/** Ascend-Send-Secret: one block, and the secret stands behind the authenticator. */
function rehideSecret(bytes: Uint8Array, from: number, to: number, { before, after }: Move): boolean {
  if (to - from !== BLOCK) return false
  md5.begin().add(before.authenticator, 0, AUTHENTICATOR_LENGTH).add(before.secret.bytes).finishInto(oldPad, 0)
  md5.begin().add(after.authenticator, 0, AUTHENTICATOR_LENGTH).add(after.secret.bytes).finishInto(newPad, 0)
  for (let i = 0; i < BLOCK; i += 1) bytes[from + i] = bytes[from + i]! ^ oldPad[i]! ^ newPad[i]!
  return true
}

/** The pad of the first block; the salt, if there is one, is in `bytes`. */
function firstPadInto(
  pad: Uint8Array,
  { secret, authenticator }: Hop,
  bytes: Uint8Array,
  from: number,
  to: number,
): void {
  md5.begin().add(secret.bytes).add(authenticator, 0, AUTHENTICATOR_LENGTH)
  if (from < to) md5.add(bytes, from, to)
  md5.finishInto(pad, 0)
}

/** The chain of blocks; the first pads stand in `oldPad` and `newPad`. */
function rehideChain(bytes: Uint8Array, from: number, to: number, before: Secret, after: Secret): void {
  for (let at = from; at < to; at += BLOCK) {
    const size = Math.min(BLOCK, to - at)
    for (let i = 0; i < size; i += 1) {
      const hidden = bytes[at + i]!
      oldBlock[i] = hidden
      bytes[at + i] = hidden ^ oldPad[i]! ^ newPad[i]!
    }
    if (at + BLOCK >= to) return
    md5.begin().add(before.bytes).add(oldBlock).finishInto(oldPad, 0)
    md5
      .begin()
      .add(after.bytes)
      .add(bytes, at, at + BLOCK)
      .finishInto(newPad, 0)
  }
}
