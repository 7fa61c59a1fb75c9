/**
 * Addresses that come and go while radsluice runs, in network namespaces of its own: a virtual one that is absent at first,
 * one that is taken away, and link-local ones.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { StatusReport } from '../../src/observe/status-report.ts'
import { type Child, until } from './kit/child.ts'
import { RADSLUICE, serverEntry, settingsText } from './kit/daemon.ts'
import { afterSetup, beside, canHaveNamespace, commandBeside, titled } from './kit/namespace.ts'

const SECRET = 'a secret of the test'
const VIRTUAL = '192.0.2.7'
const LOOPBACK_UP = 'ip link set lo up'

const canRun = canHaveNamespace && spawnSync('curl', ['--version']).status === 0
const named = (title: string): string =>
  canHaveNamespace && !canRun ? `${title} [skipped: needs curl]` : titled(title)

const toEnd: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end()
})

interface Listening {
  readonly listen: readonly (string | { readonly address: string; readonly optional: boolean })[]
  readonly more?: object
  readonly setup?: string
}

function started({ listen, more = {}, setup = LOOPBACK_UP }: Listening): Child {
  const folder = mkdtempSync(join(tmpdir(), 'radsluice-addresses-'))
  toEnd.push(async () => rmSync(folder, { recursive: true }))
  const config = join(folder, 'radsluice.yaml')
  const settings = {
    listen: { authentication: listen, accounting: [] },
    clients: [
      { name: 'v4', address: '0.0.0.0/0', secret: SECRET },
      { name: 'v6', address: '::/0', secret: SECRET },
    ],
    alarms: { poll_interval: '100ms' },
    farm: { servers: [serverEntry('nobody', { authPort: 9999, secret: 'another secret of it' })] },
    ...more,
  }
  writeFileSync(config, settingsText({ authentication: 1812, accounting: 1813, admin: 9812 }, settings), {
    mode: 0o600,
  })
  const daemon = afterSetup(setup, RADSLUICE, 'run', '-c', config)
  toEnd.push(() => daemon.stop('SIGTERM', 15_000))
  return daemon
}

/** radsluice answers Status-Server itself; send takes an answer from the asked address only. */
const answers = async (from: Child, address: string): Promise<boolean> => {
  const words = ['send', 'status', '--server', address, '--secret-env', 'S', '--timeout', '1']
  return (await commandBeside(from, words, { S: SECRET })).code === 0
}
const ip = (child: Child, words: string) => beside(child, ['ip', ...words.split(' ')])
const statusOf = async (daemon: Child): Promise<StatusReport> =>
  JSON.parse((await beside(daemon, ['curl', '-s', 'http://127.0.0.1:9812/status'])).stdout) as StatusReport
const listenersOf = async (daemon: Child): Promise<string[]> =>
  (await statusOf(daemon)).listeners.map(({ address, presence }) => `${address} ${presence}`)
const readyz = async (daemon: Child, query = ''): Promise<string> =>
  (await beside(daemon, ['curl', '-s', '-w', ' %{http_code}', `http://127.0.0.1:9812/readyz${query}`])).stdout.replace(
    '\n',
    '',
  )

describe.skipIf(!canRun)(named('an optional address'), () => {
  it.each([1, 2])('is served when it comes, and again when it comes back, with %d instances', async (instances) => {
    const daemon = started({
      listen: [{ address: `${VIRTUAL}:1812`, optional: true }],
      more: { instances },
    })
    await daemon.says(/"event":"started"/)
    expect(daemon.stdout).toContain(`"listeners":"${VIRTUAL}:1812 (absent)"`)
    expect(await listenersOf(daemon)).toEqual([`${VIRTUAL}:1812 absent`])
    expect(await readyz(daemon)).toBe(
      `no listener: this machine has none of the addresses of listen (${VIRTUAL}:1812) 503`,
    )
    // keepalived gives the address to a node that would be ready with it.
    expect(await readyz(daemon, '?standby')).toBe('ready 200')
    for (const round of [1, 2]) {
      await ip(daemon, `address add ${VIRTUAL}/32 dev lo`)
      const opened = (): number => daemon.stdout.split('"event":"listener-opened"').length - 1
      const added = performance.now()
      await until(() => opened() === round * instances, 'the listener')
      process.stdout.write(`served ${Math.round(performance.now() - added)} ms after "ip address add"\n`)
      expect(await answers(daemon, `${VIRTUAL}:1812`)).toBe(true)
      expect(await readyz(daemon)).toBe('ready 200')
      await ip(daemon, `address delete ${VIRTUAL}/32 dev lo`)
      const closed = (): number => daemon.stdout.split('"event":"listener-closed"').length - 1
      await until(() => closed() === round * instances, 'the end of the listener')
      expect(await listenersOf(daemon)).toEqual([`${VIRTUAL}:1812 absent`])
      expect(await readyz(daemon)).toMatch(/ 503$/)
    }
    // Nobody needs to be told of what may be so.
    expect((await statusOf(daemon)).alarms.map(({ id }) => id)).not.toContain('listener-missing')
  })
})

