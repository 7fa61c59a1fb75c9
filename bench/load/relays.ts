/**
 * What is between generator and sink: nothing, the bare relay, radsluice, radsecproxy, or FreeRADIUS as a proxy.
 *
 * Each is a process with a configuration that is written when it starts. Only one stands at a time: a relay that is not
 * measured does not run, so it takes nothing from the one that is. Peers get receive buffers of 4 MiB like ours. They have
 * no setting for it, so the system's default is raised while they open their sockets and restored after.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fetchStatus } from '../../src/commands/input/admin-client.io.ts'
import type { StatusReport } from '../../src/observe/status-report.ts'
import { BenchProcess } from './bench-process.ts'
import { freePort } from './free-port.ts'
import type { NativePrograms } from './native-programs.ts'
import { type ProcessReading, parseProcessCost, parseThreadCost } from './process-cost.ts'
import {
  freeradiusSettings,
  merged,
  type RelayPorts,
  radsecproxySettings,
  radsluiceSettings,
  type ServerPorts,
  type Settings,
} from './relay-settings.ts'

/** How radsluice can read and send its datagrams, as settings over its defaults. */
export const PACKET_IO = {
  auto: {},
  dgram: { packet_io: 'dgram' },
  'at-once': { packet_io: 'batched', batch_tick: '0us' },
  batched: { packet_io: 'batched' },
} as const satisfies Readonly<Record<string, Settings>>
export type PacketIo = keyof typeof PACKET_IO

/** radsluice with its defaults, and with each packet I/O by name. */
export const RADSLUICES = {
  radsluice: 'auto',
  'radsluice dgram': 'dgram',
  'radsluice batched at once': 'at-once',
  'radsluice batched': 'batched',
} as const satisfies Readonly<Record<string, PacketIo>>
const NEEDS_BATCHED: readonly PacketIo[] = ['at-once', 'batched']

export const RELAYS = [
  'nothing',
  'bare relay',
  'radsluice',
  'radsluice dgram',
  'radsluice batched at once',
  'radsluice batched',
  'radsecproxy',
  'freeradius',
] as const
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
  reading(): ProcessReading | undefined
  stop(): Promise<void>
}

/** radsluice, which can also be asked what it has in hand. */
export interface RadsluiceRelay extends Relay {
  readonly configFile: string
  reading(): ProcessReading
  /** How many descriptors it has open. */
  descriptors(): number
  status(): Promise<StatusReport>
  metrics(): Promise<string>
  signal(name: NodeJS.Signals): void
}

/** Where things are made: a folder that goes with the bench, and the compiled programs. */
export interface Workshop {
  readonly folder: string
  readonly programs: NativePrograms
  /** Settings that every radsluice of the run gets. */
  readonly settings: Settings
  /** A measurement is void if others used more than this share of the processors. */
  readonly othersAtMost: number
  /** Why radsluice can't use batched packet I/O here; undefined where it can. */
  readonly whyNotBatched: string | undefined
}

/** The relay that stands now. */
let standing: BenchProcess | undefined

/** Why a relay can't take part; undefined where it can. */
export function whyMissing({ whyNotBatched }: Workshop, name: RelayName): string | undefined {
  if (isRadsluice(name))
    return NEEDS_BATCHED.includes(RADSLUICES[name]) && whyNotBatched !== undefined
      ? `${name}: ${whyNotBatched}`
      : undefined
  if (name !== 'radsecproxy' && name !== 'freeradius') return undefined
  return findProgram(name) === undefined ? `${name} is not installed (Debian: apt install ${name})` : undefined
}

export const isRadsluice = (name: RelayName): name is keyof typeof RADSLUICES => name in RADSLUICES

/**
 * Starts radsluice once with batched packet I/O. Its self-test, which is kept for later starts, is then over before anything is
 * measured. The answer is why it uses dgram all the same.
 */
export async function tryBatched(workshop: Omit<Workshop, 'whyNotBatched'>): Promise<string | undefined> {
  const settings = PACKET_IO.batched
  const relay = await startRadsluice({ ...workshop, settings }, await relayPorts())
  const { use, why } = (await relay.status()).packetIo
  await relay.stop()
  return use === 'batched' ? undefined : why
}

