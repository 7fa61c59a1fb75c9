/**
 * radsluice itself, as an operator runs it: `bin/radsluice run -c FILE` in a process of its own, on loopback.
 *
 * A test gives the settings it cares about in the shape of the configuration file; ports, the client entry and the
 * admin address are filled in. Ready means that /readyz says so. What the daemon says of itself comes from /status.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TrafficClass } from '../../../src/classes.ts'
import type { StatusReport } from '../../../src/observe/status-report.ts'
import { canBatch } from './batches.ts'
import { Child, type Ended, until } from './child.ts'
import { freePort } from './ports.ts'

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..')
export const RADSLUICE = join(ROOT, 'bin/radsluice')
const RUN = [RADSLUICE, 'run', '-c'] as const

/** A part of the configuration file, as plain values. */
export interface Settings {
  readonly farm?: { readonly servers?: readonly Settings[]; readonly [key: string]: unknown }
  readonly [key: string]: unknown
}

export interface DaemonPorts {
  readonly authentication: number
  readonly accounting: number
  readonly admin: number
}

/** What carries the packets of the daemons that tests start: `PACKET_IO=dgram npm run e2e` runs them over the other one. */
export const PACKET_IO = process.env['PACKET_IO'] ?? (canBatch ? 'batched' : 'dgram')

export const CLIENT_SECRET = 'between-client-and-proxy'

export class Daemon {
  readonly folder: string
  readonly ports: DaemonPorts
  readonly child: Child

  private constructor(folder: string, ports: DaemonPorts, [program, ...words]: readonly [string, ...string[]]) {
    this.folder = folder
    this.ports = ports
    this.child = new Child(program, [...words, this.configFile])
  }

  get configFile(): string {
    return join(this.folder, 'radsluice.yaml')
  }

  /** Starts a daemon with `settings` over the kit's own; resolves when it is alive. `command` is followed by the file. */
  static async start(settings: Settings, command: readonly [string, ...string[]] = RUN): Promise<Daemon> {
    const folder = mkdtempSync(join(tmpdir(), 'radsluice-e2e-'))
    const ports = { authentication: await freePort(), accounting: await freePort(), admin: await freePort() }
    writeSettings(join(folder, 'radsluice.yaml'), ports, settings)
    const daemon = new Daemon(folder, ports, command)
    const answers = async (): Promise<boolean> =>
      !daemon.child.isRunning || (await daemon.get('/readyz'))?.status === 200
    await until(answers, 'a ready daemon', 20_000, () => daemon.child.output)
    if (!daemon.child.isRunning) throw new Error(`the daemon ended at once:\n${daemon.child.output}`)
    return daemon
  }

  /** Writes a new configuration file and asks for a reload; what comes of it is for the test to see. */
  reload(settings: Settings): void {
    writeSettings(this.configFile, this.ports, settings)
    this.signalDaemon('SIGHUP')
  }
  reloadText(text: string): void {
    writeFileSync(this.configFile, text)
    this.signalDaemon('SIGHUP')
  }

  signalDaemon(name: NodeJS.Signals): void {
    this.child.signal(name)
  }

  /** One GET on the admin address; undefined where nobody answers. */
  async get(path: string): Promise<{ status: number; text: string } | undefined> {
    try {
      const signal = AbortSignal.timeout(5_000)
      const answer = await fetch(`http://127.0.0.1:${this.ports.admin}${path}`, { signal })
      return { status: answer.status, text: await answer.text() }
    } catch {
      return undefined
    }
  }

  async status(): Promise<StatusReport> {
    const answer = await this.get('/status')
    if (answer === undefined)
      throw new Error(`no answer from /status; the daemon said:\n${this.child.output.slice(-4_000)}`)
    return JSON.parse(answer.text) as StatusReport
  }
  async ledgerOf(trafficClass: TrafficClass): Promise<StatusReport['classes']['authentication']['ledger']> {
    return (await this.status()).classes[trafficClass].ledger
  }
  async lane(server: string, trafficClass: TrafficClass): Promise<StatusReport['lanes'][number]> {
    const lane = (await this.status()).lanes.find((each) => each.server === server && each.class === trafficClass)
    if (lane === undefined) throw new Error(`no lane ${server} ${trafficClass}`)
    return lane
  }

  /** Resolves when `isSo` of a fresh status holds. */
  async reaches(isSo: (status: StatusReport) => boolean, what: string, limitMs = 10_000): Promise<void> {
    let last: StatusReport | undefined
    const check = async (): Promise<boolean> => {
      last = await this.status()
      return isSo(last)
    }
    await until(check, what, limitMs, () => JSON.stringify({ classes: last?.classes, lanes: last?.lanes }))
  }

  /** SIGTERM and wait; SIGKILL if it takes too long. Removes the folder. */
  async stop(limitMs = 30_000): Promise<Ended> {
    try {
      return await this.child.stop('SIGTERM', limitMs)
    } finally {
      rmSync(this.folder, { recursive: true, force: true })
    }
  }

  /** For the end of a test: gone at once, whatever it has in hand. */
  async kill(): Promise<void> {
    await this.child.stop('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** The whole configuration file: YAML contains JSON, so JSON it is. A class that no server takes gets no listener. */
export const settingsText = (ports: DaemonPorts, settings: Settings): string => {
  const servers = settings.farm?.servers ?? []
  const listenersOf = (name: 'authentication' | 'accounting'): string[] =>
    servers.every((server) => server[name] === false) ? [] : [`127.0.0.1:${ports[name]}`]
  return JSON.stringify({
    listen: { authentication: listenersOf('authentication'), accounting: listenersOf('accounting') },
    clients: [{ name: 'loopback', address: '127.0.0.0/8', secret: CLIENT_SECRET }],
    packet_io: PACKET_IO,
    ...settings,
    admin: { listen: `127.0.0.1:${ports.admin}`, ...(settings['admin'] as object | undefined) },
  })
}

const writeSettings = (file: string, ports: DaemonPorts, settings: Settings): void =>
  writeFileSync(file, settingsText(ports, settings), { mode: 0o600 })

/** A server entry of the configuration for anything with ports and a secret. */
export const serverEntry = (
  name: string,
  server: { readonly authPort?: number; readonly acctPort?: number; readonly secret: string },
  more: { readonly authentication?: Settings; readonly accounting?: Settings; readonly [key: string]: unknown } = {},
): Settings => ({
  address: '127.0.0.1',
  secret: server.secret,
  ...more,
  name,
  authentication: server.authPort === undefined ? false : { port: server.authPort, ...more.authentication },
  accounting: server.acctPort === undefined ? false : { port: server.acctPort, ...more.accounting },
})
