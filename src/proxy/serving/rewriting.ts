/**
 * A request as it is first sent to a server: as it came, or changed as its client's configuration says. An addition that does not
 * fit into 4,096 octets or under `max_attributes` is left out and counted: it costs no delivery.
 *
 * Each server gets its own copy, made once: a retry is the same octets (RFC 2865 section 2.5). So Acct-Delay-Time is right when
 * the record leaves for a server. It counts the time here, including the tries at other servers.
 */
import { delayTime, hasEventTimestamp } from '../../accounting/record/record.ts'
import {
  type Addition,
  type RecordChanges,
  type Rewritten,
  rewrittenRecord,
} from '../../accounting/record/rewriting.ts'
import { parseAddress } from '../../addresses.ts'
import { attributesToAdd, hasTooManyAttributes } from '../../radius/attribute-limit.ts'
import type { Packet } from '../../radius/packet.ts'
import { hasRoomFor } from '../../radius/rewrite.ts'
import { type Instant, MICROS_PER_SECOND, since } from '../../units.ts'
import type { Client } from '../clients/client-table.ts'
import { cameAt, courseOf, type Request } from '../work/request.ts'

/** `maxAttributes`: how many a server takes. */
export function recordForServer(request: Request, packet: Packet, maxAttributes: number, now: Instant): Packet {
  const { client } = request
  const { wraps } = courseOf(request)
  const { acctDelayTime, swapDirections, erxIpv6Zeros } = client.options.accounting
  const dropIpv6Zeros = erxIpv6Zeros === 'drop_on_mlppp'
  const delay = acctDelayTime === 'update' ? delayNow(request, packet, now) : undefined
  if (delay === undefined && wraps === undefined && !swapDirections && !dropIpv6Zeros) return packet
  const changes: RecordChanges = { delay, gigawords: wraps, swapDirections, dropIpv6Zeros }
  const written = withinLimit(packet, changes, maxAttributes)
  for (const rewrite of written.took) client.accounting.rewritten[rewrite] += 1
  for (const addition of written.leftOut) client.leftOut[addition] += 1
  return written.packet
}

/** The record with its changes; without additions if these were one attribute too many for its server. */
function withinLimit(packet: Packet, changes: RecordChanges, maxAttributes: number): Rewritten {
  const written = rewrittenRecord(packet, changes)
  if (!hasTooManyAttributes(written.packet, maxAttributes)) return written
  const delay = packet.acctDelayTimeAt === 0 ? undefined : changes.delay
  const leftOut: Addition[] = []
  if (changes.gigawords !== undefined) leftOut.push('gigawords')
  if (changes.delay !== undefined && delay === undefined) leftOut.push('acct_delay_time')
  return { ...rewrittenRecord(packet, { ...changes, delay, gigawords: undefined }), leftOut }
}

/** The client's address, if the packet names no NAS, the address is to be added, and a server takes one more attribute. */
export function nasAddressFor(
  { client, from }: Request,
  packet: Packet,
  maxAttributes: number,
): Uint8Array | undefined {
  if (client.options.addNasIpAddress !== 'when_missing') return undefined
  if (packet.nasIpAddressAt !== 0 || packet.nasIpv6AddressAt !== 0) return undefined
  if (!hasTooManyAttributes(packet, maxAttributes, attributesToAdd(packet) + 1)) return parseAddress(from.address)
  client.leftOut.nas_ip_address += 1
  return undefined
}

export function noteNasAddress(client: Client, packet: Packet, address: Uint8Array | undefined): void {
  if (address !== undefined && !hasRoomFor(packet, address)) client.leftOut.nas_ip_address += 1
}

/** RFC 2866 section 5.2; undefined if the record says when it happened, or has hardly waited. */
function delayNow(request: Request, packet: Packet, now: Instant): number | undefined {
  if (hasEventTimestamp(packet)) return undefined
  const waited = Math.floor(since(cameAt(request), now) / MICROS_PER_SECOND)
  return waited < 1 ? undefined : (delayTime(packet) ?? 0) + waited
}
