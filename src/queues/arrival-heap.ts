/**
 * A heap by arrival number, for messages that become due in any order (retries, failover copies).
 *
 * A retry's deadline carries jitter, so retries do not come in the order of arrival, but they leave in it: oldest first.
 * Each member knows its place in the heap, so one that is answered or superseded meanwhile leaves in O(log n).
 */

export interface HeapMember {
  readonly arrival: number
  /** Its place in the heap, written by the heap alone; -1 where it is in none. */
  heapPlace: number
}

export class ArrivalHeap<T extends HeapMember> {
  readonly #members: T[] = []

  get length(): number {
    return this.#members.length
  }

  first(): T | undefined {
    return this.#members[0]
  }

  put(member: T): void {
    if (member.heapPlace !== -1) throw new Error('arrival heap: a message cannot wait in two places')
    this.#members.push(member)
    this.#rise(this.#members.length - 1, member)
  }

  remove(member: T): void {
    const place = member.heapPlace
    if (this.#members[place] !== member) throw new Error('arrival heap: the message waits elsewhere')
    member.heapPlace = -1
    const moved = this.#members.pop() as T
    if (moved === member) return
    this.#sink(place, moved)
    if (moved.heapPlace === place) this.#rise(place, moved)
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
    member.heapPlace = place
  }
}
