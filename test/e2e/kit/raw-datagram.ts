/**
 * Sends a UDP datagram whose header says what the test wants, through a raw socket over loopback. Needs root and koffi.
 *
 *     0                 2                 4         6         8
 *     | source port     | destination     | length  | 0       | octets ...     (RFC 768; checksum 0: none)
 */
import koffi from 'koffi'

const AF_INET = 2
const SOCK_RAW = 3
const IPPROTO_UDP = 17
const HEADER_OCTETS = 8

const library = koffi.load(null)
const socket = library.func('int socket(int, int, int)')
const sendto = library.func('long sendto(int, void *, size_t, int, void *, unsigned int)')
const close = library.func('int close(int)')

const open = (): number => socket(AF_INET, SOCK_RAW, IPPROTO_UDP) as number

export const canSendRaw = ((): boolean => {
  const descriptor = open()
  if (descriptor >= 0) close(descriptor)
  return descriptor >= 0
})()

export function sendRaw(octets: Uint8Array, ports: { readonly from: number; readonly to: number }): void {
  const datagram = Buffer.concat([Buffer.alloc(HEADER_OCTETS), octets])
  datagram.writeUInt16BE(ports.from, 0)
  datagram.writeUInt16BE(ports.to, 2)
  datagram.writeUInt16BE(datagram.length, 4)
  // struct sockaddr_in: the family in the machine's order, no port, 127.0.0.1.
  const receiver = Buffer.alloc(16)
  receiver.writeUInt16LE(AF_INET, 0)
  receiver.set([127, 0, 0, 1], 4)
  const descriptor = open()
  const sent = sendto(descriptor, datagram, datagram.length, 0, receiver, receiver.length) as number
  close(descriptor)
  if (sent !== datagram.length) throw new Error(`the raw datagram was not sent (${sent})`)
}
