/**
 * Which request goes where, and when: server choice, precedence and identifiers, seen at scripted servers.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { until } from './kit/child.ts'
import { CLIENT_SECRET, Daemon, serverEntry } from './kit/daemon.ts'
import { ScriptedClient } from './kit/scripted-client.ts'
import { ScriptedServer } from './kit/scripted-server.ts'
import { accountingRequest, attributeOf, papRequest, TYPE } from './kit/wire.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const scriptedServer = async (): Promise<ScriptedServer> => {
  const server = await ScriptedServer.start()
  closing.push(() => server.close())
  return server
}
const startDaemon = async (settings: Parameters<typeof Daemon.start>[0]): Promise<Daemon> => {
  const daemon = await Daemon.start(settings)
  closing.push(() => daemon.kill())
  return daemon
}
const scriptedClient = (): ScriptedClient => {
  const client = new ScriptedClient(CLIENT_SECRET)
  closing.push(() => client.close())
  return client
}
const userOf = ({ message }: ScriptedServer['arrivals'][number]): string => String(attributeOf(message, TYPE.userName))

describe('first_server with two servers of unequal rates', () => {
  it('spills nothing to the second while the first is Active, however long the queue', async () => {
    const [first, second] = [await scriptedServer(), await scriptedServer()]
    const daemon = await startDaemon({
      queues: { authentication: { max_age: '60s' } },
      farm: {
        authentication: { algorithm: 'first_server', max_rate: 200, timeout: '500ms', max_retries: 0 },
        dead_server: { consecutive_failures: 1 },
        servers: [
          serverEntry('slow', { authPort: first.port, secret: first.secret }, { authentication: { max_rate: 40 } }),
          serverEntry('fast', { authPort: second.port, secret: second.secret }),
        ],
      },
    })
    const client = scriptedClient()
    const build = (n: number, identifier: number) =>
      papRequest({ secret: CLIENT_SECRET, identifier, user: `user-${n}` })
    await client.flood(200, daemon.ports.authentication, build)
    await until(() => client.replies.length >= 200, '200 replies', 15_000)
    expect(first.requests).toHaveLength(200)
    expect(first.requests.map(userOf)).toEqual(Array.from({ length: 200 }, (_, n) => `user-${n}`))
    expect(second.arrivals).toHaveLength(0)

    // The second is there when it is needed: the silence above was the algorithm's doing.
    first.script = () => undefined
    await client.open(2)
    client.send(1, papRequest({ secret: CLIENT_SECRET, identifier: 0, user: 'later' }), daemon.ports.authentication)
    await until(() => second.requests.length > 0, 'the second server to be asked')
    expect(second.requests.map(userOf)).toEqual(['later'])
  })
})

describe('a request with State behind a full server queue', () => {
  it.each([
    ['authentication_first', 'overtakes those without'],
    ['fifo', 'waits its turn'],
  ] as const)('under %s %s', async (serviceOrder, _what) => {
    const server = await scriptedServer()
    const daemon = await startDaemon({
      throttle: { service_order: serviceOrder },
      queues: { authentication: { max_age: '60s' } },
      farm: {
        authentication: { max_rate: 50 },
        servers: [serverEntry('scripted', { authPort: server.port, secret: server.secret })],
      },
    })
    const client = scriptedClient()
    const port = daemon.ports.authentication
    await client.flood(150, port, (n, identifier) =>
      papRequest({ secret: CLIENT_SECRET, identifier, user: `user-${n}` }),
    )
    await daemon.reaches(({ classes }) => classes.authentication.ledger.received === 150, 'all requests in')
    await client.open(2)
    const more = [[TYPE.state, 'a conversation']] as const
    const sentBefore = server.requests.length
    client.send(1, papRequest({ secret: CLIENT_SECRET, identifier: 0, user: 'with-state', more }), port)
    await until(() => server.requests.length >= 151, 'all requests at the server', 15_000)

    const order = server.requests.map(userOf)
    expect(order.filter((user) => user !== 'with-state')).toEqual(Array.from({ length: 150 }, (_, n) => `user-${n}`))
    const place = order.indexOf('with-state')
    // Two slots' worth at most left while it was on its way.
    if (serviceOrder === 'fifo') expect(place).toBe(150)
    else expect(place - sentBefore).toBeLessThanOrEqual(6)
  })
})

describe('a client that reuses its identifiers with 1,000 Accounting-Requests queued', () => {
  it('loses none of them, and gets an answer under an identifier only for the last that had it', async () => {
    const server = await scriptedServer()
    const daemon = await startDaemon({
      farm: {
        accounting: { max_rate: 400 },
        servers: [serverEntry('scripted', { acctPort: server.port, secret: server.secret })],
      },
    })
    const client = scriptedClient()
    await client.open(1)
    for (let n = 0; n < 1_000; n += 1) {
      const attributes = [
        [TYPE.acctStatusType, 1],
        [TYPE.acctSessionId, `session-${n}`],
      ] as const
      const bytes = accountingRequest({ secret: CLIENT_SECRET, identifier: n % 256, attributes })
      client.send(0, bytes, daemon.ports.accounting)
      if (n % 25 === 24) await sleep(2)
    }
    await until(() => server.requests.length >= 1_000, '1,000 records at the server', 20_000)
    await daemon.reaches(({ classes }) => classes.accounting.outstanding === 0, 'the last answer')

    const sessions = server.requests.map(({ message }) => String(attributeOf(message, TYPE.acctSessionId)))
    expect(sessions).toEqual(Array.from({ length: 1_000 }, (_, n) => `session-${n}`))
    const ledger = await daemon.ledgerOf('accounting')
    expect(ledger.received).toBe(1_000)
    expect(ledger.answered + ledger.deliveredUnanswered).toBe(1_000)
    expect(ledger.answered).toBeGreaterThanOrEqual(256)
    await until(() => client.replies.length >= ledger.answered, 'every answer')
    expect(client.replies).toHaveLength(ledger.answered)
    const lastOnes = client.replies.slice(-256)
    expect(new Set(lastOnes.map(({ message }) => message.identifier)).size).toBe(256)
    expect(lastOnes.every(({ verifies }) => verifies)).toBe(true)
  })
})
