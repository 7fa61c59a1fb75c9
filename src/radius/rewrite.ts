/**
 * A packet for its next hop: a request for the server, an answer for the client.
 *
 * The received octets are copied, never decoded and encoded again. Unknown attributes, Proxy-States, State and Class stay
 * as they are and in order (RFC 2865 sections 2.3, 5). Only what depends on the hop changes: identifier, authenticator,
 * hidden values, and Message-Authenticator, which is the first attribute of every Access packet that we send, so that no
 * forged prefix can be put before it (CVE-2024-3596).
 *
 * The arguments have passed `checkRequest` or `checkResponse`; nothing here throws even if they have not.
 */

import {
  ACCESS_REQUEST,
  ACCOUNTING_RESPONSE,
  AUTHENTICATOR_AT,
  CHAP_CHALLENGE,
  HEADER_LENGTH,
  MAX_PACKET_LENGTH,
  MESSAGE_AUTHENTICATOR,
  MESSAGE_AUTHENTICATOR_LENGTH,
  NAS_IP_ADDRESS,
  NAS_IPV6_ADDRESS,
  PROXY_STATE,
} from '../codes.ts'
import { copyInto, freshOctets } from '../fresh-octets.ts'
import { isSignedOverZeros, signAuthenticator, signMessageAuthenticator } from './authenticator.ts'
import type { RequestFault, ResponseFault } from './faults.ts'
import { type Hop, mayHide, rehideRecord, rehideRequest, rehideResponse } from './hidden.ts'
import type { Packet } from './packet.ts'
import type { Secret } from './secret.ts'

/** Gives so many octets to write a packet into, with anything in them. */
export type PlaceOf = (length: number) => Uint8Array

/** Type, length and the 16 octets of an authenticator. */
const CHAP_CHALLENGE_LENGTH = 18

export interface RequestForServer {
  /** As the client sent it. */
  readonly packet: Packet
  /** 0-255. */
  readonly identifier: number
  /** 16 unpredictable octets, for an Access-Request; an Accounting-Request's authenticator is computed. */
  readonly authenticator: Uint8Array
  readonly clientSecret: Secret
  readonly serverSecret: Secret
  /** The client's address, 4 or 16 octets: added if the request has no NAS address and it fits. */
  readonly nasAddress?: Uint8Array | undefined
}

/**
 * The octets to send to the server. Octets 4 to 20 are the authenticator, with which the answer is checked.
 * `too-long`: over 4096 octets with what must be added (RFC 2865 section 3). An optional addition is left out instead.
 */
export function requestForServer(
  o: RequestForServer,
  placeOf: PlaceOf = freshOctets,
): Uint8Array | Extract<RequestFault, 'too-long' | 'forbidden-attribute'> {
  if (o.packet.repeatsMessageAuthenticator) return 'forbidden-attribute'
  return o.packet.code === ACCESS_REQUEST ? accessRequest(o, placeOf) : accountingRequest(o, placeOf)
}

function accessRequest(o: RequestForServer, placeOf: PlaceOf): Uint8Array | 'too-long' {
  const { packet } = o
  const needed = neededLength(packet)
  if (needed > MAX_PACKET_LENGTH) return 'too-long'
  const nasAddress = missingNasAddress(o)
  const length = needed + attributeLength(nasAddress)
  const bytes = begin(placeOf(length), packet.code, o.identifier)
  bytes.set(o.authenticator, AUTHENTICATOR_AT)
  const attributesAt = beginMessageAuthenticator(bytes, HEADER_LENGTH)
  let end = copyAround(packet, packet.messageAuthenticatorAt, bytes, attributesAt)
  if (lacksChallenge(packet)) end = putAttribute(bytes, end, CHAP_CHALLENGE, packet.authenticator)
  putNasAddress(bytes, end, nasAddress)
  if (mayHide(bytes)) {
    const client = { secret: o.clientSecret, authenticator: packet.authenticator }
    rehideRequest(bytes, client, { secret: o.serverSecret, authenticator: o.authenticator })
  }
  signMessageAuthenticator(bytes, HEADER_LENGTH, o.serverSecret)
  return bytes
}

function accountingRequest(o: RequestForServer, placeOf: PlaceOf): Uint8Array | 'too-long' {
  const { packet } = o
  if (neededLength(packet) > MAX_PACKET_LENGTH) return 'too-long'
  const nasAddress = missingNasAddress(o)
  const bytes = placeOf(packet.length + attributeLength(nasAddress))
  bytes.set(packet.bytes)
  begin(bytes, packet.code, o.identifier)
  putNasAddress(bytes, packet.length, nasAddress)
  if (mayHide(bytes)) rehideRecord(bytes, o.clientSecret, o.serverSecret)
  // RFC 2866 section 3: both signatures take 16 zero octets for the authenticator, which is what stands there now.
  if (isSigned(packet)) signMessageAuthenticator(bytes, packet.messageAuthenticatorAt, o.serverSecret)
  signAuthenticator(bytes, o.serverSecret)
  return bytes
}

