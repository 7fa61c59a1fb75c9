/**
 * The order within a session, seen at the network: first transmissions of one session's records leave in the order in
 * which the records came, whatever server they go to.
 *
 * A session is a client's address and an Acct-Session-Id. Retries and failover copies may leave later than younger records. A
 * record that has ended and comes again is new; one that takes the place of an older interim update is as old as that.
 */
import type { TrafficClass } from '../../../classes.ts'
import { ACCOUNTING_REQUEST } from '../../../codes.ts'
import type { Peer } from '../../../proxy/border/events.ts'
import type { Instant } from '../../../units.ts'
import type { Books } from '../../books/books.ts'
import { inHand, Recent } from '../../books/recent.ts'
import { serialOf, sessionOf, wellFormed } from '../../peers/packets.ts'
import { BrokenLaw, type Observer } from '../../world/observer.ts'

interface RecordSeen {
  readonly arrival: number
  readonly session: string
  wasSent: boolean
}

export class SessionLaw implements Observer {
  readonly #records: Recent<number, RecordSeen>
  /** By session: the arrival number of the last first transmission. */
  readonly #lastArrival: Recent<string, number>
  readonly #books: Books

  constructor(books: Books) {
    this.#books = books
    this.#records = new Recent(inHand(books.lanes.options))
    this.#lastArrival = new Recent(inHand(books.lanes.options))
  }

  received(trafficClass: TrafficClass, bytes: Uint8Array, now: Instant, from: Peer): void {
    const { fate } = this.#books.interims
    if (trafficClass !== 'accounting' || (fate.kind !== 'let-in' && fate.kind !== 'took-place')) return
    const packet = wellFormed(bytes)
    const session = sessionOf(packet)
    const serial = serialOf(packet)
    if (session === undefined || serial === undefined) return
    this.#records.set(serial, { arrival: fate.arrival, session: `${from.address} ${session}`, wasSent: false }, now)
  }

  forwarded(_lane: number, _port: number, bytes: Uint8Array, now: Instant): void {
    const packet = wellFormed(bytes)
    if (packet.code !== ACCOUNTING_REQUEST) return
    const record = this.#records.get(serialOf(packet) ?? -1, now)
    if (record === undefined || record.wasSent) return
    record.wasSent = true
    this.checkOrder(record.session, record.arrival, now)
  }

  /** One first transmission. */
  checkOrder(session: string, arrival: number, now: Instant): void {
    const last = this.#lastArrival.get(session, now) ?? 0
    if (arrival < last) {
      throw new BrokenLaw('session order', `session ${session}: arrival ${arrival} leaves after arrival ${last}`, now)
    }
    this.#lastArrival.set(session, arrival, now)
  }
}
