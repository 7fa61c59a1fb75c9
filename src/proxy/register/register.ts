/**
 * Every request from its admission to its end: in one place at a time, and ended in exactly one way.
 *
 * All endings are in this file, and each adds one to one counter, so the ledger's law can be read here. Where requests are
 * until then is in `places.ts`, who waits for their answers in `exchanges.ts`, which records they are in `records.ts`.
 */

import { statusType } from '../../accounting/record/record.ts'
import { kindOf } from '../../accounting/sessions/client-accounting.ts'
import {
  type PerClass,
  perClass,
  RECORD_CLASS,
  sumOverClasses,
  TRAFFIC_CLASSES,
  type TrafficClass,
} from '../../classes.ts'
import { Patience } from '../../queues/patience.ts'
import type { Instant } from '../../units.ts'
import { type ClientDropReason, isWrongProof, type ShedReason } from '../border/endings.ts'
import type { EngineEvent, GivenUp } from '../border/events.ts'
import type { EngineOptions } from '../border/options.ts'
import type { Journal } from '../border/ports.ts'
import type { ClassCounters } from '../border/snapshot.ts'
import { countServed } from '../clients/client-share.ts'
import type { Client } from '../clients/client-table.ts'
import type { Exchange } from '../work/exchange.ts'
import { courseOf, latestCopyAt, type Request, startCourse } from '../work/request.ts'
import { givenUpSentence } from '../work/silence.ts'
import { Exchanges } from './exchanges.ts'
import { Forgotten } from './forgotten.ts'
import { BOOKS_BYTES, ENTRY, type Ledger, ledgersIn } from './ledger.ts'
import { Places } from './places.ts'
import { Records } from './records.ts'
import type { Trace } from './trace.ts'

/** In one step. The largest packet pushes out 205 of the smallest, so only a reload with lower bounds takes several. */
const SHED_AT_ONCE = 256
const EXPIRED_AT_ONCE = 64
/** Per cent. */
const WHOLE = 100

/** What is told of a drop, with the client itself. */
type Refusal = Omit<Extract<EngineEvent, { kind: 'dropped' }>, 'kind' | 'client'> & {
  readonly client: Client | undefined
}

/** How a request ends without an answer. */
export type End =
  | { readonly how: 'dropped'; readonly reason: ClientDropReason }
  | { readonly how: 'shed'; readonly reason: ShedReason }
  /** It waited longer than `max_age`. */
  | { readonly how: 'expired' }
  /** Its client has used the identifier for another login. */
  | { readonly how: 'superseded' }
  | (GivenUp & { readonly how: 'given-up' })

export class Register {
  readonly ledgers: PerClass<Ledger>
  readonly counters: PerClass<ClassCounters> = perClass(noCounts)
  readonly places: Places
  readonly exchanges: Exchanges
  readonly records: Records
  /** Told of each step of each request, by whoever takes it; undefined while none is followed. */
  trace: Trace | undefined = undefined
  readonly #forgotten: Forgotten
  readonly #journal: Journal

  constructor(
    options: EngineOptions,
    { journal, books = new ArrayBuffer(BOOKS_BYTES) }: { readonly journal: Journal; readonly books?: ArrayBufferLike },
    salt: number,
  ) {
    this.ledgers = ledgersIn(books)
    this.places = new Places(options, salt)
    this.exchanges = new Exchanges(options.duplicates, salt)
    this.records = new Records(options.duplicates, salt)
    this.#forgotten = new Forgotten(salt)
    this.#journal = journal
  }

  reconfigure(options: EngineOptions): void {
    this.places.reconfigure(options)
    this.exchanges.limits = options.duplicates
    this.records.limits = options.duplicates
  }

