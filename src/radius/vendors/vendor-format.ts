/**
 * Where a vendor's sub-attributes are within a Vendor-Specific attribute. RFC 2865 section 5.26 recommends one octet of
 * type and one of length. Some vendors have their own format:
 *
 *     1,1    | type: 1 | length: 1 | value |           most of them
 *     1,1,c  | type: 1 | length: 1 | flags: 1 | value |  WiMAX: the flags' top bit says that the value goes on
 *     2,1    | type: 2 | length: 1 | value |           Lucent
 *     2,2    | type: 2 | length: 2 | value |           Starent, of which some gateways are set to 1,1
 *     4,0    | type: 4 | value, to the end |           USR
 *
 * A length counts all octets of its sub-attribute. The formats are those of hidden-dictionary.ts.
 */
import { parseDictionary, RFC_FORMAT, type VendorFormat } from './dictionary.ts'
import { HIDDEN_DICTIONARY } from './hidden-dictionary.ts'

const FORMATS: ReadonlyMap<number, VendorFormat> = new Map(
  parseDictionary(HIDDEN_DICTIONARY).vendors.map(({ number, format }) => [number, format]),
)

export const formatOf = (vendor: number): VendorFormat => FORMATS.get(vendor) ?? RFC_FORMAT

/** Octets before the value. */
export const headerOf = ({ typeOctets, lengthOctets, continues }: VendorFormat): number =>
  typeOctets + lengthOctets + (continues ? 1 : 0)

/** The type of the sub-attribute at `at`. */
export const typeAt = (bytes: Uint8Array, at: number, { typeOctets }: VendorFormat): number =>
  bigEndian(bytes, at, typeOctets)

/** Where the sub-attribute at `at` ends, `to` being the end of all; 0 if its length does not add up. */
export function endAt(bytes: Uint8Array, at: number, to: number, format: VendorFormat): number {
  const header = headerOf(format)
  if (at + header > to) return 0
  if (format.lengthOctets === 0) return to
  const length = bigEndian(bytes, at + format.typeOctets, format.lengthOctets)
  return length < header || at + length > to ? 0 : at + length
}

/**
 * The format of the octets `from` to `to`: the vendor's, or that of RFC 2865 if they add up only in that one, as from a
 * Starent gateway that is configured so.
 */
export function formatWithin(bytes: Uint8Array, from: number, to: number, vendor: number): VendorFormat {
  const format = formatOf(vendor)
  if (format === RFC_FORMAT || fits(bytes, from, to, format)) return format
  return fits(bytes, from, to, RFC_FORMAT) ? RFC_FORMAT : format
}

/** Do the octets add up to whole sub-attributes? */
export function fits(bytes: Uint8Array, from: number, to: number, format: VendorFormat): boolean {
  for (let at = from; at < to; ) {
    const end = endAt(bytes, at, to, format)
    if (end === 0) return false
    at = end
  }
  return from < to
}

function bigEndian(bytes: Uint8Array, at: number, octets: number): number {
  let number = 0
  for (let i = 0; i < octets; i += 1) number = number * 256 + bytes[at + i]!
  return number
}
