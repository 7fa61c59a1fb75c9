/**
 * What a reload changes, told before and after: `check --against-running`, `reload`, the log; and files named as they are
 * found, wherever the daemon and its operator stand.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { Child, type Ended, run, until } from './kit/child.ts'
import { command } from './kit/command.ts'
import { asks, overSocket, overTcp } from './kit/control.ts'
import { CLIENT_SECRET, Daemon, RADSLUICE, type Settings, serverEntry, settingsText } from './kit/daemon.ts'

const OTHER_SECRET = 'another-secret-that-nobody-may-see'
const TOKEN = 'f00dfacef00dfacef00dface'

const open: { kill(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.kill()
})

const server = (name: string, rate: number, secret = CLIENT_SECRET): Settings =>
  serverEntry(name, { authPort: 9, secret }, { authentication: { port: 9, max_rate: rate } })
const before: Settings = { farm: { servers: [server('s1', 50), server('s2', 50)] } }
const after: Settings = {
  drain_limit: '5s',
  instances: 2,
  farm: { servers: [server('s1', 80, OTHER_SECRET), server('s3', 50)] },
}
const CHANGES = [
  'instances: 1 -> 2 (after a restart)',
  'drain_limit: 20s -> 5s',
  'farm.servers[s1].secret: secret changed',
  'farm.servers[s1].authentication.max_rate: 50 -> 80',
  'farm.servers[s2]: removed (127.0.0.1)',
  'farm.servers[s3]: added (127.0.0.1)',
]

interface Setting {
  readonly daemon: Daemon
  readonly sluice: (...words: string[]) => Promise<Ended>
}
const start = async (ending = open): Promise<Setting> => {
  const daemon = await Daemon.start({ instances: 1, ...before })
  ending.push(daemon)
  return { daemon, sluice: (...words) => command([...words, '--admin', `127.0.0.1:${daemon.ports.admin}`]) }
}

/** One daemon for the tests that only ask it, and leave its file and what it does as they are. */
let asked: Promise<Setting> | undefined
const openToTheLast: typeof open = []
const onlyAsked = (): Promise<Setting> => {
  asked ??= start(openToTheLast)
  return asked
}
afterAll(async () => {
  for (const one of openToTheLast) await one.kill()
})

