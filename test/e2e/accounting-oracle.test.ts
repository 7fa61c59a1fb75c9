/**
 * The detail files of real FreeRADIUS servers as the oracle: what a client sent stands there, whatever happened on the
 * way, and the capture says why a record stands there twice.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { figuresOf } from '../../src/accounting/record/figures.ts'
import { RecordView } from '../../src/accounting/record/record-view.ts'
import { MLPPP_STOP, packetWith } from '../accounting/records.ts'
import { Capture, type Captured } from './kit/capture.ts'
import { until } from './kit/child.ts'
import { CLIENT_SECRET, Daemon, type Settings, serverEntry } from './kit/daemon.ts'
import { type DetailRecord, Freeradius } from './kit/freeradius.ts'
import { needs } from './kit/peers.ts'
import { ScriptedClient } from './kit/scripted-client.ts'
import { type Attribute, accountingRequest, attributeOf, readMessage } from './kit/wire.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const freeradius = async (): Promise<Freeradius> => {
  const server = await Freeradius.start()
  closing.push(() => server.close())
  return server
}
const daemonOf = async (settings: Settings): Promise<Daemon> => {
  const daemon = await Daemon.start(settings)
  closing.push(() => daemon.kill())
  return daemon
}
const clientOf = async (sockets: number, secret = CLIENT_SECRET): Promise<ScriptedClient> => {
  const client = new ScriptedClient(secret)
  closing.push(() => client.close())
  await client.open(sockets)
  return client
}

const [START, STOP, INTERIM] = [1, 2, 3]
const STATUS_NAMES: Readonly<Record<string, number>> = { Start: START, Stop: STOP, 'Interim-Update': INTERIM }

/** What tells two records apart here: session, kind, time, both directions. */
const keyOf = (session: string, status: number, ...figures: number[]): string => [session, status, ...figures].join(' ')
const keyInDetail = (record: DetailRecord): string => {
  const of = (name: string): string => record.get(name)?.join('+') ?? ''
  const figures = ['Acct-Session-Time', 'Acct-Input-Octets', 'Acct-Output-Octets'].map((name) => Number(of(name)))
  return keyOf(of('Acct-Session-Id'), STATUS_NAMES[of('Acct-Status-Type')] ?? 0, ...figures)
}

interface Sent {
  readonly key: string
  readonly session: number
  readonly attributes: readonly Attribute[]
}

const SESSIONS = 2_000
const RECORDS = 10
/** Links of the bundles, in turn. */
const LINKS = [1, 2, 3, 4]
const SESSIONS_IN_TURN = LINKS.reduce((sum, links) => sum + links, 0)

/** One of a session's records: Start, eight interim updates, Stop. Every other session has no Event-Timestamp. */
const recordOf = (session: number, index: number): Sent => {
  const status = index === 0 ? START : index === RECORDS - 1 ? STOP : INTERIM
  const [time, input, output] = [index * 300, index * 1_000 + session, index * 77]
  let place = session % SESSIONS_IN_TURN
  let bundle = 0
  for (; place >= LINKS[bundle]!; bundle += 1) place -= LINKS[bundle]!
  const attributes: Attribute[] = [
    [40, status],
    [44, `s${session}`],
    [50, `bundle-${Math.floor(session / SESSIONS_IN_TURN)}-${bundle}`],
    [51, place + 1],
    [7, 1],
    [46, time],
    [42, input],
    [43, output],
    ...(session % 2 === 0 ? [[55, 1_700_000_000 + time] as const] : []),
  ]
  return { key: keyOf(`s${session}`, status, time, input, output), session, attributes }
}

/** A BNG that sends every record in order, from two ports, and again until it is answered. */
const deliver = async (
  client: ScriptedClient,
  port: number,
  records: readonly Sent[],
  at: Map<number, () => unknown>,
) => {
  const window = 400
  const patience = 1_500
  interface Waiting {
    readonly record: Sent
    readonly begun: number
    sent: number
    readonly slots: string[]
    socket: number
    identifier: number
  }
  const free = Array.from({ length: 32 }, () => Array.from({ length: 256 }, (_, identifier) => identifier))
  const bySlot = new Map<string, Waiting>()
  const waiting = new Set<Waiting>()
  let repeated = 0
  let seen = 0
  const send = (one: Waiting, delay?: number): void => {
    const attributes = [...one.record.attributes, ...(delay === undefined ? [] : [[41, delay] as const])]
    one.sent = performance.now()
    client.send(one.socket, accountingRequest({ secret: CLIENT_SECRET, identifier: one.identifier, attributes }), port)
  }
  const take = (one: Waiting): void => {
    one.identifier = free[one.socket]!.shift()!
    one.slots.push(`${one.socket} ${one.identifier}`)
    bySlot.set(`${one.socket} ${one.identifier}`, one)
  }
  const look = (): void => {
    for (; seen < client.replies.length; seen += 1) {
      const { socket, message, verifies } = client.replies[seen]!
      const one = bySlot.get(`${socket} ${message.identifier}`)
      if (one === undefined || !verifies) continue
      waiting.delete(one)
      for (const slot of one.slots) {
        bySlot.delete(slot)
        const [of, identifier] = slot.split(' ').map(Number)
        free[of!]!.push(identifier!)
      }
    }
    const now = performance.now()
    for (const one of waiting) {
      if (now - one.sent < patience) continue
      repeated += 1
      // Half of the sessions send the same octets again, half a new packet with a new Acct-Delay-Time.
      if (one.record.session % 4 < 2 || one.slots.length > 4) send(one)
      else {
        take(one)
        send(one, Math.floor((now - one.begun) / 1_000))
      }
    }
  }
  for (const [n, record] of records.entries()) {
    at.get(n)?.()
    while (waiting.size >= window) {
      await sleep(1)
      look()
    }
    const now = performance.now()
    const socket = 2 * (record.session % 16) + (n % 3 === 0 ? 1 : 0)
    const one: Waiting = { record, begun: now, sent: now, slots: [], socket, identifier: 0 }
    take(one)
    send(one, record.session % 2 === 0 ? undefined : 0)
    waiting.add(one)
  }
  await until(
    () => {
      look()
      return waiting.size === 0
    },
    'an answer to every record',
    30_000,
    () => `${waiting.size} wait`,
  )
  return { repeated }
}

