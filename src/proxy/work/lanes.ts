/**
 * The lanes there are, and what a reload makes of them: kept with new limits, added, or retiring.
 *
 * A lane's number belongs to one path to one server for ever, also the number of a plan that was dropped: its sockets may still
 * be open when the next plan is made. A removed lane stays until its last identifier is given back.
 *
 * Max-rate and max-outstanding are the server's, so what was used of them still counts. A lane under another name is the same
 * lane, and so is one that is put back before it came to rest. A lane from another source follows the removed one.
 */
import type { PriorityQueue } from '../../queues/priority-queue.ts'
import { type SlotBudget, termOf } from '../../throttle/budget.ts'
import { OwnBudgets } from '../../throttle/own-slots.ts'
import { type Instant, secondOf } from '../../units.ts'
import type { EngineOptions } from '../border/options.ts'
import type { LanePlan, Shared } from '../border/ports.ts'
import type { Lane } from './lane.ts'
import { DueLanes } from './lane-schedule.ts'
import { type LaneSettings, laneKey, laneSettings, pathKey, planOf, serverKey } from './lane-settings.ts'
import { type Attempt, Request } from './request.ts'
import { ServerLane } from './server-lane.ts'

/** Who can free places at a lane for those that wait there. */
interface MakesRoom {
  makeRoom(lane: Lane, now: Instant): void
}

/** A lane that options ask for, and the one that it is already. */
interface Wanted {
  readonly key: string
  readonly settings: LaneSettings
  lane: Lane | undefined
}

/** A lane that a reload has removed, and the second in which it did. */
interface Left {
  readonly lane: Lane
  readonly second: number
}

export class Lanes {
  readonly #all = new Map<number, Lane>()
  readonly #due = new DueLanes<Lane>()
  #inOrder: readonly Lane[] = []
  readonly #shared: Shared | undefined
  #next = 0
  /** The numbers of new lanes that the last plan has promised, by key. */
  #promised = new Map<string, number>()
  /** Those that none has followed yet, while what they used counts. */
  #left: Left[] = []
  /** Slots that this engine shares with no other. */
  readonly #own: OwnBudgets

  /** `usedUpUntil`: an engine before this one may have used all slots until then. */
  constructor(shared?: Shared, usedUpUntil?: Instant) {
    this.#shared = shared
    this.#own = new OwnBudgets(usedUpUntil)
  }

  at(number: number): Lane | undefined {
    return this.#all.get(number)
  }

  [Symbol.iterator](): IterableIterator<Lane> {
    return this.#all.values()
  }

  /** The lanes of a farm and class in the order of the configuration, without retiring ones. */
  inOrder(of: Pick<Lane, 'farm' | 'class'>): readonly Lane[] {
    return this.#inOrder.filter((lane) => lane.farm === of.farm && lane.class === of.class)
  }

