/**
 * One UDP socket, opened and made large: the only file that asks the system for sockets.
 *
 * Addresses are literals and are answered at once, so no send ever waits for a name server. The kernel's buffers take
 * the bursts that arrive while the engine works. What the kernel granted is read back, since it clamps silently.
 * A failure to open is a coded error with one sentence. An error of an open socket is an event for its owner.
 *
 * If the kernel does not take a datagram at once, libuv keeps its octets until it does, also beyond `flush`.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { withoutZone } from '../../addresses.ts'
import { systemCodeOf } from '../../coded-error.ts'
import { hindranceOf, openingFailed } from '../failures.ts'
import {
  type ConnectPlan,
  IDENTIFIERS,
  type Link,
  type LinkReport,
  type ListenPlan,
  type OpenPlan,
  WANTED_RECEIVE_BUFFER,
  WANTED_SEND_BUFFER,
} from '../ports.ts'

/** The family follows from the local address, or from the server's. With a `server` the socket is connected. */
export interface SocketOptions
  extends OpenPlan,
    Partial<Pick<ListenPlan, 'ifNotLocal' | 'isShared'>>,
    Partial<Pick<ConnectPlan, 'local' | 'server'>> {
  message(octets: Uint8Array, from: RemoteInfo): void
}

/**
 * Opens, binds and (with a `server`) connects one socket.
 * @throws a coded error: the port is taken, not permitted, or the address is not of this machine.
 */
export async function openSocket(options: SocketOptions): Promise<Link> {
  const { local, server, message, failed } = options
  const ipv6 = isIPv6(withoutZone((local ?? server)?.address ?? ''))
  const type = ipv6 ? 'udp6' : 'udp4'
  const reusePort = options.isShared ?? false
  const socket = createSocket({ type, ipv6Only: ipv6, reusePort, lookup: answerLiterally })
  try {
    // Awaited before it is begun: the system can answer at once.
    const listening = once(socket, 'listening')
    socket.bind({ address: local?.address ?? (ipv6 ? '::' : '0.0.0.0'), port: local?.port ?? 0, exclusive: true })
    await listening
    const connected = server && once(socket, 'connect')
    if (server) socket.connect(server.port, server.address)
    await connected
  } catch (error) {
    socket.close()
    throw openingFailed(options, error)
  }
  socket.on('error', (error) => failed(systemCodeOf(error) ?? 'UNKNOWN'))
  socket.on('message', message)
  return linkOver(socket, failed)
}

/** Opens a socket as `openSocket` does, and closes it at once. */
export async function tryOpening(options: Pick<SocketOptions, 'purpose' | 'local' | 'server'>): Promise<void> {
  const ignore = (): void => undefined
  const socket = await openSocket({ ...options, message: ignore, failed: ignore })
  socket.close()
}

function linkOver(socket: Socket, failed: SocketOptions['failed']): Link {
  const { address, port } = socket.address()
  trySetBuffer(() => socket.setRecvBufferSize(WANTED_RECEIVE_BUFFER))
  trySetBuffer(() => socket.setSendBufferSize(WANTED_SEND_BUFFER))
  const report: LinkReport = {
    local: { address, port },
    receiveBuffer: granted(socket.getRecvBufferSize()),
    sendBuffer: granted(socket.getSendBufferSize()),
  }
  // Counted here: asking the socket for the size of its queue costs a crossing into C++ for each datagram.
  let unsent = 0
  // One function for all sends of the socket: without a callback dgram swallows the errors of a send.
  const sent = (error: Error | null): void => {
    unsent -= 1
    if (error !== null) failed(systemCodeOf(error) ?? 'UNKNOWN')
  }
  let isOpen = true
  return {
    isReliable: false,
    capacity: IDENTIFIERS,
    send: (octets, to) => {
      // Port 0 is EINVAL for the system, and an exception for node:dgram.
      const hindrance = hindranceOf(isOpen, unsent, to?.port)
      if (hindrance !== undefined) failed(hindrance)
      else {
        unsent += 1
        if (to === undefined) socket.send(octets, sent)
        else socket.send(octets, to.port, to.address, sent)
      }
    },
    close: () => {
      if (isOpen) socket.close()
      isOpen = false
    },
    report: () => (isOpen ? report : undefined),
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

type LookupAnswer = (error: NodeJS.ErrnoException | null, address: string, family: number) => void

/** dgram names the family of the socket, which every address that is sent to has. */
function answerLiterally(host: string, family: unknown, answer: LookupAnswer): void {
  answer(null, host, family as number)
}
