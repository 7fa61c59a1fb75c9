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

/** `deliveredUnanswered` as `delivered_unanswered`. */
export const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`)

/** The label names, and how to read the samples. */
export interface SampleReader<One = Sample> {
  readonly labels: readonly string[]
  readonly read: (view: DaemonView) => readonly One[]
}

const ofKind =
  (kind: 'counter' | 'gauge', ending: string) =>
  (name: string, help: string, { labels, read: samples }: SampleReader): Metric => ({
    name: `${PREFIX}${name}${ending}`,
    kind,
    help,
    labels,
    samples,
  })

/** A number that only grows; its name ends in `_total`. */
export const counter = ofKind('counter', '_total')
/** A number that goes up and down. */
export const gauge = ofKind('gauge', '')

/** Times in buckets (`BUCKET_LIMITS`); its name ends in `_seconds`. */
export const histogram = (
  name: string,
  help: string,
  { labels, read: samples }: SampleReader<HistogramSample>,
): Metric => ({ name: PREFIX + name, kind: 'histogram', help, labels, samples })

/** One sample for each name. */
export const samplesOf = (values: Readonly<Record<string, number>>, labels: (name: string) => Labels): Sample[] =>
  Object.entries(values).map(([name, value]) => ({ labels: labels(name), value }))

/** The names of the fields that are numbers. */
export type NumberIn<Of, Value = number> = { [Key in keyof Of]: Of[Key] extends Value ? Key : never }[keyof Of]

/** Metrics that are all read in one way, each from a field or by a function: `lanes.gauge(name, help, 'queued')`. */
export const metricsOf = <Of, Value = number>(reader: (read: (of: Of) => Value) => SampleReader) => {
  type Read = NumberIn<Of, Value> | ((of: Of) => Value)
  const readerOf = (read: Read): SampleReader => reader(typeof read === 'function' ? read : (of) => of[read] as Value)
  return {
    counter: (name: string, help: string, read: Read): Metric => counter(name, help, readerOf(read)),
    gauge: (name: string, help: string, read: Read): Metric => gauge(name, help, readerOf(read)),
  }
}
