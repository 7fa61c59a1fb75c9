/**
 * What each flow holds of a class's bounds, and who holds most: that is who loses a message if more comes than fits.
 *
 * Flows are compared by weight: of two that hold 100 messages, the one with weight 1 holds more than the one with weight 2. In a flow
 * that is divided, the part that holds most loses. If no flow counts (`isFair` is false), all that waits is one holding. Each step
 * is O(1), beside the place in a list.
 */
import { earliest, type Instant } from '../units.ts'
import { ArrivalList } from './arrival-list.ts'
import { ChainedList } from './containers/chained-list.ts'
import { type Holder, Ranking } from './containers/ranking.ts'
import { Flow, type Weight, wholeOf } from './flow.ts'
import type { Message, QueueFields } from './message.ts'

/** Octets are compared in packets of the largest size, so that one message changes a rank by one at most. */
const OCTETS_IN_RANK = 4096
/** Emptied holdings that are kept for the next flow. */
const MOST_KEPT = 64

/** By what flows are compared. */
const BASES = ['messages', 'octets', 'interims'] as const
type Basis = (typeof BASES)[number]

class Rank<T extends Message<T>> implements Holder<Rank<T>> {
  readonly of: Holding<T>
  group: Holder<Rank<T>>['group'] = undefined
  after: Rank<T> | undefined = undefined
  before: Rank<T> | undefined = undefined

  constructor(of: Holding<T>) {
    this.of = of
  }
}

/** What one flow holds. */
class Holding<T extends Message<T>> {
  flow: Flow
  /** All of it, by arrival; of the interim updates those that are not outdated, and the others as they became it. */
  readonly all: ArrivalList<T>
  readonly interims: ArrivalList<T>
  readonly outdated: ChainedList<T>
  /** As in `Lot`, so that the lists need not be looked into. */
  messages = 0
  octets = 0
  interimUpdates = 0
  /** The numbers of its ranks. */
  byMessages = 0
  byOctets = 0
  byInterims = 0
  /** In the place of these, if the flow is divided. */
  parts: Holdings<T> | undefined = undefined
  readonly ranks: Readonly<Record<Basis, Rank<T>>>

  constructor(flow: Flow, fields: QueueFields<T>) {
    this.flow = flow
    this.all = new ArrivalList<T>(fields.inFlow)
    this.interims = new ArrivalList<T>(fields.amongInterims)
    this.outdated = new ChainedList<T>(fields.amongInterims)
    this.ranks = { messages: new Rank(this), octets: new Rank(this), interims: new Rank(this) }
  }
}

/** Whose all messages are where flows do not count. */
const NOBODYS = new Flow()

