/**
 * Sessions of which accounting records wait unsent, so that records of one session leave in the order of arrival.
 *
 * One server's queue keeps that order anyway, if all records of a session have turns together. With several servers a record must
 * follow those of its session that still wait: to the same server, and together to the next one if that server is Down. If users or
 * stations of a client have turns, it has those of the records that wait, though it may name another user. Nothing is kept of a
 * session whose records are all sent.
 *
 * All that wait are watched, from the first record that waits until none does. Each is looked at once, in the order of arrival: a
 * new record at once, the others (if a reload wants more) in bounded steps (`catchUp`). A session is an address and an
 * Acct-Session-Id, kept as a number of 32 bits. Two sessions of one number travel together, which harms neither.
 */

import { outdates, statusType } from '../../accounting/record/record.ts'
import { STOP } from '../../accounting/sessions/client-accounting.ts'
import { RECORD_CLASS } from '../../classes.ts'
import type { Backlog } from '../../queues/backlog.ts'
import { KeyTable } from '../../queues/containers/key-table.ts'
import type { Flow } from '../../queues/flow.ts'
import type { Packet } from '../../radius/packet.ts'
import { after, type Duration, type Instant, millis } from '../../units.ts'
import type { Lane } from '../work/lane.ts'
import { Request } from '../work/request.ts'

/** What the table is kept for: the order, if there are several servers or flows, and which interim updates are outdated. */
export interface Wants {
  readonly order: boolean
  readonly interims: boolean
  /** Users or stations of some client have turns. */
  readonly flows: boolean
}

/** The row of a request that is not in the table. */
const NOWHERE = -1
const { isInterim, sessionRow } = Request.fields
const ACCT_SESSION_ID = { vendor: 0, type: 44 } as const
/** A row's values: how many records wait, and the number of the lane that the last of them was given, plus one. */
const RECORDS = 0
const LANE = 1
const VALUE_WORDS = 2
/** Of the records that waited before the watch began, so many are looked at in one step; fewer when one comes. */
const LOOKED_AT_ONCE = 64
const LOOKED_AT_ARRIVAL = 8
/** How soon the next step follows if nothing else happens. */
const NEXT_STEP: Duration = millis(1)

export class WaitingSessions {
  #wants: Wants
  readonly #backlog: Backlog<Request>
  /** The object of a row: of the interim updates that wait, the last; none if a Start or a Stop came after it. */
  readonly #rows: KeyTable<Request>
  /** By row, if parts of clients have turns: the latest record, with whose flow those that follow have turns. */
  readonly #latest = new Map<number, Request>()
  /** Lanes by number, of those that sessions were given since the table was empty. */
  readonly #lanes = new Map<number, Lane>()
  readonly #key = new Int32Array(1)
  #hasKey = false
  #isOn = false
  /** The oldest that was not looked at so far; undefined if all were. */
  #next: Request | undefined = undefined

  constructor(wants: Wants, backlog: Backlog<Request>, salt: number) {
    this.#wants = wants
    this.#backlog = backlog
    this.#rows = new KeyTable<Request>({ keyWords: 1, valueWords: VALUE_WORDS, salt })
  }

  setWants(wants: Wants): void {
    const wantsMore = (wants.order && !this.#wants.order) || (wants.interims && !this.#wants.interims)
    this.#wants = wants
    if (!wants.flows) this.#latest.clear()
    // What waits and was left out so far is looked at from now on, and what was looked at is judged again.
    if (wantsMore) this.#begin()
  }

  /** Something waits, and all that does was looked at. */
  get #isComplete(): boolean {
    return this.#isOn && this.#next === undefined
  }

