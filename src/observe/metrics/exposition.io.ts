/**
 * `/metrics`: the text format of Prometheus, written by a registry of prom-client from one view of the daemon.
 *
 * Nothing is counted here. The engines keep plain integers, the daemon gathers a view when asked, and each metric gives
 * the registry its samples from that. A registry lives for one scrape: nothing of the process leaks in by default, and
 * what a reload removed is not shown for ever. What is not known has no sample.
 */
import { Registry } from 'prom-client'
import { BUCKET_LIMITS } from '../../proxy/border/histogram.ts'
import { MICROS_PER_SECOND } from '../../units.ts'
import type { DaemonView } from '../view/view.ts'
import type { HistogramSample, Metric } from './metric.ts'

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

const BOUNDS: readonly string[] = [...BUCKET_LIMITS.map((limit) => String(limit / MICROS_PER_SECOND)), '+Inf']

/** A sample as prom-client writes it; a histogram's samples have names of their own. */
interface Value {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string>>
  /** Those of all samples of a histogram: written once and kept by prom-client. */
  readonly sharedLabels?: Readonly<Record<string, string>>
  readonly value: number
}

/** The exposition of these metrics. */
export function exposition(metrics: readonly Metric[], view: DaemonView): Promise<string> {
  const registry = new Registry()
  for (const metric of metrics) registry.registerMetric(registered(metric, view))
  return registry.metrics()
}

type Registered = Parameters<Registry['registerMetric']>[0]

/** What a registry asks of a metric when it is scraped, and no more: it counts nothing itself. */
function registered(metric: Metric, view: DaemonView): Registered {
  const { name, help, kind: type } = metric
  const about = { name, help, type, aggregator: 'sum' }
  return { ...about, get: () => Promise.resolve({ ...about, values: valuesOf(metric, view) }) } as unknown as Registered
}

const valuesOf = (metric: Metric, view: DaemonView): readonly Value[] =>
  metric.kind === 'histogram'
    ? metric.samples(view).flatMap((sample) => histogramValues(metric.name, sample))
    : metric.samples(view)

/** Buckets are cumulative: each counts all that took as long or less. */
function histogramValues(name: string, { labels: sharedLabels, value: { counts, sum } }: HistogramSample): Value[] {
  const values: Value[] = []
  let total = 0
  for (const [bucket, some] of counts.entries()) {
    total += some
    values.push({ metricName: `${name}_bucket`, labels: { le: BOUNDS[bucket] as string }, sharedLabels, value: total })
  }
  values.push({ metricName: `${name}_sum`, labels: {}, sharedLabels, value: sum / MICROS_PER_SECOND })
  values.push({ metricName: `${name}_count`, labels: {}, sharedLabels, value: total })
  return values
}
