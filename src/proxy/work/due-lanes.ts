/**
 * Which lanes have something to do now, and when the next one will: no lane is looked at in vain.
 *
 * A lane is due when its moment comes (a slot begins, a quarantine ends, a probe or a verdict on its health is due) or when
 * something has changed in it (`Lane.markChanged`). Both moments stand in heaps, so a hundred servers that wait for their next
 * slot cost an entry into the engine one comparison. A moment in a heap is never later than the true one: whoever makes
 * it earlier marks the lane; where it became later, one look finds nothing to do.
 */
import { MomentHeap } from '../../queues/containers/moment-heap.ts'
import { type Instant, instant } from '../../units.ts'
import type { Lane } from './lane.ts'

const byNumber = ({ number }: Lane): number => number

export class DueLanes {
  /** Lanes enter themselves here. */
  readonly changed: Lane[] = []
  /** Lanes that were taken and are not settled yet. */
  readonly #taken = new Set<Lane>()
  /** By what wakes the engine. */
  readonly #byWake = new MomentHeap<Lane>(byNumber)
  /** By the end of a quarantine, which wakes nobody. */
  readonly #byQuarantine = new MomentHeap<Lane>(byNumber)

  /** The lanes at which to look now, each once. They stay at hand until `settle`. */
  due(now: Instant): Iterable<Lane> {
    while (this.#byWake.firstAt <= now) this.#taken.add(this.#byWake.shift() as Lane)
    while (this.#byQuarantine.firstAt <= now) this.#taken.add(this.#byQuarantine.shift() as Lane)
    this.#takeChanged()
    return this.#taken
  }

  /** They were looked at: each stands under its next moments again. Answers those that are gone for good. */
  settle(now: Instant): readonly Lane[] {
    this.#takeChanged()
    if (this.#taken.size === 0) return NONE
    let gone: Lane[] | undefined
    for (const lane of this.#taken) {
      if (lane.isGone) {
        this.#byWake.remove(lane)
        this.#byQuarantine.remove(lane)
        gone ??= []
        gone.push(lane)
      } else this.#place(lane, now)
    }
    this.#taken.clear()
    return gone ?? NONE
  }

  /** When to look again, by time alone; all lanes are settled. */
  nextWakeAt(): Instant | undefined {
    const { firstAt } = this.#byWake
    return firstAt === Number.POSITIVE_INFINITY ? undefined : instant(firstAt)
  }

  #takeChanged(): void {
    for (const lane of this.changed) {
      lane.clearMark()
      this.#taken.add(lane)
    }
    this.changed.length = 0
  }

  #place(lane: Lane, now: Instant): void {
    const wakeAt = lane.nextWakeAt(now)
    if (wakeAt === undefined) this.#byWake.remove(lane)
    else this.#byWake.put(lane, wakeAt)
    const restsUntil = lane.identifiers.nextWakeAt()
    if (restsUntil === undefined) this.#byQuarantine.remove(lane)
    else this.#byQuarantine.put(lane, restsUntil)
  }
}

const NONE: readonly Lane[] = []
