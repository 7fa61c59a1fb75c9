/**
 * Deadlines of what is outstanding: a timing wheel of 10 ms steps, no heap and no timer per request.
 *
 * Each step holds a chain of the items due in it; putting in and removing cost O(1). An item is due at the first step that
 * begins at or after its deadline: never early, at most 10 ms late. An item that is due after more than one turn of the wheel
 * stays in its step and is looked at once a turn.
 */
import { type Duration, type Instant, instant, micros } from '../units.ts'

export const WHEEL_STEP: Duration = micros(10_000)
const STEPS = 1024

/** What can be put on a wheel. The wheel alone writes `next`, `previous` and `step`. */
export interface Timed {
  deadline: Instant
  /** Where it hangs; -1 if it does not. */
  step: number
  next: Timed | undefined
  previous: Timed | undefined
}

/** Hangs on a wheel for something that has no room for the links itself. */
export class Hanger<O> implements Timed {
  readonly of: O
  deadline: Instant = instant(0)
  step = -1
  next: Timed | undefined = undefined
  previous: Timed | undefined = undefined

  constructor(of: O) {
    this.of = of
  }
}

export class TimingWheel<T extends Timed> {
  readonly #steps: (Timed | undefined)[] = new Array<Timed | undefined>(STEPS).fill(undefined)
  #size = 0
  /** All steps before this one have been looked at. */
  #reached = 0
  /** No item is due before this step: a lower bound, made exact when it is found empty. */
  #firstDue = Number.POSITIVE_INFINITY

  get size(): number {
    return this.#size
  }

  put(item: T, deadline: Instant): void {
    if (item.step !== -1) this.remove(item)
    item.deadline = deadline
    const due = Math.max(stepOf(deadline), this.#reached)
    const step = due % STEPS
    const first = this.#steps[step]
    item.step = step
    item.previous = undefined
    item.next = first
    if (first !== undefined) first.previous = item
    this.#steps[step] = item
    this.#size += 1
    if (due < this.#firstDue) this.#firstDue = due
  }

  remove(item: T): void {
    if (item.step === -1) return
    if (item.previous === undefined) this.#steps[item.step] = item.next
    else item.previous.next = item.next
    if (item.next !== undefined) item.next.previous = item.previous
    item.step = -1
    item.next = undefined
    item.previous = undefined
    this.#size -= 1
    if (this.#size === 0) this.#firstDue = Number.POSITIVE_INFINITY
  }

  /** Takes off all items whose time has come and hands them over in the order of their deadlines. */
  removeDue(now: Instant): readonly T[] {
    const upTo = Math.floor(now / WHEEL_STEP)
    if (upTo < this.#firstDue) return NONE
    const due: T[] = []
    // A turn looks at every step once; more turns than one (idle hours) find nothing new.
    const first = Math.max(this.#firstDue, upTo - STEPS + 1)
    for (let step = first; step <= upTo; step += 1) this.#removeDueOf(step % STEPS, upTo, due)
    this.#reached = upTo + 1
    this.#firstDue = this.#findFirstDue(upTo + 1)
    return due.sort((a, b) => a.deadline - b.deadline)
  }

  /** Takes off all items, due or not, in the order of their deadlines. */
  removeAll(): T[] {
    const all: T[] = []
    for (const first of this.#steps) {
      for (let item = first; item !== undefined; item = item.next) all.push(item as T)
    }
    for (const item of all) this.remove(item)
    return all.sort((a, b) => a.deadline - b.deadline)
  }

  /** No later than the next deadline's step; undefined on an empty wheel. */
  nextWakeAt(): Instant | undefined {
    return this.#size === 0 ? undefined : instant(this.#firstDue * WHEEL_STEP)
  }

  #removeDueOf(step: number, upTo: number, due: T[]): void {
    let item = this.#steps[step]
    while (item !== undefined) {
      const next = item.next
      if (stepOf(item.deadline) <= upTo) {
        this.remove(item as T)
        due.push(item as T)
      }
      item = next
    }
  }

  /** The first step from `from` on with anything in it; it may hold only items of a later turn, which is harmless. */
  #findFirstDue(from: number): number {
    if (this.#size === 0) return Number.POSITIVE_INFINITY
    for (let step = from; step < from + STEPS; step += 1) {
      if (this.#steps[step % STEPS] !== undefined) return step
    }
    return Number.POSITIVE_INFINITY
  }
}

const NONE: readonly never[] = []

/** The first step that begins at or after the deadline. */
const stepOf = (deadline: Instant): number => Math.ceil(deadline / WHEEL_STEP)
