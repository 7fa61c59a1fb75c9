/**
 * A network in memory and a transport over it: what the rules of `src/transport/ports.ts` allow, it does.
 *
 * What arrives is handed over in one buffer, which is overwritten after each call. What is sent is read when `flush` comes, and
 * it is an error if it was changed before. Nothing waits for real time: `settle` carries what is on the way.
 */
import { type Endpoint, endpointText } from '../../src/addresses.ts'
import { codedError } from '../../src/coded-error.ts'
import type { Peer } from '../../src/proxy/border/events.ts'
import { PROBE_PORT } from '../../src/proxy/border/ports.ts'
import type { Clock } from '../../src/transport/clock.io.ts'
import { TimerPace } from '../../src/transport/dgram/timer-pace.io.ts'
import type { Arrivals, ConnectPlan, Link, ListenPlan, Pace, Transport } from '../../src/transport/ports.ts'

interface Socket {
  readonly local: Endpoint
  readonly server: Endpoint | undefined
  receive(octets: Uint8Array, from: Endpoint): void
  refused(octets: Uint8Array): void
}

interface Datagram {
  readonly from: Socket
  readonly to: Endpoint
  readonly octets: Uint8Array
}

const LARGEST = 65_507
const BUFFER = 1_000_000
const FIRST_PORT = 40_000
/** A datagram more at one `settle`, and something answers itself for ever. */
const MOST_IN_FLIGHT = 100_000

export class MemoryNetwork {
  /** By address and port. */
  readonly #sockets = new Map<string, Socket>()
  #onTheWay: Datagram[] = []
  #nextPort = FIRST_PORT
  /** Whether no route leads to any server. */
  #isCut = false
  readonly #watchers: (() => void)[] = []

  get isCut(): boolean {
    return this.#isCut
  }

