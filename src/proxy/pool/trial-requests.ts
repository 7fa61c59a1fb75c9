/**
 * While every server of a class is Down: which of the parked requests that were sent before is to try one.
 *
 * The one that was sent the fewest times, and of these the oldest: one that no server answers is not tried for ever. Who
 * has left the parking place meanwhile is found out when its turn comes; while more than half are such, all are sorted
 * anew, which costs no more than they did when they came.
 */
import { MomentHeap } from '../../queues/containers/moment-heap.ts'
import type { PriorityQueue } from '../../queues/priority-queue.ts'
import { courseOf, type Request } from '../work/request.ts'

/** So many that have left do not matter. */
const FEW = 64

export class TrialRequests {
  readonly #queue: PriorityQueue<Request>
  readonly #byTransmissions = new MomentHeap<Request>(({ arrival }) => arrival)

  /** `queue`: where they are parked. */
  constructor(queue: PriorityQueue<Request>) {
    this.#queue = queue
  }

  /** A request was parked. */
  add(request: Request): void {
    if (request.stage !== 'failover') return
    this.#byTransmissions.put(request, courseOf(request).transmissions)
    if (this.#byTransmissions.size > 2 * this.#queue.queued + FEW) this.renew()
  }

  /** The one that is to try a server; undefined where none is parked that was sent before. */
  first(): Request | undefined {
    for (;;) {
      const request = this.#byTransmissions.first()
      if (request === undefined || (request.queue === this.#queue && request.stage === 'failover')) return request
      this.#byTransmissions.remove(request)
    }
  }

  /** All that are parked now, and no others. */
  renew(): void {
    this.#byTransmissions.clear()
    for (const request of this.#queue.failovers()) this.#byTransmissions.put(request, courseOf(request).transmissions)
  }
}
