/**
 * What a record counted, exact to 64 bits, each direction by address family where that can be known.
 *
 * octets = Gigawords x 2^32 + Octets, packets = Gigapkts x 2^32 + Packets. The aggregate is IPv4 and IPv6 together, and
 * the ERX IPv6 counters are a part of it: IPv4 = aggregate - IPv6. What can't be known is `undefined`, never 0:
 *
 * - a member link of an MLPPP bundle sees fragments and no families; its six zeros say nothing;
 * - there is no IPv6 Gigapkts, so IPv6 packets are unknown once the aggregate has reached 2^32;
 * - an IPv6 part beyond the aggregate is impossible, and so nothing is left to be IPv4.
 */
import { FIELD, type Field } from './fields.ts'
import { isPacketSizeImpossible } from './impossible.ts'

/** Who has the counters of a record: the packet, or the session table that kept them. */
export interface Counted {
  readonly isMemberLink: boolean
  number(field: Field): number | undefined
}

export interface DirectionFigures {
  readonly octets: bigint | undefined
  readonly packets: bigint | undefined
  readonly ipv4Octets: bigint | undefined
  readonly ipv4Packets: bigint | undefined
  readonly ipv6Octets: bigint | undefined
  readonly ipv6Packets: bigint | undefined
}

/** Input is what the client got from its user (RFC 2866 section 5.3). */
export interface Figures {
  readonly input: DirectionFigures
  readonly output: DirectionFigures
}

export function figuresOf(record: Counted): Figures {
  const seesFamilies = canTellFamilies(record)
  return { input: directionOf(record, INPUT, seesFamilies), output: directionOf(record, OUTPUT, seesFamilies) }
}

/** Only a member link's zeros are no figures; where it says more than zero, it can tell. */
export function canTellFamilies(record: Counted): boolean {
  if (!record.isMemberLink) return true
  for (let field = FIELD.ipv6InputOctets; field <= FIELD.ipv6OutputPackets; field += 1) {
    if ((record.number(field as Field) ?? 0) !== 0) return true
  }
  return false
}

const INPUT = {
  octets: FIELD.inputOctets,
  gigawords: FIELD.inputGigawords,
  packets: FIELD.inputPackets,
  gigapkts: FIELD.inputGigapkts,
  ipv6Octets: FIELD.ipv6InputOctets,
  ipv6Gigawords: FIELD.ipv6InputGigawords,
  ipv6Packets: FIELD.ipv6InputPackets,
} as const
const OUTPUT = {
  octets: FIELD.outputOctets,
  gigawords: FIELD.outputGigawords,
  packets: FIELD.outputPackets,
  gigapkts: FIELD.outputGigapkts,
  ipv6Octets: FIELD.ipv6OutputOctets,
  ipv6Gigawords: FIELD.ipv6OutputGigawords,
  ipv6Packets: FIELD.ipv6OutputPackets,
} as const

const TWO_TO_32 = 0x1_0000_0000n

function directionOf(record: Counted, of: typeof INPUT | typeof OUTPUT, seesFamilies: boolean): DirectionFigures {
  const octets = whole(record.number(of.octets), record.number(of.gigawords))
  const packets = whole(record.number(of.packets), record.number(of.gigapkts))
  const ipv6Octets = seesFamilies ? whole(record.number(of.ipv6Octets), record.number(of.ipv6Gigawords)) : undefined
  const canCountPackets = seesFamilies && packets !== undefined && packets < TWO_TO_32
  const ipv6Packets = canCountPackets ? whole(record.number(of.ipv6Packets), 0) : undefined
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

/** What a record says of itself beside its figures. */
export const RECORD_LABELS = ['mlppp-member-link', 'packet-size', 'ipv6-beyond-aggregate'] as const
export type RecordLabel = (typeof RECORD_LABELS)[number]

/** The labels of one record by itself; what only shows beside the record before it, the session table finds. */
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
