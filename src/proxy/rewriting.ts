/**
 * A request as it is first sent to a server: as it came, or changed in what its client's configuration names. What does not
 * fit into 4,096 octets any more is left out and counted: an addition costs no delivery.
 *
 * Each server gets its own copy, made once: a retry to it is the same octets (RFC 2865 section 2.5). So Acct-Delay-Time is
 * right when the record leaves for a server, and counts what it waited here, the tries at other servers included.
 */
import { delayTime, hasEventTimestamp } from '../accounting/record.ts'
import { type RecordChanges, rewrittenRecord } from '../accounting/rewriting.ts'
import { parseAddress } from '../addresses.ts'
import type { Packet } from '../radius/packet.ts'
import { hasRoomFor } from '../radius/rewrite.ts'
import { type Instant, MICROS_PER_SECOND, since } from '../units.ts'
import type { Client } from './client-table.ts'
import type { Request } from './request.ts'

export function recordForServer(request: Request, packet: Packet, now: Instant): Packet {
  const { client, wraps } = request
  const { acctDelayTime, swapDirections, erxIpv6Zeros } = client.options.accounting
  const dropIpv6Zeros = erxIpv6Zeros === 'drop_on_mlppp'
  const delay = acctDelayTime === 'update' ? delayNow(request, packet, now) : undefined
  if (delay === undefined && wraps === undefined && !swapDirections && !dropIpv6Zeros) return packet
  const changes: RecordChanges = { delay, gigawords: wraps, swapDirections, dropIpv6Zeros }
  const written = rewrittenRecord(packet, changes)
  for (const rewrite of written.took) client.accounting.rewritten[rewrite] += 1
  for (const addition of written.leftOut) client.leftOut[addition] += 1
  return written.packet
}

/** The client's address where the packet names no NAS and it is to be added. */
export function nasAddressFor({ client, from }: Request, packet: Packet): Uint8Array | undefined {
  if (client.options.addNasIpAddress !== 'when_missing') return undefined
  if (packet.nasIpAddressAt !== 0 || packet.nasIpv6AddressAt !== 0) return undefined
  return parseAddress(from.address)
}

/** The packet was made for a server, with the address or without. */
export function noteNasAddress(client: Client, packet: Packet, address: Uint8Array | undefined): void {
  if (address !== undefined && !hasRoomFor(packet, address)) client.leftOut.nas_ip_address += 1
}

/** RFC 2866 section 5.2; undefined where the record says when it happened, or has hardly waited. */
function delayNow(request: Request, packet: Packet, now: Instant): number | undefined {
  if (hasEventTimestamp(packet)) return undefined
  const waited = Math.floor(since(request.cameAt, now) / MICROS_PER_SECOND)
  return waited < 1 ? undefined : (delayTime(packet) ?? 0) + waited
}
