/**
 * `interims: newest`: while an interim update of a session waits unsent, a newer one takes its place in the queue, and its
 * age.
 *
 * The older one is never sent; its client is answered when the newer one is, also where it comes again after that
 * (`Duplicates`). Newer is what counts the same session longer (`outdates`), whichever comes first: an older one that comes
 * late joins the newer one that waits. A Start or a Stop between the two keeps them apart.
 */

import { outdates } from '../../accounting/record/outdated.ts'
import { isInterim } from '../../accounting/record/record.ts'
import type { Wraps } from '../../accounting/record/rewriting.ts'
import type { Instant } from '../../units.ts'
import type { Register } from '../register/register.ts'
import { Arrival, type Exchange, Request } from '../work/request.ts'

const NEWER_WAITS = 'a newer interim update of its session waits, and is sent for it'
const TOOK_ITS_PLACE = 'coalesced: a newer interim update of its session took its place'

export class Coalescing {
  readonly #register: Register

  constructor(register: Register) {
    this.#register = register
  }

  /** Whether the record is dealt with: it waits in the place of an older one, or a newer one is sent for it. */
  take(exchange: Exchange, wraps: Wraps | undefined, now: Instant): boolean {
    const { from, client, packet } = exchange
    const { sessions, ledgers, tracing } = this.#register
    if (!sessions.isComplete || !isInterim(packet)) return false
    const waiting = sessions.newestInterim(from.address, packet)
    if (waiting === undefined) return false
    if (outdates(packet, waiting.packet)) this.#replace(waiting, exchange, wraps, now)
    else if (outdates(waiting.packet, packet)) {
      this.#register.duplicates.add(exchange)
      this.#register.duplicates.joined(exchange, wraps, waiting, now)
      this.#register.attach(exchange, waiting)
      tracing.active?.duplicate(exchange, NEWER_WAITS, now)
    } else return false
    ledgers.accounting.coalesced += 1
    client.accounting.coalesced += 1
    return true
  }

  #replace(waiting: Request, exchange: Exchange, wraps: Wraps | undefined, now: Instant): void {
    const { octets, duplicates, tracing } = this.#register
    tracing.active?.ended(waiting, TOOK_ITS_PLACE, now)
    const { arrival, receivedAt } = waiting
    const newer = new Request({ arrival, class: 'accounting', exchange, octets, now: receivedAt })
    newer.cameAt = now
    newer.wraps = wraps
    tracing.active?.received(newer, now)
    waiting.rouse()
    const exchanges = waiting.exchanges
    for (const each of exchanges) {
      waiting.detach(each)
      duplicates.forget(each)
    }
    duplicates.giveWay(waiting, newer, now)
    duplicates.add(newer)
    for (const { from, client, packet } of exchanges) {
      const moved = new Arrival(from, client, packet)
      duplicates.add(moved)
      this.#register.attach(moved, newer)
    }
    this.#register.replace(waiting, newer, now)
  }
}
