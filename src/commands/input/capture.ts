/**
 * The UDP datagrams in a capture file: pcap and pcapng, as tcpdump and Wireshark write them.
 *
 *     pcap    | magic: 4 | version: 4 | zone, accuracy: 8 | snap length: 4 | link: 4 |  then per packet
 *             | seconds: 4 | fraction: 4 | captured: 4 | original: 4 | octets |
 *     pcapng  blocks of | type: 4 | total length: 4 | body | total length: 4 |, padded to 4
 *             section 0x0a0d0d0a, interface 1 (link: 2), packet 6 (interface, time: 8, captured, original), simple 3
 *
 * A damaged file gives the datagrams before the damage. IP fragments are put together. Fragments of incomplete datagrams are
 * counted.
 */
import { endpointText, formatAddress } from '../../addresses.ts'
import { Fragments } from './ip-fragments.ts'

/** One datagram, with its addresses as text. */
export interface CapturedDatagram {
  readonly from: string
  readonly to: string
  readonly bytes: Uint8Array
}

export interface Capture {
  readonly datagrams: readonly CapturedDatagram[]
  /** IP fragments whose datagram is not complete in the capture. */
  readonly fragments: number
}

const PCAP_MAGICS = [0xa1b2c3d4, 0xa1b23c4d]
const SECTION = 0x0a0d0d0a
const BYTE_ORDER = 0x1a2b3c4d
const UDP = 17
/** Headers of IPv6 that may stand before the one of UDP (RFC 8200 section 4.1): each names the next and its own length. */
const OPTION_HEADERS = [0, 43, 60]
const FRAGMENT_HEADER = 44

/** The datagrams of a capture; undefined if the octets are no capture file. */
export function readCapture(bytes: Uint8Array): Capture | undefined {
  if (bytes.length < 24) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const little = [false, true].find((order) => PCAP_MAGICS.includes(view.getUint32(0, order)))
  const isNew = view.getUint32(0) === SECTION
  if (!isNew && little === undefined) return undefined
  const fragments = new Fragments()
  const datagrams: CapturedDatagram[] = []
  for (const { link, bytes: frame } of isNew ? pcapng(view) : pcap(view, little === true)) {
    datagrams.push(...datagramIn(frame, link, fragments))
  }
  return { datagrams, fragments: fragments.unused }
}

interface Frame {
  readonly link: number | undefined
  readonly bytes: Uint8Array
}

function* pcap(view: DataView, little: boolean): Generator<Frame> {
  const link = view.getUint32(20, little) & 0xffff
  for (let at = 24; at + 16 <= view.byteLength; ) {
    const captured = view.getUint32(at + 8, little)
    if (at + 16 + captured > view.byteLength) return
    yield { link, bytes: octets(view, at + 16, captured) }
    at += 16 + captured
  }
}

function* pcapng(view: DataView): Generator<Frame> {
  let little = false
  let links: number[] = []
  for (let at = 0; at + 12 <= view.byteLength; ) {
    const type = view.getUint32(at, little)
    if (type === SECTION) {
      little = view.getUint32(at + 8, true) === BYTE_ORDER
      links = []
    }
    const total = view.getUint32(at + 4, little)
    if (total < 12 || at + total > view.byteLength) return
    if (type === 1 && total >= 20) links.push(view.getUint16(at + 8, little))
    if (type === 3 && total >= 16) {
      const captured = Math.min(view.getUint32(at + 8, little), total - 16)
      yield { link: links[0], bytes: octets(view, at + 12, captured) }
    }
    if (type === 6 && total >= 32) {
      const captured = Math.min(view.getUint32(at + 20, little), total - 32)
      yield { link: links[view.getUint32(at + 8, little)], bytes: octets(view, at + 28, captured) }
    }
    at += total
  }
}

const octets = (view: DataView, at: number, length: number): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset + at, length)

