/**
 * The attributes of an accounting record that are read by name, each with a small number of its own.
 *
 * Vendor 4874 is ERX (Unisphere, now Juniper's subscriber routers). Juniper's own vendor number 2636 is for logins and not
 * read. A counter comes as two halves: a low one and, in another attribute, a high one. The IPv6 counters are a part of
 * the aggregate (RFC 2866 sections 5.3-5.8, RFC 2869 sections 5.1-5.2, docs/accounting.md).
 */

export const ERX = 4874

/** The counters come first, without a gap; each of the input is followed by that of the output. */
export const FIELD = {
  inputOctets: 0,
  outputOctets: 1,
  inputGigawords: 2,
  outputGigawords: 3,
  inputPackets: 4,
  outputPackets: 5,
  inputGigapkts: 6,
  outputGigapkts: 7,
  ipv6InputOctets: 8,
  ipv6OutputOctets: 9,
  ipv6InputGigawords: 10,
  ipv6OutputGigawords: 11,
  ipv6InputPackets: 12,
  ipv6OutputPackets: 13,
  userName: 14,
  nasIpAddress: 15,
  nasIdentifier: 16,
  nasIpv6Address: 17,
  framedProtocol: 18,
  statusType: 19,
  delayTime: 20,
  sessionId: 21,
  sessionTime: 22,
  terminateCause: 23,
  multiSessionId: 24,
  linkCount: 25,
  eventTimestamp: 26,
  bundleName: 27,
} as const
export type Field = (typeof FIELD)[keyof typeof FIELD]

export const COUNTERS = 14
/** The low halves of IPv4 and IPv6 together: octets in and out, packets in and out. */
export const AGGREGATES = [FIELD.inputOctets, FIELD.outputOctets, FIELD.inputPackets, FIELD.outputPackets] as const
export const FIELDS = 28

/** Attribute numbers of the standard space. */
const STANDARD: Readonly<Record<number, Field>> = {
  1: FIELD.userName,
  4: FIELD.nasIpAddress,
  7: FIELD.framedProtocol,
  32: FIELD.nasIdentifier,
  40: FIELD.statusType,
  41: FIELD.delayTime,
  42: FIELD.inputOctets,
  43: FIELD.outputOctets,
  44: FIELD.sessionId,
  46: FIELD.sessionTime,
  47: FIELD.inputPackets,
  48: FIELD.outputPackets,
  49: FIELD.terminateCause,
  50: FIELD.multiSessionId,
  51: FIELD.linkCount,
  52: FIELD.inputGigawords,
  53: FIELD.outputGigawords,
  55: FIELD.eventTimestamp,
  95: FIELD.nasIpv6Address,
}

/** Sub-attribute numbers of ERX. */
const OF_ERX: Readonly<Record<number, Field>> = {
  42: FIELD.inputGigapkts,
  43: FIELD.outputGigapkts,
  62: FIELD.bundleName,
  151: FIELD.ipv6InputOctets,
  152: FIELD.ipv6OutputOctets,
  153: FIELD.ipv6InputPackets,
  154: FIELD.ipv6OutputPackets,
  155: FIELD.ipv6InputGigawords,
  156: FIELD.ipv6OutputGigawords,
}

export const NO_FIELD = 255

/** The field of each attribute type, `NO_FIELD` for all others. */
export const STANDARD_FIELDS = byType(STANDARD)
/** The same for the sub-attributes of ERX. */
export const ERX_FIELDS = byType(OF_ERX)

function byType(fields: Readonly<Record<number, Field>>): Uint8Array {
  const table = new Uint8Array(256).fill(NO_FIELD)
  for (const [type, field] of Object.entries(fields)) table[Number(type)] = field
  return table
}
