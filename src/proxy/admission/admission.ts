/**
 * Whether a datagram from a client becomes a request: an ordered list of steps.
 *
 * `steps` is the order, and the order matters. Proof comes before anything that remembers the packet. A retransmission is
 * answered also while the engine drains. A record is observed only if nothing has refused it. The last step gives the
 * request its place in the queues. The ledger counts every arrival but a Status-Server request, which ends before.
 */
import { perClass, RECORD_CLASS, type TrafficClass } from '../../classes.ts'
import { type Duration, type Instant, instant } from '../../units.ts'
import type { Peer } from '../border/events.ts'
import { ENTRY } from '../register/ledger.ts'
import type { Register } from '../register/register.ts'
import { Request, startCourse } from '../work/request.ts'
import { type AdmissionStep, Arrival, type ProvenArrival, type Verdict } from './arrival.ts'
import type { Coalescing } from './coalescing.ts'
import type { Intake } from './intake.ts'
import type { RecordWatch } from './record-watch.ts'
import type { Repetition } from './repetition.ts'
import type { StatusServer } from './status-server.ts'

export class Admission {
  readonly steps: readonly AdmissionStep[]
  isDraining = false
  /** Rises by one with each request that takes a place in the queues. */
  admitted = 0
  /**
   * By class: when the last of these was received. Each socket has its own backlog, so what is read later may have come
   * earlier. The queues stand in the order of reading and expire from their head: nobody may be older than those before it. So
   * it counts as received with the one before it, and expires a little later than it could.
   */
  readonly #latest = perClass(() => instant(0))
  readonly #register: Register

  constructor(o: {
    readonly register: Register
    readonly intake: Intake
    readonly statusServer: StatusServer
    readonly repetition: Repetition
    readonly recordWatch: RecordWatch
    readonly coalescing: Coalescing
  }) {
    const { intake, statusServer, repetition, recordWatch, coalescing } = o
    this.#register = o.register
    this.steps = [
      step('from-ourselves', ({ from }) => (from.isOurs === true ? 'from-ourselves' : 'goes-on')),
      step('intake', (arrival, now) => intake.admit(arrival, now)),
      proven('status-server', (arrival, now) => statusServer.admit(arrival, this.isDraining, now)),
      step('ledger', (arrival) => this.#count(arrival)),
      proven('repetition', (arrival, now) => repetition.admit(arrival, now)),
      step('draining', () => (this.isDraining ? 'draining' : 'goes-on')),
      proven('record-watch', (arrival, now) => recordWatch.admit(arrival, now)),
      proven('coalescing', (arrival, now) => coalescing.admit(arrival, now)),
      proven('register', (arrival, now) => this.#enter(arrival, now)),
    ]
  }

  receive(trafficClass: TrafficClass, from: Peer, octets: Uint8Array, now: Instant, age: Duration): void {
    const receivedAt = instant(Math.max(now - age, this.#latest[trafficClass]))
    const arrival = new Arrival(trafficClass, from, octets, receivedAt)
    for (const { admit } of this.steps) {
      const verdict = admit(arrival, now)
      if (verdict === 'goes-on') continue
      if (verdict === 'ends') return
      if (!arrival.isCounted) this.#count(arrival)
      const { client } = arrival
      this.#register.refuse({ class: trafficClass, reason: verdict, client, from, bytes: octets }, now)
      return
    }
  }

  #count(arrival: Arrival): Verdict {
    arrival.isCounted = true
    this.#register.ledgers[arrival.class].count(ENTRY.received)
    return 'goes-on'
  }

  #enter(arrival: ProvenArrival, now: Instant): Verdict {
    this.admitted += 1
    const { class: its, receivedAt } = arrival
    this.#latest[its] = receivedAt
    const { octets, flows, sessions } = this.#register.places
    // Records of one session keep their order: they have turns together.
    const itsSessions = its === RECORD_CLASS ? sessions.flowOf(arrival.from.address, arrival.packet) : undefined
    const flow = itsSessions ?? flows.of(arrival.client, arrival)
    const request = new Request({ arrival: this.admitted, class: its, origin: arrival, flow, octets, receivedAt })
    if (arrival.wraps !== undefined) startCourse(request).wraps = arrival.wraps
    this.#register.admit(request, arrival, now)
    return 'ends'
  }
}

/** All steps are made here and so have one shape: a call of any of them costs the same. */
const step = (name: string, admit: (arrival: Arrival, now: Instant) => Verdict): AdmissionStep => ({ name, admit })

/** A step behind the intake. */
const proven = (name: string, admit: (arrival: ProvenArrival, now: Instant) => Verdict): AdmissionStep =>
  step(name, admit as AdmissionStep['admit'])
