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
import { dirname, resolve } from 'node:path'
import { endpointText } from '../addresses.ts'
import { Attached } from '../admin/attached.ts'
import type { ReloadResult } from '../admin/operations.ts'
import { NO_OVERRIDES } from '../admin/overrides.ts'
import { changingRoutes, type Operated } from '../admin/routes/changing.io.ts'
import { followingRoutes } from '../admin/routes/following.io.ts'
import { learnedRoutes } from '../admin/routes/learned.io.ts'
import { readingRoutes } from '../admin/routes/reading.io.ts'
import { sessionsRoutes } from '../admin/routes/sessions.io.ts'
import { type AdminOptions, type AdminServer, openAdmin } from '../admin/server.io.ts'
import { Traces } from '../admin/traces.io.ts'
import { codedError } from '../coded-error.ts'
import { readConfig } from '../config/load/read.io.ts'
import { engineOptions } from '../config/outward/engine-options.ts'
import { watchOptions } from '../config/outward/watch-options.ts'
import type { Config } from '../config/schema/config.ts'
import { formatProblem, inShort, MOST_WARNINGS_IN_LOG } from '../config/source/problem.ts'
import { Instances } from '../instances/instances.io.ts'
import type { InstanceView } from '../instances/protocol/instance-view.ts'
import { SharedMemories } from '../instances/shared/shared-memory.ts'
import type { SupervisorEvents } from '../instances/supervisor.io.ts'
import { Watch } from '../observe/alarms/watch.io.ts'
import { Boundary } from '../observe/boundary/boundary.io.ts'
import { watchErrorText } from '../observe/boundary/watch-errors.ts'
import { LOG_FILES } from '../observe/log/day-files.ts'
import { bounded, errorText } from '../observe/log/event-lines.ts'
import { Log, type LogTarget } from '../observe/log/log.io.ts'
import { RotatingFile } from '../observe/log/rotating-file.io.ts'
import { SessionsLog } from '../observe/log/sessions-log.io.ts'
import { TpsFile } from '../observe/log/tps-file.io.ts'
import { ClientActivity } from '../observe/view/client-activity.ts'
import type { DaemonView, Phase } from '../observe/view/view.ts'
import { Vitals } from '../observe/vitals.io.ts'
import { monotonicNow } from '../transport/clock.io.ts'
import { MICROS_PER_SECOND } from '../units.ts'
import { readVersion } from '../version.io.ts'
import { Ending } from './ending.io.ts'
import { listenersText, viewOf } from './gather-view.io.ts'
import { DaemonSettings, settingsOf } from './settings.io.ts'
import { giveMemoryBack } from './spare-memory.io.ts'

