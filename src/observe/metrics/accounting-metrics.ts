/**
 * The metrics of accounting: what clients' records are, what they report, and the sessions that are tracked.
 *
 * Octets and packets are counted exactly by the engine; a sample is a double, as Prometheus keeps it, and is that sum
 * rounded to 53 bits. `/status` has every digit.
 */
import { type ClientAccounting, exact } from '../../accounting/sessions/client-accounting.ts'
import type { SessionCounts } from '../../accounting/sessions/sessions.ts'
import { figuresBy, type PerClientFigures, perClient, perClientAndAll } from './client-metrics.ts'
import {
  counter,
  type Metric,
  type MetricGroup,
  metricsOf,
  type NumberIn,
  type SampleReader,
  samplesOf,
  snakeCase,
} from './metric.ts'
import { daemon, ofInstances } from './metric-readers.ts'

const of = (what: NumberIn<ClientAccounting>): PerClientFigures => ({
  figures: ({ accounting }, tell) => tell(accounting[what]),
})

const counted = (what: NumberIn<ClientAccounting>, help: string): readonly Metric[] =>
  perClientAndAll(`accounting_${snakeCase(what)}`, help, of(what))

const countedByKind = (what: 'records' | 'rewritten' | 'shed', help: string): readonly Metric[] =>
  perClientAndAll(
    `accounting_${what}`,
    help,
    figuresBy('kind', ({ accounting }) => accounting[what]),
  )

/** Both directions; only where sessions are tracked is the traffic known. */
const traffic = (what: 'Octets' | 'Packets'): readonly Metric[] =>
  perClientAndAll(`accounting_${what.toLowerCase()}`, `${what} that sessions grew by from record to record.`, {
    label: 'direction',
    figures: ({ accounting: { traffic } }, tell, { sessions }) => {
      if (sessions === undefined) return
      for (const way of ['input', 'output'] as const) tell(Number(exact(traffic[`${way}${what}`])), way)
    },
  })

const sessions = metricsOf<SessionCounts>((read) => ({
  labels: ['instance'],
  read: ofInstances((engine, instance) =>
    engine.sessions === undefined ? [] : [{ labels: { instance }, value: read(engine.sessions) }],
  ),
}))

const ofSessionsBy = (label: string, what: 'anomalies' | 'ended' | 'bundlesEnded'): SampleReader => ({
  labels: [label, 'instance'],
  read: ofInstances((engine, instance) =>
    engine.sessions === undefined ? [] : samplesOf(engine.sessions[what], (key) => ({ [label]: key, instance })),
  ),
})

export const ACCOUNTING_METRICS: MetricGroup = {
  title: 'Accounting records and sessions',
  metrics: [
    ...countedByKind('records', 'Records taken in from a configured client, by Acct-Status-Type.'),
    ...traffic('Octets'),
    ...traffic('Packets'),
    ...counted('memberLinkRecords', 'Records of a link of an MLPPP bundle.'),
    ...counted('damagedVendorAttributes', 'Vendor attributes whose lengths do not add up; passed on as they came.'),
    ...counted(
      'paddedVendorAttributes',
      'ERX attributes with zeros behind the last sub-attribute; passed on as they came.',
    ),
    ...countedByKind('rewritten', 'Packets made for servers in which something was changed, by what.'),
    perClient(
      'accounting_coalesced',
      'Interim updates whose place in a queue a newer one of their session took.',
      of('coalesced'),
    ),
    ...countedByKind('shed', 'Records that an overflow policy or a max_share removed, by Acct-Status-Type.'),
    counter(
      'accounting_anomalies',
      'Records that are odd beside the one before them.',
      ofSessionsBy('anomaly', 'anomalies'),
    ),
    sessions.gauge('accounting_sessions', 'Sessions that are tracked and have not ended.', 'live'),
    sessions.gauge('accounting_mlppp_sessions', 'Of these, links of an MLPPP bundle.', 'memberLinks'),
    sessions.gauge('accounting_mlppp_bundles', 'MLPPP bundles that are tracked and have not ended.', 'bundles'),
    counter('accounting_sessions_ended', 'Tracked sessions that ended, by how.', ofSessionsBy('end', 'ended')),
    sessions.counter('accounting_sessions_evicted', 'Sessions forgotten because max_sessions was reached.', 'evicted'),
    counter(
      'accounting_mlppp_bundles_ended',
      'MLPPP bundles that ended, by how; `evicted`: forgotten because there were too many.',
      ofSessionsBy('end', 'bundlesEnded'),
    ),
    daemon.counter(
      'accounting_sessions_log_lines_lost',
      'Lines of the sessions log that are in no file: the disk is full, or its directory gone.',
      'sessionsLogLinesLost',
    ),
  ],
}
