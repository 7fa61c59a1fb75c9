/**
 * The daemon, put together: configuration in, sockets, engine, loop, log and admin address wired to each other.
 *
 * Life: start (all or nothing), reload (all or nothing, the old configuration stays when the new one has a fault),
 * drain (no new messages; what is in hand may finish within a limit), stop. Whoever started it waits for `ended`, which
 * gives the exit code. Signals and the end of the process are the command's; the configuration's types end here.
 */
import { createHash } from 'node:crypto'
import { codedError, systemCodeOf } from './coded-error.ts'
import { engineOptions, withRestartSettingsOf } from './config/engine-options.ts'
import { formatProblem } from './config/problem.ts'
import { readConfig } from './config/read.io.ts'
import { changesThatNeedRestart } from './config/restart.ts'
import type { Config } from './config/schema.ts'
import { errorText, Log } from './observe/log.io.ts'
import { type AdminServer, openAdmin } from './observe/status.io.ts'
import type { DaemonView, Phase } from './observe/view.ts'
import { kernelDrops, Vitals } from './observe/vitals.io.ts'
import { monotonicNow } from './proxy/clock.io.ts'
import { endpointText } from './proxy/datagram-socket.io.ts'
import { Engine } from './proxy/engine.ts'
import { Loop } from './proxy/loop.io.ts'
import type { Journal } from './proxy/ports.ts'
import { systemRandomness } from './proxy/randomness.io.ts'
import { Sockets } from './proxy/sockets.io.ts'
import { instant, MICROS_PER_SECOND } from './units.ts'
import { readVersion } from './version.io.ts'

const HOUSEKEEPING_MS = 1_000
const FOLLOW_ADDRESSES_EVERY = 10
const IDLE_CHECK_MS = 20

export interface DaemonOptions {
  /** Read again by a reload. */
  readonly file: string
  readonly config: Config
  readonly warnings: readonly string[]
}

export class Daemon {
  /** 0: stopped with nothing in hand. 1: something was left, or a bug ended it. */
  readonly ended: Promise<0 | 1>

  readonly #file: string
  readonly #version = readVersion()
  readonly #log: Log
  readonly #sockets: Sockets
  readonly #engine: Engine
  readonly #loop: Loop
  readonly #vitals = new Vitals()
  readonly #startedAt = monotonicNow()
  readonly #startedUnix = Date.now() / 1_000
  #config: Config
  #admin: AdminServer | undefined
  #phase: Phase = 'starting'
  #housekeeping: NodeJS.Timeout | undefined
  #reloading = false
  #reloadAgain = false
  #hasEnded = false
  #internalErrors = 0
  #end: (code: 0 | 1) => void = () => undefined
  #reloads = { ok: 0, failed: 0, lastSuccessUnix: Date.now() / 1_000 }
  #refused: string | undefined
  #waitingForRestart: readonly string[] = []

  private constructor({ file, config }: DaemonOptions) {
    this.#file = file
    this.#config = config
    this.#log = new Log(config.log.level)
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    this.#sockets = this.#newSockets()
    const journal = this.#journal()
    const ports = { outbox: this.#sockets, journal, random: systemRandomness() }
    this.#engine = new Engine(engineOptions(config), ports, monotonicNow())
    this.#loop = new Loop(this.#engine, journal, monotonicNow)
  }

  /**
   * Starts a daemon; it serves when this resolves.
   * @throws a coded error where an address can't be opened; nothing stays open then.
   */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const daemon = new Daemon(options)
    try {
      await daemon.#open(options)
    } catch (error) {
      await daemon.#close()
      throw error
    }
    return daemon
  }

