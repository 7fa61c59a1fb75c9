/**
 * A radsluice for `socket-run.ts`, with two servers whose ports are held by the caller.
 *
 * It has the defaults, but nobody has to sign, since packets are tried here. It ends with this process.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fetchStatus } from '../../src/commands/input/admin-client.io.ts'
import type { StatusReport } from '../../src/observe/status-report.ts'
import { freePort } from '../load/free-port.ts'

const RADSLUICE = join(import.meta.dirname, '../../bin/radsluice')
const READY_WITHIN_MS = 60_000

export interface DaemonStand {
  readonly daemonPorts: { readonly authentication: number; readonly accounting: number }
  readonly serverPorts: { readonly authentication: number; readonly accounting: number }
  status(): Promise<StatusReport>
  stop(): Promise<void>
}

/** @throws an Error where it does not start. */
export async function startDaemon(o: {
  clientSecret: string
  serverSecret: string
  packetIo: string
}): Promise<DaemonStand> {
  const ports = async (): Promise<{ authentication: number; accounting: number }> => ({
    authentication: await freePort(),
    accounting: await freePort(),
  })
  const [daemonPorts, serverPorts] = [await ports(), await ports()]
  const admin = `127.0.0.1:${await freePort()}`
  const folder = mkdtempSync(join(tmpdir(), 'radsluice-mutated-'))
  const file = join(folder, 'radsluice.yaml')
  writeFileSync(file, JSON.stringify(mutatedSettings({ ...o, daemonPorts, serverPorts, admin })), { mode: 0o600 })
  const child = spawn(RADSLUICE, ['run', '-c', file], { stdio: ['ignore', 'ignore', 'inherit'] })
  const kill = (): void => {
    child.kill('SIGKILL')
  }
  process.once('exit', kill)
  const stop = async (): Promise<void> => {
    const isGone = child.exitCode !== null || child.signalCode !== null
    const gone = once(child, 'exit')
    kill()
    if (!isGone) await gone
    process.off('exit', kill)
    rmSync(folder, { recursive: true, force: true })
  }
  const end = performance.now() + READY_WITHIN_MS
  while ((await fetchStatus({ admin }).catch(() => undefined))?.ready !== true) {
    if (performance.now() > end || child.exitCode !== null) {
      await stop()
      throw new Error('mutated: the daemon did not start')
    }
    await sleep(50)
  }
  return { daemonPorts, serverPorts, status: async () => await fetchStatus({ admin }), stop }
}

/** One client that need not sign, and one server: what is tried is packets. */
const mutatedSettings = (o: {
  readonly clientSecret: string
  readonly serverSecret: string
  readonly packetIo: string
  readonly daemonPorts: DaemonStand['daemonPorts']
  readonly serverPorts: DaemonStand['serverPorts']
  readonly admin: string
}): object => ({
  listen: {
    authentication: [`127.0.0.1:${o.daemonPorts.authentication}`],
    accounting: [`127.0.0.1:${o.daemonPorts.accounting}`],
  },
  admin: { listen: o.admin },
  packet_io: o.packetIo,
  log: { level: 'error' },
  clients: [{ name: 'mutated', address: '127.0.0.0/8', secret: o.clientSecret, require_message_authenticator: 'no' }],
  farm: {
    servers: [
      {
        name: 'mutated',
        address: '127.0.0.1',
        secret: o.serverSecret,
        require_message_authenticator: 'no',
        authentication: { port: o.serverPorts.authentication },
        accounting: { port: o.serverPorts.accounting },
      },
    ],
  },
})
