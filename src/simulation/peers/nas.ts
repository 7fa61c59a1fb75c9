/**
 * A simulated client: a BNG with sessions, and the retransmission rules that real ones have.
 *
 * A session dials (Access-Request, maybe a Challenge), comes up, sends Start, interim updates and Stop. Each request is sent
 * again with the same identifier until it is answered or the tries are used up. A retransmitted record may carry a new
 * Acct-Delay-Time, which makes it a new packet with a new identifier (RFC 2866 section 5.2).
 */

import { type PerClass, perClass, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import { ACCESS_ACCEPT, ACCESS_CHALLENGE } from '../../codes.ts'
import { type Packet, readPacket } from '../../radius/packet.ts'
import { after, type Duration, type Instant, instant, MICROS_PER_SECOND, micros, since } from '../../units.ts'
import type { Actor, Agenda } from './agenda.ts'
import { identifierOf, NasIdentifiers, portOf } from './nas-identifiers.ts'
import {
  FIRST_LOOP,
  gapAfter,
  kindAt,
  type LoginRetransmission,
  type LoopPlan,
  type NasPlan,
  type Retransmission,
  userNameOf,
} from './nas-plan.ts'
import { accessRequest, accountingRequest, type StatusType, serialOf, verifies } from './packets.ts'
import type { Random } from './random.ts'

interface ClientRequest {
  readonly serial: number
  readonly session: Session
  readonly class: TrafficClass
  readonly status: StatusType | undefined
  readonly sessionId: string | undefined
  /** Its Acct-Session-Time, in seconds. */
  readonly time: number | undefined
  readonly begunAt: Instant
  /** Never signed, whatever its client signs. */
  readonly isUnsigned: boolean
  slot: number
  bytes: Uint8Array
  tries: number
  isOver: boolean
}

interface Session {
  readonly number: number
  readonly login: LoginRetransmission
  state: 'down' | 'dialing' | 'up'
  /** Counts dials. What belongs to an earlier one is over. */
  life: number
  /** Counts the times that it came up. Each is another session to the accounting. */
  ups: number
  upSince: Instant
  /** Serials of its last interim updates. Each may have been sent in place of an older one. */
  reported: readonly number[]
  /** Its user has waited for service since then. */
  tryingSince: Instant | undefined
}

type Topic =
  | { readonly kind: 'dial' | 'interim' | 'logout'; readonly session: Session; readonly life: number }
  | { readonly kind: 'timeout'; readonly request: ClientRequest }
  | { readonly kind: 'loop'; readonly loop: LoopPlan; readonly session: Session }

const newCounters = () => ({
  up: 0,
  requests: perClass(() => 0),
  retransmissions: 0,
  /** Retransmissions too. */
  transmissions: perClass(() => 0),
  answered: perClass(() => 0),
  gaveUp: perClass(() => 0),
  /** Answers that came after their request was over. */
  strays: 0,
})

/** What a NAS needs of the world. */
export interface NasPorts {
  readonly agenda: Agenda
  readonly random: Random
  /** Rises by one in the whole world. */
  readonly nextSerial: () => number
  readonly send: (trafficClass: TrafficClass, port: number, bytes: Uint8Array, now: Instant) => void
  /** An answer fits nothing that this client asked: a law is broken. */
  readonly wrongAnswer: (why: string) => void
  /** A session came up, so long after its first dial. */
  readonly cameUp: (waited: Duration, now: Instant) => void
  /** All tries of a request were in vain. */
  readonly gaveUp: (trafficClass: TrafficClass, serial: number, now: Instant) => void
}

const NEVER_UP = { life: 0, ups: 0, upSince: instant(0), reported: [], tryingSince: undefined } as const
/** More than a session sends while one of its interim updates waits for an answer. */
const REMEMBERED_INTERIMS = 64

export class Nas implements Actor<Topic> {
  readonly plan: NasPlan
  readonly #ports: NasPorts
  readonly #sessions: Session[]
  /** What is about the whole client. */
  readonly #system: Session
  readonly #identifiers: PerClass<NasIdentifiers<ClientRequest>> = perClass(() => new NasIdentifiers())
  /** No session dials anew and no interim update is sent. What dials now goes on. */
  isQuiet = false
  readonly counters = newCounters()

  constructor(plan: NasPlan, ports: NasPorts) {
    this.plan = plan
    this.#ports = ports
    this.#sessions = Array.from({ length: plan.sessions }, (_, number) => {
      const login = plan.kinds === undefined ? undefined : kindAt(plan.kinds, ports.random.fraction())?.authentication
      return { number, state: 'down', login: login ?? plan.authentication, ...NEVER_UP }
    })
    this.#system = { number: -1, state: 'up', login: plan.authentication, ...NEVER_UP }
  }

  start(now: Instant): void {
    const { upAtStart, dialFrom = micros(0) } = this.plan
    this.#beginLoops(now)
    if (upAtStart === undefined) this.#dialAll(this.plan.dialWithin, after(now, dialFrom))
    else for (const session of this.#sessions) this.#isUpFrom(session, upAtStart.interimWithin, now)
  }

  /** How many sessions have dialed and have no service yet, and how long the first of them has waited. */
  trying(now: Instant): { readonly sessions: number; readonly longest: Duration } {
    const waits = this.#sessions.flatMap(({ tryingSince }) =>
      tryingSince === undefined ? [] : since(tryingSince, now),
    )
    return { sessions: waits.length, longest: waits.reduce((most, wait) => micros(Math.max(most, wait)), micros(0)) }
  }

  /** Forgets everything, sends Accounting-On, and all sessions dial again within a time. */
  reboot(now: Instant, within: Duration = this.plan.dialWithin): void {
    for (const session of this.#sessions) this.#bringDown(session)
    for (const each of TRAFFIC_CLASSES) for (const request of this.#identifiers[each].holders()) this.#end(request)
    if (this.plan.accounting.isOn) this.#request({ session: this.#system, class: 'accounting', status: 'on' }, now)
    this.#dialAll(within, now)
  }

  act(topic: Topic, now: Instant): void {
    if (topic.kind === 'timeout') {
      this.#timedOut(topic.request, now)
      return
    }
    if (topic.kind === 'loop') {
      this.#loop(topic, now)
      return
    }
    const { session, life, kind } = topic
    if (session.life !== life) return
    if (kind === 'dial') this.#dial(session, now)
    else if (kind === 'interim') this.#interim(session, now)
    else this.#logOut(session, now)
  }

  /** An answer came to this port. */
  receive(trafficClass: TrafficClass, port: number, bytes: Uint8Array, now: Instant): void {
    const packet = readPacket(bytes)
    if (typeof packet === 'string') {
      this.#ports.wrongAnswer(`an answer is broken: ${packet}`)
      return
    }
    const { holder, former } = this.#identifiers[trafficClass].of(port, packet.identifier)
    if (holder !== undefined && this.#fits(holder, packet)) this.#answered(holder, packet, now)
    else if (former.some((one) => this.#fits(one, packet))) this.counters.strays += 1
    else this.#ports.wrongAnswer(`an answer to port ${port}, identifier ${packet.identifier} fits no request there`)
  }

  #dialAll(within: Duration, now: Instant): void {
    const { dialEvery, dialsPerSecond } = this.plan
    const { random } = this.#ports
    let arrival = 0
    for (const session of this.#sessions) {
      if (dialsPerSecond !== undefined)
        arrival -= (Math.log(1 - random.fraction()) * MICROS_PER_SECOND) / dialsPerSecond
      const inTurn = dialEvery === undefined ? undefined : session.number * dialEvery
      const wait = dialsPerSecond === undefined ? (inTurn ?? random.between(0, within)) : Math.round(arrival)
      this.#schedule('dial', session, micros(wait), now)
    }
  }

  /** To a request of a loop, its gaps are those of a session, and nobody dials again after it. */
  #beginLoops(now: Instant): void {
    for (const [index, loop] of (this.plan.loops ?? []).entries()) {
      const login = { timeout: loop.apart, tries: loop.copies, redialAfter: micros(0) }
      const session: Session = { number: FIRST_LOOP - index, state: 'up', login, ...NEVER_UP }
      this.#ports.agenda.at(after(now, loop.every), this, { kind: 'loop', loop, session })
    }
  }

  #loop(topic: Topic & { readonly kind: 'loop' }, now: Instant): void {
    if (this.isQuiet) return
    const { loop, session } = topic
    for (let request = 0; request < (loop.requests ?? 1); request += 1)
      this.#request({ session, class: 'authentication', status: undefined, isUnsigned: loop.isSigned === false }, now)
    this.#ports.agenda.at(after(now, loop.every), this, topic)
  }

  #isUpFrom(session: Session, interimWithin: Duration, now: Instant): void {
    this.#isUp(session, now)
    const { isOn, interimPeriod } = this.plan.accounting
    const wait = micros(this.#ports.random.between(0, interimWithin))
    if (isOn && interimPeriod > 0) this.#schedule('interim', session, wait, now)
    // Such sessions began at different times, so they end at different times.
    this.#stay(session, now, micros(0))
  }

  #fits(request: ClientRequest, packet: Packet): boolean {
    if (!verifies(packet, request.bytes, this.plan.secret)) return false
    const serial = serialOf(packet)
    if (serial === undefined || serial === request.serial) return true
    if (request.status === 'interim' && request.session.reported.includes(serial)) return true
    this.#ports.wrongAnswer(`request ${request.serial} got the answer to request ${serial}`)
    return true
  }

  #dial(session: Session, now: Instant): void {
    if (this.isQuiet && session.state === 'down') return
    session.state = 'dialing'
    session.tryingSince ??= now
    this.#request({ session, class: 'authentication', status: undefined }, now)
  }

  #answered(request: ClientRequest, packet: Packet, now: Instant): void {
    this.counters.answered[request.class] += 1
    this.#end(request)
    const { session } = request
    if (request.class === 'accounting' || session.state !== 'dialing') return
    if (packet.code === ACCESS_CHALLENGE) {
      this.#request({ session, class: 'authentication', status: undefined, state: packet.value(packet.stateAt) }, now)
    } else if (packet.code === ACCESS_ACCEPT) {
      this.#comeUp(session, now)
    }
  }

  #comeUp(session: Session, now: Instant): void {
    this.#isUp(session, now)
    this.#ports.cameUp(since(session.tryingSince ?? now, now), now)
    session.tryingSince = undefined
    const { accounting } = this.plan
    if (accounting.isOn) this.#request({ session, class: 'accounting', status: 'start' }, now)
    if (accounting.isOn && accounting.interimPeriod > 0)
      this.#schedule('interim', session, this.#around(accounting.interimPeriod), now)
    this.#stay(session, now)
  }

  #isUp(session: Session, now: Instant): void {
    session.state = 'up'
    session.ups += 1
    session.upSince = now
    this.counters.up += 1
  }

  #stay(session: Session, now: Instant, least = micros(this.plan.sessionTime / 2)): void {
    const { sessionTime } = this.plan
    if (sessionTime === 0) return
    const stay = micros(this.#ports.random.between(least, (sessionTime * 3) / 2))
    this.#schedule('logout', session, stay, now)
  }

  #interim(session: Session, now: Instant): void {
    if (this.isQuiet) return
    this.#request({ session, class: 'accounting', status: 'interim' }, now)
    this.#schedule('interim', session, this.#around(this.plan.accounting.interimPeriod), now)
  }

  #logOut(session: Session, now: Instant): void {
    this.#bringDown(session)
    if (this.plan.accounting.isOn) this.#request({ session, class: 'accounting', status: 'stop' }, now)
    this.#schedule('dial', session, session.login.redialAfter, now)
  }

  #bringDown(session: Session): void {
    if (session.state === 'up') this.counters.up -= 1
    session.state = 'down'
    session.life += 1
  }

  #request(
    o: {
      session: Session
      class: TrafficClass
      status: StatusType | undefined
      state?: Uint8Array
      isUnsigned?: boolean
    },
    now: Instant,
  ): void {
    const serial = this.#ports.nextSerial()
    const slot = this.#identifiers[o.class].reserve()
    const bytes = new Uint8Array(0)
    const isOfSession = o.status !== undefined && o.session !== this.#system
    const sessionId = isOfSession ? `${o.session.number}.${o.session.ups}` : undefined
    const time = isOfSession ? Math.floor(since(o.session.upSince, now) / MICROS_PER_SECOND) : undefined
    const { isUnsigned = false, ...rest } = o
    const request: ClientRequest = {
      ...rest,
      ...{ isUnsigned, sessionId, time, serial, slot, begunAt: now, bytes, tries: 0, isOver: false },
    }
    request.bytes = this.#write(request, o.state, now)
    this.#identifiers[o.class].hold(request)
    this.counters.requests[o.class] += 1
    if (o.status === 'interim' && this.plan.accounting.tellsTime)
      o.session.reported = [...o.session.reported, serial].slice(-REMEMBERED_INTERIMS)
    this.#transmit(request, now)
  }

  #transmit(request: ClientRequest, now: Instant): void {
    request.tries += 1
    this.counters.transmissions[request.class] += 1
    this.#ports.agenda.at(after(now, this.#gapAfter(request)), this, { kind: 'timeout', request })
    this.#ports.send(request.class, portOf(request.slot), request.bytes, now)
  }

  #retransmissionOf({ class: its, session: { login } }: ClientRequest): Retransmission {
    const byClass: PerClass<Retransmission> = { authentication: login, accounting: this.plan.accounting }
    return byClass[its]
  }

  /** Until the next transmission of a request, or until it is given up. */
  #gapAfter(request: ClientRequest): Duration {
    const { login } = request.session
    if (this.#retransmissionOf(request) !== login) return this.#retransmissionOf(request).timeout
    const gap = gapAfter(login, request.tries)
    const most = Math.floor(gap * (login.jitter ?? 0))
    return most === 0 ? gap : micros(gap + this.#ports.random.between(-most, most))
  }

  #timedOut(request: ClientRequest, now: Instant): void {
    if (request.isOver) return
    const { tries } = this.#retransmissionOf(request)
    if (request.tries < tries) {
      this.counters.retransmissions += 1
      if (request.class === 'accounting' && this.plan.accounting.newDelayTime) this.#renew(request, now)
      this.#transmit(request, now)
      return
    }
    this.counters.gaveUp[request.class] += 1
    this.#ports.gaveUp(request.class, request.serial, now)
    this.#end(request)
    const { session } = request
    if (request.class === 'authentication' && session.state === 'dialing') {
      session.state = 'down'
      session.life += 1
      this.#schedule('dial', session, this.#pause(session), now)
    }
  }

  /** The same record as a new packet, with another identifier. Acct-Delay-Time says how long it has been tried. */
  #renew(request: ClientRequest, now: Instant): void {
    const identifiers = this.#identifiers.accounting
    identifiers.release(request)
    request.slot = identifiers.reserve()
    request.bytes = this.#write(request, undefined, now)
    identifiers.hold(request)
  }

  #write(request: ClientRequest, state: Uint8Array | undefined, now: Instant): Uint8Array {
    const { secret, signs = 1 } = this.plan
    const user = userNameOf(this.plan, request.session.number)
    const common = { identifier: identifierOf(request.slot), secret, user, serial: request.serial }
    if (request.status !== undefined) {
      const { newDelayTime, tellsTime, octetsPerSecond } = this.plan.accounting
      const delay = newDelayTime ? Math.floor(since(request.begunAt, now) / MICROS_PER_SECOND) : undefined
      const time = tellsTime ? request.time : undefined
      const { sessionId: session, status } = request
      return accountingRequest({ ...common, session, status, time, octetsPerSecond, delay })
    }
    const { random } = this.#ports
    const authenticator = new Uint8Array(16)
    random.fill(authenticator)
    const isUnsigned = request.isUnsigned || (signs < 1 && !random.chance(signs))
    return accessRequest({ ...common, authenticator, isUnsigned, state })
  }

  #end(request: ClientRequest): void {
    request.isOver = true
    this.#identifiers[request.class].release(request)
  }

  #schedule(kind: 'dial' | 'interim' | 'logout', session: Session, wait: Duration, now: Instant): void {
    this.#ports.agenda.at(after(now, wait), this, { kind, session, life: session.life })
  }

  #pause({ login }: Session): Duration {
    const { redialAfter, redialSpread = 0 } = login
    if (redialSpread === 0) return redialAfter
    const most = Math.floor(redialAfter * redialSpread)
    return micros(redialAfter + this.#ports.random.between(-most, most))
  }

  /** A tenth more or less, so that updates of many sessions do not come at one moment. */
  #around(period: Duration): Duration {
    return micros(this.#ports.random.between(Math.floor(period * 0.9), Math.ceil(period * 1.1)))
  }
}
