/**
 * A record's figures beside those that its session had: by how much they grew, and whether they can be true.
 *
 * The hot part of the table: halves of 32 bits in plain numbers, no BigInt and nothing allocated. If a 64-bit counter falls,
 * it was set back. If a 32-bit one falls and the session never sent a high half, it wrapped, provided that the session went
 * on. A counter or half that one record leaves out stays as it was, so nothing is counted twice when it comes again.
 */
import { AGGREGATES, FIELD, type Field } from '../record/fields.ts'
import { isBeyondRate, isGreater, isPacketSizeImpossible, TWO_TO_32 } from '../record/impossible.ts'
import type { RecordView } from '../record/record-view.ts'
import type { Wraps } from '../record/rewriting.ts'
import { bitOf } from './anomalies.ts'
import { grow, type Total, type TotalName } from './client-accounting.ts'
import type { RowTable } from './row-table.ts'
import * as layout from './session-rows.ts'

const LOW = AGGREGATES
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
  readonly maxPortRate: number
}

/** Adds what the record's counters grew by to the client's traffic; returns what is odd about that, a bit for each. */
export function compareFigures({ words, width }: RowTable, row: number, comparison: Comparison): number {
  let odd = 0
  for (let i = 0; i < LOW.length; i += 1) odd |= compareAggregate(words, row * width, i, comparison)
  return odd
}

/** Returns what is odd about the figures, a bit for each. Times never go back: an overtaken Stop may have newer figures. */
export function storeFigures({ words, width }: RowTable, row: number, record: RecordView): number {
  const at = row * width
  let odd = 0
  if (layout.hasCounters(record)) {
    const before = words[at + layout.PRESENT]!
    words[at + layout.PRESENT] = 0
    for (let i = 0; i < LOW.length; i += 1) storeAggregate(words, at, i, record)
    for (let i = 0; i < IPV6_LOW.length; i += 1) storePart(words, at, i, record, before)
    odd = impossibleIn(words, at, record.number(FIELD.sessionTime))
  }
  keepTimes(words, at, record)
  return odd
}

function keepTimes(words: Uint32Array, at: number, record: RecordView): void {
  const time = record.number(FIELD.sessionTime)
  if (time !== undefined) {
    const isLater = (words[at + layout.FLAGS]! & layout.HAS_TIME) === 0 || time > words[at + layout.TIME]!
    if (isLater) words[at + layout.TIME] = time
    words[at + layout.FLAGS]! |= layout.HAS_TIME
  }
  const stamp = record.number(FIELD.eventTimestamp)
  if (stamp === undefined) return
  const isLater = (words[at + layout.FLAGS]! & layout.HAS_STAMP) === 0 || stamp > words[at + layout.STAMP]!
  if (isLater) words[at + layout.STAMP] = stamp
  words[at + layout.FLAGS]! |= layout.HAS_STAMP
}

/** Whether no aggregate of the record is less than what the session has counted already. */
export function isUpToDate({ words, width }: RowTable, row: number, record: RecordView): boolean {
  const at = row * width
  for (let i = 0; i < LOW.length; i += 1) {
    const low = record.number(LOW[i]!)
    if (low === undefined || !isKnown(words, at, i)) continue
    const highBefore = words[at + layout.COUNTER + HIGH[i]!]!
    const high = record.number(HIGH[i]!) ?? highBefore
    if (isGreater(highBefore, words[at + layout.COUNTER + LOW[i]!]!, high, low)) return false
  }
  return true
}

/** What a session counted, for the sum of its bundle. */
export function totalsOf({ words, width }: RowTable, row: number): Readonly<Record<TotalName, Total | undefined>> {
  const at = row * width
  const total = (i: number): Total | undefined =>
    isPresent(words, at, LOW[i]!)
      ? { high: saidHigh(words, at, i), low: words[at + layout.COUNTER + LOW[i]!]! }
      : undefined
  return { inputOctets: total(0), outputOctets: total(1), inputPackets: total(2), outputPackets: total(3) }
}

/** How one counter of a record follows the one before. */
type Step = 'absent' | 'first' | 'said' | 'same-high' | 'wrapped' | 'fell'

/**
 * A missing high half says nothing: the session's last one holds until the low half falls. Then a counter that never had one
 * wrapped, if the session went on. Of any other it is not known.
 */
function stepOf(words: Uint32Array, at: number, i: number, record: RecordView): Step {
  const low = record.number(LOW[i]!)
  if (low === undefined) return 'absent'
  if (!isKnown(words, at, i)) return 'first'
  if (record.has(HIGH[i]!)) return 'said'
  if (low >= words[at + layout.COUNTER + LOW[i]!]!) return 'same-high'
  const hadHigh = (words[at + layout.FLAGS]! & (layout.FIRST_HIGH << i)) !== 0
  return hadHigh || !(elapsedOf(words, at, record)! > 0) ? 'fell' : 'wrapped'
}

