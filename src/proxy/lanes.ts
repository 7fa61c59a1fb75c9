/**
 * The lanes there are, and what a reload makes of them: kept with new limits, added, or retiring.
 *
 * A lane's number is never used again, so a datagram for a lane that is gone finds nothing. A removed lane stays until
 * its last identifier is given back.
 */
import type { InstanceQueue } from '../queues/instance-queue.ts'
import { type Instant, TRAFFIC_CLASSES, type TrafficClass } from '../units.ts'
import { DueLanes } from './due-lanes.ts'
import { Lane, laneKey, laneSettings, planOf, sourcePortsOf } from './lane.ts'
import type { EngineOptions, LanePlan, Shared } from './ports.ts'
import type { Request } from './request.ts'

export class Lanes {
  readonly #all = new Map<number, Lane>()
  readonly #due = new DueLanes()
  readonly #order: Record<TrafficClass, Lane[]> = { authentication: [], accounting: [] }
  readonly #shared: Shared | undefined
  #next = 0

  constructor(shared?: Shared) {
    this.#shared = shared
  }

  at(number: number): Lane | undefined {
    return this.#all.get(number)
  }

  [Symbol.iterator](): IterableIterator<Lane> {
    return this.#all.values()
  }

  /** The lanes of a class in the order of the configuration, without retiring ones. */
  inOrder(trafficClass: TrafficClass): readonly Lane[] {
    return this.#order[trafficClass]
  }

  /** What `change` with these options would leave: the lanes' numbers are those that it will give. */
  planFor(options: EngineOptions): LanePlan[] {
    let next = this.#next
    const kept = new Set<Lane>()
    const plans: LanePlan[] = []
    for (const each of TRAFFIC_CLASSES) {
      for (const { key, settings } of laneSettings(options, each)) {
        const lane = this.#find(key)
        if (lane !== undefined) kept.add(lane)
        const number = lane?.number ?? next
        if (lane === undefined) next += 1
        const plan = planOf(number, each, settings, sourcePortsOf(each, settings.server))
        plans.push({ ...plan, ports: Math.max(plan.ports, lane?.identifiers.ports ?? 0) })
      }
    }
    for (const lane of this) if (!kept.has(lane)) plans.push(this.planOf(lane))
    return plans
  }

  planOf(lane: Lane): LanePlan {
    return lane.plan(sourcePortsOf(lane.class, lane.server))
  }

  /** Takes the options over; answers the lanes that they no longer have. */
  change(options: EngineOptions, now: Instant): Lane[] {
    const kept = new Set<Lane>()
    for (const each of TRAFFIC_CLASSES) {
      this.#order[each] = laneSettings(options, each).map(({ key, settings }) => {
        const lane = this.#find(key)
        if (lane !== undefined) {
          lane.change(settings, now)
          kept.add(lane)
          return lane
        }
        const added = new Lane(this.#next, each, settings, {
          now,
          stirred: this.#due.stirred,
          budget: this.#shared?.budgetOf(key),
        })
        this.#next += 1
        this.#all.set(added.number, added)
        kept.add(added)
        return added
      })
    }
    const removed = [...this].filter((lane) => !kept.has(lane) && !lane.isRetiring)
    for (const lane of removed) {
      lane.isRetiring = true
      lane.stir()
    }
    return removed
  }

  /** Those with something to do now, or in which something changed. */
  due(now: Instant): Iterable<Lane> {
    return this.#due.take(now)
  }

  /** The server queues of those with something to do give back what can go now. */
  promote(to: InstanceQueue<Request>, now: Instant): void {
    for (const lane of this.#due.take(now)) {
      if (!lane.queue.line.isEmpty()) lane.counters.promotions += lane.queue.promote(lane.room(now), to)
    }
    this.#settle(now)
  }

  /** What was due was done; forgets those that were removed and have nothing in hand any more. */
  #settle(now: Instant): void {
    for (const lane of this.#due.settle(now)) this.#all.delete(lane.number)
  }

  /** When one of them has something to do, if nothing but time passes. */
  nextWakeAt(now: Instant): Instant | undefined {
    this.#settle(now)
    return this.#due.nextWakeAt()
  }

  #find(key: string): Lane | undefined {
    for (const lane of this) {
      if (!lane.isRetiring && laneKey(lane.class, lane.server, lane.options) === key) return lane
    }
    return undefined
  }
}
