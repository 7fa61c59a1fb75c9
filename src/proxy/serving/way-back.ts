/**
 * The way back into the instance queue: of what is parked, when a server lives again, and of the queue of a server that went
 * Down. Both come in steps, oldest first. And while no server lives, of the one parked request that tries a Down one.
 */
import type { Instant } from '../../units.ts'
import type { Pool } from '../pool/pool.ts'
import type { Pools } from '../pool/pools.ts'
import type { Register } from '../register/register.ts'
import type { Failover } from './failover.ts'
import type { Sending } from './sending.ts'

export class WayBack {
  readonly #register: Register
  readonly #pools: Pools
  readonly #sending: Sending
  readonly #failover: Failover

  constructor(o: {
    readonly register: Register
    readonly pools: Pools
    readonly sending: Sending
    readonly failover: Failover
  }) {
    this.#register = o.register
    this.#pools = o.pools
    this.#sending = o.sending
    this.#failover = o.failover
  }

  /** Whether anything can return at once. */
  isOpen(): boolean {
    if (!this.#register.returning.isEmpty()) return true
    for (const pool of this.#pools) if (pool.outage.parked.waiting.queued > 0 && pool.hasLive()) return true
    return false
  }

  /** As many of each as can be served in this step. Where no server lives, maybe one of the parked tries a server. */
  giveBack(atMost: number, now: Instant): void {
    this.#register.returning.giveBack(atMost, this.#register.instanceQueue)
    for (const pool of this.#pools) this.#unparkOf(pool, atMost, now)
  }

  #unparkOf(pool: Pool, atMost: number, now: Instant): void {
    if (pool.outage.parked.waiting.queued === 0) return
    if (pool.hasLive()) {
      pool.outage.parked.promote({ quota: atMost, identifiers: atMost }, this.#register.instanceQueue)
      return
    }
    const oldest = pool.outage.parked.waiting.oldestFresh()
    // One that was given back and is not served yet goes first: it parks again in this turn.
    if (oldest !== undefined && this.#register.instanceQueue.hasOlderThan(oldest)) return
    if (oldest !== undefined && this.#register.isOverdue(oldest, now)) return
    const lane = pool.outage.startTrial(now)
    const request = lane === undefined ? undefined : pool.outage.trialRequest()
    if (lane === undefined || request === undefined) return
    this.#register.leaveQueue(request)
    request.lane = lane
    if (!this.#sending.trySend(request, lane, now)) this.#failover.park(request, now)
  }
}
