/**
 * The command line as it is typed: exit codes, one sentence for each mistake, data on standard output, talk beside it.
 */
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ended, run } from './kit/child.ts'
import { type CommandOptions, command } from './kit/command.ts'
import { CLIENT_SECRET, Daemon, RADSLUICE, ROOT, serverEntry } from './kit/daemon.ts'
import { freePort } from './kit/ports.ts'
import { ScriptedServer } from './kit/scripted-server.ts'
import { attributeOf, CODE, papRequest, shownPassword, TYPE } from './kit/wire.ts'

const folder = mkdtempSync(join(tmpdir(), 'radsluice-cli-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const file = (name: string, content: string | Buffer): string => {
  writeFileSync(join(folder, name), content, { mode: 0o600 })
  return join(folder, name)
}
const radsluice = (words: readonly string[], options: CommandOptions = {}): Promise<Ended> =>
  command(words, { limitMs: 20_000, cwd: folder, ...options })

/** A mistake of the user gets a sentence, never a stack. */
function expectSentence(ended: Ended, code: number, sentence: RegExp): void {
  expect(ended.stderr).toMatch(sentence)
  expect(ended.stderr).not.toMatch(/\n\s+at /)
  expect(ended.code).toBe(code)
}

const VERBS = ['run', 'check', 'schema', 'status', 'send', 'decode', 'simulate', 'plan', 'demo']

describe.concurrent('--help', () => {
  it.each([[], ...VERBS.map((verb) => [verb])])(
    'begins with two command lines that can be copied: %s',
    async (...verb) => {
      const { code, stdout, stderr } = await radsluice([...verb, '--help'])
      const lines = stdout.split('\n')
      expect(lines[0]).toBe('Examples:')
      for (const line of lines.slice(1, 3)) expect(line).toMatch(new RegExp(`^radsluice ${verb[0] ?? '\\w+'}\\b.*  # `))
      expect(stdout).not.toContain('demo-server')
      expect([code, stderr]).toEqual([0, ''])
    },
  )

  it('knows every verb', async () => {
    const { stdout } = await radsluice(['--help'])
    for (const verb of VERBS) expect(stdout).toMatch(new RegExp(`^  radsluice ${verb}\\b`, 'm'))
  })
})

describe.concurrent('a mistake in the command', () => {
  it.each([
    ['an unknown verb', ['frobnicate']],
    ['an unknown option', ['check', '-c', 'x.yaml', '--frobnicate']],
    ['a missing option', ['check']],
    ['a secret in the arguments', ['send', 'status', '--secret', 'testing123']],
    ['no secret at all', ['send', 'status']],
    ['two secrets', ['send', 'status', '--secret-file', 'a', '--secret-env', 'B']],
    ['a variable that is not there', ['send', 'status', '--secret-env', 'NO_SUCH_VARIABLE']],
    ['a server that is no address', ['send', 'status', '--secret-env', 'S', '--server', 'radius.example']],
    ['hex that is none', ['decode', 'xyz']],
    ['a demo server by hand', ['demo-server']],
    ['an admin address that is none', ['status', '--admin', 'http://[']],
    ['an option before any verb', ['--', '--frobnicate']],
    ['an option without its value', ['check', '-c']],
    ['an option of numbers without its value', ['plan', '--sessions']],
    ['an option without its value before another one', ['status', '--admin', '--json']],
  ])('%s: a sentence and exit 2', async (_what, words) => {
    const ended = await radsluice(words, { env: { ...process.env, S: 'a secret' } })
    expectSentence(ended, 2, /^radsluice: \S/)
    expect(ended.stdout).toBe('')
  })
})

it('takes the verb after "--" too, and starts no demo', async () => {
  const { code, stdout } = await radsluice(['--', 'schema'])
  expect(stdout).toContain('"$schema"')
  expect(code).toBe(0)
})

describe('check', () => {
  const good = {
    clients: [{ name: 'c', address: '127.0.0.1', secret: 'long enough for us' }],
    farm: { servers: [{ name: 's', address: '192.0.2.1', secret: 'long enough for us' }] },
  }

  it('says of a good file that it is, with exit 0', async () => {
    const { code, stdout } = await radsluice(['check', '-c', file('good.yaml', JSON.stringify(good))])
    expect(stdout).toMatch(/good\.yaml is good: 1 client entry, 1 server\n$/)
    expect(code).toBe(0)
  })

  it('prints all problems with their places on standard output, with exit 3', async () => {
    const bad = file('bad.yaml', 'clientz: []\nfarm:\n  servers:\n    - { name: s, address: nowhere, secret: x }\n')
    const { code, stdout, stderr } = await radsluice(['check', '-c', bad])
    const lines = stdout.trimEnd().split('\n')
    expect(lines.length).toBeGreaterThanOrEqual(3)
    for (const line of lines) expect(line).toMatch(/bad\.yaml:\d+:\d+: /)
    expect(stderr).toContain(`${lines.length} problems in`)
    expect(code).toBe(3)
  })

  it('gives the same as JSON', async () => {
    const bad = file('bad.json.yaml', 'clientz: []\n')
    const { code, stdout } = await radsluice(['check', '-c', bad, '--json'])
    const { ok, problems } = JSON.parse(stdout) as { ok: boolean; problems: { line: number }[] }
    expect([ok, problems[0]?.line, code]).toEqual([false, 1, 3])
  })
})

describe('schema', () => {
  it('is the schema that is committed', async () => {
    const { code, stdout } = await radsluice(['schema'])
    expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(join(ROOT, 'config.schema.json'), 'utf8')))
    expect(code).toBe(0)
  })
})

