/**
 * Alarms from end to end: the rules before promtool, a storm seen by a real Prometheus and a real Alertmanager, and a
 * receiver that fails; the TPS file and the log's file of that storm.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Webhook } from '../../src/observe/alarms/webhook.io.ts'
import { Boundary } from '../../src/observe/boundary/boundary.io.ts'
import type { Alarm } from '../../src/observe/view/alarm.ts'
import { seconds } from '../../src/units.ts'
import { run, until } from './kit/child.ts'
import { CLIENT_SECRET, Daemon, RADSLUICE, ROOT, serverEntry, settingsText } from './kit/daemon.ts'
import { Monitoring, type SeenAlert } from './kit/monitoring.ts'
import { needs, peerPath } from './kit/peers.ts'
import { freePort } from './kit/ports.ts'
import { ScriptedClient } from './kit/scripted-client.ts'
import { ScriptedServer, silence } from './kit/scripted-server.ts'
import { papRequest } from './kit/wire.ts'

const toEnd: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end()
})

describe('the rules for Prometheus', () => {
  const promtool = needs('are accepted by promtool, and each fires and resolves in its case', 'promtool')
  it.skipIf(promtool.skip)(promtool.title, async () => {
    const cwd = join(ROOT, 'deploy/prometheus')
    const check = await run(peerPath('promtool'), ['check', 'rules', 'alerts.yaml'], { cwd })
    expect([check.code, check.stderr]).toEqual([0, ''])
    const test = await run(peerPath('promtool'), ['test', 'rules', 'alerts.test.yaml'], { cwd })
    expect([test.code, test.stdout]).toEqual([0, expect.stringContaining('SUCCESS')])
  })
})

const STORM = 200
const RATE = 10

const both = needs('a storm', 'prometheus', 'prometheus-alertmanager')
describe.skipIf(both.skip)(both.title, () => {
  it('raises the queue alarm on the log, at /alarms, in Prometheus and Alertmanager, and clears it everywhere', async () => {
    const { daemon, monitoring, logOf } = await watched()
    const client = new ScriptedClient(CLIENT_SECRET)
    toEnd.push(() => client.close())
    for (let identifier = 0; identifier < STORM; identifier += 1) {
      void client.ask(papRequest({ secret: CLIENT_SECRET, identifier, user: 'alice' }), daemon.ports.authentication)
    }
    const isQueueFill = ({ labels }: { labels: Readonly<Record<string, string>> }): boolean =>
      labels['alertname'] === 'RadsluiceQueueFill' && labels['class'] === 'authentication'

    // All of it may be gone again some ten seconds later: it is waited for together.
    let alert: SeenAlert | undefined
    await Promise.all([
      until(async () => (await alarmsOf(daemon)).some(({ id }) => id === 'queue-fill'), 'the alarm at /alarms'),
      until(
        async () => (await daemon.status()).health.reasons.some(({ factor }) => factor === 'queue-fill'),
        'less health',
      ),
      until(async () => (await monitoring.alertmanagerAlerts()).some(isQueueFill), 'the alert in Alertmanager'),
      until(async () => {
        alert = (await monitoring.prometheusAlerts()).find(isQueueFill)
        return alert !== undefined
      }, 'the alert in Prometheus'),
    ])
    expect(alert).toMatchObject({ state: 'firing', labels: { severity: 'warning', alarm: 'queue-fill' } })

    // By the daemon's own webhook (it has the host) and by Prometheus (it has the job), each begins and ends.
    for (const by of ['host', 'job']) {
      for (const state of ['firing', 'resolved'] as const) {
        const isIt = (one: Monitoring['notified'][number]): boolean =>
          isQueueFill(one) && one.status === state && one.labels[by] !== undefined
        await until(
          () => monitoring.notified.some(isIt),
          `${state} with ${by}`,
          20_000,
          () => JSON.stringify(monitoring.notified),
        )
      }
    }
    expect((await monitoring.prometheusAlerts()).filter(isQueueFill)).toEqual([])
    const ofAlarm = logOf().filter(({ alarm, subject }) => alarm === 'queue-fill' && subject === 'authentication')
    expect(ofAlarm.map(({ event }) => event)).toEqual(['alarm-raised', 'alarm-cleared'])
    expect(
      await monitoring.query('max_over_time(radsluice_health[1m]) - min_over_time(radsluice_health[1m])'),
    ).toBeGreaterThan(0)
    expect(await monitoring.query('sum(radsluice_server_response_time_seconds_count)')).toBeGreaterThan(0)

    const tps = tpsLines(daemon)
    await until(() => tps().length > 0, 'a line of the TPS file', 20_000)
    for (const line of tps()) expect(line).toMatch(/^\d\d-\d\d-\d{4},\d\d:\d\d:(00|15|30|45),\d+,0$/)
  })
})

/** A daemon before a server that can do anything, but gets 10 a second, and who watches it. */
async function watched() {
  const server = await ScriptedServer.start()
  toEnd.push(() => server.close())
  const entry = serverEntry('scripted', { authPort: server.port, secret: server.secret })
  const settings = {
    farm: { authentication: { max_rate: RATE }, servers: [entry] },
    queues: { authentication: { max_messages: STORM, max_age: '60s' } },
    log: { directory: 'log' },
    tps: { directory: 'tps' },
  }
  const daemon = await Daemon.start(settings)
  toEnd.push(() => daemon.kill())
  const monitoring = await Monitoring.start(`127.0.0.1:${daemon.ports.admin}`)
  toEnd.push(() => monitoring.stop())
  const webhook = { url: monitoring.webhookUrl, resend_interval: '1s' }
  daemon.reload({ ...settings, alarms: { poll_interval: '200ms', webhook } })
  await daemon.reaches(({ config }) => config.reloadsOk === 1, 'the webhook')
  const logOf = (): Record<string, unknown>[] => linesIn(join(daemon.folder, 'log')).map((line) => JSON.parse(line))
  return { daemon, monitoring, logOf }
}

