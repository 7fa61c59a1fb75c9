/**
 * A daemon that runs out of descriptors: packets pass, the operator gets in over the socket, and watching goes on later.
 */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { StatusReport } from '../../src/observe/status-report.ts'
import { Child, until } from './kit/child.ts'
import { asks, overSocket, type Way } from './kit/control.ts'
import { CLIENT_SECRET, Daemon, RADSLUICE, serverEntry, settingsText } from './kit/daemon.ts'
import { freePort } from './kit/ports.ts'
import { ScriptedClient } from './kit/scripted-client.ts'
import { ScriptedServer } from './kit/scripted-server.ts'
import { papRequest } from './kit/wire.ts'

const IDLE = 60
const SET_LIMIT = 'prlimit'
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function fixture(limit: number) {
  const server = await ScriptedServer.start()
  closing.push(() => server.close())
  const settings = {
    instances: 1,
    alarms: { poll_interval: '1s' },
    farm: { servers: [serverEntry('scripted', { authPort: server.port, secret: server.secret })] },
  }
  const daemon = await Daemon.start(settings, ['/bin/sh', '-c', `ulimit -n ${limit}; exec "$0" run -c "$1"`, RADSLUICE])
  closing.push(() => daemon.kill())
  const client = new ScriptedClient(CLIENT_SECRET)
  closing.push(() => client.close())
  let identifier = 0
  /** How many of `count` requests are answered. */
  const pass = async (count: number): Promise<number> => {
    let answered = 0
    for (let n = 0; n < count; n += 1) {
      identifier = (identifier + 1) % 256
      const bytes = papRequest({ user: `u${identifier}`, password: 'p', secret: CLIENT_SECRET, identifier })
      if ((await client.ask(bytes, daemon.ports.authentication)) !== undefined) answered += 1
    }
    return answered
  }
  const status = async (way: Way): Promise<StatusReport> =>
    (await asks(way, { method: 'GET', path: '/status' })).json as StatusReport
  return { server, daemon, pass, status, settings, socket: await overSocket(daemon) }
}

/** Over a connection that is open already. */
const statusOn = (agent: Agent, way: Way): Promise<StatusReport> =>
  new Promise((resolve, reject) => {
    get({ ...way, path: '/status', agent }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      answer.on('end', () => resolve(JSON.parse(text) as StatusReport))
    }).on('error', reject)
  })

/** An idle connection, open or closed by the daemon. */
async function idle(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port })
  socket.on('error', () => undefined)
  closing.push(() => socket.destroy())
  await once(socket, 'connect')
  return socket.resume()
}

describe('a daemon with 64 descriptors', () => {
  it('serves packets and its operator while strangers hold 60 idle connections', async () => {
    const { daemon, pass, status, socket } = await fixture(64)
    const held = await Promise.all(Array.from({ length: IDLE }, () => idle(daemon.ports.admin)))
    await until(() => held.some((one) => one.closed), 'connections beyond the bound to be closed')
    expect(await pass(20)).toBe(20)
    const meanwhile = await status(socket)
    expect(meanwhile.process.residentBytes).toBeGreaterThan(1e7)
    expect(meanwhile.watchErrors.memory).toBe(0)
    await until(() => held.every((one) => one.closed), 'idle connections to be closed', 20_000)
    expect((await daemon.get('/metrics'))?.status).toBe(200)
    expect(daemon.child.isRunning).toBe(true)
    expect(daemon.child.output).toContain('"event":"admin-full"')
  })
})

describe('a daemon without any descriptor left', () => {
  const limitOf = (pid: number, soft: number): void => {
    expect(spawnSync(SET_LIMIT, ['--pid', String(pid), `--nofile=${soft}:`]).status).toBe(0)
  }
  const linesOf = (daemon: Daemon, event: string): number =>
    daemon.child.stdout.split('\n').filter((line) => line.includes(`"event":"${event}"`)).length

  it('passes packets, says once that it sees nothing, keeps the last values, and sees again later', async () => {
    const { daemon, pass, status, settings, socket } = await fixture(256)
    const open = new Agent({ keepAlive: true, maxSockets: 1 })
    closing.push(() => open.destroy())
    const before = await statusOn(open, socket)
    expect(before.process.residentBytes).toBeGreaterThan(1e7)
    limitOf(daemon.child.pid, 3)
    await until(async () => (await statusOn(open, socket)).watchErrors.memory > 2, 'some errors')
    expect((await statusOn(open, socket)).process.residentBytes).toBeGreaterThan(1e7)
    expect(await pass(20)).toBe(20)
    daemon.reload({ ...settings, drain_limit: '1s' })
    await until(() => linesOf(daemon, 'reload-refused') === 1, 'the reload to be refused')
    limitOf(daemon.child.pid, 256)
    await until(
      async () => (await daemon.get('/status'))?.status === 200,
      'an answer',
      10_000,
      () => daemon.child.output,
    )
    const after = await status(socket)
    expect((await status(socket)).watchErrors.memory).toBe(after.watchErrors.memory)
    // Of each place one: memory and the kernel's drops.
    expect(linesOf(daemon, 'watch-failed')).toBe(2)
    expect(daemon.child.stdout).toMatch(/"event":"watch-failed"[^\n]*raise the limit/)
    daemon.reload({ ...settings, drain_limit: '1s' })
    await until(() => linesOf(daemon, 'reloaded') === 1, 'the reload')
    expect((await daemon.stop()).code).toBe(0)
  })
})

describe('a daemon that starts with too few descriptors', () => {
  it('serves, or says in one sentence what it lacks, whichever is the one that it lacks', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'radsluice-few-'))
    closing.push(() => rmSync(folder, { recursive: true }))
    const config = join(folder, 'radsluice.yaml')
    const ports = { authentication: await freePort(), accounting: await freePort(), admin: await freePort() }
    const farm = { servers: [serverEntry('nobody', { authPort: 9, secret: 'a-secret-of-nobody' })] }
    writeFileSync(config, settingsText(ports, { instances: 1, farm }), { mode: 0o600 })
    const said: string[] = []
    // Fewer than 24 are too few for Node itself.
    for (const limit of [24, 26, 28, 29, 30, 31, 32, 34]) {
      const child = new Child('/bin/sh', ['-c', `ulimit -n ${limit}; exec "$0" run -c "$1"`, RADSLUICE, config])
      await until(() => !child.isRunning || child.stdout.includes('"event":"started"'), 'a start or an end', 20_000)
      const { stderr } = await child.stop()
      said.push(stderr)
      expect(stderr).not.toContain('this is a bug')
    }
    expect(said.filter((text) => /descriptor/.test(text)).length).toBeGreaterThan(1)
  }, 90_000)
})
