/**
 * A storm of logins, as after a power cut: many sessions log in at once, repeat what is not answered, give up, redial.
 *
 * Each session sends an Access-Request, repeats the same packet at an interval, gives up after so many tries, and begins
 * again with a new request after a pause, until it is up. Packets are made and answers verified by the independent
 * `radius` package. Everything is bounded: sessions, tries and time. What it counts it measured.
 */
import { createSocket, type Socket } from 'node:dgram'
import radius from 'radius'
import { monotonicNow } from '../transport/clock.io.ts'
import { DEMO_PASSWORD } from './demo-server.io.ts'

const STEP_MS = 5
const IDENTIFIERS = 256
const SECOND = 1_000_000

export interface StormOptions {
  /** Where the clients are; by default 127.0.0.1. */
  readonly address?: string
  readonly port: number
  readonly secret: string
  readonly sessions: number
  /** All sessions begin within this time, in order. Seconds, like all times here. */
  readonly beginWithin: number
  readonly repeatEvery: number
  readonly tries: number
  /** On average: half of it to one and a half, each session always the same. */
  readonly redialAfter: number
  /** The storm is over when all are up, or after this. */
  readonly lasts: number
  /** When this is so, no more sessions begin, and it is over when those that did are up. */
  readonly isEnough?: () => boolean
  /** Told about once a second. */
  readonly progress: (seconds: number, up: number) => void
}

export interface StormReport {
  readonly up: number
  /** Seconds until the last session was up; undefined where some never were. */
  readonly allUpAfter: number | undefined
  readonly seconds: number
  readonly sent: number
  readonly logins: number
  readonly answeredInTime: number
  readonly answeredTooLate: number
  readonly givenUp: number
  /** Sessions that began. */
  readonly begun: number
  /** Seconds from a session's first request to its answer: the median, and the longest. Undefined: it was never up. */
  readonly medianWait: number | undefined
  readonly longestWait: number | undefined
}

/** One try of one session to come up. */
interface Login {
  readonly session: number
  readonly packet: Buffer
  readonly socket: Socket
  tries: number
  nextAt: number
  outcome: 'waiting' | 'up' | 'given up'
}

export class Storm {
  readonly #options: StormOptions
  readonly #sockets: Socket[]
  readonly #logins = new Map<string, Login>()
  readonly #active = new Set<Login>()
  /** When each session dials next; infinity while it dials or is up. */
  readonly #dialAt: number[]
  /** When each session dialled first, and how long it waited since; infinity until it is up. */
  readonly #begunAt: number[] = []
  readonly #waits: number[] = []
  #began = 0
  #nextLogin = 0
  #lastUpAt = 0
  #toldAt = 0
  #counts = { up: 0, sent: 0, logins: 0, answeredInTime: 0, answeredTooLate: 0, givenUp: 0 }

  private constructor(options: StormOptions) {
    this.#options = options
    // So many identifiers that none is used twice within the time that an answer may take.
    const ports = Math.ceil((options.sessions * 4) / IDENTIFIERS)
    this.#sockets = Array.from({ length: ports }, () => createSocket('udp4'))
    this.#dialAt = Array.from({ length: options.sessions }, (_, at) => (options.beginWithin * at) / options.sessions)
  }

