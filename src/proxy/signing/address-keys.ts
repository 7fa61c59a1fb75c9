/**
 * The 128 bits that stand for a client's address, and the address that they stand for: the same in every engine.
 *
 *     IPv4            10 octets of 0, 2 of 255, the address (RFC 4291 section 2.5.5.2)
 *     IPv6            the address
 *     IPv6 fe80::/10  its octets 0-1, 6 octets of MD5 of its octets 2-7 and its zone, its octets 8-15
 *
 * A link-local address is another one on each interface (RFC 4007), so the zone is a part of the key. It takes the place of
 * 54 bits that are 0 in such addresses (RFC 4291 section 2.5.6). The names of zones that were seen or configured are known.
 * A zone that only another engine saw is `%?` in the text.
 */
import { formatAddress, isLinkLocal, parseAddress, zoneOf } from '../../addresses.ts'
import { md5 } from '../../radius/md5.ts'

/** More than a machine has interfaces. */
const ZONES = 1_024
const MAPPED = [0xff, 0xff]
const MAPPED_AT = 10
const IPV4_AT = 12
const ZONE_AT = 2
const ZONE_END = 8
const UNKNOWN = '%?'
const NO_OCTETS = new Uint8Array(ZONE_END - ZONE_AT)

export class AddressKeys {
  /** Zones by the hash that stands in a key, as text. */
  readonly #zones = new Map<string, string>()

  /** Text that is no address has the key of `::`. */
  keyOf(address: string): Int32Array {
    const key = new Uint8Array(16)
    const octets = parseAddress(address) ?? []
    if (octets.length === 4) key.set(MAPPED, MAPPED_AT)
    key.set(octets, key.length - octets.length)
    if (isLinkLocal(key)) {
      const zone = zoneOf(address)
      this.know(zone)
      key.set(hashOf(key.slice(ZONE_AT, ZONE_END), zone), ZONE_AT)
    }
    return new Int32Array(key.buffer)
  }

  addressOf(key: Int32Array): string {
    const octets = new Uint8Array(key.buffer, key.byteOffset, 16).slice()
    const isIPv4 = octets.subarray(0, IPV4_AT).every((octet, at) => octet === (at < MAPPED_AT ? 0 : 0xff))
    if (isIPv4) return formatAddress(octets.subarray(IPV4_AT))
    if (!isLinkLocal(octets)) return formatAddress(octets)
    const zone = this.#zones.get(textOf(octets.subarray(ZONE_AT, ZONE_END))) ?? UNKNOWN
    octets.fill(0, ZONE_AT, ZONE_END)
    return formatAddress(octets) + zone
  }

  /** There is an interface of this name: `%eth0`, or empty if none is named. */
  know(zone: string): void {
    const hash = textOf(hashOf(NO_OCTETS, zone))
    if (this.#zones.size >= ZONES && !this.#zones.has(hash)) this.#zones.clear()
    this.#zones.set(hash, zone)
  }
}

const hashOf = (octets: Uint8Array, zone: string): Uint8Array => {
  const digest = new Uint8Array(16)
  md5.begin().add(octets).add(new TextEncoder().encode(zone)).finishInto(digest, 0)
  return digest.subarray(0, ZONE_END - ZONE_AT)
}

const textOf = (octets: Uint8Array): string => octets.join('.')
