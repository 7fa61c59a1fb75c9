/**
 * The list of all laws, and those that are read from the engine's own numbers: the ledger, what waits, what is free.
 *
 * The other laws, in the folders `network`, `health` and `records`, keep their own books from what they see at the network
 * and do not trust the engine. docs/simulation.md describes each.
 */
import { perClass, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import { PLACES } from '../../proxy/border/endings.ts'
import type { EngineOptions } from '../../proxy/border/options.ts'
import type { EngineSnapshot, LaneSnapshot, WaitingSnapshot } from '../../proxy/border/snapshot.ts'
import type { Instant } from '../../units.ts'
import { type Books, withBooks } from '../books/books.ts'
import type { LaneBook } from '../books/lane-book.ts'
import type { TurnBook } from '../books/turn-book.ts'
import { BrokenLaw, type ObservedWorld, type Observer } from '../world/observer.ts'
import { DeadServerLaw } from './health/dead-server-law.ts'
import { FirstChoiceLaw } from './health/first-choice-law.ts'
import { LiveServerLaw } from './health/live-server-law.ts'
import { FairnessLaw } from './network/fairness-law.ts'
import { IdentifierLaw } from './network/identifier-law.ts'
import { RefusalLaw } from './network/refusal-law.ts'
import { RequestLaw } from './network/request-law.ts'
import { SigningLaw } from './network/signing-law.ts'
import { SlotLaw } from './network/slot-law.ts'
import { CoalescingLaw } from './records/coalescing-law.ts'
import { GigawordsLaw } from './records/gigawords-law.ts'
import { SessionLaw } from './records/session-law.ts'

/** A snapshot is costly. What is wrong in it stays wrong, so one in so many steps is enough. */
const AUDIT_EVERY = 64

/** received = all endings + all places, per class, after every step. What came in is what was received. */
export class LedgerLaw implements Observer {
  readonly #received = perClass(() => 0)
  #world: ObservedWorld | undefined
  #steps = 0

  begins(world: ObservedWorld): void {
    this.#world = world
  }

  received(trafficClass: TrafficClass): void {
    this.#received[trafficClass] += 1
  }

  stepped(now: Instant): void {
    const engine = this.#world?.engine
    try {
      engine?.inspection.check()
    } catch (error) {
      throw new BrokenLaw('ledger', String(error), now)
    }
    this.#steps += 1
    if (engine !== undefined && this.#steps % AUDIT_EVERY === 0) this.check(engine.inspection.snapshot(now), now)
  }

  /** The law by the published numbers, as an operator would add them up. */
  check(snapshot: EngineSnapshot, now: Instant): void {
    for (const each of TRAFFIC_CLASSES) {
      const { received, ...endings } = snapshot.classes[each].ledger
      const ended = Object.values(endings)
        .flatMap((count) => (typeof count === 'number' ? count : Object.values(count)))
        .reduce((a, b) => a + b, 0)
      const places = PLACES.map(({ name }) => snapshot.classes[each][name])
      if (received !== places.reduce((a, b) => a + b, ended)) {
        const inPlaces = PLACES.map(({ words }, at) => `${places[at]} ${words}`).join(', ')
        throw new BrokenLaw('ledger', `${received} ${each} messages received, ${ended} ended, ${inPlaces}`, now)
      }
      if (received !== this.#received[each]) {
        throw new BrokenLaw('ledger', `${this.#received[each]} ${each} messages came, ${received} are counted`, now)
      }
    }
  }
}

/** Nothing waits that could go, and every bound holds. */
export class WaitingLaw implements Observer {
  readonly #lanes: LaneBook
  readonly #slots: SlotLaw
  readonly #turns: TurnBook
  #steps = 0
  /** A reload may lower max-outstanding below what is outstanding. Then that may not grow. */
  readonly #ceilings = new Map<number, number>()

  /** `slots` has counted what left, so whether a slot has room is not the engine's word. */
  constructor({ lanes, turns }: Books, slots: SlotLaw) {
    this.#lanes = lanes
    this.#turns = turns
    this.#slots = slots
  }

  reconfigured(_options: EngineOptions, now: Instant): void {
    for (const { lane, outstanding } of this.#lanes.engine?.inspection.snapshot(now).lanes ?? []) {
      this.#ceilings.set(lane, outstanding)
    }
  }

  stepped(now: Instant): void {
    const { engine } = this.#lanes
    this.#steps += 1
    // If nothing waits there is little to see.
    if (engine === undefined || !(engine.inspection.hasWaiting() || this.#steps % AUDIT_EVERY === 0)) return
    this.check(engine.inspection.waiting(now), now)
  }

  check(snapshot: WaitingSnapshot, now: Instant): void {
    for (const lane of snapshot.lanes) this.#checkLane(lane, snapshot.lanes, now)
    for (const each of TRAFFIC_CLASSES) {
      const { maxMessages, maxBytes, maxAge, maxAgeMost = maxAge } = this.#lanes.options.queues[each]
      const { queued, queuedBytes, oldestAge, parked } = snapshot.classes[each]
      if (queued > maxMessages)
        throw new BrokenLaw('bounds', `${queued} ${each} messages wait, ${maxMessages} may`, now)
      if (queuedBytes > maxBytes)
        throw new BrokenLaw('bounds', `${queuedBytes} ${each} octets wait, ${maxBytes} may`, now)
      if (oldestAge > maxAgeMost)
        throw new BrokenLaw('bounds', `${each}: the oldest message is ${oldestAge} us old`, now)
      const isLive = snapshot.lanes.some((lane) => lane.class === each && lane.state !== 'down' && !lane.retiring)
      if (parked > 0 && isLive) throw new BrokenLaw('work-conserving', `${parked} ${each} messages are parked`, now)
    }
  }

  #checkLane(lane: LaneSnapshot, all: readonly LaneSnapshot[], now: Instant): void {
    const { identifiers, outstanding, maxOutstanding, window = maxOutstanding, queued, waitingRetries } = lane
    const ceiling = this.#ceilings.get(lane.lane) ?? 0
    this.#ceilings.set(lane.lane, Math.min(ceiling, outstanding))
    if (outstanding > Math.max(maxOutstanding, ceiling)) {
      const saw = `lane ${lane.lane} has ${outstanding} of ${maxOutstanding} outstanding`
      throw new BrokenLaw('max-outstanding', saw, now)
    }
    // What is outstanding at a removed lane to the same server counts too.
    const before = all.filter((one) => one !== lane && one.retiring && isSameServer(one, lane))
    const unanswered = before.reduce((sum, one) => sum + one.outstanding, outstanding)
    const hasRoom = identifiers.free > 0 && unanswered < window
    if (!((queued > 0 && hasRoom) || waitingRetries > 0)) return
    const left = this.#slots.leftOf(lane.lane, now)
    // Those whose clients may send no more in this slot wait rightly.
    const limited = waitingRetries > 0 ? 0 : this.#turns.limitedQueued(lane.class, this.#lanes.engine, now)
    if (left > 0 && queued > limited) {
      const saw = `lane ${lane.lane}: ${queued} wait and ${waitingRetries} retries, the slot has room for ${left}`
      throw new BrokenLaw('work-conserving', saw, now)
    }
  }
}

const isSameServer = (a: LaneSnapshot, b: LaneSnapshot): boolean =>
  a.class === b.class && a.address === b.address && a.port === b.port

/** A client gets no answer but those to its own requests. */
export class AnswerLaw implements Observer {
  wrongAnswer(client: string, why: string, now: Instant): void {
    throw new BrokenLaw('answer', `${client}: ${why}`, now)
  }
}

/** All of them, and the books that they read. */
export const allLaws = (options: EngineOptions): Observer[] =>
  withBooks(options, (books) => {
    const slots = new SlotLaw(books)
    return [
      new LedgerLaw(),
      slots,
      new IdentifierLaw(books),
      new RequestLaw(books),
      new FairnessLaw(books),
      new RefusalLaw(books),
      new SessionLaw(books),
      new CoalescingLaw(books),
      new GigawordsLaw(options),
      new WaitingLaw(books, slots),
      new AnswerLaw(),
      new LiveServerLaw(books),
      new DeadServerLaw(books),
      new FirstChoiceLaw(books),
      new SigningLaw(options),
    ]
  })

/** At the end, after time to settle without faults: nothing waits, nothing is outstanding, no server is Down. */
export const checkLiveness = (world: ObservedWorld): void => {
  const snapshot = world.engine?.inspection.snapshot(world.now)
  if (snapshot === undefined) return
  for (const each of TRAFFIC_CLASSES) {
    const { queued, outstanding } = snapshot.classes[each]
    const saw = `${queued} ${each} messages still wait, ${outstanding} are outstanding`
    if (queued + outstanding > 0) throw new BrokenLaw('liveness', saw, world.now)
  }
  const down = snapshot.lanes.find(({ state }) => state === 'down')
  if (down) throw new BrokenLaw('liveness', `${down.server} (${down.class}) is still Down`, world.now)
}