const alarmsOf = async (daemon: Daemon): Promise<readonly { readonly id: string }[]> => {
  const answer = await daemon.get('/alarms')
  return (JSON.parse(answer?.text ?? '{"alarms":[]}') as { alarms: { id: string }[] }).alarms
}

const tpsLines = (daemon: Daemon) => (): string[] => linesIn(join(daemon.folder, 'tps'))

const linesIn = (directory: string): string[] =>
  readdirSync(directory)
    .flatMap((name) => readFileSync(join(directory, name), 'utf8').trim().split('\n'))
    .filter((line) => line !== '')

describe('the only server Down', () => {
  it('is an alarm and no health left in status, which ends with exit 1, and 503 at /readyz', async () => {
    const server = await ScriptedServer.start(silence)
    toEnd.push(() => server.close())
    const lane = { timeout: '100ms', max_retries: 0 }
    const entry = serverEntry('mute', { authPort: server.port, secret: server.secret }, { authentication: lane })
    const daemon = await Daemon.start({
      farm: { dead_server: { consecutive_failures: 1 }, servers: [entry] },
      alarms: { poll_interval: '100ms' },
    })
    toEnd.push(() => daemon.kill())
    const client = new ScriptedClient(CLIENT_SECRET)
    toEnd.push(() => client.close())
    void client.ask(papRequest({ secret: CLIENT_SECRET, identifier: 1, user: 'alice' }), daemon.ports.authentication)
    await daemon.reaches(({ health }) => health.score === 0, 'no health')
    const admin = `http://127.0.0.1:${daemon.ports.admin}`
    const { code, stdout } = await run(RADSLUICE, ['status', '--admin', admin])
    expect(code).toBe(1)
    expect(stdout).toContain('not ready, health 0 of 10')
    expect(stdout).toMatch(/^ {2}alarm all-servers-down \(critical\) for .*: authentication: all servers are Down/m)
    expect(stdout).toMatch(
      /^ {2}alarm server-down \(warning\) for .*: server mute, authentication: the server is Down/m,
    )
    expect((await daemon.get('/readyz'))?.status).toBe(503)
    expect((await daemon.get('/metrics'))?.text).toMatch(
      /^radsluice_alarm\{id="server-down",severity="warning",server="mute",class="authentication"\} 1$/m,
    )
  })
})

