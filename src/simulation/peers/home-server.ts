/**
 * A simulated RADIUS server: it works off a number of messages a second, in order, from a bounded backlog.
 *
 * It does not look at a message's age. So under overload it works for clients that have given up, which is how real servers
 * collapse. It can also be slow, dead, restarting, answer twice or late, know another secret, or be in trouble
 * (`trouble.ts`). Its last answers are remembered for an attacker who sends them again.
 */

import { CLASS_TRAITS, type TrafficClass } from '../../classes.ts'
import { ACCESS_CHALLENGE, ACCESS_REQUEST, STATUS_SERVER } from '../../codes.ts'
import { checkRequest } from '../../radius/authenticator.ts'
import { type Packet, readPacket } from '../../radius/packet.ts'
import type { Secret } from '../../radius/secret.ts'
import { after, type Duration, type Instant, MICROS_PER_SECOND, micros } from '../../units.ts'
import type { Actor, Agenda } from './agenda.ts'
import { Fifo } from './fifo.ts'
import { answerTo } from './packets.ts'
import type { Random } from './random.ts'
import type { Refusing } from './refusing.ts'
import { isDroppedByAll, isSilentFor, NO_TROUBLE, type Trouble } from './trouble.ts'

export interface ServerPlan {
  readonly name: string
  readonly secret: Secret
  /** Messages a second that it works off at first, both classes together. */
  readonly capacity: number
  /** Messages that can wait there. More are lost. */
  readonly backlog: number
  /** Time that an answer takes in addition to the work, as with a slow database. */
  readonly latency: Duration
  /** Probability of each answer being sent twice, 0-1. */
  readonly answersTwice: number
  /** Probability that an Access-Request without State gets a Challenge first. */
  readonly challenges: number
  /** While it is dead, its host refuses datagrams (ECONNREFUSED). */
  readonly refuses?: boolean
  /** What ICMP errors about its port quote. They quote nothing by default. */
  readonly refusing?: Refusing
}

/** A message that waits, and where its answer goes. */
interface Job<Envelope> {
  readonly packet: Packet
  readonly class: TrafficClass
  readonly envelope: Envelope
}

const REMEMBERED_ANSWERS = 32

/** `job` is to be answered; without it, one is worked off. */
interface Topic<Envelope> {
  readonly life: number
  readonly job?: Job<Envelope>
}

/** What a server needs of the world. */
interface ServerPorts<Envelope> {
  readonly agenda: Agenda
  readonly random: Random
  readonly answer: (envelope: Envelope, bytes: Uint8Array, now: Instant) => void
  /** A message was worked off, whether or not anybody still waits for it. */
  readonly worked: (packet: Packet, now: Instant) => void
}

export class HomeServer<Envelope> implements Actor<Topic<Envelope>> {
  readonly plan: ServerPlan
  readonly #ports: ServerPorts<Envelope>
  readonly #jobs = new Fifo<Job<Envelope>>()
  #isWorking = false
  /** Counts restarts: work of an earlier life is lost. */
  #life = 0
  isUp = true
  trouble: Trouble = NO_TROUBLE
  /** Messages a second. A change holds from the next message on. */
  capacity: number
  secret: Secret
  received = 0
  worked = 0
  /** Came while the backlog was full, or while it was dead. */
  lost = 0
  #challenges = 0
  /** Requests that it could answer. */
  #asked = 0
  #lastAnswerAt = Number.NEGATIVE_INFINITY
  readonly #former: { readonly envelope: Envelope; readonly bytes: Uint8Array }[] = []

  constructor(plan: ServerPlan, ports: ServerPorts<Envelope>) {
    this.plan = plan
    this.#ports = ports
    this.secret = plan.secret
    this.capacity = plan.capacity
  }

  get waiting(): number {
    return this.#jobs.size
  }

  /** What waits of one class, oldest first. */
  packetsOf(trafficClass: TrafficClass): Packet[] {
    return this.#jobs
      .all()
      .filter((job) => job.class === trafficClass)
      .map(({ packet }) => packet)
  }

