/**
 * Values hidden with the shared secret, moved from one secret to another where they stand.
 *
 * All are an exclusive-or with a chain of MD5 pads; the first pad takes the secret and the request's authenticator (and a
 * salt), each further one the secret and the hidden block before it (RFC 2865 section 5.2, RFC 2868 section 3.5):
 *
 *     User-Password, MS-CHAP-MPPE-Keys      | hidden: 16, 32 ... octets |
 *     MS-MPPE-Send-Key, MS-MPPE-Recv-Key    | salt: 2 | hidden: 16, 32 ... octets |
 *     Tunnel-Password                       | tag: 1 | salt: 2 | hidden: 16, 32 ... octets |
 *
 * Taking one pad off and putting the other on is one exclusive-or with both, so the plain value never exists here. The
 * salt stays: it is unique within its packet before, so it is after.
 */
import { AUTHENTICATOR_LENGTH, HEADER_LENGTH, TUNNEL_PASSWORD, VENDOR_SPECIFIC } from './codes.ts'
import { md5 } from './md5.ts'
import type { Secret } from './secret.ts'

/** One end of a hop: its secret and the authenticator of the request there. */
export interface Hop {
  readonly secret: Secret
  readonly authenticator: Uint8Array
}

const BLOCK = 16
const SALT_LENGTH = 2

const MICROSOFT = 311
/** RFC 2548 section 2.4.1: hidden like a User-Password. */
const MS_CHAP_MPPE_KEYS = 12

/** Attributes with a salt by vendor and type, and how many octets (a tag, a continuation flag) stand before it. */
const SALTED: ReadonlyMap<number, ReadonlyMap<number, number>> = new Map([
  [161, leading(0, [11])], // Motorola
  [MICROSOFT, leading(0, [16, 17])], // MS-MPPE-Send-Key, MS-MPPE-Recv-Key: RFC 2548 sections 2.4.2, 2.4.3
  [831, leading(0, [116, 117, 118, 119])], // Alcatel-Lucent AAA keys
  [2356, leading(1, [19, 20])], // Lancom IKEv2 passwords
  [4874, leading(0, [58, 59, 60, 61])], // ERX lawful intercept
  [5535, leading(0, [58])], // 3GPP2-MN-HA-Shared-Key
  [6527, leading(0, [122, 123, 124, 125, 138, 139, 142])], // Alcatel-Lucent service router, lawful intercept
  [14823, leading(0, [44])], // Aruba-MPSK-Passphrase
  [24757, leading(1, [5, 10, 12, 14, 15, 19, 40, 66, 67, 70, 75, 131])], // WiMAX keys
  [26928, leading(0, [3])], // Aerohive
])

function leading(octets: number, types: readonly number[]): ReadonlyMap<number, number> {
  return new Map(types.map((type) => [type, octets]))
}

const oldPad = new Uint8Array(BLOCK)
const newPad = new Uint8Array(BLOCK)
const oldBlock = new Uint8Array(BLOCK)

/** Moves the User-Password value in octets `from` to `to` of `bytes` from one hop to the other (RFC 2865 section 5.2). */
export function rehidePassword(bytes: Uint8Array, from: number, to: number, before: Hop, after: Hop): void {
  md5.begin().add(before.secret.bytes).add(before.authenticator, 0, AUTHENTICATOR_LENGTH).finishInto(oldPad, 0)
  md5.begin().add(after.secret.bytes).add(after.authenticator, 0, AUTHENTICATOR_LENGTH).finishInto(newPad, 0)
  rehideChain(bytes, from, to, before.secret, after.secret)
}

/**
 * Moves every hidden value of a response, a well-formed packet in `bytes`, from the server's hop to the client's. False
 * where one that an RFC defines has not the shape above: its plain value can't be known. A vendor's own that
 * has not the shape is taken to be in the clear and stays as it is.
 */
export function rehideResponse(bytes: Uint8Array, before: Hop, after: Hop): boolean {
  for (let at = HEADER_LENGTH; at < bytes.length; at += bytes[at + 1]!) {
    const end = at + bytes[at + 1]!
    if (bytes[at] === TUNNEL_PASSWORD) {
      if (!rehideSalted(bytes, at + 3, end, before, after)) return false
    } else if (bytes[at] === VENDOR_SPECIFIC && end - at >= 8) {
      if (!rehideVendor(bytes, at + 2, end, before, after)) return false
    }
  }
  return true
}

/** A vendor number at `from`, then its sub-attributes up to `to`; what does not add up is left alone. */
function rehideVendor(bytes: Uint8Array, from: number, to: number, before: Hop, after: Hop): boolean {
  // The first octet is 0 in every vendor number (RFC 2865 section 5.26).
  const vendor = bytes[from] === 0 ? (bytes[from + 1]! << 16) | (bytes[from + 2]! << 8) | bytes[from + 3]! : 0
  const salted = SALTED.get(vendor)
  if (salted === undefined) return true
  let at = from + 4
  while (at + 2 <= to) {
    const end = at + bytes[at + 1]!
    if (end < at + 2 || end > to) return true
    const type = bytes[at]!
    const lead = salted.get(type)
    if (lead !== undefined) {
      if (!rehideSalted(bytes, at + 2 + lead, end, before, after) && vendor === MICROSOFT) return false
    } else if (vendor === MICROSOFT && type === MS_CHAP_MPPE_KEYS) {
      if ((end - at - 2) % BLOCK !== 0) return false
      rehidePassword(bytes, at + 2, end, before, after)
    }
    at = end
  }
  return true
}

/** A salt at `saltAt` and hidden blocks up to `to`; false, and nothing done, where that is not what stands there. */
function rehideSalted(bytes: Uint8Array, saltAt: number, to: number, before: Hop, after: Hop): boolean {
  const from = saltAt + SALT_LENGTH
  if (to - from < BLOCK || (to - from) % BLOCK !== 0) return false
  md5.begin().add(before.secret.bytes).add(before.authenticator, 0, AUTHENTICATOR_LENGTH).add(bytes, saltAt, from)
  md5.finishInto(oldPad, 0)
  md5.begin().add(after.secret.bytes).add(after.authenticator, 0, AUTHENTICATOR_LENGTH).add(bytes, saltAt, from)
  md5.finishInto(newPad, 0)
  rehideChain(bytes, from, to, before.secret, after.secret)
  return true
}

/** The chain itself; the first pads stand in `oldPad` and `newPad`. */
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
