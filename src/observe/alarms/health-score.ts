/**
 * "Its health is 10 out of 10": one number for people, with the reasons why it is less.
 *
 * Each factor has a warning threshold, which costs 1, and an error threshold, which costs more; both and the cost are the
 * configuration's (`health`). Nothing is remembered: the health is that of the last poll interval.
 */

import { TRAFFIC_CLASSES } from '../../classes.ts'
import type { LaneSnapshot } from '../../proxy/border/snapshot.ts'
import type { HealthReason, HealthScore } from '../view/alarm.ts'
import type { Interval } from '../view/interval.ts'
import { type Unit, valueText } from './alarm-definition.ts'

export const BEST_SCORE = 10
const WARNING_COSTS = 1

/** A value at a threshold or above it costs; a threshold of undefined is a factor that is left out. */
export interface Penalty {
  readonly warning: number
  readonly error: number
  readonly cost: number
}

interface Factor {
  readonly unit: Unit
  readonly says: string
  readonly read: (interval: Interval) => number
}

const most = (values: readonly number[]): number => Math.max(0, ...values)
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

export const HEALTH_FACTORS = {
  'queue-fill': {
    unit: 'percent',
    says: 'the fullest queue',
    read: (interval) => 100 * most(TRAFFIC_CLASSES.map((name) => interval.queueShares(name).fill)),
  },
  'queue-age': {
    unit: 'percent',
    says: 'age of the oldest message, of max_age',
    read: (interval) => 100 * most(TRAFFIC_CLASSES.map((name) => interval.queueShares(name).age)),
  },
  shed: {
    unit: 'a minute',
    says: 'messages shed',
    read: ({ losses }) => sum(TRAFFIC_CLASSES.map((name) => losses[name].shed)),
  },
  timeouts: {
    unit: 'percent',
    says: 'transmissions that time out',
    read: (interval) => {
      const lanes = interval.lanes()
      const sent = sum(lanes.map((lane) => lane.sent))
      // Of what was sent in an interval before, some times out in this one.
      return sent === 0 ? 0 : Math.min(100, (100 * sum(lanes.map((lane) => lane.timeouts))) / sent)
    },
  },
  servers: {
    unit: 'percent',
    says: 'servers of a class that are Down of themselves or Failing',
    read: (interval) =>
      100 *
      most(
        TRAFFIC_CLASSES.map((name) => {
          const lanes = interval.lanes().filter(({ lane }) => lane.class === name)
          return lanes.length === 0 ? 0 : lanes.filter(({ lane }) => isNoHelp(lane)).length / lanes.length
        }),
      ),
  },
  instances: {
    unit: 'percent',
    says: 'instances that crashed or do not run',
    read: (interval) => {
      const all = interval.instancesDown()
      return (100 * all.filter(({ isDown }) => isDown).length) / all.length
    },
  },
  'bad-authenticators': {
    unit: 'a minute',
    says: 'datagrams of clients and servers that do not verify',
    read: (interval) =>
      sum(interval.clientDrops().map(({ wrongProofs }) => wrongProofs)) +
      sum(interval.lanes().map(({ wrongProofs }) => wrongProofs)),
  },
  'event-loop-delay': {
    unit: 'seconds',
    says: 'how late an instance comes to its work',
    read: ({ loopDelay }) => most([...loopDelay.values()]),
  },
  memory: {
    unit: 'bytes',
    says: 'memory of the process',
    read: ({ residentBytes }) => residentBytes ?? 0,
  },
} as const satisfies Readonly<Record<string, Factor>>

/** Down of itself, or Failing. */
const isNoHelp = ({ state, isHeldDown }: LaneSnapshot): boolean =>
  (state === 'down' && !isHeldDown) || state === 'failing'

export type HealthFactor = keyof typeof HEALTH_FACTORS

export function healthScoreOf(
  interval: Interval,
  penalties: Readonly<Record<HealthFactor, Penalty | undefined>>,
): HealthScore {
  const reasons = (Object.keys(HEALTH_FACTORS) as HealthFactor[]).flatMap((factor): HealthReason[] => {
    const penalty = penalties[factor]
    if (penalty === undefined) return []
    const { unit, says, read }: Factor = HEALTH_FACTORS[factor]
    const value = read(interval)
    if (value < penalty.warning) return []
    const isError = value >= penalty.error
    const cost = isError ? penalty.cost : WARNING_COSTS
    return [{ factor, level: isError ? 'error' : 'warning', cost, says: `${says}: ${valueText(unit, value)}` }]
  })
  const score = BEST_SCORE - reasons.reduce((all, { cost }) => all + cost, 0)
  return { score: Math.max(0, score), reasons: reasons.sort((a, b) => b.cost - a.cost) }
}