/** Every transmission of a record to a server, and whether it was answered before the next copy left. */
const copiesOf = (captured: readonly Captured[], servers: ReadonlySet<number>) => {
  const copies = new Map<string, { readonly at: number; readonly way: string }[]>()
  const answers = new Map<string, number[]>()
  const order: { readonly session: string; readonly time: number; readonly at: number }[] = []
  for (const { wallMicros, sourcePort, destinationPort, payload } of captured) {
    if (servers.has(sourcePort)) {
      const way = `${destinationPort} ${payload[1]} ${sourcePort}`
      answers.set(way, [...(answers.get(way) ?? []), wallMicros])
      continue
    }
    const message = readMessage(payload)
    if (message.code !== 4) continue
    const number = (type: number): number => attributeOf(message, type)?.readUInt32BE(0) ?? 0
    const session = String(attributeOf(message, 44))
    const key = keyOf(session, number(40), number(46), number(42), number(43))
    const former = copies.get(key)
    if (former === undefined) order.push({ session, time: number(46), at: wallMicros })
    copies.set(key, [...(former ?? []), { at: wallMicros, way: `${sourcePort} ${payload[1]} ${destinationPort}` }])
  }
  const neededNoCopy = [...copies].filter(([, all]) =>
    all.slice(1).some(({ at }, i) => answers.get(all[i]!.way)?.some((answer) => answer > all[i]!.at && answer < at)),
  )
  return { copies, order, neededNoCopy: neededNoCopy.map(([key]) => key) }
}

