/**
 * The session table: the last figures of each session, and what is odd about a record beside the one before it.
 *
 * A session is known by the client's address, the NAS behind it and its Acct-Session-Id. The table is bounded by count and
 * by age (nothing came for the lifetime). It only observes, so losing it does no harm. Each record is judged once, when it
 * is admitted; a retransmission never gets here. A session that ended stays for a while, so that a record that comes after
 * its Stop is known to be late.
 */
import { type Duration, type Instant, instant, MICROS_PER_SECOND } from '../../units.ts'
import { FIELD } from '../record/fields.ts'
import type { RecordView } from '../record/record-view.ts'
import type { Wraps } from '../record/rewriting.ts'
import { ANOMALIES, type Anomaly, AnomalyCounts, bitOf, IMPOSSIBLE } from './anomalies.ts'
import { Bundles } from './bundles.ts'
import { type ClientAccounting, INTERIM, START, STOP } from './client-accounting.ts'
import { RowTable } from './row-table.ts'
import { compareFigures, isUpToDate, storeFigures, totalsOf, wrapsOf, wrapsThen } from './session-figures.ts'
import { type Ended, recordText, type SessionEnd, type SessionReport, sessionReport } from './session-report.ts'
import * as layout from './session-rows.ts'
import { type Succession, succession } from './succession.ts'

const LIVE = 0
const OVER = 1
/** Seconds that a session is remembered after its end, if the lifetime is no shorter. */
const REMEMBERED = 600
/** Rows that end at one wake, so that a mass expiry is spread over several. */
const END_AT_ONCE = 64
/** Seconds by which records and clocks may disagree. */
const MARGIN = 5

const OUT_OF_ORDER = bitOf('out-of-order')
const REUSED = bitOf('session-id-reused')
const MISSING_START = bitOf('missing-start')
const BARE_STOP = bitOf('stop-without-counters')
/** For each anomaly, in the order of the list: the flag that it sets in its session. */
const IMPOSSIBLE_FLAGS = ANOMALIES.map((anomaly) => {
  const index = (IMPOSSIBLE as readonly Anomaly[]).indexOf(anomaly)
  return index === -1 ? 0 : layout.FIRST_IMPOSSIBLE << index
})

export interface SessionOptions {
  readonly maxSessions: number
  readonly lifetime: Duration
  /** Bits per second, more than any port has; 0 is no check. */
  readonly maxPortRate: number
}

export interface FoundAnomaly {
  readonly anomaly: Anomaly
  /** As it was before the record. */
  readonly session: SessionReport
  /** The record in a few words. */
  readonly record: string
  /** Of this kind since it was told of before. */
  readonly count: number
}

export interface SessionEvents {
  /** Each kind is told of once a second at most. */
  anomaly(found: FoundAnomaly, now: Instant): void
  /** If nobody listens, no report is made. */
  readonly ended: ((what: Ended) => void) | undefined
}

export interface SessionClient {
  readonly name: string
  readonly accounting: ClientAccounting
}

export interface SessionCounts {
  readonly live: number
  readonly memberLinks: number
  readonly bundles: number
  readonly ended: Readonly<Record<SessionEnd, number>>
  readonly evicted: number
  readonly bundlesEnded: Readonly<Bundles['counts']>
  readonly anomalies: Readonly<Record<Anomaly, number>>
}

interface Arrival {
  readonly record: RecordView
  readonly status: number
  readonly client: SessionClient
  readonly address: string
  readonly second: number
}

export class Sessions {
  readonly #rows: RowTable
  readonly #bundles: Bundles
  readonly #writer = new layout.TextWriter()
  readonly #events: SessionEvents
  readonly #began: Instant
  #lifetime: number
  #maxPortRate: number
  /** Clients by the number that rows keep; a name has one number. */
  readonly #names: string[] = []
  readonly #numbers = new Map<string, number>()
  readonly #anomalies = new AnomalyCounts()
  readonly #ended: Record<SessionEnd, number> = { stop: 0, silent: 0, reused: 0 }
  #evicted = 0
  #evictedAt = 0
  #memberLinks = 0

