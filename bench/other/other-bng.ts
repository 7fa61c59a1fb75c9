/**
 * The other BNG: while one storms, this one logs in as always. It measures how long each of its logins waits.
 *
 * Its sessions are new each time and begin at random moments (Poisson), the same in each run of one seed. A login is repeated,
 * given up and redialled as in the storm; its waiting time goes from the first transmission to the answer. It is a process of
 * its own, at a better priority where the system allows it, so that the storm's BNG does not delay what is measured; it looks
 * around each millisecond, and what it finds later than that is a stall of the machine. The parent asks over the channel
 * between the two; the child ends when that closes.
 */
import { createSocket, type Socket } from 'node:dgram'
import { getPriority, setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Secret } from '../../src/radius/secret.ts'
import { Random } from '../../src/simulation/peers/random.ts'
import { monotonicNow } from '../../src/transport/clock.io.ts'
import { accepts, type Login, loginOf, otherUser } from '../login.ts'

const ADDRESS = '127.0.0.2'
const IDENTIFIERS = 256
/** An identifier is used again after about so long, seconds: no answer comes as late as that. */
const IDENTIFIER_RESTS = 60
const SECOND = 1_000_000
const NICENESS = -10
const STALL = 10_000
/** Seconds: no new login after the first, nothing at all after the second once it was told to end. */
const LONGEST = 900
const DRAIN = 25

export interface OtherBngOptions {
  readonly secret: string
  readonly port: number
  readonly rate: number
  readonly seed: number
  /** As in the storm's plan. */
  readonly repeatEvery: number
  readonly tries: number
  readonly redialAfter: number
}

/** One session, as it went. */
export interface OtherLogin {
  /** Its first transmission, microseconds of the monotonic clock. */
  readonly at: number
  /** Microseconds until its answer; undefined where none came. */
  readonly waited: number | undefined
  /** Requests that it dialled with: 1 is at the first. */
  readonly calls: number
}

export interface OtherBngReport {
  readonly logins: readonly OtherLogin[]
  readonly sent: number
  /** Answers that verified for no call, or for one that was over. */
  readonly answersOfNoUse: number
  /** The latest that a session began after its moment, milliseconds. */
  readonly latestBy: number
  /** When it could neither send nor receive for more than 10 ms, microseconds of the monotonic clock. */
  readonly stalls: readonly { readonly at: number; readonly lasted: number }[]
  readonly niceness: number
}

export type Question = { readonly ask: 'begin'; readonly options: OtherBngOptions } | { readonly ask: 'end' }
export type Answer = { readonly begun: true } | OtherBngReport

interface Session {
  readonly number: number
  /** Its place in the table of identifiers, while it dials. */
  call: { readonly login: Login; readonly at: number; sent: number } | undefined
  dueAt: number
  begunAt: number
  waited: number | undefined
  calls: number
}

class OtherBng {
  readonly #options: OtherBngOptions
  readonly #secret: Secret
  readonly #random: Random
  readonly #sockets: Socket[] = []
  readonly #sessions: Session[] = []
  readonly #active = new Set<Session>()
  /** By socket and identifier, the session that used them last. */
  readonly #users: (Session | undefined)[] = []
  readonly #stalls: { at: number; lasted: number }[] = []
  #nextAt = 0
  #endsAt = Number.POSITIVE_INFINITY
  #latestBy = 0
  #counts = { calls: 0, sent: 0, answersOfNoUse: 0 }

  constructor(options: OtherBngOptions) {
    this.#options = options
    this.#secret = new Secret(options.secret)
    this.#random = new Random(options.seed).child('other')
  }

