/**
 * max-outstanding on the wire: with a server that says nothing, exactly so many different requests leave, and then one
 * for each answer or time-out. Different means another source port, identifier or authenticator: a retransmission
 * has all three in common with its original and is counted apart.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { Capture } from './kit/capture.ts'
import { until } from './kit/child.ts'
import { CLIENT_SECRET, Daemon, type Settings, serverEntry } from './kit/daemon.ts'
import { needs } from './kit/peers.ts'
import { ScriptedClient } from './kit/scripted-client.ts'
import { ScriptedServer, silence, yes } from './kit/scripted-server.ts'
import { CODE, papRequest } from './kit/wire.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const world = async (
  authentication: Settings,
): Promise<{ server: ScriptedServer; daemon: Daemon; client: ScriptedClient }> => {
  const server = await ScriptedServer.start(silence)
  closing.push(() => server.close())
  const daemon = await Daemon.start({
    queues: { authentication: { max_messages: 20_000, max_age: '120s' } },
    farm: {
      authentication,
      // Silence must not make it Down here: both conditions have to hold.
      dead_server: { consecutive_failures: 1_000, response_timeout: '10m' },
      servers: [serverEntry('scripted', { authPort: server.port, secret: server.secret })],
    },
  })
  closing.push(() => daemon.kill())
  const client = new ScriptedClient(CLIENT_SECRET)
  closing.push(() => client.close())
  return { server, daemon, client }
}

const build = (n: number, identifier: number): Buffer =>
  papRequest({ secret: CLIENT_SECRET, identifier, user: `user-${n}` })

describe('max_outstanding 256 with a silent server', () => {
  it('lets exactly 256 different requests out, then one for each answer', async () => {
    const { server, daemon, client } = await world({ max_outstanding: 256, timeout: '1s', max_retries: 20 })
    await client.flood(600, daemon.ports.authentication, build)
    await until(() => server.requests.length >= 256, '256 requests')
    // Long enough for two retries of each: they are the same requests again.
    await until(() => server.retransmissions.length >= 512, 'every request retried twice')
    expect(server.requests).toHaveLength(256)
    expect((await daemon.lane('scripted', 'authentication')).outstanding).toBe(256)

    for (const [answers, sum] of [
      [1, 257],
      [43, 300],
      [200, 500],
    ] as const) {
      const open = server.requests.slice(sum - answers - 256, sum - 256)
      for (const arrival of open) server.answer(arrival, { code: CODE.accessAccept })
      await until(() => server.requests.length >= sum, `${sum} requests`)
      await sleep(200)
      expect(server.requests).toHaveLength(sum)
      expect(client.replies).toHaveLength(sum - 256)
    }
    expect(client.replies.every(({ verifies }) => verifies)).toBe(true)
  })

  it('lets one out for each time-out', async () => {
    const { server, daemon, client } = await world({ max_outstanding: 256, timeout: '2s', max_retries: 0 })
    await client.flood(900, daemon.ports.authentication, build)
    await until(() => server.requests.length >= 400, 'time-outs to let others out')
    const lane = await daemon.lane('scripted', 'authentication')
    expect(lane.counters.requests).toBe(256 + lane.counters.timeouts)
    expect(lane.outstanding).toBe(256)

    server.script = yes
    for (const arrival of server.requests) server.answer(arrival, { code: CODE.accessAccept })
    await daemon.reaches(
      ({ classes }) => classes.authentication.queued + classes.authentication.outstanding === 0,
      'the end',
    )
    const { received, answered, givenUp } = await daemon.ledgerOf('authentication')
    expect(received).toBe(900)
    expect(answered + givenUp).toBe(900)
    expect(server.requests).toHaveLength(900)
    // An answer to a request that was given up belongs to nobody: late, and never another client's.
    expect(client.replies).toHaveLength(answered)
    expect(client.replies.every(({ verifies }) => verifies)).toBe(true)
    expect(server.retransmissions).toHaveLength(0)
  })
})

const group = needs('max_outstanding 4000', 'tcpdump')
describe.skipIf(group.skip)(group.title, () => {
  it('holds, also after 4,000 time-outs at once', { timeout: 90_000 }, async () => {
    const { server, daemon, client } = await world({ max_outstanding: 4_000, timeout: '6s', max_retries: 0 })
    // On the wire, not at the scripted server: 4,000 datagrams at once may overflow its receive buffer.
    const capture = await Capture.start(`udp dst port ${server.port}`)
    await client.flood(9_000, daemon.ports.authentication, build)
    await daemon.reaches(({ lanes }) => lanes[0]?.counters.timeouts === 9_000, 'every request timed out', 60_000)
    const sent = await capture.stop()
    const identities = new Map<string, number[]>()
    for (const { sourcePort, payload, wallMicros } of sent) {
      const slot = `${sourcePort} ${payload[1]}`
      identities.set(slot, [...(identities.get(slot) ?? []), wallMicros])
    }
    expect(sent).toHaveLength(9_000)
    expect(
      mostWithin(
        sent.map(({ wallMicros }) => wallMicros),
        5_300_000,
      ),
    ).toBeLessThanOrEqual(4_000)
    expect(
      mostWithin(
        sent.map(({ wallMicros }) => wallMicros),
        5_300_000,
      ),
    ).toBeGreaterThan(3_900)
    for (const [slot, times] of identities) {
      for (let n = 1; n < times.length; n += 1) {
        // Timeout at least 5.4 s, then 5 s of quarantine.
        expect(times[n]! - times[n - 1]!, `identifier ${slot}`).toBeGreaterThan(10_300_000)
      }
    }

    server.script = yes
    const before = client.replies.length
    await client.flood(1_000, daemon.ports.authentication, build, 8)
    await until(() => client.replies.length - before >= 1_000, 'service after the mass time-out', 20_000)
    // The last ones wait for an answer while nobody needs their places.
    await daemon.reaches(({ classes }) => classes.authentication.outstanding === 0, 'the end', 60_000)
    expect((await daemon.ledgerOf('authentication')).givenUp).toBe(9_000)
  })
})

/** The most moments of an ascending list that lie within `span` of each other. */
const mostWithin = (times: readonly number[], span: number): number => {
  let first = 0
  let most = 0
  for (let last = 0; last < times.length; last += 1) {
    while (times[last]! - times[first]! >= span) first += 1
    most = Math.max(most, last - first + 1)
  }
  return most
}
