/**
 * "Its health is 10 out of 10": one number for people, with the reasons why it is less.
 *
 * Each factor has a warning threshold, which costs 1, and an error threshold, which costs more; the configuration has both and
 * the cost (`health`). The score is that of the last poll interval alone.
 */

import { sumOverClasses, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import type { HealthReason, HealthScore } from '../view/alarm.ts'
import type { Interval, LaneRates } from '../view/interval.ts'
import { type Unit, valueText } from './alarm-definition.ts'

export const BEST_SCORE = 10
const WARNING_COSTS = 1

/** A value at a threshold or above it costs. */
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
const mostOfClasses = (of: (name: TrafficClass) => number): number => most(TRAFFIC_CLASSES.map(of))
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

const factor = (unit: Unit, says: string, read: (interval: Interval) => number): Factor => ({ unit, says, read })

export const HEALTH_FACTORS = {
  'queue-fill': factor(
    'percent',
    'the fullest queue',
    (interval) => 100 * mostOfClasses((name) => interval.queueShares(name).fill),
  ),
  'queue-age': factor(
    'percent',
    'how long a message has waited, of its max_age',
    (interval) => 100 * mostOfClasses((name) => interval.queueShares(name).age),
  ),
  shed: factor('a minute', 'messages shed', (interval) =>
    interval.aMinute(sumOverClasses((name) => interval.shedAtALoss(name))),
  ),
  timeouts: factor('percent', 'transmissions that time out', (interval) => {
    const lanes = interval.lanes()
    const sent = sum(lanes.map((lane) => lane.sent))
    // What was sent in the interval before may time out in this one.
    return sent === 0 ? 0 : Math.min(100, (100 * sum(lanes.map((lane) => lane.timeouts))) / sent)
  }),
  servers: factor('percent', 'servers of a class that are Down of themselves or Failing', (interval) =>
    mostOfClasses((name) =>
      shareOf(
        interval.lanes().filter(({ lane }) => lane.class === name),
        isNoHelp,
      ),
    ),
  ),
  instances: factor('percent', 'instances that crashed or do not run', (interval) =>
    shareOf(interval.instances(), ({ isDown }) => isDown),
  ),
  'bad-authenticators': factor('a minute', 'datagrams of clients and servers that do not verify', (interval) =>
    sum([...interval.clientDrops(), ...interval.lanes()].map(({ wrongProofs }) => wrongProofs)),
  ),
  'event-loop-delay': factor('seconds', 'how late an instance comes to its work', ({ loopDelay }) =>
    most([...loopDelay.values()]),
  ),
  memory: factor('bytes', 'memory of the process', ({ now: { process: vitals } }) => vitals.residentBytes ?? 0),
}

/** In per cent. */
const shareOf = <T>(all: readonly T[], isSo: (of: T) => boolean): number =>
  all.length === 0 ? 0 : (100 * all.filter(isSo).length) / all.length

/** Down of itself, or Failing. */
const isNoHelp = ({ lane: { state, isHeldDown } }: LaneRates): boolean =>
  (state === 'down' && !isHeldDown) || state === 'failing'

export type HealthFactor = keyof typeof HEALTH_FACTORS

export function healthScoreOf(
  interval: Interval,
  penalties: Readonly<Record<HealthFactor, Penalty | undefined>>,
): HealthScore {
  const reasons = (Object.keys(HEALTH_FACTORS) as HealthFactor[]).flatMap((factor): HealthReason[] => {
    const penalty = penalties[factor]
    if (penalty === undefined) return []
    const { unit, says, read } = HEALTH_FACTORS[factor]
    const value = read(interval)
    if (value < penalty.warning) return []
    const isError = value >= penalty.error
    const cost = isError ? penalty.cost : WARNING_COSTS
    return [{ factor, level: isError ? 'error' : 'warning', cost, says: `${says}: ${valueText(unit, value)}` }]
  })
  const score = BEST_SCORE - reasons.reduce((all, { cost }) => all + cost, 0)
  return { score: Math.max(0, score), reasons: reasons.sort((a, b) => b.cost - a.cost) }
}