  /** The routes to the servers go, or come back. */
  cut(is: boolean): void {
    this.#isCut = is
    for (const changed of this.#watchers) changed()
  }

  watch(changed: () => void): void {
    this.#watchers.push(changed)
  }

  /** A free port of all addresses. */
  freePort(): number {
    this.#nextPort += 1
    return this.#nextPort
  }

  /** @throws a coded error, as a real machine does. */
  bind(wanted: Endpoint, purpose: string, socket: Omit<Socket, 'local'>): Socket {
    const local = { address: wanted.address, port: wanted.port === 0 ? this.freePort() : wanted.port }
    const fail = (code: 'ADDRESS_NOT_LOCAL' | 'ADDRESS_IN_USE'): never => {
      throw codedError(code, `${purpose}: can't open ${endpointText(local)}`)
    }
    if (!/^(127\.|::1$)/.test(local.address)) fail('ADDRESS_NOT_LOCAL')
    if (this.#sockets.has(endpointText(local))) fail('ADDRESS_IN_USE')
    const bound = { ...socket, local }
    this.#sockets.set(endpointText(local), bound)
    return bound
  }

  unbind({ local }: Socket): void {
    this.#sockets.delete(endpointText(local))
  }

  send(from: Socket, to: Endpoint, octets: Uint8Array): void {
    this.#onTheWay.push({ from, to, octets: octets.slice() })
  }

  /** Carries what is on the way, and what is sent because of it, until nothing is. */
  settle(): void {
    for (let carried = 0; this.#onTheWay.length > 0; carried += 1) {
      if (carried > MOST_IN_FLIGHT) throw new Error('memory network: this comes to no end')
      const { from, to, octets } = this.#onTheWay.shift() as Datagram
      const socket = this.#sockets.get(endpointText(to))
      const accepts = socket?.server === undefined || endpointText(socket.server) === endpointText(from.local)
      if (socket === undefined) from.refused(octets)
      else if (accepts) socket.receive(octets, from.local)
    }
  }
}

type Arrival = (view: (octets: Uint8Array) => Uint8Array) => void

export class MemoryTransport implements Transport {
  readonly tellsAsked = false
  readonly #network: MemoryNetwork
  readonly #responses: Arrival[] = []
  readonly #requests: Arrival[] = []
  readonly #unsent: { readonly octets: Uint8Array; readonly copy: Uint8Array; readonly send: () => void }[] = []
  /** All that arrives stands here while it is handed over. */
  readonly #arrival = new Uint8Array(LARGEST)

  constructor(network: MemoryNetwork) {
    this.#network = network
  }

  async listen(plan: ListenPlan, arrivals: Arrivals): Promise<Link> {
    const receive = (octets: Uint8Array, { address, port }: Endpoint): void => {
      const from: Peer = plan.peers.at(address, port)
      this.#hold(this.#requests, arrivals, (view) => arrivals.request(plan.class, from, view(octets)))
    }
    const open = this.#network.bind(plan.local, plan.purpose, { server: undefined, receive, refused: () => undefined })
    return this.#link(() => open, plan)
  }

  async connect(plan: ConnectPlan, arrivals: Arrivals): Promise<Link> {
    const { lane, link, server } = plan
    const isAnywhere = plan.local === undefined || ['0.0.0.0', '::'].includes(plan.local.address)
    const local = { port: 0, ...plan.local, ...(isAnywhere ? { address: server.address } : {}) } as Endpoint
    const socket = {
      server,
      receive: (octets: Uint8Array) =>
        this.#hold(this.#responses, arrivals, (view) =>
          link === PROBE_PORT ? arrivals.probeAnswer(lane, view(octets)) : arrivals.response(lane, link, view(octets)),
        ),
      refused: (octets: Uint8Array) =>
        this.#hold(this.#responses, arrivals, (view) => arrivals.linkChanged(lane, link, 'refused', view(octets))),
    }
    let open: Socket | undefined
    let isClosed = false
    const change = (): void => {
      if (isClosed) return
      if (open !== undefined) this.#network.unbind(open)
      open = this.#network.isCut ? undefined : this.#network.bind(local, plan.purpose, socket)
      if (open !== undefined) plan.opened(open.local)
    }
    change()
    if (open === undefined) arrivals.linkChanged(lane, link, 'down')
    this.#network.watch(() => {
      change()
      if (!isClosed) arrivals.linkChanged(lane, link, open === undefined ? 'down' : 'up')
    })
    const opened = this.#link(() => open, plan)
    const close = (): void => {
      opened.close()
      isClosed = true
    }
    return { ...opened, close }
  }

  deliver(): void {
    for (const held of [this.#responses, this.#requests]) {
      for (const hand of held.splice(0)) {
        hand((octets) => {
          this.#arrival.set(octets)
          return this.#arrival.subarray(0, octets.length)
        })
        this.#arrival.fill(0xee)
      }
    }
  }

  flush(): void {
    for (const { octets, copy, send } of this.#unsent.splice(0)) {
      if (Buffer.compare(octets, copy) !== 0) throw new Error('memory network: octets were changed before flush')
      send()
    }
  }

  room(length: number): Uint8Array {
    return new Uint8Array(length)
  }

  pace(turn: () => void, clock: Clock): Pace {
    return new TimerPace(turn, clock)
  }

  #hold(where: Arrival[], arrivals: Arrivals, arrival: Arrival): void {
    where.push(arrival)
    arrivals.pending()
  }

  /** `socketNow`: what it sends through, if there is something. */
  #link(socketNow: () => Socket | undefined, plan: ListenPlan | ConnectPlan): Link {
    const network = this.#network
    let isClosed = false
    const send = (octets: Uint8Array, to?: Endpoint): void => {
      const socket = isClosed ? undefined : socketNow()
      if (socket === undefined) plan.failed(isClosed ? 'EBADF' : 'ENETUNREACH')
      else if (octets.length > LARGEST) plan.failed('EMSGSIZE')
      else if (to?.port === 0) plan.failed('EINVAL')
      else {
        const where = (socket.server ?? to) as Endpoint
        this.#unsent.push({ octets, copy: octets.slice(), send: () => network.send(socket, where, octets) })
      }
    }
    return {
      isReliable: false,
      capacity: 256,
      send,
      close: () => {
        const socket = isClosed ? undefined : socketNow()
        if (socket !== undefined) network.unbind(socket)
        isClosed = true
      },
      report: () => {
        const socket = isClosed ? undefined : socketNow()
        return socket && { local: socket.local, receiveBuffer: BUFFER, sendBuffer: BUFFER }
      },
    }
  }
}
