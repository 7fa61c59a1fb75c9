/**
 * What the snapshot of a server and class means: how much the server can be sent at most, and why it does not answer.
 *
 * The ceiling is the smaller of max-rate and of what its identifiers allow. By Little's law max-outstanding identifiers (or the
 * window, where that is smaller) that
 * are held for T seconds each allow max-outstanding / T messages a second: 256 of them at a server that is silent for
 * 3 s x 6 tries allow 14 a second.
 */
import type { TrafficClass } from '../../classes.ts'
import type { LaneSnapshot } from '../../proxy/border/snapshot.ts'
import { heldText, likelyCause, someLateText } from '../../proxy/work/silence.ts'
import { MICROS_PER_SECOND } from '../../units.ts'

const MOST_CAUSES = 3

type Limits = Pick<LaneSnapshot, 'slots' | 'maxOutstanding' | 'window' | 'holdingTime'>

/** Messages per second; undefined if nothing limits them so far. */
export function effectiveCeiling(lane: Limits): number | undefined {
  const ceiling = Math.min(rateLimit(lane), outstandingLimit(lane))
  return Number.isFinite(ceiling) ? ceiling : undefined
}

export function whatLimits(lane: Limits): 'max_rate' | 'max_outstanding' | 'window' {
  if (rateLimit(lane) <= outstandingLimit(lane)) return 'max_rate'
  return (lane.window ?? lane.maxOutstanding) < lane.maxOutstanding ? 'window' : 'max_outstanding'
}

const rateLimit = ({ slots: { maxRate } }: Limits): number => (maxRate === 0 ? Number.POSITIVE_INFINITY : maxRate)

const outstandingLimit = ({ maxOutstanding, window = maxOutstanding, holdingTime }: Limits): number =>
  holdingTime === 0 ? Number.POSITIVE_INFINITY : (window * MICROS_PER_SECOND) / holdingTime

/**
 * How many may be unanswered at a server so that it works them off in half its time-out, however slow it was seen to be (`slowestPace`).
 * What takes longer than the time-out is worked for requests that were given up. Undefined if the pace is not known.
 */
export const fittingOutstanding = ({ slowestPace, answers }: Pick<LaneSnapshot, 'slowestPace' | 'answers'>) =>
  slowestPace === undefined
    ? undefined
    : Math.max(1, Math.floor((slowestPace * answers.timeout) / 2 / MICROS_PER_SECOND))

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