const findProgram = (name: string): string | undefined =>
  [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file))

/** Starts a relay before the server at `server`; resolves when it is ready. */
export async function startRelay(workshop: Workshop, name: RelayName, server: ServerPorts): Promise<Relay> {
  if (name === 'radsluice') return await startRadsluice(workshop, server)
  if (isRadsluice(name)) {
    const settings = PACKET_IO[RADSLUICES[name]]
    return await startRadsluice({ ...workshop, settings }, server, {}, name)
  }
  if (name === 'nothing') {
    return {
      name,
      ports: { ...server, admin: 0 },
      isAlive: true,
      reading: () => undefined,
      stop: async () => undefined,
    }
  }
  const ports = await relayPorts()
  const start = (): BenchProcess =>
    name === 'bare relay' ? bareRelay(workshop, ports, server) : peer(workshop.folder, name, ports, server)
  const child = await withLargeBuffers(
    async () => await startAlone(start, () => holdsPorts(ports), 'sockets at its ports'),
  )
  return {
    name,
    ports,
    get isAlive() {
      return child.isRunning
    },
    reading: () => readingOf(child),
    stop: async () => await child.stop(),
  }
}

/** @throws an Error where another relay still stands: each would take processor time from the other. */
async function startAlone(
  start: () => BenchProcess,
  isReady: () => boolean | Promise<boolean>,
  what: string,
): Promise<BenchProcess> {
  if (standing?.isRunning) throw new Error('bench: a relay still stands, so no other is started beside it')
  const child = start()
  standing = child
  try {
    await child.until(isReady, what)
    return child
  } catch (error) {
    await child.stop()
    throw error
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

/** Starts radsluice with its defaults but for the settings of the run and `more`. */
export async function startRadsluice(
  { folder, settings }: Pick<Workshop, 'folder' | 'settings'>,
  server: ServerPorts,
  more: Settings = {},
  name: keyof typeof RADSLUICES = 'radsluice',
): Promise<RadsluiceRelay> {
  const ports = await relayPorts()
  const configFile = join(folder, `radsluice-${ports.access}.yaml`)
  writeFileSync(configFile, radsluiceSettings(ports, server, merged(settings, more)), { mode: 0o600 })
  const admin = `127.0.0.1:${ports.admin}`
  const isReady = async (): Promise<boolean> => (await fetchStatus({ admin }).catch(() => undefined))?.ready ?? false
  const start = (): BenchProcess => new BenchProcess(join(ROOT, 'bin/radsluice'), ['run', '-c', configFile])
  const child = await startAlone(start, isReady, 'ready status')
  if (name !== 'radsluice') mustUse(await fetchStatus({ admin }), name)
  return {
    name,
    ports,
    configFile,
    get isAlive() {
      return child.isRunning
    },
    reading: () => readingOf(child),
    descriptors: () => readdirSync(`/proc/${child.pid}/fd`).length,
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

/** @throws an Error where an instance uses another packet I/O than the relay's name says. */
function mustUse({ instances, packetIo }: StatusReport, name: keyof typeof RADSLUICES): void {
  const wanted = NEEDS_BATCHED.includes(RADSLUICES[name]) ? 'batched' : 'dgram'
  const other = instances.find(({ packetIo: its }) => its.use !== wanted)
  if (other !== undefined)
    throw new Error(`bench: ${name} uses ${other.packetIo.use}: ${other.packetIo.fellBack ?? packetIo.why}`)
}

function readingOf(child: BenchProcess): ProcessReading {
  child.mustRun()
  const home = `/proc/${child.pid}`
  const threads = readdirSync(`${home}/task`).flatMap((id) => {
    try {
      return [parseThreadCost(readFileSync(`${home}/task/${id}/stat`, 'utf8'))]
    } catch {
      // It ended between the two looks.
      return []
    }
  })
  return {
    cost: parseProcessCost(readFileSync(`${home}/stat`, 'utf8'), readFileSync(`${home}/status`, 'utf8')),
    threads,
  }
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
