/**
 * How a metric is written down: one definition has its name, kind, meaning and how its samples are read from a view.
 *
 * A label never takes a value from a packet: only names of the configuration, of closed lists, and our own addresses.
 */
import type { Histogram } from '../../proxy/border/histogram.ts'
import type { DaemonView } from '../view/view.ts'

type Labels = Readonly<Record<string, string>>

export interface Sample {
  readonly labels: Labels
  readonly value: number
}

export interface HistogramSample {
  readonly labels: Labels
  readonly value: Histogram
}

interface Named {
  /** With the prefix; a counter's ends in `_total`. */
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
}

export type Metric = Named &
  (
    | { readonly kind: 'counter' | 'gauge'; readonly samples: (view: DaemonView) => readonly Sample[] }
    | { readonly kind: 'histogram'; readonly samples: (view: DaemonView) => readonly HistogramSample[] }
  )

/** Metrics that belong together: one table of docs/metrics.md. */
export interface MetricGroup {
  readonly title: string
  readonly metrics: readonly Metric[]
}

const PREFIX = 'radsluice_'

/** The label names, and how to read the samples. */
export interface SampleReader<One = Sample> {
  readonly labels: readonly string[]
  readonly read: (view: DaemonView) => readonly One[]
}

/** A number that only grows; its name ends in `_total`. */
export const counter = (name: string, help: string, { labels, read: samples }: SampleReader): Metric => ({
  name: `${PREFIX}${name}_total`,
  kind: 'counter',
  help,
  labels,
  samples,
})

/** A number that goes up and down. */
export const gauge = (name: string, help: string, { labels, read: samples }: SampleReader): Metric => ({
  name: PREFIX + name,
  kind: 'gauge',
  help,
  labels,
  samples,
})

/** Times in buckets (`BUCKET_LIMITS`); its name ends in `_seconds`. */
export const histogram = (
  name: string,
  help: string,
  { labels, read: samples }: SampleReader<HistogramSample>,
): Metric => ({ name: PREFIX + name, kind: 'histogram', help, labels, samples })

/** One sample for each name. */
export const samplesOf = (values: Readonly<Record<string, number>>, labels: (name: string) => Labels): Sample[] =>
  Object.entries(values).map(([name, value]) => ({ labels: labels(name), value }))

/** Metrics that are all read in one way: `lanes.gauge(name, help, (lane) => lane.queued)`. */
export const metricsOf = <Read>(reader: (read: Read) => SampleReader) => ({
  counter: (name: string, help: string, read: Read): Metric => counter(name, help, reader(read)),
  gauge: (name: string, help: string, read: Read): Metric => gauge(name, help, reader(read)),
})
