/**
 * How many attributes a request may have. A server drops a packet with too many in silence and looks as if it were dead. So
 * we count as the server does, on the packet that it gets.
 *
 * FreeRADIUS 3 counts twice: the attributes, then the values in them. A vendor attribute may pack several values (RFC 2865
 * section 5.26); each that is not empty counts. If the lengths do not add up, it is one value. So is an attribute of a
 * vendor with its own format, so that we never count too many.
 */
import { ACCESS_REQUEST, HEADER_LENGTH, VENDOR_HEADER_LENGTH, VENDOR_SPECIFIC } from '../codes.ts'
import { type Packet, vendorAt } from './packet.ts'
import { lacksChallenge } from './rewrite.ts'
import { RFC_FORMAT } from './vendors/dictionary.ts'
import { formatOf } from './vendors/vendor-format.ts'

/** Type, length and one octet. */
const SHORTEST_VALUE = 3

/** Attributes that must be added to a request: Message-Authenticator, and the challenge that CHAP needs. */
export const attributesToAdd = (packet: Packet): number =>
  packet.code === ACCESS_REQUEST ? (packet.messageAuthenticatorAt === 0 ? 1 : 0) + (lacksChallenge(packet) ? 1 : 0) : 0

/** Whether a server counts more than `most` (0 is no limit) with `added` more. */
export function hasTooManyAttributes(packet: Packet, most: number, added = 0): boolean {
  if (most === 0) return false
  if (packet.attributes + added > most) return true
  if (packet.length - HEADER_LENGTH <= SHORTEST_VALUE * (most - added)) return false
  return valuesIn(packet) + added > most
}

/** The values that are not empty. */
function valuesIn({ bytes }: Packet): number {
  let values = 0
  for (let at = HEADER_LENGTH; at < bytes.length; at += bytes[at + 1]!) {
    const size = bytes[at + 1]!
    values += bytes[at] === VENDOR_SPECIFIC ? packedValues(bytes, at, at + size) : size > 2 ? 1 : 0
  }
  return values
}

/** The values of one Vendor-Specific attribute. */
function packedValues(bytes: Uint8Array, at: number, end: number): number {
  // A vendor's number has 24 bits (RFC 2865 section 5.26).
  if (end - at <= VENDOR_HEADER_LENGTH || bytes[at + 2] !== 0) return 1
  if (formatOf(vendorAt(bytes, at)) !== RFC_FORMAT) return 1
  let values = 0
  for (let sub = at + VENDOR_HEADER_LENGTH; sub < end; ) {
    const size = sub + 1 < end ? bytes[sub + 1]! : 0
    if (size < 2 || sub + size > end) return 1
    if (size > 2) values += 1
    sub += size
  }
  return values
}
