/**
 * Accounting records through a daemon of two instances: what it tracks, logs and shows of them, and that the server gets
 * every octet as it was sent.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { MLPPP_STOP } from '../accounting/records.ts'
import { until } from './kit/child.ts'
import { command } from './kit/command.ts'
import { CLIENT_SECRET, Daemon, serverEntry } from './kit/daemon.ts'
import { ScriptedClient } from './kit/scripted-client.ts'
import { ScriptedServer } from './kit/scripted-server.ts'
import { type Attribute, accountingRequest } from './kit/wire.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function fixture() {
  const server = await ScriptedServer.start()
  closing.push(() => server.close())
  const directory = mkdtempSync(join(tmpdir(), 'radsluice-e2e-sessions-'))
  closing.push(() => rmSync(directory, { recursive: true }))
  const daemon = await Daemon.start({
    instances: 2,
    accounting: { sessions_log: { directory } },
    farm: { servers: [serverEntry('fr', { acctPort: server.port, secret: server.secret })] },
  })
  closing.push(() => daemon.kill())
  const client = new ScriptedClient(CLIENT_SECRET)
  closing.push(() => client.close())
  await client.open(8)
  const send = (socket: number, identifier: number, attributes: readonly Attribute[]) =>
    client.send(socket, accountingRequest({ secret: CLIENT_SECRET, identifier, attributes }), daemon.ports.accounting)
  const logged = (): Record<string, unknown>[] =>
    readdirSync(directory).flatMap((name) =>
      readFileSync(join(directory, name), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    )
  return { server, daemon, client, send, logged }
}

describe('accounting sessions of a running daemon', () => {
  it('are logged when they end, with exact figures, while the record passes untouched', async () => {
    const { server, daemon, client, send, logged } = await fixture()
    send(0, 1, MLPPP_STOP)
    await until(() => client.replies.length === 1, 'an answer')
    expect(server.requests[0]!.message.attributes.map(([type, value]) => [type, value])).toEqual(
      MLPPP_STOP.map(([type, value]) => [type, Buffer.from(value)]),
    )
    await until(() => logged().length === 1, 'a line in the sessions log', 5_000)
    expect(logged()).toMatchObject([
      {
        kind: 'session',
        end: 'stop',
        session: '786',
        multiSession: '787',
        user: 'user@example.com',
        nas: 'kalka',
        sessionSeconds: 61_965,
        inputOctets: '26837955704',
        outputOctets: '21448561280',
        inputIpv6Octets: null,
        labels: ['mlppp-member-link'],
      },
    ])
    expect(String(logged()[0]!['time'])).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    const { clients, sessions } = await daemon.status()
    expect(clients[0]?.accounting).toMatchObject({ records: { stop: 1 }, memberLinkRecords: 1 })
    expect(sessions).toMatchObject({ live: 0, bundles: 1, ended: { stop: 1 } })
  })

  it('are listed and found by the command line, of all instances', async () => {
    const { daemon, client, send } = await fixture()
    const start = (n: number): Attribute[] => [
      [40, 1],
      [44, `s${n}`],
      [1, n % 2 === 0 ? 'even' : 'odd'],
    ]
    for (let n = 0; n < 16; n += 1) send(n % 8, n, start(n))
    await until(() => client.replies.length === 16, '16 answers')
    const admin = ['--admin', `127.0.0.1:${daemon.ports.admin}`]
    const found = async (...words: string[]) => {
      const { code, stdout } = await command(['sessions', '--json', ...admin, ...words])
      const { sessions, ...rest } = JSON.parse(stdout) as { sessions: { session: string; user: string }[] }
      return { code, ...rest, names: sessions.map(({ session }) => session).sort() }
    }
    expect(await found()).toMatchObject({ code: 0, more: false, tracked: 16, names: { length: 16 } })
    expect(await found('--session', 's7')).toEqual({ code: 0, more: false, tracked: 16, names: ['s7'] })
    expect((await found('--user', 'odd')).names).toHaveLength(8)
    expect(await found('--limit', '3')).toMatchObject({ more: true, names: { length: 3 } })
    expect(await found('--user', 'nobody')).toMatchObject({ code: 1, names: [] })
    expect(await command(['sessions', ...admin, '--client', 'nobody'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no client is called "nobody"; there are "loopback"'),
    })
    // Who is online is not for everybody who reaches the address.
    expect((await daemon.get('/sessions'))?.status).toBe(403)
  })

  it('that end in a crowd are all in the log, and the daemon waits for its last lines when it stops', async () => {
    const { daemon, client, send, logged } = await fixture()
    const stop = (n: number): Attribute[] => [
      [40, 2],
      [44, `crowd-${n}`],
      [46, 60],
      [42, n],
      [47, 1],
    ]
    for (let n = 0; n < 1_000; n += 1) send(n % 8, Math.floor(n / 8), stop(n))
    await until(() => client.replies.length === 1_000, '1,000 answers', 20_000)
    await daemon.stop()
    const names = logged().map(({ session }) => session)
    expect(new Set(names).size).toBe(1_000)
    expect(names).toHaveLength(1_000)
  })
})
