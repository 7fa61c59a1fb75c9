/**
 * Bad input of every kind, from the network and from the operator: it is named and counted, and nothing else changes.
 */
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StatusReport } from '../../src/observe/status-report.ts'
import { run, until } from './kit/child.ts'
import { CLIENT_SECRET, Daemon, RADSLUICE, type Settings, serverEntry, settingsText } from './kit/daemon.ts'
import { freePort } from './kit/ports.ts'
import { ScriptedClient } from './kit/scripted-client.ts'
import { ScriptedServer } from './kit/scripted-server.ts'
import { accessRequest, accountingRequest, CODE, papRequest, TYPE } from './kit/wire.ts'

const secret = CLIENT_SECRET
const patched = (bytes: Buffer, at: number, value: number): Buffer => {
  const changed = Buffer.from(bytes)
  changed[at] = value
  return changed
}
const good = (): Buffer => papRequest({ secret, identifier: 1, user: 'alice' })
const record = (key: string): Buffer =>
  accountingRequest({ secret: key, identifier: 2, attributes: [[TYPE.acctStatusType, 1]] })
const unsigned = (...attributes: Parameters<typeof accessRequest>[0]['attributes']): Buffer =>
  accessRequest({ secret, identifier: 3, attributes: [[TYPE.userName, 'alice'], ...attributes] })

/** What is sent, to which port, and the name that it has to be counted under. */
const BAD_PACKETS = [
  ['one octet', 'authentication', Buffer.of(1), 'too-short'],
  ['nineteen octets', 'authentication', good().subarray(0, 19), 'too-short'],
  ['a Length beyond the datagram', 'authentication', patched(good(), 2, 4), 'bad-length'],
  ['a Length below 20', 'authentication', patched(good(), 3, 19), 'bad-length'],
  ['an attribute of length 1', 'authentication', patched(good(), 21, 1), 'bad-attribute-length'],
  ['an attribute past the end', 'authentication', patched(good(), 21, 250), 'bad-attribute-length'],
  ['a code that nobody knows', 'authentication', patched(good(), 0, 99), 'unknown-code'],
  ['an Accounting-Request on the authentication port', 'authentication', record(secret), 'wrong-port'],
  ['an Access-Request on the accounting port', 'accounting', good(), 'wrong-port'],
  [
    'a changed octet under a Message-Authenticator',
    'authentication',
    patched(good(), 40, 0),
    'bad-message-authenticator',
  ],
  ['a record signed with another secret', 'accounting', record('another secret'), 'bad-authenticator'],
  [
    'a password of 15 octets',
    'authentication',
    unsigned([TYPE.userPassword, 'fifteen octets.']),
    'bad-password-length',
  ],
  ['EAP without Message-Authenticator', 'authentication', unsigned([79, 'eap']), 'eap-without-message-authenticator'],
  [
    'a password in an Accounting-Request',
    'accounting',
    accountingRequest({ secret, identifier: 4, attributes: [[TYPE.userPassword, 'sixteen octets..']] }),
    'forbidden-attribute',
  ],
  [
    'a Status-Server without Message-Authenticator',
    'authentication',
    accessRequest({ secret, identifier: 5, attributes: [] }, CODE.statusServer),
    'missing-message-authenticator',
  ],
] as const

describe('bad packets', () => {
  let server: ScriptedServer
  let daemon: Daemon
  let client: ScriptedClient
  beforeAll(async () => {
    server = await ScriptedServer.start()
    daemon = await Daemon.start({
      clients: [{ name: 'known', address: '127.0.0.1', secret }],
      farm: {
        servers: [serverEntry('scripted', { authPort: server.port, acctPort: server.port, secret: server.secret })],
      },
    })
    client = new ScriptedClient(secret)
    await client.open(1)
  })
  afterAll(async () => {
    await client?.close()
    await daemon?.kill()
    await server?.close()
  })

  it.each(BAD_PACKETS)('%s: dropped by name, and nothing leaves', async (_what, port, bytes, reason) => {
    const before = await daemon.ledgerOf(port)
    const arrivals = server.arrivals.length
    client.send(0, bytes, daemon.ports[port])
    const dropped = (reasons: Readonly<Record<string, number>>) =>
      (reasons[reason] ?? 0) - (before.dropped[reason] ?? 0)
    await daemon.reaches(({ classes }) => dropped(classes[port].ledger.dropped) === 1, `one more ${reason}`)
    const after = await daemon.ledgerOf(port)
    expect({ ...after, received: 0, dropped: {} }).toEqual({ ...before, received: 0, dropped: {} })
    expect(after.received).toBe(before.received + 1)
    expect(server.arrivals).toHaveLength(arrivals)
    expect(client.replies).toHaveLength(0)
  })

  it('an unknown client: dropped by name', async () => {
    const stranger = new ScriptedClient(secret)
    await stranger.open(1, '127.0.0.9')
    stranger.send(0, good(), daemon.ports.authentication)
    const count = ({ classes }: StatusReport) => classes.authentication.ledger.dropped['unknown-client']
    await daemon.reaches((status) => count(status) === 1, 'the stranger to be counted')
    expect(stranger.replies).toHaveLength(0)
    await stranger.close()
  })

  it('after all of that a good request is answered as ever', async () => {
    const bytes = papRequest({ secret, identifier: 77, user: 'alice' })
    expect((await client.ask(bytes, daemon.ports.authentication))?.code).toBe(CODE.accessAccept)
  })
})