  async open(): Promise<void> {
    try {
      setPriority(NICENESS)
    } catch {
      // Not root: it is measured at the common priority, and the report says so.
    }
    const count = Math.ceil((this.#options.rate * IDENTIFIER_RESTS) / IDENTIFIERS)
    for (let index = 0; index < count; index += 1) {
      const socket = createSocket({ type: 'udp4', lookup: (address, _options, answer) => answer(null, address, 4) })
      socket.on('message', (bytes) => this.#answered(index, bytes))
      // The way to the server may be closed for a moment; a BNG repeats its request and says nothing.
      socket.on('error', () => undefined)
      await new Promise<void>((resolve) => socket.bind(0, ADDRESS, resolve))
      this.#sockets.push(socket)
    }
  }

  /** Until it was told to end and nobody waits any more. */
  async run(): Promise<void> {
    const began = monotonicNow()
    this.#nextAt = began + this.#pause()
    for (let now = began, before = began; !this.#isOver(now, began); now = monotonicNow()) {
      if (now - before > STALL) this.#stalls.push({ at: before, lasted: now - before })
      before = now
      this.#step(now)
      await sleep(1)
    }
    for (const socket of this.#sockets) socket.close()
  }

  /** No new logins from now on. */
  end(): void {
    this.#nextAt = Number.POSITIVE_INFINITY
    this.#endsAt = monotonicNow() + DRAIN * SECOND
  }

  report(): OtherBngReport {
    const { sent, answersOfNoUse } = this.#counts
    return {
      logins: this.#sessions.map(({ begunAt, waited, calls }) => ({ at: begunAt, waited, calls })),
      sent,
      answersOfNoUse,
      latestBy: Math.round(this.#latestBy / 1_000),
      stalls: this.#stalls,
      niceness: getPriority(),
    }
  }

  #isOver(now: number, began: number): boolean {
    if (now - began > LONGEST * SECOND) this.#nextAt = Number.POSITIVE_INFINITY
    return now > this.#endsAt || (this.#endsAt !== Number.POSITIVE_INFINITY && this.#active.size === 0)
  }

  #step(now: number): void {
    for (; this.#nextAt <= now; this.#nextAt += this.#pause()) {
      this.#latestBy = Math.max(this.#latestBy, now - this.#nextAt)
      const number = this.#sessions.length
      const session: Session = { number, call: undefined, dueAt: now, begunAt: 0, waited: undefined, calls: 0 }
      this.#sessions.push(session)
      this.#active.add(session)
      this.#act(session)
    }
    for (const session of this.#active) if (session.dueAt <= now) this.#act(session)
  }

  /** Dials, repeats or gives up, whichever is due. */
  #act(session: Session): void {
    const { repeatEvery, tries, redialAfter, port } = this.#options
    session.call ??= this.#dial(session)
    const { call } = session
    if (call.sent === tries) {
      session.call = undefined
      session.dueAt += redialAfter * SECOND
      return
    }
    session.dueAt += repeatEvery * SECOND
    call.sent += 1
    this.#counts.sent += 1
    if (session.begunAt === 0) session.begunAt = monotonicNow()
    this.#sockets[Math.floor(call.at / IDENTIFIERS)]?.send(call.login.bytes, port, '127.0.0.1')
  }

  #dial(session: Session): NonNullable<Session['call']> {
    const at = this.#counts.calls % (this.#sockets.length * IDENTIFIERS)
    this.#counts.calls += 1
    session.calls += 1
    this.#users[at] = session
    return { login: loginOf(otherUser(session.number), at % IDENTIFIERS, this.#secret), at, sent: 0 }
  }

  #answered(socket: number, bytes: Uint8Array): void {
    const now = monotonicNow()
    const at = socket * IDENTIFIERS + (bytes[1] ?? 0)
    const session = this.#users[at]
    const isWanted = session?.call?.at === at && session.waited === undefined
    if (!isWanted || !accepts(bytes, session.call!.login, this.#secret)) {
      this.#counts.answersOfNoUse += 1
      return
    }
    session.waited = now - session.begunAt
    this.#active.delete(session)
  }

  /** Until the next session begins. */
  #pause(): number {
    return (-Math.log(1 - this.#random.fraction()) * SECOND) / this.#options.rate
  }
}

let bng: OtherBng | undefined
let over: Promise<void> | undefined
process.on('message', async (question: Question) => {
  if (question.ask === 'begin') {
    bng = new OtherBng(question.options)
    await bng.open()
    over = bng.run()
    process.send?.({ begun: true } satisfies Answer)
    return
  }
  if (bng === undefined) throw new Error('bench: the other BNG was ended before it began')
  bng.end()
  await over
  process.send?.(bng.report() satisfies Answer)
})
process.once('disconnect', () => process.exit(0))
