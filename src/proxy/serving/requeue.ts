/**
 * Requests that go back into the instance queue, and from there to another server: the parked, when a server lives again, and
 * the queue of a server that went Down or was removed. While no server lives, one parked request tries a Down one.
 *
 * A million records may wait there. So they go back in steps, oldest first, before each step of service as many as it can serve.
 * What is newer stands behind them in the instance queue, so records of one session keep their order. A queue that has begun to
 * go back does so to the end, even if its server lives again: some of a session's records may already wait for another server.
 */
import type { TrafficClass } from '../../classes.ts'
import type { QueueOrder } from '../../queues/priority-queue.ts'
import type { ServerQueue } from '../../queues/server-queue.ts'
import type { Instant } from '../../units.ts'
import type { Pool, Pools } from '../pool/pool.ts'
import type { Register } from '../register/register.ts'
import type { Lane } from '../work/lane.ts'
import { Request } from '../work/request.ts'
import type { Assigning } from './assigning.ts'
import type { Sending } from './sending.ts'

interface Parts {
  readonly register: Register
  readonly pools: Pools
  readonly sending: Sending
  readonly assigning: Assigning
}

export class Requeue {
  readonly #parts: Parts
  /** Queues of servers that went Down or were removed: nothing more is put there. */
  readonly #queues = new Map<ServerQueue<Request>, TrafficClass>()
  /** Of them, those that may give back more: what they gave back before was served. */
  readonly #ready = new Set<ServerQueue<Request>>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** How many of a class are on their way from the queue of a server. */
  queuedOf(trafficClass: TrafficClass): number {
    let queued = 0
    for (const [queue, its] of this.#queues) if (its === trafficClass) queued += queue.waiting.queued
    return queued
  }

  /** The order of what is on its way. */
  reconfigure(order: QueueOrder): void {
    for (const { waiting } of this.#queues.keys()) waiting.order = order
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

  /** Whether anything can return at once. */
  isPending(): boolean {
    if (this.#queues.size > 0) return true
    for (const pool of this.#parts.pools) if (pool.outage.parked.waiting.queued > 0 && pool.live > 0) return true
    return false
  }

  /** As many of each as can be served in this step. */
  giveBack(atMost: number, now: Instant): void {
    for (const queue of this.#ready) {
      queue.dissolve(atMost, this.#parts.register.places.instanceQueue)
      if (queue.waiting.isEmpty()) this.#queues.delete(queue)
    }
    this.#ready.clear()
    for (const pool of this.#parts.pools) this.#unparkOf(pool, atMost, now)
  }

  /** If no server lives, maybe one of the parked tries a server. */
  #unparkOf(pool: Pool, atMost: number, now: Instant): void {
    const { outage } = pool
    const { places } = this.#parts.register
    if (outage.parked.waiting.queued === 0) return
    if (pool.live > 0) {
      outage.parked.dissolve(atMost, places.instanceQueue)
      return
    }
    const oldest = outage.parked.waiting.fresh.firstOfAll()
    // One that was given back and is not served yet goes first: it parks again in this turn.
    if (oldest !== undefined) {
      const before = places.instanceQueue.fresh.first(Request.fields.preference(oldest))
      if (before !== undefined && before.arrival < oldest.arrival) return
      if (places.backlogs[oldest.class].isOverdue(oldest, now)) return
    }
    const lane = outage.startTrial(now)
    const request = lane === undefined ? undefined : outage.trialRequest()
    if (lane === undefined || request === undefined) return
    places.leaveQueue(request)
    request.lane = lane
    if (!this.#parts.sending.trySend(request, lane, now, true)) this.#parts.assigning.park(request, now)
  }
}
