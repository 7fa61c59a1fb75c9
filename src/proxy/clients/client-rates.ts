/**
 * The clients' own rates: a grid of slots for each client and class that has one, as a server's lane has it.
 *
 * With several instances and scope `host` the grids are shared memory, and the main thread announces the rates. Else they are this
 * engine's own, and a new rate holds from the next whole second on.
 */
import { TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import { type Budgets, type SlotBudget, termOf } from '../../throttle/budget.ts'
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
  #limited: readonly Client[] = []
  /** The slots of rates that reloads took away in the second `leftIn`: a rate that comes back in it goes on with them. */
  readonly #left = new Map<string, SlotBudget>()
  #leftIn = 0

  /** `usedUpUntil`: an engine before this one may have used all slots until then. */
  constructor(usedUpUntil?: Instant) {
    this.#own = new OwnBudgets(usedUpUntil)
  }

  reconfigure(clients: readonly Client[], how: HowTheyCount & { readonly hasTurns: boolean }): void {
    const limited = clients.filter(({ options }) => options.maxRate > 0 && how.hasTurns)
    const kept = new Set(limited.map(({ share }) => share))
    for (const { name, share } of this.#limited) if (!kept.has(share)) this.#end(name, share, how)
    this.#own.keepOnly(new Set(limited.flatMap(({ name }) => TRAFFIC_CLASSES.map((each) => clientRateKey(name, each)))))
    this.#limited = limited
    for (const { share, options } of limited) {
      for (const each of TRAFFIC_CLASSES) {
        share.allowances[each] = this.#allowance(share.allowances[each], options, each, how)
      }
    }
  }

  #end(name: string, { allowances }: ClientShare, { shared, now }: HowTheyCount): void {
    const second = secondOf(now)
    if (second !== this.#leftIn) this.#left.clear()
    this.#leftIn = second
    for (const each of TRAFFIC_CLASSES) {
      allowances[each] = undefined
      const key = clientRateKey(name, each)
      if (shared === undefined) this.#left.set(key, this.#own.budgetOf(key))
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
    const second = secondOf(now)
    const used = second === this.#leftIn ? this.#left.get(key) : undefined
    const allowance = before ?? new ClientAllowance(this.#own.open(key, termOf({ maxRate, slot }, 0), used))
    this.#own.announce(key, [termOf({ maxRate, slot }, second + 1)])
    return allowance
  }
}
