/**
 * Several instances in one daemon: the kernel spreads the clients, the slots of a server are shared, State finds its
 * server from any instance, and one that crashes costs what it had in hand and nothing else.
 */
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import type { PerClass } from '../../src/classes.ts'
import { readConfig } from '../../src/config/load/read.io.ts'
import { engineOptions } from '../../src/config/outward/engine-options.ts'
import { Instances } from '../../src/instances/instances.io.ts'
import { plainOptions } from '../../src/instances/shared/plain-options.ts'
import { SharedMemories } from '../../src/instances/shared/shared-memory.ts'
import { instant } from '../../src/units.ts'
import { until } from './kit/child.ts'
import { CLIENT_SECRET, Daemon, ROOT, type Settings, serverEntry, settingsText } from './kit/daemon.ts'
import { freePort } from './kit/ports.ts'
import { ScriptedClient } from './kit/scripted-client.ts'
import { ScriptedServer, silence, yes } from './kit/scripted-server.ts'
import { accountingRequest, CODE, papRequest, TYPE } from './kit/wire.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const opened = async <T extends { close(): unknown }>(one: T | Promise<T>): Promise<T> => {
  const it = await one
  closing.push(() => it.close())
  return it
}

const daemonWith = async (settings: Settings): Promise<Daemon> => {
  const daemon = await Daemon.start(settings)
  closing.push(() => daemon.kill())
  return daemon
}

/** One request from each of so many source ports. */
const askFromPorts = async (client: ScriptedClient, ports: number, port: number, from = 0): Promise<void> => {
  await client.open(ports)
  for (let socket = 0; socket < ports; socket += 1) {
    const n = from + socket
    client.send(socket, papRequest({ secret: CLIENT_SECRET, identifier: n % 256, user: `user-${n}` }), port)
    if (socket % 32 === 31) await sleep(1)
  }
}

describe('two instances', () => {
  it('share the clients by source port, and are one daemon to look at', async () => {
    const server = await opened(ScriptedServer.start(yes))
    const daemon = await daemonWith({
      instances: 2,
      farm: { servers: [serverEntry('one', { authPort: server.port, secret: server.secret })] },
    })
    const client = await opened(new ScriptedClient(CLIENT_SECRET))
    await askFromPorts(client, 128, daemon.ports.authentication)
    await until(() => client.replies.length >= 128, '128 answers')
    expect(client.replies.every(({ verifies }) => verifies)).toBe(true)

    const status = await daemon.status()
    const received = status.instances.map(({ classes }) => classes.authentication.ledger.received)
    expect(received).toHaveLength(2)
    // By chance one gets less than a quarter of 128 ports once in ten million times.
    for (const one of received) expect(one).toBeGreaterThan(32)
    expect(received[0]! + received[1]!).toBe(128)
    expect(status.classes.authentication.ledger).toMatchObject({ received: 128, answered: 128, lost: 0 })
    expect(status.lanes).toHaveLength(1)
    expect(status.lanes[0]!.counters.requests).toBe(128)
    expect(status.listeners).toHaveLength(1)
    const metrics = (await daemon.get('/metrics'))!.text
    for (const instance of [0, 1]) {
      expect(metrics).toContain(
        `radsluice_requests_received_total{class="authentication",instance="${instance}"} ${received[instance]}`,
      )
      expect(metrics).toContain(`radsluice_instance_running{instance="${instance}"} 1`)
    }
  })

  it('refuse a port that another program has, with a sentence', async () => {
    const server = await opened(ScriptedServer.start(yes))
    const port = await freePort()
    const other = createSocket({ type: 'udp4', reusePort: process.platform === 'linux' })
    closing.push(() => other.close())
    await new Promise<void>((resolve) => other.bind(port, '127.0.0.1', resolve))
    const taken = { authentication: [`127.0.0.1:${port}`], accounting: [] }
    const farm = { servers: [serverEntry('one', { authPort: server.port, secret: server.secret })] }
    await expect(Daemon.start({ instances: 2, listen: taken, farm })).rejects.toThrow(
      `listen.authentication: can't open UDP 127.0.0.1:${port}: another program has this port`,
    )
  })

  it('are reloaded together and drained together', async () => {
    const [first, second] = [await opened(ScriptedServer.start(yes)), await opened(ScriptedServer.start(yes))]
    const settings = (server: ScriptedServer): Settings => ({
      instances: 2,
      farm: { servers: [serverEntry('one', { authPort: server.port, secret: server.secret })] },
    })
    const daemon = await daemonWith(settings(first))
    const client = await opened(new ScriptedClient(CLIENT_SECRET))
    await askFromPorts(client, 64, daemon.ports.authentication)
    await until(() => client.replies.length >= 64, '64 answers')
    daemon.reload(settings(second))
    await daemon.reaches(({ config }) => config.reloadsOk === 1, 'the reload')
    await askFromPorts(client, 64, daemon.ports.authentication, 64)
    await until(() => client.replies.length >= 128, '128 answers')
    expect([first.requests.length, second.requests.length]).toEqual([64, 64])

    second.script = silence
    await askFromPorts(client, 64, daemon.ports.authentication, 128)
    await daemon.reaches(({ classes }) => classes.authentication.outstanding === 64, '64 outstanding')
    daemon.signalDaemon('SIGTERM')
    await daemon.reaches(({ phase }) => phase === 'draining', 'the drain')
    for (const arrival of second.requests.slice(64)) second.answer(arrival, { code: CODE.accessAccept })
    await until(() => client.replies.length >= 192, '192 answers')
    expect((await daemon.stop()).code).toBe(0)
  })

  it('bring a conversation back to its server from any source port', async () => {
    const challenge = (name: string) =>
      ScriptedServer.start(({ message }, server) => {
        const state = message.attributes.find(([type]) => type === TYPE.state)
        if (state === undefined) {
          return { code: CODE.accessChallenge, attributes: [[TYPE.state, `${name}-${server.requests.length}`]] }
        }
        return { code: CODE.accessAccept }
      })
    const servers = [await opened(challenge('a')), await opened(challenge('b'))]
    const daemon = await daemonWith({
      instances: 2,
      farm: {
        authentication: { algorithm: 'round_robin' },
        servers: servers.map((server, i) => serverEntry(`s${i}`, { authPort: server.port, secret: server.secret })),
      },
    })
    const client = await opened(new ScriptedClient(CLIENT_SECRET))
    await askFromPorts(client, 64, daemon.ports.authentication)
    await until(() => client.replies.length >= 64, '64 challenges')
    const states = client.replies.map(({ message }) => message.attributes.find(([type]) => type === TYPE.state)![1])
    // Each goes on from another port than it began, so that about half of them meet the other instance.
    for (const [i, state] of states.entries()) {
      const request = papRequest({
        secret: CLIENT_SECRET,
        identifier: 100 + i,
        user: `user-${i}`,
        more: [[TYPE.state, state]],
      })
      client.send((i + 7) % 64, request, daemon.ports.authentication)
    }
    await until(() => client.replies.length >= 128, '64 accepts')
    for (const [i, name] of ['a', 'b'].entries()) {
      const came = servers[i]!.requests.flatMap(({ message }) =>
        message.attributes.filter(([type]) => type === TYPE.state).map(([, value]) => String(value)),
      )
      expect(came.length).toBeGreaterThan(0)
      expect(came.every((state) => state.startsWith(name))).toBe(true)
    }
  })
})

