/**
 * A simulated RADIUS server: it does so much a second, keeps a bounded backlog in order, and knows nothing of patience.
 *
 * That is the collapse under overload: what lies in the backlog longer than its asker waits is work for nothing, and the
 * server does it all the same. It can also be slow, dead, restarting, answer twice or late, know another secret, or be in
 * trouble (`trouble.ts`). Its answers of old are remembered for an attacker on the path who sends them again.
 */

import { CLASS_TRAITS, type TrafficClass } from '../../classes.ts'
import { ACCESS_ACCEPT, ACCESS_CHALLENGE, ACCESS_REQUEST, ACCOUNTING_RESPONSE, STATUS_SERVER } from '../../codes.ts'
import { checkRequest } from '../../radius/authenticator.ts'
import { type Packet, readPacket } from '../../radius/packet.ts'
import type { Secret } from '../../radius/secret.ts'
import { after, type Duration, type Instant, MICROS_PER_SECOND, micros } from '../../units.ts'
import type { Actor, Agenda } from './agenda.ts'
import { Fifo } from './fifo.ts'
import { answerTo } from './packets.ts'
import type { Random } from './random.ts'
import { isDroppedByAll, isSilentFor, NO_TROUBLE, type Trouble } from './trouble.ts'

export interface ServerPlan {
  readonly name: string
  readonly secret: Secret
  /** Messages a second that it works off. */
  readonly capacity: number
  /** Messages that wait there; what comes beyond is lost. */
  readonly backlog: number
  /** Time that passes beside the work: a slow database. */
  readonly latency: Duration
  /** Probability of each answer being sent twice, 0-1. */
  readonly answersTwice: number
  /** Probability that an Access-Request without State gets a Challenge first. */
  readonly challenges: number
  /** While it is dead, its host says so (ECONNREFUSED); else there is silence. */
  readonly refuses?: boolean
}

/** A message that arrived, and the way back. */
interface Job<Envelope> {
  readonly packet: Packet
  readonly class: TrafficClass
  readonly envelope: Envelope
}

/** Answers that are remembered, for who sends them again. */
const REMEMBERED_ANSWERS = 32

type Topic<Envelope> = { readonly kind: 'work' } | { readonly kind: 'answer'; readonly job: Job<Envelope> }

/** What becomes of the answers: the world carries them back over the network. */
export interface Answers<Envelope> {
  answer(server: HomeServer<Envelope>, envelope: Envelope, bytes: Uint8Array, now: Instant): void
  /** A message was worked off, whether or not anybody still waits for it. */
  worked?(server: HomeServer<Envelope>, packet: Packet, now: Instant): void
}

export class HomeServer<Envelope> implements Actor<Topic<Envelope>> {
  readonly plan: ServerPlan
  readonly #agenda: Agenda
  readonly #random: Random
  readonly #answers: Answers<Envelope>
  readonly #jobs = new Fifo<Job<Envelope>>()
  #isWorking = false
  /** Counts restarts: work of an earlier life is lost. */
  #life = 0
  isUp = true
  trouble: Trouble = NO_TROUBLE
  secret: Secret
  received = 0
  worked = 0
  /** Came while the backlog was full, or while it was dead. */
  lost = 0
  states = 0
  /** Requests that could be answered, and when the last of them was: for servers that answer few. */
  #asked = 0
  #lastAnswerAt = Number.NEGATIVE_INFINITY
  readonly #former: { readonly envelope: Envelope; readonly bytes: Uint8Array }[] = []

  constructor(plan: ServerPlan, o: { agenda: Agenda; random: Random; answers: Answers<Envelope> }) {
    this.plan = plan
    this.#agenda = o.agenda
    this.#random = o.random
    this.#answers = o.answers
    this.secret = plan.secret
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
    if (!this.isUp || this.trouble.losesAll === true || this.waiting >= this.plan.backlog) {
      this.lost += 1
      return
    }
    const packet = readPacket(bytes)
    if (
      typeof packet === 'string' ||
      isDroppedByAll(bytes) ||
      checkRequest(packet, trafficClass, this.secret) !== undefined
    ) {
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
    for (const { envelope, bytes } of this.#former) this.#answers.answer(this, envelope, bytes, now)
  }

  act(topic: Topic<Envelope> & { life?: number }, now: Instant): void {
    if (topic.life !== this.#life) return
    if (topic.kind === 'answer') this.#answer(topic.job, now)
    else this.#finishWork(now)
  }

  #work(now: Instant): void {
    this.#isWorking = true
    const cost = Math.round(MICROS_PER_SECOND / this.plan.capacity)
    this.#agenda.at(after(now, micros(cost)), this as Actor<unknown>, { kind: 'work', life: this.#life })
  }

  #finishWork(now: Instant): void {
    const job = this.#jobs.shift()
    this.worked += 1
    this.#answers.worked?.(this, job.packet, now)
    const isProbe = job.packet.code === STATUS_SERVER
    const latency = (isProbe ? undefined : this.trouble.latency) ?? this.plan.latency
    if (!this.#willAnswer(job.packet, now)) this.lost += 1
    else if (latency === 0) this.#answer(job, now)
    else this.#agenda.at(after(now, latency), this as Actor<unknown>, { kind: 'answer', job, life: this.#life })
    if (this.waiting > 0) this.#work(now)
    else this.#isWorking = false
  }

  #answer(job: Job<Envelope>, now: Instant): void {
    const bytes = this.#answerTo(job)
    this.#answers.answer(this, job.envelope, bytes, now)
    this.#former.push({ envelope: job.envelope, bytes })
    if (this.#former.length > REMEMBERED_ANSWERS) this.#former.shift()
    if (this.#random.chance(this.plan.answersTwice)) this.#answers.answer(this, job.envelope, bytes, now)
  }

  #willAnswer(packet: Packet, now: Instant): boolean {
    const { silentFor, oneOf = 1, oneEach, answersProbesOnly = false } = this.trouble
    if (packet.code === STATUS_SERVER) return true
    if (answersProbesOnly || (silentFor !== undefined && isSilentFor(silentFor, packet))) return false
    this.#asked += 1
    if (this.#asked % oneOf !== 0) return false
    if (oneEach !== undefined && now < this.#lastAnswerAt + oneEach) return false
    this.#lastAnswerAt = now
    return true
  }

  #answerTo({ packet, class: trafficClass }: Job<Envelope>): Uint8Array {
    const { secret } = this
    const { isUnforwardable = false } = this.trouble
    if (packet.code === STATUS_SERVER) {
      return answerTo({
        request: packet,
        code: CLASS_TRAITS[trafficClass].responses[0],
        secret,
      })
    }
    if (packet.code !== ACCESS_REQUEST)
      return answerTo({ request: packet, code: ACCOUNTING_RESPONSE, secret, isUnforwardable })
    if (packet.stateAt === 0 && this.#random.chance(this.plan.challenges)) {
      this.states += 1
      const state = new TextEncoder().encode(`${this.plan.name}:${this.states}`)
      return answerTo({ request: packet, code: ACCESS_CHALLENGE, secret, state })
    }
    return answerTo({ request: packet, code: ACCESS_ACCEPT, secret, isUnforwardable })
  }
}
