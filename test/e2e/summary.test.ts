/**
 * What an operator is told of losses and of their cause, by a running daemon: with a poll interval so long that all of it
 * must be known before the first poll.
 */

import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import type { StatusReport } from '../../src/observe/status-report.ts'
import { type Ended, run, until } from './kit/child.ts'
import { command } from './kit/command.ts'
import { CLIENT_SECRET, Daemon, RADSLUICE, type Settings, serverEntry } from './kit/daemon.ts'
import { Freeradius } from './kit/freeradius.ts'
import { needs } from './kit/peers.ts'
import { ScriptedClient } from './kit/scripted-client.ts'
import { type Script, ScriptedServer, silence, yes } from './kit/scripted-server.ts'
import { accountingRequest, papRequest, TYPE } from './kit/wire.ts'

const NEVER_POLLED = { poll_interval: '1m' }

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function serverOf(script: Script): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(script)
  open.push(() => server.close())
  return server
}

async function daemonOf(settings: Settings) {
  const daemon = await Daemon.start({ alarms: NEVER_POLLED, ...settings })
  open.push(() => daemon.kill())
  const client = new ScriptedClient(CLIENT_SECRET)
  open.push(() => client.close())
  await client.open(8)
  const sluice = (...words: string[]): Promise<Ended> =>
    command([...words, '--admin', `127.0.0.1:${daemon.ports.admin}`])
  const alarms = async (): Promise<string[]> => (await daemon.status()).alarms.map(({ id, about }) => `${id} ${about}`)
  return { daemon, client, sluice, alarms }
}

/** Exit 1, the alarm first, and a load balancer that goes on. */
async function expectLoss({ sluice, daemon }: Awaited<ReturnType<typeof daemonOf>>, alarm: RegExp): Promise<string> {
  const { code, stdout } = await sluice('status')
  const [head = '', first = ''] = stdout.split('\n')
  expect([code, head, first]).toEqual([
    1,
    expect.stringContaining('running, serving, with concerns'),
    expect.stringMatching(alarm),
  ])
  expect((await daemon.get('/readyz'))?.status).toBe(200)
  return stdout
}

it('a server with a wrong secret, and one that does not run, within a few requests', async () => {
  const [silent, slow] = [await serverOf(silence), await serverOf(({ again }) => (again ? undefined : LATE))]
  const gone = await ScriptedServer.start(silence)
  await gone.close()
  const of = (name: string, { port, secret }: ScriptedServer) => serverEntry(name, { authPort: port, secret })
  const set = await daemonOf({
    farm: {
      authentication: { timeout: '400ms', max_retries: 1, algorithm: 'round_robin' },
      dead_server: { consecutive_failures: 50 },
      servers: [of('silent', silent), of('gone', gone), of('slow', slow)],
    },
  })
  // It goes on while others are asked, so it is a process of its own.
  const admin = `127.0.0.1:${set.daemon.ports.admin}`
  const traced = run(RADSLUICE, ['trace', '--client', 'loopback', '--seconds', '8', '--admin', admin])
  await set.daemon.reaches(({ attached }) => attached.length === 1, 'a trace')
  for (let n = 0; n < 24; n += 1)
    set.client.send(
      0,
      papRequest({ secret: CLIENT_SECRET, identifier: n, user: `u${n}` }),
      set.daemon.ports.authentication,
    )
  // Until the slow one's first answer comes, it is one that never answers.
  const areKnown = ({ lanes }: StatusReport): boolean =>
    lanes.every(
      ({ server, likelyCause = '' }) =>
        /never a valid/.test(likelyCause) === (server === 'silent') && likelyCause !== '',
    )
  await set.daemon.reaches(areKnown, 'three causes')
  const causes = (await set.daemon.status()).lanes.map(({ server, likelyCause }) => `${server}: ${likelyCause}`)
  expect(causes).toEqual([
    expect.stringMatching(
      /^silent: probably the secret, the client entry or a firewall: never a valid response to \d+/,
    ),
    `gone: nothing listens at 127.0.0.1:${gone.port} (ICMP port unreachable): start the server there, or correct its address and port`,
    expect.stringMatching(
      /^slow: most answers come only after a retry, typically [\d.]+ s after the first transmission: packets are lost/,
    ),
  ])
  const told = await expectLoss(
    set,
    /^ {2}alarm never-answered .*server silent, authentication: never a valid response/,
  )
  expect(told).not.toContain('look at the server and the way to it')
  const shown = (await set.sluice('show', 'servers')).stdout
  expect(shown).toMatch(/^silent, authentication: probably the secret/m)
  expect(shown).toMatch(/^silent .* - +\d+$/m)
  expect((await traced).stdout).toMatch(/timed-out +at silent .*: probably the secret, the client entry or a firewall/)
})