describe.skipIf(!canRun)(named('an address that must be there'), () => {
  it('is an error at the start, with the advice to make it optional', async () => {
    const daemon = started({ listen: ['127.0.0.1:1812', `${VIRTUAL}:1812`] })
    await until(() => !daemon.isRunning, 'the end')
    expect(daemon.output).toContain(
      `listen.authentication: can't open UDP ${VIRTUAL}:1812: this machine does not have that address; see "ip address", or write { address: "${VIRTUAL}:1812", optional: true } where it comes and goes`,
    )
  })

  it('raises an alarm while it is gone, and is served when it is back', async () => {
    const daemon = started({
      listen: ['127.0.0.1:1812', `${VIRTUAL}:1812`],
      setup: `${LOOPBACK_UP} && ip address add ${VIRTUAL}/32 dev lo`,
    })
    await daemon.says(/"event":"started"/)
    const alarms = async (): Promise<string[]> => (await statusOf(daemon)).alarms.map(({ id }) => id)
    expect(await answers(daemon, `${VIRTUAL}:1812`)).toBe(true)
    await ip(daemon, `address delete ${VIRTUAL}/32 dev lo`)
    await until(async () => (await alarms()).includes('listener-missing'), 'the alarm')
    expect(await readyz(daemon)).toBe('ready 200')
    await ip(daemon, `address add ${VIRTUAL}/32 dev lo`)
    await until(async () => !(await alarms()).includes('listener-missing'), 'the end of the alarm')
    expect(await answers(daemon, `${VIRTUAL}:1812`)).toBe(true)
  })
})

describe.skipIf(!canRun)(named('a server whose address moves to this machine'), () => {
  it.each([1, 2])('is not asked in a circle, with %d instances', async (instances) => {
    const farm = {
      dead_server: { probe: 'none' },
      servers: [serverEntry('other-node', { authPort: 1812, secret: SECRET }, { address: VIRTUAL })],
    }
    // A route to it, as there is while another node has it.
    const setup = `${LOOPBACK_UP} && ip link add out type veth peer name wire && ip address add 192.0.2.1/24 dev out && ip link set out up && ip link set wire up`
    const daemon = started({ listen: ['0.0.0.0:1812'], more: { farm, instances }, setup })
    await daemon.says(/"event":"started"/)
    await ip(daemon, `address add ${VIRTUAL}/32 dev lo`)
    await daemon.says(/now listening for authentication at 192\.0\.2\.7:1812/)
    const words = ['send', 'auth', '--server', '127.0.0.1', '--secret-env', 'S', '--user', 'u', '--password-env', 'S']
    // From several source ports: the kernel gives some to one instance, and what that sends on to the other.
    const logins = instances === 1 ? 1 : 6
    const send = () => beside(daemon, [RADSLUICE, ...words, '--timeout', '1'], { S: SECRET })
    await Promise.all(Array.from({ length: logins }, send))
    const { ledger } = (await statusOf(daemon)).classes.authentication
    expect(ledger.dropped['from-ourselves']).toBeGreaterThan(0)
    // The logins themselves, and their transmissions to ourselves: each dropped, none sent on.
    expect(ledger.received).toBe(logins + ledger.dropped['from-ourselves'])
    process.stdout.write(`${logins} logins in a loop: ${ledger.received} requests received\n`)
  })
})

