/**
 * A storm in front of a line that follows a policy: no packets and no engine, only calls, copies and a server.
 *
 * A copy of a request that waits renews it, and it keeps its place. A copy of one that was forgotten enters anew. Once a request
 * was sent to the server, further copies of its call add nothing.
 */
import { type Actor, Agenda } from '../../src/simulation/peers/agenda.ts'
import { type Instant, instant, MICROS_PER_SECOND } from '../../src/units.ts'
import { type Call, Caller } from './caller.ts'
import { Line } from './line.ts'
import { type Heard, type Policy, TOMBSTONE, type Waiting } from './policies.ts'
import { CAPACITY, figuresOf, ROUND_TRIP, type Storm, type StormFigures } from './storm.ts'

const SERVICE = MICROS_PER_SECOND / CAPACITY

interface Session {
  readonly caller: Caller
  call: Call | undefined
  waiting: (Waiting & { readonly session: Session }) | undefined
  /** Of the present call; undefined if nothing was heard of it, or that was forgotten. */
  heard: Heard | undefined
  /** When the request was forgotten, while the call is remembered. */
  forgottenAt: number
  /** The present call was sent to the server. */
  isServed: boolean
  isUp: boolean
}

const NEW_SESSION = {
  ...{ call: undefined, waiting: undefined, heard: undefined },
  ...{ forgottenAt: Number.POSITIVE_INFINITY, isServed: false, isUp: false },
} as const

type Topic =
  | { readonly kind: 'dial'; readonly session: Session }
  | { readonly kind: 'copy'; readonly session: Session; readonly call: Call; readonly copy: number }
  | { readonly kind: 'answer'; readonly session: Session; readonly call: Call }
  | { readonly kind: 'serve' }
  | { readonly kind: 'down' }

export const playModel = (storm: Storm, policy: Policy): StormFigures => new Model(storm, policy).play()

class Model implements Actor<Topic> {
  readonly #storm: Storm
  readonly #policy: Policy
  readonly #agenda = new Agenda(instant(0))
  readonly #line = new Line<Waiting & { readonly session: Session }>((one) => one.session.waiting === one)
  readonly #sessions: readonly Session[]
  readonly #waits: number[] = []
  #lastUpAt = 0
  #worked = 0
  #freeAt = 0
  #isServing = false

  constructor(storm: Storm, policy: Policy) {
    this.#storm = storm
    this.#policy = policy
    this.#sessions = Array.from({ length: storm.sessions }, (_, number) => ({
      caller: new Caller(storm, number),
      ...NEW_SESSION,
    }))
    for (const session of this.#sessions) this.#agenda.at(session.caller.firstDial, this, { kind: 'dial', session })
    if (storm.restart !== undefined) this.#agenda.at(storm.restart.at, this, { kind: 'down' })
  }

  play(): StormFigures {
    const { sessions, until } = this.#storm
    while (this.#waits.length < sessions && this.#agenda.nextAt <= until) this.#agenda.step()
    return figuresOf({ sessions, waits: this.#waits, lastUpAt: this.#lastUpAt, worked: this.#worked })
  }

  act(topic: Topic, now: Instant): void {
    if (topic.kind === 'dial') this.#dial(topic.session, now)
    else if (topic.kind === 'copy') this.#copy(topic, now)
    else if (topic.kind === 'answer') this.#answer(topic, now)
    else if (topic.kind === 'serve') this.#serve(now)
    else this.#forgetAll()
  }

  #dial(session: Session, now: number): void {
    if (session.isUp) return
    const call = session.caller.call(now)
    session.call = call
    session.waiting = undefined
    session.heard = undefined
    session.forgottenAt = Number.POSITIVE_INFINITY
    session.isServed = false
    this.#copy({ session, call, copy: 0 }, now)
    this.#agenda.at(call.redialsAt, this, { kind: 'dial', session })
  }

  #copy(topic: { readonly session: Session; readonly call: Call; readonly copy: number }, now: number): void {
    const { session, call, copy } = topic
    const sent = call.copies[copy]
    if (session.isUp || session.call !== call || sent === undefined) return
    if (copy + 1 < call.copies.length)
      this.#agenda.at(sent.nextAt, this, { kind: 'copy', session, call, copy: copy + 1 })
    if (sent.isLost || session.isServed || this.#isDown(now)) return
    const { waiting } = session
    const isHere = waiting !== undefined && now <= this.#policy.keepUntil(waiting)
    if (waiting !== undefined && !isHere) this.#forget(session, now)
    const heard = this.#hear(session, sent.nextAt, now)
    if (!isHere) this.#enter(session, call, heard, now)
  }

  #hear(session: Session, nextAt: number, now: number): Heard {
    const isRemembered = now <= session.forgottenAt + TOMBSTONE
    const { heard } = session
    if (heard === undefined || !isRemembered) {
      const first = { latestAt: now, gap: undefined, gapBefore: undefined, nextAt }
      session.heard = first
      return first
    }
    heard.gapBefore = heard.gap
    heard.gap = now - heard.latestAt
    heard.latestAt = now
    heard.nextAt = nextAt
    return heard
  }

  #enter(session: Session, call: Call, heard: Heard, now: number): void {
    const { firstDial } = session.caller
    const waiting = { session, call, firstDial, enteredAt: now, chance: session.caller.fraction(), heard }
    session.forgottenAt = Number.POSITIVE_INFINITY
    session.waiting = waiting
    this.#line.enter(waiting, this.#policy.rank(waiting))
    if (this.#isServing) return
    this.#isServing = true
    this.#agenda.at(this.#freeAt, this, { kind: 'serve' })
  }

  #serve(now: number): void {
    for (;;) {
      const waiting = this.#line.next()
      if (waiting === undefined) {
        this.#isServing = false
        return
      }
      const { session, call } = waiting
      if (now > this.#policy.keepUntil(waiting)) {
        this.#forget(session, now)
        continue
      }
      session.waiting = undefined
      session.isServed = true
      this.#worked += 1
      this.#agenda.at(now + ROUND_TRIP, this, { kind: 'answer', session, call })
      this.#freeAt = now + SERVICE
      this.#agenda.at(this.#freeAt, this, { kind: 'serve' })
      return
    }
  }

  #answer({ session, call }: { readonly session: Session; readonly call: Call }, now: number): void {
    if (session.isUp || session.call !== call || now >= call.givesUpAt) return
    session.isUp = true
    this.#lastUpAt = now
    this.#waits.push(now - session.caller.firstDial)
  }

  #isDown(now: number): boolean {
    const { restart } = this.#storm
    return restart !== undefined && now >= restart.at && now < restart.at + restart.downFor
  }

  #forget(session: Session, now: number): void {
    session.waiting = undefined
    session.forgottenAt = now
  }

  #forgetAll(): void {
    for (const session of this.#sessions) {
      session.waiting = undefined
      session.heard = undefined
    }
  }
}