export interface AnswerForClient {
  /** As the server sent it. */
  readonly response: Packet
  /** The authenticator of our request to the server, 16 octets. */
  readonly sentAuthenticator: Uint8Array
  readonly serverSecret: Secret
  /** As the client sent it. */
  readonly request: Packet
  readonly clientSecret: Secret
}

/**
 * The octets to send to the client. `too-long`: over 4096 octets with the Message-Authenticator that must be added.
 * `bad-salted-attribute`: a Tunnel-Password or an MS-MPPE key is no salt and blocks of 16 (RFC 2868 section 3.5).
 */
export function answerForClient(
  o: AnswerForClient,
  placeOf: PlaceOf = freshOctets,
): Uint8Array | Extract<ResponseFault, 'too-long' | 'bad-salted-attribute' | 'bad-message-authenticator'> {
  const { response, request } = o
  if (response.repeatsMessageAuthenticator) return 'bad-message-authenticator'
  if (response.code === ACCOUNTING_RESPONSE) return accountingResponse(o, placeOf)
  const length = response.length - lengthAt(response, response.messageAuthenticatorAt) + MESSAGE_AUTHENTICATOR_LENGTH
  if (length > MAX_PACKET_LENGTH) return 'too-long'
  const bytes = begin(placeOf(length), response.code, request.identifier)
  request.authenticatorInto(bytes, AUTHENTICATOR_AT)
  copyAround(response, response.messageAuthenticatorAt, bytes, beginMessageAuthenticator(bytes, HEADER_LENGTH))
  if (mayHide(bytes) && !rehideResponse(bytes, ...hopsOf(o))) return 'bad-salted-attribute'
  signMessageAuthenticator(bytes, HEADER_LENGTH, o.clientSecret)
  signAuthenticator(bytes, o.clientSecret)
  return bytes
}

/** The server's hop and the client's. */
const hopsOf = ({ sentAuthenticator, serverSecret, request, clientSecret }: AnswerForClient): [Hop, Hop] => [
  { secret: serverSecret, authenticator: sentAuthenticator },
  { secret: clientSecret, authenticator: request.authenticator },
]

function accountingResponse(o: AnswerForClient, placeOf: PlaceOf): Uint8Array {
  const { response, request, serverSecret, clientSecret } = o
  const bytes = placeOf(response.length)
  copyInto(bytes, response.bytes)
  begin(bytes, response.code, request.identifier)
  // The record gets its answer even if a hidden value cannot be read.
  if (mayHide(bytes)) rehideResponse(bytes, ...hopsOf(o))
  if (isSigned(response)) {
    if (!isSignedOverZeros(response, serverSecret)) request.authenticatorInto(bytes, AUTHENTICATOR_AT)
    signMessageAuthenticator(bytes, response.messageAuthenticatorAt, clientSecret)
  }
  request.authenticatorInto(bytes, AUTHENTICATOR_AT)
  signAuthenticator(bytes, clientSecret)
  return bytes
}

export interface AccountingAnswer {
  /** An Accounting-Response as we sent it before for the same record, if there was one. */
  readonly answer: Uint8Array | undefined
  /** The Accounting-Request to be answered now. */
  readonly request: Packet
  readonly clientSecret: Secret
}

/**
 * A second answer for a record that was answered before: what the server said then, and this request's own Proxy-States
 * (RFC 2865 section 5.33). Where both do not fit into 4096 octets the Proxy-States alone are sent.
 */
export function accountingAnswerFromRecord(
  { answer, request, clientSecret }: AccountingAnswer,
  placeOf: PlaceOf = freshOctets,
): Uint8Array {
  const own = proxyStatesLength(request)
  const said = answer === undefined ? 0 : answerWithout(answer, undefined, 0)
  const fits = HEADER_LENGTH + said + own <= MAX_PACKET_LENGTH
  const place = placeOf(HEADER_LENGTH + own + (fits ? said : 0))
  const bytes = begin(place, ACCOUNTING_RESPONSE, request.identifier)
  request.authenticatorInto(bytes, AUTHENTICATOR_AT)
  if (fits && answer !== undefined) answerWithout(answer, bytes, HEADER_LENGTH)
  copyProxyStates(request, bytes, bytes.length - own)
  signAuthenticator(bytes, clientSecret)
  return bytes
}

/** How many octets the attributes of `answer` take that do not belong to its request; copied if there is a target. */
function answerWithout(answer: Uint8Array, target: Uint8Array | undefined, from: number): number {
  let end = from
  for (let at = HEADER_LENGTH; at < answer.length; at += answer[at + 1]!) {
    if (answer[at] === PROXY_STATE || answer[at] === MESSAGE_AUTHENTICATOR) continue
    const size = answer[at + 1]!
    target?.set(answer.subarray(at, at + size), end)
    end += size
  }
  return end - from
}

