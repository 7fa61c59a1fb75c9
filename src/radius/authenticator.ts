/**
 * The checks of requests and responses: does the sender know the secret, and is the packet allowed? And the two signatures
 * of our own packets.
 *
 * There are two proofs. The authenticator of Accounting-Requests and of responses is an MD5 with the secret at the end.
 * Message-Authenticator is an HMAC-MD5 over the packet with its own value zeroed. Both need a stand-in for the
 * authenticator field: the request's authenticator in a response, 16 zero octets in an Accounting-Request.
 * Message-Authenticator is computed first, since the authenticator covers it.
 *
 * A check returns the name of a fault, or undefined. It never throws and never reads past the packet.
 */
import { CLASS_TRAITS, classOfRequest, type PerClass, TRAFFIC_CLASSES, type TrafficClass } from '../classes.ts'
import {
  ACCOUNTING_RESPONSE,
  AUTHENTICATOR_AT,
  HEADER_LENGTH,
  MESSAGE_AUTHENTICATOR_LENGTH,
  STATUS_SERVER,
} from '../codes.ts'
import type { RequestFault, ResponseFault } from './faults.ts'
import { md5, sameSixteen } from './md5.ts'
import type { Packet } from './packet.ts'
import type { Secret } from './secret.ts'

const SIXTEEN_ZEROS = new Uint8Array(16)
const computed = new Uint8Array(16)

/**
 * Whether a client with `secret` may send this request to a port of `trafficClass`. An Access-Request without
 * Message-Authenticator proves nothing (RFC 2865 section 3) and passes with any secret.
 */
export function checkRequest(packet: Packet, trafficClass: TrafficClass, secret: Secret): RequestFault | undefined {
  if (packet.code === STATUS_SERVER) return checkStatusServer(packet, secret)
  const its = classOfRequest(packet.code)
  // RFC 2865 section 3: a packet with an invalid code is silently discarded.
  if (its === undefined) return 'unknown-code'
  return its === trafficClass ? CHECKS[its](packet, secret) : 'wrong-port'
}

/**
 * Whether this is an answer to `request` (its code, and its authenticator as it was sent) from a server with `secret`.
 * `unknown-code`: the code is no answer to that kind of request.
 */
export function checkResponse(
  response: Packet,
  request: { readonly code: number; readonly authenticator: Uint8Array },
  secret: Secret,
): ResponseFault | undefined {
  if (!isSignedOver(response.bytes, request.authenticator, secret)) return 'bad-authenticator'
  if (!answers(response.code, request.code)) return 'unknown-code'
  if (response.messageAuthenticatorAt === 0) {
    // RFC 3579 section 3.2: a packet with EAP-Message and without Message-Authenticator is silently discarded.
    return response.eapMessageAt === 0 ? undefined : 'missing-message-authenticator'
  }
  if (response.code === ACCOUNTING_RESPONSE && isSignedOverZeros(response, secret)) return undefined
  return proofFault(response, request.authenticator, secret)
}

/**
 * Whether the Message-Authenticator of this Accounting-Response is computed over 16 zero octets instead of the request's
 * authenticator. FreeRADIUS 3 does and checks that. The key is the same, so it proves as much. We sign the answer again in
 * the way of its server, since the client accepts that.
 */
export const isSignedOverZeros = (response: Packet, secret: Secret): boolean =>
  hasMessageAuthenticatorOver(response, SIXTEEN_ZEROS, secret)

function checkAccessRequest(packet: Packet, secret: Secret): RequestFault | undefined {
  // RFC 2865 section 5.44: at most one of each. More than one State or password has no meaning to pass on.
  if (packet.repeatsSingleAttribute || packet.repeatsMessageAuthenticator) return 'forbidden-attribute'
  // RFC 3579 section 3.3 note 1: not more than one of the four ways to prove who the user is.
  const isAt = (at: number): number => (at === 0 ? 0 : 1)
  const { userPasswordAt, chapPasswordAt, arapPasswordAt, eapMessageAt } = packet
  if (isAt(userPasswordAt) + isAt(chapPasswordAt) + isAt(arapPasswordAt) + isAt(eapMessageAt) > 1)
    return 'forbidden-attribute'
  if (packet.userPasswordAt !== 0) {
    // RFC 2865 section 5.2: 16 to 128 octets, in sixteens.
    const length = packet.valueLength(packet.userPasswordAt)
    if (length < 16 || length > 128 || length % 16 !== 0) return 'bad-password-length'
  }
  if (packet.messageAuthenticatorAt === 0) {
    // RFC 3579 section 3.2: EAP-Message without Message-Authenticator is silently discarded.
    return packet.eapMessageAt === 0 ? undefined : 'eap-without-message-authenticator'
  }
  return proofFault(packet, packet.authenticator, secret)
}

