/**
 * A view over the octets of a received packet. Nothing is decoded, copied or changed. One pass checks the lengths
 * (RFC 2865 section 3) and notes where the attributes are that the packet path reads.
 *
 *     0      1            2        4                20
 *     +------+------------+--------+----------------+------------------------------------+
 *     | code | identifier | length | authenticator  | attributes: type, length, value... |
 *     +------+------------+--------+----------------+------------------------------------+
 *
 * A packet that `readPacket` accepted can be walked without further checks. An "at" is the offset of an attribute's
 * type octet in `bytes`. 0 means that there is none, since no attribute can be in the header.
 */

import {
  ACCT_DELAY_TIME,
  ACCT_STATUS_TYPE,
  ARAP_PASSWORD,
  AUTHENTICATOR_AT,
  AUTHENTICATOR_LENGTH,
  CHAP_CHALLENGE,
  CHAP_PASSWORD,
  EAP_MESSAGE,
  EVENT_TIMESTAMP,
  HEADER_LENGTH,
  MAX_PACKET_LENGTH,
  MESSAGE_AUTHENTICATOR,
  NAS_IDENTIFIER,
  NAS_IP_ADDRESS,
  NAS_IPV6_ADDRESS,
  NUMBER_ATTRIBUTE_LENGTH,
  PROXY_STATE,
  REPLY_MESSAGE,
  STATE,
  USER_PASSWORD,
  VENDOR_HEADER_LENGTH,
  VENDOR_SPECIFIC,
} from '../codes.ts'
import { copyOf } from '../fresh-octets.ts'
import type { REQUEST_FAULTS } from './faults.ts'
import { endAt, formatWithin, headerOf, typeAt } from './vendors/vendor-format.ts'

/** What can be wrong with the lengths; a part of both request and response faults. */
export type PacketFault = Extract<(typeof REQUEST_FAULTS)[number], 'too-short' | 'bad-length' | 'bad-attribute-length'>

/**
 * The packet in `bytes`, cut to its Length field: what follows is padding (RFC 2865 section 3). `too-short`: fewer than
 * 20 octets came. `bad-length`: Length is below 20, over 4096 or more than came. `bad-attribute-length`: an
 * attribute is shorter than 2 or runs past the end. The packet is a view of `bytes`: who keeps it lets it `own` its octets.
 */
export function readPacket(bytes: Uint8Array): Packet | PacketFault {
  if (bytes.length < HEADER_LENGTH) return 'too-short'
  const length = (bytes[2]! << 8) | bytes[3]!
  if (length < HEADER_LENGTH || length > MAX_PACKET_LENGTH || length > bytes.length) return 'bad-length'
  const packet = new Packet(length === bytes.length ? bytes : bytes.subarray(0, length))
  let at = HEADER_LENGTH
  while (at < length) {
    const size = at + 1 < length ? bytes[at + 1]! : 0
    if (size < 2 || at + size > length) return 'bad-attribute-length'
    packet.attributes += 1
    packet.note(bytes[at]!, at)
    at += size
  }
  return packet
}

/** `vendor` 0 is the standard space. */
export interface AttributeKey {
  readonly vendor: number
  readonly type: number
}

export class Packet {
  /** Exactly the packet, without padding. `own` changes where they stand, nothing changes what they are. */
  bytes: Uint8Array
  readonly code: number
  readonly identifier: number

  // Where the first attribute of a type stands, 0 where there is none.
  userPasswordAt = 0
  chapPasswordAt = 0
  nasIpAddressAt = 0
  replyMessageAt = 0
  stateAt = 0
  nasIdentifierAt = 0
  proxyStateAt = 0
  acctStatusTypeAt = 0
  acctDelayTimeAt = 0
  eventTimestampAt = 0
  chapChallengeAt = 0
  arapPasswordAt = 0
  eapMessageAt = 0
  messageAuthenticatorAt = 0
  nasIpv6AddressAt = 0

  /** How many attributes there are. */
  attributes = 0
  /** An attribute of type 0, which there is none of (RFC 2865 section 5). */
  hasTypeZero = false
  /** More than one Message-Authenticator. */
  repeatsMessageAuthenticator = false
  /** More than one User-Password, CHAP-Password or State: one at most, RFC 2865 section 5.44. */
  repeatsSingleAttribute = false

  /** For `readPacket`, which alone checks what it is given. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.code = bytes[0]!
    this.identifier = bytes[1]!
  }

  /** From now on its octets are this copy of them: those that it was read from may be valid for one call only. */
  own(copy: Uint8Array = copyOf(this.bytes)): void {
    this.bytes = copy
  }

  /** Octets, 20-4096. */
  get length(): number {
    return this.bytes.length
  }

