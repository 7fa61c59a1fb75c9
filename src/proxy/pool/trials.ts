/**
 * While every server of a class is Down and none is probed: which of them a live request may try, and when.
 *
 * One an interval, and each in its turn: the server that was least recently tried, or went Down first. One that has no
 * slot or identifier left is put aside until it may have, so no entry into the engine looks through all of them.
 */
import { MomentHeap } from '../../queues/containers/moment-heap.ts'
import { after, type Duration, type Instant, instant } from '../../units.ts'
import type { Lane } from '../work/lane.ts'

const byNumber = ({ number }: Lane): number => number

export class Trials {
  /** Servers that may have room, by when they were last tried or went Down. */
  readonly #inTurn = new MomentHeap<Lane>(byNumber)
  /** The others, by when they may have room; Infinity where only a response can give it. */
  readonly #aside = new MomentHeap<Lane>(byNumber)
  /** Undefined while a server lives. */
  #nextAt: Instant | undefined = undefined

  /** Whether trials are needed has changed, or may have: the first is one interval away. */
  judge(isNeeded: boolean, interval: Duration, now: Instant): void {
    this.#nextAt = isNeeded ? (this.#nextAt ?? after(now, interval)) : undefined
  }

  /** Other servers altogether. */
  setLanes(lanes: readonly Lane[]): void {
    this.#inTurn.clear()
    this.#aside.clear()
    for (const lane of lanes) this.update(lane)
  }

  /** The server's health, room or hold has changed, or may have. */
  update(lane: Lane): void {
    this.#aside.remove(lane)
    const mayBeTried = lane.health.state === 'down' && !lane.health.isHeldDown && !lane.isRetiring
    if (mayBeTried) this.#inTurn.put(lane, Math.max(lane.triedAt ?? 0, lane.health.since))
    else this.#inTurn.remove(lane)
  }

  /** The server that a live request may try now; the next one is an interval away. */
  start(interval: Duration, now: Instant): Lane | undefined {
    if (this.#nextAt === undefined || now < this.#nextAt) return undefined
    const lane = this.#firstWithRoom(now)
    if (lane === undefined) return undefined
    lane.triedAt = now
    this.update(lane)
    this.#nextAt = after(now, interval)
    return lane
  }

  /** When `start` may answer next; where a trial is due it waits for a slot or an identifier like all others. */
  nextAt(now: Instant): Instant | undefined {
    if (this.#nextAt === undefined || now < this.#nextAt) return this.#nextAt
    if (this.#firstWithRoom(now) !== undefined) return now
    return this.#aside.firstAt === Number.POSITIVE_INFINITY ? undefined : instant(this.#aside.firstAt)
  }

  #firstWithRoom(now: Instant): Lane | undefined {
    while (this.#aside.firstAt <= now) this.update(this.#aside.first() as Lane)
    for (let lane = this.#inTurn.first(); lane !== undefined; lane = this.#inTurn.first()) {
      const roomAt = lane.nextRoomAt(now) ?? Number.POSITIVE_INFINITY
      if (roomAt <= now) return lane
      this.#inTurn.remove(lane)
      this.#aside.put(lane, roomAt)
    }
    return undefined
  }
}
