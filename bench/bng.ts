/**
 * A scripted BNG after a power cut: all its sessions dial at once, repeat what is not answered, give up, redial.
 *
 * A call is one Access-Request (PAP, Message-Authenticator first). It is sent with the same identifier and source port until
 * it is answered or the patience is over; a redial is a new request. A repetition is due 3 s after the one before was due, so
 * a late timer does not stretch the storm. The first calls are built before it begins. Every answer is verified, and counted
 * as in time (its session is up), again (the call was answered before), too late (the call was given up), or unknown.
 */
import { createSocket, type Socket, type SocketOptions } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import { Secret } from '../src/radius/secret.ts'
import { Random } from '../src/simulation/peers/random.ts'
import { monotonicNow } from '../src/transport/clock.io.ts'
import { kernelDropsAt } from './kernel-drops.ts'
import { accepts, type Login, loginOf } from './login.ts'
import type { StormPlan } from './storm-plan.ts'

const IDENTIFIERS = 256
/** So many calls of each session are remembered: an identifier is used again long after its answer could come. */
const CALLS_REMEMBERED = 3
const RECEIVE_BUFFER = 4 * 1024 * 1024
const MICROS_PER_MILLI = 1_000

export interface BngReport {
  readonly up: number
  /** Seconds from the start to the last session that came up; undefined where none did. */
  readonly lastUpAt: number | undefined
  /** How long it ran. */
  readonly seconds: number
  /** Sessions up at the end of each second. */
  readonly upBySecond: readonly number[]
  readonly calls: number
  readonly sent: number
  readonly givenUp: number
  readonly answers: {
    readonly inTime: number
    readonly again: number
    readonly tooLate: number
    readonly strange: number
  }
  /** How late the latest transmission left, milliseconds: what this bench itself got wrong. */
  readonly latestBy: number
  /** Answers that the kernel threw away for a full buffer; undefined where it doesn't say. */
  readonly kernelDrops: number | undefined
}

interface Session {
  readonly number: number
  isUp: boolean
  call: Call | undefined
}

interface Call {
  readonly session: Session
  readonly socket: Socket
  readonly port: number
  readonly login: Login
  sent: number
  state: 'waiting' | 'answered' | 'given up'
}

export class Bng {
  readonly #plan: StormPlan
  readonly #secret: Secret
  readonly #ports: readonly number[]
  readonly #sockets: Socket[] = []
  readonly #random: Random
  /** By socket and identifier, the last call that used them. */
  readonly #calls: (Call | undefined)[] = []
  /** Who is due in which millisecond. */
  readonly #agenda: (Session[] | undefined)[]
  readonly #upBySecond: number[] = []
  #began = 0
  #up = 0
  #lastUpAt: number | undefined
  #latestBy = 0
  #counts = { calls: 0, sent: 0, givenUp: 0 }
  #answers = { inTime: 0, again: 0, tooLate: 0, strange: 0 }

  /** Its requests go to `ports` of 127.0.0.1, a session always to the same. */
  constructor(plan: StormPlan, secret: string, ports: readonly number[]) {
    this.#plan = plan
    this.#secret = new Secret(secret)
    this.#ports = ports
    this.#random = new Random(plan.seed)
    this.#agenda = Array.from({ length: plan.seconds * 1_000 })
  }

