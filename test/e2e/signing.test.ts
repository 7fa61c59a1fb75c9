/**
 * `require_message_authenticator: auto` in the daemon as an operator meets it: what was learned is in the log, at
 * `show learned` and in an alarm for what it costs; `reload` keeps it, `reload --forget-learned` does not; two devices
 * behind one address are asked about instead of locked out.
 */
import { afterEach, describe, expect, it } from 'vitest'
import type { AlarmReport } from '../../src/observe/alarms/alarm-text.ts'
import type { LearnedReport } from '../../src/observe/learned-report.ts'
import { type Ended, until } from './kit/child.ts'
import { command } from './kit/command.ts'
import { CLIENT_SECRET, Daemon, serverEntry } from './kit/daemon.ts'
import { ScriptedClient } from './kit/scripted-client.ts'
import { ScriptedServer } from './kit/scripted-server.ts'
import { accessRequest, papRequest } from './kit/wire.ts'

const open: { kill(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.kill()
})

/** A daemon and a client; `sluice` is a command of ours against that daemon. */
const setUp = async (settings: object = {}) => {
  const server = await ScriptedServer.start()
  open.push({ kill: () => server.close() })
  const entry = serverEntry('s1', { authPort: server.port, secret: server.secret })
  const all = { farm: { servers: [entry] }, alarms: { poll_interval: '100ms' }, ...settings }
  const daemon = await Daemon.start(all)
  open.push(daemon)
  const client = new ScriptedClient(CLIENT_SECRET)
  open.push({ kill: () => client.close() })
  const sluice = (...words: string[]): Promise<Ended> =>
    command([...words, '--admin', `127.0.0.1:${daemon.ports.admin}`])
  let identifier = 0
  const asks = async (isSigned: boolean, limitMs: number): Promise<boolean> => {
    identifier += 1
    const o = { secret: CLIENT_SECRET, identifier, user: 'alice' }
    const bytes = isSigned ? papRequest(o) : accessRequest({ ...o, attributes: [[1, 'alice']] })
    return (await client.ask(bytes, daemon.ports.authentication, limitMs)) !== undefined
  }
  const dropped = async (): Promise<number> =>
    (await daemon.ledgerOf('authentication')).dropped['missing-message-authenticator']
  return {
    all,
    daemon,
    sluice,
    isAnswered: (o: { signed: boolean }) => asks(o.signed, 5_000),
    /** An unsigned request that is to be dropped, seen in the ledger. */
    isDropped: async (): Promise<void> => {
      const before = await dropped()
      await asks(false, 0)
      await until(async () => (await dropped()) === before + 1, 'a drop')
    },
    alarm: async (id: string): Promise<AlarmReport | undefined> => {
      const { alarms } = JSON.parse((await daemon.get('/alarms'))?.text ?? '{}') as { alarms: AlarmReport[] }
      return alarms.find((one) => one.id === id)
    },
    learned: async (): Promise<LearnedReport> =>
      JSON.parse((await sluice('show', 'learned', '--json')).stdout) as LearnedReport,
  }
}

const logged = (daemon: Daemon, event: string): string[] =>
  daemon.child.output
    .split('\n')
    .filter((line) => line.includes(`"event":"${event}"`))
    .map((line) => String((JSON.parse(line) as { msg: string }).msg))

describe.each([1, 2])('an address that signs, with %i instances', (instances) => {
  it('is learned, shown, asked for, and forgotten when the operator says so', async () => {
    const { daemon, sluice, isAnswered, isDropped, alarm, learned } = await setUp({ instances })
    expect(await isAnswered({ signed: true })).toBe(true)
    await until(() => logged(daemon, 'signature-learned').length >= 2, 'the lines of client and server')
    expect(logged(daemon, 'signature-learned').join('\n')).toMatch(
      /client loopback signs by itself at 127\.0\.0\.1, it did so with Access-Request, identifier 1, port \d+/,
    )
    const { total, addresses, servers } = await learned()
    expect([total, addresses, servers]).toMatchObject([
      1,
      [{ client: 'loopback', address: '127.0.0.1', packet: { code: 'Access-Request', identifier: 1 } }],
      [{ server: 's1', packet: { code: 'Access-Accept' } }],
    ])
    expect((await sluice('show', 'learned')).stdout).toMatch(
      /client loopback +127\.0\.0\.1 +.* ago +Access-Request, identifier 1, port \d+/,
    )

    await isDropped()
    await until(async () => (await alarm('missing-message-authenticator')) !== undefined, 'the alarm')
    expect(await alarm('missing-message-authenticator')).toMatchObject({
      subject: { client: 'loopback' },
      what: expect.stringContaining('auto has learned that it signs'),
      advice: expect.stringContaining('require_message_authenticator: no'),
    })

    const kept = await sluice('reload')
    expect([kept.code, kept.stdout]).toEqual([0, expect.not.stringContaining('forgotten')])
    await isDropped()
    const forgot = await sluice('reload', '--forget-learned')
    expect([forgot.code, forgot.stdout]).toEqual([0, expect.stringContaining('who signs is forgotten')])
    expect(await learned()).toMatchObject({ total: 0, addresses: [], servers: [] })
    expect(await isAnswered({ signed: false })).toBe(true)
    expect(logged(daemon, 'operated').join('\n')).toContain('forget which peers auto has learned to sign')
  })
})

describe('two devices behind one address', () => {
  it('are both answered, with an alarm that asks, until the operator answers', async () => {
    const { all, daemon, isAnswered, alarm, learned } = await setUp()
    for (const signed of [false, true, false, true]) expect(await isAnswered({ signed })).toBe(true)
    await until(async () => (await alarm('mixed-signing')) !== undefined, 'the alarm')
    expect(await alarm('mixed-signing')).toMatchObject({
      subject: { client: 'loopback' },
      what: expect.stringMatching(/at 127\.0\.0\.1, signed Access-Request, identifier \d, .* unsigned Access-Request/),
    })
    expect(logged(daemon, 'mixed-signing').length).toBe(1)
    expect(await learned()).toMatchObject({ total: 0, mixed: [{ peer: 'client', name: 'loopback', at: '127.0.0.1' }] })
    const told = {
      name: 'loopback',
      address: '127.0.0.0/8',
      secret: CLIENT_SECRET,
      require_message_authenticator: 'no',
    }
    daemon.reload({ ...all, clients: [told] })
    await until(async () => (await alarm('mixed-signing')) === undefined, 'the end of the alarm')
    for (const signed of [false, true, false]) expect(await isAnswered({ signed })).toBe(true)
  })
})
