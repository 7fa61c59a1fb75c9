/**
 * Packets of simulated clients and answers of simulated servers, made with the real codec.
 *
 * Every request carries a serial number of the world in its Class, and a server's answer repeats it there: so a checker
 * can tell at the network which request it sees, and a client whether the answer is its own. Records of one session share
 * their Acct-Session-Id.
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
} from '../../codes.ts'
import { checkResponse, signAuthenticator, signMessageAuthenticator } from '../../radius/authenticator.ts'
import type { Packet } from '../../radius/packet.ts'
import { readPacket } from '../../radius/packet.ts'
import type { Secret } from '../../radius/secret.ts'

const USER_NAME = 1
const CLASS = 25
const ACCT_INPUT_OCTETS = 42
const ACCT_OUTPUT_OCTETS = 43
const ACCT_SESSION_ID = 44
const TUNNEL_PASSWORD = 69
const ACCT_SESSION_TIME = 46
const ACCT_INPUT_GIGAWORDS = 52
const ACCT_OUTPUT_GIGAWORDS = 53
const TWO_TO_32 = 2 ** 32
const INTERIM_UPDATE = 3
const ACCOUNTING_ON = 7
export const STATUS_TYPES = { start: 1, stop: 2, interim: INTERIM_UPDATE, on: ACCOUNTING_ON } as const
export type StatusType = keyof typeof STATUS_TYPES

interface Attribute {
  readonly type: number
  readonly value: Uint8Array
}

/** Names and numbers of a world are ASCII; this is three times as fast as a TextEncoder on such short ones. */
const octetsOf = (text: string): Uint8Array => {
  const octets = new Uint8Array(text.length)
  for (let at = 0; at < octets.length; at += 1) octets[at] = text.charCodeAt(at)
  return octets
}

const number32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)

/**
 * An Access-Request with User-Name and serial, and State where a conversation goes on. Message-Authenticator first, unless it
 * is unsigned.
 */
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
    ...(o.isUnsigned ? [] : [{ type: MESSAGE_AUTHENTICATOR, value: new Uint8Array(16) }]),
    { type: USER_NAME, value: octetsOf(o.user) },
    { type: CLASS, value: octetsOf(String(o.serial)) },
    ...(o.state === undefined ? [] : [{ type: STATE, value: o.state }]),
  ])
  bytes.set(o.authenticator, AUTHENTICATOR_AT)
  if (!o.isUnsigned) signMessageAuthenticator(bytes, HEADER_LENGTH, o.secret)
  return bytes
}

/** An Accounting-Request; `delay` in seconds is its Acct-Delay-Time. */
export const accountingRequest = (o: {
  readonly identifier: number
  readonly secret: Secret
  readonly user: string
  readonly serial: number
  readonly status: StatusType
  /** Its Acct-Session-Id; what is about the whole client has none. */
  readonly session?: string | undefined
  readonly delay?: number
  /** Its Acct-Session-Time, in seconds. */
  readonly time?: number | undefined
  /** What it counts each second, in both directions: 32 bits of it, and no Gigawords. */
  readonly octetsPerSecond?: number | undefined
}): Uint8Array => {
  const bytes = write(ACCOUNTING_REQUEST, o.identifier, [
    { type: ACCT_STATUS_TYPE, value: number32(STATUS_TYPES[o.status]) },
    { type: USER_NAME, value: octetsOf(o.user) },
    ...(o.session === undefined ? [] : [{ type: ACCT_SESSION_ID, value: octetsOf(o.session) }]),
    { type: CLASS, value: octetsOf(String(o.serial)) },
    ...(o.time === undefined ? [] : [{ type: ACCT_SESSION_TIME, value: number32(o.time) }]),
    ...(o.time === undefined || o.octetsPerSecond === undefined ? [] : octetsOfSession(o.time * o.octetsPerSecond)),
    ...(o.delay === undefined ? [] : [{ type: ACCT_DELAY_TIME, value: number32(o.delay) }]),
  ])
  signAuthenticator(bytes, o.secret)
  return bytes
}

