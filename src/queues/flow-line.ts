/**
 * The waiting messages of one preference, by flow: flows have turns, and the messages of each stand in the order of arrival.
 *
 * A flow that is divided has a line of its own parts in its place, whose turns are inside of its turn. A flow that has used up its
 * allowance rests until its next slot, and the others have their turns meanwhile. All steps are O(1); a flow that begins to rest, or
 * ends it, costs the logarithm of those that do.
 */
import type { Instant } from '../units.ts'
import { ArrivalList, older } from './arrival-list.ts'
import { MomentHeap } from './containers/moment-heap.ts'
import { RoundRobin, type Taker } from './containers/round-robin.ts'
import { type Flow, wholeOf } from './flow.ts'
import type { Message, QueueFields } from './message.ts'

/** Lots that are kept for the next flow that begins to wait. */
const MOST_KEPT = 64

/** What waits of one flow. */
class Lot<T extends Message<T>> implements Taker {
  /** Its own, for an order among equals. */
  readonly number: number
  flow: Flow
  readonly list: ArrivalList<T>
  /** In its place, if the flow is divided. */
  parts: FlowLine<T> | undefined = undefined
  /** Messages in either: where many clients wait, to look into the list costs the processor a wait for its memory. */
  length = 0
  isResting = false
  /** If it rests. */
  restsUntil = 0
  credit = 0
  next: this | undefined = undefined
  previous: this | undefined = undefined

  constructor(number: number, flow: Flow, fields: QueueFields<T>) {
    this.number = number
    this.flow = flow
    this.list = new ArrivalList<T>(fields.inQueue)
  }

  get weight(): number {
    return this.flow.weight
  }
}

export class FlowLine<T extends Message<T>> {
  readonly #fields: QueueFields<T>
  /** It is a line of the parts of one flow. */
  readonly #isInner: boolean
  readonly #lots = new Map<Flow, Lot<T>>()
  readonly #turns = new RoundRobin<Lot<T>>()
  /** Lots whose flow may not go before a moment. */
  readonly #resting = new MomentHeap<Lot<T>>(({ number }) => number)
  readonly #kept: Lot<T>[] = []
  /** Of the last message that came or left: often the next one is of the same flow. It is in the map, even if nothing waits of it. */
  #latest: Lot<T> | undefined = undefined
  #made = 0
  #length = 0

  constructor(fields: QueueFields<T>, isInner = false) {
    this.#fields = fields
    this.#isInner = isInner
  }

  get length(): number {
    return this.#length
  }

  insert(item: T): void {
    const lot = this.#open(this.#flowOf(item))
    if (lot.parts === undefined) lot.list.insert(item)
    else lot.parts.insert(item)
    this.#length += 1
    lot.length += 1
    if (lot.length === 1) this.#turns.join(lot)
  }

  /** It leaves without having been served. */
  remove(item: T): void {
    const lot = this.#lotOf(item)
    if (lot.parts === undefined) lot.list.remove(item)
    else lot.parts.remove(item)
    this.#length -= 1
    lot.length -= 1
    if (lot.length === 0) this.#end(lot)
  }

  /** Another one of the same flow and arrival number takes its place. */
  replace(item: T, other: T): void {
    const lot = this.#lotOf(item)
    if (lot.parts === undefined) lot.list.replace(item, other)
    else lot.parts.replace(item, other)
  }

  /** Whose turn it is. With `now`, of those whose flow may go by its allowance; without, nobody rests. */
  first(now?: Instant): T | undefined {
    this.#wake(now ?? Number.POSITIVE_INFINITY)
    for (let lot = this.#turns.current; lot !== undefined; lot = this.#turns.current) {
      const item = firstOf(lot) as T
      const restsUntil = now === undefined || this.#isInner ? undefined : this.#restsUntil(item, now)
      if (restsUntil === undefined) return item
      this.#turns.leave(lot)
      lot.isResting = true
      lot.restsUntil = restsUntil
      this.#resting.put(lot, restsUntil)
    }
    return undefined
  }

  /** Takes out what `first` has answered: its flow has had a message more. */
  take(): T {
    const lot = this.#turns.current
    if (lot === undefined) throw new Error('flow line: nobody has a turn')
    const item = lot.parts === undefined ? (lot.list.first() as T) : lot.parts.take()
    if (lot.parts === undefined) lot.list.remove(item)
    this.#length -= 1
    lot.length -= 1
    if (lot.length === 0) this.#end(lot)
    else this.#turns.spend()
    return item
  }

