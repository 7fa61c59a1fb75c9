/**
 * `/metrics`: the text format of Prometheus (version 0.0.4), written straight from a view.
 *
 *     # HELP name What it means.
 *     # TYPE name counter
 *     name{label="value"} 3
 *
 * Nothing is kept between two scrapes and nothing is counted here: the engines keep plain integers, the daemon gathers a
 * view when asked, each metric reads its samples from that. What is not known has no sample.
 */
import { BUCKET_LIMITS, type Histogram } from '../proxy/histogram.ts'
import { MICROS_PER_SECOND } from '../units.ts'
import type { Metric } from './metric.ts'
import type { DaemonView } from './view.ts'

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const BOUNDS: readonly string[] = [...BUCKET_LIMITS.map((limit) => String(limit / MICROS_PER_SECOND)), '+Inf']

/** The exposition of these metrics. */
export function exposition(metrics: readonly Metric[], view: DaemonView): string {
  const lines: string[] = []
  for (const metric of metrics) {
    const { name, kind, help } = metric
    lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${kind}`)
    if (metric.kind === 'histogram') {
      for (const { labels, value } of metric.samples(view)) lines.push(...histogramLines(name, pairsOf(labels), value))
    } else {
      for (const { labels, value } of metric.samples(view))
        lines.push(`${name}${braced(pairsOf(labels))} ${text(value)}`)
    }
  }
  return `${lines.join('\n')}\n`
}

/** Buckets are cumulative: each counts all that took as long or less. */
function histogramLines(name: string, pairs: string, { counts, sum }: Histogram): string[] {
  let total = 0
  const buckets = counts.map((some, bucket) => {
    total += some
    return `${name}_bucket{${pairs}${pairs === '' ? '' : ','}le="${BOUNDS[bucket]}"} ${total}`
  })
  return [
    ...buckets,
    `${name}_sum${braced(pairs)} ${text(sum / MICROS_PER_SECOND)}`,
    `${name}_count${braced(pairs)} ${total}`,
  ]
}

const braced = (pairs: string): string => (pairs === '' ? '' : `{${pairs}}`)

const pairsOf = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')

const escaped = (value: string): string =>
  /[\\"\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value

const text = (value: number): string => {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}
