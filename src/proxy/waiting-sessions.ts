/**
 * Sessions of which accounting records wait unsent, so that records of one session leave in the order of arrival.
 *
 * Within one server's queue that is the order anyway. With several servers it is so only if a record follows those of
 * its session that still wait: to the same server, and to the next one together when that server is Down. Nothing is kept
 * of a session whose records are all sent, and nothing at all while nothing waits.
 *
 * A session is one client's address and Acct-Session-Id, kept as a number of 32 bits: two sessions of one number travel
 * together while both wait, which harms neither. Which interim update outdates which is judged by their octets.
 */
import { STOP } from '../accounting/client-accounting.ts'
import { outdates } from '../accounting/outdated.ts'
import { statusType } from '../accounting/record.ts'
import type { Backlog } from '../queues/backlog.ts'
import { KeyTable } from '../queues/key-table.ts'
import type { Packet } from '../radius/packet.ts'
import type { Lane } from './lane.ts'
import type { Request } from './request.ts'

/** What the table is kept for: the order, where there are several servers, and which interim updates are outdated. */
export interface Wants {
  readonly order: boolean
  readonly interims: boolean
}

/** The row of a request that is not in the table. */
const NOWHERE = -1
const ACCT_SESSION_ID = { vendor: 0, type: 44 } as const
/** A row's values: how many records wait, and the number of the lane that the last of them was given, plus one. */
const RECORDS = 0
const LANE = 1
const VALUE_WORDS = 2

export class WaitingSessions {
  #wants: Wants
  readonly #backlog: Backlog<Request>
  /** The object of a row: of the interim updates that wait, the last; none where a Start or a Stop came after it. */
  readonly #rows: KeyTable<Request>
  /** Lanes by number, of those that sessions were given since the table was empty. */
  readonly #lanes = new Map<number, Lane>()
  readonly #key = new Int32Array(1)
  #hasKey = false
  #isOn = false

  /** `salt` is any unpredictable number. */
  constructor(wants: Wants, backlog: Backlog<Request>, salt: number) {
    this.#wants = wants
    this.#backlog = backlog
    this.#rows = new KeyTable<Request>({ keyWords: 1, valueWords: VALUE_WORDS, salt })
  }

  change(wants: Wants): void {
    // What waits and was left out so far is looked at now.
    const wantsMore = (wants.order && !this.#wants.order) || (wants.interims && !this.#wants.interims)
    this.#wants = wants
    if (!wantsMore || this.#backlog.messages === 0) return
    this.#isOn = false
    this.watch()
  }

  /** Sessions with records that wait. */
  get size(): number {
    return this.#rows.size
  }

  /** Something waits, so what comes is looked at. */
  get isOn(): boolean {
    return this.#isOn
  }

  /** A record waits: from now on all that wait are looked at, if there is a use for it. */
  watch(): void {
    if (this.#isOn || !(this.#wants.order || this.#wants.interims)) return
    this.#isOn = true
    for (const request of this.#backlog) this.enter(request)
  }

  /** Of the interim updates that wait of this record's session, the last; undefined where it is outdated or there is none. */
  newestInterim(address: string, packet: Packet): Request | undefined {
    const row = this.#find(address, packet)
    return row === NOWHERE ? undefined : this.#rows.object(row)
  }

  /** The server that the last record of its session was given, where the request is one that waits unsent. */
  laneOf(request: Request): Lane | undefined {
    const row = request.sessionRow
    return row === NOWHERE ? undefined : this.#lanes.get(this.#rows.value(row, LANE) - 1)
  }

  /** The records of its session go there from now on; undefined: wherever the next one goes. */
  setLaneOf(request: Request, lane: Lane | undefined): void {
    if (request.sessionRow !== NOWHERE) this.#setLane(request.sessionRow, lane)
  }

  /** The request is an unsent record from now on, or is none and nothing happens. */
  enter(request: Request): void {
    if (request.stage !== 'fresh' || request.sessionRow !== NOWHERE) return
    const { packet, from } = request.origin
    let row = this.#find(from.address, packet)
    if (row === NOWHERE) {
      if (!this.#hasKey || (!this.#wants.order && !request.isInterim)) return
      row = this.#rows.add(this.#key)
    }
    this.#rows.setValue(row, RECORDS, this.#rows.value(row, RECORDS) + 1)
    if (request.lane !== undefined) this.#setLane(row, request.lane)
    request.sessionRow = row
    if (this.#wants.interims) this.#judgeInterims(row, request, packet)
  }

  /** Another record of the session waits in the place of this one: both are its newest interim update. */
  replace(request: Request, other: Request): void {
    const row = request.sessionRow
    request.sessionRow = NOWHERE
    other.sessionRow = row
    if (row !== NOWHERE) this.#rows.setObject(row, other)
  }

  /** The record was sent, or ended. */
  leave(request: Request): void {
    const row = request.sessionRow
    if (row === NOWHERE) return
    request.sessionRow = NOWHERE
    if (this.#rows.object(row) === request) this.#rows.setObject(row, undefined)
    const records = this.#rows.value(row, RECORDS) - 1
    this.#rows.setValue(row, RECORDS, records)
    if (records > 0) return
    this.#rows.remove(row)
    if (this.#rows.size > 0) return
    this.#isOn = false
    this.#lanes.clear()
  }

  #judgeInterims(row: number, request: Request, packet: Packet): void {
    const older = this.#rows.object(row)
    const mayOutdate = request.isInterim || statusType(packet) === STOP
    if (older !== undefined && older.arrival > request.arrival) return
    if (older !== undefined && mayOutdate && outdates(packet, older.packet)) this.#backlog.outdate(older)
    this.#rows.setObject(row, request.isInterim ? request : undefined)
  }

  #setLane(row: number, lane: Lane | undefined): void {
    if (lane !== undefined) this.#lanes.set(lane.number, lane)
    this.#rows.setValue(row, LANE, lane === undefined ? 0 : lane.number + 1)
  }

  /** The row of the record's session; its key is ready for `add` where it has one and no row yet. */
  #find(address: string, packet: Packet): number {
    const id = packet.find(ACCT_SESSION_ID)
    this.#hasKey = id !== undefined
    if (id === undefined) return NOWHERE
    this.#key[0] = sessionKey(address, id)
    return this.#rows.find(this.#key)
  }
}

/** FNV-1a over the address, a separator and the identifier, as a number that needs no box. */
const sessionKey = (address: string, id: Uint8Array): number => {
  let hash = 0x811c9dc5
  for (let at = 0; at < address.length; at += 1) hash = Math.imul(hash ^ address.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ 0xff, 0x01000193)
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id[at]!, 0x01000193)
  return hash | 0
}
