/**
 * The loop: gives the engine what arrived and the time.
 *
 * A turn is: what arrived, responses first; then the engine serves, in steps, with a `flush` after each. The clock is read once a
 * turn, once more after many arrivals and for each further step: what a slot allows leaves within it. What a transport hands over
 * between two turns gets a reading of its own. `turn.ts` decides how long a turn serves. The transport's `Pace` calls the turns: what
 * waits for a socket must also wait for the moment.
 *
 * A packet at which something throws is dropped, noted, and touches no other. What throws while the engine serves belongs
 * to no packet. It is a bug in the books themselves, and nothing catches it here, so that the thread ends.
 */
import type { TrafficClass } from '../classes.ts'
import type { Peer } from '../proxy/border/events.ts'
import type { Journal } from '../proxy/border/ports.ts'
import { type Duration, type Instant, instant } from '../units.ts'
import type { Clock } from './clock.io.ts'
import type { Arrivals, Delay, LinkChange, Pace, Transport } from './ports.ts'
import { STEP_MESSAGES, servesOn } from './turn.ts'

/** The engine as the loop needs it. */
export interface Served {
  receive(trafficClass: TrafficClass, from: Peer, octets: Uint8Array, now: Instant, age?: Duration): void
  respond(lane: number, port: number, octets: Uint8Array, now: Instant): void
  probeAnswered(lane: number, octets: Uint8Array, now: Instant): void
  refused(lane: number, port: number, now: Instant, quoted?: Uint8Array): void
  serve(now: Instant, atMost: number): boolean
  nextWakeAt(now: Instant): Instant | undefined
}

export interface LoopOptions {
  readonly engine: Served
  readonly transport: Pick<Transport, 'deliver' | 'flush' | 'pace'>
  readonly journal: Journal
  readonly clock: Clock
}

const NO_OCTETS = new Uint8Array(0)

export class Loop implements Arrivals {
  readonly #engine: Served
  readonly #transport: LoopOptions['transport']
  readonly #journal: Journal
  readonly #clock: Clock
  readonly #pace: Pace
  /** The time of the turn, while there is one. */
  #now = instant(0)
  #isInTurn = false
  /** Datagrams that this turn has taken in. */
  #arrived = 0
  #stopped = false

  constructor({ engine, transport, journal, clock }: LoopOptions) {
    this.#engine = engine
    this.#transport = transport
    this.#journal = journal
    this.#clock = clock
    this.#pace = transport.pace(() => this.#run(), clock)
  }

  pending(): void {
    this.kick()
  }

  request(trafficClass: TrafficClass, from: Peer, octets: Uint8Array, age?: Duration): void {
    if (this.#stopped) return
    const now = this.#time()
    this.#arrived += 1
    try {
      this.#engine.receive(trafficClass, from, octets, now, age)
    } catch (error) {
      this.#failed('receive', error, octets, now)
    }
  }

  response(lane: number, link: number, octets: Uint8Array): void {
    if (this.#stopped) return
    const now = this.#time()
    this.#arrived += 1
    try {
      this.#engine.respond(lane, link, octets, now)
    } catch (error) {
      this.#failed('respond', error, octets, now)
    }
    this.kick()
  }

  probeAnswer(lane: number, octets: Uint8Array): void {
    this.#guard('probeAnswered', octets, (now) => this.#engine.probeAnswered(lane, octets, now))
  }

  /** Over UDP, `up` and `down` say nothing new to the engine: what is sent into a link that is down is lost. */
  linkChanged(lane: number, link: number, to: LinkChange, quoted?: Uint8Array): void {
    if (to !== 'refused') return
    this.#guard('refused', quoted ?? NO_OCTETS, (now) => this.#engine.refused(lane, link, now, quoted))
  }

  /** Lets the engine run once the sockets were read: after an arrival, a reload, the start of a drain. */
  kick(): void {
    if (!this.#isInTurn) this.#pace.kick()
  }

  /** Nothing is handed over from now on. */
  stop(): void {
    this.#stopped = true
    this.#pace.stop()
  }

  /** The thread has something else to do beside packets, in steps. */
  rest(): void {
    this.#pace.rest()
  }

  /** How late what arrives comes to its turn, since this was asked last. */
  delay(): Delay {
    return this.#pace.delay()
  }

  #run(): void {
    if (this.#stopped) return
    this.#now = this.#clock()
    this.#isInTurn = true
    this.#arrived = 0
    this.#transport.deliver()
    // To take in many lasts milliseconds, and a slot may have ended meanwhile.
    if (this.#arrived > STEP_MESSAGES) this.#now = this.#clock()
    const isMore = this.#serve()
    this.#isInTurn = false
    if (isMore) this.#pace.kick()
    else this.#aim()
  }

  /** True if there is more to do. */
  #serve(): boolean {
    const began = this.#now
    for (;;) {
      const isMore = this.#engine.serve(this.#now, STEP_MESSAGES)
      // What a slot allows leaves within it, not some steps later.
      this.#transport.flush()
      if (!isMore) return false
      this.#now = this.#clock()
      if (!servesOn(began, this.#now)) return true
    }
  }

  /** Sees to it that the next turn comes at the engine's next moment. */
  #aim(): void {
    const moment = this.#engine.nextWakeAt(this.#now)
    if (moment !== undefined) this.#pace.aim(moment, this.#now)
  }

  #time(): Instant {
    return this.#isInTurn ? this.#now : this.#clock()
  }

  /** For what is rare: `request` and `response` do the same without a closure for each datagram. */
  #guard(where: string, octets: Uint8Array, act: (now: Instant) => void): void {
    if (this.#stopped) return
    const now = this.#time()
    try {
      act(now)
    } catch (error) {
      this.#failed(where, error, octets, now)
    }
    this.kick()
  }

  #failed(where: string, error: unknown, octets: Uint8Array, now: Instant): void {
    this.#journal.note({ kind: 'internal-error', where, error, bytes: octets }, now)
  }
}
