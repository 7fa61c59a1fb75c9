/**
 * A lane as the engine knows it: requests wait in it, attempts hold its identifiers. And its numbers at one moment.
 */
import { type Instant, micros, since } from '../../units.ts'
import { copyOfHistogram } from '../border/histogram.ts'
import type { LaneSnapshot } from '../border/snapshot.ts'
import type { Attempt, Request } from './request.ts'
import type { ServerLane } from './server-lane.ts'

export type Lane = ServerLane<Request, Attempt>

/** Requests should rather go to another server that lives. */
export const isFailing = ({ health }: Lane): boolean => health.state === 'failing'

export const isWell = (lane: Lane): boolean => lane.isLive() && !isFailing(lane)

/** How many may be unanswered now: max-outstanding, or the window below it. */
export const mostUnanswered = ({ options, limits }: Lane): number => {
  const { window } = limits.identifiers.places
  return window === undefined ? options.maxOutstanding : Math.min(options.maxOutstanding, window.size)
}

export function laneSnapshot(lane: Lane, now: Instant): LaneSnapshot {
  const { server, options, health, limits, contact, queue, counters } = lane
  const oldest = queue.waiting.oldest()
  return {
    lane: lane.number,
    server: server.name,
    class: lane.class,
    address: server.address,
    port: options.port,
    retiring: lane.isRetiring,
    state: health.state,
    isHeldDown: health.isHeldDown,
    stateSince: health.since,
    consecutiveFailures: health.consecutiveFailures,
    slots: limits.budget.view(now),
    queued: queue.waiting.queued,
    resting: queue.waiting.fresh.restingAt(now),
    queuedBytes: queue.waiting.octets,
    oldestAge: oldest === undefined ? micros(0) : since(oldest.receivedAt, now),
    outstanding: limits.identifiers.outstanding,
    maxOutstanding: options.maxOutstanding,
    window: limits.identifiers.places.window === undefined ? undefined : mostUnanswered(lane),
    slowestPace: limits.pace.at(now),
    waitingRetries: queue.waiting.retries,
    identifiers: limits.identifiers.view(),
    roundTripTime: contact.roundTripTime,
    ...contact.view(now),
    holdingTime: micros(Math.round(limits.holdingTime)),
    counters: {
      ...counters,
      dropped: { ...counters.dropped },
      roundTrips: copyOfHistogram(counters.roundTrips),
      queueWaits: copyOfHistogram(counters.queueWaits),
    },
  }
}