  /** Somebody has a turn, or had one when this was last looked at. */
  hasTurns(): boolean {
    return this.#turns.current !== undefined
  }

  /** When the first that rests may go again, if all do; undefined if somebody has a turn, or nothing waits. */
  restsUntil(): Instant | undefined {
    if (this.#turns.current !== undefined || this.#resting.size === 0) return undefined
    return this.#resting.firstAt as Instant
  }

  /** How many messages are of flows that may not go yet: looks at each of these flows. */
  restingAt(now: Instant): number {
    let messages = 0
    for (const { restsUntil, length } of this.#resting) if (restsUntil > now) messages += length
    return messages
  }

  /** What waits of this message's own flow, by the order of arrival the first; undefined if nothing does. */
  firstOfFlow(item: T): T | undefined {
    const lot = this.#find(this.#flowOf(item))
    if (lot === undefined) return undefined
    return lot.parts === undefined ? lot.list.first() : lot.parts.firstOfFlow(item)
  }

  /** How much waits of this message's client. */
  lengthOfWhole(item: T): number {
    return this.#find(this.#flowOf(item))?.length ?? 0
  }

  /** By arrival, whoever has the turn: looks at every flow that waits. */
  oldest(): T | undefined {
    let oldest: T | undefined
    for (const lot of this.#lots.values()) {
      oldest = older(oldest, lot.parts === undefined ? lot.list.first() : lot.parts.oldest())
    }
    return oldest
  }

  /** All of them: flow by flow, each in the order of arrival. */
  *[Symbol.iterator](): Generator<T> {
    for (const lot of this.#lots.values()) yield* lot.parts ?? lot.list
  }

  /** Those that rested and may go again come after the others. */
  #wake(now: number): void {
    while (this.#resting.size > 0 && this.#resting.firstAt <= now) {
      const lot = this.#resting.shift() as Lot<T>
      lot.isResting = false
      this.#turns.join(lot)
    }
  }

  /** Undefined if its flow may go. */
  #restsUntil(item: T, now: Instant): Instant | undefined {
    const allowance = this.#fields.allowance(item)
    if (allowance === undefined || allowance.left(now) > allowance.promised) return undefined
    return allowance.nextSlotAt(now)
  }

  #flowOf(item: T): Flow {
    const flow = this.#fields.flow(item)
    return this.#isInner ? flow : wholeOf(flow)
  }

  #find(flow: Flow): Lot<T> | undefined {
    return this.#latest?.flow === flow ? this.#latest : this.#lots.get(flow)
  }

  #lotOf(item: T): Lot<T> {
    const lot = this.#find(this.#flowOf(item))
    if (lot === undefined) throw new Error('flow line: the message waits elsewhere')
    this.#use(lot)
    return lot
  }

  #open(flow: Flow): Lot<T> {
    let lot = this.#find(flow)
    if (lot === undefined) {
      lot = this.#kept.pop() ?? this.#make(flow)
      lot.flow = flow
      this.#lots.set(flow, lot)
    }
    if (lot.length === 0) {
      const isDivided = flow.isDivided && !this.#isInner
      lot.parts = isDivided ? (lot.parts ?? new FlowLine<T>(this.#fields, true)) : undefined
    }
    this.#use(lot)
    return lot
  }

  #make(flow: Flow): Lot<T> {
    this.#made += 1
    return new Lot<T>(this.#made, flow, this.#fields)
  }

  #use(lot: Lot<T>): void {
    const before = this.#latest
    if (before === lot) return
    this.#latest = lot
    if (before !== undefined && before.length === 0) this.#forget(before)
  }

  /** Nothing of the lot waits any more. */
  #end(lot: Lot<T>): void {
    if (lot.isResting) this.#resting.remove(lot)
    else this.#turns.leave(lot)
    lot.isResting = false
    if (this.#latest !== lot) this.#forget(lot)
  }

  #forget(lot: Lot<T>): void {
    this.#lots.delete(lot.flow)
    if (this.#kept.length < MOST_KEPT) this.#kept.push(lot)
  }
}

const firstOf = <T extends Message<T>>({ list, parts }: Lot<T>): T | undefined =>
  parts === undefined ? list.first() : parts.first()
