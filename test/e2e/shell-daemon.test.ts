/**
 * The daemon's life: what it shows of itself, reloads, drains and stops, a log that a flood can't flood.
 */
import { createSocket } from 'node:dgram'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { METRICS } from '../../src/observe/metrics/metrics.ts'
import { run, until } from './kit/child.ts'
import { CLIENT_SECRET, Daemon, type Settings, serverEntry } from './kit/daemon.ts'
import { needs, peerPath } from './kit/peers.ts'
import { ScriptedClient } from './kit/scripted-client.ts'
import { ScriptedServer, silence } from './kit/scripted-server.ts'
import { CODE, papRequest } from './kit/wire.ts'

const toEnd: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end()
})

async function farm(script?: Parameters<typeof ScriptedServer.start>[0]): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(script)
  toEnd.push(() => server.close())
  return server
}
async function daemonBefore(server: ScriptedServer, more: Settings = {}): Promise<Daemon> {
  const entry = serverEntry('scripted', { authPort: server.port, secret: server.secret })
  const daemon = await Daemon.start({ farm: { servers: [entry] }, ...more })
  toEnd.push(() => daemon.kill())
  return daemon
}
async function client(): Promise<ScriptedClient> {
  const made = new ScriptedClient(CLIENT_SECRET)
  toEnd.push(() => made.close())
  return made
}
/** Log lines: all of standard output must be JSON. */
const logOf = (daemon: Daemon): Record<string, unknown>[] =>
  daemon.child.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
const urlOf = (daemon: Daemon, path: string): string => `http://127.0.0.1:${daemon.ports.admin}${path}`
const ask = (identifier: number): Buffer => papRequest({ secret: CLIENT_SECRET, identifier, user: 'alice' })

describe('the admin address', () => {
  // None of these changes the daemon.
  let daemon: Daemon
  const own: (() => Promise<unknown>)[] = []
  beforeAll(async () => {
    daemon = await daemonBefore(await farm())
    own.push(...toEnd.splice(0))
  })
  afterAll(async () => {
    for (const end of own.reverse()) await end()
  })

  it('serves every metric, also to a promtool that is strict', async () => {
    const metrics = (await daemon.get('/metrics'))?.text ?? ''
    const told = new Set([...metrics.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name))
    expect([...told].sort()).toEqual(METRICS.map(({ name }) => name).sort())
  })

  const promtool = needs('check metrics', 'promtool')
  it.skipIf(promtool.skip)(promtool.title, async () => {
    await (await client()).ask(ask(1), daemon.ports.authentication)
    const metrics = (await daemon.get('/metrics'))?.text ?? ''
    const { code, stdout, stderr } = await run(peerPath('promtool'), ['check', 'metrics'], { stdin: metrics })
    expect([stdout, stderr, code]).toEqual(['', '', 0])
  })

  it('says in a sentence what it does not take', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const answer = await fetch(urlOf(daemon, '/status'), { method })
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
      expect(await answer.json()).toEqual({ error: 'use GET or HEAD here' })
    }
    const head = await fetch(urlOf(daemon, '/status'), { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const lost = await fetch(urlOf(daemon, '/'))
    expect([lost.status, await lost.text()]).toEqual([404, expect.stringContaining('/metrics')])
  })

  it('takes no endless request', async () => {
    const answer = await fetch(urlOf(daemon, '/status'), { headers: { 'x-long': 'x'.repeat(10_000) } })
    expect(answer.status).toBe(431)
    expect((await daemon.get('/healthz'))?.status).toBe(200)
  })

  it('reads both clocks together', async () => {
    const offsets: number[] = []
    for (let i = 0; i < 9; i += 1) {
      const { clock } = await daemon.status()
      offsets.push(clock.wall_us - clock.monotonic_us)
    }
    // The same clocks, so the same difference each time, but for a reading that the scheduler tore apart.
    const [low, high] = [offsets.sort((a, b) => a - b)[2]!, offsets[6]!]
    expect(high - low).toBeLessThan(1_000)
  })
})

describe('a flood of bad packets', () => {
  it('is one line a second with the count, octets only at level debug', async () => {
    const daemon = await daemonBefore(await farm())
    const socket = createSocket('udp4')
    for (let i = 0; i < 300; i += 1)
      socket.send(Buffer.from('beefbeef', 'hex'), daemon.ports.authentication, '127.0.0.1')
    const dropped = () => logOf(daemon).filter(({ event }) => event === 'dropped')
    const counted = (): number => dropped().reduce((sum, { count }) => sum + Number(count), 0)
    await until(
      () => counted() === 300,
      'all of them in the log',
      10_000,
      () => daemon.child.output,
    )
    socket.close()
    expect(dropped().length).toBeLessThanOrEqual(4)
    expect(daemon.child.output).not.toContain('beefbeef')
    expect((await daemon.ledgerOf('authentication')).dropped['too-short']).toBe(300)
  })
})

