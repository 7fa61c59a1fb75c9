/**
 * The messages of one queue that were never sent, by preference: Access-Requests with State, Access-Requests, accounting.
 *
 * Within a preference the order of arrival holds, or the clients have turns (`FlowLine`). With turns, what a server queue gave back
 * to the instance queue goes before the others, in the order in which it did: it has had its turn there. What comes from queues that
 * dissolve (parked, or of servers that went Down) goes after what the servers' queues gave back: some of that came from there, too,
 * and was served before. Each gives a few in a step, by turns, and all of these together go in the order of arrival.
 */
import { CLASS_TRAITS, TRAFFIC_CLASSES } from '../classes.ts'
import { earliest, type Instant } from '../units.ts'
import { ArrivalList, older } from './arrival-list.ts'
import { ChainedList } from './containers/chained-list.ts'
import { FlowLine } from './flow-line.ts'
import type { Message, QueueFields } from './message.ts'

/** How many preferences there are. */
export const PREFERENCES = 1 + Math.max(...TRAFFIC_CLASSES.map((each) => CLASS_TRAITS[each].preference.plain))

/** Those of one preference. Without turns, all of them are in `inOrder`. */
interface Lines<T extends Message<T>> {
  readonly inOrder: ArrivalList<T>
  readonly givenBack: ChainedList<T>
  readonly dissolved: ArrivalList<T>
  readonly byFlow: FlowLine<T>
}

export class FreshMessages<T extends Message<T>> {
  readonly #fields: QueueFields<T>
  readonly #lines: readonly Lines<T>[]
  #hasTurns: boolean

  constructor(hasTurns: boolean, fields: QueueFields<T>) {
    this.#hasTurns = hasTurns
    this.#fields = fields
    this.#lines = Array.from({ length: PREFERENCES }, () => ({
      inOrder: new ArrivalList<T>(fields.inQueue),
      givenBack: new ChainedList<T>(fields.inQueue),
      dissolved: new ArrivalList<T>(fields.inQueue),
      byFlow: new FlowLine<T>(fields),
    }))
  }

  /** Whether clients have turns. If that changes, all that waits is sorted anew. */
  setTurns(has: boolean): void {
    if (has === this.#hasTurns) return
    const items = [...this].sort((a, b) => a.arrival - b.arrival)
    for (const item of items) this.remove(item)
    this.#hasTurns = has
    for (const item of items) this.put(item)
  }

  put(item: T): void {
    const list = this.#listOf(item)
    if (list instanceof ChainedList) list.append(item)
    else list.insert(item)
  }

  /** It leaves without its turn. */
  remove(item: T): void {
    this.#listOf(item).remove(item)
  }

  /** It leaves because it is served: it is the first of its preference. */
  take(item: T): void {
    if (!this.#hasTurns || this.#isGivenBack(item)) this.remove(item)
    else if (this.#linesOf(item).byFlow.take() !== item) throw new Error('fresh messages: it is the turn of another')
  }

  /** Another one of the same preference, flow and arrival number takes its place. */
  replace(item: T, other: T): void {
    this.#listOf(item).replace(item, other)
  }

  /** The message that goes next. With `now`, of those whose clients may send in this slot. */
  next(now?: Instant): T | undefined {
    for (let preference = 0; preference < PREFERENCES; preference += 1) {
      const first = this.first(preference, now)
      if (first !== undefined) return first
    }
    return undefined
  }

  /** The oldest of one preference; with turns, whose turn it is. */
  first(preference: number, now?: Instant): T | undefined {
    const { inOrder, givenBack, dissolved, byFlow } = this.#lines[preference] as Lines<T>
    return this.#hasTurns ? (givenBack.first() ?? dissolved.first() ?? byFlow.first(now)) : inOrder.first()
  }

  /** The same, of all preferences the oldest. */
  firstOfAll(): T | undefined {
    let oldest: T | undefined
    for (let preference = 0; preference < PREFERENCES; preference += 1) oldest = older(oldest, this.first(preference))
    return oldest
  }

  /** By arrival alone, of one preference or of all. With turns, it looks at every client that waits. */
  oldest(preference?: number): T | undefined {
    const lines = preference === undefined ? this.#lines : [this.#lines[preference] as Lines<T>]
    let oldest: T | undefined
    for (const { inOrder, givenBack, dissolved, byFlow } of lines) {
      const first = this.#hasTurns
        ? older(older(givenBack.first(), dissolved.first()), byFlow.oldest())
        : inOrder.first()
      oldest = older(oldest, first)
    }
    return oldest
  }

  /** With turns: whether somebody goes before this message, which waits nowhere. `hadItsTurn`: it has waited in here before. */
  hasTurnBefore(item: T, hadItsTurn: boolean): boolean {
    const preference = this.#fields.preference(item)
    for (let each = 0; each < preference; each += 1) if (this.#lines[each]?.byFlow.hasTurns()) return true
    const { byFlow } = this.#linesOf(item)
    // A client that rests, because its rate is used up, is in the way of its own messages only.
    const own = byFlow.firstOfFlow(item)
    if (hadItsTurn) return own !== undefined && own.arrival < item.arrival
    return own !== undefined || byFlow.hasTurns()
  }

  /** When the first may go, if all that wait have clients that may send no more in this slot; undefined if others wait. */
  restsUntil(): Instant | undefined {
    if (!this.#hasTurns) return undefined
    let until: Instant | undefined
    for (const { givenBack, dissolved, byFlow } of this.#lines) {
      if (givenBack.length + dissolved.length > 0 || byFlow.hasTurns()) return undefined
      until = earliest(until, byFlow.restsUntil())
    }
    return until
  }

  /** How many of this message's client and preference wait here; 0 without turns. */
  waitingWith(item: T): number {
    return this.#hasTurns ? this.#linesOf(item).byFlow.lengthOfWhole(item) : 0
  }

  *[Symbol.iterator](): Generator<T> {
    for (const { inOrder, givenBack, dissolved, byFlow } of this.#lines) {
      yield* inOrder
      yield* givenBack
      yield* dissolved
      yield* byFlow
    }
  }

  #linesOf(item: T): Lines<T> {
    return this.#lines[this.#fields.preference(item)] as Lines<T>
  }

  /** Where it stands. */
  #listOf(item: T): ArrivalList<T> | ChainedList<T> | FlowLine<T> {
    const { inOrder, givenBack, dissolved, byFlow } = this.#linesOf(item)
    if (!this.#hasTurns) return inOrder
    const promoter = this.#fields.promoter.get(item)
    if (promoter === undefined) return byFlow
    return promoter.isDissolving ? dissolved : givenBack
  }

  #isGivenBack(item: T): boolean {
    return this.#fields.promoter.get(item) !== undefined
  }

  /** How many are of clients that may send no more in their slots. */
  restingAt(now: Instant): number {
    return this.#lines.reduce((sum, { byFlow }) => sum + byFlow.restingAt(now), 0)
  }
}
