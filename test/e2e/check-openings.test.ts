/**
 * `check` looks at everything that `run` opens, and says the same sentence before it; it leaves nothing behind.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ended, run } from './kit/child.ts'
import { command } from './kit/command.ts'
import { RADSLUICE } from './kit/daemon.ts'
import { freePort } from './kit/ports.ts'

const folder = mkdtempSync(join(tmpdir(), 'radsluice-openings-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const OPTIONS = { limitMs: 20_000, cwd: folder }
const check = (...words: string[]): Promise<Ended> => command(['check', ...words], OPTIONS)
const start = (file: string): Promise<Ended> => run(RADSLUICE, ['run', '-c', file], OPTIONS)

interface Checked {
  readonly ok: boolean
  readonly problems: readonly { readonly path: string; readonly line: number; readonly message: string }[]
  readonly warnings: Checked['problems']
}

interface Parts {
  readonly listen?: string
  readonly admin?: string
  readonly top?: string
  readonly server?: string
}

let ports: readonly number[]
beforeAll(async () => {
  mkdirSync(join(folder, 'folder'))
  symlinkSync(join(folder, 'no-such-file'), join(folder, 'dangling'))
  ports = [await freePort(), await freePort()]
})

function configWith({ listen, admin, top = '', server = '' }: Parts): string {
  const file = join(folder, 'radsluice.yaml')
  writeFileSync(join(folder, 'secret'), 'a secret of the openings', { mode: 0o600 })
  writeFileSync(
    file,
    `listen: { authentication: [${listen ?? `"127.0.0.1:${ports[0]}"`}], accounting: [] }
admin: { ${admin ?? `listen: "127.0.0.1:${ports[1]}", socket: ${folder}/admin.sock`} }
${top}
clients: [{ name: bng, address: 127.0.0.1, secret_file: secret }]
farm: { servers: [{ name: fr, address: 127.0.0.1, secret_file: secret${server} }] }
`,
  )
  return file
}

async function checked(file: string): Promise<Checked> {
  const { stdout } = await check('-c', file, '--json')
  return JSON.parse(stdout) as Checked
}

const long = `/tmp/${'x'.repeat(120)}.sock`
const ROWS: readonly [what: string, path: string, parts: () => Parts][] = [
  ['the log directory', 'log.directory', () => ({ top: 'log: { directory: secret/log }' })],
  ['the tps directory', 'tps.directory', () => ({ top: 'tps: { directory: secret }' })],
  [
    'the directory of the sessions log',
    'accounting.sessions_log.directory',
    () => ({ top: 'accounting: { sessions_log: { directory: secret/a/b } }' }),
  ],
  ['a listen address', 'listen.authentication[0]', () => ({ listen: '"203.0.113.77:1812"' })],
  [
    'the address towards a server',
    'farm.servers[0].source_address',
    () => ({ server: ', source_address: 203.0.113.77' }),
  ],
  ['the address of the admin API', 'admin.listen', () => ({ admin: `listen: "203.0.113.77:${ports[1]}"` })],
  [
    'a socket path that is too long',
    'admin.socket',
    () => ({ admin: `listen: "127.0.0.1:${ports[1]}", socket: ${long}` }),
  ],
  [
    'the folder of the socket',
    'admin.socket',
    () => ({ admin: `listen: "127.0.0.1:${ports[1]}", socket: ${folder}/nowhere/a.sock` }),
  ],
  ...['folder', 'dangling', '/dev/null'].map((place): (typeof ROWS)[number] => [
    `a place for the socket that takes none, ${place}`,
    'admin.socket',
    () => ({ admin: `listen: "127.0.0.1:${ports[1]}", socket: ${resolve(folder, place)}` }),
  ]),
]

describe('what run opens', () => {
  it.each(ROWS)('is tried by check, with the same sentence: %s', async (_, path, parts) => {
    const file = configWith(parts())
    const before = readdirSync(folder)
    const { ok, problems } = await checked(file)
    expect([ok, problems.map((one) => one.path)]).toEqual([false, [path]])
    expect(problems[0]?.line).toBeGreaterThan(0)
    expect(readdirSync(folder)).toEqual(before)
    const started = await start(file)
    expect(started.code).toBe(1)
    expect(started.stderr.trimEnd()).toMatch(/^radsluice: /)
    expect(started.stderr).toContain(problems[0]?.message)
  })

  it('is all good where nothing is wrong, and nothing is left behind', async () => {
    const top = `log: { directory: a/b }\ntps: { directory: c }\naccounting: { sessions_log: { directory: d } }`
    const file = configWith({ top, server: ', source_address: 127.0.0.1' })
    const before = readdirSync(folder)
    expect(await checked(file)).toMatchObject({ ok: true, problems: [] })
    expect(readdirSync(folder)).toEqual(before)
  })

  it('is a warning where a port is taken, since that may be the daemon', async () => {
    const other = createSocket('udp4')
    other.bind(ports[0], '127.0.0.1')
    await once(other, 'listening')
    try {
      const file = configWith({})
      const { ok, warnings } = await checked(file)
      expect([ok, warnings.map((one) => one.path)]).toEqual([true, ['listen.authentication[0]']])
      expect(warnings[0]?.message).toContain('another program has this port')
      const started = await start(file)
      expect(started.stderr).toContain(warnings[0]?.message.split(' (if ')[0])
    } finally {
      other.close()
    }
  })

  it('is not looked at for another machine, nor where an address may be absent', async () => {
    const file = configWith({ listen: '"203.0.113.77:1812"' })
    expect((await check('-c', file, '--file-only')).code).toBe(0)
    const optional = configWith({ listen: '{ address: "203.0.113.77:1812", optional: true }' })
    expect((await checked(optional)).problems).toEqual([])
  })

  it('is told beside the problems of the file', async () => {
    const file = configWith({ listen: '"203.0.113.77:1812"', top: 'drain_limt: 5s' })
    const { problems } = await checked(file)
    expect(problems.map((one) => one.path)).toEqual(['listen.authentication[0]', 'drain_limt'])
  })
})
