/**
 * The way back into the instance queue: of what is parked, when a server lives again, and of the queue of a server that went
 * Down. Both come in steps, oldest first. And while no server lives, of the one parked request that tries a Down one.
 */
import { type PerClass, TRAFFIC_CLASSES } from '../../classes.ts'
import type { Instant } from '../../units.ts'
import type { Farm } from '../pool/pool.ts'
import type { Register } from '../register/register.ts'
import type { Failover } from './failover.ts'
import type { Sending } from './sending.ts'

export class WayBack {
  readonly #register: Register
  readonly #farms: PerClass<Farm>
  readonly #sending: Sending
  readonly #failover: Failover

  constructor(o: {
    readonly register: Register
    readonly farms: PerClass<Farm>
    readonly sending: Sending
    readonly failover: Failover
  }) {
    this.#register = o.register
    this.#farms = o.farms
    this.#sending = o.sending
    this.#failover = o.failover
  }

  /** Whether anything can return at once. */
  isOpen(): boolean {
    if (!this.#register.returning.isEmpty()) return true
    return TRAFFIC_CLASSES.some((each) => this.#farms[each].parked.line.queued > 0 && this.#farms[each].hasLive())
  }

  /** As many of each as can be served in this step. Where no server lives, maybe one of the parked tries a server. */
  giveBack(atMost: number, now: Instant): void {
    this.#register.returning.giveBack(atMost, this.#register.instanceQueue)
    for (const each of TRAFFIC_CLASSES) this.#unparkOf(this.#farms[each], atMost, now)
  }

  #unparkOf(farm: Farm, atMost: number, now: Instant): void {
    if (farm.parked.line.queued === 0) return
    if (farm.hasLive()) {
      farm.parked.promote({ quota: atMost, identifiers: atMost }, this.#register.instanceQueue)
      return
    }
    const oldest = farm.parked.line.oldestFresh()
    // One that was given back and is not served yet goes first: it parks again in this turn.
    if (oldest !== undefined && this.#register.instanceQueue.hasOlderThan(oldest)) return
    if (oldest !== undefined && this.#register.isOverdue(oldest, now)) return
    const lane = farm.takeTrial(now)
    const request = lane === undefined ? undefined : farm.trialRequest()
    if (lane === undefined || request === undefined) return
    this.#register.leaveLine(request)
    request.lane = lane
    if (!this.#sending.trySend(request, lane, now)) this.#failover.park(request, now)
  }
}
