import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readValue } from '../../../src/radius/names/value-text.ts'

const read = (type: string, hex: string, tagged = false) => readValue(type, Buffer.from(hex, 'hex'), tagged)

describe('a value', () => {
  it.each([
    ['string', 'c3bc', 'ü'],
    ['string', '0041', '0x0041'],
    ['ipaddr', 'c0000201', '192.0.2.1'],
    ['combo-ip', 'c0000201', '192.0.2.1'],
    ['combo-ip', '20010db8000000000000000000000001', '2001:db8::1'],
    ['ipv4prefix', '0018c0000200', '192.0.2.0/24'],
    ['ipv4prefix', '0021c0000200', '0x0021c0000200'],
    ['ipv4prefix', '0018c00002', '0x0018c00002'],
    ['ipv6prefix', '004020010db8', '2001:db8::/64'],
    ['ifid', '0001000200030004', '1:2:3:4'],
    ['ether', '00aabbccddee', '00:aa:bb:cc:dd:ee'],
    ['byte', 'ff', 255],
    ['short', 'fffe', 65_534],
    ['integer', 'fffffffe', 4_294_967_294],
    ['signed', 'fffffffe', -2],
    ['integer64', '000000000000002a', 42],
    ['integer64', 'ffffffffffffffff', '18446744073709551615'],
    ['uint64', '0020000000000000', '9007199254740992'],
    ['octets', '0102', '0x0102'],
    ['abinary', '0102', '0x0102'],
    ['nobody-knows', '0102', '0x0102'],
  ] as const)('of type %s: %s is %s', (type, hex, text) => {
    expect(read(type, hex)).toBe(text)
  })

  it('of a tagged number has three octets', () => {
    expect(read('integer', '00000d', true)).toBe(13)
    expect(read('integer', '0000000d', true)).toBe('0x0000000d')
  })

  it('that is too short or too long for its type is shown as octets', () => {
    const sizes = { ipaddr: 4, ipv6addr: 16, ifid: 8, ether: 6, byte: 1, short: 2, integer: 4, signed: 4, integer64: 8 }
    const property = fc.property(
      fc.constantFrom(...Object.entries(sizes)),
      fc.uint8Array({ maxLength: 20 }),
      ([type, size], value) => {
        const isOctets = readValue(type, value) === `0x${Buffer.from(value).toString('hex')}`
        expect(isOctets).toBe(value.length !== size)
      },
    )
    fc.assert(property, { numRuns: 300 })
  })
})
