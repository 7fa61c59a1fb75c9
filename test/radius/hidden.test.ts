/**
 * Hidden values, moved from one secret to another: every attribute of the dictionary, in every kind of packet that it can
 * stand in. The values are hidden and opened by the oracle, and encoded by this file in each vendor's format.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rehideRecord, rehideRequest, rehideResponse } from '../../src/radius/hidden.ts'
import { Secret } from '../../src/radius/secret.ts'
import { cipherIn, type DictionaryAttribute, parseDictionary } from '../../src/radius/vendors/dictionary.ts'
import { HIDDEN_DICTIONARY } from '../../src/radius/vendors/hidden-dictionary.ts'
import * as oracle from './oracle.ts'

const BEFORE = 'the secret before'
const AFTER = 'another secret, after'
const FROM = Buffer.from('0f403f9473978057bd83d5cb98f4227a', 'hex')
const TO = Buffer.from('c0ffee00112233445566778899aabbcc', 'hex')
const before = { secret: new Secret(BEFORE), authenticator: FROM }
const after = { secret: new Secret(AFTER), authenticator: TO }

const { vendors, attributes } = parseDictionary(HIDDEN_DICTIONARY)
const hidden = attributes.filter(({ flags }) => cipherIn(flags) !== undefined)
const formats = new Map(vendors.map(({ number, format }) => [number, format]))
const SIXTEEN = Buffer.alloc(16, 7)
const SALT = Buffer.from([0x9a, 0x01])

/** The sub-attribute, or the value's part of one: type and length in the vendor's format, and its value. */
const framed = (vendor: number, type: number, value: Uint8Array, flags = 0): Buffer => {
  const { typeOctets, lengthOctets, continues } = formats.get(vendor)!
  const header = Buffer.alloc(typeOctets + lengthOctets + (continues ? 1 : 0), flags)
  header.writeUIntBE(type, 0, typeOctets)
  header.writeUIntBE(header.length + value.length, typeOctets, lengthOctets)
  return Buffer.concat([header, value])
}
const vendorSpecific = (vendor: number, ...subAttributes: Uint8Array[]): oracle.Attribute => {
  const number = Buffer.alloc(4)
  number.writeUInt32BE(vendor)
  return [26, Buffer.concat([number, ...subAttributes])]
}
/** The attribute of the packet in which the value stands, whatever its path. */
const attributeFor = ({ vendor, path }: DictionaryAttribute, value: Uint8Array): oracle.Attribute => {
  if (vendor === 0) return [path[0]!, value]
  const inner = path.slice(1).reduceRight((within, type) => {
    const beside = Buffer.from([99, 4, 1, 2])
    return Buffer.concat([beside, Buffer.from([type, within.length + 2]), within, beside])
  }, Buffer.from(value))
  return vendorSpecific(vendor, framed(vendor, 250, Buffer.from('plain')), framed(vendor, path[0]!, inner))
}

const hide = (one: DictionaryAttribute, plain: string, secret: string, authenticator: Uint8Array): Buffer => {
  switch (cipherIn(one.flags)) {
    case 1:
      return oracle.hidePassword(Buffer.from(plain), secret, authenticator)
    case 2: {
      const tag = one.flags.includes('has_tag') ? [7] : []
      return Buffer.concat([Buffer.from(tag), oracle.hideSalted(Buffer.from(plain), SALT, secret, authenticator)])
    }
    default: {
      const pad = oracle.md5Of(authenticator, secret)
      return Buffer.from(plain).map((octet, i) => octet ^ pad[i]!) as Buffer
    }
  }
}

type Way = (packet: Uint8Array) => void
const WAYS: readonly { what: string; code: number; way: Way; from: Uint8Array; to: Uint8Array }[] = [
  {
    what: 'Access-Accept',
    code: 2,
    way: (p) => expect(rehideResponse(p, before, after)).toBe(true),
    from: FROM,
    to: TO,
  },
  { what: 'Access-Request', code: 1, way: (p) => rehideRequest(p, before, after), from: FROM, to: TO },
  {
    what: 'Accounting-Request, where zeros stand in for the authenticator',
    code: 4,
    way: (p) => rehideRecord(p, before.secret, after.secret),
    from: oracle.ZERO,
    to: oracle.ZERO,
  },
]