  /** A record waits: from now on all that wait are looked at, if there is a use for it. */
  watch(): void {
    if (!this.#isOn) this.#begin()
  }

  /** Looks at some of those that were not looked at so far. */
  catchUp(atMost = LOOKED_AT_ONCE): void {
    for (let looked = 0; looked < atMost && this.#next !== undefined; looked += 1) {
      const request = this.#next
      this.#next = this.#backlog.nextInOrder(request)
      this.enter(request)
    }
  }

  /** The next step, while not all were looked at. */
  nextWakeAt(now: Instant): Instant | undefined {
    return this.#next === undefined ? undefined : after(now, NEXT_STEP)
  }

  /** Whose turns the waiting records of this record's session have; undefined if none waits. */
  flowOf(address: string, packet: Packet): Flow | undefined {
    if (!this.#wants.flows) return undefined
    const row = this.#find(address, packet)
    return row === NOWHERE ? undefined : this.#latest.get(row)?.flow
  }

  /**
   * A reload gives these requests, in the order of arrival, other turns: each those of its own flow, and records of one session all
   * those of the first of them.
   */
  regroup(requests: readonly Request[], ownFlowOf: (request: Request) => Flow): void {
    for (const request of requests) this.#latest.delete(sessionRow.get(request))
    for (const request of requests) {
      if (!this.#wants.flows || !isRecord(request)) {
        request.flow = ownFlowOf(request)
        continue
      }
      const { packet } = request
      request.flow = this.flowOf(request.from.address, packet) ?? ownFlowOf(request)
      const row = this.#count(request, packet)
      if (row !== NOWHERE) this.#latest.set(row, request)
    }
  }

  /** Of the interim updates that wait of this record's session, the last; undefined if it is outdated, none or not known yet. */
  newestInterim(address: string, packet: Packet): Request | undefined {
    if (!this.#isComplete) return undefined
    const row = this.#find(address, packet)
    return row === NOWHERE ? undefined : this.#rows.object(row)
  }

  /** The server of the last record of its session, if the request is a record that waits unsent. */
  laneOf(request: Request): Lane | undefined {
    const row = sessionRow.get(request)
    if (row !== NOWHERE) return this.#laneIn(row)
    return this.#wants.order && this.#next !== undefined && isRecord(request) ? this.#laneUnseen(request) : undefined
  }

  /** The records of its session go there from now on; undefined: wherever the next one goes. */
  setLaneOf(request: Request, lane: Lane | undefined): void {
    const row = sessionRow.get(request)
    if (row !== NOWHERE) this.#setLane(row, lane)
  }

  /** A record came, and has its place among those that wait. */
  came(request: Request): void {
    // Before the first of them waits for a server, the next of its session must have its turns.
    if (this.#wants.flows && !this.#isOn) this.#begin()
    else if (this.#isComplete) this.enter(request)
    else this.catchUp(LOOKED_AT_ARRIVAL)
  }

  /** It waits for the server it was given: those of its session that follow must find it, before its turn in `catchUp`. */
  waits(request: Request): void {
    this.watch()
    if (this.#next !== undefined && this.#wants.order && isRecord(request)) this.#count(request, request.packet)
  }

  /** Looks at a request: it is an unsent record from now on, or is none and nothing happens. */
  enter(request: Request): void {
    if (!isRecord(request)) return
    // The octets of a million compact requests are not read for nothing.
    if (!this.#wants.order && !isInterim(request) && this.#rows.size === 0) return
    const { packet } = request
    const row = this.#count(request, packet)
    if (row !== NOWHERE && this.#wants.interims) this.#judgeInterims(row, request, packet)
  }

  /** Another record of the session waits in the place of this one: both are its newest interim update. */
  replace(request: Request, other: Request): void {
    const row = sessionRow.get(request)
    sessionRow.set(request, NOWHERE)
    sessionRow.set(other, row)
    if (row !== NOWHERE) this.#rows.setObject(row, other)
    if (this.#next === request) this.#next = other
  }

  /** The record is sent, or ends: it is about to leave the backlog. */
  leave(request: Request): void {
    if (this.#next === request) this.#next = this.#backlog.nextInOrder(request)
    const row = sessionRow.get(request)
    if (row === NOWHERE) return
    sessionRow.set(request, NOWHERE)
    if (this.#rows.object(row) === request) this.#rows.setObject(row, undefined)
    const records = this.#rows.value(row, RECORDS) - 1
    this.#rows.setValue(row, RECORDS, records)
    if (records > 0) return
    this.#rows.remove(row)
    this.#latest.delete(row)
    if (this.#rows.size === 0) this.#lanes.clear()
  }

  end(): void {
    this.#isOn = false
    this.#next = undefined
  }

  #begin(): void {
    this.#isOn = (this.#wants.order || this.#wants.interims) && this.#backlog.messages > 0
    this.#next = this.#isOn ? this.#backlog.nextInOrder() : undefined
    this.catchUp()
  }

  /** The row of its session, which counts it from now on; NOWHERE if none is kept. */
  #count(request: Request, packet: Packet): number {
    let row = sessionRow.get(request)
    if (row !== NOWHERE) return row
    row = this.#find(request.from.address, packet)
    if (row === NOWHERE) {
      if (!this.#hasKey || (!this.#wants.order && !isInterim(request))) return NOWHERE
      row = this.#rows.add(this.#key)
    }
    this.#rows.setValue(row, RECORDS, this.#rows.value(row, RECORDS) + 1)
    if (request.lane !== undefined) this.#setLane(row, request.lane)
    if (this.#wants.flows) this.#latest.set(row, request)
    sessionRow.set(request, row)
    return row
  }

  /**
   * Not all that wait were looked at. Those that wait for a server were, if there was an order to keep. If a reload has brought
   * the second server, what waits for the first one may hold its session, so the record follows that.
   */
  #laneUnseen(request: Request): Lane | undefined {
    const row = this.#find(request.from.address, request.packet)
    if (row !== NOWHERE) return this.#laneIn(row)
    return this.#next !== undefined && sessionRow.get(this.#next) === NOWHERE ? this.#next.lane : undefined
  }

  #laneIn(row: number): Lane | undefined {
    return this.#lanes.get(this.#rows.value(row, LANE) - 1)
  }

  #judgeInterims(row: number, request: Request, packet: Packet): void {
    const older = this.#rows.object(row)
    const mayOutdate = isInterim(request) || statusType(packet) === STOP
    if (older !== undefined && older.arrival > request.arrival) return
    if (older !== undefined && mayOutdate && this.#backlog.has(older) && outdates(packet, older.packet)) {
      this.#backlog.holdings.outdate(older)
    }
    this.#rows.setObject(row, isInterim(request) ? request : undefined)
  }

  #setLane(row: number, lane: Lane | undefined): void {
    if (lane !== undefined) this.#lanes.set(lane.number, lane)
    this.#rows.setValue(row, LANE, lane === undefined ? 0 : lane.number + 1)
  }

  /** The row of the record's session. If it has none yet, its key is ready for `add`. */
  #find(address: string, packet: Packet): number {
    const id = packet.find(ACCT_SESSION_ID)
    this.#hasKey = id !== undefined
    if (id === undefined) return NOWHERE
    this.#key[0] = sessionKey(address, id)
    return this.#rows.find(this.#key)
  }
}

const isRecord = (request: Request): boolean => request.class === RECORD_CLASS && request.stage === 'fresh'

/** FNV-1a over the address, a separator and the identifier, as a number that needs no box. */
const sessionKey = (address: string, id: Uint8Array): number => {
  let hash = 0x811c9dc5
  for (let at = 0; at < address.length; at += 1) hash = Math.imul(hash ^ address.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ 0xff, 0x01000193)
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id[at]!, 0x01000193)
  return hash | 0
}
