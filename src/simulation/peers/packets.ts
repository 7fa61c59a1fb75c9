/**
 * Packets of simulated clients and servers, made with the real codec.
 *
 * Every request carries a serial number of the world in its Class attribute, and the response repeats it. So a law at the
 * network knows which request it sees, and a client knows whether a response is its own.
 */
import {
  ACCESS_REQUEST,
  ACCOUNTING_REQUEST,
  ACCOUNTING_RESPONSE,
  ACCT_DELAY_TIME,
  ACCT_STATUS_TYPE,
  AUTHENTICATOR_AT,
  HEADER_LENGTH,
  MESSAGE_AUTHENTICATOR,
  STATE,
  TUNNEL_PASSWORD,
} from '../../codes.ts'
import { checkResponse, signAuthenticator, signMessageAuthenticator } from '../../radius/authenticator.ts'
import { type Packet, readPacket } from '../../radius/packet.ts'
import type { Secret } from '../../radius/secret.ts'

const USER_NAME = 1
const CLASS = 25
const ACCT_INPUT_OCTETS = 42
const ACCT_OUTPUT_OCTETS = 43
const ACCT_SESSION_ID = 44
const ACCT_SESSION_TIME = 46
const ACCT_INPUT_GIGAWORDS = 52
const ACCT_OUTPUT_GIGAWORDS = 53
const TWO_TO_32 = 2 ** 32
export const STATUS_TYPES = { start: 1, stop: 2, interim: 3, on: 7 } as const
export type StatusType = keyof typeof STATUS_TYPES

/** One without a value is left out. */
type Attribute = readonly [type: number, value: Uint8Array | undefined]

/** ASCII only. Three times as fast as a TextEncoder on such short texts. */
const octetsOf = (text: string): Uint8Array => {
  const octets = new Uint8Array(text.length)
  for (let at = 0; at < octets.length; at += 1) octets[at] = text.charCodeAt(at)
  return octets
}

const number32 = (value: number | undefined): Uint8Array | undefined =>
  value === undefined ? undefined : Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)

/** Message-Authenticator comes first; a request with State continues a conversation. */
export const accessRequest = (o: {
  readonly identifier: number
  readonly authenticator: Uint8Array
  readonly secret: Secret
  readonly user: string
  readonly serial: number
  readonly state?: Uint8Array | undefined
  readonly isUnsigned?: boolean
}): Uint8Array => {
  const bytes = write(ACCESS_REQUEST, o.identifier, [
    [MESSAGE_AUTHENTICATOR, o.isUnsigned ? undefined : new Uint8Array(16)],
    [USER_NAME, octetsOf(o.user)],
    [CLASS, octetsOf(String(o.serial))],
    [STATE, o.state],
  ])
  bytes.set(o.authenticator, AUTHENTICATOR_AT)
  if (!o.isUnsigned) signMessageAuthenticator(bytes, HEADER_LENGTH, o.secret)
  return bytes
}

export const accountingRequest = (o: {
  readonly identifier: number
  readonly secret: Secret
  readonly user: string
  readonly serial: number
  readonly status: StatusType
  /** Its Acct-Session-Id. What is about the whole client has none. */
  readonly session?: string | undefined
  /** Its Acct-Delay-Time and its Acct-Session-Time, in seconds. */
  readonly delay?: number | undefined
  readonly time?: number | undefined
  /** What the session counts in each direction. Its counters have 32 bits, and it sends no Gigawords. */
  readonly octetsPerSecond?: number | undefined
}): Uint8Array => {
  const { time, octetsPerSecond } = o
  const counted = time === undefined || octetsPerSecond === undefined ? undefined : (time * octetsPerSecond) % TWO_TO_32
  const bytes = write(ACCOUNTING_REQUEST, o.identifier, [
    [ACCT_STATUS_TYPE, number32(STATUS_TYPES[o.status])],
    [USER_NAME, octetsOf(o.user)],
    [ACCT_SESSION_ID, o.session === undefined ? undefined : octetsOf(o.session)],
    [CLASS, octetsOf(String(o.serial))],
    [ACCT_SESSION_TIME, number32(time)],
    [ACCT_INPUT_OCTETS, number32(counted)],
    [ACCT_OUTPUT_OCTETS, number32(counted)],
    [ACCT_DELAY_TIME, number32(o.delay)],
  ])
  signAuthenticator(bytes, o.secret)
  return bytes
}