  /**
   * Runs the storm: until all sessions are up and `settle` seconds have passed, or to the plan's end. `progress` hears the
   * number of sessions up once a second.
   */
  async run(settle: number, progress: (second: number, up: number) => void): Promise<BngReport> {
    await this.#open()
    try {
      this.#dialAll()
      this.#began = monotonicNow()
      let done = -1
      for (let ms = 0; ms < this.#endsAt(settle); ms = this.#now()) {
        for (; done < ms; done += 1) this.#beAt(done + 1)
        while (this.#upBySecond.length < Math.floor(ms / 1_000)) {
          this.#upBySecond.push(this.#up)
          progress(this.#upBySecond.length, this.#up)
        }
        await sleep(1)
      }
      return this.#report()
    } finally {
      for (const socket of this.#sockets) socket.close()
    }
  }

  /** When it began, on the monotonic clock; 0 before. */
  get beganAt(): number {
    return this.#began
  }

  async #open(): Promise<void> {
    const count = Math.ceil((this.#plan.sessions * CALLS_REMEMBERED) / IDENTIFIERS)
    for (let index = 0; index < count; index += 1) {
      const socket = createSocket({ type: 'udp4', lookup: answerLiterally })
      socket.on('message', (bytes) => this.#answered(index, bytes))
      // The way to the server may be closed for a moment; a BNG repeats its request and says nothing.
      socket.on('error', () => undefined)
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
      socket.setRecvBufferSize(RECEIVE_BUFFER)
      this.#sockets.push(socket)
    }
  }

  #dialAll(): void {
    const { sessions, within } = this.#plan
    for (let number = 0; number < sessions; number += 1) {
      const session: Session = { number, isUp: false, call: undefined }
      session.call = this.#dial(session)
      this.#remember(session, Math.floor((number * within * 1_000) / sessions))
    }
  }

  /** Whole milliseconds since the start. */
  #now(): number {
    return Math.floor((monotonicNow() - this.#began) / MICROS_PER_MILLI)
  }

  #endsAt(settle: number): number {
    const { sessions, seconds } = this.#plan
    const settled = this.#up === sessions && this.#lastUpAt !== undefined ? this.#lastUpAt + settle : seconds
    return Math.min(seconds, settled) * 1_000
  }

  #remember(session: Session, ms: number): void {
    if (ms >= this.#agenda.length) return
    const due = this.#agenda[ms]
    if (due === undefined) this.#agenda[ms] = [session]
    else due.push(session)
  }

  /** Does what is due in the millisecond `ms`. */
  #beAt(ms: number): void {
    const due = this.#agenda[ms]
    if (due === undefined) return
    this.#agenda[ms] = undefined
    for (const session of due) {
      if (session.isUp) continue
      session.call ??= this.#dial(session)
      if (session.call.sent < this.#plan.tries) this.#send(session.call, ms)
      else this.#giveUp(session, session.call, ms)
    }
  }

  #dial(session: Session): Call {
    const at = this.#counts.calls % (this.#sockets.length * IDENTIFIERS)
    this.#counts.calls += 1
    const login = loginOf(`session-${session.number}@storm.example`, at % IDENTIFIERS, this.#secret)
    const socket = this.#sockets[Math.floor(at / IDENTIFIERS)] as Socket
    const port = this.#ports[session.number % this.#ports.length] as number
    const call: Call = { session, socket, port, login, sent: 0, state: 'waiting' }
    this.#calls[at] = call
    return call
  }

  #send(call: Call, ms: number): void {
    call.socket.send(call.login.bytes, call.port, '127.0.0.1')
    call.sent += 1
    this.#counts.sent += 1
    this.#latestBy = Math.max(this.#latestBy, this.#now() - ms)
    this.#remember(call.session, ms + this.#plan.repeatEvery * 1_000)
  }

  #giveUp(session: Session, call: Call, ms: number): void {
    call.state = 'given up'
    session.call = undefined
    this.#counts.givenUp += 1
    const { redialAfter, redialSpread } = this.#plan
    const factor = 1 + redialSpread * (2 * this.#random.fraction() - 1)
    this.#remember(session, ms + Math.max(1, Math.round(redialAfter * factor * 1_000)))
  }

  #answered(socket: number, bytes: Uint8Array): void {
    const call = this.#calls[socket * IDENTIFIERS + (bytes[1] ?? 0)]
    if (call === undefined || !accepts(bytes, call.login, this.#secret)) this.#answers.strange += 1
    else if (call.state === 'answered') this.#answers.again += 1
    else if (call.state === 'given up') this.#answers.tooLate += 1
    else this.#comesUp(call)
  }

  #comesUp(call: Call): void {
    call.state = 'answered'
    call.session.isUp = true
    this.#answers.inTime += 1
    this.#up += 1
    this.#lastUpAt = this.#now() / 1_000
  }

  #report(): BngReport {
    return {
      up: this.#up,
      lastUpAt: this.#lastUpAt,
      seconds: this.#now() / 1_000,
      upBySecond: this.#upBySecond,
      ...this.#counts,
      answers: this.#answers,
      latestBy: this.#latestBy,
      kernelDrops: kernelDropsAt(this.#sockets.map((socket) => socket.address().port)),
    }
  }
}

/** Addresses here are literals: no send waits for a name server, or for the next turn of the event loop. */
const answerLiterally: NonNullable<SocketOptions['lookup']> = (address, _options, answer) => answer(null, address, 4)
