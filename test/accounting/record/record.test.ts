import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  delayTime,
  hasEventTimestamp,
  isInterim,
  recordDigest,
  statusType,
} from '../../../src/accounting/record/record.ts'
import { Packet, readPacket } from '../../../src/radius/packet.ts'
import * as oracle from '../../radius/oracle.ts'

const packetWith = (...attributes: oracle.Attribute[]): Packet => {
  const packet = readPacket(oracle.packetOf(4, 7, oracle.ZERO, attributes))
  if (packet instanceof Packet) return packet
  throw new Error(packet)
}
const number = (type: number, value: number): oracle.Attribute => {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value)
  return [type, octets]
}
const digestOf = (packet: Packet): string => {
  const digest = new Uint8Array(16)
  recordDigest(packet, digest)
  return Buffer.from(digest).toString('latin1')
}
const session = oracle.attribute(44, 'session-1')

describe('an accounting record', () => {
  it('says its kind, and only kind 3 is an interim update', () => {
    for (let kind = 0; kind <= 15; kind += 1) {
      expect(statusType(packetWith(session, number(40, kind)))).toBe(kind)
      expect(isInterim(packetWith(session, number(40, kind)))).toBe(kind === 3)
    }
    expect(statusType(packetWith(session))).toBeUndefined()
    expect(isInterim(packetWith([40, Buffer.from([3])]))).toBe(false)
  })

  it('says how long it was delayed and whether it has a time of its own', () => {
    expect(delayTime(packetWith(number(41, 86_400)))).toBe(86_400)
    expect(delayTime(packetWith(number(41, 0xff_ff_ff_ff)))).toBe(4_294_967_295)
    expect(delayTime(packetWith(session))).toBeUndefined()
    expect(delayTime(packetWith([41, Buffer.from([1, 2])]))).toBeUndefined()
    expect(hasEventTimestamp(packetWith(number(55, 1)))).toBe(true)
    expect(hasEventTimestamp(packetWith(number(41, 1)))).toBe(false)
  })
})

describe('the digest of a record', () => {
  const CHANGING = [41, 80, 33]

  it('is the MD5 over all attributes but the three that a retransmission may change', () => {
    const changing = fc.tuple(fc.constantFrom(...CHANGING), fc.uint8Array({ maxLength: 20 }))
    const any = fc.array(
      fc.oneof(changing, fc.tuple(fc.integer({ min: 1, max: 255 }), fc.uint8Array({ maxLength: 30 }))),
    )
    fc.assert(
      fc.property(any, (attributes) => {
        const kept = attributes.filter(([type]) => !CHANGING.includes(type))
        const expected = oracle.md5Of(oracle.encodeAttributes(kept)).toString('latin1')
        expect(digestOf(packetWith(...attributes))).toBe(expected)
      }),
      { numRuns: 300 },
    )
  })

  it('stays the same with another identifier, authenticator, delay, proof and Proxy-State', () => {
    const record = [session, number(40, 2), number(42, 1_000)]
    const first = digestOf(packetWith(...record, number(41, 0)))
    const again = readPacket(
      oracle.packetOf(4, 8, Buffer.alloc(16, 1), [
        oracle.messageAuthenticator,
        number(41, 3),
        ...record,
        oracle.attribute(33, 'hop'),
      ]),
    )
    expect(digestOf(again as Packet)).toBe(first)
    expect(first).toHaveLength(16)
  })

  it('differs for every change of one octet of any other attribute, and for another order', () => {
    const record = [session, number(40, 2), number(42, 1_000), oracle.attribute(1, 'nemo')]
    const digests = new Set([digestOf(packetWith(...record))])
    for (const [i, [type, value]] of record.entries())
      for (let at = 0; at < value.length; at += 1) {
        const changed = Buffer.from(value)
        changed[at]! ^= 1
        digests.add(digestOf(packetWith(...record.with(i, [type, changed]))))
      }
    digests.add(digestOf(packetWith(...record.toReversed())))
    expect(digests.size).toBe(1 + 9 + 4 + 4 + 4 + 1)
  })
})
