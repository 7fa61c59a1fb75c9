/**
 * An engine's parts that stand on shared memory: one instance's own view of what all of them know.
 */
import type { Shared, States } from '../../proxy/border/ports.ts'
import type { Budgets } from '../../throttle/budget.ts'
import { SharedBudgets } from '../../throttle/shared-slots.ts'
import { after, type Duration, type Instant, secondOf, seconds } from '../../units.ts'
import type { SharedMemory, SharedTables, TableMemory } from './shared-memory.ts'
import { SharedTable } from './shared-table.ts'

export class SharedParts implements Shared {
  readonly states: SharedStates
  readonly signing: Shared['signing']
  #budgets: SharedMemory['budgets']
  #heard: ReadonlyMap<string, SharedArrayBuffer>

  constructor(budgets: SharedMemory['budgets'], tables: SharedTables) {
    this.#budgets = budgets
    this.states = new SharedStates(tables)
    this.signing = tables.signing
    this.#heard = heardIn(tables)
  }

  /** What a reload made of the memory; before the engine hears of the options. */
  reconfigure({ budgets, tables }: SharedMemory): void {
    this.#budgets = budgets
    if (tables === undefined) return
    this.states.use(tables)
    this.#heard = heardIn(tables)
  }

  get budgets(): Budgets | undefined {
    return Object.keys(this.#budgets).length === 0 ? undefined : new SharedBudgets(this.#budgets)
  }

  heardOf(lane: string): SharedArrayBuffer | undefined {
    return this.#heard.get(lane)
  }
}

const heardIn = ({ heard }: SharedTables): ReadonlyMap<string, SharedArrayBuffer> =>
  new Map(heard.map(({ key, memory }) => [key, memory]))

class SharedStates implements States {
  #tables: SharedTables
  #current: SharedTable
  #former: SharedTable | undefined
  #places = new Map<string, number>()
  #lifetime: Duration = seconds(0)

  constructor(tables: SharedTables) {
    this.#tables = tables
    this.#current = tableOf(tables.states)
    this.use(tables)
  }

  use(tables: SharedTables): void {
    this.#tables = tables
    this.#current = tableOf(tables.states)
    this.#former = tables.formerStates === undefined ? undefined : tableOf(tables.formerStates)
    this.#places = new Map(tables.servers.map((name, place) => [name, place]))
  }

  get size(): number {
    return this.#current.size
  }

  learn(state: Uint8Array, server: string, now: Instant): void {
    const place = this.#places.get(server)
    if (place === undefined) return
    this.#current.put(state, place, secondOf(after(now, this.#lifetime)) + 1, secondOf(now))
  }

  serverOf(state: Uint8Array, now: Instant): string | undefined {
    const second = secondOf(now)
    const place = this.#current.get(state, second) ?? this.#former?.get(state, second)
    return place === undefined ? undefined : this.#tables.servers[place]
  }

  reconfigure({ lifetime }: { readonly lifetime: Duration }): void {
    this.#lifetime = lifetime
  }

  /** Nothing to do: what is over is not found, and its place is taken when it is needed. */
  passTime(): void {}
}

const tableOf = ({ memory, capacity }: TableMemory): SharedTable => new SharedTable(memory, capacity)