/** Seconds since the last record by the two session times; undefined if one of them is not known. */
function elapsedOf(words: Uint32Array, at: number, record: RecordView): number | undefined {
  const time = record.number(FIELD.sessionTime)
  return time === undefined || (words[at + layout.FLAGS]! & layout.HAS_TIME) === 0
    ? undefined
    : time - words[at + layout.TIME]!
}

/** One of the four aggregates, `i` by `TOTALS`. */
function compareAggregate(words: Uint32Array, at: number, i: number, comparison: Comparison): number {
  const { record, traffic, maxPortRate } = comparison
  const step = stepOf(words, at, i, record)
  if (step === 'absent') return 0
  if (step === 'fell') return FELL
  const flags = words[at + layout.FLAGS]!
  const total = totalOf(traffic, i)
  const low = record.number(LOW[i]!)!
  const high = record.number(HIGH[i]!) ?? 0
  if (step === 'first') {
    if ((flags & layout.FROM_ZERO) !== 0) grow(total, high, low)
    const time = record.number(FIELD.sessionTime)
    const isTooMuch = i < OCTETS && time !== undefined && isBeyondRate(high * TWO_TO_32 + low, time, maxPortRate)
    return isTooMuch ? RATE : 0
  }
  let lowGrowth = low - words[at + layout.COUNTER + LOW[i]!]!
  let highGrowth = step === 'said' ? high - words[at + layout.COUNTER + HIGH[i]!]! : 0
  if (lowGrowth < 0) {
    lowGrowth += TWO_TO_32
    highGrowth -= 1
  }
  if (step === 'wrapped') {
    grow(total, 0, lowGrowth)
    noteWrap(words, at, i, record)
    return WRAPPED
  }
  // The high half was lost, so only the low half tells what it grew by: at least that.
  if ((flags & (layout.FIRST_LOST << i)) !== 0) highGrowth = 0
  if (highGrowth < 0) return FELL
  grow(total, highGrowth, lowGrowth)
  const elapsed = elapsedOf(words, at, record)
  const octets = highGrowth * TWO_TO_32 + lowGrowth
  return i < OCTETS && elapsed !== undefined && isBeyondRate(octets, Math.max(0, elapsed), maxPortRate) ? RATE : 0
}

/** By `TOTALS`. A property that is read under one of four names costs a search. */
function totalOf(traffic: Comparison['traffic'], i: number): Total {
  if (i === 0) return traffic.inputOctets
  if (i === 1) return traffic.outputOctets
  return i === 2 ? traffic.inputPackets : traffic.outputPackets
}

function noteWrap(words: Uint32Array, at: number, i: number, record: RecordView): void {
  if (i < OCTETS) {
    words[at + layout.INPUT_WRAPS + i]! += 1
    words[at + layout.INPUT_WRAPPED_AT + i] = record.number(FIELD.sessionTime)!
  } else words[at + layout.FLAGS]! |= layout.PACKETS_WRAPPED
}

/** Both halves of one aggregate, as far as they are known, and which of them the session can report. */
function storeAggregate(words: Uint32Array, at: number, i: number, record: RecordView): void {
  const step = stepOf(words, at, i, record)
  if (step === 'absent') return
  const [lowAt, highAt] = [at + layout.COUNTER + LOW[i]!, at + layout.COUNTER + HIGH[i]!]
  const said = record.number(HIGH[i]!)
  let flags = words[at + layout.FLAGS]! | (layout.FIRST_KNOWN << i)
  if (said !== undefined) {
    words[highAt] = said
    flags = (flags | (layout.FIRST_HIGH << i)) & ~(layout.FIRST_LOST << i)
  } else if (step === 'wrapped') {
    words[highAt]! += 1
  } else if (step === 'fell') {
    words[highAt] = 0
    flags = (flags | (layout.FIRST_LOST << i)) & ~(layout.FIRST_HIGH << i)
  }
  words[lowAt] = record.number(LOW[i]!)!
  words[at + layout.FLAGS] = flags
  words[at + layout.PRESENT]! |= 1 << LOW[i]!
  if ((flags & (layout.FIRST_HIGH << i)) !== 0) words[at + layout.PRESENT]! |= 1 << HIGH[i]!
}

