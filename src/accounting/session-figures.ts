/**
 * A record's figures beside those that its session had: what they grew by, and whether they can be true.
 *
 * The hot part of the table: halves of 32 bits in plain numbers, no BigInt and nothing allocated. A 64-bit counter that
 * falls was set back; a 32-bit one, with no high half in this record or the one before, wrapped if the session went on.
 */
import { bitOf } from './anomalies.ts'
import { grow, TOTALS, type Total, type TotalName } from './client-accounting.ts'
import { COUNTERS, FIELD, type Field } from './fields.ts'
import { isBeyondRate, isGreater, isPacketSizeImpossible, TWO_TO_32 } from './impossible.ts'
import type { KeyedRows } from './keyed-rows.ts'
import type { RecordView } from './record-view.ts'
import type { Wraps } from './rewriting.ts'
import * as layout from './session-rows.ts'

const LOW = [FIELD.inputOctets, FIELD.outputOctets, FIELD.inputPackets, FIELD.outputPackets] as const
const HIGH = [FIELD.inputGigawords, FIELD.outputGigawords, FIELD.inputGigapkts, FIELD.outputGigapkts] as const
/** The first of these four are octets. */
const OCTETS = 2
const IPV6_LOW = [
  FIELD.ipv6InputOctets,
  FIELD.ipv6OutputOctets,
  FIELD.ipv6InputPackets,
  FIELD.ipv6OutputPackets,
] as const
const IPV6_HIGH = [FIELD.ipv6InputGigawords, FIELD.ipv6OutputGigawords] as const

export interface Comparison {
  readonly record: RecordView
  /** What the client's counters grew by is added here. */
  readonly traffic: Readonly<Record<TotalName, Total>>
  /** Whether the record follows the one before; else it is the first, or came late and is not compared. */
  readonly isNext: boolean
  readonly maxPortRate: number
}

/** What the record's counters grew by goes to the client's traffic; answers what is odd about the growth, a bit for each. */
export function compareFigures(rows: KeyedRows, row: number, comparison: Comparison): number {
  const { words, width } = rows
  const at = row * width
  const time = comparison.record.number(FIELD.sessionTime)
  const before = (words[at + layout.FLAGS]! & layout.HAS_TIME) === 0 ? undefined : words[at + layout.TIME]!
  let odd = 0
  for (let i = 0; i < LOW.length; i += 1) odd |= compareAggregate(words, at, i, comparison, time, before)
  return odd
}

/** The record's figures and times are the session's from now on; answers what is odd about them, a bit for each. */
export function storeFigures(rows: KeyedRows, row: number, record: RecordView): number {
  const { words, width } = rows
  const at = row * width
  const time = record.number(FIELD.sessionTime)
  if (time !== undefined) {
    words[at + layout.TIME] = time
    words[at + layout.FLAGS]! |= layout.HAS_TIME
  }
  const stamp = record.number(FIELD.eventTimestamp)
  if (stamp !== undefined) {
    words[at + layout.STAMP] = stamp
    words[at + layout.FLAGS]! |= layout.HAS_STAMP
  }
  if (!layout.hasCounters(record)) return 0
  let present = 0
  for (let field = 0; field < COUNTERS; field += 1) {
    const value = record.number(field as Field)
    words[at + layout.COUNTER + field] = value ?? 0
    if (value !== undefined) present |= 1 << field
  }
  words[at + layout.PRESENT] = present
  return impossibleIn(words, at)
}

/** What a session counted, for the sum of its bundle. */
export function totalsOf(rows: KeyedRows, row: number): Readonly<Record<TotalName, Total | undefined>> {
  const { words, width } = rows
  const at = row * width
  const total = (i: number): Total | undefined =>
    isPresent(words, at, LOW[i]!)
      ? { high: words[at + layout.COUNTER + HIGH[i]!]!, low: words[at + layout.COUNTER + LOW[i]!]! }
      : undefined
  return { inputOctets: total(0), outputOctets: total(1), inputPackets: total(2), outputPackets: total(3) }
}

