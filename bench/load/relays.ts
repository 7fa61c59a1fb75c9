/**
 * What is between generator and sink: nothing, the bare relay, radsluice, radsecproxy, or FreeRADIUS as a proxy.
 *
 * Each is a process with a configuration that is written when it starts. Peers get receive buffers of 4 MiB like ours. They have
 * no setting for it, so the system's default is raised while they open their sockets and restored after.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fetchStatus } from '../../src/commands/input/admin-client.io.ts'
import type { StatusReport } from '../../src/observe/status-report.ts'
import { BenchProcess } from './bench-process.ts'
import { freePort } from './free-port.ts'
import type { NativePrograms } from './native-programs.ts'
import { type ProcessCost, parseProcessCost } from './process-cost.ts'
import {
  freeradiusSettings,
  type RelayPorts,
  radsecproxySettings,
  radsluiceSettings,
  type ServerPorts,
  type Settings,
} from './relay-settings.ts'

export const RELAYS = ['nothing', 'bare relay', 'radsluice', 'radsecproxy', 'freeradius'] as const
export type RelayName = (typeof RELAYS)[number]

const ROOT = join(import.meta.dirname, '../..')
const BUFFER_DEFAULT = '/proc/sys/net/core/rmem_default'
const BUFFER_OCTETS = 4 * 1024 * 1024
/** radsecproxy says nothing when it is ready; its sockets are asked for in /proc/net/udp. */
const UDP_TABLE = '/proc/net/udp'
const LIVES_SECONDS = 3_600

export interface Relay {
  readonly name: RelayName
  /** Where the generator sends. */
  readonly ports: RelayPorts
  /** False where it ended by itself: peers do crash under load. */
  readonly isAlive: boolean
  /** What it has used so far; undefined for nothing. @throws an Error with its last words where it has ended. */
  cost(): ProcessCost | undefined
  stop(): Promise<void>
}

/** radsluice, which can also be asked what it has in hand. */
export interface RadsluiceRelay extends Relay {
  readonly configFile: string
  cost(): ProcessCost
  status(): Promise<StatusReport>
  metrics(): Promise<string>
  signal(name: NodeJS.Signals): void
}

/** Where things are made: a folder that goes with the bench, and the compiled programs. */
export interface Workshop {
  readonly folder: string
  readonly programs: NativePrograms
}

/** Why a relay can't take part; undefined where it can. */
export function whyMissing(name: RelayName): string | undefined {
  if (name !== 'radsecproxy' && name !== 'freeradius') return undefined
  return findProgram(name) === undefined ? `${name} is not installed (Debian: apt install ${name})` : undefined
}

const findProgram = (name: string): string | undefined =>
  [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file))

/** Starts a relay before the server at `server`; resolves when it is ready. */
export async function startRelay(workshop: Workshop, name: RelayName, server: ServerPorts): Promise<Relay> {
  if (name === 'radsluice') return await startRadsluice(workshop, server)
  if (name === 'nothing') {
    return { name, ports: { ...server, admin: 0 }, isAlive: true, cost: () => undefined, stop: async () => undefined }
  }
  const ports = await relayPorts()
  const child = await withLargeBuffers(async () => {
    const started =
      name === 'bare relay' ? bareRelay(workshop, ports, server) : peer(workshop.folder, name, ports, server)
    await started.until(() => holdsPorts(ports), 'sockets at its ports')
    return started
  })
  return {
    name,
    ports,
    get isAlive() {
      return child.isRunning
    },
    cost: () => costOf(child),
    stop: async () => await child.stop(),
  }
}

const relayPorts = async (): Promise<RelayPorts> => ({
  access: await freePort(),
  accounting: await freePort(),
  admin: await freePort(),
})

function bareRelay({ programs }: Workshop, ports: RelayPorts, server: ServerPorts): BenchProcess {
  const words = {
    '--access-port': ports.access,
    '--accounting-port': ports.accounting,
    '--to-access-port': server.access,
    '--to-accounting-port': server.accounting,
    '--seconds': LIVES_SECONDS,
  }
  return new BenchProcess(
    programs.relay,
    Object.entries(words).flatMap(([option, value]) => [option, String(value)]),
  )
}

function peer(
  folder: string,
  name: 'radsecproxy' | 'freeradius',
  ports: RelayPorts,
  server: ServerPorts,
): BenchProcess {
  const home = join(folder, `${name}-${ports.access}`)
  mkdirSync(home)
  const program = findProgram(name) ?? name
  if (name === 'radsecproxy') {
    const file = join(home, 'radsecproxy.conf')
    writeFileSync(file, radsecproxySettings(ports, server), { mode: 0o600 })
    return new BenchProcess(program, ['-f', '-c', file, '-i', join(home, 'pid')])
  }
  writeFileSync(join(home, 'dictionary'), '')
  writeFileSync(join(home, 'radiusd.conf'), freeradiusSettings(home, ports, server), { mode: 0o600 })
  return new BenchProcess(program, ['-f', '-l', 'stdout', '-d', home])
}

/** Starts radsluice with its defaults but for `more`. */
export async function startRadsluice(
  { folder }: Workshop,
  server: ServerPorts,
  more: Settings = {},
): Promise<RadsluiceRelay> {
  const ports = await relayPorts()
  const configFile = join(folder, `radsluice-${ports.access}.yaml`)
  writeFileSync(configFile, radsluiceSettings(ports, server, more), { mode: 0o600 })
  const child = new BenchProcess(join(ROOT, 'bin/radsluice'), ['run', '-c', configFile])
  const admin = `127.0.0.1:${ports.admin}`
  const isReady = async (): Promise<boolean> => (await fetchStatus({ admin }).catch(() => undefined))?.ready ?? false
  await child.until(isReady, 'ready status')
  return {
    name: 'radsluice',
    ports,
    configFile,
    get isAlive() {
      return child.isRunning
    },
    cost: () => costOf(child),
    status: async () => await fetchStatus({ admin }),
    metrics: async () => await (await fetch(`http://${admin}/metrics`)).text(),
    signal: (name) => child.signal(name),
    stop: async () => {
      // The second one means "at once".
      child.signal('SIGTERM')
      await sleep(200)
      await child.stop()
    },
  }
}

function costOf(child: BenchProcess): ProcessCost {
  child.mustRun()
  const { pid } = child
  return parseProcessCost(readFileSync(`/proc/${pid}/stat`, 'utf8'), readFileSync(`/proc/${pid}/status`, 'utf8'))
}

function holdsPorts({ access, accounting }: RelayPorts): boolean {
  const table = readFileSync(UDP_TABLE, 'utf8')
  return [access, accounting].every((port) => table.includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} `))
}

/** Whether receive buffers of peers are as large as ours; else the comparison is unfair to them, and says so. */
export function canRaiseBuffers(): boolean {
  try {
    writeFileSync(BUFFER_DEFAULT, readFileSync(BUFFER_DEFAULT))
    return true
  } catch {
    return false
  }
}

async function withLargeBuffers<T>(act: () => Promise<T>): Promise<T> {
  if (!canRaiseBuffers()) return await act()
  const before = readFileSync(BUFFER_DEFAULT)
  const putBack = (): void => writeFileSync(BUFFER_DEFAULT, before)
  process.once('exit', putBack)
  writeFileSync(BUFFER_DEFAULT, String(BUFFER_OCTETS))
  try {
    return await act()
  } finally {
    putBack()
    process.off('exit', putBack)
  }
}
