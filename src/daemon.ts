/**
 * The daemon, put together: configuration in, instances, log and admin address wired to each other.
 *
 * The packets' way is in the instances, each on a thread of its own (`src/instances/`); this thread starts them, looks at
 * them and answers whoever asks, so that no scrape and no reload stands in a packet's way.
 *
 * Life: start (all or nothing), reload (all or nothing, the old configuration stays when the new one has a fault),
 * drain (no new messages; what is in hand may finish within a limit), stop. Whoever started it waits for `ended`, which
 * gives the exit code. Signals and the end of the process are the command's; the configuration's types end here.
 */
import { createHash } from 'node:crypto'
import { readingRoutes } from './admin/reading.io.ts'
import { type AdminServer, openAdmin } from './admin/server.io.ts'
import { codedError, systemCodeOf } from './coded-error.ts'
import { engineOptions, withRestartSettingsOf } from './config/engine-options.ts'
import { formatProblem } from './config/problem.ts'
import { readConfig } from './config/read.io.ts'
import { changesThatNeedRestart } from './config/restart.ts'
import type { Config } from './config/schema.ts'
import type { InstanceSettings } from './instances/calls.ts'
import { Instances } from './instances/instances.io.ts'
import { plainOptions } from './instances/plain-options.ts'
import type { InstanceReport, SeatEvents } from './instances/seat.io.ts'
import { SharedMemories } from './instances/shared-memory.ts'
import { sumOf } from './instances/sum.ts'
import { errorText, Log } from './observe/log.io.ts'
import type { DaemonView, Phase, QueueLimits } from './observe/view.ts'
import { kernelDrops, processVitals } from './observe/vitals.io.ts'
import { monotonicNow } from './proxy/clock.io.ts'
import { endpointText } from './proxy/datagram-socket.io.ts'
import { MICROS_PER_SECOND } from './units.ts'
import { readVersion } from './version.io.ts'

/** How often held lines are written, and the instances are looked at: what a crash leaves of them is that old. */
const HOUSEKEEPING_MS = 1_000
const LOOK_EVERY = 5

export interface DaemonOptions {
  /** Read again by a reload. */
  readonly file: string
  readonly config: Config
  readonly warnings: readonly string[]
  /** The file that an instance's thread runs; by default this program's own. */
  readonly instanceFile?: URL
}

export class Daemon {
  /** 0: stopped with nothing in hand. 1: something was left, or a bug ended it. */
  readonly ended: Promise<0 | 1>

  readonly #file: string
  readonly #version = readVersion()
  readonly #log: Log
  readonly #memories: SharedMemories
  readonly #instances: Instances
  readonly #startedAt = monotonicNow()
  readonly #startedUnix = Date.now() / 1_000
  #config: Config
  #admin: AdminServer | undefined
  #phase: Phase = 'starting'
  #housekeeping: NodeJS.Timeout | undefined
  #reloading = false
  #reloadAgain = false
  #hasEnded = false
  #isStopping = false
  #end: (code: 0 | 1) => void = () => undefined
  #reloads = { ok: 0, failed: 0, lastSuccessUnix: Date.now() / 1_000 }
  #refused: string | undefined
  #waitingForRestart: readonly string[] = []

