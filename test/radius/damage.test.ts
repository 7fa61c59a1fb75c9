import { assert, describe, expect, it } from 'vitest'
import { recordDigest } from '../../src/accounting/record/record.ts'
import type { TrafficClass } from '../../src/classes.ts'
import { checkRequest, checkResponse } from '../../src/radius/authenticator.ts'
import { Packet, readPacket } from '../../src/radius/packet.ts'
import { answerForClient, requestForServer } from '../../src/radius/rewrite.ts'
import { Secret } from '../../src/radius/secret.ts'
import * as peer from '../fixtures/peer-packets.ts'
import * as rfc from '../fixtures/rfc-packets.ts'
import * as oracle from './oracle.ts'

/** What was received, and what came of it: a fault's name, or the packet that was taken for valid. */
type Verdict = string | Packet

interface Proven {
  readonly name: string
  readonly bytes: Uint8Array
  judge(bytes: Uint8Array): Verdict
}

const rfcSecret = new Secret(rfc.RFC_SECRET)
const serverSecret = new Secret('the secret of the server')
const sent = Buffer.alloc(16, 0x5c)

const judgeRequest =
  (trafficClass: TrafficClass, secret: Secret) =>
  (bytes: Uint8Array): Verdict => {
    const packet = readPacket(bytes)
    return packet instanceof Packet ? (checkRequest(packet, trafficClass, secret) ?? packet) : packet
  }
const judgeResponse =
  (code: number, authenticator: Uint8Array, secret: Secret) =>
  (bytes: Uint8Array): Verdict => {
    const packet = readPacket(bytes)
    return packet instanceof Packet ? (checkResponse(packet, { code, authenticator }, secret) ?? packet) : packet
  }
const signedRequest = (code: number, ...attributes: oracle.Attribute[]): Uint8Array =>
  oracle.sign(oracle.packetOf(code, 9, code === 4 ? oracle.ZERO : sent, attributes), rfc.RFC_SECRET)

const radclientSecret = new Secret(peer.RADCLIENT_SECRET)
const PROVEN: readonly Proven[] = [
  {
    name: 'Access-Request of radclient',
    bytes: peer.RADCLIENT_PAP,
    judge: judgeRequest('authentication', radclientSecret),
  },
  {
    name: 'Access-Request with EAP-Message',
    bytes: signedRequest(1, oracle.attribute(1, 'nemo'), oracle.attribute(79, 'eap'), oracle.messageAuthenticator),
    judge: judgeRequest('authentication', rfcSecret),
  },
  {
    name: 'Access-Request with CHAP-Password and Proxy-States',
    bytes: signedRequest(1, oracle.messageAuthenticator, [3, Buffer.alloc(17, 1)], [33, sent], [33, oracle.ZERO]),
    judge: judgeRequest('authentication', rfcSecret),
  },
  {
    name: 'Accounting-Request of radclient',
    bytes: peer.RADCLIENT_ACCOUNTING,
    judge: judgeRequest('accounting', radclientSecret),
  },
  {
    name: 'Accounting-Request without Message-Authenticator',
    bytes: signedRequest(4, [40, Buffer.from([0, 0, 0, 2])], oracle.attribute(44, 's1'), [
      41,
      oracle.ZERO.subarray(0, 4),
    ]),
    judge: judgeRequest('accounting', rfcSecret),
  },
  {
    name: 'Status-Server of RFC 5997',
    bytes: rfc.STATUS_AUTHENTICATION_REQUEST,
    judge: judgeRequest('authentication', rfcSecret),
  },
  ...(
    [
      ['Access-Accept of RFC 2865', rfc.TELNET_ACCEPT, rfc.TELNET_REQUEST],
      ['Access-Challenge of RFC 2865', rfc.CHALLENGE, rfc.CHALLENGED_REQUEST],
      ['Access-Reject of RFC 2865', rfc.REJECT, rfc.RESPONDING_REQUEST],
      ['answer to Status-Server of RFC 5997', rfc.STATUS_AUTHENTICATION_ANSWER, rfc.STATUS_AUTHENTICATION_REQUEST],
    ] as const
  ).map(([name, bytes, request]) => ({
    name,
    bytes,
    judge: judgeResponse(request[0]!, request.subarray(4, 20), rfcSecret),
  })),
  {
    name: 'Access-Accept of FreeRADIUS with hidden attributes',
    bytes: peer.FREERADIUS_ACCEPT,
    judge: judgeResponse(1, peer.FREERADIUS_ACCEPT_REQUEST_AUTHENTICATOR, new Secret(peer.FREERADIUS_SECRET)),
  },
  {
    name: 'Accounting-Response of FreeRADIUS with Message-Authenticator',
    bytes: peer.FREERADIUS_ACCOUNTING_RESPONSE,
    judge: judgeResponse(4, peer.FREERADIUS_ACCOUNTING_AUTHENTICATOR, new Secret(peer.FREERADIUS_SECRET)),
  },
]

