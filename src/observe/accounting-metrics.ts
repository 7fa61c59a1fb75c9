/**
 * The metrics of accounting: what clients' records are, what they report, and the sessions that are tracked.
 *
 * Octets and packets are counted exactly by the engine; a sample is a double, as Prometheus keeps it, and is that sum
 * rounded to 53 bits. `/status` has every digit.
 */
import { type ClientAccounting, exact } from '../accounting/client-accounting.ts'
import type { SessionCounts } from '../accounting/sessions.ts'
import type { ClientSnapshot } from '../proxy/snapshot.ts'
import { counter, gauge, type MetricGroup, type Sample, type SampleReader, single } from './metric.ts'
import { ofInstances } from './metric-readers.ts'

const ofClients = (read: (of: ClientAccounting) => number): SampleReader => ({
  labels: ['client', 'instance'],
  read: ofInstances(({ clients }, instance) =>
    clients.map(({ name, accounting }) => ({ labels: { client: name, instance }, value: read(accounting) })),
  ),
})

/** One sample for each client and kind. */
const by = (
  what: 'records' | 'rewritten' | 'shed',
  clients: readonly ClientSnapshot[],
  instance: string,
): readonly Sample[] =>
  clients.flatMap(({ name, accounting }) =>
    Object.entries(accounting[what]).map(([kind, value]) => ({ labels: { client: name, kind, instance }, value })),
  )

/** Both directions; only where sessions are tracked is the traffic known. */
const ofTraffic = (what: 'Octets' | 'Packets'): SampleReader => ({
  labels: ['client', 'direction', 'instance'],
  read: ofInstances(({ clients, sessions }, instance) =>
    sessions === undefined
      ? []
      : clients.flatMap(({ name, accounting: { traffic } }) =>
          (['input', 'output'] as const).map((direction) => ({
            labels: { client: name, direction, instance },
            value: Number(exact(traffic[`${direction}${what}`])),
          })),
        ),
  ),
})

const ofSessions = (read: (of: SessionCounts) => number): SampleReader => ({
  labels: ['instance'],
  read: ofInstances(({ sessions }, instance) =>
    sessions === undefined ? [] : [{ labels: { instance }, value: read(sessions) }],
  ),
})

const ofSessionsBy = (label: string, read: (of: SessionCounts) => Readonly<Record<string, number>>): SampleReader => ({
  labels: [label, 'instance'],
  read: ofInstances(({ sessions }, instance): Sample[] =>
    Object.entries(sessions === undefined ? {} : read(sessions)).map(([key, value]) => ({
      labels: { [label]: key, instance },
      value,
    })),
  ),
})

export const ACCOUNTING_METRICS: MetricGroup = {
  title: 'Accounting records and sessions',
  metrics: [
    counter('accounting_records', 'Records taken in from a configured client, by Acct-Status-Type.', {
      labels: ['client', 'kind', 'instance'],
      read: ofInstances(({ clients }, instance) => by('records', clients, instance)),
    }),
    counter('accounting_octets', 'Octets that sessions grew by from record to record.', ofTraffic('Octets')),
    counter('accounting_packets', 'Packets that sessions grew by from record to record.', ofTraffic('Packets')),
    counter(
      'accounting_member_link_records',
      'Records of a link of an MLPPP bundle.',
      ofClients((of) => of.memberLinkRecords),
    ),
    counter(
      'accounting_damaged_vendor_attributes',
      'Vendor attributes whose lengths do not add up; passed on as they came.',
      ofClients((of) => of.damagedVendorAttributes),
    ),
    counter(
      'accounting_padded_vendor_attributes',
      'ERX attributes with zeros behind the last sub-attribute; passed on as they came.',
      ofClients((of) => of.paddedVendorAttributes),
    ),
    counter('accounting_rewritten', 'Packets made for servers in which something was changed, by what.', {
      labels: ['client', 'kind', 'instance'],
      read: ofInstances(({ clients }, instance) => by('rewritten', clients, instance)),
    }),
    counter(
      'accounting_coalesced',
      'Interim updates whose place in a queue a newer one of their session took.',
      ofClients((of) => of.coalesced),
    ),
    counter('accounting_shed', 'Records that an overflow policy removed, by Acct-Status-Type.', {
      labels: ['client', 'kind', 'instance'],
      read: ofInstances(({ clients }, instance) => by('shed', clients, instance)),
    }),
    counter(
      'accounting_anomalies',
      'Records that are odd beside the one before them.',
      ofSessionsBy('anomaly', (of) => of.anomalies),
    ),
    gauge(
      'accounting_sessions',
      'Sessions that are tracked and have not ended.',
      ofSessions((of) => of.live),
    ),
    gauge(
      'accounting_mlppp_sessions',
      'Of these, links of an MLPPP bundle.',
      ofSessions((of) => of.memberLinks),
    ),
    gauge(
      'accounting_mlppp_bundles',
      'MLPPP bundles that are tracked and have not ended.',
      ofSessions((of) => of.bundles),
    ),
    counter(
      'accounting_sessions_ended',
      'Tracked sessions that ended, by how.',
      ofSessionsBy('end', (of) => of.ended),
    ),
    counter(
      'accounting_sessions_evicted',
      'Sessions forgotten because max_sessions was reached.',
      ofSessions((of) => of.evicted),
    ),
    counter(
      'accounting_mlppp_bundles_ended',
      'MLPPP bundles that ended, by how; `evicted`: forgotten because there were too many.',
      ofSessionsBy('end', (of) => of.bundlesEnded),
    ),
    counter(
      'accounting_sessions_log_lines_lost',
      'Lines of the sessions log that are in no file: the disk is full, or its directory gone.',
      single((view) => view.sessionsLogLinesLost),
    ),
  ],
}