  constructor(options: SessionOptions, events: SessionEvents, now: Instant) {
    this.#lifetime = Math.floor(options.lifetime / MICROS_PER_SECOND)
    this.#maxPortRate = options.maxPortRate
    this.#events = events
    this.#began = now
    this.#rows = new RowTable({ most: options.maxSessions, own: layout.SESSION_WORDS })
    this.#bundles = new Bundles({
      most: options.maxSessions,
      lifetime: this.#lifetime,
      nameOf: (client) => this.#names[client]!,
      ended: events.ended,
    })
  }

  /** The bound of the table stays: it is the size of its memory. */
  reconfigure({ lifetime, maxPortRate }: SessionOptions): void {
    this.#lifetime = Math.floor(lifetime / MICROS_PER_SECOND)
    this.#maxPortRate = maxPortRate
    this.#bundles.lifetime = this.#lifetime
  }

  /** A record that was admitted. Returns how often its session's counters had wrapped by then, if that is known. */
  observe(record: RecordView, client: SessionClient, address: string, now: Instant): Wraps | undefined {
    const status = record.number(FIELD.statusType)
    // Others belong to no session.
    if ((status !== START && status !== STOP && status !== INTERIM) || !record.has(FIELD.sessionId)) return undefined
    const arrival: Arrival = { record, status, client, address, second: this.#secondOf(now) }
    const writer = this.#writer.begin().addKey(record, address, FIELD.sessionId)
    const known = this.#rows.find(writer.octets, writer.length)
    if (known === 0) return this.#update(this.#open(arrival), arrival)
    switch (this.#follows(known, arrival)) {
      case 'next':
        return this.#update(known, arrival)
      case 'late':
        this.#note(OUT_OF_ORDER, known, arrival)
        if (status === START) this.#mark(known, layout.STARTED)
        // A Stop ends its session, even if later records overtook it.
        if (status === STOP && !this.#has(known, layout.ENDED)) {
          return this.#update(known, arrival, isUpToDate(this.#rows, known, record))
        }
        return wrapsThen(this.#rows, known, record)
      case 'new-session':
        this.#note(REUSED, known, arrival)
        return this.#update(this.#replace(known, arrival), arrival)
      case 'repeated':
        return wrapsThen(this.#rows, known, record)
    }
  }

  /** Ends the sessions that are due, some at each call. */
  passTime(now: Instant): void {
    const second = this.#secondOf(now)
    for (let ended = 0; ended < END_AT_ONCE; ended += 1) {
      const row = this.#dueRow(second)
      if (row === 0) break
      if (!this.#has(row, layout.ENDED)) this.#finish(row, 'silent', null, second)
      this.#forget(row)
    }
    this.#bundles.passTime(second, END_AT_ONCE)
  }

  /** When something is due to end; undefined if nothing is tracked. */
  nextWakeAt(): Instant | undefined {
    const due = Math.min(this.#dueAt(LIVE), this.#dueAt(OVER), this.#bundles.dueAt)
    return due === Number.POSITIVE_INFINITY ? undefined : this.#instantOf(due)
  }

  /** The sessions that are asked for, among `count` rows of the table from row `from` on. */
  find(from: number, count: number, sought: layout.Sought): SessionReport[] {
    const found: SessionReport[] = []
    const matches = layout.matcherOf(sought)
    for (let row = Math.max(1, from); row < Math.min(this.#rows.end, from + count); row += 1) {
      if (!this.#rows.isUsed(row) || this.#has(row, layout.ENDED)) continue
      const { key, rest } = this.#rows.textOf(row)
      if (matches(this.#clientOf(row), key, rest)) found.push(this.#report(row))
    }
    return found
  }

  /** All rows have smaller numbers. */
  get end(): number {
    return this.#rows.end
  }

  counts(): SessionCounts {
    return {
      live: this.#rows.rowsIn(LIVE),
      memberLinks: this.#memberLinks,
      bundles: this.#bundles.open,
      ended: { ...this.#ended },
      evicted: this.#evicted,
      bundlesEnded: { ...this.#bundles.counts },
      anomalies: this.#anomalies.all(),
    }
  }

  #follows(row: number, { record, status, second }: Arrival): Succession {
    const flags = this.#get(row, layout.FLAGS)
    const knownStamp = (flags & layout.HAS_STAMP) === 0 ? undefined : this.#get(row, layout.STAMP)
    const knownTime = (flags & layout.HAS_TIME) === 0 ? undefined : this.#get(row, layout.TIME)
    const ended = (flags & layout.ENDED) !== 0
    const stamp = record.number(FIELD.eventTimestamp)
    const time = record.number(FIELD.sessionTime)
    // The quick way, for nearly all records: a later time stamp, the session no shorter.
    const isLater = knownStamp !== undefined && stamp !== undefined && stamp > knownStamp
    const isNoShorter = knownTime === undefined || time === undefined || time >= knownTime
    if (isLater && isNoShorter && !ended && status !== START) return 'next'
    const wentOn = (flags & layout.WENT_ON) !== 0
    return succession(
      { stamp: knownStamp, time: knownTime, second: this.#rows.secondOf(row), ended, wentOn },
      { status, stamp, time, second: second - (record.number(FIELD.delayTime) ?? 0) },
    )
  }

  /** Adds the session whose key the writer has. */
  #open(arrival: Arrival): number {
    const { record, status, client, second } = arrival
    const writer = this.#writer
    const keyLength = writer.length
    writer.addField(record, FIELD.userName).addField(record, FIELD.multiSessionId)
    while (!this.#rows.hasRoomFor(writer.length)) this.#evict(second)
    const row = this.#rows.add(writer.octets, writer.length, keyLength, second)
    this.#set(row, layout.CLIENT, this.#numberOf(client.name))
    const isWatched = status === START || this.#beganUnderWatch(record, second)
    if (isWatched) this.#mark(row, layout.FROM_ZERO)
    if (status !== START && isWatched) this.#note(MISSING_START, row, arrival)
    return row
  }

  /** Another session has the key now. In its bundle it is the same link, since Stops count once for each Acct-Session-Id. */
  #replace(old: number, arrival: Arrival): number {
    if (!this.#has(old, layout.ENDED)) this.#finish(old, 'reused', null, arrival.second)
    const bundle = this.#get(old, layout.BUNDLE)
    const serial = this.#get(old, layout.BUNDLE_SERIAL)
    const counted = this.#get(old, layout.FLAGS) & layout.COUNTED_IN_BUNDLE
    this.#forget(old)
    const row = this.#open(arrival)
    this.#set(row, layout.BUNDLE, bundle)
    this.#set(row, layout.BUNDLE_SERIAL, serial)
    this.#mark(row, counted)
    return row
  }

  /** Whether a session's Start must have passed here if it was sent. */
  #beganUnderWatch(record: RecordView, second: number): boolean {
    const time = record.number(FIELD.sessionTime)
    if (time === undefined) return false
    const began = second - (record.number(FIELD.delayTime) ?? 0) - time
    return began > Math.max(0, second - this.#lifetime, this.#evictedAt) + MARGIN
  }

  /** The record is the session's latest, or its Stop. `hasNewest`: the record's figures are the session's from now on. */
  #update(row: number, arrival: Arrival, hasNewest = true): Wraps | undefined {
    const { record, status, client, second } = arrival
    const isBare = status === STOP && !layout.hasCounters(record)
    const wraps = hasNewest ? undefined : wrapsThen(this.#rows, row, record)
    if (hasNewest && !isBare) {
      const comparison = { record, traffic: client.accounting.traffic, maxPortRate: this.#maxPortRate }
      this.#note(compareFigures(this.#rows, row, comparison), row, arrival)
    }
    const odd = hasNewest ? storeFigures(this.#rows, row, record) : 0
    this.#mark(row, status === START ? layout.STARTED : layout.WENT_ON)
    this.#rows.touch(row, LIVE, second)
    if (record.isMemberLink) this.#joinBundle(row, arrival)
    if (isBare) this.#mark(row, layout.STOPPED_BARE)
    if (isBare) this.#note(BARE_STOP, row, arrival)
    this.#note(odd, row, arrival)
    if (status === STOP) {
      this.#finish(row, 'stop', record.number(FIELD.terminateCause) ?? null, second)
      this.#rows.touch(row, OVER, second)
    }
    return hasNewest ? wrapsOf(this.#rows, row) : wraps
  }

  #joinBundle(row: number, { record, address, second }: Arrival): void {
    if (!this.#has(row, layout.MEMBER_LINK)) {
      this.#mark(row, layout.MEMBER_LINK)
      this.#memberLinks += 1
    }
    if (!record.has(FIELD.multiSessionId)) return
    const known = this.#bundleOf(row)
    if (known !== 0) {
      this.#bundles.touch(known, record, second)
      return
    }
    const bundle = this.#bundles.of(record, address, this.#get(row, layout.CLIENT), second)
    this.#set(row, layout.BUNDLE, bundle)
    this.#set(row, layout.BUNDLE_SERIAL, this.#bundles.serialOf(bundle))
    this.#set(row, layout.FLAGS, this.#get(row, layout.FLAGS) & ~layout.COUNTED_IN_BUNDLE)
    this.#bundles.join(bundle, second)
  }

  /** The bundle that the session joined, 0 if that is no more. */
  #bundleOf(row: number): number {
    const bundle = this.#get(row, layout.BUNDLE)
    return bundle !== 0 && this.#bundles.serialOf(bundle) === this.#get(row, layout.BUNDLE_SERIAL) ? bundle : 0
  }

  #finish(row: number, end: SessionEnd, terminateCause: number | null, second: number): void {
    this.#ended[end] += 1
    this.#mark(row, layout.ENDED)
    if (this.#has(row, layout.MEMBER_LINK)) this.#memberLinks -= 1
    this.#events.ended?.({ kind: 'session', end, terminateCause, ...this.#report(row) })
    const bundle = this.#bundleOf(row)
    if (bundle === 0) return
    const isFirstStop = end === 'stop' && !this.#has(row, layout.COUNTED_IN_BUNDLE)
    if (isFirstStop) this.#mark(row, layout.COUNTED_IN_BUNDLE)
    this.#bundles.linkEnded(bundle, totalsOf(this.#rows, row), isFirstStop, second)
  }

  #evict(second: number): void {
    const over = this.#rows.oldest(OVER)
    if (over === 0) {
      this.#evicted += 1
      this.#evictedAt = second
    }
    this.#forget(over === 0 ? this.#rows.oldest(LIVE) : over)
  }

  #forget(row: number): void {
    if (this.#has(row, layout.MEMBER_LINK) && !this.#has(row, layout.ENDED)) this.#memberLinks -= 1
    this.#rows.remove(row)
  }

  /** Counts anomalies, a bit for each, and reports those that were not reported within this second. */
  #note(odd: number, row: number, { record, second }: Arrival): void {
    for (let index = 0, bits = odd; bits !== 0; index += 1, bits >>>= 1) {
      if ((bits & 1) === 0) continue
      this.#mark(row, IMPOSSIBLE_FLAGS[index]!)
      const count = this.#anomalies.add(index, second)
      if (count === 0) continue
      const anomaly = ANOMALIES[index]!
      const found = { anomaly, session: this.#report(row), record: recordText(record), count }
      this.#events.anomaly(found, this.#instantOf(second))
    }
  }

  #report(row: number): SessionReport {
    return sessionReport(this.#rows, row, this.#clientOf(row))
  }

  #clientOf(row: number): string {
    return this.#names[this.#get(row, layout.CLIENT)]!
  }

  #dueRow(second: number): number {
    if (this.#dueAt(LIVE) <= second) return this.#rows.oldest(LIVE)
    return this.#dueAt(OVER) <= second ? this.#rows.oldest(OVER) : 0
  }

  #dueAt(list: typeof LIVE | typeof OVER): number {
    return this.#rows.oldestSecond(list) + (list === LIVE ? this.#lifetime : Math.min(REMEMBERED, this.#lifetime))
  }

  #numberOf(name: string): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    this.#numbers.set(name, this.#names.length)
    this.#names.push(name)
    return this.#names.length - 1
  }

  #instantOf(second: number): Instant {
    return instant(this.#began + second * MICROS_PER_SECOND)
  }

  #secondOf(now: Instant): number {
    return Math.floor((now - this.#began) / MICROS_PER_SECOND)
  }

  #has(row: number, flag: number): boolean {
    return (this.#get(row, layout.FLAGS) & flag) !== 0
  }

  #mark(row: number, flag: number): void {
    this.#rows.words[row * this.#rows.width + layout.FLAGS]! |= flag
  }

  #get(row: number, word: number): number {
    return this.#rows.words[row * this.#rows.width + word]!
  }

  #set(row: number, word: number, value: number): void {
    this.#rows.words[row * this.#rows.width + word] = value
  }
}
