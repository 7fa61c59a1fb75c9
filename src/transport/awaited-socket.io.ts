/**
 * A socket towards a server to which no way leads yet: the network comes up after us, a tunnel is down, a route is missing.
 *
 * One server that can't be reached is no reason to serve none. What is sent there fails with the system's code, as it does
 * where a route goes away later, so the server is silent, and goes Down. With what is sent the opening is tried again,
 * at most once a second. A socket towards a link-local server is bound to its interface by number; where that is made anew under
 * the same name the socket leads nowhere for good, so it is closed with the first failure, and opened again like the others.
 */
import type { Endpoint } from '../addresses.ts'
import { codeOf, systemCodeOf } from '../coded-error.ts'
import { type DatagramSocket, openSocket, type SocketOptions } from './datagram-socket.io.ts'

const TRY_AGAIN_MS = 1_000
/** What sending says where the interface of the socket is gone. */
const GONE: ReadonlySet<string> = new Set([
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENODEV',
  'ENXIO',
  'EADDRNOTAVAIL',
])
const NOWHERE: Endpoint = { address: '', port: 0 }

/**
 * Opens the socket, now or as soon as a way leads to its server; `opened` hears of it then.
 * @throws a coded error where it can't be opened for another reason.
 */
export async function openOrAwait(options: SocketOptions, opened: (local: Endpoint) => void): Promise<DatagramSocket> {
  const awaited = new AwaitedSocket(options, opened)
  try {
    const socket = await openSocket(awaited.options)
    awaited.use(socket)
    return awaited.isOfInterface ? awaited : socket
  } catch (error) {
    if (codeOf(error) !== 'NO_ROUTE') throw error
    awaited.reason = reasonOf(error)
    return awaited
  }
}

const reasonOf = (error: unknown): string => systemCodeOf((error as Error).cause) ?? 'UNKNOWN'

class AwaitedSocket implements DatagramSocket {
  /** With these its socket is to be opened. */
  readonly options: SocketOptions
  /** Its server is link-local. */
  readonly isOfInterface: boolean
  /** The code of the system for why there is none. */
  reason = 'ENETUNREACH'
  readonly #opened: (local: Endpoint) => void
  #socket: DatagramSocket | undefined
  /** Milliseconds of the process. */
  #triedAt = performance.now()
  #isTrying = false
  #isClosed = false

  constructor(options: SocketOptions, opened: (local: Endpoint) => void) {
    const { server, events } = options
    this.isOfInterface = server?.address.includes('%') ?? false
    const failed = (code: string): void => {
      events.failed(code)
      if (GONE.has(code)) this.#leave(code)
    }
    this.options = this.isOfInterface ? { ...options, events: { ...events, failed } } : options
    this.#opened = opened
  }

  use(socket: DatagramSocket): void {
    this.#socket = socket
    this.#opened(socket.local)
  }

  get local(): Endpoint {
    return this.#socket?.local ?? NOWHERE
  }

  get receiveBuffer(): number {
    return this.#socket?.receiveBuffer ?? Number.POSITIVE_INFINITY
  }

  get sendBuffer(): number {
    return this.#socket?.sendBuffer ?? Number.POSITIVE_INFINITY
  }

  send(bytes: Uint8Array): void {
    if (this.#socket !== undefined) this.#socket.send(bytes)
    else {
      this.#fail()
      this.#tryAgain()
    }
  }

  sendTo(bytes: Uint8Array, to: Endpoint): void {
    if (this.#socket !== undefined) this.#socket.sendTo(bytes, to)
    else this.#fail()
  }

  close(): void {
    this.#isClosed = true
    this.#socket?.close()
  }

  #fail(): void {
    this.options.events.failed(this.#isClosed ? 'EBADF' : this.reason)
  }

  #leave(code: string): void {
    this.reason = code
    this.#socket?.close()
    this.#socket = undefined
  }

  #tryAgain(): void {
    const now = performance.now()
    if (this.#isTrying || this.#isClosed || now - this.#triedAt < TRY_AGAIN_MS) return
    this.#triedAt = now
    this.#isTrying = true
    void openSocket(this.options).then(
      (socket) => {
        this.#isTrying = false
        if (this.#isClosed) return socket.close()
        this.use(socket)
      },
      (error: unknown) => {
        this.#isTrying = false
        this.reason = reasonOf(error)
      },
    )
  }
}