describe('a reload', () => {
  it('names the settings that need a restart, and keeps them as they were', async () => {
    const server = await farm()
    const entry = serverEntry('scripted', { authPort: server.port, secret: server.secret })
    const daemon = await daemonBefore(server)
    daemon.reload({ farm: { servers: [entry] }, admin: { listen: `127.0.0.1:${daemon.ports.admin + 1}` } })
    await until(() => logOf(daemon).some(({ event }) => event === 'reload-needs-restart'), 'the reload')
    expect(logOf(daemon).find(({ event }) => event === 'reload-needs-restart')).toMatchObject({
      settings: 'admin.listen',
    })
    const status = (await daemon.status()) as unknown as { concerns: string[] }
    expect(status.concerns).toEqual(['changed settings wait for a restart: admin.listen'])
    expect((await daemon.get('/metrics'))?.text).toMatch(/radsluice_config_reloads_total\{result="ok"\} 1/)
  })

  it('brings a new server in and lets the old one go, while requests are answered', async () => {
    const [old, fresh] = [await farm(), await farm()]
    const daemon = await daemonBefore(old)
    const asking = await client()
    expect((await asking.ask(ask(1), daemon.ports.authentication))?.code).toBe(CODE.accessAccept)
    daemon.reload({ farm: { servers: [serverEntry('fresh', { authPort: fresh.port, secret: fresh.secret })] } })
    await daemon.reaches(({ lanes }) => lanes.every(({ server }) => server === 'fresh'), 'the new farm')
    expect((await asking.ask(ask(2), daemon.ports.authentication))?.code).toBe(CODE.accessAccept)
    expect([old.requests.length, fresh.requests.length]).toEqual([1, 1])
  })

  it('that cannot open its sockets is refused as a whole', async () => {
    const server = await farm()
    const daemon = await daemonBefore(server)
    const elsewhere = serverEntry(
      'away',
      { authPort: server.port, secret: server.secret },
      { source_address: '192.0.2.77' },
    )
    daemon.reload({ farm: { servers: [elsewhere] } })
    await until(() => logOf(daemon).some(({ event }) => event === 'reload-refused'), 'the refusal')
    expect((await daemon.status()).lanes.map((lane) => lane.server)).toEqual(['scripted'])
    expect((await daemon.get('/metrics'))?.text).toMatch(/radsluice_config_last_reload_successful 0/)
    expect((await (await client()).ask(ask(1), daemon.ports.authentication))?.code).toBe(CODE.accessAccept)
  })

  it('asked for many times in a row ends with the last file', async () => {
    const server = await farm()
    const entry = serverEntry('scripted', { authPort: server.port, secret: server.secret })
    const daemon = await daemonBefore(server)
    for (let rate = 1; rate <= 10; rate += 1) {
      daemon.reload({ farm: { authentication: { max_rate: 100 + rate }, servers: [entry] } })
    }
    const rate = async () => (await daemon.lane('scripted', 'authentication')).slots.maxRate
    await until(async () => (await rate()) === 110, 'the last rate')
  })
})

describe('the end', () => {
  it('comes at once with a second SIGTERM, and says what was left, with exit 1', async () => {
    const server = await farm(silence)
    const daemon = await daemonBefore(server)
    void (await client()).ask(ask(1), daemon.ports.authentication)
    await until(() => server.arrivals.length > 0, 'the request at the server')
    daemon.signalDaemon('SIGTERM')
    await until(() => logOf(daemon).some(({ event }) => event === 'draining'), 'the drain')
    expect(daemon.child.isRunning).toBe(true)
    daemon.signalDaemon('SIGTERM')
    expect((await daemon.child.end(5_000)).code).toBe(1)
    expect(logOf(daemon).at(-2)).toMatchObject({ event: 'drain-unfinished', outstanding: 1, why: 'SIGTERM again' })
    expect(logOf(daemon).at(-1)).toMatchObject({ event: 'stopped' })
  })

  it('comes with drain_limit, and says what was left, with exit 1', async () => {
    const server = await farm(silence)
    const daemon = await daemonBefore(server, { drain_limit: '300ms' })
    void (await client()).ask(ask(1), daemon.ports.authentication)
    await until(() => server.arrivals.length > 0, 'the request at the server')
    daemon.signalDaemon('SIGTERM')
    expect((await daemon.child.end(5_000)).code).toBe(1)
    expect(logOf(daemon).at(-2)).toMatchObject({ event: 'drain-unfinished', why: 'drain_limit is over' })
  })

  it('comes at once where nothing is in hand, with exit 0', async () => {
    const daemon = await daemonBefore(await farm())
    daemon.signalDaemon('SIGINT')
    expect((await daemon.child.end(5_000)).code).toBe(0)
    expect(logOf(daemon).map(({ event }) => event)).toEqual(expect.arrayContaining(['started', 'draining', 'stopped']))
  })

  it('comes with a bug that nobody caught: it is said with its stack, nothing carries on, exit 1', async () => {
    const planted = "process.once('SIGUSR2', () => { throw new Error('planted') })"
    const before = process.env['NODE_OPTIONS']
    process.env['NODE_OPTIONS'] = `--import data:text/javascript,${encodeURIComponent(planted)}`
    const daemon = await daemonBefore(await farm()).finally(() => {
      if (before === undefined) delete process.env['NODE_OPTIONS']
      else process.env['NODE_OPTIONS'] = before
    })
    daemon.signalDaemon('SIGUSR2')
    expect((await daemon.child.end(5_000)).code).toBe(1)
    const error = expect.stringMatching(/^Error: planted\n +at /)
    expect(logOf(daemon).at(-1)).toMatchObject({ level: 'fatal', event: 'fatal', where: 'uncaught exception', error })
  })
})