  /** The 16 octets of the authenticator field, where they stand. */
  get authenticator(): Uint8Array {
    return this.bytes.subarray(AUTHENTICATOR_AT, HEADER_LENGTH)
  }

  /** Copies the authenticator to `target` from `at` on. */
  authenticatorInto(target: Uint8Array, at: number): void {
    for (let i = 0; i < AUTHENTICATOR_LENGTH; i += 1) target[at + i] = this.bytes[AUTHENTICATOR_AT + i]!
  }

  /** One of the four words of the authenticator, 0-3, as a signed number: only for comparing. */
  authenticatorWord(word: number): number {
    return readUint32(this.bytes, AUTHENTICATOR_AT + 4 * word) | 0
  }

  /** The value, without type and length, of the attribute at `at`: 0-253 octets where they stand. */
  value(at: number): Uint8Array {
    return this.bytes.subarray(at + 2, at + this.bytes[at + 1]!)
  }

  /** How long that value is, 0-253. */
  valueLength(at: number): number {
    return this.bytes[at + 1]! - 2
  }

  /** The 32-bit number in the attribute at `at`; undefined where there is none or it is not 4 octets long. */
  number(at: number): number | undefined {
    return at === 0 || this.bytes[at + 1] !== NUMBER_ATTRIBUTE_LENGTH ? undefined : readUint32(this.bytes, at + 2)
  }

  /**
   * The value of the first attribute of that vendor and type, where it stands. A vendor attribute may hold several
   * sub-attributes (RFC 2865 section 5.26), in the vendor's own format. If their lengths do not add up, the rest is not
   * searched.
   */
  find(key: AttributeKey): Uint8Array | undefined {
    const { bytes } = this
    for (let at = HEADER_LENGTH; at < bytes.length; at += bytes[at + 1]!) {
      if (key.vendor === 0) {
        if (bytes[at] === key.type) return this.value(at)
      } else if (
        bytes[at] === VENDOR_SPECIFIC &&
        this.valueLength(at) >= 4 &&
        readUint32(bytes, at + 2) === key.vendor
      ) {
        const found = this.#findWithin(at + VENDOR_HEADER_LENGTH, at + bytes[at + 1]!, key)
        if (found !== undefined) return found
      }
    }
    return undefined
  }

  #findWithin(from: number, to: number, key: AttributeKey): Uint8Array | undefined {
    const { bytes } = this
    const format = formatWithin(bytes, from, to, key.vendor)
    for (let at = from; at < to; ) {
      const end = endAt(bytes, at, to, format)
      if (end === 0) return undefined
      if (typeAt(bytes, at, format) === key.type) return bytes.subarray(at + headerOf(format), end)
      at = end
    }
    return undefined
  }

  /** For `readPacket`: an attribute of `type` stands at `at`. */
  note(type: number, at: number): void {
    switch (type) {
      case 0:
        this.hasTypeZero = true
        break
      case USER_PASSWORD:
        if (this.userPasswordAt === 0) this.userPasswordAt = at
        else this.repeatsSingleAttribute = true
        break
      case CHAP_PASSWORD:
        if (this.chapPasswordAt === 0) this.chapPasswordAt = at
        else this.repeatsSingleAttribute = true
        break
      case STATE:
        if (this.stateAt === 0) this.stateAt = at
        else this.repeatsSingleAttribute = true
        break
      case MESSAGE_AUTHENTICATOR:
        if (this.messageAuthenticatorAt === 0) this.messageAuthenticatorAt = at
        else this.repeatsMessageAuthenticator = true
        break
      case NAS_IP_ADDRESS:
        this.nasIpAddressAt ||= at
        break
      case REPLY_MESSAGE:
        this.replyMessageAt ||= at
        break
      case NAS_IDENTIFIER:
        this.nasIdentifierAt ||= at
        break
      case PROXY_STATE:
        this.proxyStateAt ||= at
        break
      case ACCT_STATUS_TYPE:
        this.acctStatusTypeAt ||= at
        break
      case ACCT_DELAY_TIME:
        this.acctDelayTimeAt ||= at
        break
      case EVENT_TIMESTAMP:
        this.eventTimestampAt ||= at
        break
      case CHAP_CHALLENGE:
        this.chapChallengeAt ||= at
        break
      case ARAP_PASSWORD:
        this.arapPasswordAt ||= at
        break
      case EAP_MESSAGE:
        this.eapMessageAt ||= at
        break
      case NAS_IPV6_ADDRESS:
        this.nasIpv6AddressAt ||= at
        break
    }
  }
}

/** The vendor of the Vendor-Specific attribute at `at`; 0 if its number has more than 24 bits (RFC 2865 section 5.26). */
export function vendorAt(bytes: Uint8Array, at: number): number {
  return bytes[at + 2] === 0 ? (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]! : 0
}

/** Big-endian, never negative. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
