/**
 * The laws of docs/throttling.md, watched at the network and after every step.
 *
 * Where it is possible, a law keeps its own books from what it sees at the network and does not trust the engine: see the
 * folders `network`, `health` and `records`. What can't be seen from outside (the ledger, what waits, what is free) is read
 * from the engine's snapshot, here. docs/simulation.md has the list.
 */

import { perClass, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import { PLACES } from '../../proxy/border/endings.ts'
import type { EngineOptions } from '../../proxy/border/options.ts'
import type { EngineSnapshot, LaneSnapshot } from '../../proxy/border/snapshot.ts'
import type { Instant } from '../../units.ts'
import { type Books, withBooks } from '../books/books.ts'
import { BrokenLaw, type ObservedWorld, type Observer } from '../world/observer.ts'
import { DeadServerLaw } from './health/dead-server-law.ts'
import { FirstChoiceLaw } from './health/first-choice-law.ts'
import { LiveServerLaw } from './health/live-server-law.ts'
import { IdentifierLaw } from './network/identifier-law.ts'
import { RequestLaw } from './network/request-law.ts'
import { SigningLaw } from './network/signing-law.ts'
import { SlotLaw } from './network/slot-law.ts'
import { CoalescingLaw } from './records/coalescing-law.ts'
import { GigawordsLaw } from './records/gigawords-law.ts'
import { SessionLaw } from './records/session-law.ts'

/** How often a snapshot is taken where it is not needed at once: it is dear, and what is wrong in it stays wrong. */
const AUDIT_EVERY = 64

/** received = all endings + all places, per class, after every step; and received is what came in. */
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
  readonly #books: Books
  #world: ObservedWorld | undefined
  #steps = 0
  /** A reload may lower max-outstanding below what is outstanding: then it may not grow. */
  readonly #ceilings = new Map<number, number>()
  readonly #slots: Pick<SlotLaw, 'leftOf'>

  /** `slots` has counted what left: whether a slot has room is not the engine's word. */
  constructor(books: Books, slots: Pick<SlotLaw, 'leftOf'>) {
    this.#books = books
    this.#slots = slots
  }

  begins(world: ObservedWorld): void {
    this.#world = world
  }

  reconfigured(_options: EngineOptions, now: Instant): void {
    for (const { lane, outstanding } of this.#world?.engine?.inspection.snapshot(now).lanes ?? []) {
      this.#ceilings.set(lane, outstanding)
    }
  }

  stepped(now: Instant): void {
    const engine = this.#world?.engine
    this.#steps += 1
    // Where nothing waits there is little to see, and a snapshot is dear: then only now and then.
    if (engine === undefined || !(engine.inspection.hasWaiting() || this.#steps % AUDIT_EVERY === 0)) return
    this.check(engine.inspection.overview(now), now)
  }

  check(snapshot: Pick<EngineSnapshot, 'classes' | 'lanes'>, now: Instant): void {
    for (const lane of snapshot.lanes) this.#checkLane(lane, snapshot.lanes, now)
    for (const each of TRAFFIC_CLASSES) {
      const { maxMessages, maxBytes, maxAge } = this.#books.lanes.options.queues[each]
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

  #checkLane(lane: LaneSnapshot, all: readonly LaneSnapshot[], now: Instant): void {
    const { identifiers, outstanding, maxOutstanding, queued, waitingRetries } = lane
    const ceiling = this.#ceilings.get(lane.lane) ?? 0
    this.#ceilings.set(lane.lane, Math.min(ceiling, outstanding))
    if (outstanding > Math.max(maxOutstanding, ceiling)) {
      throw new BrokenLaw(
        'max-outstanding',
        `lane ${lane.lane} has ${outstanding} of ${maxOutstanding} outstanding`,
        now,
      )
    }
    // What is outstanding at a removed lane to the same server counts there too.
    const before = all.filter((one) => one !== lane && one.retiring && isSameServer(one, lane))
    const unanswered = before.reduce((sum, one) => sum + one.outstanding, outstanding)
    const hasRoom = identifiers.free > 0 && unanswered < maxOutstanding
    if (!((queued > 0 && hasRoom) || waitingRetries > 0)) return
    const left = this.#slots.leftOf(lane.lane, now)
    if (left > 0) {
      const saw = `lane ${lane.lane}: ${queued} wait and ${waitingRetries} retries, the slot has room for ${left}`
      throw new BrokenLaw('work-conserving', saw, now)
    }
  }
}

const isSameServer = (a: LaneSnapshot, b: LaneSnapshot): boolean =>
  a.class === b.class && a.address === b.address && a.port === b.port

/** No client ever gets an answer that is not to its own request. */
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

/** At the end, with the faults off and time to settle: nothing waits, nothing is outstanding. */
export const checkLiveness = (world: ObservedWorld): void => {
  const snapshot = world.engine?.inspection.snapshot(world.now)
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
