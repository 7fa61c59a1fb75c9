import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkResponse } from '../../src/radius/authenticator.ts'
import { Packet, readPacket } from '../../src/radius/packet.ts'
import { accountingAnswerFromRecord, answerForClient } from '../../src/radius/rewrite.ts'
import { Secret } from '../../src/radius/secret.ts'
import * as peer from '../fixtures/peer-packets.ts'
import * as oracle from './oracle.ts'

const CLIENT = 'secret of the client'
const SERVER = 'the secret of the server'
/** Of the client's request, and of ours to the server. */
const ASKED = Buffer.from('0f403f9473978057bd83d5cb98f4227a', 'hex')
const SENT = Buffer.from('c0ffee00112233445566778899aabbcc', 'hex')
const { messageAuthenticator } = oracle

const read = (bytes: Uint8Array): Packet => {
  const packet = readPacket(bytes)
  if (packet instanceof Packet) return packet
  throw new Error(packet)
}
const request = read(oracle.packetOf(1, 42, ASKED, []))
const tell = (response: Uint8Array, clientSecret = CLIENT, serverSecret = SERVER) =>
  answerForClient({
    response: read(response),
    sentAuthenticator: SENT,
    serverSecret: new Secret(serverSecret),
    request,
    clientSecret: new Secret(clientSecret),
  })
const answer = (response: Uint8Array, clientSecret = CLIENT, serverSecret = SERVER): Buffer => {
  const told = tell(response, clientSecret, serverSecret)
  if (typeof told === 'string') throw new Error(told)
  return Buffer.from(told)
}
const responseOf = (code: number, ...attributes: oracle.Attribute[]): Buffer =>
  oracle.sign(oracle.packetOf(code, 7, oracle.ZERO, attributes), SERVER, SENT)
const typesOf = (bytes: Uint8Array): number[] => oracle.decodeAttributes(bytes).map(([type]) => type)
const subAttributes = (value: Uint8Array): oracle.Attribute[] => oracle.decodeAttributes(value, 4)

