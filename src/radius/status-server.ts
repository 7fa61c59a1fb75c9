/**
 * Status-Server (RFC 5997) asks whether a RADIUS server is alive: our probes, and our answers to clients.
 *
 * It is never proxied and never retransmitted: every probe has a new identifier and authenticator.
 */
import { CLASS_TRAITS, type TrafficClass } from '../classes.ts'
import {
  ACCOUNTING_RESPONSE,
  AUTHENTICATOR_AT,
  HEADER_LENGTH,
  MESSAGE_AUTHENTICATOR_LENGTH,
  STATUS_SERVER,
} from '../codes.ts'
import { freshOctets } from '../fresh-octets.ts'
import { signAuthenticator, signMessageAuthenticator } from './authenticator.ts'
import type { Packet } from './packet.ts'
import { begin, beginMessageAuthenticator, copyProxyStates, type PlaceOf, proxyStatesLength } from './rewrite.ts'
import type { Secret } from './secret.ts'

/** A probe for a server: `identifier` 0-255, `authenticator` 16 fresh unpredictable octets (RFC 5997 section 3). */
export function statusServerProbe(o: {
  readonly identifier: number
  readonly authenticator: Uint8Array
  readonly secret: Secret
}): Uint8Array {
  const place = freshOctets(HEADER_LENGTH + MESSAGE_AUTHENTICATOR_LENGTH)
  const bytes = begin(place, STATUS_SERVER, o.identifier)
  bytes.set(o.authenticator, AUTHENTICATOR_AT)
  beginMessageAuthenticator(bytes, HEADER_LENGTH)
  signMessageAuthenticator(bytes, HEADER_LENGTH, o.secret)
  return bytes
}

/**
 * The answer to a client's checked Status-Server: Access-Accept on an authentication port, Accounting-Response on an
 * accounting port (RFC 5997 section 4.2), with the request's Proxy-States.
 */
export function statusServerAnswer(
  request: Packet,
  trafficClass: TrafficClass,
  secret: Secret,
  placeOf: PlaceOf = freshOctets,
): Uint8Array {
  const [code] = CLASS_TRAITS[trafficClass].responses
  const isSigned = code !== ACCOUNTING_RESPONSE
  const from = HEADER_LENGTH + (isSigned ? MESSAGE_AUTHENTICATOR_LENGTH : 0)
  const bytes = begin(placeOf(from + proxyStatesLength(request)), code, request.identifier)
  request.authenticatorInto(bytes, AUTHENTICATOR_AT)
  copyProxyStates(request, bytes, from)
  // An Accounting-Response has none: no client needs it, and peers disagree on what it is computed over.
  if (isSigned) {
    beginMessageAuthenticator(bytes, HEADER_LENGTH)
    signMessageAuthenticator(bytes, HEADER_LENGTH, secret)
  }
  signAuthenticator(bytes, secret)
  return bytes
}
