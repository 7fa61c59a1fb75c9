/**
 * How a metric is written down: one definition has its name, kind, meaning and how its samples are read from a view.
 *
 * A label never takes a value from a packet: only names of the configuration, of closed lists, and our own addresses.
 */
import type { DaemonView } from './view.ts'

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Metric {
  readonly name: string
  readonly kind: 'counter' | 'gauge'
  readonly help: string
  readonly labels: readonly string[]
  samples(view: DaemonView): readonly Sample[]
}

const PREFIX = 'radsluice_'

/** A number that only grows; its name ends in `_total`. */
export const counter = (name: string, help: string, samples: SampleReader): Metric =>
  metric('counter', `${name}_total`, help, samples)

/** A number that goes up and down. */
export const gauge = (name: string, help: string, samples: SampleReader): Metric => metric('gauge', name, help, samples)

/** The label names, and how to read the samples. */
export interface SampleReader {
  readonly labels: readonly string[]
  readonly read: (view: DaemonView) => readonly Sample[]
}

function metric(kind: Metric['kind'], name: string, help: string, { labels, read }: SampleReader): Metric {
  return { name: PREFIX + name, kind, help, labels, samples: read }
}

/** A metric without labels; no sample where the value is not known. */
export const single = (read: (view: DaemonView) => number | undefined): SampleReader => ({
  labels: [],
  read: (view) => {
    const value = read(view)
    return value === undefined ? [] : [{ labels: {}, value }]
  },
})
