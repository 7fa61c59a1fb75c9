/**
 * Operators at work on a running daemon: the commands, who may do what, a live view in a pseudo-terminal, and a stop that
 * sees who is attached.
 */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { Child, type Ended, run, until } from './kit/child.ts'
import { command } from './kit/command.ts'
import { asks, overSocket, overTcp } from './kit/control.ts'
import { CLIENT_SECRET, Daemon, RADSLUICE, serverEntry } from './kit/daemon.ts'
import { ScriptedClient } from './kit/scripted-client.ts'
import { type Script, ScriptedServer, silence, yes } from './kit/scripted-server.ts'
import { papRequest } from './kit/wire.ts'

const TOKEN = 'f00dfacef00dfacef00dface'
const NOBODY = 65_534

interface Endable {
  kill(): Promise<unknown>
}
const open: Endable[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.kill()
})

interface Setting {
  readonly daemon: Daemon
  readonly servers: readonly ScriptedServer[]
  readonly client: ScriptedClient
  /** A command of ours against this daemon. */
  readonly sluice: (...words: string[]) => Promise<Ended>
}

const setUp = async (scripts: readonly Script[], ending: Endable[] = open): Promise<Setting> => {
  const servers = await Promise.all(scripts.map((script) => ScriptedServer.start(script)))
  for (const server of servers) ending.push({ kill: () => server.close() })
  const entries = servers.map((server, at) =>
    serverEntry(`s${at + 1}`, { authPort: server.port, secret: server.secret }),
  )
  const daemon = await Daemon.start({ farm: { servers: entries } })
  ending.push(daemon)
  const client = new ScriptedClient(CLIENT_SECRET)
  ending.push({ kill: () => client.close() })
  await client.open(1)
  const sluice = (...words: string[]): Promise<Ended> =>
    command([...words, '--admin', `127.0.0.1:${daemon.ports.admin}`])
  return { daemon, servers, client, sluice }
}

/** One daemon for the tests that look at it and leave its servers and itself as they are. */
let looked: Promise<Setting> | undefined
const openToTheLast: Endable[] = []
const lookedAt = (): Promise<Setting> => {
  looked ??= setUp([yes], openToTheLast)
  return looked
}
afterAll(async () => {
  for (const one of openToTheLast.reverse()) await one.kill()
})

const login = ({ client, daemon }: Setting, identifier: number, user = 'alice'): void =>
  client.send(0, papRequest({ secret: CLIENT_SECRET, identifier, user }), daemon.ports.authentication)

