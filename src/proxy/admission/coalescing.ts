/**
 * `interims: newest`: while an interim update of a session waits unsent, a newer one takes its place in the queue, and its
 * age.
 *
 * The older one is never sent. Its client is answered when the newer one is, also if it sends the older one again later.
 * Newer is the update that counts the same session longer (`outdates`), whichever comes first: an older one that comes late
 * joins the newer one that waits. A Start or a Stop between the two keeps them apart.
 */

import { isInterim, outdates } from '../../accounting/record/record.ts'
import { RECORD_CLASS } from '../../classes.ts'
import type { Instant } from '../../units.ts'
import { ENTRY } from '../register/ledger.ts'
import type { Register } from '../register/register.ts'
import { Request, startCourse } from '../work/request.ts'
import type { ProvenArrival, Verdict } from './arrival.ts'

const NEWER_WAITS = 'a newer interim update of its session waits, and is sent for it'
const TOOK_ITS_PLACE = 'coalesced: a newer interim update of its session took its place'

export class Coalescing {
  readonly #register: Register

  constructor(register: Register) {
    this.#register = register
  }

  /** A record ends here if it waits in the place of an older one, or if a newer one is sent for it. */
  admit(record: ProvenArrival, now: Instant): Verdict {
    const { class: trafficClass, from, client, packet } = record
    if (trafficClass !== RECORD_CLASS || client.options.accounting.interims !== 'newest') return 'goes-on'
    const { places, exchanges, records, ledgers, trace } = this.#register
    if (!isInterim(packet)) return 'goes-on'
    const waiting = places.sessions.newestInterim(from.address, packet)
    if (waiting === undefined) return 'goes-on'
    if (outdates(packet, waiting.packet)) this.#replace(waiting, record, now)
    else if (outdates(waiting.packet, packet)) {
      exchanges.attach(record, waiting)
      records.joined(record, record.wraps, waiting, now)
      trace?.duplicate(record, NEWER_WAITS, now)
    } else return 'goes-on'
    ledgers[RECORD_CLASS].count(ENTRY.coalesced)
    client.accounting.coalesced += 1
    return 'ends'
  }

  #replace(waiting: Request, record: ProvenArrival, now: Instant): void {
    const { places, exchanges, records, trace } = this.#register
    const { octets } = places
    trace?.step('ended', waiting, now, { why: TOOK_ITS_PLACE })
    const { arrival, receivedAt, flow } = waiting
    const newer = new Request({ arrival, class: RECORD_CLASS, origin: record, flow, octets, receivedAt })
    const course = startCourse(newer)
    course.cameAt = record.receivedAt
    course.wraps = record.wraps
    trace?.step('received', newer, now)
    waiting.setCompact(false)
    const older = exchanges.endAll(waiting)
    records.giveWay(waiting, newer, now)
    exchanges.begin(record, newer)
    // Copies: the exchange of its origin is the older request itself, which is to be forgotten.
    for (const { from, client, packet } of older) exchanges.attach({ from, client, packet }, newer)
    places.replace(waiting, newer)
    waiting.release()
    this.#register.keepBounds(newer, now)
  }
}
