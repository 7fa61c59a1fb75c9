/**
 * How many datagrams the kernel dropped because a receive buffer was full: from the text of /proc/net/udp and udp6.
 *
 *     sl  local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ref pointer drops
 *     12: 0100007F:0714 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 7 2 0000 3
 *
 * Addresses are words of 32 bits in hex, in the machine's byte order (little-endian).
 */
import { parseAddress } from '../addresses.ts'

const LOCAL = 1
const DROPS = 12

/** By local address and port, as the table writes them; sockets that share both are added. */
export function parseUdpTable(text: string): Map<string, number> {
  const drops = new Map<string, number>()
  for (const line of text.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/)
    const local = columns[LOCAL]
    const count = Number(columns[DROPS])
    if (local === undefined || !Number.isInteger(count)) continue
    drops.set(local, (drops.get(local) ?? 0) + count)
  }
  return drops
}

/** How the table writes an address and port; undefined if the text is no address. */
export function udpTableKey(address: string, port: number): string | undefined {
  const octets = parseAddress(address)
  if (!octets) return undefined
  const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0')
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
  let text = ''
  for (let at = 0; at < octets.length; at += 4) text += hex(view.getUint32(at, true), 8)
  return `${text}:${hex(port, 4)}`
}
