/**
 * What the snapshot of a server and class says of it: how much it can be sent at most, and why it does not answer.
 *
 * The ceiling is the smaller of max-rate and of what its identifiers allow, whatever is offered. By Little's law
 * max-outstanding identifiers that are held for T seconds each let max-outstanding / T messages a second through: 256 of
 * them at a server that is silent for 3 s x 6 tries are 14 a second.
 */
import type { TrafficClass } from '../../classes.ts'
import type { LaneSnapshot } from '../../proxy/border/snapshot.ts'
import { heldText, likelyCause, someLateText } from '../../proxy/work/contact.ts'
import { MICROS_PER_SECOND } from '../../units.ts'

/** More of them would hide the first. */
const MOST_CAUSES = 3

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

/** Why it does not answer, or not in time, in one sentence that ends with what to do; undefined where nothing is known. */
export function causeOf(lane: LaneSnapshot): string | undefined {
  if (lane.retiring) return undefined
  return lane.isHeldDown ? heldText([lane.server]) : likelyCause(lane)
}

/** The same where retries are asked about: there a few late answers are worth a word too. */
export const causeOfRetries = (lane: LaneSnapshot): string | undefined => causeOf(lane) ?? someLateText(lane)

/** The causes known of the servers of a class, one sentence for each server; undefined where none is known. */
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
