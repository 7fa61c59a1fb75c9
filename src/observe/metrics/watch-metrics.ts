/**
 * The metrics of the daemon's own watch: alarms, health, how much of max_rate is used, the webhook.
 */

import { HEALTH_FACTORS } from '../alarms/health-score.ts'
import type { Severity } from '../view/alarm.ts'
import type { LaneWatch, WebhookView } from '../view/view.ts'
import { counter, gauge, type MetricGroup, metricsOf, samplesOf } from './metric.ts'
import { daemon, samplesOfKnown } from './metric-readers.ts'

const SEVERITIES: readonly Severity[] = ['warning', 'critical']

const webhook = metricsOf<WebhookView>((read) => ({
  labels: [],
  read: ({ watch }) => (watch.webhook === undefined ? [] : [{ labels: {}, value: read(watch.webhook) }]),
}))

const watched = metricsOf<LaneWatch, number | undefined>((read) => ({
  labels: ['server', 'class'],
  read: ({ watch: { lanes } }) => samplesOfKnown(lanes, ({ server, class: name }) => ({ server, class: name }), read),
}))

export const WATCH_METRICS: MetricGroup = {
  title: 'Alarms and health',
  metrics: [
    daemon.gauge('health', 'The health, 0 to 10.', ({ watch }) => watch.health.score),
    gauge('health_penalty', 'What each factor takes from the health.', {
      labels: ['factor'],
      read: ({ watch: { health } }) =>
        Object.keys(HEALTH_FACTORS).map((factor) => ({
          labels: { factor },
          value: health.reasons.find((reason) => reason.factor === factor)?.cost ?? 0,
        })),
    }),
    gauge('alarm', '1 for each alarm that is raised; the labels beside id and severity say what it is about.', {
      labels: ['id', 'severity', 'server', 'client', 'class', 'instance'],
      read: ({ watch: { alarms } }) =>
        alarms.map(({ id, severity, subject }) => ({ labels: { id, severity, ...subject }, value: 1 })),
    }),
    gauge('alarms', 'How many alarms are raised.', {
      labels: ['severity'],
      read: ({ watch: { alarms } }) =>
        SEVERITIES.map((severity) => ({
          labels: { severity },
          value: alarms.filter((alarm) => alarm.severity === severity).length,
        })),
    }),
    gauge('alarm_threshold', 'The thresholds in force: raised at `high` or above, cleared under `low`.', {
      labels: ['id', 'edge'],
      read: ({ watch: { thresholds } }) =>
        thresholds.flatMap(({ id, high, low }) => samplesOf({ high, low }, (edge) => ({ id, edge }))),
    }),
    watched.gauge(
      'server_utilisation_ratio',
      'Sent of max_rate in the last poll interval, all instances together, 0 to 1.',
      'utilisation',
    ),
    watched.gauge(
      'server_load_ratio',
      'Offered of the effective ceiling in the last poll interval; 1 at least where messages kept waiting. Messages that wait for the max_rate of their client do not count.',
      'load',
    ),
    counter('webhook_deliveries', 'Requests to the webhook by result; no sample where there is none.', {
      labels: ['result'],
      read: ({ watch: { webhook: of } }) =>
        of === undefined ? [] : samplesOf({ ok: of.ok, failed: of.failed }, (result) => ({ result })),
    }),
    webhook.gauge(
      'webhook_failing',
      '1 where the last request to the webhook failed; no sample where there is none.',
      ({ failing }) => (failing === undefined ? 0 : 1),
    ),
    webhook.gauge('webhook_waiting_alarms', 'Alarms that the webhook was not told of yet.', 'waiting'),
    webhook.counter('webhook_lost_alarms', 'Alarms that the webhook is never told of, since too many waited.', 'lost'),
  ],
}
