/**
 * Servers that die and return: FreeRADIUS is killed in mid-traffic. Its detail files say what was recorded, and the
 * ledger says what became of each request.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { endedBy, leftOver, NOWHERE, numbersOf } from '../../src/proxy/border/endings.ts'
import { until } from './kit/child.ts'
import { CLIENT_SECRET, Daemon, serverEntry } from './kit/daemon.ts'
import { Freeradius } from './kit/freeradius.ts'
import { needs } from './kit/peers.ts'
import { USERS } from './kit/raddb.ts'
import { ScriptedClient } from './kit/scripted-client.ts'
import { accountingRequest, CODE, type Message, papRequest, TYPE } from './kit/wire.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})
const freeradius = async (): Promise<Freeradius> => {
  const server = await Freeradius.start()
  closing.push(() => server.close())
  return server
}
const startDaemon = async (settings: Parameters<typeof Daemon.start>[0]): Promise<Daemon> => {
  const daemon = await Daemon.start(settings)
  closing.push(() => daemon.kill())
  return daemon
}
const newClient = (): ScriptedClient => {
  const client = new ScriptedClient(CLIENT_SECRET)
  closing.push(() => client.close())
  return client
}

/** Sends the same bytes every second, as a NAS does, until a verified answer came; at most `tries` times. */
const askLikeANas = async (
  client: ScriptedClient,
  { bytes, port, socket, tries }: { bytes: Buffer; port: number; socket: number; tries: number },
): Promise<Message | undefined> => {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const answer = await client.ask(bytes, port, 1_000, socket)
    if (answer !== undefined) return answer
  }
  return undefined
}

interface Traffic {
  readonly sessions: readonly string[]
  readonly recorded: readonly (Message | undefined)[]
  readonly logins: readonly (Message | undefined)[]
}

/** For `rounds` x 50 ms, 4 records and 2 logins each round, each with its own identifier; ends when all have ended. */
const traffic = async (client: ScriptedClient, daemon: Daemon, rounds: number, tries: number): Promise<Traffic> => {
  const sessions: string[] = []
  const records: Promise<Message | undefined>[] = []
  const logins: Promise<Message | undefined>[] = []
  await client.open(16)
  for (let round = 0; round < rounds; round += 1) {
    for (let n = 0; n < 4; n += 1) {
      const count = sessions.length
      sessions.push(`outage-${count}`)
      const attributes = [
        [TYPE.acctStatusType, 2],
        [TYPE.acctSessionId, `outage-${count}`],
        [TYPE.userName, 'alice'],
      ] as const
      const bytes = accountingRequest({ secret: CLIENT_SECRET, identifier: count % 256, attributes })
      const socket = Math.floor(count / 256)
      records.push(askLikeANas(client, { bytes, port: daemon.ports.accounting, socket, tries }))
    }
    for (let n = 0; n < 2; n += 1) {
      const count = logins.length
      const bytes = papRequest({ secret: CLIENT_SECRET, identifier: count % 256, user: 'alice', password: USERS.alice })
      const socket = 8 + Math.floor(count / 256)
      logins.push(askLikeANas(client, { bytes, port: daemon.ports.authentication, socket, tries }))
    }
    await sleep(50)
  }
  return { sessions, recorded: await Promise.all(records), logins: await Promise.all(logins) }
}

/** Nothing waits any more, and each request ended in a way that has a name. */
const expectAllEnded = async (daemon: Daemon): Promise<void> => {
  await daemon.reaches(
    ({ classes }) => Object.values(classes).every(({ queued, outstanding }) => queued + outstanding === 0),
    'nothing queued or outstanding',
    30_000,
  )
  for (const { ledger } of Object.values((await daemon.status()).classes)) {
    expect(leftOver(numbersOf(ledger), NOWHERE)).toBe(0)
    expect(endedBy(ledger, 'dropped')).toBe(0)
  }
}

const group = needs('a FreeRADIUS killed and restarted in mid-traffic', 'freeradius', 'openssl')
describe.skipIf(group.skip)(group.title, () => {
  const healing = {
    authentication: { timeout: '400ms', max_retries: 1, max_rate: 300 },
    accounting: { timeout: '400ms', max_retries: 1, max_rate: 300 },
    dead_server: { consecutive_failures: 4, probe: 'status_server', probe_interval: '1s' },
  }

  it('as the only server: every record is in its detail file, every request has ended by name', async () => {
    const server = await freeradius()
    const daemon = await startDaemon({ farm: { ...healing, servers: [serverEntry('fr-1', server)] } })
    const flowing = traffic(newClient(), daemon, 100, 20)
    await sleep(1_500)
    await server.kill()
    await daemon.reaches(({ lanes }) => lanes.every(({ state }) => state === 'down'), 'the server to be Down')
    expect((await daemon.get('/readyz'))?.status).toBe(503)
    await sleep(1_000)
    await server.start()
    await daemon.reaches(({ lanes }) => lanes.every(({ state }) => state === 'active'), 'the server to be Active')
    expect((await daemon.get('/readyz'))?.status).toBe(200)

    const { sessions, recorded, logins } = await flowing
    await expectAllEnded(daemon)
    expect(recorded.every((answer) => answer?.code === CODE.accountingResponse)).toBe(true)
    expect(logins.every((answer) => answer?.code === CODE.accessAccept)).toBe(true)
    const detail = server.sessions()
    expect(sessions.filter((session) => !detail.has(session))).toEqual([])
  })

  it('with a second one beside it: the traffic moves over and back, and nothing is lost', async () => {
    const [first, second] = [await freeradius(), await freeradius()]
    const daemon = await startDaemon({
      farm: { ...healing, servers: [serverEntry('fr-1', first), serverEntry('fr-2', second)] },
    })
    const flowing = traffic(newClient(), daemon, 120, 20)
    await sleep(1_000)
    expect(second.sessions().size).toBe(0)
    await first.kill()
    const states = async () =>
      (await daemon.status()).lanes.filter(({ server }) => server === 'fr-1').map(({ state }) => state)
    await until(async () => (await states()).every((state) => state === 'down'), 'the first to be Down')
    expect((await daemon.get('/readyz'))?.status).toBe(200)
    await until(() => second.sessions().size > 20, 'the second to record')
    await first.start()
    const recordedBefore = first.sessions().size
    await until(() => first.sessions().size > recordedBefore + 20, 'the first to record again')

    const { sessions, recorded, logins } = await flowing
    await expectAllEnded(daemon)
    expect(recorded.every((answer) => answer?.code === CODE.accountingResponse)).toBe(true)
    expect(logins.every((answer) => answer?.code === CODE.accessAccept)).toBe(true)
    const [one, two] = [first.sessions(), second.sessions()]
    expect(sessions.filter((session) => !one.has(session) && !two.has(session))).toEqual([])
  })
})
