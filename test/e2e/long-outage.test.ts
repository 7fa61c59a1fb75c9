/**
 * How soon service is back after a long outage, with scripted servers that fall silent and return.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { until } from './kit/child.ts'
import { CLIENT_SECRET, Daemon, serverEntry } from './kit/daemon.ts'
import { ScriptedClient } from './kit/scripted-client.ts'
import { ScriptedServer, silence, yes } from './kit/scripted-server.ts'
import { accessRequest, CODE, MESSAGE_AUTHENTICATOR, papRequest } from './kit/wire.ts'

const newClient = (): ScriptedClient => {
  const client = new ScriptedClient(CLIENT_SECRET)
  onTestFinished(() => client.close())
  return client
}

describe('all servers Down for 30 s, and no probes', () => {
  it('serves again within 10 s of their return', { timeout: 120_000 }, async () => {
    const servers = [await ScriptedServer.start(silence), await ScriptedServer.start(silence)]
    for (const server of servers) onTestFinished(() => server.close())
    const daemon = await Daemon.start({
      farm: {
        authentication: { timeout: '300ms', max_retries: 0 },
        dead_server: { consecutive_failures: 2, dead_time: '10m', probe: 'none', probe_interval: '10s' },
        servers: servers.map(({ port, secret }, n) => serverEntry(`scripted-${n}`, { authPort: port, secret })),
      },
    })
    onTestFinished(() => daemon.kill())
    const client = newClient()
    await client.open(4)
    let sent = 0
    const login = (): void => {
      const bytes = papRequest({ secret: CLIENT_SECRET, identifier: sent % 256, user: `user-${sent}` })
      client.send(Math.floor(sent / 256) % 4, bytes, daemon.ports.authentication)
      sent += 1
    }
    const flow = setInterval(login, 100)
    onTestFinished(() => clearInterval(flow))
    await daemon.reaches(({ lanes }) => lanes.every(({ state }) => state === 'down'), 'all to be Down')
    const arrivedBefore = servers.reduce((sum, { arrivals }) => sum + arrivals.length, 0)
    await sleep(30_000)
    expect((await daemon.get('/readyz'))?.status).toBe(503)
    expect((await daemon.get('/healthz'))?.status).toBe(200)
    expect(client.replies).toHaveLength(0)
    // RFC 5997: a client that asks whether we live is answered, and the daemon is not what is dead.
    const question = accessRequest(
      { secret: CLIENT_SECRET, identifier: 0, attributes: [MESSAGE_AUTHENTICATOR] },
      CODE.statusServer,
    )
    const asker = newClient()
    expect((await asker.ask(question, daemon.ports.authentication))?.code).toBe(CODE.accessAccept)
    // One live request a probe interval, and no more, tries a server that is Down.
    const tried = servers.reduce((sum, { arrivals }) => sum + arrivals.length, 0) - arrivedBefore
    expect(tried).toBeGreaterThanOrEqual(2)
    expect(tried).toBeLessThanOrEqual(4)

    const returned = performance.now()
    for (const server of servers) server.script = yes
    await until(() => client.replies.length > 0, 'the first reply after the outage', 15_000)
    // 250 ms for this machine; the next trial is at most a probe interval away.
    expect(performance.now() - returned).toBeLessThan(10_250)
    await until(() => client.replies.length > 60, 'steady service')
    expect((await daemon.get('/readyz'))?.status).toBe(200)
  })
})
