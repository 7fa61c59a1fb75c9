/**
 * UDP over node:dgram: one socket for each link.
 *
 * A link to a server is a connected socket: the kernel drops what comes from elsewhere, and reports a closed port
 * (ECONNREFUSED) on that very socket. Requests are held back until `deliver`; all else is told when the socket says it. Each
 * datagram is sent at once, in a system call of its own, so `flush` has nothing to do.
 */
import type { Endpoint } from '../../addresses.ts'
import { codeOf, systemCodeOf } from '../../coded-error.ts'
import { freshOctets } from '../../fresh-octets.ts'
import type { Peer } from '../../proxy/border/events.ts'
import { PROBE_PORT } from '../../proxy/border/ports.ts'
import type { Clock } from '../clock.io.ts'
import { failureOf, LinkOpening } from '../failures.ts'
import {
  type Arrivals,
  type ConnectPlan,
  IDENTIFIERS,
  type Link,
  type LinkReport,
  type ListenPlan,
  type Pace,
  type Transport,
} from '../ports.ts'
import { openSocket, type SocketOptions } from './socket.io.ts'
import { TimerPace } from './timer-pace.io.ts'

/** A request that waits for `deliver`. */
interface Held {
  readonly plan: ListenPlan
  readonly arrivals: Arrivals
  readonly from: Peer
  readonly octets: Uint8Array
}

export class DgramTransport implements Transport {
  readonly tellsAsked = false
  /** Bounded by what is read in one turn of the event loop: libuv reads at most 32 datagrams of each socket. */
  #held: Held[] = []

  listen(plan: ListenPlan, arrivals: Arrivals): Promise<Link> {
    const message = (octets: Uint8Array, sender: Endpoint): void => {
      const from = plan.peers.at(sender.address, sender.port)
      this.#held.push({ plan, arrivals, from, octets })
      if (this.#held.length === 1) arrivals.pending()
    }
    return openSocket({ ...plan, message })
  }

  async connect(plan: ConnectPlan, arrivals: Arrivals): Promise<Link> {
    const link = new ConnectedLink(plan, arrivals)
    await link.open()
    return link
  }

  deliver(): void {
    const held = this.#held
    this.#held = []
    for (const one of held) one.arrivals.request(one.plan.class, one.from, one.octets)
  }

  flush(): void {}

  /** Its own for each datagram: libuv may keep it. */
  room(length: number): Uint8Array {
    return freshOctets(length)
  }

  pace(turn: () => void, clock: Clock): Pace {
    return new TimerPace(turn, clock)
  }
}

/**
 * A link to a server to which maybe no route leads yet: the network comes up after us, a tunnel is down.
 *
 * One server that can't be reached is no reason to serve none. What is sent there fails with the system's code, as if the route
 * had gone away later: the server is silent, and goes Down.
 */
class ConnectedLink implements Link {
  readonly isReliable = false
  readonly capacity = IDENTIFIERS
  readonly #plan: ConnectPlan
  readonly #arrivals: Arrivals
  readonly #options: SocketOptions
  #socket: Link | undefined
  readonly #opening = new LinkOpening()

  constructor(plan: ConnectPlan, arrivals: Arrivals) {
    this.#plan = plan
    this.#arrivals = arrivals
    const { lane, link, purpose, local, server } = plan
    const message =
      link === PROBE_PORT
        ? (octets: Uint8Array): void => arrivals.probeAnswer(lane, octets)
        : (octets: Uint8Array): void => arrivals.response(lane, link, octets)
    this.#options = { purpose, local, server, message, failed: (code) => this.#failed(code) }
  }

  /** @throws a coded error if it can't be opened, unless only a route is missing. */
  async open(): Promise<void> {
    this.#opening.begin(performance.now())
    try {
      this.#use(await openSocket(this.#options))
    } catch (error) {
      if (codeOf(error) !== 'NO_ROUTE') throw error
      this.#down(reasonOf(error))
    }
  }

  send(octets: Uint8Array): void {
    if (this.#socket !== undefined) this.#socket.send(octets)
    else {
      this.#failed(this.#opening.reason)
      this.#tryAgain()
    }
  }

  close(): void {
    this.#opening.close()
    this.#socket?.close()
    this.#socket = undefined
  }

  report(): LinkReport | undefined {
    return this.#socket?.report()
  }

  /** Returns whether it is of use. */
  #use(socket: Link): boolean {
    const isWanted = this.#opening.opened()
    if (isWanted) {
      this.#socket = socket
      this.#plan.opened((socket.report() as LinkReport).local)
    } else socket.close()
    return isWanted
  }

  #down(reason: string): void {
    this.#opening.failed(reason)
    this.#socket = undefined
    this.#arrivals.linkChanged(this.#plan.lane, this.#plan.link, 'down')
  }

  #failed(code: string): void {
    const { lane, link, server, failed } = this.#plan
    const failure = failureOf(code, server)
    if (failure === 'refused') this.#arrivals.linkChanged(lane, link, 'refused')
    else failed(code)
    const socket = this.#socket
    if (failure === 'gone' && socket !== undefined) {
      this.#down(code)
      socket.close()
    }
  }

  #tryAgain(): void {
    if (!this.#opening.begin(performance.now())) return
    void openSocket(this.#options).then(
      (socket) => {
        if (this.#use(socket)) this.#arrivals.linkChanged(this.#plan.lane, this.#plan.link, 'up')
      },
      (error: unknown) => this.#opening.failed(reasonOf(error)),
    )
  }
}

const reasonOf = (error: unknown): string => systemCodeOf((error as Error).cause) ?? 'UNKNOWN'