  /** A new request waits, within the bounds of its class. `exchange` is who waits for the answer: nobody has to. */
  admit(request: Request, exchange: Exchange | undefined, now: Instant): void {
    this.trace?.step('received', request, now)
    if (exchange !== undefined) this.exchanges.begin(exchange, request)
    if (request.class === RECORD_CLASS) this.records.add(request, now)
    else if (this.#learnsPatience(request)) this.#knowAgain(request, now)
    this.places.enter(request)
    this.keepBounds(request, now)
  }

  /**
   * This request waits, too. What passes its client's share or the bounds of its class is shed: the client's newest, or whom the
   * policy names. That may be the request itself.
   */
  keepBounds(request: Request, now: Instant): void {
    const { class: trafficClass } = request
    const backlog = this.places.backlogs[trafficClass]
    const { maxShare = WHOLE } = request.flow.of
    if (maxShare < WHOLE) this.#keepShare(request, maxShare, now)
    if (backlog.excess() === undefined) return
    if (trafficClass === RECORD_CLASS) this.places.sessions.watch()
    for (let shed = 0; shed < SHED_AT_ONCE; shed += 1) {
      const excess = backlog.excess()
      if (excess === undefined) return
      this.end(excess.victim, { how: 'shed', reason: excess.reason }, now)
    }
  }

  /** Its client has sent it again while it waits or is outstanding, so it still wants the answer. */
  heardAgain(request: Request, { receivedAt }: { readonly receivedAt: Instant }, now: Instant): void {
    if (request.class === RECORD_CLASS) this.records.heardAgain(request, now)
    else if (receivedAt > latestCopyAt(request)) {
      const course = startCourse(request)
      if (this.#learnsPatience(request)) course.patience ??= new Patience(latestCopyAt(request))
      // Also while max-age is a number: a reload may make it auto again.
      course.patience?.heard(receivedAt)
      course.latestCopyAt = receivedAt
      this.places.backlogs[request.class].renew(request)
    }
  }

  /** Its server has taken the request, and it ends. Who waits is answered by whoever calls this (`Answering`). */
  delivered(request: Request, answer: Uint8Array, now: Instant): readonly Exchange[] {
    const waiting = this.exchanges.release(request)
    this.ledgers[request.class].count(waiting.length > 0 ? ENTRY.answered : ENTRY.deliveredUnanswered)
    this.records.taken(request, answer, now)
    return waiting
  }

  end(request: Request, end: End, now: Instant): void {
    this.trace?.step('ended', request, now, { why: sentenceOf(end, request) })
    this.places.leave(request)
    this.exchanges.endAll(request)
    this.records.ended(request, now)
    if (this.#learnsPatience(request) && mayComeAgain(end)) {
      const patience = request.course?.patience ?? new Patience(latestCopyAt(request))
      this.#forgotten.keep(request, patience, this.places.backlogs[request.class].limits.maxMessages, now)
    }
    this.#countEnd(request, end, now)
    request.release()
  }

  #countEnd(request: Request, end: End, now: Instant): void {
    const { class: its, client, from, packet } = request
    const { name } = client.options
    const ledger = this.ledgers[its]
    switch (end.how) {
      case 'dropped':
        this.#countRefusal({ class: its, reason: end.reason, client, from, bytes: packet.bytes }, now)
        return
      case 'shed': {
        const record = its === RECORD_CLASS ? kindOf(statusType(packet)) : undefined
        if (record !== undefined) client.accounting.shed[record] += 1
        ledger.count(ENTRY.shed[end.reason])
        countServed(request, 'shed')
        this.#journal.note({ kind: 'shed', class: its, reason: end.reason, client: name, record }, now)
        return
      }
      case 'expired':
        ledger.count(ENTRY.expired)
        countServed(request, 'expired')
        this.#journal.note({ kind: 'expired', class: its, client: name }, now)
        return
      case 'superseded':
        ledger.count(ENTRY.superseded)
        return
      case 'given-up': {
        const { why, untried, cause } = end
        const tried = courseOf(request).history
        ledger.count(ENTRY.givenUp)
        this.#journal.note({ kind: 'given-up', class: its, client: name, tried, why, untried, cause }, now)
      }
    }
  }

  /** A datagram that never became a request. */
  refuse(o: Refusal, now: Instant): void {
    if (o.client !== undefined) {
      this.trace?.refused({ ...o, client: o.client.options.name, why: o.reason }, now)
    }
    this.#countRefusal(o, now)
  }

  /** What waited too long expires, what is remembered is forgotten, what waits is looked at: some of it at each call. */
  passTime(now: Instant): void {
    for (const each of TRAFFIC_CLASSES) this.#expireSome(each, now)
    this.places.sessions.catchUp()
    this.exchanges.passTime(now)
    this.records.passTime(now)
    this.#forgotten.passTime(now)
  }

  /** The law, for all classes; that each record in hand is listened for; and that the store has nothing of what has ended. */
  check(): void {
    for (const each of TRAFFIC_CLASSES) this.ledgers[each].check(this.places.counts(each))
    const packets = sumOverClasses((each) => this.places.backlogs[each].messages + 2 * this.places.outstanding[each])
    const { kept } = this.places.octets
    if (kept !== packets) throw new Error(`${kept} packets are kept for what is in hand, which needs ${packets}`)
    const { queued, outstanding } = this.places.counts(RECORD_CLASS)
    const { all } = this.records.heard
    if (all !== queued + outstanding) throw new Error(`${all} of ${queued + outstanding} records are listened for`)
  }

  /** `maxShare` in per cent: of the client that the request belongs to now. */
  #keepShare(request: Request, maxShare: number, now: Instant): void {
    const { limits, holdings } = this.places.backlogs[request.class]
    const most = Math.max(1, Math.floor((limits.maxMessages * maxShare) / WHOLE))
    for (let shed = 0; shed < SHED_AT_ONCE; shed += 1) {
      const held = request.flow.of.queued?.[request.class] ?? 0
      const victim = holdings.beyondShare(request, most, held)
      if (victim === undefined) return
      this.end(victim, { how: 'shed', reason: 'client-share' }, now)
      if (victim === request) return
    }
  }

