/**
 * What the engine keeps of accounting records beside passing them on: counts for each client, and the session table where
 * sessions are tracked.
 *
 * It only observes. A record is looked at once, when it is admitted; a retransmission was absorbed before, and a copy of
 * one that ended unanswered is remembered (`Records`). A bug in here costs an observation, never the record.
 */

import { FIELD } from '../../accounting/record/fields.ts'
import { RecordView } from '../../accounting/record/record-view.ts'
import type { Wraps } from '../../accounting/record/rewriting.ts'
import { kindOf } from '../../accounting/sessions/client-accounting.ts'
import type { Ended } from '../../accounting/sessions/session-report.ts'
import { type FoundAnomaly, Sessions } from '../../accounting/sessions/sessions.ts'
import { RECORD_CLASS } from '../../classes.ts'
import type { Instant } from '../../units.ts'
import type { EngineOptions } from '../border/options.ts'
import type { Journal } from '../border/ports.ts'
import type { Records } from '../register/records.ts'
import type { ProvenArrival, Verdict } from './arrival.ts'

export class RecordWatch {
  readonly #view = new RecordView()
  /** Undefined if sessions are not tracked. */
  readonly sessions: Sessions | undefined
  readonly #records: Records
  readonly #journal: Journal

  /** `ended` hears of sessions and bundles that ended; without it no report is made of them. */
  constructor(
    { sessions }: EngineOptions,
    records: Records,
    { journal, ended }: { readonly journal: Journal; readonly ended?: (what: Ended) => void },
    now: Instant,
  ) {
    this.#records = records
    this.#journal = journal
    if (sessions === undefined) return
    const anomaly = (found: FoundAnomaly, at: Instant) => journal.note({ kind: 'accounting-anomaly', ...found }, at)
    this.sessions = new Sessions(sessions, { anomaly, ended }, now)
  }

  /** Notes how often its session's counters had wrapped, if the record is to say so. What came before gets what it got then. */
  admit(record: ProvenArrival, now: Instant): Verdict {
    if (record.class === RECORD_CLASS) record.wraps = this.#wrapsOf(record, now)
    return 'goes-on'
  }

  #wrapsOf(record: ProvenArrival, now: Instant): Wraps | undefined {
    const { packet, client, from } = record
    try {
      const view = this.#view.read(packet)
      const { accounting } = client
      accounting.records[kindOf(view.number(FIELD.statusType))] += 1
      accounting.damagedVendorAttributes += view.damagedVendorAttributes
      accounting.paddedVendorAttributes += view.paddedVendorAttributes
      if (view.isMemberLink) accounting.memberLinkRecords += 1
      const before = this.#records.remember(record)
      const wraps = before === undefined ? this.sessions?.observe(view, client, from.address, now) : before.wraps
      return client.options.accounting.synthesizeGigawords ? wraps : undefined
    } catch (error) {
      const { bytes } = packet
      this.#journal.note({ kind: 'internal-error', where: 'observing a record', error, bytes }, now)
      return undefined
    }
  }
}