  /** Runs a storm against 127.0.0.1 to its end. */
  static async run(options: StormOptions): Promise<StormReport> {
    const storm = new Storm(options)
    for (const [index, socket] of storm.#sockets.entries()) {
      socket.on('message', (answer) => storm.#answered(index, answer))
      socket.on('error', () => undefined)
      await new Promise<void>((resolve) => socket.bind(0, options.address ?? '127.0.0.1', () => resolve()))
    }
    try {
      return await storm.#toTheEnd()
    } finally {
      for (const socket of storm.#sockets) socket.close()
    }
  }

  async #toTheEnd(): Promise<StormReport> {
    const { sessions, lasts, progress, isEnough = () => false } = this.#options
    this.#began = monotonicNow()
    let enough = false
    for (let now = 0; now < lasts && this.#counts.up < (enough ? this.#begunAt.length : sessions); now = this.#now()) {
      enough ||= isEnough()
      this.#dial(now, enough)
      this.#repeat(now)
      if (now - this.#toldAt >= 1) {
        this.#toldAt = now
        progress(now, this.#counts.up)
      }
      await new Promise((resolve) => setTimeout(resolve, STEP_MS))
    }
    const allUpAfter = this.#counts.up === sessions ? this.#lastUpAt : undefined
    const begun = this.#begunAt.length
    const waits = this.#waits.toSorted((a, b) => a - b)
    const wait = (index: number): number | undefined => (Number.isFinite(waits[index]) ? waits[index] : undefined)
    const [medianWait, longestWait] = [wait(Math.ceil(begun / 2) - 1), wait(begun - 1)]
    return { ...this.#counts, allUpAfter, seconds: this.#now(), begun, medianWait, longestWait }
  }

  #now(): number {
    return (monotonicNow() - this.#began) / SECOND
  }

  #dial(now: number, onlyAgain: boolean): void {
    for (const [session, at] of this.#dialAt.entries()) {
      if (at > now || (onlyAgain && session >= this.#begunAt.length)) continue
      this.#dialAt[session] = Number.POSITIVE_INFINITY
      this.#send(this.#newLogin(session, now), now)
    }
  }

  #newLogin(session: number, now: number): Login {
    const index = Math.floor(this.#nextLogin / IDENTIFIERS) % this.#sockets.length
    const identifier = this.#nextLogin % IDENTIFIERS
    this.#nextLogin += 1
    const packet = radius.encode({
      code: 'Access-Request',
      secret: this.#options.secret,
      identifier,
      attributes: [
        ['User-Name', `user-${session}`],
        ['User-Password', DEMO_PASSWORD],
        ['NAS-IP-Address', '127.0.0.1'],
      ],
      add_message_authenticator: true,
    })
    const socket = this.#sockets[index] as Socket
    const login: Login = { session, packet, socket, tries: 0, nextAt: now, outcome: 'waiting' }
    this.#logins.set(`${index} ${identifier}`, login)
    this.#active.add(login)
    this.#counts.logins += 1
    return login
  }

  #repeat(now: number): void {
    const { tries, redialAfter } = this.#options
    for (const login of this.#active) {
      if (login.nextAt > now) continue
      if (login.tries < tries) {
        this.#send(login, now)
        continue
      }
      login.outcome = 'given up'
      this.#active.delete(login)
      this.#counts.givenUp += 1
      this.#dialAt[login.session] = now + redialAfter * spread(login.session)
    }
  }

  #send(login: Login, now: number): void {
    if (login.session === this.#begunAt.length) {
      this.#begunAt.push(this.#now())
      this.#waits.push(Number.POSITIVE_INFINITY)
    }
    login.tries += 1
    login.nextAt = now + this.#options.repeatEvery
    login.socket.send(login.packet, this.#options.port, '127.0.0.1')
    this.#counts.sent += 1
  }

  #answered(index: number, response: Buffer): void {
    const login = this.#logins.get(`${index} ${response[1]}`)
    if (!login || !verifies(login.packet, response, this.#options.secret)) return
    if (login.outcome === 'given up') this.#counts.answeredTooLate += 1
    // A second answer to one that is up answers its retransmission.
    if (login.outcome !== 'waiting') return
    login.outcome = 'up'
    this.#active.delete(login)
    this.#counts.answeredInTime += 1
    this.#counts.up += 1
    this.#lastUpAt = this.#now()
    this.#waits[login.session] = this.#lastUpAt - (this.#begunAt[login.session] ?? 0)
  }
}

/** 0.5 to 1.5, evenly spread over the sessions (multiples of the golden ratio), the same in every run. */
const spread = (session: number): number => 0.5 + ((session * 0.618_034) % 1)

function verifies(request: Buffer, response: Buffer, secret: string): boolean {
  try {
    return radius.verify_response({ request, response, secret })
  } catch {
    return false
  }
}
