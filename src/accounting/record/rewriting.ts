/**
 * The changes of an accounting record that a configuration asks for, made in its octets, attribute by attribute.
 *
 *   delay            Acct-Delay-Time (41) gets this value, or is added at the end
 *   gigawords        Acct-Input-Gigawords (52), Acct-Output-Gigawords (53) are added at the end where they are not there
 *   swapDirections   42<->43, 47<->48, 52<->53; ERX 42<->43, 151<->152, 153<->154, 155<->156: types change, values stay
 *   dropIpv6Zeros    the ERX IPv6 counters (151-156) of a member link go, where every one of them is zero
 *
 * Everything else stays octet for octet, in its order. A vendor attribute whose lengths do not add up is not changed.
 * The result has the client's header with the new length. It is signed when it is sent (src/radius/rewrite.ts).
 */
import {
  ACCT_DELAY_TIME,
  HEADER_LENGTH,
  MAX_PACKET_LENGTH,
  NUMBER_ATTRIBUTE_LENGTH,
  VENDOR_HEADER_LENGTH,
  VENDOR_SPECIFIC,
} from '../../codes.ts'
import { type Packet, readPacket, vendorAt } from '../../radius/packet.ts'
import { ERX, FIELD } from './fields.ts'
import { endOfSubAttributes, RecordView } from './record-view.ts'

/** Each has its own counter. */
export const REWRITES = ['acct_delay_time', 'gigawords', 'directions', 'erx_ipv6_zeros'] as const
export type Rewrite = (typeof REWRITES)[number]

/** What is added to a client's packet if it fits, and else left out; each has its own counter. */
export const ADDITIONS = ['nas_ip_address', 'gigawords', 'acct_delay_time'] as const
export type Addition = (typeof ADDITIONS)[number]

/** How often the 32-bit counter of each direction has wrapped. */
export interface Wraps {
  readonly input: number
  readonly output: number
}

export interface RecordChanges {
  /** Seconds. */
  readonly delay?: number | undefined
  /** 0 adds nothing. */
  readonly gigawords?: Wraps | undefined
  readonly swapDirections?: boolean
  readonly dropIpv6Zeros?: boolean
}

const INPUT_GIGAWORDS = 52
const OUTPUT_GIGAWORDS = 53
const FIRST_IPV6_COUNTER = 151
const LAST_IPV6_COUNTER = 156
const MOST = 0xffff_ffff

const swapping = (...pairs: readonly (readonly [number, number])[]): Uint8Array => {
  const types = Uint8Array.from({ length: 256 }, (_, type) => type)
  for (const [one, other] of pairs) {
    types[one] = other
    types[other] = one
  }
  return types
}
const SAME = swapping()
const SWAPPED = swapping([42, 43], [47, 48], [52, 53])
const ERX_SWAPPED = swapping([42, 43], [151, 152], [153, 154], [155, 156])

const view = new RecordView()

export interface Rewritten {
  /** The same packet if nothing was changed. */
  readonly packet: Packet
  readonly took: readonly Rewrite[]
  /** What did not fit into 4,096 octets any more (RFC 2865 section 3). */
  readonly leftOut: readonly Addition[]
}

/** The record with these changes, and which of them were made. */
export function rewrittenRecord(packet: Packet, changes: RecordChanges): Rewritten {
  const writer = new Writer(packet.length + 3 * NUMBER_ATTRIBUTE_LENGTH)
  const took: Rewrite[] = []
  const record = view.read(packet)
  writer.copy(packet.bytes, 0, HEADER_LENGTH)
  const dropsZeros = changes.dropIpv6Zeros === true && record.isMemberLink && hasOnlyZeros(packet)
  if (dropsZeros) took.push('erx_ipv6_zeros')
  const hasSwapped = writeAttributes(packet, writer, { swaps: changes.swapDirections === true, dropsZeros })
  if (hasSwapped) took.push('directions')
  const { leftOut } = writer
  if (writeGigawords(record, writer, changes)) took.push('gigawords')
  if (writeDelay(packet, writer, changes.delay)) took.push('acct_delay_time')
  if (took.length === 0) return { packet, took, leftOut }
  const written = readPacket(writer.packet())
  return typeof written === 'string' ? { packet, took: [], leftOut } : { packet: written, took, leftOut }
}

interface How {
  readonly swaps: boolean
  readonly dropsZeros: boolean
}

/** Copies all attributes; true if directions were swapped in one. */
function writeAttributes(packet: Packet, writer: Writer, how: How): boolean {
  const { bytes } = packet
  const types = how.swaps ? SWAPPED : SAME
  let hasSwapped = false
  for (let at = HEADER_LENGTH; at < bytes.length; at += bytes[at + 1]!) {
    const end = at + bytes[at + 1]!
    const type = bytes[at]!
    if (type === VENDOR_SPECIFIC && (how.swaps || how.dropsZeros) && isErx(bytes, at, end)) {
      if (writeErx(bytes, at, end, writer, how)) hasSwapped = true
      continue
    }
    const from = writer.length
    writer.copy(bytes, at, end)
    if (types[type] === type) continue
    writer.bytes[from] = types[type]!
    hasSwapped = true
  }
  return hasSwapped
}

