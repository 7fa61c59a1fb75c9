/**
 * What the snapshot of a server and class means: how much the server can be sent at most, and why it does not answer.
 *
 * The ceiling is the smaller of max-rate and of what its identifiers allow. By Little's law max-outstanding identifiers that
 * are held for T seconds each allow max-outstanding / T messages a second: 256 of them at a server that is silent for
 * 3 s x 6 tries allow 14 a second.
 */
import type { TrafficClass } from '../../classes.ts'
import type { LaneSnapshot } from '../../proxy/border/snapshot.ts'
import { heldText, likelyCause, someLateText } from '../../proxy/work/silence.ts'
import { MICROS_PER_SECOND } from '../../units.ts'

const MOST_CAUSES = 3

type Limits = Pick<LaneSnapshot, 'slots' | 'maxOutstanding' | 'holdingTime'>

/** Messages per second; undefined if nothing limits them so far. */
export function effectiveCeiling(lane: Limits): number | undefined {
  const ceiling = Math.min(rateLimit(lane), outstandingLimit(lane))
  return Number.isFinite(ceiling) ? ceiling : undefined
}

export const whatLimits = (lane: Limits): 'max_rate' | 'max_outstanding' =>
  rateLimit(lane) <= outstandingLimit(lane) ? 'max_rate' : 'max_outstanding'

const rateLimit = ({ slots: { maxRate } }: Limits): number => (maxRate === 0 ? Number.POSITIVE_INFINITY : maxRate)

const outstandingLimit = ({ maxOutstanding, holdingTime }: Limits): number =>
  holdingTime === 0 ? Number.POSITIVE_INFINITY : (maxOutstanding * MICROS_PER_SECOND) / holdingTime

/** Why it does not answer, or not in time, and what to do; undefined if it is not known. */
export function causeOf(lane: LaneSnapshot): string | undefined {
  if (lane.retiring) return undefined
  return lane.isHeldDown ? heldText([lane.server]) : likelyCause(lane)
}

/** The cause of retries: a few late answers are one too. */
export const causeOfRetries = (lane: LaneSnapshot): string | undefined => causeOf(lane) ?? someLateText(lane)

/** The known causes of the servers of a class; undefined if there are none. */
export function causeOfClass(lanes: readonly LaneSnapshot[], name: TrafficClass): string | undefined {
  const ofClass = lanes.filter((lane) => lane.class === name && !lane.retiring)
  const held = ofClass.filter(({ isHeldDown }) => isHeldDown).map(({ server }) => server)
  const others = ofClass.flatMap((lane) => {
    const cause = lane.isHeldDown ? undefined : likelyCause(lane)
    return cause === undefined ? [] : [`server ${lane.server}: ${cause}`]
  })
  const all = [...(held.length === 0 ? [] : [heldText(held)]), ...others]
  return all.length === 0 ? undefined : all.slice(0, MOST_CAUSES).join('; ')
}
