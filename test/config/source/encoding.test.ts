/**
 * Files as other systems save them: a byte order mark is taken off and said, UTF-16 is named, what is no text is told by its
 * line; of a secret only what can't be meant is touched.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/load/read.io.ts'
import { problemsOf } from '../fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'radsluice-encoding-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = join(folder, 'c.yaml')

const TEXT = `# a comment
clients: [{ name: bng, address: 192.0.2.1, secret_file: secret }]
farm: { servers: [{ name: fr, address: 198.51.100.1, secret_env: GOOD }] }
`
const GOOD = '0123456789abcdef'
const utf16 = (text: string, mark = ''): Buffer => Buffer.from(mark + text, 'utf16le')
const utf32 = (text: string): Buffer =>
  Buffer.concat(
    [...text].map((sign) => {
      const octets = Buffer.alloc(4)
      octets.writeUInt32LE(sign.codePointAt(0) ?? 0)
      return octets
    }),
  )
const bigEndian = (text: string): Buffer => utf16(text, '\ufeff').swap16()

function read(text: Buffer | string, secret: Buffer | string = GOOD) {
  writeFileSync(file, text)
  writeFileSync(join(folder, 'secret'), secret, { mode: 0o600 })
  return readConfig(file, { env: { GOOD } })
}

describe('a configuration file', () => {
  it('may begin with a byte order mark, which is said', () => {
    const result = read(`\ufeff${TEXT}`)
    expect(problemsOf(result)).toEqual([])
    expect(result.warnings.map(({ line, message }) => `${line} ${message}`)).toEqual([
      expect.stringMatching(/^1 the file begins with a byte order mark/),
    ])
  })

  it.each([
    ['with its mark', utf16(TEXT, '\ufeff')],
    ['the other way round', bigEndian(TEXT)],
    ['without a mark', utf16(TEXT)],
  ])('of UTF-16 is named: %s', (_, text) => {
    expect(problemsOf(read(text))).toEqual([`${file}: the file is UTF-16; save it as UTF-8`])
  })

  it.each([
    ['UTF-16', utf16(`# 設定\n${TEXT}`)],
    ['UTF-16', bigEndian(`# 設定ファイル\n${TEXT}`)],
    ['UTF-16', utf16(`# ${'設'.repeat(1_000)}\n# ${'定'.repeat(1_000)}\n\n`)],
    ['UTF-32', utf32(TEXT)],
    ['UTF-32', utf32(`\ufeff${TEXT}`)],
    ['UTF-32', utf32(TEXT).swap32()],
    ['UTF-32', utf32(`\ufeff# 設定\n${TEXT}`).swap32()],
    ['UTF-32', utf32(`# 設定\n${TEXT}`)],
  ])('is told by its blanks and line ends, whatever its letters: %s', (name, text) => {
    expect(problemsOf(read(text))).toEqual([`${file}: the file is ${name}; save it as UTF-8`])
  })

  it('that is no text is refused at its line, once', () => {
    expect(problemsOf(read(`${TEXT}\0\0`))).toEqual([
      `${file}:4:1: a NUL octet stands in this line, so the file is no text or damaged; remove it, or correct the path`,
    ])
    const latin = Buffer.concat([Buffer.from(TEXT), Buffer.from('# M\xfcller\n', 'latin1')])
    expect(problemsOf(read(latin))).toEqual([`${file}:4:1: this line is not UTF-8; save the file as UTF-8`])
  })
})

describe('a secret file', () => {
  const secretOf = (secret: Buffer | string) => {
    const result = read(TEXT, secret)
    return {
      bytes: result.ok ? Buffer.from(result.config.clients[0]!.secret.bytes).toString('latin1') : problemsOf(result),
      said: result.warnings.map(({ message }) => message.replace(folder, '')),
    }
  }

  it.each<[what: string, secret: Buffer | string, bytes: string, said: RegExp[]]>([
    ['a newline at the end', `${GOOD}\n`, GOOD, []],
    ['a Windows newline at the end', `${GOOD}\r\n`, GOOD, []],
    ['a byte order mark', `\ufeff${GOOD}\n`, GOOD, [/^\/secret: the file begins with a byte order mark/]],
    ['two newlines', `${GOOD}\n\n`, `${GOOD}\n`, [/line break/]],
    ['octets that are no UTF-8', Buffer.from(`${GOOD}\xfc`, 'latin1'), `${GOOD}\xfc`, []],
    ['a NUL octet', `${GOOD}\0x`, `${GOOD}\0x`, [/NUL octet/]],
  ])('with %s', (_, secret, bytes, said) => {
    expect(secretOf(secret)).toEqual({ bytes, said: said.map((one) => expect.stringMatching(one)) })
  })

  it('of UTF-16 is named', () => {
    expect(secretOf(utf32(GOOD)).bytes).toEqual([expect.stringContaining('the file is UTF-32; save it as UTF-8')])
    for (const secret of [utf16(GOOD, '\ufeff'), utf16(GOOD)]) {
      expect(secretOf(secret).bytes).toEqual([
        `${file}:2:57: clients[0].secret_file: ${join(folder, 'secret')}: the file is UTF-16; save it as UTF-8`,
      ])
    }
  })
})