const withLength = (bytes: Uint8Array, length: number): Buffer => {
  const changed = Buffer.from(bytes)
  changed.writeUInt16BE(length & 0xffff, 2)
  return changed
}

/**
 * An Access-Request whose Message-Authenticator has become something else is one without proof: it can only be refused
 * where the policy requires the attribute.
 */
const hasLostItsProof = (packet: Packet): boolean => packet.code === 1 && packet.messageAuthenticatorAt === 0

const ALL_FLIPS = Array.from({ length: 255 }, (_, i) => i + 1)
const BIT_FLIPS = [1, 2, 4, 8, 16, 32, 64, 128, 255]

/** Every packet that differs from `bytes` in one octet, in each of the 255 ways or in some of them. */
function* flippedOnce(bytes: Uint8Array, flips: readonly number[] = ALL_FLIPS): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1)
    for (const flip of flips) {
      const changed = Buffer.from(bytes)
      changed[at]! ^= flip
      yield changed
    }
}

describe.each(PROVEN)('$name', ({ bytes, judge }) => {
  it('verifies as it is', () => {
    expect(judge(bytes)).toBeInstanceOf(Packet)
  })

  const isTaken = (changed: Uint8Array): boolean => {
    const verdict = judge(changed)
    return verdict instanceof Packet && !hasLostItsProof(verdict)
  }
  /** The first few that verify although they were changed. */
  const taken = (changes: Iterable<Uint8Array>): string[] => {
    const found: string[] = []
    for (const changed of changes) if (isTaken(changed)) found.push(Buffer.from(changed).toString('hex'))
    return found.slice(0, 3)
  }

  it('does not verify with any octet changed in any way', () => {
    expect(taken(flippedOnce(bytes))).toEqual([])
  })

  it('does not verify cut at any length, whether or not its Length says so', () => {
    const cuts = Array.from({ length: bytes.length }, (_, cut) => cut)
    expect(taken(cuts.map((cut) => bytes.subarray(0, cut)))).toEqual([])
    expect(taken(cuts.map((cut) => withLength(bytes.subarray(0, Math.max(cut, 4)), cut)))).toEqual([])
    expect(taken(cuts.map((cut) => withLength(bytes, cut)))).toEqual([])
  })

  it('is the same packet with padding behind it, and does not verify grown by as much', () => {
    for (let growth = 1; growth <= 260; growth += 1)
      for (const filling of [0, 1, 2, 80, 255]) {
        const padded = Buffer.concat([bytes, Buffer.alloc(growth, filling)])
        const verdict = judge(padded)
        expect(verdict instanceof Packet && Buffer.from(verdict.bytes).equals(bytes)).toBe(true)
        expect(judge(withLength(padded, padded.length))).toBeTypeOf('string')
      }
    const attribute = Buffer.from([200, 6, 1, 2, 3, 4])
    const grown = withLength(Buffer.concat([bytes, attribute]), bytes.length + attribute.length)
    expect(judge(grown)).toBeTypeOf('string')
  })

  it('does not verify with two attributes exchanged', () => {
    const attributes = oracle.decodeAttributes(bytes)
    for (let i = 0; i + 1 < attributes.length; i += 1) {
      const exchanged = [...attributes.slice(0, i), attributes[i + 1]!, attributes[i]!, ...attributes.slice(i + 2)]
      const changed = oracle.packetOf(bytes[0]!, bytes[1]!, bytes.subarray(4, 20), exchanged)
      if (!changed.equals(bytes)) expect(judge(changed)).toBeTypeOf('string')
    }
  })
})

