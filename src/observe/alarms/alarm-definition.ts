/**
 * The parts of an alarm's definition: how its value is written, and what it watches: each lane, class, client or instance, or
 * the daemon as a whole.
 */

import { TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import type { Reading, Severity, Subject } from '../view/alarm.ts'
import type { ClientDrops, InstanceCrashes, Interval, LaneRates } from '../view/interval.ts'

/** How a value is written. `state` is 0 or 1 and is not written at all. */
export type Unit = 'percent' | 'a minute' | 'a second' | 'seconds' | 'bytes' | 'requests' | 'transmissions' | 'state'

export interface AlarmDefinition {
  /** `loss`: users or records suffer. While one of `loss` or `critical` is raised, `radsluice status` exits with 1. */
  readonly grade: 'notice' | 'loss' | 'critical'
  readonly unit: Unit
  /** Its value is of one moment, not of an interval: it is read again between two polls. */
  readonly isNow?: boolean
  readonly measures: string
  /** What is wrong when it is raised; `{value}` and `{detail}` are filled in. */
  readonly says: string
  /** What to do, if its reading has no better advice. */
  readonly advice: string
  /** The labels that it has. */
  readonly per: readonly (keyof Subject)[]
  readonly read: (interval: Interval) => readonly Reading[]
}

export const severityOf = ({ grade }: Pick<AlarmDefinition, 'grade'>): Severity =>
  grade === 'critical' ? 'critical' : 'warning'

export const failsStatus = ({ grade }: Pick<AlarmDefinition, 'grade'>): boolean => grade !== 'notice'

/** A value with its unit, for people. */
export function valueText(unit: Unit, value: number): string {
  switch (unit) {
    case 'percent':
      return `${Math.floor(value)} %`
    case 'a minute':
    case 'a second':
      return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)} ${unit}`
    case 'seconds':
      return `${(value * 1_000).toFixed(1)} ms`
    case 'bytes':
      return `${Math.round(value / 1024 ** 2)} MiB`
    case 'requests':
    case 'transmissions':
      return `${value} ${unit}`
    case 'state':
      return ''
  }
}

/** What was found of one subject: a number, whether it is so, or either with more to say. */
type Found = number | boolean | (Omit<Reading, 'subject' | 'value'> & { readonly value: number | boolean })
type Watched = Pick<AlarmDefinition, 'per' | 'read'>

const reading = (subject: Subject, found: Found): Reading => {
  const { value, ...more } = typeof found === 'object' ? found : { value: found }
  return { subject, value: Number(value), ...more }
}

export const ofEachLane = (find: (rates: LaneRates, interval: Interval) => Found): Watched => ({
  per: ['server', 'class'],
  read: (interval) =>
    interval.lanes().map((rates) => reading({ server: rates.server, class: rates.class }, find(rates, interval))),
})

export const ofEachClass = (find: (name: TrafficClass, interval: Interval) => Found): Watched => ({
  per: ['class'],
  read: (interval) => TRAFFIC_CLASSES.map((name) => reading({ class: name }, find(name, interval))),
})

export const ofEachClient = (find: (drops: ClientDrops, interval: Interval) => Found): Watched => ({
  per: ['client'],
  read: (interval) => interval.clientDrops().map((drops) => reading({ client: drops.client }, find(drops, interval))),
})

export const ofEachInstance = (find: (one: InstanceCrashes, interval: Interval) => Found): Watched => ({
  per: ['instance'],
  read: (interval) => interval.instances().map((one) => reading({ instance: String(one.number) }, find(one, interval))),
})

/** No reading where it is undefined. */
export const ofDaemon = (find: (interval: Interval) => Found | undefined): Watched => ({
  per: [],
  read: (interval) => {
    const found = find(interval)
    return found === undefined ? [] : [reading({}, found)]
  },
})

/** The three largest, as `3 late, 2 too-long`; without those that are 0. */
export const mostOf = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')
