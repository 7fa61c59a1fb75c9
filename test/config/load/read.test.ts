import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConfigResult } from '../../../src/config/checks/result.ts'
import { readConfig } from '../../../src/config/load/read.io.ts'
import { formatProblem, inShort } from '../../../src/config/source/problem.ts'
import { configText, GOOD_SECRET } from '../fixture.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'radsluice-config-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

const write = (name: string, content: string | Uint8Array, mode = 0o600): string => {
  const path = join(directory, name)
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

/** Reads a configuration with one client, whose secret is given by this line. */
function read(secretLine: string, env: Record<string, string> = {}): ConfigResult {
  const clients = `  - { name: a, address: 192.0.2.1, ${secretLine} }`
  const servers = '    - { name: b, address: 198.51.100.1, secret_env: SERVER_SECRET }'
  return readConfig(write('test.yaml', configText({ clients, servers })), {
    env: { SERVER_SECRET: GOOD_SECRET, ...env },
  })
}

const secretOf = (result: ConfigResult): number[] =>
  result.ok ? [...(result.config.clients[0]?.secret.bytes ?? [])] : []
const octets = (text: string): number[] => [...new TextEncoder().encode(text)]
const messagesOf = (result: ConfigResult): string[] =>
  (result.ok ? result.warnings : result.problems).map((one) => formatProblem(one).replaceAll(`${directory}/`, ''))

describe('a secret in a file', () => {
  it('is its octets without one newline at the end', () => {
    const contents = [
      [GOOD_SECRET, octets(GOOD_SECRET)],
      [`${GOOD_SECRET}\n`, octets(GOOD_SECRET)],
      [`${GOOD_SECRET}\r\n`, octets(GOOD_SECRET)],
      [`${GOOD_SECRET}\n\n`, octets(`${GOOD_SECRET}\n`)],
      [new Uint8Array(16).fill(0xff), Array(16).fill(0xff)],
    ] as const
    for (const [content, expected] of contents) {
      write('client.secret', content)
      expect(secretOf(read('secret_file: client.secret'))).toEqual(expected)
    }
  })

  it('is found from the directory of the configuration, or by its whole path', () => {
    const path = write('here.secret', GOOD_SECRET)
    expect(secretOf(read('secret_file: ./here.secret'))).toEqual(octets(GOOD_SECRET))
    expect(secretOf(read(`secret_file: ${path}`))).toEqual(octets(GOOD_SECRET))
  })

  it('is a problem with its place where it cannot be read', () => {
    mkdirSync(join(directory, 'folder'), { recursive: true })
    write('large.secret', 'x'.repeat(4097))
    const at = 'test.yaml:3:49: clients[0].secret_file:'
    expect(messagesOf(read('secret_file: nowhere'))).toEqual([
      `${at} nowhere does not exist; create it, or correct the path`,
    ])
    expect(messagesOf(read('secret_file: folder'))).toEqual([`${at} folder is no file; write the path of one`])
    expect(messagesOf(read('secret_file: large.secret'))).toEqual([
      `${at} large.secret has 4097 octets; that is another file, so correct the path`,
    ])
    expect(messagesOf(read('secret_file: /dev/zero'))).toEqual([`${at} /dev/zero is no file; write the path of one`])
  })

  it('is a problem where it is empty', () => {
    for (const content of ['', '\n', '\r\n']) {
      write('empty.secret', content)
      expect(messagesOf(read('secret_file: empty.secret'))).toEqual([
        expect.stringMatching(/^test\.yaml:3:49: .*: the secret is empty;/),
      ])
    }
  })

  it('is warned about where everybody can read it', () => {
    write('open.secret', GOOD_SECRET, 0o644)
    expect(messagesOf(read('secret_file: open.secret'))).toEqual([
      'test.yaml:3:49: clients[0].secret_file: every user of this machine can read open.secret; run chmod o-r on it',
    ])
    write('open.secret', GOOD_SECRET, 0o640)
    expect(messagesOf(read('secret_file: open.secret'))).toEqual([])
  })
})

describe('a secret in the environment', () => {
  it('is the text of the variable', () => {
    expect(secretOf(read('secret_env: A', { A: GOOD_SECRET }))).toEqual(octets(GOOD_SECRET))
  })

  it('is a problem where the variable is not set, or empty', () => {
    const at = 'test.yaml:3:48: clients[0].secret_env:'
    expect(messagesOf(read('secret_env: A'))).toEqual([
      `${at} the environment has no variable A; set it, or write secret_file`,
    ])
    expect(messagesOf(read('secret_env: A', { A: '' }))).toEqual([expect.stringMatching(/the secret is empty;/)])
  })
})

describe('the file itself', () => {
  it('is a problem without a line where it cannot be read', () => {
    expect(messagesOf(readConfig(join(directory, 'none.yaml')))).toEqual([
      'none.yaml: none.yaml does not exist; create it, or correct the path',
    ])
    expect(messagesOf(readConfig(directory))).toEqual([expect.stringMatching(/ is no file; write the path of one$/)])
  })

  it('knows the attributes of the real dictionary', () => {
    const withKey = (key: string): ConfigResult =>
      readConfig(
        write(
          'hash.yaml',
          configText({ farm: `  accounting: { algorithm: hash, hash_key: ${key} }` })
            .replaceAll('secret_file', 'secret_env')
            .replace('bng-1 }', 'S }')
            .replace('fr-1 }', 'S }'),
        ),
        {
          env: { S: GOOD_SECRET },
        },
      )
    for (const [name, vendor, type] of [
      ['3GPP-IMSI', 10_415, 1],
      ['User-Name', 0, 1],
      ['Calling-Station-Id', 0, 31],
    ] as const) {
      expect(withKey(name)).toMatchObject({
        ok: true,
        config: { farm: { accounting: { hash_key: { name, vendor, type } } } },
      })
    }
    expect(messagesOf(withKey('Caling-Station-Id'))).toEqual([
      expect.stringMatching(/is no attribute of the dictionary; did you mean "Calling-Station-Id"/),
    ])
  })

  it('is refused where a server is this machine’s own loopback listener', () => {
    const text = configText({
      servers: '    - { name: b, address: 127.0.0.1, secret_env: S, accounting: { port: 1 } }',
      clients: '  - { name: a, address: 192.0.2.1, secret_env: S }',
    })
    expect(messagesOf(readConfig(write('loop.yaml', text), { env: { S: GOOD_SECRET } }))).toEqual([
      expect.stringMatching(/requests would go round in a loop/),
    ])
  })
})

describe('problems in short', () => {
  it('are the first three, none of them long, and how many more', () => {
    const of = (count: number): string[] => inShort(Array.from({ length: count }, (_, i) => `p${i}`))
    expect(of(0)).toEqual([])
    expect(of(3)).toEqual(['p0', 'p1', 'p2'])
    expect(of(10_000)).toEqual(['p0', 'p1', 'p2', '... and 9997 more; radsluice check names them'])
    expect(inShort(['x'.repeat(5_000)])[0]).toHaveLength(403)
  })
})
