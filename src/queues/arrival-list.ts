/**
 * A list in the order of arrival: a chain through the messages themselves.
 *
 * Arrival numbers rise, so a new message goes to the tail in O(1), one that comes back goes to the head in O(1), and any
 * message can leave from the middle in O(1) (superseded, expired, shed). The chain's link is a field of the message:
 * waiting allocates nothing.
 */

/** One place in one list. A message that can be in several lists at once has one link for each. */
export class Link<T> {
  readonly owner: T
  readonly arrival: number
  next: Link<T> | undefined = undefined
  previous: Link<T> | undefined = undefined
  list: ArrivalList<T> | undefined = undefined

  constructor(owner: T, arrival: number) {
    this.owner = owner
    this.arrival = arrival
  }
}

export class ArrivalList<T> {
  #first: Link<T> | undefined = undefined
  #last: Link<T> | undefined = undefined
  /** The last link put in the middle: many that come in the order of arrival are merged in one walk. */
  #finger: Link<T> | undefined = undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  first(): T | undefined {
    return this.#first?.owner
  }

  last(): T | undefined {
    return this.#last?.owner
  }

  /** Puts the link in its place: at the tail where it is the newest, else looked for from the finger or the head. */
  insert(link: Link<T>): void {
    if (link.list !== undefined) throw new Error('arrival list: a message cannot wait in two places')
    if (this.#last === undefined || this.#last.arrival < link.arrival) {
      this.#putBefore(link, undefined)
      return
    }
    let next = this.#finger !== undefined && this.#finger.arrival < link.arrival ? this.#finger : this.#first
    while (next !== undefined && next.arrival < link.arrival) next = next.next
    this.#putBefore(link, next)
    this.#finger = link
  }

  remove(link: Link<T>): void {
    if (link.list !== this) throw new Error('arrival list: the message waits elsewhere')
    if (this.#finger === link) this.#finger = link.previous
    if (link.previous === undefined) this.#first = link.next
    else link.previous.next = link.next
    if (link.next === undefined) this.#last = link.previous
    else link.next.previous = link.previous
    link.next = undefined
    link.previous = undefined
    link.list = undefined
    this.#length -= 1
  }

  shift(): T | undefined {
    const link = this.#first
    if (link === undefined) return undefined
    this.remove(link)
    return link.owner
  }

  /** From the oldest to the newest. */
  *[Symbol.iterator](): Generator<T> {
    for (let link = this.#first; link !== undefined; link = link.next) yield link.owner
  }

  #putBefore(link: Link<T>, next: Link<T> | undefined): void {
    const previous = next === undefined ? this.#last : next.previous
    link.next = next
    link.previous = previous
    link.list = this
    if (previous === undefined) this.#first = link
    else previous.next = link
    if (next === undefined) this.#last = link
    else next.previous = link
    this.#length += 1
  }
}
