/**
 * Where the fields of an accounting record stand in its packet: one walk over the octets, nothing decoded or copied.
 *
 *     26 | length | 0 0 19 10 (vendor 4874, ERX) | type | length | value | type | length | value ... | zeros
 *
 * A vendor attribute may hold several sub-attributes, and there may be several vendor attributes (RFC 2865 section
 * 5.26). One whose lengths do not add up is *damaged*: it is counted, and nothing in it is believed, since a wrong length
 * shifts all that follows. Zeros behind the last sub-attribute are padding, counted too. Either is passed on as it came.
 * The first attribute of a type counts, and a number only where it is 4 octets long.
 *
 * A view is made once and reads one packet after the other: what it says holds until the next `read`.
 */
import { HEADER_LENGTH, VENDOR_SPECIFIC } from '../../codes.ts'
import type { Packet } from '../../radius/packet.ts'
import { ERX, ERX_FIELDS, FIELD, FIELDS, type Field, NO_FIELD, STANDARD_FIELDS } from './fields.ts'

/** RFC 2865 section 5.26: type, length, four octets of vendor, and one of content at least. */
const SHORTEST_VENDOR_ATTRIBUTE = 7
const NUMBER_LENGTH = 6
/** Framed-Protocol, RFC 2865 section 5.7. */
const PPP = 1

export class RecordView {
  /** Offset of the type octet of each field, 0 where it is not there. */
  readonly #places = new Uint16Array(FIELDS)
  #bytes: Uint8Array = new Uint8Array(0)
  #damaged = 0
  #padded = 0

  /** Of any packet that `readPacket` let through. */
  read(packet: Packet): this {
    const { bytes } = packet
    this.#bytes = bytes
    this.#damaged = 0
    this.#padded = 0
    const places = this.#places.fill(0)
    for (let at = HEADER_LENGTH; at < bytes.length; at += bytes[at + 1]!) {
      const type = bytes[at]!
      const field = STANDARD_FIELDS[type]!
      if (field !== NO_FIELD) {
        if (places[field] === 0) places[field] = at
      } else if (type === VENDOR_SPECIFIC) this.#readVendor(at, at + bytes[at + 1]!)
    }
    return this
  }

  /** The octets of the packet. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** Vendor attributes whose lengths do not add up: ERX ones, and those of any vendor that are too short for content. */
  get damagedVendorAttributes(): number {
    return this.#damaged
  }

  /** ERX attributes with zeros behind their last sub-attribute. */
  get paddedVendorAttributes(): number {
    return this.#padded
  }

  /** Offset of the type octet of the field's attribute, or of its sub-attribute; 0 where there is none. */
  placeOf(field: Field): number {
    return this.#places[field]!
  }

  has(field: Field): boolean {
    return this.#places[field] !== 0
  }

  /** The 32-bit number of a field; undefined where it is not there or not 4 octets long. */
  number(field: Field): number | undefined {
    const at = this.#places[field]!
    const bytes = this.#bytes
    if (at === 0 || bytes[at + 1] !== NUMBER_LENGTH) return undefined
    return ((bytes[at + 2]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!) >>> 0
  }

  /** The octets of a field's value where they stand; none where it is not there. */
  octets(field: Field): Uint8Array {
    const at = this.#places[field]!
    return at === 0 ? this.#bytes.subarray(0, 0) : this.#bytes.subarray(at + 2, at + this.#bytes[at + 1]!)
  }

  /**
   * Whether the record counts one link of a bundle, not the bundle: it names the bundle (ERX-MLPPP-Bundle-Name), or it
   * is PPP with an Acct-Multi-Session-Id. Wi-Fi sends Acct-Multi-Session-Id as well, and has no links.
   */
  get isMemberLink(): boolean {
    if (this.has(FIELD.bundleName)) return true
    return this.has(FIELD.multiSessionId) && this.number(FIELD.framedProtocol) === PPP
  }

  #readVendor(from: number, to: number): void {
    const bytes = this.#bytes
    if (to - from < SHORTEST_VENDOR_ATTRIBUTE) {
      this.#damaged += 1
      return
    }
    const vendor =
      ((bytes[from + 2]! << 24) | (bytes[from + 3]! << 16) | (bytes[from + 4]! << 8) | bytes[from + 5]!) >>> 0
    if (vendor !== ERX) return
    const end = endOfSubAttributes(bytes, from + 6, to)
    if (end === from + 6) this.#damaged += 1
    else if (end < to) this.#padded += 1
    const places = this.#places
    for (let at = from + 6; at < end; at += bytes[at + 1]!) {
      const field = ERX_FIELDS[bytes[at]!]!
      if (field !== NO_FIELD && places[field] === 0) places[field] = at
    }
  }
}

/**
 * Where the last sub-attribute between `from` and `to` ends: at `to`, before zeros that fill it up, or at `from` where
 * their lengths do not add up.
 */
export function endOfSubAttributes(bytes: Uint8Array, from: number, to: number): number {
  let at = from
  while (at + 2 <= to && bytes[at + 1]! >= 2) at += bytes[at + 1]!
  if (at > to) return from
  for (let padding = at; padding < to; padding += 1) if (bytes[padding] !== 0) return from
  return at
}