describe('files that cannot be written', () => {
  it.each(['log', 'tps'])('are said at the start, with the setting: %s.directory', async (key) => {
    const folder = mkdtempSync(join(tmpdir(), 'radsluice-files-'))
    toEnd.push(async () => rmSync(folder, { recursive: true }))
    const ports = { authentication: await freePort(), accounting: await freePort(), admin: await freePort() }
    const servers = [serverEntry('nobody', { authPort: await freePort(), secret: 'not asked for anything' })]
    const file = join(folder, 'radsluice.yaml')
    writeFileSync(join(folder, 'plain'), '')
    writeFileSync(file, settingsText(ports, { farm: { servers }, [key]: { directory: 'plain' } }))
    const { code, stderr } = await run(RADSLUICE, ['run', '-c', file])
    expect(code).toBe(1)
    expect(stderr).toContain(
      `${key}.directory: can't write in the directory ${join(folder, 'plain')}: the system says EEXIST`,
    )
  })
})

describe('the webhook', () => {
  const alarm: Alarm = {
    id: 'shed',
    severity: 'critical',
    subject: { class: 'accounting' },
    sinceUnixSeconds: 1_700_000_000,
    value: 12,
    detail: undefined,
    advice: undefined,
  }

  /** A receiver that answers with these codes, one after the other, and keeps what it was sent. */
  async function receiver(...codes: number[]) {
    const bodies: unknown[] = []
    const server: Server = createServer((request, response) => {
      let text = ''
      request.setEncoding('utf8').on('data', (more: string) => {
        text += more
      })
      request.on('end', () => {
        bodies.push(JSON.parse(text))
        response.writeHead(codes.shift() ?? 200).end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    toEnd.push(() => new Promise<void>((resolve) => server.close(() => resolve())))
    const { port } = server.address() as AddressInfo
    return { url: `http://127.0.0.1:${port}/alerts`, bodies }
  }

  it('sends an alarm as an Alertmanager takes it, until it is taken, and says once that it was not', async () => {
    const { url, bodies } = await receiver(500, 503)
    const failures: string[] = []
    const webhook = new Webhook(
      { url, resendInterval: seconds(60) },
      { admin: () => '127.0.0.1:9812', failed: (why) => failures.push(why), boundary: new Boundary(() => undefined) },
    )
    for (const at of [1_700_000_000, 1_700_000_001, 1_700_000_003]) {
      const before = bodies.length
      webhook.notify([alarm], { raised: [], cleared: [] }, at)
      await until(() => bodies.length > before && webhook.view.ok + webhook.view.failed === bodies.length, 'an answer')
    }
    expect([webhook.view, failures]).toEqual([{ ok: 1, failed: 2, waiting: 0, lost: 0 }, ['it answers 500']])
    expect(bodies[2]).toEqual([
      {
        labels: {
          alertname: 'RadsluiceShed',
          alarm: 'shed',
          severity: 'critical',
          host: expect.any(String),
          class: 'accounting',
        },
        annotations: {
          summary: 'accounting: messages are shed: 12 a minute',
          description: expect.stringMatching(/^the queue is full/),
        },
        startsAt: '2023-11-14T22:13:20.000Z',
        endsAt: '2023-11-14T22:16:23.000Z',
        generatorURL: 'http://127.0.0.1:9812/alarms',
      },
    ])
    webhook.notify([], { raised: [], cleared: [alarm] }, 1_700_000_010)
    await until(() => webhook.view.ok === 2, 'the end of the alarm')
    expect(bodies[3]).toMatchObject([{ startsAt: '2023-11-14T22:13:20.000Z', endsAt: '2023-11-14T22:13:30.000Z' }])
  })

  it('survives a receiver that is not there', async () => {
    const failures: string[] = []
    const webhook = new Webhook(
      { url: 'http://127.0.0.1:9/alerts', resendInterval: seconds(60) },
      { admin: () => '', failed: (why) => failures.push(why), boundary: new Boundary(() => undefined) },
    )
    webhook.notify([alarm], { raised: [], cleared: [] }, 1_700_000_000)
    await until(() => webhook.view.failed === 1, 'the failure')
    expect([webhook.view.waiting, failures.length]).toEqual([1, 1])
  })
})
