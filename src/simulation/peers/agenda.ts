/**
 * Virtual time as a heap of appointments. Idle hours cost nothing.
 *
 * Appointments of one moment are kept in the order in which they were made, so a world is the same each time. None is ever
 * moved. With `MomentHeap`, which can move its items, a storm takes a fifth longer.
 */
import { type Instant, instant } from '../../units.ts'

/** Somebody who has appointments. `topic` is what the actor gave when it made one. */
export interface Actor<Topic = unknown> {
  act(topic: Topic, now: Instant): void
}

interface Appointment {
  readonly at: Instant
  readonly number: number
  readonly actor: Actor
  readonly topic: unknown
}

export class Agenda {
  readonly #heap: Appointment[] = []
  #made = 0
  now: Instant

  constructor(start: Instant) {
    this.now = start
  }

  /** An appointment in the past is one for now. */
  at<Topic>(when: number, actor: Actor<Topic>, topic: Topic): void {
    const appointment = { at: instant(Math.max(when, this.now)), number: this.#made, actor: actor as Actor, topic }
    this.#made += 1
    let place = this.#heap.length
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = this.#heap[above] as Appointment
      if (isBefore(parent, appointment)) break
      this.#heap[place] = parent
      place = above
    }
    this.#heap[place] = appointment
  }

  /** When the next appointment is; infinity if there is none. */
  get nextAt(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  /** Keeps the next appointment. */
  step(): void {
    const next = this.#heap[0] as Appointment
    const moved = this.#heap.pop() as Appointment
    if (moved !== next) this.#sink(moved)
    this.now = next.at
    next.actor.act(next.topic, next.at)
  }

  #sink(appointment: Appointment): void {
    let place = 0
    for (;;) {
      let below = 2 * place + 1
      const left = this.#heap[below]
      if (left === undefined) break
      const right = this.#heap[below + 1]
      if (right !== undefined && isBefore(right, left)) below += 1
      const child = this.#heap[below] as Appointment
      if (isBefore(appointment, child)) break
      this.#heap[place] = child
      place = below
    }
    this.#heap[place] = appointment
  }
}

const isBefore = (a: Appointment, b: Appointment): boolean => a.at < b.at || (a.at === b.at && a.number < b.number)