  /** What `reconfigure` with these options would leave, with the numbers that it will give. */
  planFor(options: EngineOptions, now: Instant): LanePlan[] {
    this.#promised = new Map()
    // Put back, they begin anew under their old numbers: their sockets may still be open.
    const rested = new Set(this.#left.filter((left) => hasRested(left, now)).map(({ lane }) => lane))
    const kept = new Set<Lane>()
    const plans = this.#match(options).map(({ key, settings, lane }) => {
      if (lane !== undefined) kept.add(lane)
      const number = lane?.number ?? this.#numberOf(key)
      this.#promised.set(key, number)
      const plan = planOf(number, settings)
      const open = lane === undefined || rested.has(lane) ? 0 : lane.limits.identifiers.ports
      return { ...plan, ports: Math.max(plan.ports, open) }
    })
    for (const lane of this) if (!kept.has(lane)) plans.push(this.planOf(lane))
    return plans
  }

  planOf(lane: Lane): LanePlan {
    return { ...planOf(lane.number, lane), ports: lane.limits.identifiers.ports }
  }

  /** Takes the options over; answers the lanes that they no longer have. */
  reconfigure(options: EngineOptions, now: Instant): Lane[] {
    this.#left = this.#left.filter((left) => !hasRested(left, now))
    const wanted = this.#match(options)
    const kept = new Set(wanted.map(({ lane }) => lane))
    const removed = [...this].filter((lane) => !lane.isRetiring && !kept.has(lane))
    for (const lane of removed) this.#retire(lane, now)
    this.#inOrder = wanted.map((one) => this.#adopt(one, now))
    this.#own.keepOnly(new Set(wanted.map(({ key }) => key)))
    this.#promised.clear()
    return removed
  }

  /** The lanes that options ask for, each with the lane that it is already: by name and path, then by path alone. */
  #match(options: EngineOptions): Wanted[] {
    const live = new Map([...this].filter((lane) => !lane.isRetiring).map((lane) => [laneKey(lane), lane]))
    const wanted = laneSettings(options).map((settings): Wanted => {
      const key = laneKey(settings)
      const lane = live.get(key)
      live.delete(key)
      return { key, settings, lane }
    })
    const others = [...live.values(), ...this.#left.map(({ lane }) => lane)]
    for (const one of wanted) {
      if (one.lane !== undefined) continue
      const path = pathKey(one.settings)
      const place = others.findIndex((lane) => pathKey(lane) === path)
      if (place !== -1) [one.lane] = others.splice(place, 1)
    }
    return wanted
  }

  #adopt({ key, settings, lane }: Wanted, now: Instant): Lane {
    if (lane === undefined) return this.#add(key, settings, now)
    if (laneKey(lane) !== key || lane.isRetiring) {
      const left = this.#removeLeft((one) => one === lane)
      const isUsed = left === undefined || left.second === secondOf(now)
      lane.limits.budget = this.#budgetOf(key, settings, isUsed ? lane.limits.budget : undefined)
      lane.isRetiring = false
      this.#all.set(lane.number, lane)
    }
    lane.contact.share(this.#shared?.heardOf(key))
    lane.reconfigure(settings)
    this.#announce(key, settings, now)
    return lane
  }

  #add(key: string, settings: LaneSettings, now: Instant): Lane {
    const server = serverKey(settings)
    const left = this.#removeLeft((lane) => serverKey(lane) === server)
    // Of a lane that left in an earlier second nothing of this one is used up.
    const used = left?.second === secondOf(now) ? left.lane.limits.budget : undefined
    const added = new ServerLane<Request, Attempt>({
      number: this.#numberOf(key),
      settings,
      now,
      changed: this.#due.changed,
      budget: this.#budgetOf(key, settings, used),
      follows: left?.lane,
      fields: Request.fields,
    })
    added.contact.share(this.#shared?.heardOf(key))
    added.reconfigure(settings)
    // The used slots have the rate of this second; another one holds from the next on.
    this.#announce(key, settings, now)
    this.#all.set(added.number, added)
    return added
  }

  /** The slots of a lane that is new under this key; `used` are its own so far. */
  #budgetOf(key: string, { options, slot }: LaneSettings, used: SlotBudget | undefined): SlotBudget {
    const { budgets } = this.#shared ?? {}
    return budgets?.budgetOf(key) ?? this.#own.open(key, termOf({ maxRate: options.maxRate, slot }, 0), used)
  }

  /** The rate of own slots, from the next second on: so no second is a mixture with a rate that nobody configured. */
  #announce(key: string, { options, slot }: LaneSettings, now: Instant): void {
    if (this.#shared?.budgets !== undefined) return
    this.#own.announce(key, [termOf({ maxRate: options.maxRate, slot }, secondOf(now) + 1)])
  }

  #retire(lane: Lane, now: Instant): void {
    lane.isRetiring = true
    lane.schedule.markChanged()
    this.#left.push({ lane, second: secondOf(now) })
  }

  #removeLeft(is: (lane: Lane) => boolean): Left | undefined {
    const place = this.#left.findIndex(({ lane }) => is(lane))
    return place === -1 ? undefined : this.#left.splice(place, 1)[0]
  }

  /** The number that was promised for a new lane, or the next one. */
  #numberOf(key: string): number {
    return this.#promised.get(key) ?? this.#next++
  }

  /** Those with something to do now, or in which something changed. */
  due(now: Instant): Iterable<Lane> {
    return this.#due.due(now)
  }

  /** The server queues of those with something to do give back what can go now; `places` is asked for each before. */
  promote(to: PriorityQueue<Request>, places: MakesRoom, now: Instant): void {
    for (const lane of this.#due.due(now)) {
      if (lane.queue.waiting.isEmpty()) continue
      places.makeRoom(lane, now)
      lane.counters.promotions += lane.queue.promote(lane.limits.room(now), to, now)
    }
    this.#settle(now)
  }

  /** What was due was done. Removed lanes with nothing in hand are forgotten. */
  #settle(now: Instant): void {
    for (const lane of this.#due.settle(now)) {
      // The number is for its path: another lane there may have it by now.
      if (this.#all.get(lane.number) === lane) this.#all.delete(lane.number)
    }
  }

  /** When one of them has something to do, if nothing but time passes. */
  nextWakeAt(now: Instant): Instant | undefined {
    this.#settle(now)
    return this.#due.nextWakeAt()
  }
}

/** Its second is over, nothing is outstanding, and every identifier has rested: nothing that it used counts any more. */
const hasRested = ({ lane, second }: Left, now: Instant): boolean => {
  const { identifiers } = lane.limits
  identifiers.passTime(now)
  return second !== secondOf(now) && identifiers.places.taken === 0 && identifiers.nextWakeAt() === undefined
}
