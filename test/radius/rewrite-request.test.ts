import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkRequest } from '../../src/radius/authenticator.ts'
import { Packet, readPacket } from '../../src/radius/packet.ts'
import { type RequestForServer, requestForServer } from '../../src/radius/rewrite.ts'
import { Secret } from '../../src/radius/secret.ts'
import * as oracle from './oracle.ts'

const CLIENT = 'secret of the client'
const SERVER = 'the secret of the server'
const OLD = Buffer.from('0f403f9473978057bd83d5cb98f4227a', 'hex')
const NEW = Buffer.from('c0ffee00112233445566778899aabbcc', 'hex')
const nasAddress = Uint8Array.of(192, 0, 2, 7)
const { messageAuthenticator } = oracle

const read = (bytes: Uint8Array): Packet => {
  const packet = readPacket(bytes)
  if (packet instanceof Packet) return packet
  throw new Error(packet)
}
const rewrite = (bytes: Uint8Array, more: Partial<RequestForServer> = {}): Buffer => {
  const rewritten = requestForServer({
    packet: read(bytes),
    identifier: 200,
    authenticator: NEW,
    clientSecret: new Secret(CLIENT),
    serverSecret: new Secret(SERVER),
    ...more,
  })
  if (typeof rewritten === 'string') throw new Error(rewritten)
  return Buffer.from(rewritten)
}
const access = (...attributes: oracle.Attribute[]): Buffer =>
  oracle.sign(oracle.packetOf(1, 9, OLD, attributes), CLIENT)
const accounting = (...attributes: oracle.Attribute[]): Buffer =>
  oracle.sign(oracle.packetOf(4, 9, oracle.ZERO, attributes), CLIENT)
const typesOf = (bytes: Uint8Array): number[] => oracle.decodeAttributes(bytes).map(([type]) => type)
const without = (attributes: readonly oracle.Attribute[], ...types: number[]): oracle.Attribute[] =>
  attributes.filter(([type]) => !types.includes(type)).map(([type, value]) => [type, Buffer.from(value)])

/** The attributes with one more among them, anywhere. */
const withOneMore = (attribute: fc.Arbitrary<oracle.Attribute>): fc.Arbitrary<oracle.Attribute[]> =>
  fc
    .tuple(oracle.opaqueAttributes, attribute, fc.nat())
    .map(([others, one, at]) => others.toSpliced(at % (others.length + 1), 0, one))

