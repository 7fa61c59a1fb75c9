import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Packet, readPacket } from '../../src/radius/packet.ts'
import * as oracle from './oracle.ts'

const AUTHENTICATOR = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
const packetWith = (...attributes: oracle.Attribute[]): Packet => {
  const packet = readPacket(oracle.packetOf(1, 7, AUTHENTICATOR, attributes))
  if (packet instanceof Packet) return packet
  throw new Error(packet)
}
const withLength = (bytes: Uint8Array, length: number): Buffer => {
  const changed = Buffer.from(bytes)
  changed.writeUInt16BE(length, 2)
  return changed
}

/** RFC 2865 section 3, said a second time and slowly. */
const faultOf = (bytes: Uint8Array): string | undefined => {
  if (bytes.length < 20) return 'too-short'
  const length = bytes[2]! * 256 + bytes[3]!
  if (length < 20 || length > 4096 || length > bytes.length) return 'bad-length'
  let rest = [...bytes.slice(20, length)]
  while (rest.length > 0) {
    if (rest.length === 1 || rest[1]! < 2 || rest[1]! > rest.length) return 'bad-attribute-length'
    rest = rest.slice(rest[1])
  }
  return undefined
}

describe('a packet', () => {
  it('is read with its header and its authenticator', () => {
    const packet = packetWith(oracle.attribute(1, 'nemo'))
    expect([packet.code, packet.identifier, packet.length]).toEqual([1, 7, 26])
    expect(Buffer.from(packet.authenticator)).toEqual(AUTHENTICATOR)
    const copy = Buffer.alloc(20)
    packet.authenticatorInto(copy, 3)
    expect(copy).toEqual(Buffer.concat([Buffer.alloc(3), AUTHENTICATOR, Buffer.alloc(1)]))
  })

  it('ends at its Length: what follows is padding', () => {
    const bytes = oracle.packetOf(1, 7, AUTHENTICATOR, [oracle.attribute(1, 'nemo')])
    for (const padding of [1, 2, 100, 5_000]) {
      const packet = readPacket(Buffer.concat([bytes, Buffer.alloc(padding, 0x50)]))
      expect(packet instanceof Packet && Buffer.from(packet.bytes).equals(bytes)).toBe(true)
    }
  })

  it('is refused by name at every length that it can be cut to', () => {
    const bytes = oracle.packetOf(1, 7, AUTHENTICATOR, [oracle.attribute(1, 'nemo'), oracle.attribute(31, 'abc')])
    for (let cut = 0; cut < bytes.length; cut += 1) {
      expect(readPacket(bytes.subarray(0, cut))).toBe(cut < 20 ? 'too-short' : 'bad-length')
      const told = readPacket(withLength(bytes, cut))
      if (cut < 20) expect(told).toBe('bad-length')
      else if (cut === 20 || cut === 26) expect(told).toBeInstanceOf(Packet)
      else expect(told).toBe('bad-attribute-length')
    }
  })

  it('may have 4096 octets and not one more', () => {
    const sixteen = Array.from({ length: 16 }, () => oracle.attribute(200, Buffer.alloc(253)))
    // 20 + 15 * 255 + 251 = 4096
    const longest = oracle.packetOf(1, 7, AUTHENTICATOR, [
      ...sixteen.slice(1),
      oracle.attribute(200, Buffer.alloc(249)),
    ])
    expect(longest.length).toBe(4_096)
    expect(readPacket(longest)).toBeInstanceOf(Packet)
    const longer = oracle.packetOf(1, 7, AUTHENTICATOR, [...sixteen.slice(1), oracle.attribute(200, Buffer.alloc(250))])
    expect(longer.length).toBe(4_097)
    expect(readPacket(longer)).toBe('bad-length')
  })

  it('may have empty attributes', () => {
    const packet = packetWith(oracle.attribute(79, ''), oracle.attribute(33, ''))
    expect(packet.valueLength(packet.eapMessageAt)).toBe(0)
    expect([...packet.value(packet.proxyStateAt)]).toEqual([])
  })

  it('is judged as a second reading of the RFC judges it, whatever the octets', () => {
    const anything = fc.uint8Array({ maxLength: 80 })
    const likely = fc
      .tuple(fc.uint8Array({ minLength: 20, maxLength: 60 }), fc.integer({ min: 0, max: 70 }))
      .map(([bytes, length]) => withLength(bytes, length))
    const nearlyRight = fc
      .tuple(oracle.opaqueAttributes, fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([attributes, at, octet]) => {
        const bytes = oracle.packetOf(1, 7, AUTHENTICATOR, attributes)
        bytes[at % bytes.length] = octet
        return bytes
      })
    fc.assert(
      fc.property(fc.oneof(anything, likely, nearlyRight), (bytes) => {
        const packet = readPacket(bytes)
        expect(packet instanceof Packet ? undefined : packet).toBe(faultOf(bytes))
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('the attributes of a packet', () => {
  const noted = [
    [2, 'userPasswordAt'],
    [3, 'chapPasswordAt'],
    [4, 'nasIpAddressAt'],
    [18, 'replyMessageAt'],
    [24, 'stateAt'],
    [32, 'nasIdentifierAt'],
    [33, 'proxyStateAt'],
    [40, 'acctStatusTypeAt'],
    [41, 'acctDelayTimeAt'],
    [55, 'eventTimestampAt'],
    [60, 'chapChallengeAt'],
    [70, 'arapPasswordAt'],
    [79, 'eapMessageAt'],
    [80, 'messageAuthenticatorAt'],
    [95, 'nasIpv6AddressAt'],
  ] as const

  it('are noted where the first of their type stands, and nowhere else', () => {
    const [first, second] = [oracle.attribute(1, 'first'), oracle.attribute(1, 'second')]
    for (const [type, name] of noted) {
      const packet = packetWith(first, [type, Buffer.from([1])], second, [type, Buffer.from([2])])
      expect(packet[name]).toBe(27)
      expect([...packet.value(packet[name])]).toEqual([1])
      for (const [, other] of noted) if (other !== name) expect(packet[other]).toBe(0)
    }
  })

  it('are told to repeat where only one may be', () => {
    for (let type = 1; type <= 255; type += 1) {
      const once = packetWith([type, Buffer.alloc(4)])
      expect(once.repeatsSingleAttribute || once.repeatsMessageAuthenticator).toBe(false)
      const twice = packetWith([type, Buffer.alloc(4)], [type, Buffer.alloc(4)])
      expect(twice.repeatsSingleAttribute).toBe([2, 3, 24].includes(type))
      expect(twice.repeatsMessageAuthenticator).toBe(type === 80)
    }
  })

  it('are read as 32-bit numbers where they have four octets', () => {
    const packet = packetWith([41, Buffer.from('fffffffe', 'hex')], [40, Buffer.from('0001', 'hex')])
    expect(packet.number(packet.acctDelayTimeAt)).toBe(4_294_967_294)
    expect(packet.number(packet.acctStatusTypeAt)).toBeUndefined()
    expect(packet.number(packet.eventTimestampAt)).toBeUndefined()
  })

  it('are found by type, the first of several', () => {
    const packet = packetWith(oracle.attribute(1, 'nemo'), oracle.attribute(31, 'one'), oracle.attribute(31, 'two'))
    expect(Buffer.from(packet.find({ vendor: 0, type: 31 })!).toString()).toBe('one')
    expect(packet.find({ vendor: 0, type: 30 })).toBeUndefined()
    expect(packet.find({ vendor: 10_415, type: 1 })).toBeUndefined()
  })

  it('are found within a vendor, behind other vendors and other sub-attributes', () => {
    const packet = packetWith(
      oracle.vendorAttribute(9, oracle.attribute(1, 'cisco')),
      oracle.vendorAttribute(10_415, oracle.attribute(8, '26201')),
      oracle.vendorAttribute(10_415, oracle.attribute(9, '26202'), oracle.attribute(1, '262011234567890')),
      oracle.vendorAttribute(0xff_ff_ff_fe, oracle.attribute(1, 'large')),
    )
    const find = (vendor: number, type: number): string => Buffer.from(packet.find({ vendor, type })!).toString()
    expect(find(10_415, 1)).toBe('262011234567890')
    expect(find(9, 1)).toBe('cisco')
    expect(find(0xff_ff_ff_fe, 1)).toBe('large')
    expect(packet.find({ vendor: 9, type: 2 })).toBeUndefined()
  })

  it('are found within a vendor that has its own format', () => {
    const found = (vendor: number, type: number, hex: string): string | undefined => {
      const value = Buffer.concat([Buffer.alloc(4), Buffer.from(hex.replaceAll(' ', ''), 'hex')])
      value.writeUInt32BE(vendor)
      const octets = packetWith(oracle.attribute(1, 'nemo'), [26, value]).find({ vendor, type })
      return octets && Buffer.from(octets).toString()
    }
    // Starent: 2,2, and 1,1 from a gateway that is set to it.
    expect(found(8_164, 257, '0001 0005 78 0101 0009 7468657265')).toBe('there')
    expect(found(8_164, 2, '0001 0005 78 0101 0009 7468657265')).toBeUndefined()
    expect(found(8_164, 2, '01 03 78 02 07 7468657265')).toBe('there')
    expect(found(8_164, 257, '0101 000a 7468657265')).toBeUndefined()
    // Lucent: 2,1. USR: 4,0. WiMAX: a flag octet before the value.
    expect(found(4_846, 514, '0001 04 78 0202 08 7468657265')).toBe('there')
    expect(found(429, 0x9802, '00009802 7468657265')).toBe('there')
    expect(found(429, 2, '00009802 7468657265')).toBeUndefined()
    expect(found(429, 0, '0000')).toBeUndefined()
    expect(found(24_757, 4, '02 04 00 78 04 08 00 7468657265')).toBe('there')
  })

  it('are not found in a vendor attribute that is damaged before them, but in the next one', () => {
    const damaged = oracle.vendorAttribute(10_415, oracle.attribute(8, 'x'), oracle.attribute(1, 'hidden'))
    const whole = oracle.vendorAttribute(10_415, oracle.attribute(1, 'whole'))
    for (const length of [0, 1, 12, 255]) {
      const value = Buffer.from(damaged[1])
      value[5] = length
      const find = packetWith([26, value], whole).find({ vendor: 10_415, type: 1 })
      expect(Buffer.from(find!).toString()).toBe('whole')
      expect(packetWith([26, value]).find({ vendor: 10_415, type: 1 })).toBeUndefined()
    }
  })

  it('are looked for without an exception, or an octet from elsewhere, whatever a vendor attribute holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.integer({ min: 1, max: 20 }), (rest, type) => {
        const value = Buffer.concat([Buffer.from([0, 0, 0x28, 0xaf]), rest]).subarray(0, rest.length)
        const packet = packetWith([26, value], oracle.attribute(1, 'behind'))
        const found = packet.find({ vendor: 10_415, type })
        if (found !== undefined) expect(value.includes(Buffer.from(found))).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })
})
