/**
 * Whether one record of a session makes an older one needless: it counts the same session later, and all that the older
 * one counts.
 *
 * What can't be told is "no": records of two NAS behind one address, records without Acct-Session-Time, and one that lacks
 * counters which the older one has.
 */
import type { Packet } from '../../radius/packet.ts'
import { FIELD, type Field } from './fields.ts'
import { RecordView } from './record-view.ts'

const SESSION = [FIELD.sessionId, FIELD.nasIpAddress, FIELD.nasIdentifier, FIELD.nasIpv6Address] as const
const COUNTED = [FIELD.inputOctets, FIELD.outputOctets, FIELD.inputPackets, FIELD.outputPackets] as const

const newView = new RecordView()
const oldView = new RecordView()

/** Both came from one address. */
export function outdates(newer: Packet, older: Packet): boolean {
  newView.read(newer)
  oldView.read(older)
  const [time, before] = [newView.number(FIELD.sessionTime), oldView.number(FIELD.sessionTime)]
  if (time === undefined || before === undefined || time <= before) return false
  return SESSION.every(isSame) && COUNTED.every((field) => newView.has(field) || !oldView.has(field))
}

const isSame = (field: Field): boolean => {
  const [one, other] = [newView.octets(field), oldView.octets(field)]
  return one.length === other.length && one.every((octet, at) => octet === other[at])
}