const octetsOfSession = (octets: number): readonly Attribute[] => {
  const value = number32(octets % TWO_TO_32)
  return [
    { type: ACCT_INPUT_OCTETS, value },
    { type: ACCT_OUTPUT_OCTETS, value },
  ]
}

/** A server's answer: `code`, the request's serial as Class, its Proxy-States, and State where one is asked for. An
 * unforwardable one carries a Tunnel-Password of two octets, which is no salt and no block. */
export const answerTo = (o: {
  readonly request: Packet
  readonly code: number
  readonly secret: Secret
  readonly state?: Uint8Array
  readonly isUnforwardable?: boolean
}): Uint8Array => {
  const serial = o.request.find({ vendor: 0, type: CLASS })
  const isAccounting = o.code === ACCOUNTING_RESPONSE
  const bytes = write(o.code, o.request.identifier, [
    ...(isAccounting ? [] : [{ type: MESSAGE_AUTHENTICATOR, value: new Uint8Array(16) }]),
    ...(serial === undefined ? [] : [{ type: CLASS, value: serial }]),
    ...(o.state === undefined ? [] : [{ type: STATE, value: o.state }]),
    ...(o.isUnforwardable ? [{ type: TUNNEL_PASSWORD, value: Uint8Array.of(0, 1) }] : []),
  ])
  o.request.authenticatorInto(bytes, AUTHENTICATOR_AT)
  if (!isAccounting) signMessageAuthenticator(bytes, HEADER_LENGTH, o.secret)
  signAuthenticator(bytes, o.secret)
  return bytes
}

/** The serial of a request, or the one that an answer repeats; undefined for what carries none (a probe). */
export const serialOf = (packet: Packet): number | undefined => {
  const value = packet.find({ vendor: 0, type: CLASS })
  if (value === undefined) return undefined
  let serial = 0
  for (let at = 0; at < value.length; at += 1) serial = serial * 10 + (value[at]! - 48)
  return serial
}

/** The User-Name of a request, empty where it has none. */
export const userOf = (packet: Packet): string =>
  String.fromCharCode(...(packet.find({ vendor: 0, type: USER_NAME }) ?? []))

/** The Acct-Session-Id of a record, if it has one. */
export const sessionOf = (packet: Packet): string | undefined => {
  const value = packet.find({ vendor: 0, type: ACCT_SESSION_ID })
  return value === undefined ? undefined : String.fromCharCode(...value)
}

/** The Acct-Session-Time of a record in seconds, if it has one. */
export const sessionTimeOf = (packet: Packet): number | undefined => numberOf(packet, ACCT_SESSION_TIME)

/** Acct-Input-Gigawords and Acct-Output-Gigawords of a record, 0 where they are not there. */
export const gigawordsOf = (packet: Packet): readonly [input: number, output: number] => [
  numberOf(packet, ACCT_INPUT_GIGAWORDS) ?? 0,
  numberOf(packet, ACCT_OUTPUT_GIGAWORDS) ?? 0,
]

const numberOf = (packet: Packet, type: number): number | undefined =>
  packet.find({ vendor: 0, type })?.reduce((sum, octet) => sum * 256 + octet, 0)

/** A packet of this world, which is well-formed or a bug of the simulation. */
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
  const length = attributes.reduce((sum, { value }) => sum + 2 + value.length, HEADER_LENGTH)
  const bytes = new Uint8Array(length)
  bytes[0] = code
  bytes[1] = identifier
  bytes[2] = length >> 8
  bytes[3] = length & 0xff
  let at = HEADER_LENGTH
  for (const { type, value } of attributes) {
    bytes[at] = type
    bytes[at + 1] = 2 + value.length
    bytes.set(value, at + 2)
    at += 2 + value.length
  }
  return bytes
}