/** One ERX attribute. If no sub-attribute is left, it is left out. */
function writeErx(bytes: Uint8Array, at: number, end: number, writer: Writer, how: How): boolean {
  const types = how.swaps ? ERX_SWAPPED : SAME
  const contentEnd = endOfSubAttributes(bytes, at + VENDOR_HEADER_LENGTH, end)
  const from = writer.length
  let hasSwapped = false
  let isKept = contentEnd === at + VENDOR_HEADER_LENGTH
  writer.copy(bytes, at, at + VENDOR_HEADER_LENGTH)
  for (let sub = at + VENDOR_HEADER_LENGTH; sub < contentEnd; sub += bytes[sub + 1]!) {
    const type = bytes[sub]!
    if (how.dropsZeros && isIpv6Counter(type) && bytes[sub + 1] === NUMBER_ATTRIBUTE_LENGTH) continue
    isKept = true
    const subFrom = writer.length
    writer.copy(bytes, sub, sub + bytes[sub + 1]!)
    if (types[type] === type) continue
    writer.bytes[subFrom] = types[type]!
    hasSwapped = true
  }
  if (!isKept) {
    writer.length = from
    return false
  }
  writer.copy(bytes, contentEnd, end)
  writer.bytes[from + 1] = writer.length - from
  return hasSwapped
}

/** Adds the high halves of a client without Gigawords, in the direction that the record now has. */
function writeGigawords(record: RecordView, writer: Writer, { gigawords, swapDirections }: RecordChanges): boolean {
  if (gigawords === undefined) return false
  const from = writer.length
  const add = (isThere: boolean, type: number, swapped: number, wraps: number): void => {
    if (!isThere && wraps > 0) writer.add(swapDirections === true ? swapped : type, wraps, 'gigawords')
  }
  add(record.has(FIELD.inputGigawords), INPUT_GIGAWORDS, OUTPUT_GIGAWORDS, gigawords.input)
  add(record.has(FIELD.outputGigawords), OUTPUT_GIGAWORDS, INPUT_GIGAWORDS, gigawords.output)
  return writer.length > from
}

/** RFC 2866 section 5.2. One that is no number stays. */
function writeDelay(packet: Packet, writer: Writer, delay: number | undefined): boolean {
  if (delay === undefined) return false
  const value = Math.min(MOST, delay)
  if (packet.acctDelayTimeAt === 0) return writer.add(ACCT_DELAY_TIME, value, 'acct_delay_time')
  if (packet.number(packet.acctDelayTimeAt) === undefined) return false
  for (let at = HEADER_LENGTH; at < writer.length; at += writer.bytes[at + 1]!) {
    if (writer.bytes[at] !== ACCT_DELAY_TIME) continue
    writer.put(at + 2, value)
    return true
  }
  return false
}

/** Whether the record has ERX IPv6 counters, and each of them is the number zero. */
function hasOnlyZeros({ bytes }: Packet): boolean {
  let found = false
  for (let at = HEADER_LENGTH; at < bytes.length; at += bytes[at + 1]!) {
    const end = at + bytes[at + 1]!
    if (bytes[at] !== VENDOR_SPECIFIC || !isErx(bytes, at, end)) continue
    const contentEnd = endOfSubAttributes(bytes, at + VENDOR_HEADER_LENGTH, end)
    for (let sub = at + VENDOR_HEADER_LENGTH; sub < contentEnd; sub += bytes[sub + 1]!) {
      if (!isIpv6Counter(bytes[sub]!)) continue
      for (let octet = sub + 2; octet < sub + bytes[sub + 1]!; octet += 1) if (bytes[octet] !== 0) return false
      if (bytes[sub + 1] === NUMBER_ATTRIBUTE_LENGTH) found = true
    }
  }
  return found
}

const isIpv6Counter = (type: number): boolean => type >= FIRST_IPV6_COUNTER && type <= LAST_IPV6_COUNTER

const isErx = (bytes: Uint8Array, at: number, end: number): boolean =>
  end - at > VENDOR_HEADER_LENGTH && vendorAt(bytes, at) === ERX

/** Octets that grow up to the longest packet. */
class Writer {
  readonly bytes: Uint8Array
  length = 0
  readonly leftOut: Addition[] = []

  constructor(most: number) {
    this.bytes = new Uint8Array(most)
  }

  copy(from: Uint8Array, start: number, end: number): void {
    this.bytes.set(from.subarray(start, end), this.length)
    this.length += end - start
  }

  /** A number as one more attribute; false if it does not fit. */
  add(type: number, value: number, what: Addition): boolean {
    if (this.length + NUMBER_ATTRIBUTE_LENGTH > MAX_PACKET_LENGTH) {
      if (!this.leftOut.includes(what)) this.leftOut.push(what)
      return false
    }
    this.bytes[this.length] = type
    this.bytes[this.length + 1] = NUMBER_ATTRIBUTE_LENGTH
    this.put(this.length + 2, value)
    this.length += NUMBER_ATTRIBUTE_LENGTH
    return true
  }

  put(at: number, value: number): void {
    this.bytes[at] = value >>> 24
    this.bytes[at + 1] = (value >>> 16) & 0xff
    this.bytes[at + 2] = (value >>> 8) & 0xff
    this.bytes[at + 3] = value & 0xff
  }

  packet(): Uint8Array {
    this.bytes[2] = this.length >> 8
    this.bytes[3] = this.length & 0xff
    return this.bytes.subarray(0, this.length)
  }
}
