/**
 * The clients' own rates: a grid of slots for each client and class that has one, as a server's lane has it.
 *
 * With several instances and scope `host` the grids are shared memory, and the main thread announces the rates. Else they are this
 * engine's own, and a new rate holds from the next whole second on.
 */
import { TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import { type Budgets, termOf } from '../../throttle/budget.ts'
import { OwnBudgets } from '../../throttle/own-slots.ts'
import { type Duration, type Instant, type PerSecond, secondOf } from '../../units.ts'
import { ClientAllowance, type ClientShare } from './client-share.ts'
import type { Client } from './client-table.ts'

/** By what the grids of shared memory are known. A lane's key begins with its class, so none of them is such a key. */
export const clientRateKey = (client: string, trafficClass: TrafficClass): string => `client ${client} ${trafficClass}`

interface HowTheyCount {
  readonly slot: Duration
  /** Of all instances together, if there are several. */
  readonly shared: Budgets | undefined
  readonly now: Instant
}

export class ClientRates {
  readonly #own: OwnBudgets
  /** Those that have a rate: a client that a reload removes has none any more, so its waiting messages are free to leave. */
  #limited: readonly ClientShare[] = []

  /** `usedUpUntil`: an engine before this one may have used all slots until then. */
  constructor(usedUpUntil?: Instant) {
    this.#own = new OwnBudgets(usedUpUntil)
  }

  reconfigure(clients: readonly Client[], how: HowTheyCount & { readonly hasTurns: boolean }): void {
    const limited = clients.filter(({ options }) => options.maxRate > 0 && how.hasTurns)
    this.#own.keepOnly(new Set(limited.flatMap(({ name }) => TRAFFIC_CLASSES.map((each) => clientRateKey(name, each)))))
    const before = this.#limited
    this.#limited = limited.map(({ share }) => share)
    const kept = new Set(this.#limited)
    for (const share of before)
      if (!kept.has(share)) for (const each of TRAFFIC_CLASSES) share.allowances[each] = undefined
    for (const { share, options } of limited) {
      for (const each of TRAFFIC_CLASSES) {
        share.allowances[each] = this.#allowance(share.allowances[each], options, each, how)
      }
    }
  }

  #allowance(
    before: ClientAllowance | undefined,
    { name, maxRate }: { readonly name: string; readonly maxRate: PerSecond },
    trafficClass: TrafficClass,
    { slot, shared, now }: HowTheyCount,
  ): ClientAllowance {
    const key = clientRateKey(name, trafficClass)
    if (shared !== undefined) return new ClientAllowance(shared.budgetOf(key), before)
    if (before === undefined) return new ClientAllowance(this.#own.open(key, termOf({ maxRate, slot }, 0), undefined))
    this.#own.announce(key, [termOf({ maxRate, slot }, secondOf(now) + 1)])
    return before
  }
}