  /** A login under `max_age: auto`. */
  #learnsPatience(request: Request): boolean {
    return request.class !== RECORD_CLASS && this.places.backlogs[request.class].limits.maxAgeMost !== undefined
  }

  /** It may be the next copy of a login that was forgotten. */
  #knowAgain(request: Request, now: Instant): void {
    const patience = this.#forgotten.take(request, now)
    if (patience === undefined) return
    patience.heard(request.receivedAt)
    startCourse(request).patience = patience
  }

  #expireSome(trafficClass: TrafficClass, now: Instant): void {
    for (let expired = 0; expired < EXPIRED_AT_ONCE; expired += 1) {
      const late = this.places.backlogs[trafficClass].overdue(now)
      if (late === undefined) return
      this.end(late, { how: 'expired' }, now)
    }
  }

  #countRefusal(o: Refusal, now: Instant): void {
    this.ledgers[o.class].count(ENTRY.dropped[o.reason])
    if (o.client !== undefined) {
      o.client.dropped += 1
      if (isWrongProof(o.reason)) o.client.badAuthenticators += 1
      else o.client.lastDrop = o.reason
    }
    this.#journal.note({ kind: 'dropped', ...o, client: o.client?.options.name }, now)
  }
}

/** Its client may send the same login again, and wait for the answer. */
const mayComeAgain = (end: End): boolean =>
  end.how === 'expired' || end.how === 'shed' || (end.how === 'given-up' && end.why === 'max-age')

const sentenceOf = (end: End, request: Request): string => {
  switch (end.how) {
    case 'dropped':
      return `dropped: ${end.reason}`
    case 'shed':
      return `shed: ${end.reason}`
    case 'expired':
      return request.course?.patience?.isKnown === true
        ? 'expired: its client sends it again about now'
        : 'expired: it waited longer than max_age'
    case 'superseded':
      return 'superseded: the client gave it up for a newer one'
    case 'given-up':
      return givenUpSentence({ tried: courseOf(request).history, why: end.why, untried: end.untried })
  }
}

const noCounts = (): ClassCounters => ({
  cachedAnswers: 0,
  contentDuplicates: 0,
  statusServerAnswered: 0,
  statusServerIgnored: 0,
})
