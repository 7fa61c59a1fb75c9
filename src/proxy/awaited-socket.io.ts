/**
 * A socket towards a server to which no way leads yet: the network comes up after us, a tunnel is down, a route is missing.
 *
 * One server that can't be reached is no reason to serve none. What is sent there fails with the system's code, as it does
 * where a route goes away later, so the server is silent, and goes Down. With what is sent the opening is tried again,
 * at most once a second.
 */
import { codeOf, systemCodeOf } from '../coded-error.ts'
import { type DatagramSocket, type Endpoint, openSocket, type SocketOptions } from './datagram-socket.io.ts'

const TRY_AGAIN_MS = 1_000
const NOWHERE: Endpoint = { address: '', port: 0 }

/**
 * Opens the socket, now or as soon as a way leads to its server; `opened` hears of it then.
 * @throws a coded error where it can't be opened for another reason.
 */
export async function openOrAwait(options: SocketOptions, opened: (local: Endpoint) => void): Promise<DatagramSocket> {
  try {
    const socket = await openSocket(options)
    opened(socket.local)
    return socket
  } catch (error) {
    if (codeOf(error) !== 'NO_ROUTE') throw error
    return new AwaitedSocket(options, opened, reasonOf(error))
  }
}

const reasonOf = (error: unknown): string => systemCodeOf((error as Error).cause) ?? 'UNKNOWN'

class AwaitedSocket implements DatagramSocket {
  readonly #options: SocketOptions
  readonly #opened: (local: Endpoint) => void
  #socket: DatagramSocket | undefined
  #reason: string
  /** Milliseconds of the process. */
  #triedAt = performance.now()
  #isTrying = false
  #isClosed = false

  constructor(options: SocketOptions, opened: (local: Endpoint) => void, reason: string) {
    this.#options = options
    this.#opened = opened
    this.#reason = reason
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
    this.#options.events.failed(this.#isClosed ? 'EBADF' : this.#reason)
  }

  #tryAgain(): void {
    const now = performance.now()
    if (this.#isTrying || this.#isClosed || now - this.#triedAt < TRY_AGAIN_MS) return
    this.#triedAt = now
    this.#isTrying = true
    void openSocket(this.#options).then(
      (socket) => {
        this.#isTrying = false
        if (this.#isClosed) return socket.close()
        this.#socket = socket
        this.#opened(socket.local)
      },
      (error: unknown) => {
        this.#isTrying = false
        this.#reason = reasonOf(error)
      },
    )
  }
}