interface Crash {
  readonly number: number
  readonly error: unknown
  readonly lost: PerClass<number>
}

/** Instances without a daemon around them, with that file as their thread. */
async function instancesOf(file: URL, settings: Settings & { readonly instances: number }) {
  const folder = mkdtempSync(join(tmpdir(), 'radsluice-instances-'))
  closing.push(() => rmSync(folder, { recursive: true }))
  const ports = { authentication: await freePort(), accounting: await freePort(), admin: await freePort() }
  writeFileSync(join(folder, 'radsluice.yaml'), settingsText(ports, settings))
  const read = readConfig(join(folder, 'radsluice.yaml'))
  if (!read.ok) throw new Error(JSON.stringify(read.problems))
  const { config } = read
  const options = plainOptions(engineOptions(config))
  const crashes: Crash[] = []
  const restarted: number[] = []
  const { instances: count } = settings
  const instances = new Instances({
    count,
    listen: config.listen,
    settings: {
      options,
      memory: new SharedMemories({ scope: 'host', instances: count }).of(options, instant(0)),
      logLevel: 'error',
      logsSessions: false,
      forgets: 0,
    },
    packetIo: { use: 'dgram', batchTick: config.batch_tick, steersBy: 'port' },
    events: {
      line: () => undefined,
      sessionsEnded: () => undefined,
      viewFailed: (error) => expect.unreachable(`a view failed: ${error}`),
      traced: () => undefined,
      crashed: (crash) => crashes.push(crash),
      restarted: (number) => restarted.push(number),
      restartFailed: (number, error) => expect.unreachable(`instance ${number}: ${error}`),
    },
    file,
  })
  closing.push(() => instances.close())
  await instances.open()
  return { instances, ports, crashes, restarted }
}

