/**
 * One tracked session as a row of words: what its last record counted, when, and what else is known.
 *
 *     | 14 counters | which of them are there | flags | session time | event timestamp | client
 *     | bundle: row, serial | wraps of the octets: input, output | session time at the last wrap: input, output |
 *
 * Its text: the key (address, NAS, Acct-Session-Id), then User-Name and Acct-Multi-Session-Id, each piece behind an octet
 * with its length.
 */
import { formatAddress } from '../../addresses.ts'
import { AGGREGATES, COUNTERS, FIELD, type Field } from '../record/fields.ts'
import type { Counted } from '../record/figures.ts'
import type { RecordView } from '../record/record-view.ts'
import { OWN, type RowTable } from './row-table.ts'

/** Places of a row's words. */
export const COUNTER = OWN
export const PRESENT = OWN + COUNTERS
export const FLAGS = PRESENT + 1
export const TIME = PRESENT + 2
export const STAMP = PRESENT + 3
export const CLIENT = PRESENT + 4
export const BUNDLE = PRESENT + 5
export const BUNDLE_SERIAL = PRESENT + 6
export const INPUT_WRAPS = PRESENT + 7
export const OUTPUT_WRAPS = PRESENT + 8
/** Acct-Session-Time of the record that showed the last wrap of each. */
export const INPUT_WRAPPED_AT = PRESENT + 9
export const SESSION_WORDS = COUNTERS + 11

/** Bits of `FLAGS`. */
export const HAS_TIME = 1
export const HAS_STAMP = 2
export const STARTED = 4
/** Something that is no Start came. */
export const WENT_ON = 8
export const ENDED = 16
export const MEMBER_LINK = 32
/** It began while we watched: its first figures grew from 0. */
export const FROM_ZERO = 64
/** Its Stop was counted in its bundle. */
export const COUNTED_IN_BUNDLE = 128
/** A packet counter without a high half wrapped: from then on packets and octets do not fit each other. */
export const PACKETS_WRAPPED = 256
/** The Stop brought no counters. */
export const STOPPED_BARE = 512
/** The first of three: one for each of `IMPOSSIBLE`. */
export const FIRST_IMPOSSIBLE = 1024
/** The first of four, one for each aggregate: its halves are known, from records or by counting wraps. */
export const FIRST_KNOWN = 1 << 13
/** The first of four: a record of the session had its high half. */
export const FIRST_HIGH = 1 << 17
/** The first of four: it fell, and its high half is not known since. */
export const FIRST_LOST = 1 << 21

/** Room for six pieces of at most 255 octets with their lengths. */
const LONGEST_TEXT = 6 * 256

/** The counters of a session's last record. */
export const countedIn = ({ words, width }: RowTable, row: number): Counted => {
  const at = row * width
  return {
    isMemberLink: (words[at + FLAGS]! & MEMBER_LINK) !== 0,
    number: (field: Field) => ((words[at + PRESENT]! & (1 << field)) === 0 ? undefined : words[at + COUNTER + field]!),
  }
}

export function hasCounters(record: RecordView): boolean {
  for (let i = 0; i < AGGREGATES.length; i += 1) if (record.has(AGGREGATES[i]!)) return true
  return false
}

/** Writes pieces of text, each behind its length. Made once and used for one text after the other. */
export class TextWriter {
  readonly octets = new Uint8Array(LONGEST_TEXT)
  length = 0

  begin(): this {
    this.length = 0
    return this
  }

  /** An address, or another text of ASCII letters. */
  addAscii(text: string): this {
    const { octets } = this
    const most = Math.min(text.length, 255)
    octets[this.length] = most
    for (let i = 0; i < most; i += 1) octets[this.length + 1 + i] = text.charCodeAt(i)
    this.length += most + 1
    return this
  }

  /** A field's value; nothing if it is missing. */
  addField(record: RecordView, field: Field): this {
    const { octets } = this
    const from = record.offsetOf(field)
    const size = from === 0 ? 0 : record.bytes[from + 1]! - 2
    octets[this.length] = size
    for (let i = 0; i < size; i += 1) octets[this.length + 1 + i] = record.bytes[from + 2 + i]!
    this.length += size + 1
    return this
  }

  /** The client's address, the NAS behind it and how it is named, and the session's or bundle's name there. */
  addKey(record: RecordView, address: string, name: Field): this {
    this.addAscii(address)
    if (record.has(FIELD.nasIdentifier)) this.addAscii(BY_NAME).addField(record, FIELD.nasIdentifier)
    else if (record.has(FIELD.nasIpAddress)) this.addAscii(BY_ADDRESS).addField(record, FIELD.nasIpAddress)
    else this.addAscii(BY_ADDRESS).addField(record, FIELD.nasIpv6Address)
    return this.addField(record, name)
  }
}

const BY_NAME = 'n'
const BY_ADDRESS = 'a'

/** The parts that `addKey` wrote, for people. */
export function readKey(key: Uint8Array): { readonly address: string; readonly nas: string; readonly name: string } {
  const [address, how, nas, name] = piecesOf(key) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
  const isAddress = printable(how) === BY_ADDRESS && (nas.length === 4 || nas.length === 16)
  return { address: printable(address), nas: isAddress ? formatAddress(nas) : printable(nas), name: printable(name) }
}

/** The pieces that a `TextWriter` put one after the other. */
export function piecesOf(text: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < text.length; at += text[at]! + 1) pieces.push(text.subarray(at + 1, at + 1 + text[at]!))
  return pieces
}

/** Octets for people: text if they are printable UTF-8, else `0x` and hexadecimal digits. */
export function printable(octets: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets)
    if (!/\p{Cc}/u.test(text)) return text
  } catch {
    // No UTF-8.
  }
  return `0x${Buffer.from(octets).toString('hex')}`
}

/** Which sessions are asked for; what is not given may be anything. */
export interface Sought {
  readonly client?: string
  /** Acct-Session-Id, to the octet. */
  readonly session?: string
  /** User-Name, to the octet. */
  readonly user?: string
}

/** Whether a row is asked for. Octets are compared, since most rows are not asked for. */
export function matcherOf(sought: Sought): (client: string, key: Uint8Array, rest: Uint8Array) => boolean {
  const session = octetsOfText(sought.session)
  const user = octetsOfText(sought.user)
  return (client, key, rest) =>
    (sought.client === undefined || sought.client === client) &&
    (session === undefined || isSame(session, piecesOf(key)[SESSION_PIECE]!)) &&
    (user === undefined || isSame(user, piecesOf(rest)[USER_PIECE]!))
}

const SESSION_PIECE = 3
const USER_PIECE = 0

export const octetsOfText = (text: string | undefined): Uint8Array | undefined =>
  text === undefined ? undefined : new TextEncoder().encode(text)

const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((octet, i) => octet === b[i])
