/**
 * Why a server does not answer, or not in time, as alarms, `status` and `show servers` say it: what an operator did, or what
 * the contact with the server points to (`src/proxy/work/contact.ts`).
 */

import type { TrafficClass } from '../../classes.ts'
import type { LaneSnapshot } from '../../proxy/border/snapshot.ts'
import { heldText, likelyCause, someLateText } from '../../proxy/work/contact.ts'

/** More of them would hide the first. */
const MOST_TOLD = 3

/** One sentence that ends with what to do; undefined where nothing points to a cause. */
export function causeOf(lane: LaneSnapshot): string | undefined {
  if (lane.retiring) return undefined
  return lane.isHeldDown ? heldText([lane.server]) : likelyCause(lane)
}

/** The same where retries are asked about: there a few late answers are worth a word too. */
export const causeOfRetries = (lane: LaneSnapshot): string | undefined => causeOf(lane) ?? someLateText(lane)

/** What is known of the servers of a class together, one sentence for each; undefined where nothing is. */
export function causeOfClass(lanes: readonly LaneSnapshot[], name: TrafficClass): string | undefined {
  const ofClass = lanes.filter((lane) => lane.class === name && !lane.retiring)
  const held = ofClass.filter(({ isHeldDown }) => isHeldDown).map(({ server }) => server)
  const others = ofClass.flatMap((lane) => {
    const cause = lane.isHeldDown ? undefined : likelyCause(lane)
    return cause === undefined ? [] : [`server ${lane.server}: ${cause}`]
  })
  const all = [...(held.length === 0 ? [] : [heldText(held)]), ...others]
  return all.length === 0 ? undefined : all.slice(0, MOST_TOLD).join('; ')
}
