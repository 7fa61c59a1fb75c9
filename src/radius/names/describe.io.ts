/**
 * A packet for people: what `decode` and the log at level debug show.
 *
 * Vendors' sub-attributes are read in the vendor's format, parts of a `tlv` as attributes of their own. If lengths do not
 * add up, the octets are shown. What is hidden with the shared secret reads `[hidden]`.
 */

import { classOfRequest, TRAFFIC_CLASSES } from '../../classes.ts'
import {
  ARAP_PASSWORD,
  CHAP_PASSWORD,
  HEADER_LENGTH,
  STATUS_SERVER,
  USER_PASSWORD,
  VENDOR_SPECIFIC,
} from '../../codes.ts'
import { checkRequest } from '../authenticator.ts'
import type { RequestFault } from '../faults.ts'
import { type PacketFault, readPacket } from '../packet.ts'
import type { Secret } from '../secret.ts'
import { RFC_FORMAT, type VendorFormat } from '../vendors/dictionary.ts'
import { endAt, fits, headerOf, typeAt } from '../vendors/vendor-format.ts'
import { codeName, formatFor, type KnownAttribute, knownAttribute, openPassword } from './names.io.ts'
import { hex, readValue } from './value-text.ts'

const HIDDEN = '[hidden]'
const CONTINUES = 0x80

/** What is derived from a password, without a cipher of the dictionary. */
const DIGESTS = [CHAP_PASSWORD, ARAP_PASSWORD]

export interface AttributeDescription {
  readonly name: string
  readonly vendor: number
  readonly type: number
  /** Of a part of the attribute: the types within it, as in `86.3`. */
  readonly part?: string
  /** A tag of RFC 2868, where the attribute has one. */
  readonly tag?: number
  /** A number, text, an address, a date, or `0x...` where the octets are no such thing. */
  readonly value: string | number
}

export interface PacketDescription {
  readonly code: number
  readonly codeName: string
  readonly identifier: number
  /** Octets of the packet, and how many came behind it. */
  readonly length: number
  readonly padding: number
  /** 32 hexadecimal digits. */
  readonly authenticator: string
  /** Of a request, where a secret was given: does it verify, and what is wrong with it? */
  readonly check?: 'valid' | RequestFault
  readonly attributes: readonly AttributeDescription[]
}

export interface DescribeOptions {
  /** Verifies a request, and opens its User-Password where `showPasswords` says so too. */
  readonly secret?: Secret
  readonly showPasswords?: boolean
}

/** A packet for people, ready for JSON; or what is wrong with its lengths. Hidden values read `[hidden]`. */
export function describe(bytes: Uint8Array, options: DescribeOptions = {}): PacketDescription | { fault: PacketFault } {
  const packet = readPacket(bytes)
  if (typeof packet === 'string') return { fault: packet }
  const attributes: AttributeDescription[] = []
  for (let at = HEADER_LENGTH; at < packet.length; at += packet.bytes[at + 1]!) {
    const type = packet.bytes[at]!
    const value = packet.value(at)
    if (type === VENDOR_SPECIFIC) attributes.push(...describeVendor(value))
    else if (type === USER_PASSWORD && options.showPasswords === true && options.secret !== undefined)
      attributes.push(named(standard(type), openPassword(value, packet.authenticator, options.secret) ?? HIDDEN))
    else if (DIGESTS.includes(type) && options.showPasswords !== true) attributes.push(named(standard(type), HIDDEN))
    else attributes.push(...describeAttribute(standard(type), value))
  }
  // Status-Server is a request at the port of any class.
  const trafficClass = packet.code === STATUS_SERVER ? TRAFFIC_CLASSES[0] : classOfRequest(packet.code)
  return {
    code: packet.code,
    codeName: codeName(packet.code),
    identifier: packet.identifier,
    length: packet.length,
    padding: bytes.length - packet.length,
    authenticator: Buffer.from(packet.authenticator).toString('hex'),
    ...(trafficClass !== undefined && options.secret !== undefined
      ? { check: checkRequest(packet, trafficClass, options.secret) ?? ('valid' as const) }
      : {}),
    attributes,
  }
}

/** The sub-attributes of a Vendor-Specific value; the whole value where their lengths do not add up. */
function describeVendor(value: Uint8Array): AttributeDescription[] {
  const whole = named(standard(VENDOR_SPECIFIC), hex(value))
  if (value.length < 6) return [whole]
  const vendor = Buffer.from(value).readUInt32BE(0)
  const within = value.subarray(4)
  const format = formatFor(vendor, within)
  return fits(within, 0, within.length, format) ? describeParts({ vendor, path: [] }, within, format) : [whole]
}

/** Of which attribute or part of one a value is. */
interface AttributePlace {
  readonly vendor: number
  /** Its type, and the types within it. */
  readonly path: readonly number[]
}

const standard = (type: number): AttributePlace => ({ vendor: 0, path: [type] })

function named({ vendor, path }: AttributePlace, value: string | number, tag?: number): AttributeDescription {
  const part = path.length > 1 ? { part: path.join('.') } : {}
  const { name } = knownAttribute(vendor, path)
  return { name, vendor, type: path[0]!, ...part, ...(tag === undefined ? {} : { tag }), value }
}

/** An attribute, or the parts that it has; a piece of a value that goes on elsewhere is shown as octets. */
function describeAttribute(place: AttributePlace, value: Uint8Array, isPiece = false): AttributeDescription[] {
  const of = knownAttribute(place.vendor, place.path)
  if (of.isHidden) return [named(place, HIDDEN)]
  if (isPiece) return [named(place, hex(value))]
  if (of.type === 'tlv' && fits(value, 0, value.length, RFC_FORMAT)) return describeParts(place, value, RFC_FORMAT)
  // RFC 2868 section 3.1: a first octet up to 0x1f is a tag.
  const tag = of.hasTag && value.length > 0 && value[0]! <= 0x1f ? value[0]! : undefined
  const rest = tag === undefined ? value : value.subarray(1)
  return [named(place, valueText(of, rest, tag !== undefined), tag)]
}

/** The parts of `value`, whose lengths add up in this format. */
function describeParts(
  { vendor, path }: AttributePlace,
  value: Uint8Array,
  format: VendorFormat,
): AttributeDescription[] {
  const found: AttributeDescription[] = []
  for (let at = 0; at < value.length; ) {
    const end = endAt(value, at, value.length, format)
    const from = at + headerOf(format)
    const goesOn = format.continues && (value[from - 1]! & CONTINUES) !== 0
    const part = { vendor, path: [...path, typeAt(value, at, format)] }
    found.push(...describeAttribute(part, value.subarray(from, end), goesOn))
    at = end
  }
  return found
}

function valueText(of: KnownAttribute, value: Uint8Array, tagged: boolean): string | number {
  if (of.type === 'date' && value.length === 4)
    return new Date(Buffer.from(value).readUInt32BE(0) * 1_000).toISOString()
  const read = readValue(of.type, value, tagged)
  return typeof read === 'number' ? (of.valueNames[read] ?? read) : read
}
