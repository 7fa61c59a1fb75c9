import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { describe as describePacket } from '../../../src/radius/names/describe.io.ts'
import {
  attributeKey,
  attributeName,
  attributeNames,
  codeName,
  loadDictionary,
  similarAttributeNames,
} from '../../../src/radius/names/names.io.ts'
import * as oracle from '../oracle.ts'

const directory = mkdtempSync(join(tmpdir(), 'radsluice-names-'))
afterAll(() => rmSync(directory, { recursive: true }))
const fileOf = (name: string, text: string): string => {
  const file = join(directory, name)
  writeFileSync(file, text)
  return file
}
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
      'Attr-26.8164.65536',
      'Attr-26.1.256',
      'constructor',
      '__proto__',
      'toString',
    ])
      expect(attributeKey(name)).toBeUndefined()
  })

  it('that are nearly right are guessed', () => {
    expect(similarAttributeNames('calling-station-id')[0]).toBe('Calling-Station-Id')
    expect(similarAttributeNames('3GPP-IMSl')[0]).toBe('3GPP-IMSI')
    expect(similarAttributeNames('Usr-Name')[0]).toBe('User-Name')
    expect(similarAttributeNames('utter nonsense, and long too')).toEqual([])
    expect(similarAttributeNames('Framed-IP').length).toBeLessThanOrEqual(3)
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

  it('adds vendors of another format, parts of attributes, and types of more than one octet', () => {
    const file = fileOf(
      'dictionary.formats',
      `VENDOR Wide 32474 format=2,1
BEGIN-VENDOR Wide
ATTRIBUTE 4Wide-Whole 300 tlv
ATTRIBUTE 4Wide-Part 300.2 integer
VALUE 4Wide-Part Second 2
END-VENDOR Wide
`,
    )
    expect(loadDictionary(file)).toBeUndefined()
    expect(attributeKey('4Wide-Whole')).toEqual({ vendor: 32_474, type: 300 })
    expect(attributeNames()).toContain('4Wide-Whole')
    const value = Buffer.from('00007eda012c09020600000002', 'hex')
    const part = { name: '4Wide-Part', vendor: 32_474, type: 300, part: '300.2', value: 'Second' }
    expect(described(26, value)).toEqual(part)
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
