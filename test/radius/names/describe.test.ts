import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describe as describePacket } from '../../../src/radius/names/describe.io.ts'
import { Secret } from '../../../src/radius/secret.ts'
import * as peer from '../../fixtures/peer-packets.ts'
import * as rfc from '../../fixtures/rfc-packets.ts'
import * as oracle from '../oracle.ts'

const secret = new Secret(rfc.RFC_SECRET)
const told = (bytes: Uint8Array, options = {}) => {
  const description = describePacket(bytes, options)
  if ('fault' in description) throw new Error(description.fault)
  return description
}
const describedAll = (...attribute: oracle.Attribute) =>
  told(oracle.packetOf(1, 1, oracle.ZERO, [attribute])).attributes
/** The value that is told of one attribute alone. */
const described = (...attribute: oracle.Attribute) => describedAll(...attribute)[0]
/** What is told of a Vendor-Specific attribute with these octets behind the vendor's number. */
const ofVendor = (vendor: number, hex: string) => {
  const value = Buffer.concat([Buffer.alloc(4), Buffer.from(hex.replaceAll(' ', ''), 'hex')])
  value.writeUInt32BE(vendor)
  return describedAll(26, value)
}

describe('the description of a packet', () => {
  it('names the packet of RFC 2865 section 7.1 and hides its password', () => {
    expect(told(rfc.TELNET_REQUEST)).toEqual({
      code: 1,
      codeName: 'Access-Request',
      identifier: 0,
      length: 56,
      padding: 0,
      authenticator: '0f403f9473978057bd83d5cb98f4227a',
      attributes: [
        { name: 'User-Name', vendor: 0, type: 1, value: 'nemo' },
        { name: 'User-Password', vendor: 0, type: 2, value: '[hidden]' },
        { name: 'NAS-IP-Address', vendor: 0, type: 4, value: '192.168.1.16' },
        { name: 'NAS-Port', vendor: 0, type: 5, value: 3 },
      ],
    })
  })

  it('opens the password only with the secret and the wish', () => {
    const password = (options: object) => told(rfc.TELNET_REQUEST, options).attributes[1]!.value
    expect(password({ secret })).toBe('[hidden]')
    expect(password({ showPasswords: true })).toBe('[hidden]')
    expect(password({ secret, showPasswords: true })).toBe('arctangent')
  })

  it('hides everything that is derived from a password or a key', () => {
    const shown = JSON.stringify([told(rfc.CHAP_REQUEST), told(peer.FREERADIUS_ACCEPT)])
    expect(shown.match(/\[hidden\]/g)).toHaveLength(1 + 5)
    expect(shown).not.toContain('e97557c3')
  })

  it('says whether a request verifies, where the secret is given', () => {
    expect(told(rfc.STATUS_AUTHENTICATION_REQUEST, { secret }).check).toBe('valid')
    expect(told(rfc.STATUS_AUTHENTICATION_REQUEST, { secret: new Secret('x') }).check).toBe('bad-message-authenticator')
    expect(told(peer.RADCLIENT_ACCOUNTING, { secret: new Secret(peer.RADCLIENT_SECRET) }).check).toBe('valid')
    expect(told(rfc.TELNET_REQUEST).check).toBeUndefined()
    expect(told(rfc.TELNET_ACCEPT, { secret }).check).toBeUndefined()
  })

  it('counts the padding and names what is wrong with the lengths', () => {
    expect(told(Buffer.concat([rfc.REJECT, Buffer.alloc(3)])).padding).toBe(3)
    expect(describePacket(rfc.REJECT.subarray(0, 19))).toEqual({ fault: 'too-short' })
    expect(describePacket(rfc.TELNET_REQUEST.subarray(0, 30))).toEqual({ fault: 'bad-length' })
  })

  it('reads each type of value, and shows octets where the value is not of its type', () => {
    const value = (type: number, hex: string) => described(type, Buffer.from(hex, 'hex'))!.value
    expect(value(1, 'c3bc')).toBe('ü')
    expect(value(1, 'ff41')).toBe('0xff41')
    expect(value(1, '4100')).toBe('0x4100')
    expect(value(4, 'c0000201')).toBe('192.0.2.1')
    expect(value(4, 'c00002')).toBe('0xc00002')
    expect(value(40, '00000003')).toBe('Interim-Update')
    expect(value(40, '00000063')).toBe(99)
    expect(value(40, '03')).toBe('0x03')
    expect(value(55, '5080de8f')).toBe('2012-10-19T05:01:03.000Z')
    expect(value(95, '20010db8000000000000000000000001')).toBe('2001:db8::1')
    expect(value(95, '20')).toBe('0x20')
    expect(value(241, '0102')).toBe('0x0102')
    expect(described(64, Buffer.from('0100000d', 'hex'))).toMatchObject({ name: 'Tunnel-Type', tag: 1, value: 'VLAN' })
    expect(described(81, Buffer.from('vlan7'))).toMatchObject({ value: 'vlan7' })
  })

  it('shows a damaged vendor attribute whole', () => {
    expect(described(26, Buffer.from('000028af0109', 'hex'))).toMatchObject({
      name: 'Vendor-Specific',
      value: '0x000028af0109',
    })
    expect(described(26, Buffer.from('00', 'hex'))).toMatchObject({ type: 26, value: '0x00' })
  })

  it('can be made of any packet, and put into JSON', () => {
    const attributes = fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 40 })), {
      maxLength: 12,
    })
    fc.assert(
      fc.property(attributes, fc.integer({ min: 0, max: 255 }), (any, code) => {
        const packet = oracle.packetOf(code, 1, oracle.ZERO, any)
        const description = told(packet, { secret, showPasswords: true })
        expect(JSON.parse(JSON.stringify(description))).toEqual(description)
        expect(description.attributes.length).toBeGreaterThanOrEqual(any.filter(([type]) => type !== 26).length)
      }),
      { numRuns: 300 },
    )
  })

  it('reads addresses, prefixes and the other types of vendors', () => {
    const value = (type: number, hex: string) => described(type, Buffer.from(hex, 'hex'))!.value
    expect(value(97, '003820010db8000000')).toBe('2001:db8::/56')
    expect(value(123, '003020010db80001')).toBe('2001:db8:1::/48')
    expect(value(97, '0000')).toBe('::/0')
    expect(value(97, '008020010db8000000000000000000000001')).toBe('2001:db8::1/128')
    for (const wrong of ['', '00', '0081', '00402001ffffffffffffffffffffffffffffffff'])
      expect(value(97, wrong)).toBe(`0x${wrong}`)
    expect(value(96, '0001000200a0ffff')).toBe('1:2:a0:ffff')
    expect(value(96, '00')).toBe('0x00')
    expect(value(168, '20010db8000000000000000000000001')).toBe('2001:db8::1')
  })

  it('names the values of attributes whose names begin with a digit', () => {
    expect(ofVendor(10_415, '15 03 06')[0]).toMatchObject({ name: '3GPP-RAT-Type', value: 'EUTRAN' })
    expect(ofVendor(10_415, '15 03 63')[0]).toMatchObject({ name: '3GPP-RAT-Type', value: 99 })
  })

  it('reads the sub-attributes of each vendor in its own format', () => {
    expect(
      ofVendor(8_164, '0002 0009 766f6963 65 0101 000b 73657373696f6e').map(({ name, type, value }) => [
        name,
        type,
        value,
      ]),
    ).toEqual([
      ['SN-VPN-Name', 2, 'voice'],
      ['SN-Session-Id', 257, 'session'],
    ])
    expect(ofVendor(8_164, '02 07 766f696365')[0]).toMatchObject({ name: 'SN-VPN-Name', type: 2, value: 'voice' })
    expect(ofVendor(429, '00009802 00000001')).toEqual([
      { name: 'Attr-26.429.38914', vendor: 429, type: 38_914, value: '0x00000001' },
    ])
    expect(ofVendor(4_846, '0003 05 abcd 0100 04 ff').map(({ type, value }) => [type, value])).toEqual([
      [3, '0xabcd'],
      [256, '0xff'],
    ])
    expect(ofVendor(24_757, '02 04 00 01 05 05 00 aabb').map(({ name, value }) => [name, value])).toEqual([
      ['Attr-26.24757.2', '0x01'],
      ['WiMAX-MSK', '[hidden]'],
    ])
    expect(
      ofVendor(24_757, '56 0d 00 04 06 00000001 03 04 aabb').map(({ name, part, value }) => [name, part, value]),
    ).toEqual([
      ['Attr-26.24757.86.4', '86.4', '0x00000001'],
      ['WiMAX-hDHCP-DHCP-RK', '86.3', '[hidden]'],
    ])
    expect(ofVendor(24_757, '56 07 80 04 06 0000')[0]).toMatchObject({ type: 86, value: '0x04060000' })
  })

  it('shows what does not add up in the format of its vendor whole', () => {
    for (const [vendor, hex] of [
      [8_164, '0002000a766f696365'],
      [429, '0000'],
      [4_846, '000302abcd'],
      [24_757, '0204aa'],
    ] as const)
      expect(ofVendor(vendor, hex)[0]).toMatchObject({ name: 'Vendor-Specific', type: 26 })
  })

  it('hides what the dictionaries say is hidden', () => {
    for (const [vendor, hex] of [
      [14_823, '42 04 aabb'],
      [529, 'd6 04 aabb'],
      [4_846, '00d6 05 aabb'],
      [50_058, '8c 04 aabb'],
      [41_112, '05 06 02 04 aabb'],
    ] as const)
      expect(ofVendor(vendor, hex).map(({ value }) => value)).toEqual(['[hidden]'])
    expect(described(214, Buffer.alloc(16))!.value).toBe('[hidden]')
  })
})