/** How many octets are before the IP header, by link type; undefined if the frame carries no IP. */
function ipAt(frame: Uint8Array, link: number | undefined): number | undefined {
  switch (link) {
    case 0: // BSD loopback
      return 4
    case 1: // Ethernet, with any number of VLAN tags
      for (let at = 12; at + 2 <= frame.length; at += 4) {
        const type = word(frame, at)
        if (type === 0x0800 || type === 0x86dd) return at + 2
        if (type !== 0x8100 && type !== 0x88a8) return undefined
      }
      return undefined
    case 101: // raw IP
    case 228:
    case 229:
      return 0
    case 113: // Linux "any", first form
      return 16
    case 276: // Linux "any", second form
      return 20
    default:
      return undefined
  }
}

function datagramIn(frame: Uint8Array, link: number | undefined, fragments: Fragments): CapturedDatagram[] {
  const at = ipAt(frame, link)
  if (at === undefined) return []
  const ip = frame.subarray(at)
  const version = (ip[0] ?? 0) >> 4
  if (version === 4) return udpInIPv4(ip, fragments)
  return version === 6 ? udpInIPv6(ip, fragments) : []
}

function udpInIPv4(ip: Uint8Array, fragments: Fragments): CapturedDatagram[] {
  const header = ((ip[0] ?? 0) & 0x0f) * 4
  if (ip.length < 20 || header < 20 || ip[9] !== UDP) return []
  const [from, to] = [ip.subarray(12, 16), ip.subarray(16, 20)]
  // A length of 0 was left to the network card.
  const payload = ip.subarray(header, Math.max(header, word(ip, 2) || ip.length))
  // Bits of "more fragments" and the fragment's offset.
  const flags = word(ip, 6)
  if ((flags & 0x3fff) === 0) return udp(payload, from, to)
  const whole = fragments.add({
    datagram: `${from} ${to} ${word(ip, 4)}`,
    offset: (flags & 0x1fff) * 8,
    isLast: (flags & 0x2000) === 0,
    bytes: payload,
  })
  return whole === undefined ? [] : udp(whole, from, to)
}

function udpInIPv6(ip: Uint8Array, fragments: Fragments): CapturedDatagram[] {
  if (ip.length < 40) return []
  const [from, to] = [ip.subarray(8, 24), ip.subarray(24, 40)]
  const payload = ip.subarray(40, 40 + (word(ip, 4) || ip.length))
  const { next, rest } = behindOptions(ip[6]!, payload)
  if (next === UDP) return udp(rest, from, to)
  if (next !== FRAGMENT_HEADER || rest.length < 8) return []
  const whole = fragments.add({
    datagram: `${from} ${to} ${rest.subarray(4, 8)}`,
    offset: word(rest, 2) & 0xfff8,
    isLast: (word(rest, 2) & 1) === 0,
    bytes: rest.subarray(8),
  })
  if (whole === undefined) return []
  const inner = behindOptions(rest[0]!, whole)
  return inner.next === UDP ? udp(inner.rest, from, to) : []
}

/** What follows the headers with options. Each of them has at least 8 octets. */
function behindOptions(first: number, payload: Uint8Array): { readonly next: number; readonly rest: Uint8Array } {
  let next = first
  let rest = payload
  while (OPTION_HEADERS.includes(next) && rest.length >= 8) {
    next = rest[0]!
    rest = rest.subarray((rest[1]! + 1) * 8)
  }
  return { next, rest }
}

function udp(segment: Uint8Array, from: Uint8Array, to: Uint8Array): CapturedDatagram[] {
  if (segment.length < 8) return []
  const bytes = segment.subarray(8, Math.max(8, Math.min(segment.length, word(segment, 4))))
  return [{ from: endpoint(from, word(segment, 0)), to: endpoint(to, word(segment, 2)), bytes }]
}

const word = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)

const endpoint = (address: Uint8Array, port: number): string => endpointText({ address: formatAddress(address), port })
