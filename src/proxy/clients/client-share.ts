/**
 * How a client is served: its turns and its own rate, and what became of its requests. A reload keeps it by the client's name, so
 * requests that wait since before see the new settings.
 */
import { type ClientAccounting, noAccounting } from '../../accounting/sessions/client-accounting.ts'
import { type PerClass, perClass, sumOverClasses, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import { type Allowance, Flow, type Outcomes, type Weight } from '../../queues/flow.ts'
import type { SlotBudget } from '../../throttle/budget.ts'
import type { Instant } from '../../units.ts'
import { addNumbersTo } from '../border/added-numbers.ts'
import type { ClientOptions } from '../border/options.ts'

type Settings = Pick<ClientOptions, 'weight' | 'maxShare' | 'flowKey' | 'fairnessKey'>

export class ClientShare implements Weight {
  weight = 1
  maxShare = 100
  readonly flow = new Flow(this)
  /** By class; undefined if its rate is not limited. */
  readonly allowances: Record<TrafficClass, ClientAllowance | undefined> = perClass(() => undefined)
  #accounting = noAccounting()
  #counts: PerClass<Outcomes> = perClass(() => ({ sent: 0, shed: 0, expired: 0 }))
  #queued: Record<TrafficClass, number> = perClass(() => 0)

  /** Kept by a reload as it is. */
  get accounting(): ClientAccounting {
    return this.#accounting
  }

  get counts(): PerClass<Outcomes> {
    return this.#counts
  }

  get queued(): Record<TrafficClass, number> {
    return this.#queued
  }

  /** Nothing of it was ever counted, and nothing waits. */
  get isUntouched(): boolean {
    return sumOverClasses((each) => this.#queued[each] + servedOf(this.#counts[each])) === 0
  }

  /** Whether it has a rate of its own: for both classes, or for none. */
  get isLimited(): boolean {
    return TRAFFIC_CLASSES.some((each) => this.allowances[each] !== undefined)
  }

  reconfigure({ weight, maxShare, flowKey, fairnessKey }: Settings): void {
    this.weight = weight
    this.maxShare = maxShare
    this.flow.isDivided = fairnessKey === 'client' && flowKey !== 'none'
  }

  /** A reload has removed its client: what is in hand of it, and what becomes of that, counts here from now on. */
  takeOver(removed: ClientShare): void {
    addNumbersTo(this.#counts, removed.#counts)
    addNumbersTo(this.#queued, removed.#queued)
    addNumbersTo(this.#accounting, removed.#accounting)
    removed.#accounting = this.#accounting
    removed.#counts = this.#counts
    removed.#queued = this.#queued
  }
}

/** Of the client with whom the request has turns, which may be another one than it came from since a reload. */
export const countServed = (of: { readonly flow: Flow; readonly class: TrafficClass }, what: keyof Outcomes): void => {
  const { counts } = of.flow.of
  if (counts !== undefined) counts[of.class][what] += 1
}

const servedOf = ({ sent, shed, expired }: Outcomes): number => sent + shed + expired

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
