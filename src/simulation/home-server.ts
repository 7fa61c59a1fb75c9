/**
 * A simulated RADIUS server: it does so much a second, keeps a bounded backlog in order, and knows nothing of patience.
 *
 * That is the collapse under overload: what lies in the backlog longer than its asker waits is work for nothing, and the
 * server does it all the same. It can also be slow, dead, restarting, answer twice or late, or know another secret.
 */
import { checkRequest } from '../radius/authenticator.ts'
import { ACCESS_ACCEPT, ACCESS_CHALLENGE, ACCESS_REQUEST, ACCOUNTING_RESPONSE, STATUS_SERVER } from '../radius/codes.ts'
import { type Packet, readPacket } from '../radius/packet.ts'
import type { Secret } from '../radius/secret.ts'
import { after, type Duration, type Instant, MICROS_PER_SECOND, micros, type TrafficClass } from '../units.ts'
import type { Actor, Agenda } from './agenda.ts'
import { answerTo } from './packets.ts'
import type { Random } from './random.ts'

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
interface Job<Mark> {
  readonly packet: Packet
  readonly class: TrafficClass
  readonly mark: Mark
}

type Topic<Mark> = { readonly kind: 'work' } | { readonly kind: 'answer'; readonly job: Job<Mark> }

/** What becomes of the answers: the world carries them back over the network. */
export interface Answers<Mark> {
  answer(server: HomeServer<Mark>, mark: Mark, bytes: Uint8Array, now: Instant): void
  /** A message was worked off, whether or not anybody still waits for it. */
  worked?(server: HomeServer<Mark>, packet: Packet, now: Instant): void
}

export class HomeServer<Mark> implements Actor<Topic<Mark>> {
  readonly plan: ServerPlan
  readonly #agenda: Agenda
  readonly #random: Random
  readonly #answers: Answers<Mark>
  /** In the order of arrival; `#head` is the next. */
  #jobs: Job<Mark>[] = []
  #head = 0
  #isWorking = false
  /** Counts restarts: work of an earlier life is lost. */
  #life = 0
  isUp = true
  latency: Duration
  secret: Secret
  received = 0
  worked = 0
  /** Came while the backlog was full, or while it was dead. */
  lost = 0
  states = 0

  constructor(plan: ServerPlan, o: { agenda: Agenda; random: Random; answers: Answers<Mark> }) {
    this.plan = plan
    this.#agenda = o.agenda
    this.#random = o.random
    this.#answers = o.answers
    this.latency = plan.latency
    this.secret = plan.secret
  }

  get waiting(): number {
    return this.#jobs.length - this.#head
  }

  /** What waits of one class, oldest first. */
  packetsOf(trafficClass: TrafficClass): Packet[] {
    return this.#jobs
      .slice(this.#head)
      .filter((job) => job.class === trafficClass)
      .map(({ packet }) => packet)
  }

  /** A datagram came in. One that does not verify is not worth an answer (RFC 2865 section 3). */
  take(trafficClass: TrafficClass, mark: Mark, bytes: Uint8Array, now: Instant): void {
    this.received += 1
    if (!this.isUp || this.waiting >= this.plan.backlog) {
      this.lost += 1
      return
    }
    const packet = readPacket(bytes)
    if (typeof packet === 'string' || checkRequest(packet, trafficClass, this.secret) !== undefined) {
      this.lost += 1
      return
    }
    this.#jobs.push({ packet, class: trafficClass, mark })
    if (!this.#isWorking) this.#work(now)
  }

  /** Dead from now on: what waits there is lost. */
  die(): void {
    this.isUp = false
    this.#life += 1
    this.lost += this.waiting
    this.#jobs = []
    this.#head = 0
    this.#isWorking = false
  }

  rise(): void {
    this.isUp = true
  }

  act(topic: Topic<Mark> & { life?: number }, now: Instant): void {
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
    const job = this.#jobs[this.#head] as Job<Mark>
    this.#head += 1
    if (this.#head > 1024 && this.#head * 2 > this.#jobs.length) {
      this.#jobs = this.#jobs.slice(this.#head)
      this.#head = 0
    }
    this.worked += 1
    this.#answers.worked?.(this, job.packet, now)
    if (this.latency === 0) this.#answer(job, now)
    else
      this.#agenda.at(after(now, this.latency), this as Actor<unknown>, { kind: 'answer', job, life: this.#life })
    if (this.waiting > 0) this.#work(now)
    else this.#isWorking = false
  }

  #answer(job: Job<Mark>, now: Instant): void {
    const bytes = this.#answerTo(job)
    this.#answers.answer(this, job.mark, bytes, now)
    if (this.#random.chance(this.plan.answersTwice)) this.#answers.answer(this, job.mark, bytes, now)
  }

  #answerTo({ packet, class: trafficClass }: Job<Mark>): Uint8Array {
    const { secret } = this
    if (packet.code === STATUS_SERVER) {
      return answerTo({
        request: packet,
        code: trafficClass === 'authentication' ? ACCESS_ACCEPT : ACCOUNTING_RESPONSE,
        secret,
      })
    }
    if (packet.code !== ACCESS_REQUEST) return answerTo({ request: packet, code: ACCOUNTING_RESPONSE, secret })
    if (packet.stateAt === 0 && this.#random.chance(this.plan.challenges)) {
      this.states += 1
      const state = new TextEncoder().encode(`${this.plan.name}:${this.states}`)
      return answerTo({ request: packet, code: ACCESS_CHALLENGE, secret, state })
    }
    return answerTo({ request: packet, code: ACCESS_ACCEPT, secret })
  }
}
