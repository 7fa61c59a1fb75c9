/**
 * Every metric that the daemon exports, in the groups and the order of docs/metrics.md, which is made from this list.
 */
import { ACCOUNTING_METRICS } from './accounting-metrics.ts'
import { CLIENT_METRICS, DAEMON_METRICS } from './daemon-metrics.ts'
import { LEDGER_METRICS, QUEUE_METRICS } from './ledger-metrics.ts'
import type { Metric, MetricGroup } from './metric.ts'
import { SERVER_METRICS } from './server-metrics.ts'
import { WATCH_METRICS } from './watch-metrics.ts'

export const METRIC_GROUPS: readonly MetricGroup[] = [
  LEDGER_METRICS,
  QUEUE_METRICS,
  SERVER_METRICS,
  CLIENT_METRICS,
  ACCOUNTING_METRICS,
  WATCH_METRICS,
  DAEMON_METRICS,
]

export const METRICS: readonly Metric[] = METRIC_GROUPS.flatMap(({ metrics }) => metrics)