describe('commands', () => {
  it('take a server down and up: what waited goes to the other, and new requests too', async () => {
    const set = await setUp([silence, yes])
    const { daemon, servers, client, sluice } = set
    for (let n = 0; n < 5; n += 1) login(set, n)
    await daemon.reaches(({ classes }) => classes.authentication.outstanding === 5, 'five at the silent server')
    const down = await sluice('server', 'down', 's1')
    expect([down.code, down.stdout]).toEqual([0, expect.stringContaining('s1 is held Down for authentication until')])
    login(set, 5)
    await until(() => client.replies.length === 6, 'the six answers, five of them by failover')
    expect(servers[0]?.requests).toHaveLength(5)
    expect((await sluice('status')).stdout).toMatch(/^s1 .* held Down/m)
    const up = await sluice('server', 'up', 's1', '--json')
    expect([up.code, JSON.parse(up.stdout)]).toEqual([
      0,
      { server: 's1', heldDown: false, changed: ['authentication'], unserved: [] },
    ])
    expect(daemon.child.stdout).toContain('"event":"operated"')
    expect(daemon.child.stdout).toMatch(/"by":"the admin socket \(.*, pid \d+\)","what":"server s1 is held Down/)
  })

  it('say what they were refused for, with the exit code of it', async () => {
    const { daemon, sluice } = await setUp([yes])
    const cases: [words: string[], code: number, says: RegExp][] = [
      [['server', 'down', 's9'], 1, /no server is called "s9"; there are "s1"/],
      [['trace', '--client', 'nobody'], 1, /no client is called "nobody"; there are "/],
      [['set', 'max-rate', 's1', 'authentication', 'fast'], 2, /"fast" is no rate/],
      [['top'], 2, /top needs a terminal/],
    ]
    for (const [words, code, says] of cases) {
      const ended = await sluice(...words)
      expect([words, ended.code, ended.stderr]).toEqual([words, code, expect.stringMatching(says)])
    }
    writeFileSync(daemon.configFile, 'clients: no\n')
    const reload = await sluice('reload')
    expect([reload.code, reload.stdout]).toEqual([3, expect.stringContaining('clients')])
  })

  it('show what there is', async () => {
    const { sluice } = await lookedAt()
    await sluice('set', 'max-rate', 's1', 'authentication', '77')
    expect((await sluice('show', 'config')).stdout).toMatch(
      /^# override: max_rate of s1 for authentication is 77\/s[\s\S]*secret: "\[secret\]"/m,
    )
    expect((await sluice('show', 'queues', '--json')).stdout).toContain('"limits"')
  })

  it('follow a request, without its password', async () => {
    const set = await lookedAt()
    const tracing = new Child(RADSLUICE, [
      'trace',
      '--user',
      'bob',
      '--count',
      '3',
      '--admin',
      `127.0.0.1:${set.daemon.ports.admin}`,
    ])
    await tracing.says(/following/)
    login(set, 1, 'alice')
    login(set, 2, 'bob')
    const { code, stdout, stderr } = await tracing.end()
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/)[3])).toEqual([
      'received',
      'sent',
      'answered',
      undefined,
    ])
    expect(stdout).toMatch(/received +Access-Request id 2 of loopback 127\.0\.0\.1:\d+, user bob$/m)
    expect([code, stderr]).toEqual([0, expect.stringContaining('the count is reached: 3 steps')])
    expect((await set.daemon.status()).attached).toEqual([])
  })

  it('drain and stay, then stop', async () => {
    const { daemon, sluice } = await setUp([yes])
    expect(await sluice('drain')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('drained: nothing is in hand'),
    })
    expect((await daemon.get('/readyz'))?.status).toBe(503)
    expect((await sluice('reload')).stderr).toContain('it drains')
    expect(await sluice('stop')).toMatchObject({ code: 0, stdout: 'stopped\n' })
    expect((await daemon.child.end()).code).toBe(0)
  })
})

/** `top` in a pseudo-terminal of that size, until it has drawn; the answer is what the terminal got. */
const topAt = async (daemon: Daemon, columns: number, rows: number) => {
  const typed = `stty cols ${columns} rows ${rows}; exec ${RADSLUICE} top --admin 127.0.0.1:${daemon.ports.admin}`
  const child = spawn('script', ['-qfec', typed, '/dev/null'], {
    env: { ...process.env, NO_COLOR: '', TERM: 'xterm' },
  })
  let got = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    got += text
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const top = {
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
    press: (key: string) => child.stdin.write(key),
    ended,
    /** The lines of the last whole frame, without colours. */
    lines: (): string[] => {
      // A pseudo-terminal makes CR LF of each LF, also of one that has its CR.
      const [frame = ''] = got
        .slice(got.lastIndexOf('\u001b[H') + 3)
        .replaceAll('\r\r', '\r')
        .split('\u001b[J')
      return frame.split('\r\n').map((line) =>
        line
          .split('\u001b[')
          .map((part, at) => (at === 0 ? part : part.replace(/^[\d;]*[a-zA-Z]/, '')))
          .join(''),
      )
    },
    all: () => got,
  }
  open.push(top)
  await until(
    () => top.lines().length === rows,
    `a frame of ${rows} lines`,
    15_000,
    () => got,
  )
  return top
}

