/**
 * An engine's parts that stand on shared memory: one instance's own view of what all of them know.
 */
import { LearnedNames } from '../proxy/learned-names.ts'
import type { Learned, Shared, States } from '../proxy/ports.ts'
import { SharedSlots } from '../throttle/shared-slots.ts'
import type { SlotBudget } from '../throttle/slots.ts'
import { after, type Duration, type Instant, MICROS_PER_SECOND, seconds } from '../units.ts'
import type { SharedMemory, SharedTables, TableMemory } from './shared-memory.ts'
import { FOR_EVER, SharedTable } from './shared-table.ts'

/** Of what is shared for ever, this many answers are kept at hand. */
const AT_HAND = 65_536

export class SharedParts implements Shared {
  readonly states: SharedStates
  readonly learnedClients: Learned
  readonly learnedLanes: Learned
  #budgets: SharedMemory['budgets']

  /** Undefined where nothing is shared. */
  static of({ budgets, tables }: SharedMemory): SharedParts | undefined {
    return tables === undefined ? undefined : new SharedParts(budgets, tables)
  }

  constructor(budgets: SharedMemory['budgets'], tables: SharedTables) {
    this.#budgets = budgets
    this.states = new SharedStates(tables)
    this.learnedClients = new SharedNames(tables.learnedClients)
    this.learnedLanes = new SharedNames(tables.learnedLanes)
  }

  /** What a reload made of the memory; before the engine hears of the options. */
  change({ budgets, tables }: SharedMemory): void {
    this.#budgets = budgets
    if (tables !== undefined) this.states.use(tables)
  }

  budgetOf(lane: string): SlotBudget | undefined {
    const memory = this.#budgets[lane]
    return memory === undefined ? undefined : new SharedSlots(memory)
  }
}

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

  change({ lifetime }: { readonly lifetime: Duration }): void {
    this.#lifetime = lifetime
  }

  /** Nothing to do: what is over is not found, and its place is taken when it is needed. */
  passTime(): void {}
}

class SharedNames implements Learned {
  readonly #table: SharedTable
  readonly #atHand = new LearnedNames(AT_HAND)
  readonly #encoder = new TextEncoder()

  constructor(memory: TableMemory) {
    this.#table = tableOf(memory)
  }

  get size(): number {
    return this.#table.size
  }

  has(name: string): boolean {
    if (this.#atHand.has(name)) return true
    const isKnown = this.#table.get(this.#encoder.encode(name), 0) !== undefined
    if (isKnown) this.#atHand.add(name)
    return isKnown
  }

  add(name: string): void {
    if (this.#atHand.has(name)) return
    this.#atHand.add(name)
    this.#table.put(this.#encoder.encode(name), 1, FOR_EVER, 0)
  }
}

const tableOf = ({ memory, capacity }: TableMemory): SharedTable => new SharedTable(memory, capacity)

const secondOf = (at: Instant): number => Math.floor(at / MICROS_PER_SECOND)