describe('an answer for the client', () => {
  it('carries the identifier of its request and verifies, in every code', () => {
    for (const code of [2, 3, 11]) {
      const bytes = answer(responseOf(code, oracle.attribute(18, 'hello')))
      expect([bytes[0], bytes[1], bytes.readUInt16BE(2)]).toEqual([code, 42, bytes.length])
      expect(oracle.hasValidAuthenticator(bytes, CLIENT, ASKED)).toBe(true)
      expect(oracle.hasValidMessageAuthenticator(bytes, CLIENT, ASKED)).toBe(true)
      expect(checkResponse(read(bytes), { code: 1, authenticator: ASKED }, new Secret(CLIENT))).toBeUndefined()
    }
  })

  it('has Message-Authenticator first and once, wherever the server put it, if anywhere', () => {
    const [message, state] = [oracle.attribute(18, 'hello'), oracle.attribute(24, 'state')]
    for (const code of [2, 3, 11]) {
      for (const attributes of [
        [message, state],
        [messageAuthenticator, message, state],
        [message, messageAuthenticator, state],
        [message, state, messageAuthenticator],
      ])
        expect(typesOf(answer(responseOf(code, ...attributes)))).toEqual([80, 18, 24])
    }
  })

  it('keeps every attribute that is not hidden, octet for octet, Proxy-States in order', () => {
    fc.assert(
      fc.property(oracle.opaqueAttributes, fc.constantFrom(2, 3, 11), (attributes, code) => {
        const bytes = answer(responseOf(code, ...attributes))
        expect(oracle.encodeAttributes(oracle.decodeAttributes(bytes).slice(1))).toEqual(
          oracle.encodeAttributes(attributes),
        )
        expect(oracle.hasValidMessageAuthenticator(bytes, CLIENT, ASKED)).toBe(true)
        expect(oracle.hasValidAuthenticator(bytes, CLIENT, ASKED)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('is too long over 4096 octets with the Message-Authenticator', () => {
    const full = Array.from({ length: 15 }, (): oracle.Attribute => [200, Buffer.alloc(253)])
    const rest = (length: number): oracle.Attribute => [200, Buffer.alloc(length)]
    expect(answer(responseOf(2, ...full, rest(231)))).toHaveLength(4_096)
    expect(tell(responseOf(2, ...full, rest(232)))).toBe('too-long')
    expect(tell(responseOf(5, ...full, rest(249)))).toHaveLength(4_096)
  })

  it('is refused with two Message-Authenticators', () => {
    expect(tell(responseOf(2, messageAuthenticator, messageAuthenticator))).toBe('bad-message-authenticator')
  })
})

describe('the hidden attributes of an answer', () => {
  const salts = fc.tuple(oracle.octets(2), oracle.octets(2)).map(([one, two]) => {
    one[0]! |= 0x80
    two[0]! |= 0x80
    return [one, two] as const
  })

  it('survive with their tag and salt: Tunnel-Password of any length', () => {
    const property = fc.property(
      fc.uint8Array({ maxLength: 239 }),
      salts,
      oracle.secretText,
      oracle.secretText,
      fc.integer({ min: 0, max: 255 }),
      (password, [salt], clientSecret, serverSecret, tag) => {
        const hidden = oracle.hideSalted(password, salt, serverSecret, SENT)
        const response = oracle.packetOf(2, 7, SENT, [[69, Buffer.concat([Buffer.from([tag]), hidden])]])
        const bytes = answer(response, clientSecret, serverSecret)
        const [, value] = oracle.decodeAttributes(bytes)[1]!
        expect(value[0]).toBe(tag)
        expect(value.subarray(1, 3)).toEqual(Buffer.from(salt))
        expect(oracle.openSalted(value.subarray(1), clientSecret, ASKED)).toEqual(Buffer.from(password))
      },
    )
    fc.assert(property, { numRuns: 200 })
  })

  it('survive within one vendor attribute and in several: MS-MPPE keys', () => {
    const property = fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.uint8Array({ maxLength: 60 }),
      salts,
      (a, b, s) => {
        const sendKey: oracle.Attribute = [16, oracle.hideSalted(a, s[0], SERVER, SENT)]
        const receiveKey: oracle.Attribute = [17, oracle.hideSalted(b, s[1], SERVER, SENT)]
        const plain = oracle.attribute(10, 'domain')
        const together = answer(responseOf(2, oracle.vendorAttribute(311, plain, sendKey, receiveKey)))
        const apart = answer(
          responseOf(2, oracle.vendorAttribute(311, sendKey), oracle.vendorAttribute(311, receiveKey, plain)),
        )
        const found = [together, apart].map((bytes) =>
          oracle
            .decodeAttributes(bytes)
            .filter(([type]) => type === 26)
            .flatMap(([, value]) => subAttributes(value)),
        )
        for (const attributes of found) {
          const [, hiddenSend] = attributes.find(([type]) => type === 16)!
          const [, hiddenReceive] = attributes.find(([type]) => type === 17)!
          expect(oracle.openSalted(hiddenSend, CLIENT, ASKED)).toEqual(Buffer.from(a))
          expect(oracle.openSalted(hiddenReceive, CLIENT, ASKED)).toEqual(Buffer.from(b))
          expect(attributes.find(([type]) => type === 10)).toEqual(plain)
        }
      },
    )
    fc.assert(property, { numRuns: 100 })
  })

  it('survive without a salt: MS-CHAP-MPPE-Keys (RFC 2548 section 2.4.1)', () => {
    const keys = Buffer.from(Array.from({ length: 32 }, (_, i) => (i < 24 ? i + 1 : 0)))
    const hidden = oracle.hidePassword(keys, SERVER, SENT)
    const bytes = answer(responseOf(2, oracle.vendorAttribute(311, [12, hidden])))
    const [, value] = subAttributes(oracle.decodeAttributes(bytes)[1]![1])[0]!
    expect(oracle.openPassword(value, CLIENT, ASKED)).toEqual(keys)
  })

  it('survive the way from FreeRADIUS, a vendor`s own among them', () => {
    const sentAuthenticator = peer.FREERADIUS_ACCEPT_REQUEST_AUTHENTICATOR
    const bytes = answerForClient({
      response: read(peer.FREERADIUS_ACCEPT),
      sentAuthenticator,
      serverSecret: new Secret(peer.FREERADIUS_SECRET),
      request,
      clientSecret: new Secret(CLIENT),
    })
    if (typeof bytes === 'string') throw new Error(bytes)
    const attributes = oracle.decodeAttributes(bytes)
    const vendors = attributes
      .filter(([type]) => type === 26)
      .map(([, value]) => [Buffer.from(value).readUInt32BE(0), ...subAttributes(value)[0]!] as const)
    const of = (vendor: number, type: number) => vendors.find((entry) => entry[0] === vendor && entry[1] === type)![2]
    const open = (value: Uint8Array) => oracle.openSalted(value, CLIENT, ASKED)
    const tunnelPassword = attributes.find(([type]) => type === 69)![1]
    expect(open(tunnelPassword.subarray(1)).toString()).toBe('tunnel secret of more than sixteen octets')
    expect([...open(of(311, 16))]).toEqual(Array.from({ length: 32 }, (_, i) => i))
    expect([...oracle.openPassword(of(311, 12), CLIENT, ASKED)].slice(0, 24)).toEqual(
      Array.from({ length: 24 }, (_, i) => i),
    )
    expect(open(of(4_874, 58)).toString('hex')).toBe('00000001')
    expect(open(of(4_874, 59)).toString('hex')).toBe('aabbccdd')
    expect(attributes.filter(([type]) => type === 33).map(([, value]) => Buffer.from(value).toString('hex'))).toEqual([
      '0102',
      '0304',
    ])
  })

  it('are refused where an RFC defines them and they are no salt and blocks of sixteen', () => {
    for (let length = 0; length <= 60; length += 1) {
      const expected = (shape: boolean) => (shape ? undefined : 'bad-salted-attribute')
      const fault = (attribute: oracle.Attribute) => {
        const told = tell(responseOf(2, attribute))
        return typeof told === 'string' ? told : undefined
      }
      expect(fault([69, Buffer.alloc(length)])).toBe(expected(length >= 19 && (length - 3) % 16 === 0))
      for (const type of [16, 17])
        expect(fault(oracle.vendorAttribute(311, [type, Buffer.alloc(length)]))).toBe(
          expected(length >= 18 && (length - 2) % 16 === 0),
        )
      // A chain without a salt can be moved whatever its length.
      expect(fault(oracle.vendorAttribute(311, [12, Buffer.alloc(length)]))).toBeUndefined()
    }
  })

  it('pass as they are where a vendor sends them in the clear', () => {
    const inTheClear = oracle.vendorAttribute(4_874, [58, Buffer.from([0, 0, 0, 1])])
    expect(oracle.decodeAttributes(answer(responseOf(2, inTheClear)))[1]).toEqual(inTheClear)
  })

  it('pass as they are where the lengths within their vendor attribute do not add up', () => {
    for (const damage of [0, 1, 40, 255]) {
      const damaged = oracle.vendorAttribute(311, [16, Buffer.alloc(18, 5)])
      damaged[1][5] = damage
      expect(oracle.decodeAttributes(answer(responseOf(2, damaged)))[1]).toEqual(damaged)
    }
  })

  it('are looked for in no other vendor, type or packet', () => {
    const value = Buffer.alloc(18, 5)
    for (const attribute of [
      oracle.vendorAttribute(312, [16, value]),
      oracle.vendorAttribute(311, [15, value]),
      oracle.vendorAttribute(0x01_00_01_37, [16, value]),
      [68, Buffer.alloc(19, 5)] as const,
    ])
      expect(oracle.decodeAttributes(answer(responseOf(2, attribute)))[1]).toEqual(attribute)
  })
})

describe('an Accounting-Response for the client', () => {
  it('keeps its attributes, gains none, and verifies', () => {
    const attributes = [oracle.attribute(33, 'one'), oracle.attribute(33, 'two')]
    const bytes = answer(responseOf(5, ...attributes))
    expect(oracle.decodeAttributes(bytes)).toEqual(attributes)
    expect(oracle.hasValidAuthenticator(bytes, CLIENT, ASKED)).toBe(true)
  })

  it('keeps a Message-Authenticator where it stood, computed again over the authenticator of its request', () => {
    const bytes = answer(responseOf(5, oracle.attribute(33, 'one'), messageAuthenticator))
    expect(typesOf(bytes)).toEqual([33, 80])
    expect(oracle.hasValidMessageAuthenticator(bytes, CLIENT, ASKED)).toBe(true)
    expect(oracle.hasValidAuthenticator(bytes, CLIENT, ASKED)).toBe(true)
  })

  it('has it computed over zeros where the server did so, since its clients then expect it', () => {
    const bytes = answerForClient({
      response: read(peer.FREERADIUS_ACCOUNTING_RESPONSE),
      sentAuthenticator: peer.FREERADIUS_ACCOUNTING_AUTHENTICATOR,
      serverSecret: new Secret(peer.FREERADIUS_SECRET),
      request,
      clientSecret: new Secret(CLIENT),
    })
    if (typeof bytes === 'string') throw new Error(bytes)
    expect(oracle.hasValidMessageAuthenticator(bytes, CLIENT, oracle.ZERO)).toBe(true)
    expect(oracle.hasValidAuthenticator(bytes, CLIENT, ASKED)).toBe(true)
  })
})

describe('a second answer for the same record', () => {
  const again = (earlier: Uint8Array | undefined, ...attributes: oracle.Attribute[]): Buffer =>
    Buffer.from(
      accountingAnswerFromRecord({
        answer: earlier,
        request: read(oracle.packetOf(4, 99, ASKED, attributes)),
        clientSecret: new Secret(CLIENT),
      }),
    )
  const proxyState = (value: string) => oracle.attribute(33, value)

  it('says what the first one said, with the Proxy-States of its own request in order', () => {
    const earlier = answer(responseOf(5, proxyState('old'), oracle.attribute(25, 'class'), messageAuthenticator))
    const bytes = again(earlier, proxyState('b'), oracle.attribute(44, 's1'), proxyState('a'), proxyState('b'))
    expect([bytes[0], bytes[1], bytes.readUInt16BE(2)]).toEqual([5, 99, bytes.length])
    expect(oracle.decodeAttributes(bytes)).toEqual([
      oracle.attribute(25, 'class'),
      proxyState('b'),
      proxyState('a'),
      proxyState('b'),
    ])
    expect(oracle.hasValidAuthenticator(bytes, CLIENT, ASKED)).toBe(true)
  })

  it('is a valid answer where the first one is not known', () => {
    const bytes = again(undefined, proxyState('mine'))
    expect(oracle.decodeAttributes(bytes)).toEqual([proxyState('mine')])
    expect(checkResponse(read(bytes), { code: 4, authenticator: ASKED }, new Secret(CLIENT))).toBeUndefined()
    expect(again(undefined)).toHaveLength(20)
  })

  it('never has more than 4096 octets: the Proxy-States come first', () => {
    const states = Array.from({ length: 14 }, () => proxyState('x'.repeat(253)))
    const said = Array.from({ length: 3 }, () => oracle.attribute(25, 'y'.repeat(253)))
    const bytes = again(responseOf(5, ...said), ...states)
    expect(oracle.decodeAttributes(bytes)).toEqual(states)
    expect(oracle.hasValidAuthenticator(bytes, CLIENT, ASKED)).toBe(true)
  })
})
