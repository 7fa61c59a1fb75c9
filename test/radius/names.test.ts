import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import {
  attributeKey,
  attributeName,
  attributeNames,
  codeName,
  describe as describePacket,
  loadDictionary,
  nearAttributeNames,
} from '../../src/radius/names.io.ts'
import { Secret } from '../../src/radius/secret.ts'
import * as peer from '../fixtures/peer-packets.ts'
import * as rfc from '../fixtures/rfc-packets.ts'
import * as oracle from './oracle.ts'

const directory = mkdtempSync(join(tmpdir(), 'radsluice-names-'))
afterAll(() => rmSync(directory, { recursive: true }))
const fileOf = (name: string, text: string): string => {
  const file = join(directory, name)
  writeFileSync(file, text)
  return file
}
const secret = new Secret(rfc.RFC_SECRET)
const told = (bytes: Uint8Array, options = {}) => {
  const description = describePacket(bytes, options)
  if ('fault' in description) throw new Error(description.fault)
  return description
}
/** The value that is told of one attribute alone. */
const described = (...attribute: oracle.Attribute) =>
  told(oracle.packetOf(1, 1, oracle.ZERO, [attribute])).attributes[0]

describe('names', () => {
  it('of attributes are numbers and back, vendors` included', () => {
    const known = {
      'User-Name': { vendor: 0, type: 1 },
      'Calling-Station-Id': { vendor: 0, type: 31 },
      'Acct-Session-Id': { vendor: 0, type: 44 },
      '3GPP-IMSI': { vendor: 10_415, type: 1 },
      'ERX-MLPPP-Bundle-Name': { vendor: 4_874, type: 62 },
      'MS-MPPE-Send-Key': { vendor: 311, type: 16 },
      'Actual-Data-Rate-Upstream': { vendor: 3_561, type: 129 },
    }
    for (const [name, key] of Object.entries(known)) {
      expect(attributeKey(name)).toEqual(key)
      expect(attributeName(key)).toBe(name)
    }
  })

  it('all lead to the attribute that bears them', () => {
    const names = attributeNames()
    expect(names.length).toBeGreaterThan(200)
    for (const name of names) expect(attributeName(attributeKey(name)!)).toBe(name)
  })

  it('of what has no name are its numbers', () => {
    for (const key of [
      { vendor: 0, type: 241 },
      { vendor: 32_473, type: 7 },
    ])
      expect(attributeKey(attributeName(key))).toEqual(key)
    expect(attributeName({ vendor: 0, type: 241 })).toBe('Attr-241')
    expect(attributeName({ vendor: 32_473, type: 7 })).toBe('Attr-26.32473.7')
  })

  it('that nobody gave are none', () => {
    for (const name of [
      'User-Nam',
      'user-name',
      '',
      '31',
      '-1',
      'Attr-0',
      'Attr-256',
      'Attr-26.1.256',
      'constructor',
      '__proto__',
      'toString',
    ])
      expect(attributeKey(name)).toBeUndefined()
  })

  it('that are nearly right are guessed', () => {
    expect(nearAttributeNames('calling-station-id')[0]).toBe('Calling-Station-Id')
    expect(nearAttributeNames('3GPP-IMSl')[0]).toBe('3GPP-IMSI')
    expect(nearAttributeNames('Usr-Name')[0]).toBe('User-Name')
    expect(nearAttributeNames('utter nonsense, and long too')).toEqual([])
    expect(nearAttributeNames('Framed-IP').length).toBeLessThanOrEqual(3)
  })

  it('of codes are those of the RFCs, and a number for the others', () => {
    expect([1, 2, 3, 4, 5, 11, 12, 40, 43].map(codeName)).toEqual([
      'Access-Request',
      'Access-Accept',
      'Access-Reject',
      'Accounting-Request',
      'Accounting-Response',
      'Access-Challenge',
      'Status-Server',
      'Disconnect-Request',
      'CoA-Request',
    ])
    expect([0, 99, 255].map(codeName)).toEqual(['Code-0', 'Code-99', 'Code-255'])
  })
})

describe('a dictionary file', () => {
  it('adds its names, its vendors, and those of the files that it includes', () => {
    fileOf(
      'dictionary.more',
      'VENDOR Example 32473\nBEGIN-VENDOR Example\nATTRIBUTE Example-Kind 1 integer\nVALUE Example-Kind First 0x10\nEND-VENDOR Example\n',
    )
    const file = fileOf(
      'dictionary.first',
      '# ours\n$INCLUDE dictionary.more\nATTRIBUTE Example-Standard 0xc8 string\n',
    )
    expect(loadDictionary(file)).toBeUndefined()
    expect(attributeKey('Example-Kind')).toEqual({ vendor: 32_473, type: 1 })
    expect(attributeKey('Example-Standard')).toEqual({ vendor: 0, type: 200 })
    const [vendor, type] = oracle.vendorAttribute(32_473, [1, Buffer.from([0, 0, 0, 16])])
    expect(described(vendor, type)).toEqual({ name: 'Example-Kind', vendor: 32_473, type: 1, value: 'First' })
  })

  it('that is missing, or includes one that is, is told in a sentence', () => {
    expect(loadDictionary(join(directory, 'absent'))).toMatch(/^cannot load the dictionary .*absent: ENOENT/)
    const file = fileOf('dictionary.broken', '$INCLUDE dictionary.gone\n')
    expect(loadDictionary(file)).toMatch(/dictionary\.gone: ENOENT/)
  })

  it('that includes itself is read once', () => {
    expect(loadDictionary(fileOf('dictionary.loop', '$INCLUDE dictionary.loop\n'))).toBeUndefined()
  })

  it('of nonsense adds nothing and breaks nothing', () => {
    const text = fc
      .string({ maxLength: 200 })
      .map((line) => `${line}\nATTRIBUTE\nVENDOR\nVALUE x y\nBEGIN-VENDOR nobody\n`)
    fc.assert(
      fc.property(text, (nonsense) => {
        const problem = loadDictionary(fileOf('dictionary.nonsense', nonsense.replaceAll('INCLUDE', '')))
        expect(problem).toBeUndefined()
        expect(attributeKey('User-Name')).toEqual({ vendor: 0, type: 1 })
      }),
      { numRuns: 50 },
    )
  })
})

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
})