describe('an instance that crashes', () => {
  it('loses what it had in hand, counted; the other one goes on, and another takes its place', async () => {
    const server = await opened(ScriptedServer.start(silence))
    const crashPorts = [await freePort(), await freePort()]
    process.env['CRASH_PORTS'] = crashPorts.join(' ')
    const farm = {
      accounting: { timeout: '30s', max_outstanding: 4 },
      servers: [serverEntry('one', { acctPort: server.port, secret: server.secret })],
    }
    const { instances, ports, crashes, restarted } = await instancesOf(
      new URL('./kit/crashing-thread.ts', import.meta.url),
      {
        instances: 2,
        farm,
      },
    )

    const client = await opened(new ScriptedClient(CLIENT_SECRET))
    await client.open(64)
    const send = (socket: number, identifier: number): void => {
      const attributes = [
        [TYPE.acctStatusType, 1],
        [TYPE.acctSessionId, `session-${socket}-${identifier}`],
      ] as const
      client.send(socket, accountingRequest({ secret: CLIENT_SECRET, identifier, attributes }), ports.accounting)
    }
    const accounting = async () => (await instances.view()).map(({ engine }) => engine.classes.accounting)
    const inHand = async (): Promise<number[]> =>
      (await accounting()).map(({ queued, outstanding }) => queued + outstanding)
    for (let socket = 0; socket < 64; socket += 1) send(socket, 1)
    await until(async () => (await inHand()).reduce((a, b) => a + b, 0) === 64, '64 in hand')
    const before = await inHand()
    expect(Math.min(...before)).toBeGreaterThan(0)

    const finger = await opened(createSocket('udp4'))
    finger.send('now', crashPorts[1], '127.0.0.1')
    await until(() => restarted.length === 1, 'another thread')
    expect(crashes).toEqual([
      expect.objectContaining({ number: 1, lost: { authentication: 0, accounting: before[1] } }),
    ])
    expect(String(crashes[0]!.error)).toContain('a fault on call')
    expect(restarted).toEqual([1])

    const [undisturbed, anew] = await accounting()
    expect(undisturbed).toMatchObject({ ledger: { received: before[0], lost: 0 } })
    expect(undisturbed!.queued + undisturbed!.outstanding).toBe(before[0])
    expect(anew).toMatchObject({ queued: 0, outstanding: 0, ledger: { received: before[1], lost: before[1] } })

    // The clients send again, as they must: the new thread takes what the old one lost.
    server.script = yes
    for (let socket = 0; socket < 64; socket += 1) send(socket, 2)
    const answered = async (): Promise<number> =>
      (await accounting()).reduce((sum, { ledger }) => sum + ledger.answered, 0)
    // The four at the silent server's hands wait for their time-out; the other instance is as free as ever.
    await until(async () => (await answered()) >= 1, 'answers again')
    const [, second] = await instances.view()
    expect(second).toMatchObject({ number: 1, isRunning: true, crashes: 1 })
  })

  it('is seen as it is, also by those who wait for their look when it crashes', async () => {
    const server = await opened(ScriptedServer.start(silence))
    const farm = { servers: [serverEntry('one', { authPort: server.port, secret: server.secret })] }
    const { instances, ports, crashes, restarted } = await instancesOf(
      new URL('./kit/shy-thread.ts', import.meta.url),
      { instances: 1, farm },
    )
    const first = instances.view()
    // It is under way, so that the next one must wait for its turn.
    await sleep(10)
    await Promise.all([first, instances.view()])
    await until(() => restarted.length === 1, 'another thread')
    expect(crashes).toHaveLength(1)

    const client = await opened(new ScriptedClient(CLIENT_SECRET))
    await askFromPorts(client, 3, ports.authentication)
    await until(() => server.requests.length === 3, '3 requests')
    const [view] = await instances.view()
    expect(view).toMatchObject({
      isRunning: true,
      crashes: 1,
      engine: { classes: { authentication: { outstanding: 3 } } },
    })
  })

  it('is in the log, in the metrics and in the status of its daemon, which goes on', async () => {
    const server = await opened(ScriptedServer.start(silence))
    const crashPort = await freePort()
    process.env['CRASH_PORTS'] = String(crashPort)
    const farm = { servers: [serverEntry('one', { authPort: server.port, secret: server.secret })] }
    const faulty = fileURLToPath(new URL('./kit/faulty-daemon.ts', import.meta.url))
    const daemon = await Daemon.start({ farm }, [join(ROOT, 'scripts/node24'), faulty])
    closing.push(() => daemon.kill())
    const client = await opened(new ScriptedClient(CLIENT_SECRET))
    await askFromPorts(client, 3, daemon.ports.authentication)
    await daemon.reaches(({ classes }) => classes.authentication.outstanding === 3, '3 outstanding')

    const finger = await opened(createSocket('udp4'))
    finger.send('now', crashPort, '127.0.0.1')
    await daemon.reaches(({ instances }) => instances[0]!.crashes === 1 && instances[0]!.isRunning, 'another thread')
    server.script = yes
    await askFromPorts(client, 3, daemon.ports.authentication, 8)
    await until(() => client.replies.length >= 3, '3 answers')

    const ledger = await daemon.ledgerOf('authentication')
    expect(ledger).toMatchObject({ received: 6, answered: 3, lost: 3 })
    const metrics = (await daemon.get('/metrics'))!.text
    expect(metrics).toContain('radsluice_requests_lost_total{class="authentication",instance="0"} 3')
    expect(metrics).toContain('radsluice_instance_crashes_total{instance="0"} 1')
    const lines = daemon.child.output.split('\n').filter((line) => line.startsWith('{'))
    const events = lines.map((line) => JSON.parse(line) as { event: string; [field: string]: unknown })
    expect(events.find(({ event }) => event === 'instance-crashed')).toMatchObject({
      instance: 0,
      authentication: 3,
      accounting: 0,
      error: expect.stringContaining('a fault on call') as string,
    })
    expect(events.some(({ event }) => event === 'instance-restarted')).toBe(true)
    expect((await daemon.stop()).code).toBe(0)
  })
})