/** How often held lines are written. */
const HOUSEKEEPING_MS = 1_000
const DRAINS = 'it drains; reload after "radsluice resume", or let it end'
const RELOAD_AND_FORGET = 'reload, and forget which peers auto has learned to sign'

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
  readonly #boundary = new Boundary((place, error, count) =>
    this.#log.write('watch-failed', { place, error: watchErrorText(error), count }),
  )
  readonly #activity = new ClientActivity()
  readonly #vitals = new Vitals(this.#boundary)
  readonly #instances: Instances
  readonly #startedAt = monotonicNow()
  readonly #startedUnix = Date.now() / 1_000
  readonly #scope: Config['throttle']['scope']
  readonly #settings: DaemonSettings
  readonly #ending: Ending
  readonly #attached = new Attached()
  readonly #traces: Traces
  readonly #watch: Watch
  readonly #tps: TpsFile | undefined
  readonly #sessionsLog: SessionsLog | undefined
  #admin: AdminServer | undefined
  #isOpen = false
  #housekeeping: NodeJS.Timeout | undefined
  #hasEnded = false
  #end: (code: 0 | 1) => void = () => undefined

  private constructor({ file, config, instanceFile }: DaemonOptions) {
    this.#file = file
    this.#scope = config.throttle.scope
    this.#log = new Log(config.log.level, logTarget(config, file, this.#boundary))
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    const memories = new SharedMemories({ scope: config.throttle.scope, instances: config.instances })
    const settings = settingsOf({ config, overrides: NO_OVERRIDES, forgets: 0 }, memories)
    memories.announce(settings.options, settings.memory, this.#startedAt)
    this.#instances = new Instances({
      count: config.instances,
      listen: config.listen,
      settings,
      events: this.#supervisorEvents(),
      ...(instanceFile === undefined ? {} : { file: instanceFile }),
    })
    this.#settings = new DaemonSettings({ file, config, memories, instances: this.#instances, log: this.#log })
    this.#traces = new Traces((followed) => this.#orFail('trace', this.#instances.follow(followed)), this.#boundary)
    this.#ending = new Ending({
      instances: this.#instances,
      log: this.#log,
      scope: config.throttle.scope,
      drainLimit: () => this.#settings.config.drain_limit,
      over: (isUnfinished) => this.#over(isUnfinished),
    })
    const view = () => this.#view()
    const [log, boundary] = [this.#log, this.#boundary]
    this.#watch = new Watch(watchOptions(config), { view, log, boundary, admin: () => this.#adminText() })
    this.#tps = config.tps && new TpsFile(inDirectory(config.tps, file), view, boundary)
    this.#sessionsLog = sessionsLog(config, file, log, boundary)
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
    for (const warning of inShort(warnings, MOST_WARNINGS_IN_LOG)) this.#log.write('config-warning', { warning })
    await this.#instances.open()
    // Last, so that whoever gets an answer here knows that the listeners are open.
    this.#admin = await openAdmin(this.#adminOptions())
    this.#isOpen = true
    const instances = await this.#instances.view()
    this.#warnOfSmallBuffers(instances)
    this.#log.write('started', {
      version: this.#version,
      config: this.#file,
      digest: this.#settings.view().digest,
      listeners: listenersText(instances),
      admin: endpointText(this.#admin.address),
      servers: this.#settings.config.farm.servers.map(({ name }) => name).join(', '),
    })
    this.#keepHouse()
    giveMemoryBack()
    this.#watch.start()
    this.#tps?.start()
  }

  /** Reads the file again: all or nothing. A bug on the way ends the daemon, since nobody knows what holds then. */
  async reload(forgetLearned = false): Promise<ReloadResult> {
    if (this.#hasEnded || !this.#isOpen) return { ok: false, problems: ['it does not run any more, or not yet'] }
    // SIGHUP has nobody to tell: the log and the status say it.
    if (this.#ending.isDraining) return this.#settings.refuse(DRAINS)
    const outcome = await this.#orFail('reload', this.#settings.reload(forgetLearned))
    this.#watch.reconfigure(watchOptions(this.#settings.config))
    return outcome
  }

  /** Drains, and ends when nothing is in hand or the limit is over; a second call ends at once. */
  stop(by: string): void {
    this.#ending.stop(by, true)
  }

  async #over(isUnfinished: boolean): Promise<void> {
    const uptimeSeconds = Math.round((monotonicNow() - this.#startedAt) / MICROS_PER_SECOND)
    await this.#close()
    this.#log.write('stopped', { uptimeSeconds })
    await this.#log.end()
    this.#end(isUnfinished ? 1 : 0)
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
    this.#settings.end()
    clearInterval(this.#housekeeping)
    this.#watch.stop()
    await Promise.all([this.#instances.close(), this.#admin?.close(), this.#tps?.stop()])
    await this.#sessionsLog?.drained()
  }

  get #phase(): Phase {
    if (!this.#isOpen) return 'starting'
    return this.#ending.isDraining ? 'draining' : 'running'
  }

  #view(): Promise<DaemonView> {
    return viewOf({
      version: this.#version,
      startedAt: this.#startedAt,
      startedUnixSeconds: this.#startedUnix,
      scope: this.#scope,
      phase: this.#phase,
      admin: this.#admin,
      instances: this.#instances,
      settings: this.#settings,
      attached: this.#attached,
      watch: this.#watch,
      vitals: this.#vitals,
      activity: this.#activity,
      boundary: this.#boundary,
      log: this.#log,
      sessionsLog: this.#sessionsLog,
      tps: this.#tps,
    })
  }

  #adminOptions(): AdminOptions {
    const { listen, socket } = this.#settings.config.admin
    const view = (): Promise<DaemonView> => this.#view()
    const clients = (): string[] => this.#settings.config.clients.map(({ name }) => name)
    return {
      listen,
      socket: socket === undefined ? undefined : resolve(dirname(this.#file), socket),
      routes: [
        ...readingRoutes(view, () => this.#settings.effective()),
        ...followingRoutes({ view, attached: this.#attached, traces: this.#traces, clients, boundary: this.#boundary }),
        ...sessionsRoutes((sought) => this.#instances.sessions(sought), clients),
        ...learnedRoutes((limit) => this.#instances.learned(limit)),
        ...changingRoutes(this.#operated(), this.#boundary),
      ],
      tokens: () => this.#settings.config.admin.tokens,
      boundary: this.#boundary,
      notes: {
        full: (way, most) => this.#log.writeBounded(bounded('admin-full', { way, most }, [way]), monotonicNow()),
        refused: (from, what) =>
          this.#log.writeBounded(bounded('admin-refused', { from, what }, [from]), monotonicNow()),
        noSocket: (why) => this.#log.write('admin-socket-missing', { why }),
      },
    }
  }

  #operated(): Operated {
    const settings = this.#settings
    const ending = this.#ending
    const attached = this.#attached
    return {
      get isDraining() {
        return ending.isDraining
      },
      get isStopping() {
        return ending.isStopping
      },
      get attached() {
        return attached.all
      },
      get options() {
        return engineOptions(settings.config)
      },
      override: (change) => this.#orFail('override', settings.override(change)),
      reload: (by, forgetLearned) => {
        this.#log.write('operated', { by, what: forgetLearned ? RELOAD_AND_FORGET : 'reload' })
        return this.reload(forgetLearned)
      },
      preview: (file) => settings.preview(file),
      drain: (by) => ending.drain(by),
      resume: (by) => ending.resume(by),
      stop: (by, force) => ending.stop(by, force),
      inHand: () => ending.inHand(),
      forecast: () => ending.forecast(),
      unserved: () => ending.unserved(),
      follow: (follower) => ending.follow(follower),
      log: (by, what) => this.#log.write('operated', { by, what }),
    }
  }

  /** A change that throws midway leaves nobody knows what: that is the end. */
  async #orFail<T>(where: string, change: Promise<T>): Promise<T> {
    try {
      return await change
    } catch (error) {
      this.fail(where, error)
      throw error
    }
  }

  #keepHouse(): void {
    this.#housekeeping = this.#boundary.every('housekeeping', HOUSEKEEPING_MS, () => {
      this.#log.flushDue(monotonicNow())
      this.#boundary.flushDue()
    })
  }

  #warnOfSmallBuffers(instances: readonly InstanceView[]): void {
    const clamped = instances
      .map(({ clampedReceiveBuffer }) => clampedReceiveBuffer)
      .find((found) => found !== undefined)
    if (!clamped) return
    const inKiB = (bytes: number): number => Math.round(bytes / 1024)
    this.#log.write('receive-buffer-clamped', {
      grantedKiB: inKiB(clamped.granted),
      wantedKiB: inKiB(clamped.wanted),
      wantedBytes: clamped.wanted,
    })
  }

  #supervisorEvents(): SupervisorEvents {
    const [log, boundary] = [this.#log, this.#boundary]
    return {
      line: (line) => log.passOn(line),
      sessionsEnded: (lines) => boundary.run('sessions-log', () => this.#sessionsLog?.write(lines)),
      traced: (instance, told) => boundary.run('trace', () => this.#traces.pass({ instance, ...told })),
      viewFailed: (error) => boundary.failed('look', error),
      crashed: ({ number, error, lost, restartSeconds }) =>
        log.write('instance-crashed', { instance: number, error: errorText(error), ...lost, restartSeconds }),
      restarted: (number) => log.write('instance-restarted', { instance: number }),
      restartFailed: (number, error, restartSeconds) =>
        log.write('instance-restart-failed', { instance: number, why: errorText(error), restartSeconds }),
    }
  }

  #adminText(): string {
    return this.#admin === undefined ? '' : endpointText(this.#admin.address)
  }
}

/** Reads the configuration of a daemon to be; `problems` are complete sentences with their places. */
export function readDaemonOptions(given: string): DaemonOptions {
  // A reload reads the same file, wherever the process stands by then.
  const file = resolve(given)
  const read = readConfig(file, { from: 'file or pipe' })
  const sentences = (problems: typeof read.warnings): string[] => problems.map(formatProblem)
  if (read.ok) return { file, config: read.config, warnings: sentences(read.warnings) }
  const all = sentences(read.problems)
  const count = all.length === 1 ? '1 problem' : `${all.length} problems`
  throw codedError('BAD_CONFIGURATION', `${all.join('\n')}\n${count} in ${file}; nothing was started`)
}

/** A relative path starts at the directory of the configuration file, as those of secrets do. */
const inDirectory = (of: { directory: string; keep_days: number }, file: string) => ({
  directory: resolve(dirname(file), of.directory),
  keepDays: of.keep_days,
})

function sessionsLog(config: Config, file: string, log: Log, boundary: Boundary): SessionsLog | undefined {
  const { sessions_log } = config.accounting
  const failed = (error: unknown): void => boundary.failed('sessions-log', error)
  return (
    sessions_log &&
    new SessionsLog({ ...inDirectory(sessions_log, file), failed }, (count) =>
      log.write('sessions-log-lost', { count }),
    )
  )
}

function logTarget({ log: { directory, keep_days } }: Config, file: string, boundary: Boundary): LogTarget | undefined {
  if (directory === undefined) return undefined
  const failed = (error: unknown): void => boundary.failed('log-file', error)
  return new RotatingFile(LOG_FILES, { ...inDirectory({ directory, keep_days }, file), failed })
}