const group = needs('a detail file of FreeRADIUS', 'freeradius', 'tcpdump')
describe.skipIf(group.skip)(group.title, () => {
  it('has the Stop of an MLPPP subscriber as it was sent, attribute for attribute', async () => {
    const server = await freeradius()
    const daemon = await daemonOf({ farm: { servers: [serverEntry('fr', server)] } })
    const request = (secret: string) => accountingRequest({ secret, identifier: 7, attributes: MLPPP_STOP })
    const direct = await clientOf(1, server.secret)
    expect(await direct.ask(request(server.secret), server.acctPort)).toMatchObject({ code: 5 })
    const client = await clientOf(1)
    expect(await client.ask(request(CLIENT_SECRET), daemon.ports.accounting)).toMatchObject({ code: 5 })
    await until(() => server.records().length === 2, 'two records')
    const [sent, proxied] = server.records().map((record) => Object.fromEntries(record))
    // When FreeRADIUS wrote it is its own; everything else is equal.
    for (const record of [sent!, proxied!]) delete record['Timestamp']
    expect(proxied).toEqual(sent)
    expect(proxied).toMatchObject({
      'Acct-Session-Id': ['786'],
      'Acct-Multi-Session-Id': ['787'],
      'Acct-Input-Octets': ['1068151928'],
      'Acct-Input-Gigawords': ['6'],
      'Acct-Output-Octets': ['4268692096'],
      'Acct-Output-Gigawords': ['4'],
      'Acct-Delay-Time': ['0'],
      'ERX-IPv6-Acct-Input-Octets': ['0'],
    })
    const view = new RecordView().read(packetWith(...MLPPP_STOP))
    const { input, output } = figuresOf(view)
    expect([input.octets, output.octets, input.ipv6Octets]).toEqual([26_837_955_704n, 21_448_561_280n, undefined])
    expect(view.isMemberLink).toBe(true)
  })

  it('has every record of 2,000 sessions, in order, and one twice only where an earlier copy got no response', async () => {
    const servers = [await freeradius(), await freeradius()]
    const accounting = { timeout: '1s', max_retries: 2, max_outstanding: 200, max_rate: 2_500 }
    const daemon = await daemonOf({
      farm: {
        accounting: { algorithm: 'round_robin' },
        dead_server: { consecutive_failures: 4, probe_interval: '1s' },
        servers: servers.map((server, i) =>
          serverEntry(`fr-${i + 1}`, { acctPort: server.acctPort, secret: server.secret }, { accounting }),
        ),
      },
    })
    const ports = servers.map(({ acctPort }) => acctPort)
    const capture = await Capture.start(`udp port ${ports[0]} or udp port ${ports[1]}`)
    const client = await clientOf(32)
    const records = Array.from({ length: SESSIONS * RECORDS }, (_, n) =>
      recordOf(n % SESSIONS, Math.floor(n / SESSIONS)),
    )
    let back: Promise<void> | undefined
    let killedAt = 0
    const restart = new Map<number, () => unknown>([
      [
        SESSIONS * 5,
        () => {
          killedAt = Date.now()
          back = servers[0]!
            .kill()
            .then(() => sleep(2_000))
            .then(() => servers[0]!.start())
        },
      ],
    ])
    const { repeated } = await deliver(client, daemon.ports.accounting, records, restart)
    await back
    await sleep(300)
    const { copies, order, neededNoCopy } = copiesOf(await capture.stop(), new Set(ports))
    const written = servers.flatMap((server) => server.records().map(keyInDetail))
    const counts = new Map<string, number>()
    for (const key of written) counts.set(key, (counts.get(key) ?? 0) + 1)
    const missing = records.filter(({ key }) => !counts.has(key)).map(({ key }) => key)
    const known = new Set(records.map(({ key }) => key))
    const twice = [...counts].filter(([, count]) => count > 1).map(([key]) => key)
    process.stdout.write(
      `${records.length} records: ${repeated} sent again by the client, ${[...copies.values()].filter((all) => all.length > 1).length} sent to a server more than once, ${twice.length} written twice\n`,
    )
    expect(missing).toEqual([])
    expect([...counts.keys()].filter((key) => !known.has(key))).toEqual([])
    expect(neededNoCopy).toEqual([])
    expect(twice.filter((key) => copies.get(key)!.length < 2)).toEqual([])
    const last = new Map<string, number>()
    const disordered = order.filter(({ session, time }) => {
      const before = last.get(session) ?? -1
      last.set(session, time)
      return time < before
    })
    // On a port that was refused a moment before the kernel refuses one send: that transmission is in no capture, and the
    // record's copy is the first that is seen.
    const { classes, lanes } = await daemon.status()
    const transmitted = lanes.reduce((sum, { counters }) => sum + counters.requests + counters.retransmissions, 0)
    const seen = [...copies.values()].reduce((sum, all) => sum + all.length, 0)
    process.stdout.write(
      `${transmitted - seen} sends refused by the kernel, ${disordered.length} seen out of order for it\n`,
    )
    expect(disordered.length).toBeLessThanOrEqual(transmitted - seen)
    const outside = disordered.filter(({ at }) => at < 1_000 * killedAt || at > 1_000 * (killedAt + 5_000))
    expect(outside).toEqual([])
    expect(classes.accounting).toMatchObject({ queued: 0, outstanding: 0, imbalance: 0 })
  })

  it('lacks exactly the interim updates that newer ones superseded, with interims: newest', async () => {
    const server = await freeradius()
    const daemon = await daemonOf({
      clients: [{ name: 'bng', address: '127.0.0.0/8', secret: CLIENT_SECRET, accounting: { interims: 'newest' } }],
      farm: { servers: [serverEntry('fr', server, { accounting: { max_outstanding: 16, timeout: '30s' } })] },
    })
    const client = await clientOf(4)
    const ask = (n: number, { attributes }: Sent): void =>
      client.send(
        n >> 8,
        accountingRequest({ secret: CLIENT_SECRET, identifier: n & 0xff, attributes }),
        daemon.ports.accounting,
      )
    const accounting = async () => (await daemon.status()).classes.accounting
    server.pause()
    let n = 0
    for (let session = 1_000; session < 1_016; session += 1) ask(n++, recordOf(session, 0))
    await until(async () => (await accounting()).outstanding === 16, 'what holds the others back')
    const expected: string[] = []
    // 200 sessions send one, 100 of them a second and 50 of these a third.
    for (const [index, sessions] of [
      [1, 200],
      [2, 100],
      [3, 50],
    ] as const) {
      for (let session = 0; session < sessions; session += 1) ask(n++, recordOf(session, index))
      const coalesced = { 1: 0, 2: 100, 3: 150 }[index]
      await until(async () => (await accounting()).ledger.coalesced === coalesced, `${coalesced} coalesced`)
    }
    for (let session = 0; session < 200; session += 1) {
      expected.push(recordOf(session, session < 50 ? 3 : session < 100 ? 2 : 1).key)
    }
    expect((await accounting()).queued).toBe(200)
    server.resume()
    await until(() => client.replies.length === n, 'an answer to all of them, superseded ones too', 20_000)
    expect(client.replies.every(({ verifies }) => verifies)).toBe(true)
    const interims = server.records().filter((record) => record.get('Acct-Status-Type')?.[0] === 'Interim-Update')
    expect(interims.map(keyInDetail).sort()).toEqual(expected.sort())
    expect((await accounting()).ledger).toMatchObject({ received: n, answered: 216, coalesced: 150 })
  })
})
