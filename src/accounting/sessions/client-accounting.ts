/**
 * What accounting records a client sent, and what they reported: counted for each configured client, kept over a reload.
 *
 * The traffic is what the client's counters grew by from record to record. A `Total` keeps it exact beyond 2^53: the low
 * half stays below 2^32, the high half counts whole 2^32s. Totals can be added half by half. The low half of such a sum may
 * be greater; `exact` accepts that.
 */
import { REWRITES, type Rewrite } from '../record/rewriting.ts'

/** The kinds of RFC 2866 section 5.1 and RFC 2869 section 2.1 that a session is made of, and the rest. */
export const RECORD_KINDS = ['start', 'stop', 'interim', 'accounting-on', 'accounting-off', 'other'] as const
export type RecordKind = (typeof RECORD_KINDS)[number]

export const START = 1
export const STOP = 2
export const INTERIM = 3
const KIND_OF: Readonly<Record<number, RecordKind>> = {
  [START]: 'start',
  [STOP]: 'stop',
  [INTERIM]: 'interim',
  7: 'accounting-on',
  8: 'accounting-off',
}

export interface Total {
  high: number
  low: number
}

export const TOTALS = ['inputOctets', 'outputOctets', 'inputPackets', 'outputPackets'] as const
export type TotalName = (typeof TOTALS)[number]

export interface ClientAccounting {
  readonly records: Record<RecordKind, number>
  memberLinkRecords: number
  damagedVendorAttributes: number
  paddedVendorAttributes: number
  /** Packets made for servers that were changed on their way. */
  readonly rewritten: Record<Rewrite, number>
  /** Interim updates whose place a newer one took. */
  coalesced: number
  /** Records that an overflow policy or a max-share removed. */
  readonly shed: Record<RecordKind, number>
  /** What the sessions' counters grew by; only where sessions are tracked. */
  readonly traffic: Record<TotalName, Total>
}

const each = <Name extends string, T>(names: readonly Name[], make: (name: Name) => T): Record<Name, T> =>
  Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, T>

export const noAccounting = (): ClientAccounting => ({
  records: each(RECORD_KINDS, () => 0),
  memberLinkRecords: 0,
  damagedVendorAttributes: 0,
  paddedVendorAttributes: 0,
  rewritten: each(REWRITES, () => 0),
  coalesced: 0,
  shed: each(RECORD_KINDS, () => 0),
  traffic: each(TOTALS, () => ({ high: 0, low: 0 })),
})

export const copyOf = ({ records, rewritten, shed, traffic, ...counts }: ClientAccounting): ClientAccounting => ({
  ...counts,
  records: { ...records },
  rewritten: { ...rewritten },
  shed: { ...shed },
  traffic: each(TOTALS, (name) => ({ ...traffic[name] })),
})

export const kindOf = (statusType: number | undefined): RecordKind => KIND_OF[statusType ?? 0] ?? 'other'

const TWO_TO_32 = 0x1_0000_0000

/** Adds two halves, each below 2^32. */
export function grow(total: Total, high: number, low: number): void {
  const sum = total.low + low
  const carry = sum >= TWO_TO_32 ? 1 : 0
  total.low = sum - carry * TWO_TO_32
  total.high += high + carry
}

export const exact = ({ high, low }: Readonly<Total>): bigint => BigInt(high) * BigInt(TWO_TO_32) + BigInt(low)
