/**
 * A session table with a clock of its own, for tests: records go in, what was told comes out.
 */

import { RecordView } from '../../src/accounting/record/record-view.ts'
import type { Anomaly } from '../../src/accounting/sessions/anomalies.ts'
import {
  type ClientAccounting,
  exact,
  noAccounting,
  type TotalName,
} from '../../src/accounting/sessions/client-accounting.ts'
import type { Ended, EndedBundle, EndedSession, SessionReport } from '../../src/accounting/sessions/session-report.ts'
import { type SessionOptions, Sessions } from '../../src/accounting/sessions/sessions.ts'
import { instant, MICROS_PER_SECOND, seconds } from '../../src/units.ts'
import * as oracle from '../radius/oracle.ts'
import { number, packetWith } from './records.ts'

export interface Says {
  /** Acct-Status-Type: 1 Start, 2 Stop, 3 interim. */
  readonly status: number
  readonly session?: string
  readonly user?: string
  readonly address?: string
  readonly time?: number
  readonly stamp?: number
  readonly delay?: number
  /** Input and output octets: low halves. */
  readonly octets?: readonly [number, number]
  readonly gigawords?: readonly [number, number]
  readonly packets?: readonly [number, number]
  /** A member link of this bundle. */
  readonly multi?: string
  readonly links?: number
  readonly more?: readonly oracle.Attribute[]
}

export const HOUR = 3_600

export class SessionWorld {
  readonly table: Sessions
  readonly client: { readonly name: string; readonly accounting: ClientAccounting }
  readonly told: {
    readonly anomaly: Anomaly
    readonly session: SessionReport
    readonly record: string
    count: number
  }[] = []
  readonly ended: Ended[] = []
  second: number
  readonly #view = new RecordView()

  /** The table began to watch at second 0; the world begins later, so that a session may be older or younger than that. */
  constructor(o: Partial<SessionOptions> = {}, second = 0) {
    this.second = second
    this.client = { name: 'bng', accounting: noAccounting() }
    this.table = new Sessions(
      { maxSessions: 100, lifetime: seconds(2 * HOUR), maxPortRate: 10e9, ...o },
      {
        anomaly: (found) => this.told.push({ ...found }),
        ended: (what) => this.ended.push(what),
      },
      instant(0),
    )
  }

  get now() {
    return instant(this.second * MICROS_PER_SECOND)
  }

  /** A record comes; a second passes before the next. */
  take(says: Says): this {
    const pair = (types: readonly [number, number], values: readonly [number, number] | undefined) =>
      values === undefined ? [] : [number(types[0], values[0]), number(types[1], values[1])]
    const one = (type: number, value: number | undefined) => (value === undefined ? [] : [number(type, value)])
    const packet = packetWith(
      number(40, says.status),
      oracle.attribute(44, says.session ?? 's1'),
      oracle.attribute(1, says.user ?? 'nemo'),
      ...one(46, says.time),
      ...one(55, says.stamp),
      ...one(41, says.delay),
      ...pair([42, 43], says.octets),
      ...pair([52, 53], says.gigawords),
      ...pair([47, 48], says.packets),
      ...(says.multi === undefined ? [] : [number(7, 1), oracle.attribute(50, says.multi)]),
      ...one(51, says.links),
      ...(says.more ?? []),
    )
    this.table.observe(this.#view.read(packet), this.client, says.address ?? '10.0.0.1', this.now)
    this.second += 1
    return this
  }

  passTo(second: number): this {
    this.second = second
    for (let left = 200; left > 0; left -= 1) this.table.passTime(this.now)
    return this
  }

  /** How often each anomaly was counted, those that never were left out. */
  get odd(): Partial<Record<Anomaly, number>> {
    const { anomalies } = this.table.counts()
    return Object.fromEntries(Object.entries(anomalies).filter(([, count]) => count > 0))
  }

  get sessions(): EndedSession[] {
    return this.ended.filter((one) => one.kind === 'session')
  }

  get bundles(): EndedBundle[] {
    return this.ended.filter((one) => one.kind === 'bundle')
  }

  /** All sessions that are tracked. */
  live(): SessionReport[] {
    return this.table.find(0, this.table.end, {})
  }

  grown(name: TotalName): bigint {
    return exact(this.client.accounting.traffic[name])
  }
}
