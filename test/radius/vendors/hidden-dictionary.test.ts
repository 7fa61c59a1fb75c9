/**
 * The list of hidden attributes, compared with the dictionaries that it was derived from.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { DEBIAN_FOLDER, hiddenDictionary, NEWER_FILE } from '../../../scripts/hidden-attributes.ts'
import { HIDDEN_DICTIONARY } from '../../../src/radius/vendors/hidden-dictionary.ts'

const folder = mkdtempSync(join(tmpdir(), 'radsluice-dictionary-'))
afterAll(() => rmSync(folder, { recursive: true }))
const attributesOf = (text: string): string[] => {
  let vendor = ''
  return text.split('\n').flatMap((line) => {
    const [word, name, number, , flags = ''] = line.split(' ')
    if (word === 'BEGIN-VENDOR') vendor = name ?? ''
    if (word === 'END-VENDOR') vendor = ''
    const cipher = /encrypt=\d/.exec(flags)?.[0]
    return word === 'ATTRIBUTE' && cipher !== undefined ? [`${vendor} ${number} ${cipher}`] : []
  })
}
const formatsOf = (text: string): string[] =>
  text.split('\n').filter((line) => line.startsWith('VENDOR') && line.includes('format='))

const has = existsSync(join(DEBIAN_FOLDER, 'dictionary'))
const group = has ? '' : ' [skipped: needs the dictionaries of FreeRADIUS (Debian: freeradius-common)]'
describe.skipIf(!has)(`the list of hidden attributes${group}`, () => {
  it('has all that the installed dictionaries have (else: scripts/node24 scripts/hidden-attributes.ts)', () => {
    const installed = hiddenDictionary([DEBIAN_FOLDER])
    expect(attributesOf(installed).length).toBeGreaterThan(40)
    expect(attributesOf(HIDDEN_DICTIONARY)).toEqual(expect.arrayContaining(attributesOf(installed)))
    expect(formatsOf(HIDDEN_DICTIONARY)).toEqual(expect.arrayContaining(formatsOf(installed)))
  })
})

describe('the list of hidden attributes', () => {
  it('has all that newer dictionaries have', () => {
    const newer = attributesOf(hiddenDictionary([NEWER_FILE]))
    expect(newer).toHaveLength(12)
    expect(attributesOf(HIDDEN_DICTIONARY)).toEqual(expect.arrayContaining(newer))
  })

  it('is derived from a folder as a server reads it: the root file and what that includes', () => {
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
    write('dictionary', '$INCLUDE dictionary.b\n$INCLUDE dictionary.a\n$INCLUDE dictionary.a\n')
    write('dictionary.a', 'VENDOR A 70000 format=2,2\nBEGIN-VENDOR A\nATTRIBUTE A-Plain 1 string\nEND-VENDOR A\n')
    write(
      'dictionary.b',
      `# version 4 writes a part with a dot
VENDOR B 70001
BEGIN-VENDOR B
ATTRIBUTE B-Whole 5 tlv
ATTRIBUTE B-Key .2 octets[24] has_tag,encrypt=Tunnel-Password # a key
ATTRIBUTE B-Other .3 string
ATTRIBUTE B-Secret 0x10 string encrypt=3
END-VENDOR B
BEGIN-VENDOR B parent=Extended-Vendor-Specific-1
ATTRIBUTE B-Elsewhere 7 string encrypt=2
END-VENDOR B
ATTRIBUTE Standard 200 string encrypt=1
`,
    )
    write('dictionary.unused', 'ATTRIBUTE Not-Included 201 string encrypt=2\n')
    expect(hiddenDictionary([folder])).toBe(`ATTRIBUTE Standard 200 string encrypt=1
VENDOR A 70000 format=2,2
VENDOR B 70001
BEGIN-VENDOR B
ATTRIBUTE B-Whole 5 tlv
ATTRIBUTE B-Key 5.2 octets has_tag,encrypt=2
ATTRIBUTE B-Secret 16 string encrypt=3
END-VENDOR B
`)
  })
})