function checkAccountingRequest(packet: Packet, secret: Secret): RequestFault | undefined {
  // RFC 2866 section 5: User-Password, CHAP-Password, Reply-Message and State must not be present; EAP-Message and a
  // second Message-Authenticator have no place there either (RFC 2869 section 5.19, RFC 3579 section 3.3).
  const forbidden =
    packet.userPasswordAt !== 0 ||
    packet.chapPasswordAt !== 0 ||
    packet.replyMessageAt !== 0 ||
    packet.stateAt !== 0 ||
    packet.eapMessageAt !== 0 ||
    packet.repeatsMessageAuthenticator
  if (forbidden) return 'forbidden-attribute'
  // RFC 2866 section 3: MD5 over the packet with 16 zero octets for the authenticator, then the secret.
  if (!isSignedOver(packet.bytes, SIXTEEN_ZEROS, secret)) return 'bad-authenticator'
  return packet.messageAuthenticatorAt === 0 ? undefined : proofFault(packet, SIXTEEN_ZEROS, secret)
}

function checkStatusServer(packet: Packet, secret: Secret): RequestFault | undefined {
  // RFC 5997 section 3: Message-Authenticator must be there; other attributes are ignored.
  if (packet.messageAuthenticatorAt === 0) return 'missing-message-authenticator'
  if (packet.repeatsMessageAuthenticator) return 'forbidden-attribute'
  return proofFault(packet, packet.authenticator, secret)
}

const CHECKS: PerClass<(packet: Packet, secret: Secret) => RequestFault | undefined> = {
  authentication: checkAccessRequest,
  accounting: checkAccountingRequest,
}

/** RFC 2865 section 4, RFC 2866 section 4, RFC 5997 section 2: which code answers which. */
function answers(code: number, requestCode: number): boolean {
  const trafficClass = classOfRequest(requestCode)
  if (trafficClass !== undefined) return CLASS_TRAITS[trafficClass].responses.includes(code)
  return requestCode === STATUS_SERVER && TRAFFIC_CLASSES.some((each) => CLASS_TRAITS[each].responses[0] === code)
}

/**
 * RFC 2865 section 3, RFC 2866 section 3: is the authenticator the MD5 over the packet with `standIn` in its place?
 * `bytes` is the packet without padding, 20 octets at least, with any attributes.
 */
export function isSignedOver(bytes: Uint8Array, standIn: Uint8Array, secret: Secret): boolean {
  md5.begin().add(bytes, 0, AUTHENTICATOR_AT).add(standIn).add(bytes, HEADER_LENGTH).add(secret.bytes)
  md5.finishInto(computed, 0)
  return sameSixteen(computed, 0, bytes, AUTHENTICATOR_AT)
}

const proofFault = (packet: Packet, standIn: Uint8Array, secret: Secret): 'bad-message-authenticator' | undefined =>
  hasMessageAuthenticatorOver(packet, standIn, secret) ? undefined : 'bad-message-authenticator'

/** RFC 3579 section 3.2: is there exactly one, of 16 octets, and is it the HMAC-MD5 over `standIn`? */
function hasMessageAuthenticatorOver(packet: Packet, standIn: Uint8Array, secret: Secret): boolean {
  const { bytes, messageAuthenticatorAt: at } = packet
  if (packet.repeatsMessageAuthenticator || bytes[at + 1] !== MESSAGE_AUTHENTICATOR_LENGTH) return false
  md5
    .beginHmac(secret.hmacKey)
    .add(bytes, 0, AUTHENTICATOR_AT)
    .add(standIn)
    .add(bytes, HEADER_LENGTH, at + 2)
    .add(SIXTEEN_ZEROS)
    .add(bytes, at + MESSAGE_AUTHENTICATOR_LENGTH)
    .finishInto(computed, 0)
  return sameSixteen(computed, 0, bytes, at + 2)
}

/**
 * Writes the HMAC-MD5 over `bytes` into its Message-Authenticator, whose type octet is at `at`. The authenticator field
 * must already have the stand-in: an Access-Request's own authenticator, the request's in a response, else zeros.
 */
export function signMessageAuthenticator(bytes: Uint8Array, at: number, secret: Secret): void {
  bytes.fill(0, at + 2, at + MESSAGE_AUTHENTICATOR_LENGTH)
  md5
    .beginHmac(secret.hmacKey)
    .add(bytes)
    .finishInto(bytes, at + 2)
}

/** Writes the authenticator: MD5 over `bytes`, which have the stand-in, and the secret. It is the last signature. */
export function signAuthenticator(bytes: Uint8Array, secret: Secret): void {
  md5.begin().add(bytes).add(secret.bytes).finishInto(bytes, AUTHENTICATOR_AT)
}