describe('an Access-Request that loses its proof', () => {
  const lostBy = ({ bytes, judge }: Proven): { at: number; packet: Packet }[] =>
    [...flippedOnce(bytes)].flatMap((changed) => {
      const packet = judge(changed)
      return packet instanceof Packet ? [{ at: changed.findIndex((octet, i) => octet !== bytes[i]), packet }] : []
    })

  it('does so by the type of its Message-Authenticator or by a length that leaves it out', () => {
    const request = PROVEN[0]!
    const signedAt = oracle.valueAt(request.bytes, 80) - 2
    // The packet's own Length and those of the attributes before it.
    const lengths = [3]
    for (let at = 20; at < signedAt; at += request.bytes[at + 1]!) lengths.push(at + 1)
    const lost = lostBy(request)
    expect(lost.filter(({ at }) => at === signedAt).length).toBeGreaterThan(240)
    expect(lost.filter(({ at }) => at !== signedAt && !lengths.includes(at))).toEqual([])
  })

  it('has lost its EAP-Message too, or it would be refused', () => {
    for (const { packet } of lostBy(PROVEN[1]!)) expect(packet.eapMessageAt).toBe(0)
  })
})

/** Everything that the packet path does with a packet that was let through. */
const use = (packet: Packet): void => {
  recordDigest(packet, new Uint8Array(16))
  packet.find({ vendor: 10_415, type: 1 })
  const both = { clientSecret: rfcSecret, serverSecret }
  const nasAddress = Uint8Array.of(192, 0, 2, 1)
  const request = requestForServer({ packet, identifier: 1, authenticator: sent, nasAddress, ...both })
  if (typeof request !== 'string') assert(readPacket(request) instanceof Packet)
  const answer = answerForClient({ response: packet, request: packet, sentAuthenticator: sent, ...both })
  if (typeof answer !== 'string') assert(readPacket(answer) instanceof Packet)
}

describe('an Access-Request with User-Password and without proof', () => {
  const judge = judgeRequest('authentication', rfcSecret)

  it('may be accepted changed, since nothing in it proves anything, and never makes anything throw', () => {
    const verdicts = new Map<string, number>()
    for (const changed of flippedOnce(rfc.TELNET_REQUEST)) {
      const verdict = judge(changed)
      const name = verdict instanceof Packet ? 'accepted' : verdict
      verdicts.set(name, (verdicts.get(name) ?? 0) + 1)
      if (verdict instanceof Packet) use(verdict)
    }
    const faults = [...verdicts.keys()].sort()
    // One octet: identifier, authenticator, a value, most types. Its password then is another one, garbled.
    expect(faults).toEqual([
      'accepted',
      'bad-attribute-length',
      'bad-length',
      'bad-message-authenticator',
      'bad-password-length',
      'eap-without-message-authenticator',
      'forbidden-attribute',
      'missing-message-authenticator',
      'unknown-code',
      'wrong-port',
    ])
  })

  it('is refused cut at any length that its Length does not say', () => {
    for (let cut = 0; cut < rfc.TELNET_REQUEST.length; cut += 1)
      expect(judge(rfc.TELNET_REQUEST.subarray(0, cut))).toBeTypeOf('string')
  })

  it('is, cut to say so, at most a request that ends between two attributes', () => {
    const ends = [20, 26, 44, 50]
    for (let cut = 0; cut < rfc.TELNET_REQUEST.length; cut += 1) {
      const verdict = judge(withLength(rfc.TELNET_REQUEST, cut))
      expect(verdict instanceof Packet).toBe(ends.includes(cut))
      if (verdict instanceof Packet) use(verdict)
    }
  })
})

describe('a packet that nobody checked', () => {
  it('can be rewritten without an exception, every bit of every octet changed', () => {
    for (const { bytes } of PROVEN)
      for (const changed of flippedOnce(bytes, BIT_FLIPS)) {
        const packet = readPacket(changed)
        if (packet instanceof Packet) use(packet)
      }
  })
})
