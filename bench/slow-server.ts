/**
 * A scripted slow RADIUS server, in a process of its own: it works off a number of requests a second, in order of arrival.
 *
 * Its schedule is absolute: job n of a busy time ends n / capacity after its begin, however late timers are. An idle server
 * saves up nothing. It recognises no duplicates, works off all of its backlog, and drops what exceeds the backlog. The parent
 * asks over the channel between the two; the child ends when that closes.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { ACCESS_ACCEPT, ACCESS_REQUEST, HEADER_LENGTH } from '../src/codes.ts'
import { peakWithin } from '../src/demo/demo-server.io.ts'
import { checkRequest } from '../src/radius/authenticator.ts'
import { type Packet, readPacket } from '../src/radius/packet.ts'
import { Secret } from '../src/radius/secret.ts'
import { answerTo } from '../src/simulation/peers/packets.ts'
import { monotonicNow } from '../src/transport/clock.io.ts'
import { kernelDropsAt } from './kernel-drops.ts'

const RECEIVE_BUFFER = 4 * 1024 * 1024
const STEP_MS = 1
const USER_NAME = 1
const SECOND = 1_000_000
const SLOT = 50_000
/** The longest run times the fiercest storm stays below this; what comes beyond is lost and counted as such. */
const MOST_ARRIVALS = 5_000_000

export interface SlowServerOptions {
  readonly secret: string
  /** Requests a second. */
  readonly capacity: number
  /** Requests that wait at most. */
  readonly backlog: number
  /** How long its clients wait for an answer, seconds. */
  readonly patience: number
  /** User-Names that begin so are watched: how long each waited here is told one by one. */
  readonly watch?: string
}

export interface SlowServerReport {
  /** Access-Requests that arrived. */
  readonly received: number
  readonly answered: number
  /** Lost for a full backlog. */
  readonly overflowed: number
  /** Wrongly signed, or no request. */
  readonly invalid: number
  /** Status-Server requests, answered at once. */
  readonly probes: number
  readonly longestBacklog: number
  /** How long answered requests waited here, seconds. */
  readonly waited: { readonly median: number; readonly p99: number; readonly longest: number }
  /** Answered after longer than the patience, counted from the arrival of that very datagram. */
  readonly answeredAfterPatience: number
  /** The most arrivals within any second and any 50 ms, wherever they begin. */
  readonly peakPerSecond: number
  readonly peakPerSlot: number
  /** Arrivals in each second since the first. */
  readonly arrivalsBySecond: readonly number[]
  /** How late the latest answer left, milliseconds: what this bench itself got wrong. */
  readonly latestBy: number
  readonly kernelDrops: number | undefined
}

/** By User-Name, how long its request waited here until the answer, microseconds. */
export type Watched = Readonly<Record<string, number>>

export type Question =
  | { readonly ask: 'start'; readonly options: SlowServerOptions }
  | { readonly ask: 'report' }
  | { readonly ask: 'watched' }
export type Answer = { readonly port: number } | SlowServerReport | Watched

interface Job {
  readonly packet: Packet
  readonly from: RemoteInfo
  readonly arrivedAt: number
}

class SlowServer {
  readonly #options: SlowServerOptions
  readonly #secret: Secret
  readonly #socket: Socket
  readonly #arrivals: number[] = []
  readonly #waited: number[] = []
  readonly #watched = new Map<string, number>()
  /** In the order of arrival; `#head` is the next. */
  #jobs: Job[] = []
  #head = 0
  #isWorking = false
  #busySince = 0
  #doneSince = 0
  #latestBy = 0
  #counts = { answered: 0, overflowed: 0, invalid: 0, probes: 0, longestBacklog: 0, answeredAfterPatience: 0 }

  private constructor(options: SlowServerOptions) {
    this.#options = options
    this.#secret = new Secret(options.secret)
    this.#socket = createSocket('udp4')
    this.#socket.on('message', (bytes, from) => this.#arrived(bytes, from))
    // The asker's port may be closed by the time of the answer.
    this.#socket.on('error', () => undefined)
  }