  async #open({ warnings }: DaemonOptions): Promise<void> {
    for (const warning of warnings) this.#log.write('config-warning', { warning })
    const { listen, admin } = this.#config
    await this.#sockets.openLanes(this.#engine.plan())
    await this.#sockets.openListeners(listen)
    // Last, so that whoever gets an answer here knows that the listeners are open.
    this.#admin = await openAdmin(admin.listen, () => this.#look())
    this.#phase = 'running'
    this.#warnOfSmallBuffers()
    this.#log.write('started', {
      version: this.#version,
      config: this.#file,
      digest: digestOf(this.#config),
      listeners: this.#sockets.listeners().map(endpointText).join(', '),
      admin: endpointText(this.#admin.address),
      servers: this.#config.farm.servers.map(({ name }) => name).join(', '),
    })
    this.#keepHouse(1)
    this.#loop.kick()
  }

  /** Reads the file again; a reload that is asked for during another follows it. */
  async reload(): Promise<void> {
    this.#reloadAgain = true
    if (this.#reloading || this.#phase !== 'running') return
    this.#reloading = true
    while (this.#reloadAgain && !this.#hasEnded) {
      this.#reloadAgain = false
      await this.#reloadOnce()
    }
    this.#reloading = false
  }

  async #reloadOnce(): Promise<void> {
    const read = readConfig(this.#file)
    if (!read.ok) {
      this.#refuse(read.problems.map(formatProblem).join('; '))
      return
    }
    const config = withRestartSettingsOf(this.#config, read.config)
    const options = engineOptions(config)
    try {
      await this.#sockets.openLanes(this.#engine.planFor(options))
    } catch (error) {
      if (systemCodeOf((error as Error).cause) === undefined) throw error
      this.#refuse((error as Error).message)
      return
    }
    if (this.#hasEnded) return
    this.#engine.reconfigure(options, monotonicNow())
    this.#loop.kick()
    this.#waitingForRestart = changesThatNeedRestart(this.#config, read.config)
    this.#config = config
    this.#refused = undefined
    this.#reloads = { ...this.#reloads, ok: this.#reloads.ok + 1, lastSuccessUnix: Date.now() / 1_000 }
    this.#log.setLevel(config.log.level)
    for (const warning of read.warnings) this.#log.write('config-warning', { warning: formatProblem(warning) })
    this.#log.write('reloaded', { config: this.#file, digest: digestOf(config) })
    if (this.#waitingForRestart.length > 0) {
      this.#log.write('reload-needs-restart', { settings: this.#waitingForRestart.join(', ') })
    }
  }

  #refuse(problems: string): void {
    this.#refused = problems
    this.#reloads = { ...this.#reloads, failed: this.#reloads.failed + 1 }
    this.#log.write('reload-refused', { config: this.#file, problems })
  }

  /** Takes nothing new and stops when nothing is in hand or the limit is over; a second call stops at once. */
  drain(signal: string): void {
    if (this.#phase === 'draining') {
      void this.#stop(`${signal} again`)
      return
    }
    const now = monotonicNow()
    this.#phase = 'draining'
    this.#engine.drain(now)
    this.#loop.kick()
    const limit = this.#config.drain_limit
    this.#log.write('draining', { signal, ...this.#inHand(), limitSeconds: limit / MICROS_PER_SECOND })
    this.#awaitIdle(instant(now + limit))
  }

  #awaitIdle(deadline: number): void {
    if (this.#hasEnded) return
    if (this.#engine.isIdle()) void this.#stop('')
    else if (monotonicNow() >= deadline) void this.#stop('drain_limit is over')
    else setTimeout(() => this.#awaitIdle(deadline), IDLE_CHECK_MS)
  }

  async #stop(why: string): Promise<void> {
    if (this.#hasEnded) return
    const unfinished = !this.#engine.isIdle()
    if (unfinished) this.#log.write('drain-unfinished', { ...this.#inHand(), why })
    const uptimeSeconds = Math.round((monotonicNow() - this.#startedAt) / MICROS_PER_SECOND)
    await this.#close()
    this.#log.write('stopped', { uptimeSeconds })
    await this.#log.end()
    this.#end(unfinished ? 1 : 0)
  }

  /** A bug that nobody caught: say it and end, since nobody knows what still holds. */
  fail(where: string, error: unknown): void {
    if (this.#hasEnded) return
    this.#log.write('fatal', { where, error: errorText(error) })
    // The sockets close within this call; only the log's last lines are waited for.
    void this.#close()
    void this.#log.end().then(() => this.#end(1))
  }

  async #close(): Promise<void> {
    this.#hasEnded = true
    clearTimeout(this.#housekeeping)
    this.#loop.stop()
    this.#sockets.close()
    this.#vitals.stop()
    await this.#admin?.close()
  }

  /** Once a second: lines that were held back, sockets of lanes that ended; now and then, the machine's addresses. */
  #keepHouse(round: number): void {
    this.#housekeeping = setTimeout(() => {
      if (this.#hasEnded) return
      this.#log.flushDue(monotonicNow())
      // A reload has opened sockets that the engine does not name yet.
      if (!this.#reloading) this.#sockets.keepOnlyLanes(this.#engine.plan())
      if (round % FOLLOW_ADDRESSES_EVERY === 0) void this.#sockets.followAddresses()
      this.#keepHouse(round + 1)
    }, HOUSEKEEPING_MS)
  }

  #warnOfSmallBuffers(): void {
    const clamped = this.#sockets.clampedReceiveBuffer()
    if (!clamped) return
    const inKiB = (bytes: number): number => Math.round(bytes / 1024)
    this.#log.write('receive-buffer-clamped', {
      grantedKiB: inKiB(clamped.granted),
      wantedKiB: inKiB(clamped.wanted),
      wantedBytes: clamped.wanted,
    })
  }

  #journal(): Journal {
    return {
      note: (event, now) => {
        if (event.kind === 'internal-error') this.#internalErrors += 1
        this.#log.note(event, now)
      },
    }
  }

  #newSockets(): Sockets {
    const arrivals = {
      request: (...arrival: Parameters<Loop['request']>) => this.#loop.request(...arrival),
      response: (...arrival: Parameters<Loop['response']>) => this.#loop.response(...arrival),
      probeAnswer: (...arrival: Parameters<Loop['probeAnswer']>) => this.#loop.probeAnswer(...arrival),
      refused: (...arrival: Parameters<Loop['refused']>) => this.#loop.refused(...arrival),
    }
    const log = this.#log
    return new Sockets(arrivals, {
      sendFailed: (where, code) =>
        log.writeBounded(
          { name: 'send-failed', fields: { where, code } },
          `send-failed ${where} ${code}`,
          monotonicNow(),
        ),
      listenerOpened: (name, address) => log.write('listener-opened', { class: name, address }),
      listenerClosed: (name, address) => log.write('listener-closed', { class: name, address }),
      listenerFailed: (name, address, why) => log.write('listener-failed', { class: name, address, why }),
    })
  }

  #inHand(): { queued: number; outstanding: number } {
    const { authentication, accounting } = this.#engine.snapshot(monotonicNow()).classes
    return {
      queued: authentication.queued + accounting.queued,
      outstanding: authentication.outstanding + accounting.outstanding,
    }
  }

  #look(): DaemonView {
    const now = monotonicNow()
    const { listeners, upstreams } = this.#sockets.locals()
    const drops = kernelDrops(listeners)
    const upstreamDrops = kernelDrops(upstreams).filter((count) => count !== undefined)
    return {
      version: this.#version,
      nodeVersion: process.version,
      pid: process.pid,
      phase: this.#phase,
      startedUnixSeconds: this.#startedUnix,
      uptimeSeconds: (now - this.#startedAt) / MICROS_PER_SECOND,
      admin: this.#admin === undefined ? '' : endpointText(this.#admin.address),
      listeners: this.#sockets.listeners().map((listener, index) => ({
        class: listener.class,
        address: endpointText(listener),
        receiveBufferBytes: listener.receiveBuffer,
        sendBufferBytes: listener.sendBuffer,
        kernelDrops: drops[index],
      })),
      upstreamKernelDrops: upstreamDrops.length === 0 ? undefined : upstreamDrops.reduce((a, b) => a + b, 0),
      config: {
        file: this.#file,
        digest: digestOf(this.#config),
        reloadsOk: this.#reloads.ok,
        reloadsFailed: this.#reloads.failed,
        lastSuccessUnixSeconds: this.#reloads.lastSuccessUnix,
        refused: this.#refused,
        waitingForRestart: this.#waitingForRestart,
      },
      sendFailures: this.#sockets.sendFailures,
      internalErrors: this.#internalErrors,
      logLinesLost: this.#log.lost,
      process: this.#vitals.read(),
      engine: this.#engine.snapshot(now),
    }
  }
}

/** Reads the configuration of a daemon to be; `problems` are complete sentences with their places. */
export function readDaemonOptions(file: string): DaemonOptions {
  const read = readConfig(file)
  const sentences = (problems: typeof read.warnings): string[] => problems.map(formatProblem)
  if (read.ok) return { file, config: read.config, warnings: sentences(read.warnings) }
  const all = sentences(read.problems)
  const count = all.length === 1 ? '1 problem' : `${all.length} problems`
  throw codedError('BAD_CONFIGURATION', `${all.join('\n')}\n${count} in ${file}; nothing was started`)
}

/** Of all settings in force; secrets read as "[secret]" there. */
const digestOf = (config: Config): string => createHash('sha256').update(JSON.stringify(config)).digest('hex')
