/**
 * `interims: newest`: while an interim update of a session waits unsent, a newer one takes its place in the queue, and its
 * age.
 *
 * The older one is never sent; its client is answered when the newer one is, also where it comes again after that
 * (`Duplicates`). Newer is what counts the same session longer (`outdates`), whichever comes first: an older one that comes
 * late joins the newer one that waits. A Start or a Stop between the two keeps them apart.
 */

import { isInterim, outdates } from '../../accounting/record/record.ts'
import type { Wraps } from '../../accounting/record/rewriting.ts'
import type { Instant } from '../../units.ts'
import { ENTRY } from '../register/ledger.ts'
import type { Register } from '../register/register.ts'
import type { Origin } from '../work/exchange.ts'
import { Request, startCourse } from '../work/request.ts'

const NEWER_WAITS = 'a newer interim update of its session waits, and is sent for it'
const TOOK_ITS_PLACE = 'coalesced: a newer interim update of its session took its place'

export class Coalescing {
  readonly #register: Register

  constructor(register: Register) {
    this.#register = register
  }

  /** Whether the record is dealt with: it waits in the place of an older one, or a newer one is sent for it. */
  take(record: Origin, wraps: Wraps | undefined, now: Instant): boolean {
    const { from, client, packet } = record
    const { sessions, ledgers, tracing } = this.#register
    if (!sessions.isComplete || !isInterim(packet)) return false
    const waiting = sessions.newestInterim(from.address, packet)
    if (waiting === undefined) return false
    if (outdates(packet, waiting.packet)) this.#replace(waiting, record, wraps, now)
    else if (outdates(waiting.packet, packet)) {
      this.#register.exchanges.attach(record, waiting)
      this.#register.duplicates.joined(record, wraps, waiting, now)
      tracing.active?.duplicate(record, NEWER_WAITS, now)
    } else return false
    ledgers.accounting.count(ENTRY.coalesced)
    client.accounting.coalesced += 1
    return true
  }

  #replace(waiting: Request, record: Origin, wraps: Wraps | undefined, now: Instant): void {
    const { octets, duplicates, tracing } = this.#register
    tracing.active?.ended(waiting, TOOK_ITS_PLACE, now)
    const { arrival, receivedAt } = waiting
    const newer = new Request({ arrival, class: 'accounting', origin: record, octets, now: receivedAt })
    const course = startCourse(newer)
    course.cameAt = now
    course.wraps = wraps
    tracing.active?.received(newer, now)
    waiting.expand()
    const exchanges = this.#register.exchanges.endAll(waiting)
    duplicates.giveWay(waiting, newer, now)
    this.#register.exchanges.begin(record, newer)
    // Copies: the exchange of its origin is the older request itself, which is to be forgotten.
    for (const { from, client, packet } of exchanges) this.#register.exchanges.attach({ from, client, packet }, newer)
    this.#register.replace(waiting, newer, now)
  }
}
