/**
 * Radsluice in a network namespace of its own, where only loopback exists: a wildcard listener that follows addresses as
 * they come and go, and the demo at its usual ports.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { type Child, type Ended, run, until } from './kit/child.ts'
import { PACKET_IO, RADSLUICE, serverEntry, settingsText } from './kit/daemon.ts'
import { afterSetup, aloneInNamespace, beside, canHaveNamespace, commandBeside, titled } from './kit/namespace.ts'

const LINK_CHANGES = fileURLToPath(new URL('kit/link-changes.ts', import.meta.url))

const toEnd: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end()
})

function startAlone(...words: string[]): Child {
  const child = aloneInNamespace(RADSLUICE, ...words)
  toEnd.push(() => child.stop('SIGTERM', 15_000))
  return child
}

describe.skipIf(!canHaveNamespace)(titled('a wildcard listener'), () => {
  it('follows the addresses of the machine, and answers from the one that was asked', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'radsluice-netns-'))
    toEnd.push(async () => rmSync(folder, { recursive: true }))
    const config = join(folder, 'radsluice.yaml')
    const ports = { authentication: 1812, accounting: 1813, admin: 9812 }
    const settings = {
      listen: { authentication: ['0.0.0.0:1812', '[::]:1812'], accounting: [] },
      clients: [
        { name: 'v4', address: '0.0.0.0/0', secret: 'a secret of the test' },
        { name: 'v6', address: '::/0', secret: 'a secret of the test' },
      ],
      farm: { servers: [serverEntry('nobody', { authPort: 9999, secret: 'another secret of it' })] },
    }
    writeFileSync(config, settingsText(ports, settings), { mode: 0o600 })
    const daemon = startAlone('run', '-c', config)
    await daemon.says(/"event":"started"/)
    // One socket for all addresses, or one for each.
    const listeners = PACKET_IO === 'dgram' ? '127.0.0.1:1812, [::1]:1812' : '0.0.0.0:1812, [::]:1812'
    expect(daemon.stdout).toContain(`"listeners":"${listeners}"`)
    // radsluice answers Status-Server itself; send takes an answer from the asked address only.
    const asked = (address: string): Promise<Ended> =>
      commandBeside(daemon, ['send', 'status', '--server', address, '--secret-env', 'S'], {
        S: 'a secret of the test',
      })
    expect((await asked('127.0.0.1:1812')).code).toBe(0)
    expect((await asked('[::1]:1812')).code).toBe(0)

    await beside(daemon, ['ip', 'address', 'add', '192.0.2.5/32', 'dev', 'lo'])
    await daemon.says(/now listening for authentication at 192\.0\.2\.5:1812/, 15_000)
    expect((await asked('192.0.2.5:1812')).code).toBe(0)
    await beside(daemon, ['ip', 'address', 'delete', '192.0.2.5/32', 'dev', 'lo'])
    await daemon.says(/no longer listening for authentication at 192\.0\.2\.5:1812/, 15_000)
    expect((await asked('127.0.0.1:1812')).code).toBe(0)
  })
})

describe.skipIf(!canHaveNamespace)(titled('a server to which no way leads'), () => {
  it('does not keep the others from being served, and is reached once there is a way', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'radsluice-netns-'))
    toEnd.push(async () => rmSync(folder, { recursive: true }))
    const config = join(folder, 'radsluice.yaml')
    const ports = { authentication: 1812, accounting: 1813, admin: 9812 }
    const nowhere = serverEntry('nowhere', { authPort: 1899, secret: 'another secret of it' }, { address: '192.0.2.9' })
    const settings = {
      clients: [{ name: 'any', address: '127.0.0.0/8', secret: 'a secret of the test' }],
      farm: { authentication: { timeout: '300ms' }, servers: [nowhere] },
    }
    writeFileSync(config, settingsText(ports, settings), { mode: 0o600 })
    const checked = await run('unshare', ['--net', RADSLUICE, 'check', '-c', config])
    expect([checked.code, checked.stderr]).toEqual([0, expect.stringMatching(/warning: .*no way leads there/)])

    const daemon = startAlone('run', '-c', config)
    await daemon.says(/"event":"started"/)
    const login = (): Promise<Ended> =>
      commandBeside(
        daemon,
        ['send', 'auth', '--secret-env', 'S', '--user', 'u', '--password-env', 'S', '--timeout', '1'],
        { S: 'a secret of the test' },
      )
    await login()
    await daemon.says(/"event":"send-failed".*ENETUNREACH/)

    // Nobody listens there, and the machine says so: a datagram has left.
    await beside(daemon, ['ip', 'address', 'add', '192.0.2.9/32', 'dev', 'lo'])
    const refused = async (): Promise<boolean> => {
      await login()
      const metrics = await beside(daemon, ['curl', '-s', 'http://127.0.0.1:9812/metrics'])
      return /^radsluice_server_refused_total\{[^}]*server="nowhere"[^}]*\} [1-9]/m.test(metrics.stdout)
    }
    await until(refused, 'a datagram at the server', 30_000)
  })
})

describe.skipIf(!canHaveNamespace)(titled('a dgram link'), () => {
  const linked = (setup: string, address: string): Child => {
    const child = afterSetup(setup, 'scripts/node24', LINK_CHANGES, address, '1899')
    toEnd.push(() => child.stop('SIGTERM', 5_000))
    return child
  }
  /** Both ends here and up; nobody listens at either. */
  const cable = 'ip link add near type veth peer name far && ip link set near up && ip link set far up'

  it('is down without a route, says so, comes up with one, and hears that nobody listens', async () => {
    const child = linked('ip link set lo up', '192.0.2.9')
    await child.says(/link 3\.1 down\nfailed ENETUNREACH\n/)
    await beside(child, ['ip', 'address', 'add', '192.0.2.9/32', 'dev', 'lo'])
    await child.says(/open\nlink 3\.1 up\nlink 3\.1 refused\n/, 15_000)
  })

  it('to a link-local server goes down with its interface, and comes up with another of the same name', async () => {
    const made = `${cable} && ip address add fe80::1/64 dev near nodad`
    const child = linked(`ip link set lo up && ${made}`, 'fe80::2%near')
    await child.says(/^open\n/)
    await beside(child, ['sh', '-c', `ip link delete near && ${made}`])
    await child.says(/failed E[A-Z]+\nlink 3\.1 down\n[\s\S]*open\nlink 3\.1 up\n/, 15_000)
  })
})

