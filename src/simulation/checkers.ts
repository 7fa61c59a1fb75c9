/**
 * The laws of docs/throttling.md, watched at the network and after every step.
 *
 * Each checker keeps its own books from what it sees, not from what the engine says, wherever that is possible: slots and
 * rates are counted from the datagrams that leave, with quotas computed again here. What can't be seen from outside
 * (what waits, what is free) is read from the engine's snapshot.
 */
import type { EngineEvent, EngineOptions } from '../proxy/ports.ts'
import type { EngineSnapshot, LaneSnapshot } from '../proxy/snapshot.ts'
import { PREFERENCE } from '../queues/waiting-line.ts'
import { ACCESS_REQUEST } from '../radius/codes.ts'
import { type Instant, MICROS_PER_SECOND, TRAFFIC_CLASSES, type TrafficClass } from '../units.ts'
import { serialOfRequest, wellFormed } from './packets.ts'
import { BrokenLaw, type Witness } from './witness.ts'
import type { World } from './world.ts'

/** received = all endings + queued + outstanding, per class, after every step. */
export class LedgerLaw implements Witness {
  #world: World | undefined
  begins(world: World): void {
    this.#world = world
  }
  stepped(now: Instant): void {
    try {
      this.#world?.engine?.check()
    } catch (error) {
      throw new BrokenLaw('ledger', String(error), now)
    }
  }
}

/** What leaves towards one lane, counted slot by slot and second by second. */
interface Count {
  readonly maxRate: number
  readonly slots: number
  slotBegan: number
  inSlot: number
  second: number
  inSecond: number
  /** Moments of the last `maxRate + one quota` transmissions, as a ring. */
  readonly last: Float64Array
  next: number
}

/** No slot over its quota, no grid second over max-rate, no sliding second over max-rate and one quota. */
export class SlotLaw implements Witness {
  readonly #counts = new Map<number, Count>()
  #options: EngineOptions
  /** Options of a reload: their rates hold from this second on. */
  #next: { readonly options: EngineOptions; readonly fromSecond: number } | undefined
  #world: World | undefined

  constructor(options: EngineOptions) {
    this.#options = options
  }

  begins(world: World): void {
    this.#world = world
  }

  reconfigured(options: EngineOptions, now: Instant): void {
    this.#next = { options, fromSecond: Math.floor(now / MICROS_PER_SECOND) + 1 }
  }