/** A server's response. An unforwardable one carries a Tunnel-Password of two octets, which has neither salt nor block. */
export const answerTo = (o: {
  readonly request: Packet
  readonly code: number
  readonly secret: Secret
  readonly state?: Uint8Array
  readonly isUnforwardable?: boolean
}): Uint8Array => {
  const serial = attributeOf(o.request, CLASS)
  const isAccounting = o.code === ACCOUNTING_RESPONSE
  const bytes = write(o.code, o.request.identifier, [
    [MESSAGE_AUTHENTICATOR, isAccounting ? undefined : new Uint8Array(16)],
    [CLASS, serial],
    [STATE, o.state],
    [TUNNEL_PASSWORD, o.isUnforwardable ? Uint8Array.of(0, 1) : undefined],
  ])
  o.request.authenticatorInto(bytes, AUTHENTICATOR_AT)
  if (!isAccounting) signMessageAuthenticator(bytes, HEADER_LENGTH, o.secret)
  signAuthenticator(bytes, o.secret)
  return bytes
}

const attributeOf = (packet: Packet, type: number): Uint8Array | undefined => packet.find({ vendor: 0, type })

const textOf = (value: Uint8Array | undefined): string | undefined => value && String.fromCharCode(...value)

const numberOf = (packet: Packet, type: number): number | undefined =>
  attributeOf(packet, type)?.reduce((sum, octet) => sum * 256 + octet, 0)

/** The serial of a request, or the one that a response repeats. A probe has none. */
export const serialOf = (packet: Packet): number | undefined =>
  attributeOf(packet, CLASS)?.reduce((sum, digit) => sum * 10 + (digit - 48), 0)

export const userOf = (packet: Packet): string => textOf(attributeOf(packet, USER_NAME)) ?? ''

/** The Acct-Session-Id of a record. */
export const sessionOf = (packet: Packet): string | undefined => textOf(attributeOf(packet, ACCT_SESSION_ID))

/** The Acct-Session-Time of a record in seconds. */
export const sessionTimeOf = (packet: Packet): number | undefined => numberOf(packet, ACCT_SESSION_TIME)

/** Acct-Input-Gigawords and Acct-Output-Gigawords of a record. */
export const gigawordsOf = (packet: Packet): readonly [input: number, output: number] => [
  numberOf(packet, ACCT_INPUT_GIGAWORDS) ?? 0,
  numberOf(packet, ACCT_OUTPUT_GIGAWORDS) ?? 0,
]

/** A packet that only a bug of the simulation can break. */
export const wellFormed = (bytes: Uint8Array): Packet => {
  const packet = readPacket(bytes)
  if (typeof packet === 'string') throw new Error(`simulation: a packet is broken: ${packet}`)
  return packet
}

/** Whether a response verifies as one to this request, given in octets. */
export const verifies = (response: Packet, request: Uint8Array, secret: Secret): boolean =>
  checkResponse(response, { code: request[0]!, authenticator: request.subarray(4, 20) }, secret) === undefined

/** The serial and the class of a request as one number. */
export const requestKeyOf = (packet: Packet): number =>
  (serialOf(packet) ?? 0) * 2 + (packet.code === ACCESS_REQUEST ? 0 : 1)

export const sameOctets = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((octet, at) => octet === b[at])

const write = (code: number, identifier: number, attributes: readonly Attribute[]): Uint8Array => {
  const length = attributes.reduce(
    (sum, [, value]) => sum + (value === undefined ? 0 : 2 + value.length),
    HEADER_LENGTH,
  )
  const bytes = new Uint8Array(length)
  bytes.set([code, identifier, length >> 8, length & 0xff])
  let at = HEADER_LENGTH
  for (const [type, value] of attributes) {
    if (value === undefined) continue
    bytes[at] = type
    bytes[at + 1] = 2 + value.length
    bytes.set(value, at + 2)
    at += 2 + value.length
  }
  return bytes
}