  /** A datagram came in. One that does not verify is not worth an answer (RFC 2865 section 3). */
  receive(trafficClass: TrafficClass, envelope: Envelope, bytes: Uint8Array, now: Instant): void {
    this.received += 1
    const hasRoom = this.isUp && this.trouble.losesAll !== true && this.waiting < this.plan.backlog
    const packet = hasRoom && !isDroppedByAll(bytes) ? readPacket(bytes) : undefined
    if (typeof packet !== 'object' || checkRequest(packet, trafficClass, this.secret) !== undefined) {
      this.lost += 1
      return
    }
    this.#jobs.push({ packet, class: trafficClass, envelope })
    if (!this.#isWorking) this.#work(now)
  }

  /** Dead from now on: what waits there is lost. */
  die(): void {
    this.isUp = false
    this.#life += 1
    this.lost += this.waiting
    this.#jobs.clear()
    this.#isWorking = false
  }

  rise(): void {
    this.isUp = true
  }

  /** An attacker on the path sends its last answers once more. */
  replay(now: Instant): void {
    for (const { envelope, bytes } of this.#former) this.#ports.answer(envelope, bytes, now)
  }

  act({ life, job }: Topic<Envelope>, now: Instant): void {
    if (life !== this.#life) return
    if (job !== undefined) this.#answer(job, now)
    else this.#finishWork(now)
  }

  #work(now: Instant): void {
    this.#isWorking = true
    const cost = micros(Math.round(MICROS_PER_SECOND / this.capacity))
    this.#ports.agenda.at(after(now, cost), this, { life: this.#life })
  }

  #finishWork(now: Instant): void {
    const job = this.#jobs.shift()
    this.worked += 1
    this.#ports.worked(job.packet, now)
    const isProbe = job.packet.code === STATUS_SERVER
    const latency = (isProbe ? undefined : this.trouble.latency) ?? this.plan.latency
    if (!this.#willAnswer(job.packet, now)) this.lost += 1
    else if (latency === 0) this.#answer(job, now)
    else this.#ports.agenda.at(after(now, latency), this, { life: this.#life, job })
    if (this.waiting > 0) this.#work(now)
    else this.#isWorking = false
  }

  #answer(job: Job<Envelope>, now: Instant): void {
    const bytes = this.#answerTo(job)
    this.#ports.answer(job.envelope, bytes, now)
    this.#former.push({ envelope: job.envelope, bytes })
    if (this.#former.length > REMEMBERED_ANSWERS) this.#former.shift()
    if (this.#ports.random.chance(this.plan.answersTwice)) this.#ports.answer(job.envelope, bytes, now)
  }

  #willAnswer(packet: Packet, now: Instant): boolean {
    const { silentFor, oneOf = 1, oneEach, answersProbesOnly = false } = this.trouble
    if (packet.code === STATUS_SERVER) return true
    if (answersProbesOnly || (silentFor && isSilentFor(silentFor, packet))) return false
    this.#asked += 1
    if (this.#asked % oneOf !== 0) return false
    if (oneEach !== undefined && now < this.#lastAnswerAt + oneEach) return false
    this.#lastAnswerAt = now
    return true
  }

  #answerTo({ packet, class: trafficClass }: Job<Envelope>): Uint8Array {
    const { secret } = this
    const isNew = packet.code === ACCESS_REQUEST && packet.stateAt === 0
    if (isNew && this.#ports.random.chance(this.plan.challenges)) {
      this.#challenges += 1
      const state = new TextEncoder().encode(`${this.plan.name}:${this.#challenges}`)
      return answerTo({ request: packet, code: ACCESS_CHALLENGE, secret, state })
    }
    const [code] = CLASS_TRAITS[trafficClass].responses
    const isUnforwardable = this.trouble.isUnforwardable === true && packet.code !== STATUS_SERVER
    return answerTo({ request: packet, code, secret, isUnforwardable })
  }
}