/** One of the four aggregates, `i` by `TOTALS`; `time` and `before` are session times of this record and the last. */
function compareAggregate(
  words: Uint32Array,
  at: number,
  i: number,
  { record, traffic, isNext, maxPortRate }: Comparison,
  time: number | undefined,
  before: number | undefined,
): number {
  const low = record.number(LOW[i]!)
  if (low === undefined) return 0
  const high = record.number(HIGH[i]!) ?? 0
  const flags = words[at + layout.FLAGS]!
  if (!isPresent(words, at, LOW[i]!)) {
    if ((flags & layout.FROM_ZERO) !== 0) grow(traffic[TOTALS[i]!], high, low)
    const isTooMuch = i < OCTETS && time !== undefined && isBeyondRate(high * TWO_TO_32 + low, time, maxPortRate)
    return isTooMuch ? RATE : 0
  }
  let lowGrowth = low - words[at + layout.COUNTER + LOW[i]!]!
  let highGrowth = high - words[at + layout.COUNTER + HIGH[i]!]!
  if (lowGrowth < 0) {
    lowGrowth += TWO_TO_32
    highGrowth -= 1
  }
  const elapsed = time === undefined || before === undefined ? undefined : time - before
  if (highGrowth >= 0) {
    grow(traffic[TOTALS[i]!], highGrowth, lowGrowth)
    const octets = highGrowth * TWO_TO_32 + lowGrowth
    return i < OCTETS && elapsed !== undefined && isBeyondRate(octets, Math.max(0, elapsed), maxPortRate) ? RATE : 0
  }
  if (!isNext) return 0
  const hasHigh = record.has(HIGH[i]!) || isPresent(words, at, HIGH[i]!)
  if (hasHigh || elapsed === undefined || elapsed <= 0) return FELL
  grow(traffic[TOTALS[i]!], 0, lowGrowth)
  if (i < OCTETS) words[at + layout.INPUT_WRAPS + i]! += 1
  else words[at + layout.FLAGS]! |= layout.PACKETS_WRAPPED
  return WRAPPED
}

const WRAPPED = bitOf('counter-wrapped')
const FELL = bitOf('counter-fell')
const RATE = bitOf('rate-beyond-port')
const SIZE = bitOf('packet-size')
const IPV6 = bitOf('ipv6-beyond-aggregate')

/** What was stored of a record, looked at by itself. Counters that wrapped do not fit each other and are let be. */
function impossibleIn(words: Uint32Array, at: number): number {
  let odd = 0
  for (let way = 0; way < OCTETS; way += 1) {
    const octets = LOW[way]!
    const packets = LOW[way + OCTETS]!
    const knowsOctets = isPresent(words, at, octets) && words[at + layout.INPUT_WRAPS + way] === 0
    const knowsPackets = isPresent(words, at, packets) && (words[at + layout.FLAGS]! & layout.PACKETS_WRAPPED) === 0
    if (
      knowsOctets &&
      knowsPackets &&
      isPacketSizeImpossible(
        words[at + layout.COUNTER + HIGH[way]!]!,
        words[at + layout.COUNTER + octets]!,
        words[at + layout.COUNTER + HIGH[way + OCTETS]!]!,
        words[at + layout.COUNTER + packets]!,
      )
    )
      odd |= SIZE
    if (knowsOctets && isPartGreater(words, at, way)) odd |= IPV6
    if (knowsPackets && isPartGreater(words, at, way + OCTETS)) odd |= IPV6
  }
  return odd
}

/** Whether the IPv6 part of an aggregate is greater than the aggregate. */
function isPartGreater(words: Uint32Array, at: number, i: number): boolean {
  if (!isPresent(words, at, IPV6_LOW[i]!)) return false
  const partHigh = i < OCTETS ? words[at + layout.COUNTER + IPV6_HIGH[i]!]! : 0
  const part = words[at + layout.COUNTER + IPV6_LOW[i]!]!
  return isGreater(partHigh, part, words[at + layout.COUNTER + HIGH[i]!]!, words[at + layout.COUNTER + LOW[i]!]!)
}

const isPresent = (words: Uint32Array, at: number, field: Field): boolean =>
  (words[at + layout.PRESENT]! & (1 << field)) !== 0

/** How often the octets wrapped since the session is known; undefined where they did not. */
export function wrapsOf({ words, width }: KeyedRows, row: number): Wraps | undefined {
  const input = words[row * width + layout.INPUT_WRAPS]!
  const output = words[row * width + layout.OUTPUT_WRAPS]!
  return input + output === 0 ? undefined : { input, output }
}