describe.skipIf(!canRun)(named('link-local addresses'), () => {
  /** Another machine at the other end of a cable: our end is `near` with fe80::1, its end `far` with fe80::2. */
  const cable = 'ip link add near type veth peer name far && ip link set near up'
  const OUR_END = `${LOOPBACK_UP} && ${cable} && ip address add fe80::1/64 dev near nodad`

  async function farEnd(daemon: Child): Promise<Child> {
    const other = afterSetup(LOOPBACK_UP, 'sleep', '120')
    toEnd.push(() => other.stop('SIGTERM', 5_000))
    await until(async () => (await ip(other, '-o link show lo')).stdout.includes('LOWER_UP'), 'the other machine')
    await ip(daemon, `link set far netns ${other.pid}`)
    await ip(other, 'link set far up')
    await ip(other, 'address add fe80::2/64 dev far nodad')
    return other
  }

  it('are served at a wildcard, to a client that is known at one interface only', async () => {
    const daemon = started({
      listen: ['127.0.0.1:1812', '[::]:1812'],
      setup: OUR_END,
      more: {
        clients: [
          { name: 'nas', address: 'fe80::2%near', secret: SECRET },
          { name: 'elsewhere', address: 'fe80::/10', secret: 'a secret that is another' },
        ],
      },
    })
    await daemon.says(/"event":"started"/)
    const other = await farEnd(daemon)
    await daemon.says(/now listening for authentication at \[fe80::1%near\]:1812/)
    await until(() => answers(other, '[fe80::1%far]:1812'), 'an answer')
    const received = (await statusOf(daemon)).clients.map(({ name, received: of }) => [name, of.authentication > 0])
    expect(received).toEqual([
      ['nas', true],
      ['elsewhere', false],
    ])
  })

  it('are served by themselves, also on an interface that comes later', async () => {
    const daemon = started({ listen: [{ address: '[fe80::1%near]:1812', optional: true }] })
    await daemon.says(/"event":"started"/)
    for (const words of cable.split(' && ')) await beside(daemon, words.split(' '))
    await ip(daemon, 'address add fe80::1/64 dev near nodad')
    const other = await farEnd(daemon)
    await daemon.says(/now listening for authentication at \[fe80::1%near\]:1812/)
    await until(() => answers(other, '[fe80::1%far]:1812'), 'an answer')
  })

  it('are served again when their interface is made anew at once, under the same name', async () => {
    // Both ends here and up: there is a carrier at once, so no look finds the address away.
    const made = `${cable} && ip link set far up && ip address add fe80::1/64 dev near nodad`
    const daemon = started({ listen: ['[fe80::1%near]:1812'], setup: `${LOOPBACK_UP} && ${made}` })
    await daemon.says(/"event":"started"/)
    await until(async () => (await listenersOf(daemon)).includes('[fe80::1%near]:1812 listening'), 'the listener')
    expect(await answers(daemon, '[fe80::1%near]:1812')).toBe(true)
    await beside(daemon, ['sh', '-c', `ip link delete near && ${made}`])
    await until(() => answers(daemon, '[fe80::1%near]:1812'), 'an answer over the new interface', 20_000)
  })

  it('of servers are reached again when their interface is made anew at once, under the same name', async () => {
    const made = `${cable} && ip link set far up && ip address add fe80::1/64 dev near nodad`
    const farm = {
      dead_server: { probe: 'none' },
      servers: [serverEntry('s', { authPort: 1899, secret: SECRET }, { address: 'fe80::2%near' })],
    }
    const daemon = started({ listen: ['127.0.0.1:1812'], more: { farm }, setup: `${LOOPBACK_UP} && ${made}` })
    await daemon.says(/"event":"started"/)
    const leadsThere = async (): Promise<boolean> =>
      (await beside(daemon, ['ss', '-un'])).stdout.split('\n').some((line) => /%near:.*1899/.test(line))
    expect(await leadsThere()).toBe(true)
    await beside(daemon, ['sh', '-c', `ip link delete near && ${made}`])
    expect(await leadsThere()).toBe(false)
    const words = ['send', 'auth', '--server', '127.0.0.1', '--secret-env', 'S', '--user', 'u', '--password-env', 'S']
    await until(
      async () => {
        await commandBeside(daemon, [...words, '--timeout', '1'], { S: SECRET })
        return leadsThere()
      },
      'a socket of the new interface',
      40_000,
    )
  })
})
