/**
 * What a record counted, exact to 64 bits, by direction and, where it is known, by address family.
 *
 * octets = Gigawords x 2^32 + Octets, packets = Gigapkts x 2^32 + Packets. The aggregate is IPv4 and IPv6 together, and
 * the ERX IPv6 counters are a part of it: IPv4 = aggregate - IPv6. What is not known is `undefined`, never 0:
 *
 * - A member link of an MLPPP bundle sees fragments and no families; its six zeros say nothing.
 * - There is no IPv6 Gigapkts, so IPv6 packets are unknown once the aggregate has reached 2^32.
 * - An IPv6 part beyond the aggregate is impossible, so the IPv4 part is unknown.
 */
import { FIELD, type Field } from './fields.ts'
import { isPacketSizeImpossible } from './impossible.ts'

/** Has the counters of a record: the packet, or the session table that kept them. */
export interface Counted {
  readonly isMemberLink: boolean
  number(field: Field): number | undefined
}

/** Input is what the client got from its user (RFC 2866 section 5.3). */
export const DIRECTIONS = ['input', 'output'] as const
export const FIGURES = ['octets', 'packets', 'ipv4Octets', 'ipv4Packets', 'ipv6Octets', 'ipv6Packets'] as const
export type DirectionFigures = Readonly<Record<(typeof FIGURES)[number], bigint | undefined>>
export type Figures = Readonly<Record<(typeof DIRECTIONS)[number], DirectionFigures>>

export function figuresOf(record: Counted): Figures {
  const seesFamilies = canTellFamilies(record)
  return { input: directionOf(record, 0, seesFamilies), output: directionOf(record, 1, seesFamilies) }
}

/** Only a member link's zeros are no figures. If it reports more than zero, it can tell. */
export function canTellFamilies(record: Counted): boolean {
  if (!record.isMemberLink) return true
  for (let field = FIELD.ipv6InputOctets; field <= FIELD.ipv6OutputPackets; field += 1) {
    if ((record.number(field as Field) ?? 0) !== 0) return true
  }
  return false
}

const TWO_TO_32 = 0x1_0000_0000n

function directionOf(record: Counted, way: 0 | 1, seesFamilies: boolean): DirectionFigures {
  const number = (ofInput: Field): number | undefined => record.number((ofInput + way) as Field)
  const octets = whole(number(FIELD.inputOctets), number(FIELD.inputGigawords))
  const packets = whole(number(FIELD.inputPackets), number(FIELD.inputGigapkts))
  const ipv6Octets = seesFamilies ? whole(number(FIELD.ipv6InputOctets), number(FIELD.ipv6InputGigawords)) : undefined
  const canCountPackets = seesFamilies && packets !== undefined && packets < TWO_TO_32
  const ipv6Packets = canCountPackets ? whole(number(FIELD.ipv6InputPackets), 0) : undefined
  return {
    octets,
    packets,
    ipv4Octets: rest(octets, ipv6Octets),
    ipv4Packets: rest(packets, ipv6Packets),
    ipv6Octets,
    ipv6Packets,
  }
}

/** A high half without a low one is no number; a low half alone is what the client counted. */
const whole = (low: number | undefined, high: number | undefined): bigint | undefined =>
  low === undefined ? undefined : BigInt(high ?? 0) * TWO_TO_32 + BigInt(low)

const rest = (aggregate: bigint | undefined, part: bigint | undefined): bigint | undefined =>
  aggregate === undefined || part === undefined || part > aggregate ? undefined : aggregate - part

/** What a record by itself shows, beside its figures. */
export const RECORD_LABELS = ['mlppp-member-link', 'packet-size', 'ipv6-beyond-aggregate'] as const
export type RecordLabel = (typeof RECORD_LABELS)[number]

/** What only shows beside the record before it is found by the session table. */
export function labelsOf(record: Counted): RecordLabel[] {
  const { input, output } = figuresOf(record)
  const both = [input, output]
  const isOf: Readonly<Record<RecordLabel, boolean>> = {
    'mlppp-member-link': record.isMemberLink,
    'packet-size': both.some((way) => hasImpossibleSize(way, record.number(FIELD.sessionTime))),
    'ipv6-beyond-aggregate': both.some(hasGreaterPart),
  }
  return RECORD_LABELS.filter((label) => isOf[label])
}

const hasImpossibleSize = ({ octets, packets }: DirectionFigures, seconds: number | undefined): boolean =>
  octets !== undefined &&
  packets !== undefined &&
  isPacketSizeImpossible(...halves(octets), ...halves(packets), seconds)

const hasGreaterPart = ({ octets, packets, ipv6Octets, ipv6Packets }: DirectionFigures): boolean =>
  isMore(ipv6Octets, octets) || isMore(ipv6Packets, packets)

const isMore = (part: bigint | undefined, whole: bigint | undefined): boolean =>
  part !== undefined && whole !== undefined && part > whole

const halves = (figure: bigint): [high: number, low: number] => [Number(figure >> 32n), Number(figure & 0xffff_ffffn)]