describe.skipIf(!canHaveNamespace)(titled('run without a configuration'), () => {
  it('is a demo that says so, can be used as it says, and takes its servers along when it ends', async () => {
    const daemon = startAlone('run')
    await daemon.says(/"event":"started"/)
    for (const part of [/THIS IS A DEMO/, /9812\/metrics/, /bin\/radsluice send .+\n/]) await daemon.says(part)
    const banner = daemon.stderr
    expect(banner).toContain('http://127.0.0.1:9812/metrics')
    expect(banner).toMatch(/echo '.+' \| radclient -x 127\.0\.0\.1:1812 auth \S+/)
    expect(daemon.stdout).not.toContain('THIS IS A DEMO')

    const typed = /^ +(S=\S+ P=\S+ )bin\/radsluice (send .+)$/m.exec(banner)
    const line = `${typed?.[1]} ${RADSLUICE} ${typed?.[2]}`
    const sent = await beside(daemon, ['sh', '-c', line])
    expect([sent.code, sent.stdout]).toEqual([0, expect.stringContaining('welcome, says demo-1')])

    const servers = spawnSync('pgrep', ['-P', String(daemon.pid)], { encoding: 'utf8' })
      .stdout.trim()
      .split('\n')
    expect(servers).toHaveLength(2)
    expect((await daemon.stop('SIGTERM')).code).toBe(0)
    await until(() => servers.every((pid) => !isAlive(Number(pid))), 'the end of the demo servers')
  })

  it('leaves no server behind when it is killed', async () => {
    const daemon = startAlone('run')
    await daemon.says(/"event":"started"/)
    const servers = spawnSync('pgrep', ['-P', String(daemon.pid)], { encoding: 'utf8' })
      .stdout.trim()
      .split('\n')
    await daemon.stop('SIGKILL')
    await until(() => servers.every((pid) => !isAlive(Number(pid))), 'the end of the demo servers')
  })

  it('says in one sentence that its port is taken, with exit 1', async () => {
    const first = startAlone('run')
    await first.says(/"event":"started"/)
    const second = await beside(first, [RADSLUICE, 'run'])
    expect(second.stderr).toMatch(
      /^radsluice: \S+: can't open \w+ 127\.0\.0\.1:\d+: another program has this port; .+\n$/,
    )
    expect(second.code).toBe(1)
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