  static async start(options: SlowServerOptions): Promise<SlowServer> {
    const server = new SlowServer(options)
    await new Promise<void>((resolve) => server.#socket.bind(0, '127.0.0.1', resolve))
    server.#socket.setRecvBufferSize(RECEIVE_BUFFER)
    return server
  }

  get port(): number {
    return this.#socket.address().port
  }

  report(): SlowServerReport {
    const arrivals = this.#arrivals
    const waited = Float64Array.from(this.#waited).sort()
    const at = (share: number): number => (waited[Math.floor(share * (waited.length - 1))] ?? 0) / SECOND
    const arrivalsBySecond: number[] = []
    for (const each of arrivals) {
      const second = Math.floor((each - arrivals[0]!) / SECOND)
      while (arrivalsBySecond.length <= second) arrivalsBySecond.push(0)
      arrivalsBySecond[second]! += 1
    }
    return {
      received: arrivals.length,
      ...this.#counts,
      waited: { median: at(0.5), p99: at(0.99), longest: at(1) },
      peakPerSecond: peakWithin(arrivals, SECOND),
      peakPerSlot: peakWithin(arrivals, SLOT),
      arrivalsBySecond,
      latestBy: Math.round(this.#latestBy / 1_000),
      kernelDrops: kernelDropsAt([this.port]),
    }
  }

  watched(): Watched {
    return Object.fromEntries(this.#watched)
  }

  #arrived(bytes: Uint8Array, from: RemoteInfo): void {
    const now = monotonicNow()
    const packet = readPacket(bytes)
    if (typeof packet === 'string' || checkRequest(packet, 'authentication', this.#secret) !== undefined) {
      this.#counts.invalid += 1
    } else if (packet.code !== ACCESS_REQUEST) {
      this.#counts.probes += 1
      this.#answer(packet, from)
    } else {
      this.#arrivals.push(now)
      this.#put({ packet, from, arrivedAt: now })
    }
  }

  #put(job: Job): void {
    const waiting = this.#jobs.length - this.#head
    if (waiting >= this.#options.backlog || this.#arrivals.length > MOST_ARRIVALS) {
      this.#counts.overflowed += 1
      return
    }
    this.#jobs.push(job)
    this.#counts.longestBacklog = Math.max(this.#counts.longestBacklog, waiting + 1)
    if (this.#isWorking) return
    this.#isWorking = true
    this.#busySince = job.arrivedAt
    this.#doneSince = 0
    setTimeout(this.#work, STEP_MS)
  }

  readonly #work = (): void => {
    const { capacity } = this.#options
    for (let now = monotonicNow(); this.#head < this.#jobs.length; now = monotonicNow()) {
      const doneAt = this.#busySince + ((this.#doneSince + 1) * SECOND) / capacity
      if (doneAt > now) break
      this.#latestBy = Math.max(this.#latestBy, now - doneAt)
      this.#doneSince += 1
      this.#finish(this.#jobs[this.#head]!, now)
      this.#head += 1
    }
    if (this.#head * 2 > this.#jobs.length) {
      this.#jobs = this.#jobs.slice(this.#head)
      this.#head = 0
    }
    this.#isWorking = this.#head < this.#jobs.length
    if (this.#isWorking) setTimeout(this.#work, STEP_MS)
  }

  #finish({ packet, from, arrivedAt }: Job, now: number): void {
    this.#counts.answered += 1
    this.#waited.push(now - arrivedAt)
    const { watch } = this.#options
    const user = watch === undefined ? '' : userOf(packet.bytes)
    if (watch !== undefined && user.startsWith(watch)) this.#watched.set(user, now - arrivedAt)
    if (now - arrivedAt > this.#options.patience * SECOND) this.#counts.answeredAfterPatience += 1
    this.#answer(packet, from)
  }

  #answer(packet: Packet, from: RemoteInfo): void {
    const bytes = answerTo({ request: packet, code: ACCESS_ACCEPT, secret: this.#secret })
    this.#socket.send(bytes, from.port, from.address)
  }
}

/** The User-Name, '' where there is none. */
function userOf(bytes: Uint8Array): string {
  for (let at = HEADER_LENGTH; at < bytes.length; at += bytes[at + 1]!) {
    if (bytes[at] === USER_NAME) return Buffer.from(bytes.subarray(at + 2, at + bytes[at + 1]!)).toString()
  }
  return ''
}

function answerOf(asked: SlowServer, ask: Question['ask']): Answer {
  if (ask === 'start') return { port: asked.port }
  return ask === 'report' ? asked.report() : asked.watched()
}

let server: SlowServer | undefined
process.on('message', async (question: Question) => {
  if (question.ask === 'start') server = await SlowServer.start(question.options)
  if (server === undefined) throw new Error('bench: a report was asked for before the start')
  process.send?.(answerOf(server, question.ask))
})
process.once('disconnect', () => process.exit(0))
