/**
 * A session or a bundle for people and programs: plain values, exact figures as text, null for what is not known.
 *
 * These are the lines of the sessions log and the output of `radsluice sessions`. docs/accounting.md explains each field.
 */
import { FIELD } from '../record/fields.ts'
import { DIRECTIONS, type DirectionFigures, FIGURES, type Figures, figuresOf } from '../record/figures.ts'
import type { RecordView } from '../record/record-view.ts'
import { IMPOSSIBLE, type Impossible } from './anomalies.ts'
import type { RowTable } from './row-table.ts'
import * as layout from './session-rows.ts'

export type Label = 'mlppp-member-link' | 'mlppp-sum-of-links' | 'stop-without-counters' | Impossible
/** A 64-bit figure in decimal digits. */
type Figure = string | null

/** `inputOctets`, `outputOctets`, ...: in this order in reports. */
const REPORTED = FIGURES.flatMap((figure) =>
  DIRECTIONS.map((direction) => ({ direction, figure, name: direction + figure[0]!.toUpperCase() + figure.slice(1) })),
)

export type ReportedFigures = Readonly<Record<`${keyof Figures}${Capitalize<keyof DirectionFigures>}`, Figure>>

/** Of a session as of a bundle. */
interface Report extends ReportedFigures {
  readonly client: string
  readonly address: string
  /** NAS-Identifier, else NAS-IP-Address or NAS-IPv6-Address; empty if the records have none. */
  readonly nas: string
  readonly multiSession: string | null
  readonly user: string
  readonly labels: readonly Label[]
}

export interface SessionReport extends Report {
  readonly session: string
  readonly startSeen: boolean
  readonly sessionSeconds: number | null
  /** Event-Timestamp of its last record, Unix time. */
  readonly eventTimestamp: number | null
  /** How often a 32-bit counter of octets wrapped without Gigawords: 2^32 octets each are not in the figures. */
  readonly inputOctetsWraps: number
  readonly outputOctetsWraps: number
}

/** How a session ended: by its Stop, by silence for its lifetime, by another session with its Acct-Session-Id. */
export const SESSION_ENDS = ['stop', 'silent', 'reused'] as const
export type SessionEnd = (typeof SESSION_ENDS)[number]

export interface EndedSession extends SessionReport {
  readonly kind: 'session'
  readonly end: SessionEnd
  readonly terminateCause: number | null
}

/** How a bundle ended: all its links stopped (RFC 2866 section 5.12), or nothing came for a lifetime. */
export const BUNDLE_ENDS = ['complete', 'silent'] as const
export type BundleEnd = (typeof BUNDLE_ENDS)[number]

export interface EndedBundle extends Report {
  readonly kind: 'bundle'
  readonly multiSession: string
  readonly end: BundleEnd
  /** Links that were seen, that ended with a Stop, and the largest Acct-Link-Count. */
  readonly links: number
  readonly stops: number
  /** Links that are not in the sum: still running, or without counters in any record. */
  readonly linksWithoutFigures: number
  readonly linkCount: number | null
}

export type Ended = EndedSession | EndedBundle

export function sessionReport(rows: RowTable, row: number, client: string): SessionReport {
  const at = row * rows.width
  const { words } = rows
  const flags = words[at + layout.FLAGS]!
  const { key, rest } = rows.textOf(row)
  const { address, nas, name } = layout.readKey(key)
  const [user, multi] = layout.piecesOf(rest) as [Uint8Array, Uint8Array]
  return {
    client,
    address,
    nas,
    session: name,
    multiSession: multi.length === 0 ? null : layout.printable(multi),
    user: layout.printable(user),
    startSeen: (flags & layout.STARTED) !== 0,
    sessionSeconds: (flags & layout.HAS_TIME) === 0 ? null : words[at + layout.TIME]!,
    eventTimestamp: (flags & layout.HAS_STAMP) === 0 ? null : words[at + layout.STAMP]!,
    inputOctetsWraps: words[at + layout.INPUT_WRAPS]!,
    outputOctetsWraps: words[at + layout.OUTPUT_WRAPS]!,
    ...reportedFigures(figuresOf(layout.countedIn(rows, row))),
    labels: labelsOf(flags),
  }
}

export const reportedFigures = (figures: Figures): ReportedFigures =>
  Object.fromEntries(
    REPORTED.map(({ name, direction, figure }) => [name, figures[direction][figure]?.toString() ?? null]),
  ) as ReportedFigures

/** One record in a few words, for a log line. */
export function recordText(record: RecordView): string {
  const { input, output } = figuresOf(record)
  const known = (figure: bigint | undefined): string => (figure === undefined ? 'unknown' : String(figure))
  const time = record.number(FIELD.sessionTime)
  return [
    `Acct-Status-Type ${record.number(FIELD.statusType)}`,
    `session time ${time === undefined ? 'unknown' : `${time} s`}`,
    `octets ${known(input.octets)} in ${known(output.octets)} out`,
    `packets ${known(input.packets)} in ${known(output.packets)} out`,
  ].join(', ')
}

const labelsOf = (flags: number): Label[] => [
  ...((flags & layout.MEMBER_LINK) === 0 ? [] : ['mlppp-member-link' as const]),
  ...((flags & layout.STOPPED_BARE) === 0 ? [] : ['stop-without-counters' as const]),
  ...IMPOSSIBLE.filter((_, i) => (flags & (layout.FIRST_IMPOSSIBLE << i)) !== 0),
]