describe('decode', () => {
  const packet = papRequest({ secret: CLIENT_SECRET, identifier: 7, user: 'alice', password: 'wonderland' })
  const env = { ...process.env, S: CLIENT_SECRET, WRONG: 'another secret' }

  it('shows a packet given as hex, its password hidden', async () => {
    const { code, stdout } = await radsluice(['decode', packet.toString('hex')])
    expect(stdout).toMatch(/^Access-Request Id 7 Length \d+\n/)
    expect(stdout).toContain('User-Name = "alice"')
    expect(stdout).toContain('User-Password = [hidden]')
    expect(code).toBe(0)
  })

  it('reads hex from standard input', async () => {
    const { code, stdout } = await run(RADSLUICE, ['decode', '-'], { stdin: `0x${packet.toString('hex')}\n` })
    expect([code, stdout.split(' ')[0]]).toEqual([0, 'Access-Request'])
  })

  it('verifies with a secret, and shows the password only when asked', async () => {
    const hex = packet.toString('hex')
    const verified = await radsluice(['decode', hex, '--secret-env', 'S'], { env })
    expect(verified.stdout).toContain('(verified)')
    expect(verified.stdout).not.toContain('wonderland')
    const shown = await radsluice(['decode', hex, '--secret-env', 'S', '--show-passwords'], { env })
    expect(shown.stdout).toContain('User-Password = "wonderland"')
    const wrong = await radsluice(['decode', hex, '--secret-env', 'WRONG'], { env })
    expect(wrong.stdout).toContain('does not verify')
  })

  const captureOf = (name: string, ...frames: Buffer[]): string => {
    const heading = Buffer.from('d4c3b2a1020004000000000000000000ffff000065000000', 'hex')
    const records = frames.flatMap((frame) => {
      const record = Buffer.alloc(16)
      record.writeUInt32LE(frame.length, 8)
      record.writeUInt32LE(frame.length, 12)
      return [record, frame]
    })
    return file(name, Buffer.concat([heading, ...records]))
  }
  const ipOf = (payload: Buffer, fragment = 0): Buffer => {
    const ip = Buffer.from('450000000000000040110000c0000201c0000202', 'hex')
    ip.writeUInt16BE(20 + payload.length, 2)
    ip.writeUInt16BE(fragment, 6)
    return Buffer.concat([ip, payload])
  }
  const udp = Buffer.concat([Buffer.from([0x40, 0, 7, 0x14, 0, packet.length + 8, 0, 0]), packet])

  it('shows the RADIUS packets of a capture, as JSON for programs', async () => {
    const { code, stdout } = await radsluice(['decode', captureOf('one.pcap', ipOf(udp)), '--json'])
    expect(JSON.parse(stdout)).toMatchObject([
      { from: '192.0.2.1:16384', to: '192.0.2.2:1812', codeName: 'Access-Request' },
    ])
    expect(code).toBe(0)
  })

  it('puts the fragments of a capture together, and says how many it could not use', async () => {
    const [first, rest] = [ipOf(udp.subarray(0, 32), 0x2000), ipOf(udp.subarray(32), 4)]
    const complete = await radsluice(['decode', captureOf('fragments.pcap', first, rest)])
    expect(complete.stdout).toContain('User-Name = "alice"')
    expect([complete.code, complete.stderr]).toEqual([0, ''])
    const { code, stdout, stderr } = await radsluice(['decode', captureOf('piece.pcap', ipOf(udp), first)])
    expect([code, stdout.match(/Access-Request/g)?.length]).toEqual([0, 1])
    expect(stderr).toMatch(
      /^(radsluice: )?1 fragment of an IP datagram is not shown, since the others of its datagram are not/m,
    )
  })

  it('loads a dictionary file', async () => {
    const dictionary = file('dictionary.own', 'ATTRIBUTE\tOur-Own-Thing\t245\tstring\n')
    const own = Buffer.from('0107001c00000000000000000000000000000000f508686172616c64', 'hex')
    const { stdout } = await radsluice(['decode', own.toString('hex'), '--dictionary', dictionary])
    expect(stdout).toContain('Our-Own-Thing = "harald"')
  })

  it('says what is wrong with a packet that is none, with exit 1', async () => {
    const { code, stdout } = await radsluice(['decode', '0107'])
    expect([code, stdout]).toEqual([1, 'no RADIUS packet: too-short\n'])
  })
})

