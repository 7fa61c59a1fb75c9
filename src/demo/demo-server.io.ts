/**
 * A small RADIUS server for demonstrations, made of the independent `radius` package: not ours, and not for production.
 *
 * It accepts the password `wonderland`, answers accounting and Status-Server, and works in the order of arrival at a
 * limited pace, as a server with a slow database does: what comes faster waits in its backlog, retransmissions of what
 * waits are dropped, and beyond the backlog's length everything is. It knows how hard it was hit.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import radius from 'radius'
import { monotonicNow } from '../transport/clock.io.ts'

export const DEMO_PASSWORD = 'wonderland'
const STEP_MS = 5
const MOST_ARRIVALS = 2_000_000
const SECOND = 1_000_000
const SLOT = 50_000

export interface DemoServerOptions {
  /** Shown in its answers. */
  readonly name: string
  readonly secret: string
  /** Requests per second that it can work off; 0 is no limit. */
  readonly capacity: number
  /** Requests that may wait for it. */
  readonly backlog: number
}

/** What the server saw since it started. */
export interface DemoServerReport {
  readonly received: number
  readonly duplicates: number
  readonly overflowed: number
  readonly answered: number
  readonly longestBacklog: number
  /** The most that arrived in any second, and in any 50 ms. */
  readonly peakPerSecond: number
  readonly peakPerSlot: number
}

interface Waiting {
  readonly key: string
  readonly socket: Socket
  readonly from: RemoteInfo
  readonly packet: Buffer
}

export class DemoServer {
  readonly #options: DemoServerOptions
  readonly #sockets: readonly [authentication: Socket, accounting: Socket]
  readonly #arrivals: number[] = []
  readonly #waitingKeys = new Set<string>()
  #waiting: Waiting[] = []
  #timer: NodeJS.Timeout | undefined
  #busySince = 0
  #doneSince = 0
  #counts = { received: 0, duplicates: 0, overflowed: 0, answered: 0, longestBacklog: 0 }

  private constructor(options: DemoServerOptions) {
    this.#options = options
    this.#sockets = [createSocket('udp4'), createSocket('udp4')]
    for (const socket of this.#sockets) {
      socket.on('message', (packet, from) => this.#arrived({ key: keyOf(packet, from), socket, from, packet }))
      // The asker's port may be closed by the time of the answer.
      socket.on('error', () => undefined)
    }
  }

  /** Listens on two free ports of loopback. */
  static async start(options: DemoServerOptions): Promise<DemoServer> {
    const server = new DemoServer(options)
    await Promise.all(
      server.#sockets.map((socket) => new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', () => resolve()))),
    )
    return server
  }

  get ports(): { readonly authentication: number; readonly accounting: number } {
    const [authentication, accounting] = this.#sockets
    return { authentication: authentication.address().port, accounting: accounting.address().port }
  }

  report(): DemoServerReport {
    const peakPerSecond = peakWithin(this.#arrivals, SECOND)
    return { ...this.#counts, peakPerSecond, peakPerSlot: peakWithin(this.#arrivals, SLOT) }
  }

  close(): void {
    clearTimeout(this.#timer)
    for (const socket of this.#sockets) socket.close()
  }

  #arrived(one: Waiting): void {
    this.#counts.received += 1
    if (this.#arrivals.length < MOST_ARRIVALS) this.#arrivals.push(monotonicNow())
    if (this.#waitingKeys.has(one.key)) this.#counts.duplicates += 1
    else if (this.#options.capacity === 0) this.#answer(one)
    else if (this.#waiting.length >= this.#options.backlog) this.#counts.overflowed += 1
    else this.#put(one)
  }

  #put(one: Waiting): void {
    this.#waiting.push(one)
    this.#waitingKeys.add(one.key)
    this.#counts.longestBacklog = Math.max(this.#counts.longestBacklog, this.#waiting.length)
    if (this.#timer !== undefined) return
    this.#busySince = monotonicNow()
    this.#doneSince = 0
    this.#timer = setTimeout(this.#work, STEP_MS)
  }

  /** As many as the capacity allows for the time that the server has been busy: an idle server saves up nothing. */
  readonly #work = (): void => {
    const mayBeDone = Math.floor(((monotonicNow() - this.#busySince) * this.#options.capacity) / SECOND)
    const now = this.#waiting.slice(0, Math.max(0, mayBeDone - this.#doneSince))
    this.#waiting = this.#waiting.slice(now.length)
    this.#doneSince += now.length
    for (const one of now) {
      this.#waitingKeys.delete(one.key)
      this.#answer(one)
    }
    this.#timer = this.#waiting.length > 0 ? setTimeout(this.#work, STEP_MS) : undefined
  }

  #answer({ socket, from, packet }: Waiting): void {
    const { secret } = this.#options
    try {
      const request = radius.decode({ packet, secret })
      const [code, said] = this.#verdict(request.code, request.attributes)
      const attributes = said === undefined ? [] : [['Reply-Message', said] as const]
      const answer = radius.encode_response({ packet: request, code, secret, attributes })
      socket.send(answer, from.port, from.address)
      this.#counts.answered += 1
    } catch {
      // The package throws on whatever it can't read or verify: a server is silent then (RFC 2865 section 3).
    }
  }

  #verdict(code: string, attributes: Readonly<Record<string, unknown>>): readonly [code: string, said?: string] {
    const { name } = this.#options
    switch (code) {
      case 'Access-Request':
        return attributes['User-Password'] === DEMO_PASSWORD
          ? ['Access-Accept', `welcome, says ${name}`]
          : ['Access-Reject', `wrong password, says ${name}`]
      case 'Accounting-Request':
        return ['Accounting-Response']
      case 'Status-Server':
        return ['Access-Accept']
      default:
        throw new Error(`no answer to ${code}`)
    }
  }
}

/** RFC 5080 section 2.2.2: a duplicate has the same source, identifier, code and authenticator. */
const keyOf = (packet: Buffer, from: RemoteInfo): string =>
  `${from.address} ${from.port} ${packet.toString('latin1', 0, 20)}`

/** The most arrivals (ascending, microseconds) within any `window` microseconds, wherever that begins. */
export function peakWithin(arrivals: readonly number[], window: number): number {
  let peak = 0
  let first = 0
  for (let last = 0; last < arrivals.length; last += 1) {
    while ((arrivals[last] ?? 0) - (arrivals[first] ?? 0) >= window) first += 1
    peak = Math.max(peak, last - first + 1)
  }
  return peak
}
