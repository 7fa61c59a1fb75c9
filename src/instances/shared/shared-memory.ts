/**
 * The memory that the instances of a host share: made and changed by the main thread, used through `SharedParts`.
 *
 * One instance shares nothing and has none of it. Of several, all know which server a State belongs to and who sends
 * Message-Authenticator by itself, which sockets are their own, and when a server was last heard; with scope `host` they also
 * take their slots from one count for each lane.
 */

import { TRAFFIC_CLASSES } from '../../classes.ts'
import { LEARNED_ADDRESSES } from '../../proxy/admission/intake.ts'
import type { Shared } from '../../proxy/border/ports.ts'
import { clientRateKey } from '../../proxy/clients/client-rates.ts'
import { LEARNED_SERVERS } from '../../proxy/serving/server-signers.ts'
import { Signers } from '../../proxy/signing/signers.ts'
import { contactMemory } from '../../proxy/work/contact.ts'
import { laneKey, laneSettings, pathKey, serverKey } from '../../proxy/work/lane-settings.ts'
import { termOf } from '../../throttle/budget.ts'
import { SharedBudgets, secondWithNotice, slotMemory } from '../../throttle/shared-slots.ts'
import { after, type Instant, seconds } from '../../units.ts'
import { engineOptionsFrom, type PlainOptions } from './plain-options.ts'
import { type EndpointsMemory, SharedEndpoints } from './shared-endpoints.ts'
import { SharedTable } from './shared-table.ts'
import type { Scope } from './sum.ts'

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
  /** The local ends of the sockets towards the servers. */
  readonly endpoints: EndpointsMemory
  /** Who signs, and who does not. */
  readonly signing: Shared['signing']
  /** When any instance last heard the server of each lane. */
  readonly heard: readonly Heard[]
}

/** Of one lane under one secret: what another secret brought says nothing of it. */
export interface Heard {
  /** `laneKey` */
  readonly key: string
  /** `pathKey` */
  readonly path: string
  readonly secret: Uint8Array
  /** As `Contact` has it. */
  readonly memory: SharedArrayBuffer
}

/** What the main thread hands to each instance. */
export interface SharedMemory {
  /** The slots of a lane by its key (`laneKey`), and of a client's own rate (`clientRateKey`); none if each instance counts its own. */
  readonly budgets: Readonly<Record<string, SharedArrayBuffer>>
  /** None if there is one instance only. */
  readonly tables: SharedTables | undefined
}

/**
 * The slots of one lane, the path by which it goes (`pathKey`), and the server that they are of (`serverKey`). A client's own rate has
 * neither: its key stands for both.
 */
interface Budget {
  readonly path: string
  readonly server: string
  readonly memory: SharedArrayBuffer
}

/** Longer than the second in which a lane was removed may last in any instance. */
const LEFT_FOR = seconds(10)

export class SharedMemories {
  readonly #sharesSlots: boolean
  readonly #sharesTables: boolean
  /** By the lane's key. */
  #budgets: ReadonlyMap<string, Budget> = new Map()
  /** Of lanes that a reload took away: a lane to the same server goes on with what was used of them. */
  #left: readonly (Budget & { readonly at: Instant })[] = []
  #tables: SharedTables | undefined

  constructor({ scope, instances }: { readonly scope: Scope; readonly instances: number }) {
    this.#sharesTables = instances > 1
    this.#sharesSlots = instances > 1 && scope === 'host'
  }

  /**
   * The memory for these options, should they come in force: until `announce` nothing is changed. A server that is new gets
   * its rate at once; the others keep theirs until then.
   */
  of(options: PlainOptions, now: Instant): SharedMemory {
    const budgets = this.#sharesSlots ? this.#budgetsFor(options, now).map(({ key, memory }) => [key, memory]) : []
    const tables = this.#sharesTables ? tablesFor(options, this.#tables) : undefined
    return { budgets: Object.fromEntries(budgets), tables }
  }