describe('send', () => {
  let server: ScriptedServer
  beforeAll(async () => {
    server = await ScriptedServer.start(({ message }) => {
      const password = attributeOf(message, TYPE.userPassword)
      if (password === undefined)
        return { code: message.code === CODE.accountingRequest ? CODE.accountingResponse : CODE.accessAccept }
      const shown = shownPassword(password, message.authenticator, server.secret)
      if (shown === 'silence') return undefined
      return { code: shown === 'wonderland' ? CODE.accessAccept : CODE.accessReject }
    })
  })
  afterAll(() => server.close())

  const send = (words: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
    radsluice(['send', ...words, '--server', `127.0.0.1:${server.port}`, '--secret-env', 'S'], {
      env: { ...process.env, S: server.secret, P: 'wonderland', ...env },
    })

  it('shows an Access-Accept, with exit 0', async () => {
    const { code, stdout, stderr } = await send(['auth', '--user', 'alice', '--password-env', 'P'])
    expect(stdout).toMatch(/^Access-Accept Id \d+ Length \d+\n/)
    expect(stderr).toMatch(/^from 127\.0\.0\.1:\d+ after [\d.]+ ms\n$/)
    expect(code).toBe(0)
  })

  it('shows an Access-Reject, with exit 1', async () => {
    const { code, stdout } = await send(['auth', '--password-env', 'P'], { P: 'wrong' })
    expect([code, stdout.split(' ')[0]]).toEqual([1, 'Access-Reject'])
  })

  it.each([
    ['acct', 'Accounting-Response'],
    ['status', 'Access-Accept'],
  ])('sends %s, with exit 0 for %s', async (what, answer) => {
    const { code, stdout } = await send([what, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ answer: { codeName: answer }, fault: null })
    expect(code).toBe(0)
  })

  it('does not take an answer that does not verify, with exit 1', async () => {
    const { code, stderr } = await send(['status'], { S: 'not the secret' })
    expect(stderr).toContain('is the shared secret right?')
    expect(code).toBe(1)
  })

  it('says that nobody answered, with exit 1', async () => {
    const { code, stdout, stderr } = await send(['auth', '--password-env', 'P', '--timeout', '0.3'], { P: 'silence' })
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/no answer within 0\.3 s/)
  })

  it('says that nothing listens there, with exit 1', async () => {
    const words = ['send', 'status', '--server', `127.0.0.1:${await freePort()}`, '--secret-env', 'S']
    const ended = await radsluice(words, { env: { ...process.env, S: 'a secret' } })
    expectSentence(ended, 1, /nothing listens there/)
  })
})