export class Holdings<T extends Message<T>> {
  readonly #fields: QueueFields<T>
  readonly #isInner: boolean
  readonly #byFlow = new Map<Flow, Holding<T>>()
  readonly #rankings: Readonly<Record<Basis, Ranking<Rank<T>>>> = {
    messages: new Ranking(),
    octets: new Ranking(),
    interims: new Ranking(),
  }
  readonly #kept: Holding<T>[] = []
  /** As in `FlowLine`: in the map, even if it is empty. */
  #latest: Holding<T> | undefined = undefined
  #isFair: boolean
  #messages = 0
  #interims = 0

  constructor(fields: QueueFields<T>, isFair: boolean, isInner = false) {
    this.#fields = fields
    this.#isFair = isFair
    this.#isInner = isInner
  }

  get messages(): number {
    return this.#messages
  }

  get interims(): number {
    return this.#interims
  }

  /** Whether flows count. If that changes, all that is held is sorted anew. */
  set isFair(is: boolean) {
    if (is === this.#isFair) return
    const held = this.heldBy(() => true)
    const outdated = held.filter((item) => this.#fields.isOutdated.get(item))
    for (const item of held) this.leave(item)
    this.#isFair = is
    for (const item of held) this.enter(item)
    for (const item of outdated) this.outdate(item)
  }

  enter(item: T): void {
    const holding = this.#open(this.#flowOf(item))
    if (holding.parts === undefined) {
      holding.all.insert(item)
      if (this.#fields.isInterim(item)) holding.interims.insert(item)
    } else holding.parts.enter(item)
    this.#change(holding, this.#fields.size(item), 1, this.#fields.isInterim(item) ? 1 : 0)
  }

  /** It is not outdated any more. */
  leave(item: T): void {
    const holding = this.#holdingOf(item)
    const { isInterim, isOutdated, size } = this.#fields
    if (holding.parts === undefined) {
      holding.all.remove(item)
      if (isOutdated.get(item)) holding.outdated.remove(item)
      else if (isInterim(item)) holding.interims.remove(item)
      isOutdated.set(item, false)
    } else holding.parts.leave(item)
    this.#change(holding, -size(item), -1, isInterim(item) ? -1 : 0)
    if (holding.messages === 0 && this.#latest !== holding) this.#forget(holding)
  }

  /** Another one of the same flow, kind and arrival number takes its place. */
  replace(item: T, other: T): void {
    const holding = this.#holdingOf(item)
    if (holding.parts === undefined) {
      const { isInterim, isOutdated } = this.#fields
      holding.all.replace(item, other)
      if (isOutdated.get(item)) {
        holding.outdated.replace(item, other)
        isOutdated.set(other, true)
        isOutdated.set(item, false)
      } else if (isInterim(item)) holding.interims.replace(item, other)
    } else holding.parts.replace(item, other)
    this.#change(holding, this.#fields.size(other) - this.#fields.size(item), 0, 0)
  }

  /** If this is an interim update: it is the first to be shed of its flow, since a newer record of its session waits. */
  outdate(item: T): void {
    const { isInterim, isOutdated } = this.#fields
    if (!isInterim(item) || isOutdated.get(item)) return
    const holding = this.#holdingOf(item)
    if (holding.parts !== undefined) {
      holding.parts.outdate(item)
      return
    }
    holding.interims.remove(item)
    isOutdated.set(item, true)
    holding.outdated.append(item)
  }

  /** The newest message of the flow that holds most. */
  newest(by: 'messages' | 'octets'): T | undefined {
    const holding = this.#most(by)
    return holding?.parts === undefined ? holding?.all.last() : holding.parts.newest(by)
  }

  /** The oldest one. */
  oldest(by: 'messages' | 'octets'): T | undefined {
    const holding = this.#most(by)
    return holding?.parts === undefined ? holding?.all.first() : holding.parts.oldest(by)
  }

  /** Of the flow with the most interim updates: the one that was outdated first, then the oldest; undefined if there is none. */
  interim(): T | undefined {
    const holding = this.#most('interims')
    if (holding?.parts !== undefined) return holding.parts.interim()
    return holding?.outdated.first() ?? holding?.interims.first()
  }

  /**
   * Who is shed if this message's client holds more than `most`: its newest message, and of a divided client that of the part that
   * holds most. If flows don't count, `held` is what it holds, and the message itself is shed, unless it is a copy.
   */
  beyondShare(item: T, most: number, held: number): T | undefined {
    if (!this.#isFair) return held > most && item.stage === 'fresh' ? item : undefined
    const holding = this.#find(this.#flowOf(item))
    if (holding === undefined || holding.messages <= most) return undefined
    return holding.parts === undefined ? holding.all.last() : holding.parts.newest('messages')
  }

  /** When the oldest message came of each that holds any: of all flows and parts of one client together. Looks at each flow. */
  oldestByOwner(): Map<Weight, Instant> {
    const oldest = new Map<Weight, Instant>()
    for (const { flow, all, parts } of this.#byFlow.values()) {
      const { of } = flow
      const since = parts === undefined ? all.first()?.receivedAt : parts.oldestByOwner().get(of)
      const first = earliest(oldest.get(of), since)
      if (first !== undefined) oldest.set(of, first)
    }
    return oldest
  }

  /** All that some clients hold, in the order of arrival. */
  heldBy(isOne: (flow: Flow) => boolean): T[] {
    const theirs = [...this.#byFlow.values()].filter(({ flow }) => isOne(flow))
    return theirs.flatMap((holding) => [...itemsOf(holding)]).sort((a, b) => a.arrival - b.arrival)
  }

  /** Weights have changed. */
  reweigh(): void {
    for (const holding of this.#byFlow.values()) this.#rank(holding)
  }

  *[Symbol.iterator](): Generator<T> {
    for (const holding of this.#byFlow.values()) yield* itemsOf(holding)
  }

  #most(by: Basis): Holding<T> | undefined {
    return this.#rankings[by].first?.of
  }

  #change(holding: Holding<T>, octets: number, messages: number, interims: number): void {
    holding.messages += messages
    holding.octets += octets
    holding.interimUpdates += interims
    this.#messages += messages
    this.#interims += interims
    this.#rank(holding)
  }

  #rank(holding: Holding<T>): void {
    const { weight } = holding.flow
    const byMessages = Math.ceil(holding.messages / weight)
    if (byMessages !== holding.byMessages) this.#rankings.messages.set(holding.ranks.messages, byMessages)
    holding.byMessages = byMessages
    const byOctets = Math.ceil(holding.octets / (OCTETS_IN_RANK * weight))
    if (byOctets !== holding.byOctets) this.#rankings.octets.set(holding.ranks.octets, byOctets)
    holding.byOctets = byOctets
    const byInterims = Math.ceil(holding.interimUpdates / weight)
    if (byInterims !== holding.byInterims) this.#rankings.interims.set(holding.ranks.interims, byInterims)
    holding.byInterims = byInterims
  }

  #flowOf(item: T): Flow {
    if (!this.#isFair) return NOBODYS
    const flow = this.#fields.flow(item)
    return this.#isInner ? flow : wholeOf(flow)
  }

  #find(flow: Flow): Holding<T> | undefined {
    return this.#latest?.flow === flow ? this.#latest : this.#byFlow.get(flow)
  }

  #holdingOf(item: T): Holding<T> {
    const holding = this.#find(this.#flowOf(item))
    if (holding === undefined) throw new Error('holdings: the message waits elsewhere')
    this.#use(holding)
    return holding
  }

  #open(flow: Flow): Holding<T> {
    let holding = this.#find(flow)
    if (holding === undefined) {
      holding = this.#kept.pop() ?? new Holding<T>(flow, this.#fields)
      holding.flow = flow
      this.#byFlow.set(flow, holding)
    }
    if (holding.messages === 0) {
      const isDivided = flow.isDivided && !this.#isInner
      holding.parts = isDivided ? (holding.parts ?? new Holdings<T>(this.#fields, true, true)) : undefined
    }
    this.#use(holding)
    return holding
  }

  #use(holding: Holding<T>): void {
    const before = this.#latest
    if (before === holding) return
    this.#latest = holding
    if (before !== undefined && before.messages === 0) this.#forget(before)
  }

  #forget(holding: Holding<T>): void {
    this.#byFlow.delete(holding.flow)
    if (this.#kept.length < MOST_KEPT) this.#kept.push(holding)
  }
}

const itemsOf = <T extends Message<T>>({ all, parts }: Holding<T>): Iterable<T> => parts ?? all
