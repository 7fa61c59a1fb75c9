/**
 * How metrics read their samples from a view: of each instance, of each of its classes, of each of its lanes.
 *
 * A lane that a reload removed has no samples, since a new lane may have the same server name. It is counted in
 * `radsluice_retiring_lanes`.
 */

import { TRAFFIC_CLASSES } from '../../classes.ts'
import type { Histogram } from '../../proxy/border/histogram.ts'
import type { ClassSnapshot, EngineSnapshot, LaneSnapshot } from '../../proxy/border/snapshot.ts'
import { MICROS_PER_SECOND } from '../../units.ts'
import type { DaemonView } from '../view/view.ts'
import { type HistogramSample, metricsOf, type Sample, type SampleReader, samplesOf } from './metric.ts'

const CLASS_LABELS = ['class', 'instance']
const LANE_LABELS = ['server', 'class', 'instance']

export const inSeconds = (microseconds: number): number => microseconds / MICROS_PER_SECOND

/** The samples of each instance, which is a label. */
export const ofInstances =
  (read: (engine: EngineSnapshot, instance: string) => readonly Sample[]) =>
  ({ instances }: DaemonView): Sample[] =>
    instances.flatMap(({ number, engine }) => read(engine, String(number)))

/** One sample of each whose value is known. */
export const samplesOfKnown = <One, Value>(
  all: readonly One[],
  labelsOf: (one: One) => Record<string, string>,
  read: (one: One) => Value | undefined,
) =>
  all.flatMap((one) => {
    const value = read(one)
    return value === undefined ? [] : [{ labels: labelsOf(one), value }]
  })

/** Without labels. */
export const daemon = metricsOf<DaemonView, number | undefined>((read) => ({
  labels: [],
  read: (view) => samplesOfKnown([view], () => ({}), read),
}))

/** Of each instance's thread. */
export const threads = metricsOf<DaemonView['instances'][number]>((read) => ({
  labels: ['instance'],
  read: ({ instances }) => instances.map((one) => ({ labels: { instance: String(one.number) }, value: read(one) })),
}))

/** Of each instance's engine. */
export const engines = metricsOf<EngineSnapshot>((read) => ({
  labels: ['instance'],
  read: ofInstances((engine, instance) => [{ labels: { instance }, value: read(engine) }]),
}))

export const classes = metricsOf<ClassSnapshot>((read) => ({
  labels: CLASS_LABELS,
  read: ofInstances((engine, instance) =>
    TRAFFIC_CLASSES.map((name) => ({ labels: { class: name, instance }, value: read(engine.classes[name]) })),
  ),
}))

/** One sample for each name of a record, as label `label`. */
export const ofClassBy = (
  label: string,
  read: (of: ClassSnapshot) => Readonly<Record<string, number>>,
): SampleReader => ({
  labels: [...CLASS_LABELS, label],
  read: ofInstances((engine, instance) =>
    TRAFFIC_CLASSES.flatMap((name) =>
      samplesOf(read(engine.classes[name]), (key) => ({ class: name, instance, [label]: key })),
    ),
  ),
})

const laneLabels = ({ server, class: name }: LaneSnapshot, instance: string) => ({ server, class: name, instance })

const serving = ({ lanes: all }: EngineSnapshot): LaneSnapshot[] => all.filter(({ retiring }) => !retiring)

const ofEachLane = <Value>(
  read: (lane: LaneSnapshot) => Value | undefined,
): SampleReader<{ labels: Record<string, string>; value: Value }> => ({
  labels: LANE_LABELS,
  read: ({ instances }) =>
    instances.flatMap(({ number, engine }) =>
      samplesOfKnown(serving(engine), (lane) => laneLabels(lane, String(number)), read),
    ),
})

export const lanes = metricsOf<LaneSnapshot, number | undefined>(ofEachLane)
export const ofLaneHistogram: (read: (lane: LaneSnapshot) => Histogram) => SampleReader<HistogramSample> = ofEachLane

export const ofLaneBy = (
  label: string,
  read: (lane: LaneSnapshot) => Readonly<Record<string, number>>,
): SampleReader => ({
  labels: [...LANE_LABELS, label],
  read: ofInstances((engine, instance) =>
    serving(engine).flatMap((lane) =>
      samplesOf(read(lane), (key) => ({ ...laneLabels(lane, instance), [label]: key })),
    ),
  ),
})