describe.each(WAYS)('a hidden value in an $what', ({ code, way, from, to }) => {
  it.each(hidden.map((one) => [one.name, one] as const))('is moved: %s', (_name, one) => {
    const plain = '0123456789abcdef'
    const packet = (secret: string, authenticator: Uint8Array): Buffer =>
      oracle.packetOf(code, 1, oracle.ZERO, [
        oracle.attribute(18, 'before'),
        attributeFor(one, hide(one, plain, secret, authenticator)),
        oracle.attribute(18, 'behind'),
      ])
    const moved = packet(BEFORE, from)
    way(moved)
    expect(moved.equals(packet(BEFORE, from))).toBe(false)
    expect(moved.toString('hex')).toBe(packet(AFTER, to).toString('hex'))
  })

  it('is moved at any length, with a tag and without one, among other sub-attributes', () => {
    const property = fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom([], [0], [31], [255]),
      oracle.secretText,
      (plain, tag, text) => {
        const value = (secret: string, authenticator: Uint8Array): Buffer =>
          Buffer.concat([Buffer.from(tag), oracle.hideSalted(plain, SALT, secret, authenticator)])
        const packet = (secret: string, authenticator: Uint8Array): Buffer =>
          oracle.packetOf(code, 1, oracle.ZERO, [
            vendorSpecific(
              14_823,
              framed(14_823, 1, Buffer.from('role')),
              framed(14_823, 44, value(secret, authenticator)),
            ),
          ])
        const moved = packet(text, from)
        const hops = [{ ...before, secret: new Secret(text) }, after] as const
        if (code === 2) rehideResponse(moved, ...hops)
        else if (code === 1) rehideRequest(moved, ...hops)
        else rehideRecord(moved, hops[0].secret, hops[1].secret)
        expect(moved.toString('hex')).toBe(packet(AFTER, to).toString('hex'))
      },
    )
    fc.assert(property, { numRuns: 100 })
  })

  it('is moved across the fragments of a WiMAX attribute, wherever they are cut, within a part as well', () => {
    const key = hidden.find(({ name }) => name === 'WiMAX-MSK')!
    const part = hidden.find(({ name }) => name === 'WiMAX-hDHCP-DHCP-RK')!
    for (const one of [key, part]) {
      const length = 62
      const inner = (secret: string, authenticator: Uint8Array): Buffer => {
        const value = hide(one, 'm'.repeat(length), secret, authenticator)
        return one === key ? value : Buffer.concat([Buffer.from([4, 6, 0, 0, 0, 9, 3, value.length + 2]), value])
      }
      const total = inner(BEFORE, from).length
      for (let cut = 0; cut <= total; cut += 1) {
        const packet = (secret: string, authenticator: Uint8Array): Buffer => {
          const value = inner(secret, authenticator)
          const pieces = [value.subarray(0, cut), value.subarray(cut, cut + 9), value.subarray(cut + 9)]
          return oracle.packetOf(code, 1, oracle.ZERO, [
            ...pieces.map((piece, i) =>
              vendorSpecific(24_757, framed(24_757, one.path[0]!, piece, i < pieces.length - 1 ? 0x80 : 0)),
            ),
            attributeFor(key, hide(key, 'the next one', secret, authenticator)),
          ])
        }
        const moved = packet(BEFORE, from)
        way(moved)
        expect(moved.toString('hex'), `${one.name} cut at ${cut}`).toBe(packet(AFTER, to).toString('hex'))
      }
    }
  })

  it('stays as it is where the fragments behind it are missing or are others', () => {
    const key = hidden.find(({ name }) => name === 'WiMAX-MSK')!
    const value = hide(key, 'm'.repeat(62), BEFORE, from)
    const first = vendorSpecific(24_757, framed(24_757, 5, value.subarray(0, 40), 0x80))
    const behind: oracle.Attribute[][] = [
      [],
      [oracle.attribute(18, 'hello')],
      [vendorSpecific(24_757, framed(24_757, 6, value.subarray(40)))],
      [vendorSpecific(24_758, Buffer.from([5, 43, 0, ...value.subarray(40)]))],
      [vendorSpecific(24_757, framed(24_757, 5, value.subarray(40, 60), 0x80))],
      [vendorSpecific(24_757, framed(24_757, 5, value.subarray(40)), framed(24_757, 6, value.subarray(40)))],
      [[26, Buffer.from([0, 0])]],
    ]
    // Not the last of its attribute: what follows is no attribute of the packet, whatever it looks like.
    const within = [
      [26, 0],
      [26, 3, 5, 0],
      [5, 0, 0, 0],
      [2, 1],
      [26, 255, 0],
      [2, 18, ...SIXTEEN],
    ].map((octets) => vendorSpecific(24_757, framed(24_757, 5, value.subarray(0, 40), 0x80), Buffer.from(octets)))
    for (const odd of within) {
      const packet = oracle.packetOf(code, 1, oracle.ZERO, [odd, oracle.attribute(18, 'hello')])
      const moved = Buffer.from(packet)
      way(moved)
      expect(moved).toEqual(packet)
    }
    for (const others of behind) {
      const packet = oracle.packetOf(code, 1, oracle.ZERO, [first, ...others])
      const moved = Buffer.from(packet)
      way(moved)
      expect(moved).toEqual(packet)
    }
  })

  it('is taken to be in the clear where it can`t be read', () => {
    const pad = oracle.md5Of(BEFORE, from, SALT)
    for (let first = 0; first < 256; first += 1) {
      for (const blocks of [1, 3]) {
        const value = Buffer.concat([SALT, Buffer.alloc(16 * blocks, 0x55)])
        value[2] = first
        const packet = oracle.packetOf(code, 1, oracle.ZERO, [vendorSpecific(14_823, framed(14_823, 44, value))])
        const moved = Buffer.from(packet)
        way(moved)
        expect(moved.equals(packet)).toBe((first ^ pad[0]!) >= 16 * blocks)
      }
    }
  })

  it('of any octets in any vendor attribute never makes anything throw, and changes no length', () => {
    const subAttributes = fc.array(
      fc.tuple(
        fc.constantFrom(3, 5, 44, 86, 214, 255),
        fc.integer({ min: 0, max: 60 }),
        fc.uint8Array({ maxLength: 60 }),
      ),
      { maxLength: 4 },
    )
    const vendor = fc.constantFrom(24_757, ...vendors.map(({ number }) => number))
    const octets = subAttributes.map((parts) => parts.flatMap(([type, length, value]) => [type, length, ...value]))
    /** A length that adds up, flags as WiMAX has them, and then anything. */
    const begun = fc
      .tuple(fc.constantFrom(5, 86), fc.constantFrom(0, 0x80), fc.uint8Array({ maxLength: 40 }), octets)
      .map(([type, flags, value, rest]) => [type, 3 + value.length, flags, ...value, ...rest])
    const any = fc.array(
      fc
        .tuple(vendor, fc.oneof(octets, begun))
        .map(([number, all]) => vendorSpecific(number, Uint8Array.from(all.slice(0, 240)))),
      { maxLength: 5 },
    )
    fc.assert(
      fc.property(any, (odd) => {
        const packet = oracle.packetOf(code, 1, oracle.ZERO, odd)
        const moved = Buffer.from(packet)
        if (code === 2) rehideResponse(moved, before, after)
        else way(moved)
        const shape = (bytes: Buffer) => oracle.decodeAttributes(bytes).map(([type, { length }]) => [type, length])
        expect(shape(moved)).toEqual(shape(packet))
      }),
      { numRuns: 300 },
    )
  })
})

describe('what an RFC defines', () => {
  const keys = (value: Uint8Array) => oracle.packetOf(2, 1, oracle.ZERO, [vendorSpecific(311, framed(311, 16, value))])
  const password = (value: Uint8Array) => oracle.packetOf(2, 1, oracle.ZERO, [[69, value]])

  it('is refused in a response where nobody can read it, and never in a request', () => {
    for (const packet of [keys(Buffer.alloc(19)), password(Buffer.alloc(18)), password(Buffer.alloc(4))]) {
      const response = Buffer.from(packet)
      expect(rehideResponse(response, before, after)).toBe(false)
      const request = Buffer.from(packet)
      rehideRequest(request, before, after)
      expect(request).toEqual(packet)
    }
  })

  it('is moved in a response whatever its first octet says: its shape is enough', () => {
    for (const packet of [keys(Buffer.alloc(18)), password(Buffer.alloc(19))]) {
      const response = Buffer.from(packet)
      expect(rehideResponse(response, before, after)).toBe(true)
      expect(response).not.toEqual(packet)
    }
  })
})