const freeradius = needs('a real FreeRADIUS that knows another secret, until the secret is put right', 'freeradius')
it.skipIf(freeradius.skip)(freeradius.title, async () => {
  const [right, wrong] = [await Freeradius.start(), await Freeradius.start({ secret: 'the one it knows' })]
  for (const server of [right, wrong]) open.push(() => server.kill())
  const farm = (secret: string): Settings => ({
    farm: {
      authentication: { timeout: '500ms', max_retries: 1, algorithm: 'round_robin' },
      servers: [
        serverEntry('fr-1', { authPort: right.authPort, secret: right.secret }),
        serverEntry('fr-2', { authPort: wrong.authPort, secret }),
      ],
    },
  })
  const set = await daemonOf(farm('the one we know'))
  const login = (n: number): void =>
    set.client.send(
      0,
      papRequest({ secret: CLIENT_SECRET, identifier: n, user: 'nobody' }),
      set.daemon.ports.authentication,
    )
  const causeOf = async (server: string) => (await set.daemon.lane(server, 'authentication')).likelyCause
  for (let n = 0; n < 6; n += 1) login(n)
  await set.daemon.reaches(({ lanes }) => lanes.some(({ likelyCause }) => likelyCause !== undefined), 'a cause', 20_000)
  expect(await causeOf('fr-2')).toMatch(/^probably the secret, the client entry or a firewall: never a valid response/)
  expect(await causeOf('fr-1')).toBeUndefined()
  await expectLoss(set, /^ {2}alarm never-answered .*server fr-2, authentication/)
  set.daemon.reload({ alarms: NEVER_POLLED, ...farm(wrong.secret) })
  await set.daemon.reaches(({ config }) => config.reloadsOk === 1, 'the reload')
  let next = 6
  const isHeard = async (): Promise<boolean> => {
    next += 1
    login(next % 256)
    return (await set.daemon.lane('fr-2', 'authentication')).unheard === undefined
  }
  await until(isHeard, 'an answer of fr-2', 40_000)
  expect(await causeOf('fr-2')).toBeUndefined()
  expect((await set.alarms()).filter((alarm) => alarm.startsWith('never-answered'))).toEqual([])
})

it('a client with a wrong secret', async () => {
  const server = await serverOf(yes)
  const entry = serverEntry('fr', { authPort: server.port, acctPort: server.port, secret: server.secret })
  const set = await daemonOf({ farm: { servers: [entry] } })
  expect((await set.sluice('status')).code).toBe(0)
  for (let n = 0; n < 25; n += 1) {
    set.client.send(
      0,
      accountingRequest({ secret: 'another secret', identifier: n, attributes: [] }),
      set.daemon.ports.accounting,
    )
  }
  await set.daemon.reaches(({ clients }) => clients[0]?.badAuthenticators === 25, '25 of 25 dropped')
  expect(await set.alarms()).toEqual(['client-secret client loopback'])
  await expectLoss(set, /^ {2}alarm client-secret .*client loopback: datagrams do not verify: 25 a minute/)
})

it('lines of the sessions log on a full disk', async () => {
  const server = await serverOf(yes)
  const directory = mkdtempSync(join(tmpdir(), 'radsluice-e2e-full-'))
  open.push(() => rmSync(directory, { recursive: true }))
  // Today and tomorrow: the test may run at midnight.
  for (const days of [0, 1]) symlinkSync('/dev/full', join(directory, `sessions-${dayIn(days)}.jsonl`))
  const entry = serverEntry('fr', { acctPort: server.port, secret: server.secret })
  const set = await daemonOf({
    accounting: { track_sessions: true, sessions_log: { directory } },
    farm: { servers: [entry] },
  })
  for (let n = 0; n < 200; n += 1) {
    const attributes = [
      [TYPE.acctStatusType, Buffer.from([0, 0, 0, 2])],
      [TYPE.acctSessionId, `session-${n}`],
    ] as const
    set.client.send(
      0,
      accountingRequest({ secret: CLIENT_SECRET, identifier: n, attributes }),
      set.daemon.ports.accounting,
    )
  }
  await set.daemon.reaches(({ sessionsLogLinesLost }) => sessionsLogLinesLost === 200, '200 of 200 lines lost')
  expect(await set.alarms()).toEqual(['sessions-log-lost '])
  await expectLoss(set, /^ {2}alarm sessions-log-lost .*lines of the sessions log are lost: 200 a minute/)
})

it('a server that an operator holds Down', async () => {
  const server = await serverOf(yes)
  const set = await daemonOf({
    farm: { servers: [serverEntry('fr', { authPort: server.port, secret: server.secret })] },
  })
  await set.sluice('server', 'down', 'fr')
  const { code, stdout } = await set.sluice('status')
  expect(code).toBe(1)
  expect(stdout).toMatch(/alarm all-servers-down .*an operator holds fr Down: "radsluice server up fr" ends that/)
  expect(stdout).not.toContain('look at the servers and the network')
  const ready = await set.daemon.get('/readyz')
  expect([ready?.status, ready?.text]).toEqual([503, expect.stringContaining('"radsluice server up fr" ends that')])
  expect(set.daemon.child.stdout).toMatch(/"event":"all-servers-down".*"radsluice server up fr\\" ends that/)
})

/** After the first time-out and before the second. */
const LATE = { code: 2, afterMs: 600 }

const dayIn = (days: number): string => {
  const day = new Date(Date.now() + days * 86_400_000)
  const two = (part: number): string => String(part).padStart(2, '0')
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`
}
