/**
 * What queueing needs to know of an accounting request: its kind, its age, which record it is, and which older record it
 * makes needless.
 *
 * If a client sends a record again with a new Acct-Delay-Time, that is a new packet (RFC 2866 section 5.2) but the same
 * record. The digest finds it: it covers every attribute except those that a retransmission may change.
 */
import { ACCT_DELAY_TIME, HEADER_LENGTH, MESSAGE_AUTHENTICATOR, PROXY_STATE } from '../../codes.ts'
import { md5 } from '../../radius/md5.ts'
import type { Packet } from '../../radius/packet.ts'
import { AGGREGATES, FIELD, type Field } from './fields.ts'
import { RecordView } from './record-view.ts'

/** RFC 2866 section 5.1, RFC 2869 section 2.1. */
const INTERIM_UPDATE = 3
const SESSION_TIME = { vendor: 0, type: 46 } as const

/** Acct-Status-Type (RFC 2866 section 5.1); undefined if it is missing or not 4 octets long. */
export const statusType = (packet: Packet): number | undefined => packet.number(packet.acctStatusTypeAt)

/** A later interim update of the session says all that it says, so it is the first to be shed. */
export const isInterim = (packet: Packet): boolean => statusType(packet) === INTERIM_UPDATE

/** Acct-Delay-Time in seconds (RFC 2866 section 5.2); undefined if it is missing or not 4 octets long. */
export const delayTime = (packet: Packet): number | undefined => packet.number(packet.acctDelayTimeAt)

/** Acct-Session-Time in seconds (RFC 2866 section 5.7); undefined if it is missing or not 4 octets long. */
export function sessionTime(packet: Packet): number | undefined {
  const value = packet.find(SESSION_TIME)
  return value?.length === 4 ? value.reduce((sum, octet) => sum * 256 + octet, 0) : undefined
}

export const hasEventTimestamp = (packet: Packet): boolean => packet.eventTimestampAt !== 0

/** `target` gets 16 octets: the MD5 over all attributes, in order, but Acct-Delay-Time, Message-Authenticator and Proxy-State. */
export function recordDigest(packet: Packet, target: Uint8Array): void {
  const { bytes } = packet
  md5.begin()
  let runFrom = HEADER_LENGTH
  for (let at = HEADER_LENGTH; at < bytes.length; at += bytes[at + 1]!) {
    const type = bytes[at]
    if (type !== ACCT_DELAY_TIME && type !== MESSAGE_AUTHENTICATOR && type !== PROXY_STATE) continue
    md5.add(bytes, runFrom, at)
    runFrom = at + bytes[at + 1]!
  }
  md5.add(bytes, runFrom).finishInto(target, 0)
}

const SESSION = [FIELD.sessionId, FIELD.nasIpAddress, FIELD.nasIdentifier, FIELD.nasIpv6Address] as const

const newView = new RecordView()
const oldView = new RecordView()

/**
 * Whether a record counts the same session later, and all that the older one counts. Both came from one address. "No" if it
 * is not known: two NAS behind one address, no Acct-Session-Time, counters that only the older record has.
 */
export function outdates(newer: Packet, older: Packet): boolean {
  newView.read(newer)
  oldView.read(older)
  const [time, before] = [newView.number(FIELD.sessionTime), oldView.number(FIELD.sessionTime)]
  if (time === undefined || before === undefined || time <= before) return false
  return SESSION.every(isSame) && AGGREGATES.every((field) => newView.has(field) || !oldView.has(field))
}

const isSame = (field: Field): boolean => {
  const [one, other] = [newView.octets(field), oldView.octets(field)]
  return one.length === other.length && one.every((octet, at) => octet === other[at])
}
