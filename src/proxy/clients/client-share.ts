/**
 * How a client is served: its turns and its own rate, and what became of its requests. A reload keeps it by the client's name, so
 * requests that wait since before see the new settings.
 */
import { type PerClass, perClass, type TrafficClass } from '../../classes.ts'
import { type Allowance, Flow, type Weight } from '../../queues/flow.ts'
import type { SlotBudget } from '../../throttle/budget.ts'
import type { Instant } from '../../units.ts'
import type { ClientOptions } from '../border/options.ts'
import type { ServedCounts } from '../border/snapshot.ts'

type Counts = { -readonly [Key in keyof ServedCounts]: number }

export class ClientShare implements Weight {
  weight = 1
  readonly flow = new Flow(this)
  /** By class; undefined if its rate is not limited. */
  readonly allowances: Record<TrafficClass, ClientAllowance | undefined> = perClass(() => undefined)
  readonly counts: PerClass<Counts> = perClass(() => ({ sent: 0, shed: 0, expired: 0 }))
  readonly queued: Record<TrafficClass, number> = perClass(() => 0)

  reconfigure({ weight, flowKey, fairnessKey }: Pick<ClientOptions, 'weight' | 'flowKey' | 'fairnessKey'>): void {
    this.weight = weight
    this.flow.isDivided = fairnessKey === 'client' && flowKey !== 'none'
  }
}

/** A client's own rate: a grid of slots as a server has one (docs/throttling.md). First transmissions count. */
export class ClientAllowance implements Allowance {
  readonly #budget: SlotBudget
  #promised: number

  /** `before`: the same client's allowance until now. */
  constructor(budget: SlotBudget, before?: ClientAllowance) {
    this.#budget = budget
    this.#promised = before?.promised ?? 0
  }

  get promised(): number {
    return this.#promised
  }

  /** What was promised before the client had a rate is settled later, and is no promise of this. */
  set promised(count: number) {
    this.#promised = Math.max(0, count)
  }

  left(now: Instant): number {
    return this.#budget.left(now)
  }

  tryTake(now: Instant): boolean {
    return this.#budget.tryTake(now)
  }

  nextSlotAt(now: Instant): Instant {
    return this.#budget.nextSlotAt(now) ?? now
  }
}