/** The IPv6 part of one aggregate; `before` is which counters the last record had. There is no high half of packets. */
function storePart(words: Uint32Array, at: number, i: number, record: RecordView, before: number): void {
  const lowField = IPV6_LOW[i]!
  const low = record.number(lowField)
  const highField = i < OCTETS ? IPV6_HIGH[i]! : undefined
  const said = highField === undefined ? undefined : record.number(highField)
  const lowBefore = words[at + layout.COUNTER + lowField]!
  if (low !== undefined) {
    words[at + layout.COUNTER + lowField] = low
    words[at + layout.PRESENT]! |= 1 << lowField
  }
  if (highField === undefined) return
  // As with the aggregate: if it is missing, the last one holds until the low half falls.
  const isKept = said === undefined && low !== undefined && (before & (1 << highField)) !== 0 && low >= lowBefore
  if (!isKept) words[at + layout.COUNTER + highField] = said ?? 0
  if (isKept || said !== undefined) words[at + layout.PRESENT]! |= 1 << highField
}

const WRAPPED = bitOf('counter-wrapped')
const FELL = bitOf('counter-fell')
const RATE = bitOf('rate-beyond-port')
const SIZE = bitOf('packet-size')
const IPV6 = bitOf('ipv6-beyond-aggregate')

/** What is odd about the stored figures by themselves. Counters that wrapped do not fit each other and are not judged. */
function impossibleIn(words: Uint32Array, at: number, seconds: number | undefined): number {
  let odd = 0
  for (let way = 0; way < OCTETS; way += 1) {
    const packets = way + OCTETS
    const knowsOctets = isWhole(words, at, way) && words[at + layout.INPUT_WRAPS + way] === 0
    const knowsPackets = isWhole(words, at, packets) && (words[at + layout.FLAGS]! & layout.PACKETS_WRAPPED) === 0
    if (
      knowsOctets &&
      knowsPackets &&
      isPacketSizeImpossible(
        saidHigh(words, at, way),
        words[at + layout.COUNTER + LOW[way]!]!,
        saidHigh(words, at, packets),
        words[at + layout.COUNTER + LOW[packets]!]!,
        seconds,
      )
    )
      odd |= SIZE
    if (knowsOctets && isPartGreater(words, at, way)) odd |= IPV6
    if (knowsPackets && isPartGreater(words, at, packets)) odd |= IPV6
  }
  return odd
}

/** Whether the last record had that aggregate and its high half is known. */
const isWhole = (words: Uint32Array, at: number, i: number): boolean =>
  isPresent(words, at, LOW[i]!) && (words[at + layout.FLAGS]! & (layout.FIRST_LOST << i)) === 0

/** The high half that the client sent; 0 if it sent none, even if wraps were counted. */
const saidHigh = (words: Uint32Array, at: number, i: number): number =>
  isPresent(words, at, HIGH[i]!) ? words[at + layout.COUNTER + HIGH[i]!]! : 0

/** Whether the IPv6 part of an aggregate is greater than the aggregate. */
function isPartGreater(words: Uint32Array, at: number, i: number): boolean {
  if (!isPresent(words, at, IPV6_LOW[i]!)) return false
  const partHigh = i < OCTETS ? words[at + layout.COUNTER + IPV6_HIGH[i]!]! : 0
  const part = words[at + layout.COUNTER + IPV6_LOW[i]!]!
  return isGreater(partHigh, part, saidHigh(words, at, i), words[at + layout.COUNTER + LOW[i]!]!)
}

const isKnown = (words: Uint32Array, at: number, i: number): boolean =>
  (words[at + layout.FLAGS]! & (layout.FIRST_KNOWN << i)) !== 0

const isPresent = (words: Uint32Array, at: number, field: Field): boolean =>
  (words[at + layout.PRESENT]! & (1 << field)) !== 0

/** How often the octets wrapped since the session is known; undefined if they did not. */
export function wrapsOf({ words, width }: RowTable, row: number): Wraps | undefined {
  const input = words[row * width + layout.INPUT_WRAPS]!
  const output = words[row * width + layout.OUTPUT_WRAPS]!
  return input + output === 0 ? undefined : { input, output }
}

/**
 * The same for a record that was overtaken: the count at that time, if it is known. The record was made at the last wrap or
 * after it, and its counters are no higher than the session's.
 */
export function wrapsThen({ words, width }: RowTable, row: number, record: RecordView): Wraps | undefined {
  const at = row * width
  const time = record.number(FIELD.sessionTime)
  if (time === undefined || time > words[at + layout.TIME]!) return undefined
  const then = (way: number): number => {
    const low = record.number(LOW[way]!)
    if (low === undefined || time < words[at + layout.INPUT_WRAPPED_AT + way]!) return 0
    return low > words[at + layout.COUNTER + LOW[way]!]! ? 0 : words[at + layout.INPUT_WRAPS + way]!
  }
  const [input, output] = [then(0), then(1)]
  return input + output === 0 ? undefined : { input, output }
}