describe('a bad configuration', () => {
  const tryOut = async (text: string): Promise<Awaited<ReturnType<typeof run>>> => {
    const folder = mkdtempSync(join(tmpdir(), 'radsluice-bad-'))
    const file = join(folder, 'radsluice.yaml')
    writeFileSync(file, text)
    try {
      return await run(RADSLUICE, ['run', '-c', file], { limitMs: 20_000 })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  it('ends with code 3 and all of its problems, each with its place', async () => {
    const ended = await tryOut('farm:\n  servres: []\n  authentication: { max_rate: -1 }\ninstances: two\n')
    expect(ended.code).toBe(3)
    for (const place of [/radsluice\.yaml:2:3/, /radsluice\.yaml:3:\d+/, /radsluice\.yaml:4:\d+/])
      expect(ended.stderr).toMatch(place)
    expect(ended.stderr).toMatch(/did you mean.*servers/i)
    expect(ended.stderr).not.toMatch(/\n\s+at /)
  })

  it('is one that names a server that is our own listener', async () => {
    const ports = { authentication: await freePort(), accounting: await freePort(), admin: await freePort() }
    const loop = serverEntry('loop', { authPort: ports.authentication, secret: 'a secret of some length' })
    const ended = await tryOut(settingsText(ports, { farm: { servers: [loop] } }))
    expect(ended.code).toBe(3)
  })

  it('that cannot be read is a sentence and code 3', async () => {
    const ended = await run(RADSLUICE, ['run', '-c', '/nonexistent/radsluice.yaml'], { limitMs: 20_000 })
    expect(ended.code).toBe(3)
    expect(ended.stderr).toMatch(/\/nonexistent\/radsluice\.yaml/)
    expect(ended.stderr).not.toMatch(/\n\s+at /)
  })
})

describe('surroundings that are in the way', () => {
  it('a port in use: one sentence that names it, and code 1', async () => {
    const port = await freePort()
    const taken = createSocket('udp4')
    await new Promise<void>((resolve) => taken.bind(port, '127.0.0.1', resolve))
    const folder = mkdtempSync(join(tmpdir(), 'radsluice-taken-'))
    const file = join(folder, 'radsluice.yaml')
    const ports = { authentication: port, accounting: await freePort(), admin: await freePort() }
    const servers = [serverEntry('scripted', { authPort: await freePort(), secret: 'a secret of some length' })]
    writeFileSync(file, settingsText(ports, { farm: { servers } }))
    const ended = await run(RADSLUICE, ['run', '-c', file], { limitMs: 20_000 })
    await new Promise<void>((resolve) => taken.close(resolve))
    rmSync(folder, { recursive: true, force: true })
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain(`127.0.0.1:${port}`)
    expect(ended.stderr).not.toMatch(/\n\s+at /)
  })
})

describe('a reload', () => {
  it('with a bad file changes nothing and says so; with a good one takes effect', async () => {
    const server = await ScriptedServer.start()
    const settings = (maxRate: number): Settings => ({
      farm: {
        authentication: { max_rate: maxRate },
        servers: [serverEntry('scripted', { authPort: server.port, secret: server.secret })],
      },
    })
    const daemon = await Daemon.start(settings(100))
    const client = new ScriptedClient(secret)
    try {
      const rate = async () => (await daemon.lane('scripted', 'authentication')).slots.maxRate
      const metric = async (pattern: RegExp) => pattern.test((await daemon.get('/metrics'))?.text ?? '')
      expect(await rate()).toBe(100)
      daemon.reloadText('farm: { max_rate: [')
      await until(
        () => metric(/^radsluice_config_reloads_total\{[^}]*(?:failed|refused)[^}]*\} 1$/m),
        'the failed reload in the metrics',
      )
      expect(await rate()).toBe(100)
      expect((await client.ask(good(), daemon.ports.authentication))?.code).toBe(CODE.accessAccept)

      daemon.reload(settings(70))
      await until(async () => (await rate()) === 70, 'the new rate')
      expect(
        (await client.ask(papRequest({ secret, identifier: 9, user: 'bob' }), daemon.ports.authentication))?.code,
      ).toBe(CODE.accessAccept)
    } finally {
      await client.close()
      await daemon.kill()
      await server.close()
    }
  })
})

describe('SIGTERM', () => {
  it('drains: what is in hand is answered, new requests are not taken, and the end is code 0', async () => {
    const server = await ScriptedServer.start(() => ({ code: CODE.accessAccept, afterMs: 1_500 }))
    const daemon = await Daemon.start({
      farm: { servers: [serverEntry('scripted', { authPort: server.port, secret: server.secret })] },
    })
    const client = new ScriptedClient(secret)
    const inHand = client.ask(good(), daemon.ports.authentication)
    await until(() => server.arrivals.length === 1, 'the request at the server')
    daemon.signalDaemon('SIGTERM')
    await until(async () => (await daemon.get('/readyz'))?.status === 503, 'readyz to say no')
    expect((await inHand)?.code).toBe(CODE.accessAccept)
    expect((await daemon.child.end(10_000)).code).toBe(0)
    await client.close()
    await server.close()
  })
})
