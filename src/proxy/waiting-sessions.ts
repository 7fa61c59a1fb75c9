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
import type { Packet } from '../radius/packet.ts'
import type { Lane } from './lane.ts'
import type { Request } from './request.ts'

/** What the table is kept for: the order, where there are several servers, and which interim updates are outdated. */
export interface Wants {
  readonly order: boolean
  readonly interims: boolean
}

const ACCT_SESSION_ID = { vendor: 0, type: 44 } as const
/** A map that grows is rehashed as a whole; many small ones never stop the packet path for long. */
const SHARDS = 256

/** One session's records that wait unsent. */
export class WaitingSession {
  readonly key: number
  records = 0
  /** The server that the last of them was given; undefined before the first was. */
  lane: Lane | undefined = undefined
  /** Of the interim updates that wait, the last; none where a Start or a Stop came after it. */
  newestInterim: Request | undefined = undefined

  constructor(key: number) {
    this.key = key
  }
}

export class WaitingSessions {
  #wants: Wants
  readonly #backlog: Backlog<Request>
  readonly #shards: readonly Map<number, WaitingSession>[] = Array.from({ length: SHARDS }, () => new Map())
  #size = 0
  #isOn = false

  constructor(wants: Wants, backlog: Backlog<Request>) {
    this.#wants = wants
    this.#backlog = backlog
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
    return this.#size
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

  /** The session that this record belongs to, where records of it wait. */
  find(address: string, packet: Packet): WaitingSession | undefined {
    const id = packet.find(ACCT_SESSION_ID)
    if (id === undefined) return undefined
    const key = sessionKey(address, id)
    return this.#shards[key & (SHARDS - 1)]?.get(key)
  }

  /** The request is an unsent record from now on, or is none and nothing happens. */
  enter(request: Request): void {
    if (request.stage !== 'fresh' || request.session !== undefined) return
    const { packet, from } = request.origin
    const id = packet.find(ACCT_SESSION_ID)
    if (id === undefined) return
    const key = sessionKey(from.address, id)
    const shard = this.#shards[key & (SHARDS - 1)] as Map<number, WaitingSession>
    let session = shard.get(key)
    if (session === undefined) {
      if (!this.#wants.order && !request.isInterim) return
      session = new WaitingSession(key)
      shard.set(key, session)
      this.#size += 1
    }
    session.records += 1
    session.lane = request.lane ?? session.lane
    request.session = session
    if (this.#wants.interims) this.#judgeInterims(session, request, packet)
  }

  /** Another record of the session waits in the place of this one: both are its newest interim update. */
  replace(request: Request, other: Request): void {
    const { session } = request
    request.session = undefined
    other.session = session
    if (session !== undefined) session.newestInterim = other
  }

  /** The record was sent, or ended. */
  leave(request: Request): void {
    const { session } = request
    if (session === undefined) return
    request.session = undefined
    if (session.newestInterim === request) session.newestInterim = undefined
    session.records -= 1
    if (session.records > 0) return
    this.#shards[session.key & (SHARDS - 1)]?.delete(session.key)
    this.#size -= 1
    if (this.#size === 0) this.#isOn = false
  }

  #judgeInterims(session: WaitingSession, request: Request, packet: Packet): void {
    const older = session.newestInterim
    const mayOutdate = request.isInterim || statusType(packet) === STOP
    if (older !== undefined && older.arrival > request.arrival) return
    if (older !== undefined && mayOutdate && outdates(packet, older.packet)) this.#backlog.outdate(older)
    session.newestInterim = request.isInterim ? request : undefined
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
