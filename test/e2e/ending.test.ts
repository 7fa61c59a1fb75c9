/**
 * How a daemon ends, as its operator sees it: a stop that would lose something is refused, one that can't finish leaves the
 * daemon there, with force it says what was left; and a drain that is taken back.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { Child, type Ended, until } from './kit/child.ts'
import { command } from './kit/command.ts'
import { asks, overSocket } from './kit/control.ts'
import { CLIENT_SECRET, Daemon, RADSLUICE, serverEntry } from './kit/daemon.ts'
import { ScriptedClient } from './kit/scripted-client.ts'
import { type Script, ScriptedServer, silence, yes } from './kit/scripted-server.ts'
import { accountingRequest, papRequest } from './kit/wire.ts'

const open: { kill(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.kill()
})

interface Setting {
  readonly daemon: Daemon
  readonly server: ScriptedServer
  readonly client: ScriptedClient
  readonly sluice: (...words: string[]) => Promise<Ended>
}

const setUp = async (script: Script, more: object = {}): Promise<Setting> => {
  const server = await ScriptedServer.start(script)
  open.push({ kill: () => server.close() })
  const ports = { authPort: server.port, acctPort: server.port, secret: server.secret }
  const farm = { dead_server: { probe: 'none' }, servers: [serverEntry('s1', ports)] }
  const daemon = await Daemon.start({ farm, ...more })
  open.push(daemon)
  const client = new ScriptedClient(CLIENT_SECRET)
  open.push({ kill: () => client.close() })
  await client.open(1)
  const sluice = (...words: string[]): Promise<Ended> =>
    command([...words, '--admin', `127.0.0.1:${daemon.ports.admin}`])
  return { daemon, server, client, sluice }
}

const login = ({ client, daemon }: Setting, identifier: number): void =>
  client.send(0, papRequest({ secret: CLIENT_SECRET, identifier, user: 'alice' }), daemon.ports.authentication)
const record = ({ client, daemon }: Setting, identifier: number): void => {
  const attributes = [
    [40, 2],
    [44, `session-${identifier}`],
  ] as const
  client.send(0, accountingRequest({ secret: CLIENT_SECRET, identifier, attributes }), daemon.ports.accounting)
}
const stays = async ({ daemon }: Setting, phase: 'running' | 'draining'): Promise<void> => {
  expect((await daemon.status()).phase).toBe(phase)
  expect((await daemon.get('/readyz'))?.status).toBe(phase === 'running' ? 200 : 503)
}

describe('a stop that would lose records', () => {
  it('is refused, with numbers, and nothing changes; with force it says what was left', async () => {
    const set = await setUp(yes, { drain_limit: '300ms' })
    expect((await set.sluice('server', 'down', 's1', '--class', 'accounting')).code).toBe(0)
    for (let n = 0; n < 7; n += 1) record(set, n)
    await set.daemon.reaches(({ classes }) => classes.accounting.queued === 7, 'seven records that wait')
    const refused = await set.sluice('stop')
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/7 records \(every server is Down or held Down\) can't be finished .*stop --force/),
    ])
    const answer = await asks(await overSocket(set.daemon), { method: 'POST', path: '/stop' })
    expect([answer.status, answer.json]).toMatchObject([
      409,
      { forecast: { isSafe: false, limitSeconds: 0.3, classes: { accounting: { unfinishable: 7 } } } },
    ])
    const json = await set.sluice('stop', '--json')
    expect([json.code, JSON.parse(json.stdout)]).toMatchObject([1, { stopped: false, forecast: { isSafe: false } }])
    expect((await set.daemon.status()).phase).toBe('running')
    const forced = await set.sluice('stop', '--force')
    expect([forced.code, forced.stdout]).toEqual([
      1,
      expect.stringMatching(/^stopped; left in hand: 7 records \(7 queued\); 7 records: they come again if /),
    ])
    expect((await set.daemon.child.end()).code).toBe(1)
    expect(set.daemon.child.stdout).toMatch(/"event":"drain-unfinished".*7 records \(7 queued\)/)
  })
})

describe('a stop while the only server has never answered', () => {
  it('is refused with a record in hand, not with none', async () => {
    const set = await setUp(silence, { drain_limit: '300ms' })
    record(set, 1)
    await set.daemon.reaches(({ classes }) => classes.accounting.outstanding === 1, 'a record at the silent server')
    const refused = await set.sluice('stop')
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/1 record \(no server is Active and has ever answered\) can't be finished /),
    ])
    await stays(set, 'running')
    const idle = await setUp(silence, { drain_limit: '300ms' })
    expect((await idle.sluice('stop')).code).toBe(0)
  })
})

describe('a stop whose forecast was wrong', () => {
  it('leaves the daemon there, draining, with all that it has; resume takes traffic again', async () => {
    const set = await setUp(yes, { drain_limit: '300ms' })
    record(set, 0)
    await until(() => set.client.replies.length === 1, 'the answer of a server that falls silent then')
    set.server.script = silence
    record(set, 1)
    await set.daemon.reaches(({ classes }) => classes.accounting.outstanding === 1, 'a record at the silent server')
    const stopped = await set.sluice('stop')
    expect([stopped.code, stopped.stdout]).toEqual([
      1,
      expect.stringMatching(/^not stopped: 1 record \(1 outstanding\) still in hand .*radsluice resume.*--force/),
    ])
    await stays(set, 'draining')
    expect(set.daemon.child.stdout).toContain('"event":"not-stopped"')
    const back = await set.sluice('resume')
    expect([back.code, back.stdout]).toEqual([0, 'it takes traffic again\n'])
    set.server.script = yes
    await until(() => set.client.replies.length === 2, 'the answer of the record')
    login(set, 2)
    await until(() => set.client.replies.length === 3, 'the answer of a new login')
    await stays(set, 'running')
    expect((await set.sluice('stop')).code).toBe(0)
    expect((await set.daemon.child.end()).code).toBe(0)
  })

  it('says that the connection broke where the daemon is killed before its last word', async () => {
    const set = await setUp(silence, { drain_limit: '30s' })
    record(set, 1)
    await set.daemon.reaches(({ classes }) => classes.accounting.outstanding === 1, 'a record at the silent server')
    const stop = new Child(RADSLUICE, ['stop', '--force', '--admin', `127.0.0.1:${set.daemon.ports.admin}`])
    open.push({ kill: () => stop.stop('SIGKILL') })
    await stop.says(/1 record \(1 outstanding\) in hand/)
    await set.daemon.child.stop('SIGKILL')
    const { code, stdout } = await stop.end()
    expect([code, stdout]).toEqual([1, expect.stringContaining('broke before the daemon said what was left')])
  })
})

describe('a drain', () => {
  it('says why it will not end, and ends once the server was taken up meanwhile', async () => {
    const set = await setUp(yes, { drain_limit: '20s' })
    expect((await set.sluice('server', 'down', 's1')).stdout).toContain(
      'it was the last that served authentication and',
    )
    record(set, 1)
    await set.daemon.reaches(({ classes }) => classes.accounting.queued === 1, 'a record that waits')
    const stuck = await set.sluice('drain', '--seconds', '0.5')
    expect([stuck.code, stuck.stderr]).toEqual([
      1,
      expect.stringMatching(/1 record \(every server is Down or held Down\).*"radsluice server up NAME"/),
    ])
    expect((await set.sluice('server', 'up', 's1')).code).toBe(0)
    const drained = await set.sluice('drain', '--seconds', '20')
    expect([drained.code, drained.stdout]).toEqual([0, expect.stringContaining('drained: nothing is in hand')])
  })

  it('says what is left, and what becomes of it; it is taken back, but not while a stop ends it', async () => {
    const set = await setUp(silence, { drain_limit: '2s' })
    expect((await set.sluice('resume')).stdout).toContain('it was not draining: it takes traffic as before')
    login(set, 1)
    await set.daemon.reaches(({ classes }) => classes.authentication.outstanding === 1, 'a login at the silent server')
    const drained = await set.sluice('drain', '--seconds', '0.5')
    expect([drained.code, drained.stdout]).toEqual([
      1,
      '1 login (1 outstanding) left in hand; with a stop now: 1 login: its client tries again, or has gone\n',
    ])
    await stays(set, 'draining')
    expect((await set.sluice('resume', '--json')).stdout).toContain('"resumed": true')
    await stays(set, 'running')
    set.daemon.signalDaemon('SIGTERM')
    await until(() => set.daemon.child.stdout.split('"event":"draining"').length === 3, 'the second drain')
    const late = await set.sluice('resume')
    expect([late.code, late.stderr]).toEqual([1, expect.stringContaining('a stop is under way')])
    await set.daemon.child.end()
  })

  it('says that it takes no reload meanwhile, also where SIGHUP asks', async () => {
    const set = await setUp(silence)
    expect((await set.sluice('drain')).code).toBe(0)
    set.daemon.signalDaemon('SIGHUP')
    await until(() => set.daemon.child.stdout.includes('"event":"reload-refused"'), 'the refusal of a reload')
    expect((await set.daemon.status()).config.refused).toContain('it drains; reload after "radsluice resume"')
    expect((await set.sluice('resume')).code).toBe(0)
    set.daemon.signalDaemon('SIGHUP')
    await set.daemon.reaches(({ config }) => config.refused === undefined, 'a reload that is taken')
  })
})