  private constructor({ file, config, instanceFile }: DaemonOptions) {
    this.#file = file
    this.#config = config
    this.#log = new Log(config.log.level)
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    this.#memories = new SharedMemories({ scope: config.throttle.scope, instances: config.instances })
    this.#instances = new Instances({
      count: config.instances,
      listen: config.listen,
      settings: this.#settingsOf(config),
      events: this.#seatEvents(),
      ...(instanceFile === undefined ? {} : { file: instanceFile }),
    })
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
    const { admin } = this.#config
    await this.#instances.open()
    // Last, so that whoever gets an answer here knows that the listeners are open.
    this.#admin = await openAdmin({ listen: admin.listen, routes: readingRoutes(() => this.#look()) })
    this.#phase = 'running'
    const reports = await this.#instances.look()
    this.#warnOfSmallBuffers(reports)
    this.#log.write('started', {
      version: this.#version,
      config: this.#file,
      digest: digestOf(this.#config),
      listeners: listenersOf(reports).map(endpointText).join(', '),
      admin: endpointText(this.#admin.address),
      servers: this.#config.farm.servers.map(({ name }) => name).join(', '),
    })
    this.#keepHouse(1)
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
    const settings = this.#settingsOf(config)
    try {
      await this.#instances.prepare(settings.options)
    } catch (error) {
      if (systemCodeOf((error as Error).cause) === undefined) throw error
      this.#refuse((error as Error).message)
      return
    }
    if (this.#hasEnded) return
    this.#memories.announce(settings.options, monotonicNow())
    await this.#instances.reconfigure(settings)
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
    this.#phase = 'draining'
    const limit = this.#config.drain_limit
    const deadline = setTimeout(() => void this.#stop('drain_limit is over'), limit / 1_000)
    void this.#drainWithin(signal, limit).finally(() => clearTimeout(deadline))
  }

  async #drainWithin(signal: string, limit: number): Promise<void> {
    const drained = this.#instances.drain()
    this.#log.write('draining', { signal, ...(await this.#inHand()), limitSeconds: limit / MICROS_PER_SECOND })
    await drained
    await this.#stop('')
  }

  async #stop(why: string): Promise<void> {
    if (this.#isStopping) return
    this.#isStopping = true
    const left = await this.#inHand()
    const unfinished = left.queued + left.outstanding > 0
    if (unfinished) this.#log.write('drain-unfinished', { ...left, why })
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
    await Promise.all([this.#instances.close(), this.#admin?.close()])
  }

  #keepHouse(round: number): void {
    this.#housekeeping = setTimeout(() => {
      if (this.#hasEnded) return
      this.#log.flushDue(monotonicNow())
      if (round % LOOK_EVERY === 0) void this.#instances.look()
      this.#keepHouse(round + 1)
    }, HOUSEKEEPING_MS)
  }

  #warnOfSmallBuffers(reports: readonly InstanceReport[]): void {
    const clamped = reports.map(({ view }) => view.clampedReceiveBuffer).find((found) => found !== undefined)
    if (!clamped) return
    const inKiB = (bytes: number): number => Math.round(bytes / 1024)
    this.#log.write('receive-buffer-clamped', {
      grantedKiB: inKiB(clamped.granted),
      wantedKiB: inKiB(clamped.wanted),
      wantedBytes: clamped.wanted,
    })
  }

  #settingsOf(config: Config): InstanceSettings {
    const options = plainOptions(engineOptions(config))
    return { options, memory: this.#memories.of(options), logLevel: config.log.level }
  }

  #seatEvents(): SeatEvents {
    const log = this.#log
    return {
      line: (line) => log.passOn(line),
      crashed: ({ number, error, lost, restartSeconds }) =>
        log.write('instance-crashed', { instance: number, error: errorText(error), ...lost, restartSeconds }),
      restarted: (number) => log.write('instance-restarted', { instance: number }),
      restartFailed: (number, error, restartSeconds) =>
        log.write('instance-restart-failed', { instance: number, why: errorText(error), restartSeconds }),
    }
  }

  async #inHand(): Promise<{ queued: number; outstanding: number }> {
    const reports = await this.#instances.look()
    const { authentication, accounting } = sumOf(
      reports.map(({ view }) => view.engine),
      this.#config.throttle.scope,
    ).classes
    return {
      queued: authentication.queued + accounting.queued,
      outstanding: authentication.outstanding + accounting.outstanding,
    }
  }

  async #look(): Promise<DaemonView> {
    const reports = await this.#instances.look()
    const now = monotonicNow()
    const listeners = listenersOf(reports)
    const drops = kernelDrops(listeners)
    const { queues } = this.#config
    const upstreams = reports.flatMap(({ view }) => view.upstreams)
    const upstreamDrops = kernelDrops(upstreams).filter((count) => count !== undefined)
    const total = (count: (view: InstanceReport['view']) => number): number =>
      reports.reduce((sum, { view }) => sum + count(view), 0)
    return {
      version: this.#version,
      nodeVersion: process.version,
      pid: process.pid,
      phase: this.#phase,
      startedUnixSeconds: this.#startedUnix,
      uptimeSeconds: (now - this.#startedAt) / MICROS_PER_SECOND,
      admin: this.#admin === undefined ? '' : endpointText(this.#admin.address),
      listeners: listeners.map((listener, index) => ({
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
      limits: { authentication: limitsOf(queues.authentication), accounting: limitsOf(queues.accounting) },
      sendFailures: total(({ sendFailures }) => sendFailures),
      internalErrors: total(({ internalErrors }) => internalErrors),
      logLinesLost: this.#log.lost,
      process: processVitals(),
      instances: reports.map(({ number, isRunning, crashes, view }) => {
        const { sendFailures, internalErrors, cpuSeconds, loopDelay, engine } = view
        return { number, isRunning, crashes, sendFailures, internalErrors, cpuSeconds, loopDelay, engine }
      }),
      engine: sumOf(
        reports.map(({ view }) => view.engine),
        this.#config.throttle.scope,
      ),
    }
  }
}

/** The listeners of all instances, those that share an address and port once. */
function listenersOf(reports: readonly InstanceReport[]): InstanceReport['view']['listeners'] {
  const all = reports.flatMap(({ view }) => view.listeners)
  return [...new Map(all.map((one) => [`${one.class} ${endpointText(one)}`, one])).values()]
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

const limitsOf = (queue: Config['queues']['accounting']): QueueLimits => ({
  messages: queue.max_messages,
  bytes: queue.max_bytes,
  age: queue.max_age,
})

/** Of all settings in force; secrets read as "[secret]" there. */
const digestOf = (config: Config): string => createHash('sha256').update(JSON.stringify(config)).digest('hex')