describe('an Access-Request for the server', () => {
  it('carries the new identifier and authenticator, and verifies', () => {
    const bytes = rewrite(access(oracle.attribute(1, 'nemo')))
    expect([bytes[0], bytes[1], bytes.readUInt16BE(2)]).toEqual([1, 200, bytes.length])
    expect(bytes.subarray(4, 20)).toEqual(NEW)
    expect(oracle.hasValidMessageAuthenticator(bytes, SERVER, NEW)).toBe(true)
    expect(checkRequest(read(bytes), 'authentication', new Secret(SERVER))).toBeUndefined()
  })

  it('has Message-Authenticator first and once, wherever the client put it, if anywhere', () => {
    const [name, nas] = [oracle.attribute(1, 'nemo'), oracle.attribute(32, 'nas')]
    expect(typesOf(rewrite(access(name, nas)))).toEqual([80, 1, 32])
    expect(typesOf(rewrite(access(messageAuthenticator, name, nas)))).toEqual([80, 1, 32])
    expect(typesOf(rewrite(access(name, messageAuthenticator, nas)))).toEqual([80, 1, 32])
    expect(typesOf(rewrite(access(name, nas, messageAuthenticator)))).toEqual([80, 1, 32])
    expect(typesOf(rewrite(access()))).toEqual([80])
  })

  it('keeps every attribute that is not ours, octet for octet and in order', () => {
    fc.assert(
      fc.property(oracle.opaqueAttributes, fc.boolean(), fc.nat(), (attributes, signed, at) => {
        const place = at % (attributes.length + 1)
        const sent = signed ? attributes.toSpliced(place, 0, messageAuthenticator) : attributes
        const bytes = rewrite(access(...sent))
        expect(oracle.encodeAttributes(oracle.decodeAttributes(bytes).slice(1))).toEqual(
          oracle.encodeAttributes(attributes),
        )
        expect(oracle.hasValidMessageAuthenticator(bytes, SERVER, NEW)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('keeps passwords of 0 to 128 octets', () => {
    for (let length = 0; length <= 128; length += 1) {
      const password = Buffer.from(Array.from({ length }, (_, i) => (i * 37 + length) & 0xff))
      const hidden: oracle.Attribute = [2, oracle.hidePassword(password, CLIENT, OLD)]
      for (const attributes of [[hidden], [messageAuthenticator, hidden], [hidden, messageAuthenticator]]) {
        const bytes = rewrite(access(oracle.attribute(1, 'x'), ...attributes))
        const at = oracle.valueAt(bytes, 2)
        const opened = oracle.openPassword(bytes.subarray(at, at + hidden[1].length), SERVER, NEW)
        expect(opened).toEqual(oracle.padded(password))
      }
    }
  })

  it('keeps any password under any secrets and authenticators, among any attributes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 128 }),
        oracle.secretText,
        oracle.secretText,
        oracle.octets(16),
        oracle.octets(16),
        oracle.opaqueAttributes,
        fc.nat(),
        (password, clientSecret, serverSecret, before, after, others, at) => {
          const hidden: oracle.Attribute = [2, oracle.hidePassword(password, clientSecret, before)]
          const attributes = others.toSpliced(at % (others.length + 1), 0, hidden)
          const bytes = rewrite(oracle.packetOf(1, 9, before, attributes), {
            authenticator: after,
            clientSecret: new Secret(clientSecret),
            serverSecret: new Secret(serverSecret),
          })
          const [, value] = oracle.decodeAttributes(bytes).find(([type]) => type === 2)!
          expect(oracle.openPassword(value, serverSecret, after)).toEqual(oracle.padded(password))
          expect(typesOf(bytes)).toEqual([80, ...attributes.map(([type]) => type)])
          expect(oracle.hasValidMessageAuthenticator(bytes, serverSecret, after)).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('carries the old authenticator as CHAP-Challenge where CHAP-Password came without one', () => {
    const chapPassword: oracle.Attribute = [3, Buffer.alloc(17, 9)]
    const alone = oracle.decodeAttributes(rewrite(access(chapPassword, [33, Buffer.from([1])])))
    expect(alone.map(([type]) => type)).toEqual([80, 3, 33, 60])
    expect(alone.at(-1)).toEqual([60, OLD])
    const challenge: oracle.Attribute = [60, Buffer.from('a challenge of its own')]
    const both = oracle.decodeAttributes(rewrite(access(challenge, chapPassword)))
    expect(both.slice(1)).toEqual([challenge, chapPassword])
  })

  it('gets the address of the client where it names neither kind of NAS address', () => {
    const named = (attributes: oracle.Attribute[], address: Uint8Array) =>
      oracle.decodeAttributes(rewrite(access(...attributes), { nasAddress: address })).slice(1)
    const name = oracle.attribute(1, 'nemo')
    const ipv6 = Uint8Array.from({ length: 16 }, (_, i) => i)
    expect(named([name], nasAddress)).toEqual([name, [4, Buffer.from(nasAddress)]])
    expect(named([name], ipv6)).toEqual([name, [95, Buffer.from(ipv6)]])
    expect(named([name, [4, Buffer.alloc(4)]], nasAddress)).toHaveLength(2)
    expect(named([name, [95, Buffer.alloc(16)]], nasAddress)).toHaveLength(2)
    expect(named([name, oracle.attribute(32, 'nas')], nasAddress)).toHaveLength(3)
  })

  it('has never more than 4096 octets: at the limit it fits, one octet more is too long', () => {
    const room = (added: number): oracle.Attribute[] => {
      // Attributes of 20 + n octets in all, so that n + `added` can be chosen around the limit.
      const size = 4_096 - 20 - added
      const whole = Array.from({ length: Math.floor(size / 255) - 1 }, (): oracle.Attribute => [200, Buffer.alloc(253)])
      const rest = size - whole.length * 255
      const half = Math.floor(rest / 2)
      return [...whole, [200, Buffer.alloc(half - 2)], [200, Buffer.alloc(rest - half - 2)]]
    }
    const tell = (attributes: oracle.Attribute[], more: Partial<RequestForServer> = {}) => {
      const packet = read(oracle.packetOf(1, 1, OLD, attributes))
      const [clientSecret, serverSecret] = [new Secret(CLIENT), new Secret(SERVER)]
      const o = { packet, identifier: 1, authenticator: NEW, clientSecret, serverSecret, ...more }
      const rewritten = requestForServer(o)
      return typeof rewritten === 'string' ? rewritten : rewritten.length
    }
    expect(tell(room(18))).toBe(4_096)
    expect(tell(room(17))).toBe('too-long')
    expect(tell(room(0))).toBe('too-long')
    expect(tell([...room(36), messageAuthenticator])).toBe(4_078)
    expect(tell([...room(18), messageAuthenticator])).toBe(4_096)
    expect(tell(room(24), { nasAddress })).toBe(4_096)
    // What need not be added costs no delivery.
    expect(tell(room(23), { nasAddress })).toBe(4_091)
    expect(tell(room(17), { nasAddress })).toBe('too-long')
    const chapPassword: oracle.Attribute = [3, Buffer.alloc(17)]
    expect(tell([chapPassword, ...room(18 + 18 + 19)])).toBe(4_096)
    expect(tell([chapPassword, ...room(18 + 18 + 18)])).toBe('too-long')
  })

  it('is refused with two Message-Authenticators, which would leave the second one behind', () => {
    const packet = read(oracle.packetOf(1, 1, OLD, [messageAuthenticator, messageAuthenticator]))
    const [clientSecret, serverSecret] = [new Secret(CLIENT), new Secret(SERVER)]
    const o = { packet, identifier: 1, authenticator: NEW, clientSecret, serverSecret }
    expect(requestForServer(o)).toBe('forbidden-attribute')
  })

  it('leaves the octets that were received as they are', () => {
    const received = access([2, oracle.hidePassword(Buffer.from('hello'), CLIENT, OLD)], messageAuthenticator)
    const copy = Buffer.from(received)
    rewrite(received, { nasAddress })
    expect(received).toEqual(copy)
  })
})

describe('an Accounting-Request for the server', () => {
  it('is signed again with the secret of the server, over zeros (RFC 2866 section 3)', () => {
    const bytes = rewrite(accounting(oracle.attribute(44, 's1')))
    expect([bytes[0], bytes[1], bytes.readUInt16BE(2)]).toEqual([4, 200, bytes.length])
    expect(oracle.hasValidAuthenticator(bytes, SERVER, oracle.ZERO)).toBe(true)
    expect(typesOf(bytes)).toEqual([44])
  })

  it('keeps all attributes, with a Message-Authenticator computed again where it stood', () => {
    fc.assert(
      fc.property(withOneMore(fc.constant(messageAuthenticator)), oracle.secretText, (attributes, serverSecret) => {
        const bytes = rewrite(accounting(...attributes), { serverSecret: new Secret(serverSecret) })
        expect(typesOf(bytes)).toEqual(attributes.map(([type]) => type))
        expect(without(oracle.decodeAttributes(bytes), 80)).toEqual(without(attributes, 80))
        expect(oracle.hasValidMessageAuthenticator(bytes, serverSecret, oracle.ZERO)).toBe(true)
        expect(oracle.hasValidAuthenticator(bytes, serverSecret, oracle.ZERO)).toBe(true)
        expect(checkRequest(read(bytes), 'accounting', new Secret(serverSecret))).toBeUndefined()
      }),
      { numRuns: 200 },
    )
  })

  it('gets the address of the client where it names none, and goes without where that does not fit', () => {
    const bytes = rewrite(accounting(oracle.attribute(44, 's1')), { nasAddress })
    expect(oracle.decodeAttributes(bytes).at(-1)).toEqual([4, Buffer.from(nasAddress)])
    expect(oracle.hasValidAuthenticator(bytes, SERVER, oracle.ZERO)).toBe(true)
    const full = Array.from({ length: 16 }, (): oracle.Attribute => [200, Buffer.alloc(252)])
    const long = accounting(...full, [200, Buffer.alloc(8)])
    expect(long.length).toBe(4_094)
    expect(rewrite(long, { nasAddress })).toEqual(rewrite(long))
    expect(oracle.hasValidAuthenticator(rewrite(long, { nasAddress }), SERVER, oracle.ZERO)).toBe(true)
  })

  it('is the same packet every time that it is made from the same one', () => {
    const received = accounting(oracle.attribute(44, 's1'), messageAuthenticator)
    expect(rewrite(received)).toEqual(rewrite(received, { authenticator: OLD }))
  })
})
