/**
 * IP addresses and prefixes as octets: 4 for IPv4, 16 for IPv6.
 *
 * Addresses come as text (from the configuration, from the socket layer) and are compared as octets, so that two ways to
 * write one address are one address. An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2) becomes its
 * 4 octets, since a dual-stack socket reports an IPv4 peer that way. A zone (`%eth0`, RFC 4007) is no part of the octets:
 * a prefix keeps it beside them, an address does not. Text that is no address is `undefined`, never an exception.
 */

/**
 * A network: `bytes` has the bits after the first `bits` cleared, 0-32 of 4 octets or 0-128 of 16. `zone` is the interface
 * behind a link-local one, `%eth0`; where there is none, every interface is meant.
 */
export interface Prefix {
  readonly bytes: Uint8Array
  readonly bits: number
  readonly zone?: string
}

/** Where a socket is, or what it talks to: the address as text, with its zone if it has one. */
export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** An endpoint to listen at. `optional`: the machine may lack the address, as a virtual one on the node that stands by. */
export interface ListenAt extends Endpoint {
  readonly optional?: true
}

const MAPPED_BITS = 96

/** 4 or 16 octets, or undefined. No leading zeros in IPv4 (some readers take them for octal), no names. */
export function parseAddress(text: string): Uint8Array | undefined {
  if (!text.includes(':')) return parseIPv4(text)
  const octets = parseIPv6(withoutZone(text))
  return octets !== undefined && isMapped(octets) ? octets.slice(12) : octets
}

/** The octets of an address; none if the text is no address. */
export const octetsOf = (text: string): Uint8Array => parseAddress(text) ?? new Uint8Array(0)

/**
 * `192.0.2.0/24`, `2001:db8::/32`, or an address, which is a prefix of all its bits. Bits after the prefix are cleared:
 * `192.0.2.9/24` is `192.0.2.0/24`. A mapped prefix of 96 bits or more is the IPv4 prefix it contains.
 */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const octets = address.includes(':') ? parseIPv6(withoutZone(address)) : parseIPv4(address)
  if (octets === undefined) return undefined
  const most = octets.length * 8
  const bits = slash < 0 ? most : parseDecimal(text.slice(slash + 1), most)
  if (bits === undefined) return undefined
  if (octets.length === 16 && bits >= MAPPED_BITS && isMapped(octets)) {
    return { bytes: masked(octets.slice(12), bits - MAPPED_BITS), bits: bits - MAPPED_BITS }
  }
  const zone = zoneOf(address)
  return { bytes: masked(octets, bits), bits, ...(zone === '' ? {} : { zone }) }
}

/** The usual text of 4 or 16 octets; IPv6 as RFC 5952 section 4 writes it. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  )
  if (isMapped(bytes)) return `::ffff:${bytes.subarray(12).join('.')}`
  const { start, length } = longestZeroRun(groups)
  if (length < 2) return groups.join(':')
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`
}

/** The usual text of a prefix, always with its length: `192.0.2.1/32`, `fe80::1%eth0/128`. */
export const formatPrefix = ({ bytes, bits, zone = '' }: Prefix): string => `${formatAddress(bytes)}${zone}/${bits}`

/** `192.0.2.1:1812` or `[2001:db8::1]:1812`. */
export const endpointText = ({ address, port }: Endpoint): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

/** Whether an address of 4 or 16 octets, at the interface `zone` or at any, is in a network. */
export function prefixContains(prefix: Prefix, octets: Uint8Array, zone = ''): boolean {
  const { bytes, bits } = prefix
  if (bytes.length !== octets.length || (prefix.zone !== undefined && prefix.zone !== zone)) return false
  const whole = bits >> 3
  for (let i = 0; i < whole; i += 1) if (bytes[i] !== octets[i]) return false
  const rest = bits & 7
  return rest === 0 || ((bytes[whole]! ^ octets[whole]!) & (0xff00 >> rest) & 0xff) === 0
}

/** The interface that an address names, with its sign: `%eth0`; empty where it names none. */
export function zoneOf(text: string): string {
  const percent = text.indexOf('%')
  return percent < 0 ? '' : text.slice(percent)
}

/** fe80::/10 (RFC 4291 section 2.5.6): an address that each interface has for itself. */
export const isLinkLocal = (bytes: Uint8Array): boolean =>
  bytes.length === 16 && bytes[0] === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80

/** 127.0.0.0/8 and ::1: the machine itself. */
export const isLoopback = (bytes: Uint8Array): boolean =>
  bytes.length === 4 ? bytes[0] === 127 : bytes.every((octet, i) => octet === (i === 15 ? 1 : 0))

/** 0.0.0.0 and ::, "every address of this machine" to a listener. */
export const isUnspecified = (bytes: Uint8Array): boolean => bytes.every((octet) => octet === 0)

function parseIPv4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  const octets = new Uint8Array(4)
  for (const [i, part] of parts.entries()) {
    const value = parseDecimal(part, 255)
    if (value === undefined) return undefined
    octets[i] = value
  }
  return octets
}

function parseIPv6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const before = parseGroups(halves[0] ?? '', halves.length === 1)
  const after = parseGroups(halves[1] ?? '', true)
  if (before === undefined || after === undefined) return undefined
  const written = before.length + after.length
  // RFC 4291 section 2.2: "::" stands for one or more groups of zeros.
  if (halves.length === 1 ? written !== 16 : written > 14) return undefined
  const octets = new Uint8Array(16)
  octets.set(before, 0)
  octets.set(after, 16 - after.length)
  return octets
}

/** Groups of up to four hexadecimal digits; the last may be dotted IPv4 where it ends the address. */
function parseGroups(text: string, endsAddress: boolean): number[] | undefined {
  if (text === '') return []
  const octets: number[] = []
  const groups = text.split(':')
  for (const [i, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16)
      octets.push(value >> 8, value & 0xff)
      continue
    }
    const dotted = endsAddress && i === groups.length - 1 ? parseIPv4(group) : undefined
    if (dotted === undefined) return undefined
    octets.push(...dotted)
  }
  return octets
}

function parseDecimal(text: string, most: number): number | undefined {
  if (!/^(0|[1-9]\d{0,2})$/.test(text)) return undefined
  const value = Number(text)
  return value <= most ? value : undefined
}

/** The address without the interface that it may name. */
export const withoutZone = (text: string): string => text.slice(0, text.length - zoneOf(text).length)

const isMapped = (octets: Uint8Array): boolean =>
  octets[10] === 0xff && octets[11] === 0xff && octets.subarray(0, 10).every((octet) => octet === 0)

function masked(octets: Uint8Array, bits: number): Uint8Array {
  return octets.map((octet, i) => octet & (0xff00 >> Math.min(8, Math.max(0, bits - i * 8))) & 0xff)
}

function longestZeroRun(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start += 1) {
    let length = 0
    while (groups[start + length] === '0') length += 1
    if (length > best.length) best = { start, length }
  }
  return best
}