/** How many octets the Proxy-States of a packet take; copied in their order if there is a target (RFC 2865 section 5.33). */
export function copyProxyStates(packet: Packet, target: Uint8Array | undefined, from: number): number {
  if (packet.proxyStateAt === 0) return 0
  const { bytes } = packet
  let end = from
  for (let at = packet.proxyStateAt; at < bytes.length; at += bytes[at + 1]!) {
    if (bytes[at] !== PROXY_STATE) continue
    target?.set(bytes.subarray(at, at + bytes[at + 1]!), end)
    end += bytes[at + 1]!
  }
  return end - from
}

export const proxyStatesLength = (packet: Packet): number => copyProxyStates(packet, undefined, 0)

/** The header of a packet that takes all of `bytes`, with an authenticator of zeros. */
export function begin(bytes: Uint8Array, code: number, identifier: number): Uint8Array {
  bytes[0] = code
  bytes[1] = identifier
  bytes[2] = bytes.length >>> 8
  bytes[3] = bytes.length & 0xff
  for (let at = AUTHENTICATOR_AT; at < HEADER_LENGTH; at += 1) bytes[at] = 0
  return bytes
}

/** Type and length of a Message-Authenticator that is signed later; returns the offset of the next attribute. */
export function beginMessageAuthenticator(bytes: Uint8Array, at: number): number {
  bytes[at] = MESSAGE_AUTHENTICATOR
  bytes[at + 1] = MESSAGE_AUTHENTICATOR_LENGTH
  return at + MESSAGE_AUTHENTICATOR_LENGTH
}

/** Copies all attributes but the one at `skipAt` (0: none); returns where the copy ends. */
function copyAround(packet: Packet, skipAt: number, target: Uint8Array, at: number): number {
  const { bytes } = packet
  if (skipAt === 0) {
    target.set(bytes.subarray(HEADER_LENGTH), at)
    return at + bytes.length - HEADER_LENGTH
  }
  const resumeAt = skipAt + bytes[skipAt + 1]!
  target.set(bytes.subarray(HEADER_LENGTH, skipAt), at)
  target.set(bytes.subarray(resumeAt), at + skipAt - HEADER_LENGTH)
  return at + (skipAt - HEADER_LENGTH) + (bytes.length - resumeAt)
}

/** Whether it has a Message-Authenticator that can be computed again in its place. */
const isSigned = ({ bytes, messageAuthenticatorAt: at }: Packet): boolean =>
  at !== 0 && bytes[at + 1] === MESSAGE_AUTHENTICATOR_LENGTH

/** Octets that the attribute at `at` takes, 0 where there is none. */
const lengthAt = (packet: Packet, at: number): number => (at === 0 ? 0 : packet.bytes[at + 1]!)

/** Whether one more attribute with this value fits into the request for the server, beside what must be added. */
export const hasRoomFor = (packet: Packet, value: Uint8Array): boolean =>
  neededLength(packet) + attributeLength(value) <= MAX_PACKET_LENGTH

/** Octets of the request for the server with what must be in it, and nothing else. */
function neededLength(packet: Packet): number {
  if (packet.code !== ACCESS_REQUEST) return packet.length
  const kept = packet.length - lengthAt(packet, packet.messageAuthenticatorAt)
  return kept + MESSAGE_AUTHENTICATOR_LENGTH + (lacksChallenge(packet) ? CHAP_CHALLENGE_LENGTH : 0)
}

/** RFC 2865 section 2.2: without CHAP-Challenge the authenticator is the challenge. It changes, so it must be added. */
export const lacksChallenge = (packet: Packet): boolean => packet.chapPasswordAt !== 0 && packet.chapChallengeAt === 0

function missingNasAddress({ packet, nasAddress }: RequestForServer): Uint8Array | undefined {
  const isMissing = packet.nasIpAddressAt === 0 && packet.nasIpv6AddressAt === 0
  return isMissing && nasAddress !== undefined && hasRoomFor(packet, nasAddress) ? nasAddress : undefined
}

const attributeLength = (value: Uint8Array | undefined): number => (value === undefined ? 0 : value.length + 2)

/** RFC 2865 section 5.4, RFC 3162 section 2.1. */
function putNasAddress(bytes: Uint8Array, at: number, address: Uint8Array | undefined): void {
  if (address !== undefined) putAttribute(bytes, at, address.length === 4 ? NAS_IP_ADDRESS : NAS_IPV6_ADDRESS, address)
}

function putAttribute(bytes: Uint8Array, at: number, type: number, value: Uint8Array): number {
  bytes[at] = type
  bytes[at + 1] = value.length + 2
  bytes.set(value, at + 2)
  return at + value.length + 2
}