  forwarded(lane: number, _port: number, _bytes: Uint8Array, now: Instant): void {
    if (this.#next !== undefined && Math.floor(now / MICROS_PER_SECOND) >= this.#next.fromSecond) {
      this.#options = this.#next.options
      this.#next = undefined
      this.#counts.clear()
    }
    let count = this.#counts.get(lane)
    if (count === undefined) {
      const plan = this.#world?.engine?.plan().find((one) => one.lane === lane)
      // A lane that a reload has just added has its rate from the new options on.
      const options = [this.#options, ...(this.#next === undefined ? [] : [this.#next.options])]
      const server = options.flatMap(({ servers }) => servers).find(({ name }) => name === plan?.server)
      const maxRate = plan === undefined ? 0 : (server?.lanes[plan.class]?.maxRate ?? 0)
      count = newCount(maxRate, Math.min(maxRate, Math.floor(MICROS_PER_SECOND / this.#options.slot)))
      this.#counts.set(lane, count)
    }
    countOne(lane, count, now)
  }
}

/** One transmission of a lane. */
const countOne = (lane: number, count: Count, now: Instant): void => {
  if (count.maxRate === 0) return
  const second = Math.floor(now / MICROS_PER_SECOND)
  const { slot, began } = slotAt(now - second * MICROS_PER_SECOND, count.slots)
  const slotBegan = second * MICROS_PER_SECOND + began
  count.inSlot = slotBegan === count.slotBegan ? count.inSlot + 1 : 1
  count.slotBegan = slotBegan
  count.inSecond = second === count.second ? count.inSecond + 1 : 1
  count.second = second
  const quota = quotaAt(slot, count)
  if (count.inSlot > quota) throw new BrokenLaw('slot', `lane ${lane} sent ${count.inSlot} in a slot of ${quota}`, now)
  if (count.inSecond > count.maxRate) {
    throw new BrokenLaw('second', `lane ${lane} sent ${count.inSecond} in a grid second of ${count.maxRate}`, now)
  }
  const before = count.last[count.next] as number
  count.last[count.next] = now
  count.next = (count.next + 1) % count.last.length
  if (now - before < MICROS_PER_SECOND) {
    throw new BrokenLaw('sliding second', `lane ${lane} sent more than ${count.last.length} within a second`, now)
  }
}

const newCount = (maxRate: number, slots: number): Count => {
  const largest = Math.ceil(maxRate / slots)
  const last = new Float64Array(maxRate + largest).fill(Number.NEGATIVE_INFINITY)
  return { maxRate, slots, slotBegan: -1, inSlot: 0, second: -1, inSecond: 0, last, next: 0 }
}

/** The slot that a moment of a second lies in: looked for from the estimate on, not by the engine's own formula. */
const slotAt = (within: number, slots: number): { slot: number; began: number } => {
  let slot = Math.floor((within * slots) / MICROS_PER_SECOND)
  while (Math.floor(((slot + 1) * MICROS_PER_SECOND) / slots) <= within) slot += 1
  return { slot, began: Math.floor((slot * MICROS_PER_SECOND) / slots) }
}

/** The quotas laid out one by one: message m of a second (1, 2, ...) belongs to the slot in which the sum reaches it. */
const quotaAt = (slot: number, { maxRate, slots }: Count): number => {
  const upTo = (end: number): number => (end * maxRate - ((end * maxRate) % slots)) / slots
  return upTo(slot + 1) - upTo(slot)
}

/** An identifier is not used again before its answer came or its last transmission timed out and rested. */
export class IdentifierLaw implements Witness {
  readonly #inUse = new Map<number, { readonly bytes: Uint8Array; lastSentAt: Instant; isAnswered: boolean }>()
  readonly #rest: number

  constructor(options: EngineOptions) {
    const timeouts = options.servers.flatMap(({ lanes }) =>
      TRAFFIC_CLASSES.map((each) => lanes[each]?.timeout ?? Number.POSITIVE_INFINITY),
    )
    // A time-out comes a tenth early at most, or one second after a refusal.
    this.#rest = Math.min(...timeouts) * 0.9 + options.identifierQuarantine
  }

  forwarded(lane: number, port: number, bytes: Uint8Array, now: Instant): void {
    const place = (lane * 64 + port) * 256 + bytes[1]!
    const known = this.#inUse.get(place)
    if (known !== undefined && known.bytes === bytes) {
      known.lastSentAt = now
      return
    }
    if (known !== undefined && !known.isAnswered && now - known.lastSentAt < this.#rest) {
      throw new BrokenLaw('identifier', `lane ${lane}, port ${port}, identifier ${bytes[1]} is in use twice`, now)
    }
    this.#inUse.set(place, { bytes, lastSentAt: now, isAnswered: false })
  }

  responded(lane: number, port: number, bytes: Uint8Array): void {
    const known = this.#inUse.get((lane * 64 + port) * 256 + bytes[1]!)
    if (known !== undefined) known.isAnswered = true
  }
}

/** First transmissions of one lane and preference leave in the order of arrival. */
export class OrderLaw implements Witness {
  #world: World | undefined
  #arrivals = 0
  readonly #arrivalOf = new Map<string, number>()
  /** By lane and preference: the last first transmission, as an arrival number. */
  readonly #last = new Map<string, number>()
  /** By lane: the requests that have been sent there, by their serial. */
  readonly #sent = new Set<string>()

  begins(world: World): void {
    this.#world = world
  }

  /** The queue of a Down server moves, or the parked return: older ones may follow younger ones once. */
  noted(event: EngineEvent): void {
    if (event.kind === 'server-state') this.#last.clear()
  }

  reconfigured(): void {
    this.#last.clear()
  }

  received(trafficClass: TrafficClass, bytes: Uint8Array, _now: Instant): void {
    const admitted = this.#world?.engine?.admitted ?? 0
    if (admitted === this.#arrivals) return
    this.#arrivals = admitted
    const serial = serialOfRequest(wellFormed(bytes))
    const key = `${trafficClass} ${serial}`
    this.#arrivalOf.set(key, this.#arrivals)
    // It came in anew: what was sent of it before belongs to a request that has ended.
    for (const lane of this.#lanesOf(key)) this.#sent.delete(`${lane} ${key}`)
  }

  forwarded(lane: number, _port: number, bytes: Uint8Array, now: Instant): void {
    const packet = wellFormed(bytes)
    const trafficClass = packet.code === ACCESS_REQUEST ? 'authentication' : 'accounting'
    const key = `${trafficClass} ${serialOfRequest(packet)}`
    const arrival = this.#arrivalOf.get(key)
    if (arrival === undefined) throw new BrokenLaw('order', `request ${key} was never received`, now)
    const sentKey = `${lane} ${key}`
    if (this.#sent.has(sentKey)) return
    // A failover copy has gone to another lane before, and may come later than younger ones.
    const isCopy = this.#lanesOf(key).some((other) => other !== lane)
    this.#sent.add(sentKey)
    this.#lanesByKey.set(key, [...this.#lanesOf(key), lane])
    if (isCopy) return
    const preference =
      packet.code !== ACCESS_REQUEST
        ? PREFERENCE.accounting
        : packet.stateAt !== 0
          ? PREFERENCE.state
          : PREFERENCE.authentication
    this.check(lane, preference, arrival, now)
  }

  /** One first transmission. */
  check(lane: number, preference: number, arrival: number, now: Instant): void {
    const place = `${lane} ${preference}`
    const last = this.#last.get(place) ?? 0
    if (arrival < last) throw new BrokenLaw('order', `lane ${lane} sent arrival ${arrival} after arrival ${last}`, now)
    this.#last.set(place, arrival)
  }

  readonly #lanesByKey = new Map<string, number[]>()
  #lanesOf(key: string): number[] {
    return this.#lanesByKey.get(key) ?? []
  }
}

/** Nothing waits that could go, and every bound holds. */
export class WaitingLaw implements Witness {
  #options: EngineOptions
  #world: World | undefined
  /** A reload may lower max-outstanding below what is outstanding: then it may not grow. */
  readonly #ceilings = new Map<number, number>()

  constructor(options: EngineOptions) {
    this.#options = options
  }

  begins(world: World): void {
    this.#world = world
  }

  reconfigured(options: EngineOptions, now: Instant): void {
    this.#options = options
    for (const { lane, outstanding } of this.#world?.engine?.snapshot(now).lanes ?? []) {
      this.#ceilings.set(lane, outstanding)
    }
  }

  stepped(now: Instant): void {
    const snapshot = this.#world?.engine?.snapshot(now)
    if (snapshot !== undefined) this.check(snapshot, now)
  }

  check(snapshot: EngineSnapshot, now: Instant): void {
    for (const lane of snapshot.lanes) this.#checkLane(lane, now)
    for (const each of TRAFFIC_CLASSES) {
      const { maxMessages, maxBytes, maxAge } = this.#options.queues[each]
      const { queued, queuedBytes, oldestAge, parked } = snapshot.classes[each]
      if (queued > maxMessages)
        throw new BrokenLaw('bounds', `${queued} ${each} messages wait, ${maxMessages} may`, now)
      if (queuedBytes > maxBytes)
        throw new BrokenLaw('bounds', `${queuedBytes} ${each} octets wait, ${maxBytes} may`, now)
      if (oldestAge > maxAge) throw new BrokenLaw('bounds', `${each}: the oldest message is ${oldestAge} us old`, now)
      const isLive = snapshot.lanes.some((lane) => lane.class === each && lane.state !== 'down' && !lane.retiring)
      if (parked > 0 && isLive) throw new BrokenLaw('work-conserving', `${parked} ${each} messages are parked`, now)
    }
  }

  #checkLane(lane: LaneSnapshot, now: Instant): void {
    const { slots, identifiers, outstanding, maxOutstanding, queued, waitingRetries } = lane
    const ceiling = this.#ceilings.get(lane.lane) ?? 0
    this.#ceilings.set(lane.lane, Math.min(ceiling, outstanding))
    if (outstanding > Math.max(maxOutstanding, ceiling)) {
      throw new BrokenLaw(
        'max-outstanding',
        `lane ${lane.lane} has ${outstanding} of ${maxOutstanding} outstanding`,
        now,
      )
    }
    const isQuotaLeft = slots.maxRate === 0 || slots.sent < slots.quota
    const hasRoom = identifiers.free > 0 && outstanding < maxOutstanding
    if (isQuotaLeft && ((queued > 0 && hasRoom) || waitingRetries > 0)) {
      const saw = `lane ${lane.lane}: ${queued} wait and ${waitingRetries} retries, ${slots.sent} of ${slots.quota} sent`
      throw new BrokenLaw('work-conserving', saw, now)
    }
  }
}

/** No client ever gets an answer that is not to its own request. */
export class AnswerLaw implements Witness {
  wrongAnswer(client: string, why: string, now: Instant): void {
    throw new BrokenLaw('answer', `${client}: ${why}`, now)
  }
}

/** All of them. */
export const allLaws = (options: EngineOptions): Witness[] => [
  new LedgerLaw(),
  new SlotLaw(options),
  new IdentifierLaw(options),
  new OrderLaw(),
  new WaitingLaw(options),
  new AnswerLaw(),
]

/** At the end, with the faults off and time to settle: nothing waits, nothing is outstanding. */
export const checkLiveness = (world: World): void => {
  const snapshot = world.engine?.snapshot(world.now)
  if (snapshot === undefined) return
  for (const each of TRAFFIC_CLASSES) {
    const { queued, outstanding } = snapshot.classes[each]
    if (queued + outstanding > 0) {
      throw new BrokenLaw(
        'liveness',
        `${queued} ${each} messages still wait, ${outstanding} are outstanding`,
        world.now,
      )
    }
  }
  for (const lane of snapshot.lanes) {
    if (lane.state === 'down')
      throw new BrokenLaw('liveness', `${lane.server} (${lane.class}) is still Down`, world.now)
  }
}
