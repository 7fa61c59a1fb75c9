/**
 * A simulated client: a BNG with sessions, and the retransmission rules that real ones have.
 *
 * A session dials (Access-Request, maybe a Challenge), comes up, sends Start, interim updates and Stop. Each message is a
 * call: sent again with the same identifier until it is answered or the tries are used up; for accounting, the
 * retransmission may carry a new Acct-Delay-Time, which makes it a new packet with a new identifier (RFC 2866 section
 * 5.2). A reboot forgets everything, sends Accounting-On, and all sessions dial again.
 */

import { type PerClass, perClass, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import { ACCESS_ACCEPT, ACCESS_CHALLENGE } from '../../codes.ts'
import { checkResponse } from '../../radius/authenticator.ts'
import { type Packet, readPacket } from '../../radius/packet.ts'
import { after, type Duration, type Instant, instant, MICROS_PER_SECOND, micros, since } from '../../units.ts'
import type { Actor, Agenda } from './agenda.ts'
import { type NasPlan, userNameOf } from './nas-plan.ts'
import { NumberLine } from './number-line.ts'
import { accessRequest, accountingRequest, type StatusType, serialOf } from './packets.ts'
import type { Random } from './random.ts'

/** One message and its answer. */
interface Call {
  readonly serial: number
  readonly session: Session
  readonly class: TrafficClass
  readonly status: StatusType | undefined
  readonly sessionId: string | undefined
  /** Its Acct-Session-Time, in seconds. */
  readonly time: number | undefined
  readonly begunAt: Instant
  slot: number
  bytes: Uint8Array
  tries: number
  isOver: boolean
}

interface Session {
  readonly number: number
  state: 'down' | 'dialing' | 'up'
  /** Counts dials: what belongs to an earlier one is over. */
  life: number
  /** Counts the times that it came up: each is another session to the accounting. */
  ups: number
  upSince: Instant
  /** Serials of its last interim updates, any of which may have been sent for an older one. */
  reported: readonly number[]
  /** Since then its user waits for service. */
  tryingSince: Instant | undefined
}

type Topic =
  | { readonly kind: 'dial' | 'interim' | 'logout'; readonly session: Session; readonly life: number }
  | { readonly kind: 'timeout'; readonly call: Call }

export interface NasCounters {
  up: number
  firstUpAt: Instant | undefined
  lastUpAt: Instant | undefined
  requests: Record<TrafficClass, number>
  retransmissions: number
  /** First ones and repeated ones. */
  transmissions: Record<TrafficClass, number>
  answered: Record<TrafficClass, number>
  gaveUp: Record<TrafficClass, number>
  /** Answers that came after their call was over. */
  strays: number
}

/** What a NAS needs of the world. */
export interface NasPorts {
  readonly agenda: Agenda
  readonly random: Random
  /** Rises by one in the whole world. */
  readonly nextSerial: () => number
  readonly send: (nas: Nas, trafficClass: TrafficClass, port: number, bytes: Uint8Array, now: Instant) => void
  /** An answer that fits nothing this client asked: a broken law. */
  readonly wrongAnswer: (nas: Nas, why: string) => void
  /** A session came up, so long after its first dial. */
  readonly cameUp?: (nas: Nas, waited: Duration, now: Instant) => void
  /** The tries of a call were all in vain. */
  readonly gaveUp?: (nas: Nas, trafficClass: TrafficClass, serial: number, now: Instant) => void
}

const NEVER_UP = { life: 0, ups: 0, upSince: instant(0), reported: [], tryingSince: undefined } as const
const FIRST_PORT = 20_000
/** Per identifier: an answer on its way may be to a call before the last one. */
const REMEMBERED_CALLS = 16
/** Interim updates that a session sends while one of them waits for its answer are fewer. */
const REMEMBERED_INTERIMS = 64

export class Nas implements Actor<Topic> {
  readonly plan: NasPlan
  readonly #ports: NasPorts
  readonly #sessions: Session[]
  /** By slot (port and identifier) and class: the call that holds it, and those that held it before, newest first. */
  readonly #calls: PerClass<Map<number, Call>> = perClass(() => new Map())
  readonly #former: PerClass<Map<number, readonly Call[]>> = perClass(() => new Map())
  readonly #freeSlots: PerClass<NumberLine> = perClass(() => new NumberLine())
  readonly #opened: Record<TrafficClass, number> = perClass(() => 0)
  /** No new sessions and no interim updates any more: what is up stays, what dials goes on. */
  isQuiet = false
  readonly counters: NasCounters = {
    up: 0,
    firstUpAt: undefined,
    lastUpAt: undefined,
    requests: perClass(() => 0),
    retransmissions: 0,
    transmissions: perClass(() => 0),
    answered: perClass(() => 0),
    gaveUp: perClass(() => 0),
    strays: 0,
  }

  constructor(plan: NasPlan, ports: NasPorts) {
    this.plan = plan
    this.#ports = ports
    this.#sessions = Array.from({ length: plan.sessions }, (_, number) => ({ number, state: 'down', ...NEVER_UP }))
  }

  start(now: Instant): void {
    const { upAtStart } = this.plan
    if (upAtStart === undefined) this.#dialAll(this.plan.dialWithin, now)
    else for (const session of this.#sessions) this.#isUpFrom(session, upAtStart.interimWithin, now)
  }

  /** How many sessions dialed and have no service yet, and for how long the first of them. */
  trying(now: Instant): { readonly sessions: number; readonly longest: Duration } {
    let [sessions, longest] = [0, micros(0)]
    for (const { tryingSince } of this.#sessions) {
      if (tryingSince === undefined) continue
      sessions += 1
      longest = micros(Math.max(longest, since(tryingSince, now)))
    }
    return { sessions, longest }
  }

  /** Everything is forgotten; Accounting-On, and all sessions dial again within a time. */
  reboot(now: Instant, within: Duration = this.plan.dialWithin): void {
    for (const session of this.#sessions) this.#bringDown(session)
    for (const each of TRAFFIC_CLASSES) for (const call of [...this.#calls[each].values()]) this.#end(call)
    if (this.plan.accounting.isOn) this.#call({ session: this.#system, class: 'accounting', status: 'on' }, now)
    this.#dialAll(within, now)
  }

  act(topic: Topic, now: Instant): void {
    if (topic.kind === 'timeout') {
      this.#timedOut(topic.call, now)
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
      this.#ports.wrongAnswer(this, `an answer is broken: ${packet}`)
      return
    }
    const slot = port * 256 + packet.identifier
    const call = this.#calls[trafficClass].get(slot)
    if (call !== undefined && this.#fits(call, packet)) {
      this.#answered(call, packet, now)
      return
    }
    const former = this.#former[trafficClass].get(slot) ?? []
    if (former.some((one) => this.#fits(one, packet))) this.counters.strays += 1
    else
      this.#ports.wrongAnswer(this, `an answer to port ${port}, identifier ${packet.identifier} fits no request there`)
  }

  readonly #system: Session = { number: -1, state: 'up', ...NEVER_UP }

  #dialAll(within: Duration, now: Instant): void {
    const { dialEvery } = this.plan
    for (const session of this.#sessions) {
      const wait = dialEvery === undefined ? this.#ports.random.between(0, within) : session.number * dialEvery
      const at = after(now, micros(wait))
      this.#ports.agenda.at(at, this, { kind: 'dial', session, life: session.life })
    }
  }

  #isUpFrom(session: Session, interimWithin: Duration, now: Instant): void {
    this.#isUp(session, now)
    const { isOn, interimPeriod } = this.plan.accounting
    const wait = micros(this.#ports.random.between(0, interimWithin))
    if (isOn && interimPeriod > 0) this.#meet('interim', session, wait, now)
    // They began at different times in the past, so they end evenly over the time to come.
    this.#stay(session, now, micros(0))
  }

  #fits(call: Call, packet: Packet): boolean {
    const request = { code: call.bytes[0]!, authenticator: call.bytes.subarray(4, 20) }
    if (checkResponse(packet, request, this.plan.secret) !== undefined) return false
    const serial = serialOf(packet)
    if (serial === undefined || serial === call.serial) return true
    if (call.status === 'interim' && call.session.reported.includes(serial)) return true
    this.#ports.wrongAnswer(this, `request ${call.serial} got the answer to request ${serial}`)
    return true
  }

  #dial(session: Session, now: Instant): void {
    if (this.isQuiet && session.state === 'down') return
    session.state = 'dialing'
    session.tryingSince ??= now
    this.#call({ session, class: 'authentication', status: undefined }, now)
  }

  #answered(call: Call, packet: Packet, now: Instant): void {
    this.counters.answered[call.class] += 1
    this.#end(call)
    const { session } = call
    if (call.class === 'accounting' || session.state !== 'dialing') return
    if (packet.code === ACCESS_CHALLENGE) {
      this.#call({ session, class: 'authentication', status: undefined, state: packet.value(packet.stateAt) }, now)
    } else if (packet.code === ACCESS_ACCEPT) {
      this.#comeUp(session, now)
    }
  }

  #comeUp(session: Session, now: Instant): void {
    this.#isUp(session, now)
    this.counters.firstUpAt ??= now
    this.counters.lastUpAt = now
    this.#ports.cameUp?.(this, since(session.tryingSince ?? now, now), now)
    session.tryingSince = undefined
    const { accounting } = this.plan
    if (accounting.isOn) this.#call({ session, class: 'accounting', status: 'start' }, now)
    if (accounting.isOn && accounting.interimPeriod > 0)
      this.#meet('interim', session, this.#around(accounting.interimPeriod), now)
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
    this.#ports.agenda.at(after(now, stay), this, { kind: 'logout', session, life: session.life })
  }

  #interim(session: Session, now: Instant): void {
    if (this.isQuiet) return
    this.#call({ session, class: 'accounting', status: 'interim' }, now)
    this.#meet('interim', session, this.#around(this.plan.accounting.interimPeriod), now)
  }

  #logOut(session: Session, now: Instant): void {
    this.#bringDown(session)
    if (this.plan.accounting.isOn) this.#call({ session, class: 'accounting', status: 'stop' }, now)
    this.#meet('dial', session, this.plan.authentication.redialAfter, now)
  }

  #bringDown(session: Session): void {
    if (session.state === 'up') this.counters.up -= 1
    session.state = 'down'
    session.life += 1
  }

  #call(
    o: { session: Session; class: TrafficClass; status: StatusType | undefined; state?: Uint8Array },
    now: Instant,
  ): void {
    const serial = this.#ports.nextSerial()
    const slot = this.#takeSlot(o.class)
    const bytes = new Uint8Array(0)
    const sessionId = this.#idOf(o.session, o.status)
    const time = sessionId === undefined ? undefined : Math.floor(since(o.session.upSince, now) / MICROS_PER_SECOND)
    const call: Call = { ...o, sessionId, time, serial, slot, begunAt: now, bytes, tries: 0, isOver: false }
    call.bytes = this.#write(call, o.state, now)
    this.#calls[o.class].set(slot, call)
    this.counters.requests[o.class] += 1
    if (o.status === 'interim' && this.plan.accounting.tellsTime)
      o.session.reported = [...o.session.reported, serial].slice(-REMEMBERED_INTERIMS)
    this.#transmit(call, now)
  }

  #idOf(session: Session, status: StatusType | undefined): string | undefined {
    return status === undefined || session === this.#system ? undefined : `${session.number}.${session.ups}`
  }

  #transmit(call: Call, now: Instant): void {
    call.tries += 1
    this.counters.transmissions[call.class] += 1
    const { timeout } = this.plan[call.class]
    this.#ports.agenda.at(after(now, timeout), this, { kind: 'timeout', call })
    this.#ports.send(this, call.class, Math.floor(call.slot / 256), call.bytes, now)
  }

  #timedOut(call: Call, now: Instant): void {
    if (call.isOver) return
    const { tries } = this.plan[call.class]
    if (call.tries < tries) {
      this.counters.retransmissions += 1
      if (call.class === 'accounting' && this.plan.accounting.newDelayTime) this.#renew(call, now)
      this.#transmit(call, now)
      return
    }
    this.counters.gaveUp[call.class] += 1
    this.#ports.gaveUp?.(this, call.class, call.serial, now)
    this.#end(call)
    const { session } = call
    if (call.class === 'authentication' && session.state === 'dialing') {
      session.state = 'down'
      session.life += 1
      this.#meet('dial', session, this.#pause(), now)
    }
  }

  /** The same record as a new packet: Acct-Delay-Time says how long it has been tried, the identifier is another. */
  #renew(call: Call, now: Instant): void {
    this.#giveSlotBack(call)
    call.slot = this.#takeSlot('accounting')
    call.bytes = this.#write(call, undefined, now)
    this.#calls.accounting.set(call.slot, call)
  }

  #write(call: Call, state: Uint8Array | undefined, now: Instant): Uint8Array {
    const { secret, signs = 1 } = this.plan
    const user = userNameOf(this.plan, call.session.number)
    const common = { identifier: call.slot % 256, secret, user, serial: call.serial }
    if (call.status !== undefined) {
      const waited = Math.floor(since(call.begunAt, now) / MICROS_PER_SECOND)
      const { newDelayTime, tellsTime, octetsPerSecond } = this.plan.accounting
      const delay = newDelayTime ? { delay: waited } : {}
      const time = tellsTime ? call.time : undefined
      const { sessionId: session, status } = call
      return accountingRequest({ ...common, session, status, time, octetsPerSecond, ...delay })
    }
    const { random } = this.#ports
    const authenticator = new Uint8Array(16)
    random.fill(authenticator)
    return accessRequest({ ...common, authenticator, isUnsigned: signs < 1 && !random.chance(signs), state })
  }

  #end(call: Call): void {
    call.isOver = true
    this.#giveSlotBack(call)
  }

  /** Least recently used first, and another port where all are in use. */
  #takeSlot(trafficClass: TrafficClass): number {
    const free = this.#freeSlots[trafficClass]
    if (free.isEmpty()) {
      const port = FIRST_PORT + this.#opened[trafficClass]
      this.#opened[trafficClass] += 1
      for (let identifier = 0; identifier < 256; identifier += 1) free.push(port * 256 + identifier)
    }
    return free.shift()
  }

  #giveSlotBack(call: Call): void {
    if (this.#calls[call.class].get(call.slot) !== call) return
    this.#calls[call.class].delete(call.slot)
    // A renewed call has other octets by then: what is remembered is the packet that this slot carried.
    const former = this.#former[call.class].get(call.slot) ?? []
    this.#former[call.class].set(call.slot, [{ ...call }, ...former].slice(0, REMEMBERED_CALLS))
    this.#freeSlots[call.class].push(call.slot)
  }

  #meet(kind: 'dial' | 'interim', session: Session, wait: Duration, now: Instant): void {
    this.#ports.agenda.at(after(now, wait), this, { kind, session, life: session.life })
  }

  #pause(): Duration {
    const { redialAfter, redialSpread = 0 } = this.plan.authentication
    if (redialSpread === 0) return redialAfter
    const most = Math.floor(redialAfter * redialSpread)
    return micros(redialAfter + this.#ports.random.between(-most, most))
  }

  /** A tenth to either side, so that interims do not march in step. */
  #around(period: Duration): Duration {
    return micros(this.#ports.random.between(Math.floor(period * 0.9), Math.ceil(period * 1.1)))
  }
}
