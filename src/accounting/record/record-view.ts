/**
 * Where the fields of an accounting record are in its packet: one walk over the octets, nothing is decoded or copied.
 *
 *     26 | length | 0 0 19 10 (vendor 4874, ERX) | type | length | value | type | length | value ... | zeros
 *
 * A vendor attribute may hold several sub-attributes, and there may be several vendor attributes (RFC 2865 section
 * 5.26). If the lengths in one do not add up, it is *damaged*: it is counted and not read, since a wrong length shifts all
 * that follows. Zeros behind the last sub-attribute are padding, which is counted too. Both are forwarded as they came.
 * Of attributes of one type the first counts, and a number must be 4 octets long.
 *
 * A view is made once and reads one packet after the other. What it says holds until the next `read`.
 */
import { HEADER_LENGTH, NUMBER_ATTRIBUTE_LENGTH, VENDOR_HEADER_LENGTH, VENDOR_SPECIFIC } from '../../codes.ts'
import { type Packet, readUint32, vendorAt } from '../../radius/packet.ts'
import { ERX, ERX_FIELDS, FIELD, FIELDS, type Field, NO_FIELD, STANDARD_FIELDS } from './fields.ts'

/** Framed-Protocol, RFC 2865 section 5.7. */
const PPP = 1

export class RecordView {
  /** Offset of the type octet of each field, 0 if it is missing. */
  readonly #offsets = new Uint16Array(FIELDS)
  bytes: Uint8Array = new Uint8Array(0)
  /** Vendor attributes whose lengths do not add up: ERX ones, and those of any vendor that are too short for content. */
  damagedVendorAttributes = 0
  /** ERX attributes with zeros behind their last sub-attribute. */
  paddedVendorAttributes = 0

  /** Any packet that `readPacket` accepted. */
  read(packet: Packet): this {
    const { bytes } = packet
    this.bytes = bytes
    this.damagedVendorAttributes = 0
    this.paddedVendorAttributes = 0
    const offsets = this.#offsets
    for (let field = 0; field < FIELDS; field += 1) offsets[field] = 0
    for (let at = HEADER_LENGTH; at < bytes.length; at += bytes[at + 1]!) {
      const type = bytes[at]!
      const field = STANDARD_FIELDS[type]!
      if (field !== NO_FIELD) {
        if (offsets[field] === 0) offsets[field] = at
      } else if (type === VENDOR_SPECIFIC) this.#readVendor(at, at + bytes[at + 1]!)
    }
    return this
  }

  /** Offset of the type octet of the field's attribute, or of its sub-attribute; 0 if there is none. */
  offsetOf(field: Field): number {
    return this.#offsets[field]!
  }

  has(field: Field): boolean {
    return this.#offsets[field] !== 0
  }

  /** The 32-bit number of a field; undefined if it is missing or not 4 octets long. */
  number(field: Field): number | undefined {
    const at = this.#offsets[field]!
    return at === 0 || this.bytes[at + 1] !== NUMBER_ATTRIBUTE_LENGTH ? undefined : readUint32(this.bytes, at + 2)
  }

  /** The octets of a field's value, not copied; none if it is missing. */
  octets(field: Field): Uint8Array {
    const at = this.#offsets[field]!
    return at === 0 ? this.bytes.subarray(0, 0) : this.bytes.subarray(at + 2, at + this.bytes[at + 1]!)
  }

  /**
   * Whether the record counts one link of a bundle: it names the bundle (ERX-MLPPP-Bundle-Name), or it is PPP with an
   * Acct-Multi-Session-Id. Wi-Fi also sends Acct-Multi-Session-Id, and has no links.
   */
  get isMemberLink(): boolean {
    if (this.has(FIELD.bundleName)) return true
    return this.has(FIELD.multiSessionId) && this.number(FIELD.framedProtocol) === PPP
  }

  #readVendor(from: number, to: number): void {
    const bytes = this.bytes
    if (to - from <= VENDOR_HEADER_LENGTH) {
      this.damagedVendorAttributes += 1
      return
    }
    if (vendorAt(bytes, from) !== ERX) return
    const contentAt = from + VENDOR_HEADER_LENGTH
    const end = endOfSubAttributes(bytes, contentAt, to)
    if (end === contentAt) this.damagedVendorAttributes += 1
    else if (end < to) this.paddedVendorAttributes += 1
    const offsets = this.#offsets
    for (let at = contentAt; at < end; at += bytes[at + 1]!) {
      const field = ERX_FIELDS[bytes[at]!]!
      if (field !== NO_FIELD && offsets[field] === 0) offsets[field] = at
    }
  }
}

/** The end of the last sub-attribute: `to`, or where zeros begin that fill it up; `from` if the lengths do not add up. */
export function endOfSubAttributes(bytes: Uint8Array, from: number, to: number): number {
  let at = from
  while (at + 2 <= to && bytes[at + 1]! >= 2) at += bytes[at + 1]!
  if (at > to) return from
  for (let padding = at; padding < to; padding += 1) if (bytes[padding] !== 0) return from
  return at
}
