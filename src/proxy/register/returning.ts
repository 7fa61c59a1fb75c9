/**
 * What waited for a server that went Down or was removed, on its way back to the instance queue, from where it goes to others.
 *
 * A million records may have waited there, so they come back in steps: before each step of service as many as it can
 * serve, oldest first. What is newer stands behind them in the instance queue, so nothing overtakes them, and records of
 * one session keep their order. What is on its way here comes back to the end, even if its server lives again meanwhile:
 * some of a session's records may already wait for another server.
 */

import type { TrafficClass } from '../../classes.ts'
import type { InstanceQueue } from '../../queues/instance-queue.ts'
import type { ServerQueue } from '../../queues/server-queue.ts'
import type { Lane } from '../work/lane.ts'
import type { Request } from '../work/request.ts'

export class Returning {
  readonly #queues = new Map<ServerQueue<Request>, TrafficClass>()
  /** Of them, those that may give back more: what they gave back before was served. */
  readonly #ready = new Set<ServerQueue<Request>>()

  isEmpty(): boolean {
    return this.#queues.size === 0
  }

  /** How many of a class are on their way. */
  queuedOf(trafficClass: TrafficClass): number {
    let queued = 0
    for (const [queue, its] of this.#queues) if (its === trafficClass) queued += queue.waiting.queued
    return queued
  }

  /** All that waits for this lane is on its way; the lane has an empty queue. */
  addQueueOf(lane: Lane): void {
    const { queue } = lane
    lane.queue = queue.successor()
    if (queue.waiting.isEmpty()) return
    this.#queues.set(queue, lane.class)
    this.#ready.add(queue)
    queue.tellOfSettled(this.#ready)
  }

  giveBack(atMost: number, to: InstanceQueue<Request>): void {
    for (const queue of this.#ready) {
      queue.promote({ quota: atMost, identifiers: atMost }, to)
      if (queue.waiting.isEmpty()) this.#queues.delete(queue)
    }
    this.#ready.clear()
  }
}
