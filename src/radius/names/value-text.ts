/**
 * The octets of a value, read by the data type that a dictionary gives it: a number, or text for people.
 *
 * Octets that are no value of their type are shown as `0x...`, and so are those of an unknown type.
 */
import { formatAddress, formatPrefix } from '../../addresses.ts'

/** RFC 3162 section 2.3: a reserved octet and the length of the prefix stand before it. */
const PREFIX_AT = 2

/** `type` as dictionaries write it, of version 3 or 4; a `tagged` number has lost the first of its octets to the tag. */
export function readValue(type: string, value: Uint8Array, tagged = false): string | number {
  switch (type) {
    case 'string':
    case 'text':
      return readText(value)
    case 'ipaddr':
    case 'ipv4addr':
      return value.length === 4 ? formatAddress(value) : hex(value)
    case 'ipv6addr':
      return value.length === 16 ? formatAddress(value) : hex(value)
    case 'combo-ip':
      return value.length === 4 || value.length === 16 ? formatAddress(value) : hex(value)
    case 'ipv4prefix':
      return value.length === PREFIX_AT + 4 ? readPrefix(value, 4) : hex(value)
    case 'ipv6prefix':
      return readPrefix(value, 16)
    case 'ifid':
      return value.length === 8 ? groups(value, 2, (group) => group.toString(16)) : hex(value)
    case 'ether':
    case 'ethernet':
      return value.length === 6 ? groups(value, 1, (octet) => octet.toString(16).padStart(2, '0')) : hex(value)
    case 'bool':
    case 'byte':
    case 'uint8':
      return value.length === 1 ? value[0]! : hex(value)
    case 'short':
    case 'uint16':
      return value.length === 2 ? numberIn(value) : hex(value)
    case 'integer':
    case 'uint32':
    case 'time':
      // RFC 2868 section 3.1: a tag takes the first of a number's four octets.
      return value.length === (tagged ? 3 : 4) ? numberIn(value) : hex(value)
    case 'signed':
    case 'int32':
      return value.length === 4 ? numberIn(value) | 0 : hex(value)
    case 'integer64':
    case 'uint64':
      return value.length === 8 ? readLong(value) : hex(value)
    default:
      return hex(value)
  }
}

/** `0x0102`. */
export const hex = (value: Uint8Array): string =>
  `0x${Array.from(value, (octet) => octet.toString(16).padStart(2, '0')).join('')}`

/** Big-endian, of at most six octets. */
const numberIn = (value: Uint8Array): number => value.reduce((number, octet) => number * 256 + octet, 0)

/** Text, where the octets are UTF-8 that can be printed. */
function readText(value: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(value)
    return /\p{Cc}/u.test(text) ? hex(value) : text
  } catch {
    return hex(value)
  }
}

/** `2001:db8::/56`. Octets after the prefix may be left out; bits after it are shown as they are. */
function readPrefix(value: Uint8Array, octets: 4 | 16): string {
  const bits = value[1] ?? 0
  if (value.length < PREFIX_AT || value.length > PREFIX_AT + octets || bits > octets * 8) return hex(value)
  const bytes = new Uint8Array(octets)
  bytes.set(value.subarray(PREFIX_AT))
  return formatPrefix({ bytes, bits })
}

/** A number, or its digits where a number of JavaScript would lose some. */
function readLong(value: Uint8Array): number | string {
  const number = value.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n)
  return number <= Number.MAX_SAFE_INTEGER ? Number(number) : String(number)
}

function groups(value: Uint8Array, size: number, show: (group: number) => string): string {
  const shown: string[] = []
  for (let at = 0; at < value.length; at += size) shown.push(show(numberIn(value.subarray(at, at + size))))
  return shown.join(':')
}
