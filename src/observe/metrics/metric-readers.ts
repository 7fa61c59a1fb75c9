/**
 * How metrics read their samples from a view: of each instance, of each class there, of each lane there.
 *
 * A lane that a reload removed is not shown by its server's name any more (its successor may bear it); it is counted in
 * `radsluice_retiring_lanes`.
 */

import { TRAFFIC_CLASSES } from '../../classes.ts'
import type { Histogram } from '../../proxy/border/histogram.ts'
import type { ClassSnapshot, EngineSnapshot, LaneSnapshot } from '../../proxy/border/snapshot.ts'
import { MICROS_PER_SECOND } from '../../units.ts'
import type { DaemonView } from '../view/view.ts'
import type { HistogramSample, Sample, SampleReader } from './metric.ts'

const CLASS_LABELS = ['class', 'instance']
const LANE_LABELS = ['server', 'class', 'instance']

export const inSeconds = (microseconds: number): number => microseconds / MICROS_PER_SECOND

/** The samples of each instance, which is a label. */
export const ofInstances =
  (read: (engine: EngineSnapshot, instance: string) => readonly Sample[]) =>
  ({ instances }: DaemonView): Sample[] =>
    instances.flatMap(({ number, engine }) => read(engine, String(number)))

export const ofClass = (read: (of: ClassSnapshot) => number): SampleReader => ({
  labels: CLASS_LABELS,
  read: ofInstances((engine, instance) =>
    TRAFFIC_CLASSES.map((name) => ({ labels: { class: name, instance }, value: read(engine.classes[name]) })),
  ),
})

/** One sample for each name of a record, as label `label`. */
export const ofClassBy = (
  label: string,
  read: (of: ClassSnapshot) => Readonly<Record<string, number>>,
): SampleReader => ({
  labels: [...CLASS_LABELS, label],
  read: ofInstances((engine, instance) =>
    TRAFFIC_CLASSES.flatMap((name) =>
      Object.entries(read(engine.classes[name])).map(([key, value]) => ({
        labels: { class: name, instance, [label]: key },
        value,
      })),
    ),
  ),
})

const laneLabels = ({ server, class: name }: LaneSnapshot, instance: string): Record<string, string> => ({
  server,
  class: name,
  instance,
})

/** No sample where the value is not known. */
const ofEachLane = <Value>(
  read: (lane: LaneSnapshot) => Value | undefined,
): SampleReader<{ labels: Record<string, string>; value: Value }> => ({
  labels: LANE_LABELS,
  read: ({ instances }) =>
    instances.flatMap(({ number, engine }) =>
      engine.lanes.flatMap((lane) => {
        const value = lane.retiring ? undefined : read(lane)
        return value === undefined ? [] : [{ labels: laneLabels(lane, String(number)), value }]
      }),
    ),
})

export const ofLane: (read: (lane: LaneSnapshot) => number | undefined) => SampleReader = ofEachLane
export const ofLaneHistogram: (read: (lane: LaneSnapshot) => Histogram) => SampleReader<HistogramSample> = ofEachLane

export const ofLaneBy = (
  label: string,
  read: (lane: LaneSnapshot) => Readonly<Record<string, number>>,
): SampleReader => ({
  labels: [...LANE_LABELS, label],
  read: ofInstances((engine, instance) =>
    engine.lanes
      .filter(({ retiring }) => !retiring)
      .flatMap((lane) =>
        Object.entries(read(lane)).map(([key, value]) => ({
          labels: { ...laneLabels(lane, instance), [label]: key },
          value,
        })),
      ),
  ),
})

/** Of each instance's thread. */
export const ofInstance = (read: (one: DaemonView['instances'][number]) => number): SampleReader => ({
  labels: ['instance'],
  read: ({ instances }) => instances.map((one) => ({ labels: { instance: String(one.number) }, value: read(one) })),
})
