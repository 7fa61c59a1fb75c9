/**
 * The memory that the instances of a host share: made and changed by the main thread, used through `SharedParts`.
 *
 * One instance shares nothing and has none of it. Of several, all know which server a State belongs to and who sends
 * Message-Authenticator by itself; with scope `host` they also take their slots from one count for each lane.
 */
import { LEARNED_ADDRESSES } from '../proxy/intake.ts'
import { laneSettings } from '../proxy/lane.ts'
import { SharedSlots } from '../throttle/shared-slots.ts'
import type { SlotRate } from '../throttle/slots.ts'
import { type Instant, TRAFFIC_CLASSES } from '../units.ts'
import { engineOptionsFrom, type PlainOptions } from './plain-options.ts'
import { SharedTable } from './shared-table.ts'
import type { Scope } from './sum.ts'

/** Lanes that were seen to send Message-Authenticator, over all reloads. */
const LEARNED_LANES = 1_024

/** Memory of a `SharedTable`. */
export interface TableMemory {
  readonly memory: SharedArrayBuffer
  readonly capacity: number
}

export interface SharedTables {
  /** State -> place of the server's name in `servers`. */
  readonly states: TableMemory
  /** What `states` was before a reload gave it another size: what stands there still holds for its lifetime. */
  readonly formerStates: TableMemory | undefined
  /** Every server's name that there ever was; a place is never used again. */
  readonly servers: readonly string[]
  readonly learnedClients: TableMemory
  readonly learnedLanes: TableMemory
}

/** What the main thread hands to each instance. */
export interface SharedMemory {
  /** The slots of a lane by its key (`laneKey`); none where each instance counts its own. */
  readonly budgets: Readonly<Record<string, SharedArrayBuffer>>
  /** None where there is one instance only. */
  readonly tables: SharedTables | undefined
}

export class SharedMemories {
  readonly #sharesSlots: boolean
  readonly #sharesTables: boolean
  readonly #budgets = new Map<string, SharedArrayBuffer>()
  #tables: SharedTables | undefined

  constructor({ scope, instances }: { readonly scope: Scope; readonly instances: number }) {
    this.#sharesTables = instances > 1
    this.#sharesSlots = instances > 1 && scope === 'host'
  }

  /** The memory for these options. A lane that is new gets its rate at once; the others keep theirs until `announce`. */
  of(options: PlainOptions): SharedMemory {
    const budgets = this.#sharesSlots ? ratesOf(options).map(({ key, rate }) => [key, this.#budgetOf(key, rate)]) : []
    if (this.#sharesTables) this.#tables = tablesFor(options, this.#tables)
    return { budgets: Object.fromEntries(budgets), tables: this.#tables }
  }

  /** The options hold: each lane's rate from the next grid second on, in all instances; lanes that are gone are forgotten. */
  announce(options: PlainOptions, now: Instant): void {
    if (!this.#sharesSlots) return
    const kept = new Set<string>()
    for (const { key, rate } of ratesOf(options)) {
      kept.add(key)
      SharedSlots.announce(this.#budgetOf(key, rate), rate, now)
    }
    for (const key of this.#budgets.keys()) if (!kept.has(key)) this.#budgets.delete(key)
  }

  #budgetOf(key: string, rate: SlotRate): SharedArrayBuffer {
    const memory = this.#budgets.get(key) ?? SharedSlots.memory(rate)
    this.#budgets.set(key, memory)
    return memory
  }
}

const ratesOf = (plain: PlainOptions): { readonly key: string; readonly rate: SlotRate }[] => {
  const options = engineOptionsFrom(plain)
  return TRAFFIC_CLASSES.flatMap((each) => laneSettings(options, each)).map(({ key, settings: { lane, slot } }) => ({
    key,
    rate: { maxRate: lane.maxRate, slot },
  }))
}

function tablesFor({ servers, state }: PlainOptions, before: SharedTables | undefined): SharedTables {
  const known = before?.servers ?? []
  const added = servers.map(({ name }) => name).filter((name) => !known.includes(name))
  const isSameSize = before?.states.capacity === state.maxEntries
  return {
    states: isSameSize ? before.states : tableMemory(state.maxEntries),
    formerStates: isSameSize ? before.formerStates : before?.states,
    servers: [...known, ...added],
    learnedClients: before?.learnedClients ?? tableMemory(LEARNED_ADDRESSES),
    learnedLanes: before?.learnedLanes ?? tableMemory(LEARNED_LANES),
  }
}

const tableMemory = (capacity: number): TableMemory => ({ memory: SharedTable.memory(capacity), capacity })
