/**
 * One UDP socket, opened and made large: the only file that asks the system for sockets.
 *
 * Addresses are literals and are answered at once, so no send ever waits for a name server. The kernel's buffers take
 * the bursts that arrive while the engine works; what the kernel really granted is read back, since it clamps silently.
 * A failure to open is a coded error with one sentence; an error of an open socket is an event for its owner.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { type Endpoint, endpointText } from '../addresses.ts'
import { codedError, type ErrorCode, systemCodeOf } from '../coded-error.ts'
import { adviceFor } from '../system-errors.ts'

export const WANTED_RECEIVE_BUFFER = 4 * 1024 * 1024
const WANTED_SEND_BUFFER = 1024 * 1024
/** Datagrams that may wait for the system at one socket before we drop instead of growing. */
const MOST_UNSENT = 16_384

export interface DatagramEvents {
  message(bytes: Uint8Array, from: RemoteInfo): void
  /** A system call on the open socket failed; the socket goes on. */
  failed(systemCode: string): void
}

/** An open socket and what the kernel granted it. */
export interface DatagramSocket {
  readonly local: Endpoint
  readonly receiveBuffer: number
  readonly sendBuffer: number
  /** To the connected server. */
  send(bytes: Uint8Array): void
  sendTo(bytes: Uint8Array, to: Endpoint): void
  close(): void
}

export interface SocketOptions {
  /** What the socket is for, in the words of the configuration: it begins the sentence when it can't be opened. */
  readonly purpose: string
  /** The family follows from this address, or from the server's. */
  readonly local?: Endpoint | undefined
  /** Then only datagrams from there are received, and the kernel reports a closed port. */
  readonly server?: Endpoint | undefined
  /** What else to do where the machine lacks the address. */
  readonly ifNotLocal?: string
  /** Other sockets of this program share the address and port: the kernel spreads by source (SO_REUSEPORT). */
  readonly isShared?: boolean
  readonly events: DatagramEvents
}

/**
 * Opens, binds and (with a `server`) connects one socket.
 * @throws a coded error: the port is taken, not permitted, or the address is not of this machine.
 */
export async function openSocket(options: SocketOptions): Promise<DatagramSocket> {
  const { local, server, events } = options
  const ipv6 = isIPv6(withoutZone((local ?? server)?.address ?? ''))
  const type = ipv6 ? 'udp6' : 'udp4'
  const reusePort = options.isShared ?? false
  const socket = createSocket({ type, ipv6Only: ipv6, reusePort, lookup: answerLiterally })
  try {
    await completion(socket, 'listening', () =>
      socket.bind({ address: local?.address ?? (ipv6 ? '::' : '0.0.0.0'), port: local?.port ?? 0, exclusive: true }),
    )
    if (server) await completion(socket, 'connect', () => socket.connect(server.port, server.address))
  } catch (error) {
    socket.close()
    throw openingFailed(options, error)
  }
  socket.on('error', (error) => events.failed(systemCodeOf(error) ?? 'UNKNOWN'))
  socket.on('message', events.message)
  return wrap(socket, events)
}

function wrap(socket: Socket, events: DatagramEvents): DatagramSocket {
  const { address, port } = socket.address()
  trySetBuffer(() => socket.setRecvBufferSize(WANTED_RECEIVE_BUFFER))
  trySetBuffer(() => socket.setSendBufferSize(WANTED_SEND_BUFFER))
  // Counted here: asking the socket for the size of its queue costs a crossing into C++ for each datagram.
  let unsent = 0
  // One function for all sends of the socket: without a callback dgram swallows the errors of a send.
  const sent = (error: Error | null): void => {
    unsent -= 1
    if (error !== null) events.failed(systemCodeOf(error) ?? 'UNKNOWN')
  }
  let open = true
  const takeRoom = (): boolean => {
    if (open && unsent < MOST_UNSENT) {
      unsent += 1
      return true
    }
    events.failed(open ? 'ENOBUFS' : 'EBADF')
    return false
  }
  return {
    local: { address, port },
    receiveBuffer: granted(socket.getRecvBufferSize()),
    sendBuffer: granted(socket.getSendBufferSize()),
    send: (bytes) => {
      if (takeRoom()) socket.send(bytes, sent)
    },
    sendTo: (bytes, to) => {
      if (takeRoom()) socket.send(bytes, to.port, to.address, sent)
    },
    close: () => {
      if (open) socket.close()
      open = false
    },
  }
}

/** Linux doubles what was asked, for its own bookkeeping, and reports the doubled number (man 7 socket). */
const granted = (reported: number): number => (process.platform === 'linux' ? reported / 2 : reported)

/** Some systems refuse a large buffer instead of clamping it; what was granted is read back and reported anyway. */
function trySetBuffer(set: () => void): void {
  try {
    set()
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error
  }
}

function completion(socket: Socket, event: 'listening' | 'connect', start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once(event, () => {
      socket.off('error', reject)
      resolve()
    })
    start()
  })
}

type LookupAnswer = (error: NodeJS.ErrnoException | null, address: string, family: number) => void

/** dgram names the family of the socket, which every address that is sent to has. */
function answerLiterally(host: string, family: unknown, answer: LookupAnswer): void {
  answer(null, host, family as number)
}

const withoutZone = (address: string): string => address.replace(/%.*$/, '')

const advised = (system: string): string => {
  const advice = adviceFor(system)
  return advice === undefined ? '' : `; ${advice}`
}

function openingFailed({ purpose, local, server, ifNotLocal }: SocketOptions, error: unknown): Error {
  const otherwise = ifNotLocal === undefined ? '' : `, or ${ifNotLocal}`
  const system = systemCodeOf(error) ?? (error instanceof Error ? error.message : String(error))
  // An interface that is not there: the zone can't be turned into a number.
  const isGone = system === 'EINVAL' && (local?.address.includes('%') ?? false)
  const where = local ? endpointText(local) : server ? `towards ${endpointText(server)}` : 'any address'
  const noRoute = [
    'NO_ROUTE',
    `no way leads there (${system}); see "ip route"; the server is silent until there is one`,
  ] as const
  const known: Readonly<Record<string, readonly [ErrorCode, string]>> = {
    ENETUNREACH: noRoute,
    EHOSTUNREACH: noRoute,
    ENETDOWN: noRoute,
    EADDRINUSE: ['ADDRESS_IN_USE', 'another program has this port; stop it, or change the configuration'],
    EACCES: ['ADDRESS_NOT_PERMITTED', 'not permitted; choose a port above 1023, or grant CAP_NET_BIND_SERVICE'],
    EADDRNOTAVAIL: ['ADDRESS_NOT_LOCAL', `this machine does not have that address; see "ip address"${otherwise}`],
  }
  const [code, advice] = known[isGone ? 'EADDRNOTAVAIL' : system] ?? [
    'SOCKET_FAILED' as const,
    `the system says ${system}${advised(system)}`,
  ]
  return codedError(code, `${purpose}: can't open UDP ${where}: ${advice}`, error)
}