describe('top', () => {
  it.each([
    [80, 24],
    [132, 40],
  ])('fills a terminal of %i columns and %i rows, and gives it back', async (columns, rows) => {
    const set = await lookedAt()
    const top = await topAt(set.daemon, columns, rows)
    expect(top.lines().filter((line) => line.length > columns)).toEqual([])
    expect(top.lines()[0]).toMatch(/^radsluice \d+\.\d+\.\d+ {2}running/)
    expect(top.lines()[5]).toMatch(/^s1 +auth +Active/)
    login(set, 1)
    await until(
      () => /^auth(entication)? +in +[1-9]/.test(top.lines()[1] ?? ''),
      'a rate that is not 0',
      10_000,
      top.all,
    )
    top.press('s')
    await until(() => top.lines().at(-1)?.includes('sorted by rate') ?? false, 'another order', 10_000, top.all)
    top.press('p')
    await until(() => top.lines().at(-1)?.includes('PAUSED') ?? false, 'a pause', 10_000, top.all)
    top.press('q')
    expect(await top.ended).toBe(0)
    expect(top.all().trimEnd().endsWith('\u001b[?25h\u001b[?1049l')).toBe(true)
  })

  it('is somebody attached: a stop names it and is refused, unless forced', async () => {
    const { daemon, sluice } = await setUp([yes])
    const top = await topAt(daemon, 80, 24)
    const refused = await sluice('stop')
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/somebody is attached: top by 127\.0\.0\.1 \(.*pid \d+\)/),
    ])
    expect(daemon.child.isRunning).toBe(true)
    expect((await sluice('stop', '--force')).code).toBe(0)
    await until(() => /no answer|has ended/.test(top.lines()[0] ?? ''), 'a notice that nobody answers', 10_000, top.all)
    top.press('q')
    expect(await top.ended).toBe(0)
  })
})

describe('rights', () => {
  const change = { method: 'POST', path: '/servers/s1/down' }
  const isUntouched = async (daemon: Daemon): Promise<boolean> => {
    const { overrides, lanes, phase } = await daemon.status()
    return overrides.held.length === 0 && phase === 'running' && lanes.every(({ state }) => state === 'active')
  }

  it('are those of the socket’s file: mode 0600, gone with the daemon, and taken over from a dead one', async () => {
    const { daemon, sluice } = await setUp([yes])
    const { adminSocket: path = '' } = await daemon.status()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await daemon.child.stop('SIGKILL')
    expect(existsSync(path)).toBe(true)
    const again = new Child(RADSLUICE, ['run', '-c', daemon.configFile])
    open.push({ kill: () => again.stop('SIGKILL') })
    await again.says(/"event":"started"/)
    expect((await sluice('server', 'down', 's1')).code).toBe(0)
    await again.stop()
    expect(existsSync(path)).toBe(false)
  })

  it.skipIf(process.getuid?.() !== 0)('keep every other user out', async () => {
    const { daemon } = await setUp([yes])
    const { adminSocket: path = '' } = await daemon.status()
    chmodSync(dirname(path), 0o755)
    // It becomes another user once it runs: that user may not be able to reach this checkout's Node.
    const become = `process.setgroups([]); process.setgid(${NOBODY}); process.setuid(${NOBODY});`
    const script = `${become} require('net').connect(${JSON.stringify(path)}).on('error', (e) => console.log(e.code)).on('connect', () => { console.log('in'); process.exit() })`
    const tried = spawn(process.execPath, ['-e', script], { cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    tried.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    await new Promise((resolve) => tried.once('close', resolve))
    expect(said.trim()).toBe('EACCES')
  })

  it('over TCP are those of a token: none changes nothing, a wrong one neither, the right one is logged by its name', async () => {
    const set = await setUp([yes])
    const { daemon, sluice } = set
    const bare = await asks(overTcp(daemon), change)
    expect([bare.status, bare.json]).toEqual([403, { error: expect.stringContaining('this address can only be read') }])
    const file = join(daemon.folder, 'tokens')
    writeFileSync(file, `noc ${TOKEN}\n`, { mode: 0o600 })
    const settings = JSON.parse((await run('cat', [daemon.configFile])).stdout) as { admin: object }
    writeFileSync(
      daemon.configFile,
      JSON.stringify({ ...settings, admin: { ...settings.admin, token_file: 'tokens' } }),
    )
    expect((await asks(await overSocket(daemon), { method: 'POST', path: '/reload' })).status).toBe(200)
    for (const authorization of [undefined, 'Bearer ', `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, 'Bearer noc']) {
      const headers = authorization === undefined ? {} : { authorization }
      expect((await asks(overTcp(daemon), { ...change, headers })).status, authorization).toBe(401)
    }
    expect((await asks(overTcp(daemon), { method: 'GET', path: '/config' })).status).toBe(401)
    expect(await isUntouched(daemon)).toBe(true)
    expect((await sluice('server', 'down', 's1', '--token-file', file)).code).toBe(0)
    await daemon.child.says(/"by":"token noc from 127\.0\.0\.1 \(.*pid \d+\)"/)
    expect(daemon.child.stdout).not.toContain(TOKEN)
    expect(daemon.child.stdout).toContain('"event":"admin-refused"')
  })
})
