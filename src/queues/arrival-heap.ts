/**
 * A heap by arrival number, for messages that become due in any order (retries, failover copies).
 *
 * A retry's deadline carries jitter, so retries do not come in the order of arrival, but they leave in it: oldest first.
 * Each member knows its place in the heap, so one that is answered or superseded meanwhile leaves in O(log n).
 */
import type { Field } from './message.ts'

export class ArrivalHeap<T extends { readonly arrival: number }> {
  readonly #members: T[] = []
  readonly #place: Field<T, number>

  /** `place` is where each member keeps its place: -1 while it is in no heap. */
  constructor(place: Field<T, number>) {
    this.#place = place
  }

  get length(): number {
    return this.#members.length
  }

  first(): T | undefined {
    return this.#members[0]
  }

  put(member: T): void {
    if (this.#place.get(member) !== -1) throw new Error('arrival heap: a message cannot wait in two places')
    this.#members.push(member)
    this.#rise(this.#members.length - 1, member)
  }

  remove(member: T): void {
    const place = this.#place.get(member)
    if (this.#members[place] !== member) throw new Error('arrival heap: the message waits elsewhere')
    this.#place.set(member, -1)
    const moved = this.#members.pop() as T
    if (moved === member) return
    this.#sink(place, moved)
    if (this.#place.get(moved) === place) this.#rise(place, moved)
  }

  *[Symbol.iterator](): Generator<T> {
    yield* this.#members
  }

  #rise(from: number, member: T): void {
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = this.#members[above] as T
      if (parent.arrival <= member.arrival) break
      this.#put(place, parent)
      place = above
    }
    this.#put(place, member)
  }

  #sink(from: number, member: T): void {
    let place = from
    for (;;) {
      let below = 2 * place + 1
      const left = this.#members[below]
      if (left === undefined) break
      const right = this.#members[below + 1]
      if (right !== undefined && right.arrival < left.arrival) below += 1
      const child = this.#members[below] as T
      if (member.arrival <= child.arrival) break
      this.#put(place, child)
      place = below
    }
    this.#put(place, member)
  }

  #put(place: number, member: T): void {
    this.#members[place] = member
    this.#place.set(member, place)
  }
}