describe('a reload', () => {
  it('says before and after what it changes, setting by setting, and no secret', async () => {
    const { daemon, sluice } = await start()
    await sluice('set', 'max-rate', 's1', 'authentication', '77')
    const next = join(daemon.folder, 'next.yaml')
    writeFileSync(next, settingsText(daemon.ports, after), { mode: 0o600 })
    const told = await sluice('check', '-c', next, '--against-running')
    expect([told.code, told.stdout.split('\n').slice(1, 7).sort()]).toEqual([0, [...CHANGES].sort()])
    expect(told.stdout).toMatch(/^override ends: max_rate of s1 for authentication \(77\/s, set by the admin socket/m)
    expect(told.stdout).toContain('a reload would change 6 settings')
    expect(told.stderr).toContain(`the daemon runs with ${daemon.configFile}`)
    expect((await daemon.status()).config.reloadsOk).toBe(0)
    writeFileSync(daemon.configFile, readFileSync(next))
    const taken = await sluice('reload')
    expect([taken.code, taken.stdout.split('\n').slice(0, 6).sort()]).toEqual([0, [...CHANGES].sort()])
    expect(taken.stdout).toContain(`${daemon.configFile} holds (`)
    const again = await sluice('reload', '--json')
    // What waits for a restart differs still.
    expect(JSON.parse(again.stdout)).toMatchObject({
      file: daemon.configFile,
      changes: [{ path: 'instances', kind: 'changed', was: '1', is: '2', needsRestart: true }],
      waitingForRestart: ['instances'],
      endedOverrides: [],
    })
    const line = daemon.child.stdout.split('\n').find((one) => one.includes('"event":"reloaded"')) ?? ''
    expect(JSON.parse(line)).toMatchObject({ changes: expect.stringContaining('drain_limit: 20s -> 5s; ') })
    for (const text of [told.stdout, taken.stdout, again.stdout, daemon.child.stdout]) {
      expect(text).not.toContain(OTHER_SECRET)
      expect(text).not.toContain(CLIENT_SECRET)
    }
  })

  it('is foretold as JSON whatever comes of it', async () => {
    const { daemon } = await onlyAsked()
    const next = join(daemon.folder, 'next.yaml')
    const client = { name: 'c', address: '192.0.2.1', secret_env: 'ONLY_HERE' }
    const check = async (
      settings: Settings,
      admin = `127.0.0.1:${daemon.ports.admin}`,
    ): Promise<[number | null, unknown]> => {
      writeFileSync(next, settingsText(daemon.ports, settings), { mode: 0o600 })
      const words = ['check', '-c', next, '--file-only', '--against-running', '--json', '--admin', admin]
      const { code, stdout } = await command(words, { env: { ...process.env, ONLY_HERE: OTHER_SECRET } })
      return [code, JSON.parse(stdout)]
    }
    expect(await check(before)).toMatchObject([0, { ok: true, problems: [], changes: [] }])
    expect(await check({ ...before, clients: [client] })).toMatchObject([
      3,
      {
        ok: false,
        error: expect.stringMatching(/the running daemon would refuse it/),
        problems: [{ message: expect.stringContaining('ONLY_HERE') }],
      },
    ])
    const nowhere = join(daemon.folder, 'nowhere.sock')
    expect(await check(before, nowhere)).toMatchObject([
      3,
      { ok: false, error: expect.stringContaining(nowhere), problems: [] },
    ])
  })

  it('says that nothing changed', async () => {
    const { daemon, sluice } = await onlyAsked()
    expect((await sluice('check', '-c', daemon.configFile, '--against-running')).stdout).toMatch(/\nnothing changed\n$/)
    expect((await sluice('reload')).stdout).toMatch(/^nothing changed\n/)
  })

  it('is foretold over the socket only, and of a whole path', async () => {
    const { daemon } = await start()
    writeFileSync(join(daemon.folder, 'tokens'), `noc ${TOKEN}\n`, { mode: 0o600 })
    const admin = { listen: `127.0.0.1:${daemon.ports.admin}`, token_file: 'tokens' }
    writeFileSync(daemon.configFile, settingsText(daemon.ports, { ...before, admin }))
    const socket = await overSocket(daemon)
    expect((await asks(socket, { method: 'POST', path: '/reload' })).status).toBe(200)
    const ask = { method: 'POST', path: '/reload/preview', body: { file: daemon.configFile } }
    const byToken = await asks(overTcp(daemon), { ...ask, headers: { authorization: `Bearer ${TOKEN}` } })
    expect([byToken.status, byToken.json]).toMatchObject([
      403,
      { error: expect.stringContaining('over the admin socket only') },
    ])
    expect((await asks(socket, { ...ask, body: { file: 'radsluice.yaml' } })).status).toBe(400)
    expect((await asks(socket, { ...ask, body: { file: join(daemon.folder, 'tokens') } })).status).toBe(422)
    expect((await asks(socket, ask)).status).toBe(200)
  })
})

describe('a pipe in the place of a file', () => {
  const pipeAt = (path: string): string => {
    rmSync(path, { force: true })
    execFileSync('mkfifo', [path])
    return path
  }
  const refused = /is a pipe, which can be read only once; write the path of a file/

  it('holds up no daemon: it is refused, by signal and by word, as configuration and as secret', async () => {
    const { daemon, sluice } = await start()
    const pipe = pipeAt(join(daemon.folder, 'pipe'))
    const ask = { method: 'POST', path: '/reload/preview', body: { file: pipe } }
    expect((await asks(await overSocket(daemon), ask)).text).toMatch(refused)
    const secret = { ...before, clients: [{ name: 'one', address: '127.0.0.1', secret_file: 'pipe' }] }
    writeFileSync(daemon.configFile, settingsText(daemon.ports, secret))
    expect((await sluice('reload')).stdout).toMatch(refused)
    pipeAt(daemon.configFile)
    daemon.child.signal('SIGHUP')
    await until(() => daemon.child.stdout.split('"event":"reload-refused"').length === 3, 'a reload refused')
    expect((await daemon.status()).config.refused).toMatch(refused)
    expect((await daemon.child.stop()).code).toBe(0)
  })

  it('is not compared with what runs, and else read by the command', async () => {
    const { daemon, sluice } = await onlyAsked()
    const pipe = pipeAt(join(daemon.folder, 'pipe'))
    expect(await sluice('check', '-c', pipe, '--against-running')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^radsluice: the daemon can't read a pipe of this command.*write the text to a file/,
      ),
    })
    const words = ['-c', `cat ${daemon.configFile} > ${pipe} & ${RADSLUICE} check --file-only -c ${pipe}`]
    expect((await run('sh', words)).stdout).toContain(`${pipe} is good`)
  })

  it('whose writer never comes keeps no start from being ended', async () => {
    const { daemon } = await onlyAsked()
    const child = new Child(RADSLUICE, ['run', '-c', pipeAt(join(daemon.folder, 'pipe'))])
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect((await child.stop('SIGTERM')).code).not.toBe(0)
  })
})

