/**
 * `host:port` on the command line: an IP address and a port, `[...]` around an IPv6 address, the port may be left out. A
 * link-local address names its interface: `[fe80::1%eth0]:1812`.
 */
import { formatAddress, parseAddress, zoneOf } from '../../addresses.ts'

const LAST_PORT = 65_535

/** The address in its normal form and the port; undefined where the text is no such thing. */
export function parseEndpoint(text: string, defaultPort: number): { address: string; port: number } | undefined {
  const [, ipv6, ipv4, digits] = /^(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([0-9.]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const address = ipv6 ?? ipv4 ?? text
  const octets = parseAddress(address)
  const port = digits === undefined ? defaultPort : Number(digits)
  if (!octets || port < 1 || port > LAST_PORT) return undefined
  return { address: formatAddress(octets) + zoneOf(address), port }
}
