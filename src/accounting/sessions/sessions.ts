/**
 * The session table: the last figures of each session, and what is odd about a record beside the one before it.
 *
 * A session is known by the client's address, the NAS behind it and its Acct-Session-Id. The table is bounded by count and
 * by age (nothing came for the lifetime), and losing it does no harm: it only observes. Each record is judged once, where
 * it is admitted; a retransmission never gets here. A session that ended stays a while, so that what comes after its Stop
 * is known as late.
 */
import { type Duration, type Instant, instant, MICROS_PER_SECOND } from '../../units.ts'
import { FIELD } from '../record/fields.ts'
import type { RecordView } from '../record/record-view.ts'
import type { Wraps } from '../record/rewriting.ts'
import { ANOMALIES, type Anomaly, bitOf, IMPOSSIBLE } from './anomalies.ts'
import { AnomalyBook } from './anomaly-book.ts'
import { Bundles } from './bundles.ts'
import { type ClientAccounting, INTERIM, START, STOP } from './client-accounting.ts'
import { KeyedRows } from './row-table.ts'
import { compareFigures, isUpToDate, storeFigures, totalsOf, wrapsOf, wrapsThen } from './session-figures.ts'
import { type Ended, recordText, type SessionEnd, type SessionReport, sessionReport } from './session-report.ts'
import * as layout from './session-rows.ts'
import { type Succession, succession } from './succession.ts'

const LIVE = 0
const OVER = 1
/** Seconds that a session is remembered after its end, if the lifetime is no shorter. */
const REMEMBERED = 600
/** Rows that end at one wake: a mass expiry is spread, nothing waits for it. */
const END_AT_ONCE = 64
/** Records and clocks need not agree to the second. */
const MARGIN = 5

const OUT_OF_ORDER = bitOf('out-of-order')
const REUSED = bitOf('session-id-reused')
const MISSING_START = bitOf('missing-start')
const BARE_STOP = bitOf('stop-without-counters')
/** By the place of an anomaly in the list: what it leaves in the flags of its session. */
const IMPOSSIBLE_FLAGS = ANOMALIES.map((anomaly) => {
  const place = (IMPOSSIBLE as readonly Anomaly[]).indexOf(anomaly)
  return place === -1 ? 0 : layout.FIRST_IMPOSSIBLE << place
})

export interface SessionOptions {
  readonly maxSessions: number
  readonly lifetime: Duration
  /** Bits per second, more than any port has; 0 is no check. */
  readonly maxPortRate: number
}

/** Who hears of what is found. */
export interface SessionEvents {
  /** Something odd: told at most once a second for each kind, `count` since it was told before. */
  odd(anomaly: Anomaly, found: Odd, now: Instant): void
  /** Where nobody listens, no report is made. */
  ended?(what: Ended): void
}

/** What is told of an anomaly: the session as it was before, and the record in a few words. */
interface Odd {
  readonly session: SessionReport
  readonly record: string
  readonly count: number
}

/** A client as the table knows it. */
export interface SessionClient {
  readonly name: string
  readonly accounting: ClientAccounting
}

/** What a session must be; what is not given may be anything. */
export interface Sought {
  readonly client?: string
  readonly session?: string
  readonly user?: string
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

/** A record as it came. */
interface Come {
  readonly record: RecordView
  readonly status: number
  readonly client: SessionClient
  readonly address: string
  readonly second: number
}

export class Sessions {
  readonly #rows: KeyedRows
  readonly #bundles: Bundles
  readonly #writer = new layout.TextWriter()
  readonly #events: SessionEvents
  readonly #began: Instant
  #lifetime: number
  #maxPortRate: number
  /** Clients by the number that rows keep; a name has one number. */
  readonly #names: string[] = []
  readonly #numbers = new Map<string, number>()
  readonly #anomalies = new AnomalyBook()
  readonly #ended: Record<SessionEnd, number> = { stop: 0, silent: 0, reused: 0 }
  #evicted = 0
  #evictedAt = 0
  #memberLinks = 0

