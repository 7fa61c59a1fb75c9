/**
 * What a server can be sent at most, whatever is offered: the smaller of its max-rate and of what its identifiers allow.
 *
 * By Little's law max-outstanding identifiers that are held for T seconds each let max-outstanding / T messages a second
 * through: 256 of them at a server that is silent for 3 s x 6 tries are 14 a second.
 */
import type { LaneSnapshot } from '../../proxy/border/snapshot.ts'
import { MICROS_PER_SECOND } from '../../units.ts'

type Limits = Pick<LaneSnapshot, 'slots' | 'maxOutstanding' | 'holdingTime'>

/** Messages per second; undefined where nothing limits them so far. */
export function effectiveCeiling(lane: Limits): number | undefined {
  const ceiling = Math.min(rateLimit(lane), outstandingLimit(lane))
  return Number.isFinite(ceiling) ? ceiling : undefined
}

/** Which of the two it is. */
export const whatLimits = (lane: Limits): 'max_rate' | 'max_outstanding' =>
  rateLimit(lane) <= outstandingLimit(lane) ? 'max_rate' : 'max_outstanding'

const rateLimit = ({ slots: { maxRate } }: Limits): number => (maxRate === 0 ? Number.POSITIVE_INFINITY : maxRate)

const outstandingLimit = ({ maxOutstanding, holdingTime }: Limits): number =>
  holdingTime === 0 ? Number.POSITIVE_INFINITY : (maxOutstanding * MICROS_PER_SECOND) / holdingTime
