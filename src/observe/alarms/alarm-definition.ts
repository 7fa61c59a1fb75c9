/**
 * What the definition of an alarm consists of, how its value is written, and what its readings are made of.
 */

import { TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import type { LaneSnapshot } from '../../proxy/border/snapshot.ts'
import type { Reading, Severity, Subject } from '../view/alarm.ts'
import type { Interval, LaneRates } from '../view/interval.ts'

/** How a value is written. `state` is 0 or 1 and is not written at all. */
export type Unit = 'percent' | 'a minute' | 'a second' | 'seconds' | 'bytes' | 'requests' | 'transmissions' | 'state'

export interface AlarmDefinition {
  /** `loss`: users or records suffer. While one of `loss` or `critical` is raised, `radsluice status` exits with 1. */
  readonly grade: 'notice' | 'loss' | 'critical'
  readonly unit: Unit
  /** Its value is that of a moment, not of an interval: it may be read again between two polls. */
  readonly isNow?: boolean
  /** The labels that it has. */
  readonly per: readonly (keyof Subject)[]
  /** What its value is, for the page and the log. */
  readonly measures: string
  /** What is wrong when it is raised; `{value}` and `{detail}` are filled in. */
  readonly says: string
  /** What to do, where its reading has no better advice. */
  readonly advice: string
  readonly read: (interval: Interval) => readonly Reading[]
}

export const severityOf = ({ grade }: Pick<AlarmDefinition, 'grade'>): Severity =>
  grade === 'critical' ? 'critical' : 'warning'

/** Whether `radsluice status` exits with 1 while it is raised. */
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

/** It is so or it is not, and more to say of it. */
export const state = (subject: Subject, isSo: boolean, more: Pick<Reading, 'detail' | 'advice'> = {}): Reading => ({
  subject,
  value: isSo ? 1 : 0,
  ...more,
})

export const ofEachClass = (read: (name: TrafficClass) => Omit<Reading, 'subject'>): Reading[] =>
  TRAFFIC_CLASSES.map((name) => ({ subject: { class: name }, ...read(name) }))

export const ofEachLane = (interval: Interval, read: (rates: LaneRates) => Omit<Reading, 'subject'>): Reading[] =>
  interval.lanes().map((rates) => ({ subject: ofLane(rates.lane), ...read(rates) }))

export const ofLane = ({ server, class: name }: LaneSnapshot): Subject => ({ server, class: name })

/** The three that count most, as `3 late, 2 too-long`; those that are 0 are left out. */
export const mostOf = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')
