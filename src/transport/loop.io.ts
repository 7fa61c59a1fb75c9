/**
 * The loop: gives the engine what arrived and the time, and owns the only timer of the packet path.
 *
 * Responses go to the engine the moment they are read, requests are collected and follow when all readable sockets
 * were read: a response frees an identifier, a request wants one (RFC 5080 section 2.2.3). Then the engine serves in
 * steps of 32 messages, each with a fresh reading of the clock, for 25 ms at most; then sockets are read again.
 *
 * The timer aims at an absolute moment and is aimed anew after each wake, so lateness never adds up. One that comes too
 * early for what is left to wait for stays: each request in flight moves the next moment, and the timer with it would cost
 * more than one wake for nothing. Timers have a
 * grain of 1 ms: the last stretch is spent polling the sockets, so that a slot is entered as it begins.
 *
 * A packet at which something throws is dropped, noted, and touches no other. What throws while the engine serves belongs
 * to no packet: it is a bug in the books themselves, and nothing catches it here, so that the process ends.
 */

import type { TrafficClass } from '../classes.ts'
import type { Peer } from '../proxy/border/events.ts'
import type { Journal } from '../proxy/border/ports.ts'
import { type Instant, millis } from '../units.ts'
import type { Clock } from './clock.io.ts'
import type { Arrivals } from './sockets.io.ts'

const STEP_MESSAGES = 32
const SERVE_AT_MOST = millis(25)
/** Below this a sleep could end too late; poll instead. */
const TOO_SHORT_TO_SLEEP = 1_200
const TIMER_MARGIN = 200
/** setTimeout's own limit is 2^31 - 1; waking once an hour for nothing costs nothing. */
const LONGEST_SLEEP_MS = 3_600_000

/** The engine as the loop needs it. */
export interface Served {
  receive(trafficClass: TrafficClass, from: Peer, bytes: Uint8Array, now: Instant): void
  respond(lane: number, port: number, bytes: Uint8Array, now: Instant): void
  probeAnswered(lane: number, bytes: Uint8Array, now: Instant): void
  refused(lane: number, port: number, now: Instant): void
  serve(now: Instant, atMost: number): boolean
  nextWakeAt(now: Instant): Instant | undefined
}

interface Waiting {
  readonly class: TrafficClass
  readonly from: Peer
  readonly bytes: Uint8Array
}

const NO_BYTES = new Uint8Array(0)

export class Loop implements Arrivals {
  readonly #engine: Served
  readonly #journal: Journal
  readonly #clock: Clock
  /** Bounded by what the sockets hand over in one turn of the event loop: libuv reads at most 32 datagrams of each. */
  #arrived: Waiting[] = []
  #turn: NodeJS.Immediate | undefined
  #timer: NodeJS.Timeout | undefined
  #timerAt: Instant | undefined
  #stopped = false

  constructor(engine: Served, journal: Journal, clock: Clock) {
    this.#engine = engine
    this.#journal = journal
    this.#clock = clock
  }

  request(trafficClass: TrafficClass, from: Peer, bytes: Uint8Array): void {
    this.#arrived.push({ class: trafficClass, from, bytes })
    this.kick()
  }

  response(lane: number, port: number, bytes: Uint8Array): void {
    if (this.#stopped) return
    const now = this.#clock()
    try {
      this.#engine.respond(lane, port, bytes, now)
    } catch (error) {
      this.#failed('respond', error, bytes, now)
    }
    this.kick()
  }

  probeAnswer(lane: number, bytes: Uint8Array): void {
    this.#guard('probeAnswered', bytes, (now) => this.#engine.probeAnswered(lane, bytes, now))
    this.kick()
  }

  refused(lane: number, port: number): void {
    this.#guard('refused', NO_BYTES, (now) => this.#engine.refused(lane, port, now))
    this.kick()
  }

  /** Lets the engine run once the sockets were read: after an arrival, a reload, the start of a drain. */
  kick(): void {
    if (this.#turn !== undefined || this.#stopped) return
    this.#turn = setImmediate(this.#run)
  }

  /** Nothing is handed over from now on. */
  stop(): void {
    this.#stopped = true
    if (this.#turn !== undefined) clearImmediate(this.#turn)
    this.#turn = undefined
    this.#disarm()
    this.#arrived = []
  }

  readonly #run = (): void => {
    this.#turn = undefined
    if (this.#arrived.length > 0) this.#receiveAll()
    const isMore = this.#serve()
    if (isMore) this.kick()
    else this.#aim()
  }

  #receiveAll(): void {
    const arrived = this.#arrived
    this.#arrived = []
    // They waited in the sockets together: one moment is as true for all of them as many would be.
    const now = this.#clock()
    for (const one of arrived) {
      try {
        this.#engine.receive(one.class, one.from, one.bytes, now)
      } catch (error) {
        this.#failed('receive', error, one.bytes, now)
      }
    }
  }

  /** Serves for 25 ms at most; true where there is more to do. */
  #serve(): boolean {
    const began = this.#clock()
    let now = began
    while (this.#engine.serve(now, STEP_MESSAGES)) {
      now = this.#clock()
      if (now - began >= SERVE_AT_MOST) return true
    }
    return false
  }

  /** Sees to it that #run comes at the engine's next moment: by a timer while it is far, by polling when it is near. */
  #aim(): void {
    const now = this.#clock()
    const wakeAt = this.#engine.nextWakeAt(now)
    if (wakeAt === undefined) return
    if (wakeAt - now <= TOO_SHORT_TO_SLEEP) this.kick()
    else if (this.#timerAt === undefined || this.#timerAt > wakeAt) this.#sleepUntil(wakeAt, now)
  }

  #sleepUntil(wakeAt: Instant, now: Instant): void {
    this.#disarm()
    this.#timerAt = wakeAt
    const sleep = Math.min(LONGEST_SLEEP_MS, Math.floor((wakeAt - now - TIMER_MARGIN) / 1_000))
    this.#timer = setTimeout(this.#timeUp, sleep)
  }

  readonly #timeUp = (): void => {
    this.#timer = undefined
    this.#timerAt = undefined
    if (this.#turn === undefined && !this.#stopped) this.#run()
  }

  #disarm(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer)
    this.#timer = undefined
    this.#timerAt = undefined
  }

  /** For what is rare: `request` and `response` do the same without a closure for each datagram. */
  #guard(where: string, bytes: Uint8Array, act: (now: Instant) => void): void {
    if (this.#stopped) return
    const now = this.#clock()
    try {
      act(now)
    } catch (error) {
      this.#failed(where, error, bytes, now)
    }
  }

  #failed(where: string, error: unknown, bytes: Uint8Array, now: Instant): void {
    this.#journal.note({ kind: 'internal-error', where, error, bytes }, now)
  }
}