  constructor(options: SessionOptions, events: SessionEvents, now: Instant) {
    this.#lifetime = Math.floor(options.lifetime / MICROS_PER_SECOND)
    this.#maxPortRate = options.maxPortRate
    this.#events = events
    this.#began = now
    this.#rows = new KeyedRows({ most: options.maxSessions, own: layout.SESSION_WORDS })
    this.#bundles = new Bundles({
      most: options.maxSessions,
      lifetime: this.#lifetime,
      nameOf: (client) => this.#names[client]!,
      ...(events.ended === undefined ? {} : { ended: events.ended }),
    })
  }

  change({ lifetime, maxPortRate }: SessionOptions): void {
    this.#lifetime = Math.floor(lifetime / MICROS_PER_SECOND)
    this.#maxPortRate = maxPortRate
    this.#bundles.lifetime = this.#lifetime
  }

  /** A record that was admitted. Answers how often its session's counters had wrapped by then, where that is known. */
  observe(record: RecordView, client: SessionClient, address: string, now: Instant): Wraps | undefined {
    const status = record.number(FIELD.statusType)
    // What belongs to no session is not for this table.
    if ((status !== START && status !== STOP && status !== INTERIM) || !record.has(FIELD.sessionId)) return undefined
    const come: Come = { record, status, client, address, second: this.#secondOf(now) }
    const writer = this.#writer.begin().addKey(record, address, FIELD.sessionId)
    const known = this.#rows.find(writer.octets, writer.length)
    if (known === 0) return this.#take(this.#open(come), come)
    switch (this.#follows(known, come)) {
      case 'next':
        return this.#take(known, come)
      case 'late':
        this.#note(OUT_OF_ORDER, known, come)
        if (status === START) this.#mark(known, layout.STARTED)
        // A Stop ends its session, whatever overtook it.
        if (status === STOP && !this.#has(known, layout.ENDED)) {
          return this.#take(known, come, isUpToDate(this.#rows, known, record))
        }
        return wrapsThen(this.#rows, known, record)
      case 'new-session':
        this.#note(REUSED, known, come)
        return this.#take(this.#replace(known, come), come)
      case 'repeated':
        return wrapsThen(this.#rows, known, record)
    }
  }

  /** Ends what nothing was heard of for its time, some at each call. */
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

  /** When something is due to end; undefined where nothing is tracked. */
  nextWakeAt(): Instant | undefined {
    const due = Math.min(this.#dueAt(LIVE), this.#dueAt(OVER), this.#bundles.dueAt)
    return due === Number.POSITIVE_INFINITY ? undefined : this.#instantOf(due)
  }

  /** The tracked sessions that are sought, among `count` places of the table from `from` on. */
  look(from: number, count: number, sought: Sought): SessionReport[] {
    const found: SessionReport[] = []
    const matches = layout.matcherOf(sought)
    for (let row = Math.max(1, from); row < Math.min(this.#rows.end, from + count); row += 1) {
      if (!this.#rows.isUsed(row) || this.#has(row, layout.ENDED)) continue
      const { key, rest } = this.#rows.textOf(row)
      if (matches(this.#clientOf(row), key, rest)) found.push(this.#report(row))
    }
    return found
  }

  /** Places to look at. */
  get places(): number {
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
      anomalies: this.#anomalies.counts(),
    }
  }

  #follows(row: number, { record, status, second }: Come): Succession {
    const { words, width } = this.#rows
    const at = row * width
    const flags = words[at + layout.FLAGS]!
    const stamp = record.number(FIELD.eventTimestamp)
    const time = record.number(FIELD.sessionTime)
    // Nearly all records: a later time stamp, the session no shorter.
    const isLater =
      (flags & (layout.HAS_STAMP | layout.ENDED)) === layout.HAS_STAMP && stamp! > words[at + layout.STAMP]!
    const isNoShorter = (flags & layout.HAS_TIME) === 0 || time === undefined || time >= words[at + layout.TIME]!
    if (isLater && isNoShorter && status !== START) return 'next'
    return succession(
      {
        stamp: (flags & layout.HAS_STAMP) === 0 ? undefined : words[at + layout.STAMP]!,
        time: (flags & layout.HAS_TIME) === 0 ? undefined : words[at + layout.TIME]!,
        second: this.#rows.secondOf(row),
        ended: (flags & layout.ENDED) !== 0,
        wentOn: (flags & layout.WENT_ON) !== 0,
      },
      {
        status,
        stamp,
        time,
        second: second - (record.number(FIELD.delayTime) ?? 0),
      },
    )
  }

  /** A session that the table does not know. The writer has its key. */
  #open(come: Come): number {
    const { record, status, client, second } = come
    const writer = this.#writer
    const keyLength = writer.length
    writer.addField(record, FIELD.userName).addField(record, FIELD.multiSessionId)
    while (!this.#rows.hasRoomFor(writer.length)) this.#evict(second)
    const row = this.#rows.add(writer.octets, writer.length, keyLength, second)
    const { words, width } = this.#rows
    words[row * width + layout.CLIENT] = this.#numberOf(client.name)
    const isWatched = status === START || this.#beganUnderWatch(record, second)
    if (isWatched) this.#mark(row, layout.FROM_ZERO)
    if (status !== START && isWatched) this.#note(MISSING_START, row, come)
    return row
  }

  /** Another session has the key now. In its bundle it is the same link: Stops count once for each Acct-Session-Id. */
  #replace(old: number, come: Come): number {
    if (!this.#has(old, layout.ENDED)) this.#finish(old, 'reused', null, come.second)
    const { words, width } = this.#rows
    const bundle = words[old * width + layout.BUNDLE]!
    const serial = words[old * width + layout.BUNDLE_SERIAL]!
    const counted = words[old * width + layout.FLAGS]! & layout.COUNTED_IN_BUNDLE
    this.#forget(old)
    const row = this.#open(come)
    words[row * width + layout.BUNDLE] = bundle
    words[row * width + layout.BUNDLE_SERIAL] = serial
    this.#mark(row, counted)
    return row
  }

  /** Whether a session's Start must have come by here, had it been sent. */
  #beganUnderWatch(record: RecordView, second: number): boolean {
    const time = record.number(FIELD.sessionTime)
    if (time === undefined) return false
    const began = second - (record.number(FIELD.delayTime) ?? 0) - time
    return began > Math.max(0, second - this.#lifetime, this.#evictedAt) + MARGIN
  }

  /** The session went on, or ended; `hasNewest`: the record's figures are the session's from now on. */
  #take(row: number, come: Come, hasNewest = true): Wraps | undefined {
    const { record, status, client, second } = come
    const isBare = status === STOP && !layout.hasCounters(record)
    const wraps = hasNewest ? undefined : wrapsThen(this.#rows, row, record)
    if (hasNewest && !isBare) {
      const comparison = { record, traffic: client.accounting.traffic, maxPortRate: this.#maxPortRate }
      this.#note(compareFigures(this.#rows, row, comparison), row, come)
    }
    const odd = hasNewest ? storeFigures(this.#rows, row, record) : 0
    this.#mark(row, status === START ? layout.STARTED : layout.WENT_ON)
    this.#rows.touch(row, LIVE, second)
    if (record.isMemberLink) this.#joinBundle(row, come)
    if (isBare) this.#mark(row, layout.STOPPED_BARE)
    if (isBare) this.#note(BARE_STOP, row, come)
    this.#note(odd, row, come)
    if (status === STOP) {
      this.#finish(row, 'stop', record.number(FIELD.terminateCause) ?? null, second)
      this.#rows.touch(row, OVER, second)
    }
    return hasNewest ? wrapsOf(this.#rows, row) : wraps
  }

  #joinBundle(row: number, { record, address, second }: Come): void {
    if (!this.#has(row, layout.MEMBER_LINK)) {
      this.#mark(row, layout.MEMBER_LINK)
      this.#memberLinks += 1
    }
    if (!record.has(FIELD.multiSessionId)) return
    const { words, width } = this.#rows
    const at = row * width
    const known = words[at + layout.BUNDLE]!
    if (known !== 0 && this.#bundles.serialOf(known) === words[at + layout.BUNDLE_SERIAL]) {
      this.#bundles.heardOf(known, record, second)
      return
    }
    const bundle = this.#bundles.of(record, address, words[at + layout.CLIENT]!, second)
    const serial = this.#bundles.serialOf(bundle)
    words[at + layout.BUNDLE] = bundle
    words[at + layout.BUNDLE_SERIAL] = serial
    words[at + layout.FLAGS]! &= ~layout.COUNTED_IN_BUNDLE
    this.#bundles.join(bundle, second)
  }

  #finish(row: number, end: SessionEnd, terminateCause: number | null, second: number): void {
    this.#ended[end] += 1
    this.#mark(row, layout.ENDED)
    if (this.#has(row, layout.MEMBER_LINK)) this.#memberLinks -= 1
    this.#events.ended?.({ kind: 'session', end, terminateCause, ...this.#report(row) })
    const { words, width } = this.#rows
    const at = row * width
    const bundle = words[at + layout.BUNDLE]!
    if (bundle === 0 || this.#bundles.serialOf(bundle) !== words[at + layout.BUNDLE_SERIAL]) return
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

  /** Counts anomalies, a bit for each, and tells of those that were not told of within this second. */
  #note(odd: number, row: number, { record, second }: Come): void {
    for (let place = 0, bits = odd; bits !== 0; place += 1, bits >>>= 1) {
      if ((bits & 1) === 0) continue
      this.#mark(row, IMPOSSIBLE_FLAGS[place]!)
      const count = this.#anomalies.add(place, second)
      if (count === 0) continue
      const found = { session: this.#report(row), record: recordText(record), count }
      this.#events.odd(ANOMALIES[place]!, found, this.#instantOf(second))
    }
  }

  #report(row: number): SessionReport {
    return sessionReport(this.#rows, row, this.#clientOf(row))
  }

  #clientOf(row: number): string {
    return this.#names[this.#rows.words[row * this.#rows.width + layout.CLIENT]!]!
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
    return (this.#rows.words[row * this.#rows.width + layout.FLAGS]! & flag) !== 0
  }

  #mark(row: number, flag: number): void {
    this.#rows.words[row * this.#rows.width + layout.FLAGS]! |= flag
  }
}