describe('many problems of one reload', () => {
  it('are told in short by the log and by status, and all of them to whoever asked', async () => {
    const { daemon, sluice } = await start()
    const clients = Array.from({ length: 2_000 }, (_, i) => ({
      name: `c${i}`,
      address: `10.0.${i >> 8}.${i & 255}`,
      secret_file: `missing/${i}`,
    }))
    writeFileSync(daemon.configFile, settingsText(daemon.ports, { ...before, clients }))
    expect((await sluice('reload')).stdout).toContain('missing/1999')
    await until(() => daemon.child.stdout.includes('"event":"reload-refused"'), 'a reload refused')
    const line = daemon.child.stdout.split('\n').find((one) => one.includes('"event":"reload-refused"')) ?? ''
    expect(line).toMatch(/missing\/2 does not exist.*; \.\.\. and 1997 more/)
    expect(line.length).toBeLessThan(2_000)
    const shown = (await sluice('status')).stdout
    expect(shown).toMatch(/the last reload was refused: .*and 1997 more/)
    expect(Math.max(...shown.split('\n').map((one) => one.length))).toBeLessThan(2_000)
  })
})

describe('a daemon that was started with a relative path', () => {
  it('names its file by the whole path, and reads that again', async () => {
    const { daemon } = await start()
    await daemon.child.stop()
    const there = join(daemon.folder, 'elsewhere')
    mkdirSync(there)
    const file = relative(there, daemon.configFile)
    const child = new Child('sh', ['-c', `cd ${there} && exec ${RADSLUICE} run -c ${file}`])
    open.push({ kill: () => child.stop('SIGKILL') })
    await child.says(/"event":"started"/)
    expect(JSON.parse(child.stdout.split('\n').find((line) => line.includes('"started"')) ?? '')).toMatchObject({
      config: daemon.configFile,
    })
    expect((await daemon.status()).config.file).toBe(daemon.configFile)
    child.signal('SIGHUP')
    await until(() => child.stdout.includes('"event":"reloaded"'), 'a reload')
    expect(child.stdout).toContain(`"config":"${daemon.configFile}"`)
    const checked = await command(['check', '-c', 'radsluice.yaml'], { cwd: dirname(daemon.configFile) })
    expect(checked.stdout).toContain(`${daemon.configFile} is good`)
  })
})
