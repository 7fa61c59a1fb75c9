/**
 * UDP over node:dgram: one socket for each link.
 *
 * A link to a server is a connected socket: the kernel drops what comes from elsewhere, and reports a closed port
 * (ECONNREFUSED) on that very socket. Requests are held back until `deliver`; all else is told when the socket says it. Each
 * datagram is sent at once, in a system call of its own, so `flush` has nothing to do.
 */
import type { Endpoint } from '../../addresses.ts'
import { codeOf, systemCodeOf } from '../../coded-error.ts'
import type { Peer } from '../../proxy/border/events.ts'
import { PROBE_PORT } from '../../proxy/border/ports.ts'
import type { Arrivals, ConnectPlan, Link, LinkReport, ListenPlan, Transport } from '../ports.ts'
import { IDENTIFIERS, openSocket, type SocketOptions } from './socket.io.ts'

/** While a server has no route, opening its link is tried again with what is sent there, at most so often. */
const TRY_AGAIN_MS = 1_000
/** What sending says if the interface of the socket is gone. */
const GONE = ['ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN', 'ENODEV', 'ENXIO', 'EADDRNOTAVAIL']

/** A request that waits for `deliver`. */
interface Held {
  readonly plan: ListenPlan
  readonly arrivals: Arrivals
  readonly from: Peer
  readonly octets: Uint8Array
}

export class DgramTransport implements Transport {
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
}

/**
 * A link to a server to which maybe no route leads yet: the network comes up after us, a tunnel is down.
 *
 * One server that can't be reached is no reason to serve none. What is sent there fails with the system's code, as if the route
 * had gone away later: the server is silent, and goes Down. A socket to a link-local server is bound to its interface by number.
 * If the interface is made anew under the same name, the socket leads nowhere for good. So it is closed with the first failure
 * and opened again like the others.
 */
class ConnectedLink implements Link {
  readonly isReliable = false
  readonly capacity = IDENTIFIERS
  readonly #plan: ConnectPlan
  readonly #arrivals: Arrivals
  readonly #options: SocketOptions
  #socket: Link | undefined
  /** The code of the system for why there is no socket. */
  #reason = 'ENETUNREACH'
  /** Milliseconds of the process. */
  #triedAt = 0
  #isTrying = false
  #isClosed = false

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
    this.#triedAt = performance.now()
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
      this.#failed(this.#isClosed ? 'EBADF' : this.#reason)
      this.#tryAgain()
    }
  }

  close(): void {
    this.#isClosed = true
    this.#socket?.close()
    this.#socket = undefined
  }

  report(): LinkReport | undefined {
    return this.#socket?.report()
  }

  #use(socket: Link): void {
    this.#socket = socket
    this.#plan.opened((socket.report() as LinkReport).local)
  }

  #down(reason: string): void {
    this.#reason = reason
    this.#socket = undefined
    this.#arrivals.linkChanged(this.#plan.lane, this.#plan.link, 'down')
  }

  #failed(code: string): void {
    const { lane, link, server, failed } = this.#plan
    if (code === 'ECONNREFUSED') {
      this.#arrivals.linkChanged(lane, link, 'refused')
      return
    }
    failed(code)
    const socket = this.#socket
    if (socket !== undefined && server.address.includes('%') && GONE.includes(code)) {
      this.#down(code)
      socket.close()
    }
  }

  #tryAgain(): void {
    const now = performance.now()
    if (this.#isTrying || this.#isClosed || now - this.#triedAt < TRY_AGAIN_MS) return
    this.#triedAt = now
    this.#isTrying = true
    void openSocket(this.#options)
      .then(
        (socket) => {
          if (this.#isClosed) return socket.close()
          this.#use(socket)
          this.#arrivals.linkChanged(this.#plan.lane, this.#plan.link, 'up')
        },
        (error: unknown) => {
          this.#reason = reasonOf(error)
        },
      )
      .finally(() => {
        this.#isTrying = false
      })
  }
}

const reasonOf = (error: unknown): string => systemCodeOf((error as Error).cause) ?? 'UNKNOWN'