describe('status', () => {
  let server: ScriptedServer
  let daemon: Daemon
  beforeAll(async () => {
    server = await ScriptedServer.start()
    const entry = serverEntry(
      'scripted',
      { authPort: server.port, secret: server.secret },
      { authentication: { max_rate: 30 } },
    )
    daemon = await Daemon.start({ farm: { servers: [entry] } })
  })
  afterAll(async () => {
    await daemon.kill()
    await server.close()
  })
  const status = (...words: string[]): Promise<Ended> =>
    radsluice(['status', '--admin', `127.0.0.1:${daemon.ports.admin}`, ...words])

  it('is a table for people, without colour in a pipe, with exit 0 for a healthy daemon', async () => {
    const { code, stdout, stderr } = await status()
    expect(stdout).toMatch(/^radsluice \d+\.\d+\.\d+ {2}pid \d+ {2}running, healthy/)
    expect(stdout).toMatch(/^scripted +authentication +127\.0\.0\.1:\d+ +Active/m)
    expect(stdout).toMatch(/^scripted +authentication +30\/s +20 /m)
    expect(stdout).not.toContain('\u001b')
    expect([code, stderr]).toEqual([0, ''])
  })

  it('is the whole report as JSON, with the slot grid and both clocks', async () => {
    const { code, stdout } = await status('--json')
    const report = JSON.parse(stdout) as {
      clock: { monotonic_us: number; wall_us: number }
      lanes: { slots: object }[]
    }
    expect(report.lanes[0]?.slots).toMatchObject({
      maxRate: 30,
      slotsPerSecond: 20,
      slotLength: 50_000,
      beganAt: expect.any(Number),
      quota: expect.any(Number),
      sent: 0,
    })
    expect(Math.abs(report.clock.wall_us / 1_000 - Date.now())).toBeLessThan(10_000)
    expect(code).toBe(0)
  })

  it('is exit 3 where none runs, and where something else answers', async () => {
    const nobody = await radsluice(['status', '--admin', `127.0.0.1:${await freePort()}`])
    expectSentence(nobody, 3, /nothing listens at .*start radsluice/)
    const other = createServer((_request, response) => response.end('something else')).listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    expectSentence(await radsluice(['status', '--admin', `127.0.0.1:${port}`]), 3, /is not radsluice/)
    other.close()
  })

  it('believes no other program its name, nor the path of a socket where others may write', async () => {
    const open = join(folder, 'open')
    mkdirSync(open)
    chmodSync(open, 0o777)
    const socket = join(open, 'a.sock')
    const asked: (string | undefined)[] = []
    const behind = createServer(({ url }, response) => {
      asked.push(url)
      response.end('{}')
    }).listen(socket)
    let status: object = { name: 'radsluice', adminSocket: socket }
    const other = createServer((_request, response) => response.end(JSON.stringify(status))).listen(0, '127.0.0.1')
    await Promise.all([once(other, 'listening'), once(behind, 'listening')])
    const admin = ['--admin', `127.0.0.1:${(other.address() as AddressInfo).port}`]
    expectSentence(
      await radsluice(['status', ...admin]),
      3,
      /has no "version": it is another program or another version/,
    )
    status = { ...(await daemon.status()), adminSocket: socket }
    expectSentence(
      await radsluice(['reload', ...admin]),
      1,
      /names the socket .*others may write to its folder; give it/,
    )
    expect(asked).toEqual([])
    other.close()
    behind.close()
  })
})

describe('run', () => {
  it('without a file that is there ends with exit 3 and a sentence', async () => {
    expectSentence(
      await run(RADSLUICE, ['-c', 'no-such.yaml'], { cwd: folder }),
      3,
      /no-such\.yaml.*does not exist[\s\S]*nothing was started/,
    )
  })
})
