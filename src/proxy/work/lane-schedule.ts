/**
 * When a lane has something to do: now, because something changed in it, or at a moment that comes by itself. And which of all
 * lanes have something to do now, and when the next one will: no lane is looked at for nothing.
 *
 * A moment is the begin of a slot, the end of a quarantine, or a probe or verdict on the health that is due. Moments stand in
 * heaps, so a hundred servers that wait for their next slot cost one comparison. A moment in a heap is never later than the true
 * one: whatever brings it nearer marks the lane as changed. If it became later, one look finds nothing to do.
 */
import { MomentHeap } from '../../queues/containers/moment-heap.ts'
import type { ServerHealth } from '../../throttle/server-health.ts'
import { earliest, type Instant, instant } from '../../units.ts'
import type { LaneLimits } from './lane-limits.ts'

interface Scheduled {
  readonly limits: Pick<LaneLimits<never>, 'canMakeRoom' | 'nextRoomAt' | 'nextQuotaAt' | 'budget'>
  readonly health: ServerHealth
  readonly queue: {
    readonly promised: number
    readonly waiting: { readonly retries: number; isEmpty(): boolean; restsUntil(): Instant | undefined }
  }
  readonly isRetiring: boolean
  isLive(): boolean
}

export class LaneSchedule<L extends Scheduled> {
  readonly #lane: L
  readonly #changed: L[]
  #isMarked = false
  /** That of the lane to the same server from another source: a place that is free here is free there. */
  follower: LaneSchedule<L> | undefined = undefined

  /** `changed` are the lanes that are marked. */
  constructor(lane: L, changed: L[]) {
    this.#lane = lane
    this.#changed = changed
  }

  /** Something changed that may bring its next moment nearer. */
  markChanged(): void {
    if (this.#isMarked) return
    this.#isMarked = true
    this.#changed.push(this.#lane)
  }

  clearMark(): void {
    this.#isMarked = false
  }

  /** An identifier is free again: somebody may wait for that, or a removed server for its last one. */
  placeIsFree(): void {
    if (!this.#lane.queue.waiting.isEmpty() || !this.#lane.isLive()) this.markChanged()
    this.follower?.placeIsFree()
  }

  /** When something that waits here could go, if nothing but time has to pass; undefined if nothing waits. */
  nextPromotionAt(now: Instant): Instant | undefined {
    const { limits, queue } = this.#lane
    if (queue.waiting.isEmpty()) return undefined
    const needsIdentifier = queue.waiting.retries === 0 && !limits.canMakeRoom()
    const roomAt = needsIdentifier ? limits.nextRoomAt(now) : limits.nextQuotaAt(now)
    const restsUntil = queue.waiting.restsUntil()
    return restsUntil === undefined || roomAt === undefined || restsUntil < roomAt ? roomAt : restsUntil
  }

  /** When time alone can change something: a slot for those that wait, its health. */
  nextWakeAt(now: Instant): Instant | undefined {
    const { health, queue, isRetiring } = this.#lane
    const promotionAt = queue.promised === 0 ? this.nextPromotionAt(now) : this.#nextSlotAt(now)
    return isRetiring ? promotionAt : earliest(promotionAt, health.nextWakeAt())
  }

  /** What was given back is not served yet. That marks the lane; by itself only a new slot can have more room. */
  #nextSlotAt(now: Instant): Instant | undefined {
    const { limits, queue } = this.#lane
    return queue.waiting.isEmpty() ? undefined : limits.budget.nextSlotAt(now)
  }
}

interface Due {
  readonly number: number
  readonly schedule: Pick<LaneSchedule<never>, 'clearMark' | 'nextWakeAt'>
  readonly limits: { readonly identifiers: { readonly outstanding: number; nextWakeAt(): Instant | undefined } }
  readonly isRetiring: boolean
}

export class DueLanes<L extends Due> {
  /** Lanes enter themselves here. */
  readonly changed: L[] = []
  /** Lanes that were taken and are not settled yet. */
  readonly #taken = new Set<L>()
  /** By what wakes the engine. */
  readonly #byWake = new MomentHeap<L>(({ number }) => number)
  /** By the end of a quarantine, which wakes nobody. */
  readonly #byQuarantine = new MomentHeap<L>(({ number }) => number)

  /** The lanes that have something to do now, each once, until `settle`. */
  due(now: Instant): Iterable<L> {
    while (this.#byWake.firstAt <= now) this.#taken.add(this.#byWake.shift() as L)
    while (this.#byQuarantine.firstAt <= now) this.#taken.add(this.#byQuarantine.shift() as L)
    this.#addChanged()
    return this.#taken
  }

  /** They were looked at, and each has its next moments again. Answers those that are gone for good. */
  settle(now: Instant): readonly L[] {
    this.#addChanged()
    if (this.#taken.size === 0) return NONE
    let gone: readonly L[] = NONE
    for (const lane of this.#taken) {
      if (isGone(lane)) {
        this.#byWake.remove(lane)
        this.#byQuarantine.remove(lane)
        gone = [...gone, lane]
      } else this.#place(lane, now)
    }
    this.#taken.clear()
    return gone
  }

  /** When to look again, by time alone; all lanes are settled. */
  nextWakeAt(): Instant | undefined {
    const { firstAt } = this.#byWake
    return firstAt === Number.POSITIVE_INFINITY ? undefined : instant(firstAt)
  }

  /** One by one: to cut an array is a slow call of the runtime, and this comes several times a turn. */
  #addChanged(): void {
    for (let lane = this.changed.shift(); lane !== undefined; lane = this.changed.shift()) {
      lane.schedule.clearMark()
      this.#taken.add(lane)
    }
  }

  #place(lane: L, now: Instant): void {
    const wakeAt = lane.schedule.nextWakeAt(now)
    if (wakeAt === undefined) this.#byWake.remove(lane)
    else this.#byWake.put(lane, wakeAt)
    const restsUntil = lane.limits.identifiers.nextWakeAt()
    if (restsUntil === undefined) this.#byQuarantine.remove(lane)
    else this.#byQuarantine.put(lane, restsUntil)
  }
}

/** It was removed, and nothing waits or is outstanding here any more. */
const isGone = ({ isRetiring, limits }: Due): boolean => isRetiring && limits.identifiers.outstanding === 0

const NONE: readonly never[] = []