  /** The options hold with that memory: each lane's rate from the next grid second on, in all instances. */
  announce(options: PlainOptions, { budgets, tables }: SharedMemory, now: Instant): void {
    this.#tables = tables
    if (!this.#sharesSlots) return
    const before = this.#budgets
    const taken = new Set(Object.values(budgets))
    const left = [...before.values()].filter(({ memory }) => !taken.has(memory)).map((one) => ({ ...one, at: now }))
    this.#left = [...this.#left.filter((one) => !taken.has(one.memory) && isFresh(one, now)), ...left]
    const grids = gridsOf(options).map((grid) => ({ ...grid, memory: budgets[grid.key] as SharedArrayBuffer }))
    this.#budgets = new Map(grids.map(({ key, path, server, memory }) => [key, { path, server, memory }]))
    const slots = new SharedBudgets(budgets)
    for (const { key, rate } of grids) slots.announce(key, [termOf(rate, secondWithNotice(now))])
  }

  #budgetsFor(options: PlainOptions, now: Instant): { readonly key: string; readonly memory: SharedArrayBuffer }[] {
    const grids = gridsOf(options)
    const kept = new Set(grids.map(({ key }) => key))
    const removed = [...this.#budgets].filter(([key]) => !kept.has(key)).map(([, budget]) => budget)
    const free: Budget[] = [...removed, ...this.#left.filter((one) => isFresh(one, now))]
    const found = new Map(grids.map(({ key }) => [key, this.#budgets.get(key)?.memory]))
    // As an engine matches lanes (`Lanes`): first those on the same path, then those to the same server.
    for (const by of ['path', 'server'] as const) {
      for (const grid of grids) {
        if (found.get(grid.key) !== undefined) continue
        const place = free.findIndex((one) => one[by] === grid[by])
        if (place !== -1) found.set(grid.key, free.splice(place, 1)[0]?.memory)
      }
    }
    return grids.map(({ key, rate }) => ({ key, memory: found.get(key) ?? slotMemory(termOf(rate, 0)) }))
  }
}

const isFresh = ({ at }: { readonly at: Instant }, now: Instant): boolean => now < after(at, LEFT_FOR)

/** What has slots: the lanes, and the clients that have a rate of their own. */
const gridsOf = (plain: PlainOptions) => [
  ...lanesOf(plain),
  ...plain.clients
    .filter(({ maxRate }) => maxRate > 0)
    .flatMap(({ name, maxRate }) =>
      TRAFFIC_CLASSES.map((each) => {
        const key = clientRateKey(name, each)
        return { key, path: key, server: key, rate: { maxRate, slot: plain.slot } }
      }),
    ),
]

const lanesOf = (plain: PlainOptions) => {
  const options = engineOptionsFrom({ ...plain, clients: [] })
  return laneSettings(options).map((lane) => ({
    key: laneKey(lane),
    path: pathKey(lane),
    server: serverKey(lane),
    rate: { maxRate: lane.options.maxRate, slot: lane.slot },
    secret: lane.server.secret.bytes,
  }))
}

function tablesFor(options: PlainOptions, before: SharedTables | undefined): SharedTables {
  const { servers, state } = options
  const known = before?.servers ?? []
  const added = servers.map(({ name }) => name).filter((name) => !known.includes(name))
  const isSameSize = before?.states.capacity === state.maxEntries
  return {
    states: isSameSize ? before.states : tableMemory(state.maxEntries),
    formerStates: isSameSize ? before.formerStates : before?.states,
    servers: [...known, ...added],
    endpoints: before?.endpoints ?? SharedEndpoints.memory(),
    signing: before?.signing ?? { client: Signers.memory(LEARNED_ADDRESSES), server: Signers.memory(LEARNED_SERVERS) },
    heard: heardFor(options, before?.heard ?? []),
  }
}

/** A lane keeps what is known of it under another name too, and begins anew with another secret, as in `Lane.change`. */
function heardFor(options: PlainOptions, before: readonly Heard[]): Heard[] {
  const known = new Map(before.map((one) => [one.path, one]))
  return lanesOf(options).map(({ key, path, secret }) => {
    const former = known.get(path)
    const isSame = former?.secret.length === secret.length && former.secret.every((octet, i) => octet === secret[i])
    return { key, path, secret, memory: isSame ? former.memory : contactMemory() }
  })
}

const tableMemory = (capacity: number): TableMemory => ({ memory: SharedTable.memory(capacity), capacity })
