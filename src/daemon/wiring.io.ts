/**
 * The parts of a daemon, made from its configuration, and which part calls which.
 *
 * Packets are handled in the instances, each on a thread of its own (`src/instances/`). This main thread starts them and
 * serves the admin API, so that no packet waits for a scrape or a reload. When a daemon starts and ends is decided in
 * `daemon.io.ts`.
 */
import { dirname, resolve } from 'node:path'
import { endpointText } from '../addresses.ts'
import { Attached } from '../admin/attached.ts'
import type { ReloadResult } from '../admin/operations.ts'
import { NO_OVERRIDES } from '../admin/overrides.ts'
import { changingRoutes, type Operated } from '../admin/routes/changing.io.ts'
import { followingRoutes } from '../admin/routes/following.io.ts'
import { readingRoutes } from '../admin/routes/reading.io.ts'
import { type AdminServer, openAdmin } from '../admin/server.io.ts'
import { Traces } from '../admin/traces.io.ts'
import { engineOptions } from '../config/outward/engine-options.ts'
import { watchOptions } from '../config/outward/watch-options.ts'
import type { Config } from '../config/schema/config.ts'
import { Instances } from '../instances/instances.io.ts'
import { SharedMemories } from '../instances/shared/shared-memory.ts'
import { type Scope, sumOf } from '../instances/shared/sum.ts'
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
import type { DaemonView } from '../observe/view/view.ts'
import { Vitals } from '../observe/vitals.io.ts'
import type { PacketIoChooser } from '../transport/choice/chooser.io.ts'
import { monotonicNow } from '../transport/clock.io.ts'
import { readVersion } from '../version.io.ts'
import { Ending } from './ending.io.ts'
import { instanceSettings } from './reload.ts'
import { DaemonSettings } from './settings.io.ts'
import { socketsOf, viewOf } from './view-of.ts'

const RELOAD_AND_FORGET = 'reload, and forget which peers auto has learned to sign'

export interface DaemonOptions {
  /** Read again by a reload. */
  readonly file: string
  readonly config: Config
  readonly warnings: readonly string[]
  /** The file that an instance's thread runs; by default this program's own. */
  readonly instanceFile?: URL
  /** What Node.js runs as the self-test of batched packet I/O; by default this program's own. */
  readonly selfTest?: readonly string[]
}

/** The options, and what was decided about them before anything is open. */
export interface WiringOptions extends DaemonOptions {
  readonly packetIo: Pick<PacketIoChooser, 'decide' | 'choice'>
}

/** What the parts need of the daemon. */
export interface Life {
  reload(forgetLearned: boolean): Promise<ReloadResult>
  /** There is a bug, and nobody knows what holds. */
  fail(where: string, error: unknown): void
  /** Nothing is in hand, or the time is over. */
  over(code: 0 | 1): Promise<void>
}

export class Wiring {
  readonly version = readVersion()
  readonly startedAt = monotonicNow()
  readonly log: Log
  readonly boundary: Boundary = new Boundary((place, error, count) =>
    this.log.write('watch-failed', { place, error: watchErrorText(error), count }),
  )
  readonly instances: Instances
  readonly settings: DaemonSettings
  readonly ending: Ending
  readonly watch: Watch
  readonly tps: TpsFile | undefined
  readonly sessionsLog: SessionsLog | undefined
  readonly #life: Life
  readonly #packetIo: () => DaemonView['packetIo']
  readonly #startedUnix = Date.now() / 1_000
  readonly #scope: Scope
  readonly #traces: Traces
  readonly #attached = new Attached()
  readonly #activity = new ClientActivity()
  readonly #vitals = new Vitals(this.boundary)
  #admin: AdminServer | undefined

  constructor({ file, config, instanceFile, packetIo }: WiringOptions, life: Life) {
    const { boundary } = this
    const { scope } = config.throttle
    this.#life = life
    this.#packetIo = () => ({ ...packetIo.choice(), instancesBy: config.instances_by })
    this.#scope = scope
    this.log = new Log(config.log.level, logTarget(config, file, boundary))
    const { log } = this
    const memories = new SharedMemories({ scope, instances: config.instances })
    const first = instanceSettings({ config, overrides: NO_OVERRIDES, forgets: 0 }, memories, this.startedAt)
    memories.announce(first.options, first.memory, this.startedAt)
    const instances = new Instances({
      count: config.instances,
      listen: config.listen,
      settings: first,
      packetIo: { use: packetIo.decide().use, batchTick: config.batch_tick, steersBy: config.instances_by },
      events: this.#supervisorEvents(),
      ...(instanceFile === undefined ? {} : { file: instanceFile }),
    })
    this.instances = instances
    this.settings = new DaemonSettings({ file, config, memories, instances, log })
    this.#traces = new Traces((followed) => this.orFail('trace', instances.follow(followed)), boundary)
    const drainLimit = () => this.settings.config.drain_limit
    this.ending = new Ending({ instances, log, scope, drainLimit, over: life.over })
    const view = () => this.#view()
    this.watch = new Watch(watchOptions(config), { view, log, boundary, admin: () => this.#adminText() })
    this.tps = config.tps && new TpsFile(inDirectory(config.tps, file), view, boundary)
    this.sessionsLog = sessionsLog(config, file, log, boundary)
  }

  /** @throws a coded error if the address can't be opened. */
  async openAdmin(file: string): Promise<AdminServer> {
    const { log, boundary, settings, instances } = this
    const { listen, socket } = settings.config.admin
    const view = () => this.#view()
    const clients = (): string[] => settings.config.clients.map(({ name }) => name)
    this.#admin = await openAdmin({
      listen,
      socket: socket === undefined ? undefined : resolve(dirname(file), socket),
      routes: [
        ...readingRoutes({
          view,
          settings: () => settings.effective(),
          sessions: (sought) => instances.sessions(sought),
          learned: (limit) => instances.learned(limit),
          clients,
        }),
        ...followingRoutes({ view, attached: this.#attached, traces: this.#traces, clients, boundary }),
        ...changingRoutes(this.#operated(), boundary),
      ],
      tokens: () => settings.config.admin.tokens,
      boundary,
      notes: {
        full: (way, most) => log.writeBounded(bounded('admin-full', { way, most }, [way]), monotonicNow()),
        refused: (from, what) => log.writeBounded(bounded('admin-refused', { from, what }, [from]), monotonicNow()),
        noSocket: (why) => log.write('admin-socket-missing', { why }),
      },
    })
    return this.#admin
  }

  /** If a change fails midway, nobody knows what holds, and the daemon ends. */
  async orFail<T>(where: string, change: Promise<T>): Promise<T> {
    try {
      return await change
    } catch (error) {
      this.#life.fail(where, error)
      throw error
    }
  }

  /** Rejects if an instance was never open. */
  async #view(): Promise<DaemonView> {
    const instances = await this.instances.view()
    const now = monotonicNow()
    const engines = instances.map((one) => one.engine)
    const engine = sumOf(engines, this.#scope)
    const view = viewOf({
      version: this.version,
      nodeVersion: process.version,
      pid: process.pid,
      phase: this.ending.phase,
      now,
      startedAt: this.startedAt,
      startedUnixSeconds: this.#startedUnix,
      admin: this.#adminText(),
      adminSocket: this.#admin?.socket,
      packetIo: this.#packetIo(),
      reloads: this.settings.view(),
      config: this.settings.config,
      overrides: this.settings.overrides,
      attached: this.#attached.all,
      logLinesLost: this.log.lost,
      tpsLinesLost: this.tps?.lost ?? 0,
      sessionsLogLinesLost: this.sessionsLog?.lost,
      activeClients: this.#activity.update(engine.clients, now),
      watchErrors: this.boundary.counts,
      kernelDrops: this.#vitals.kernelDrops(socketsOf(instances)),
      process: this.#vitals.process(),
      watch: this.watch.latest,
      instances,
      engine,
    })
    return this.watch.upToDate(view)
  }

  #operated(): Operated {
    const { settings, log } = this
    return {
      ending: this.ending,
      attached: () => this.#attached.all,
      options: () => engineOptions(settings.config),
      override: (change) => this.orFail('override', settings.override(change)),
      reload: (by, forgetLearned) => {
        log.write('operated', { by, what: forgetLearned ? RELOAD_AND_FORGET : 'reload' })
        return this.#life.reload(forgetLearned)
      },
      preview: (file) => settings.preview(file),
      log: (by, what) => log.write('operated', { by, what }),
    }
  }

  #supervisorEvents(): SupervisorEvents {
    const { log, boundary } = this
    return {
      line: (line) => log.passOn(line),
      sessionsEnded: (lines) => boundary.run('sessions-log', () => this.sessionsLog?.write(lines)),
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

/** A relative path starts at the directory of the configuration file, as the paths of secrets do. */
const inDirectory = (of: { directory: string; keep_days: number }, file: string) => ({
  directory: resolve(dirname(file), of.directory),
  keepDays: of.keep_days,
})

function sessionsLog(config: Config, file: string, log: Log, boundary: Boundary): SessionsLog | undefined {
  const { sessions_log } = config.accounting
  const failed = (error: unknown): void => boundary.failed('sessions-log', error)
  const lost = (count: number): void => log.write('sessions-log-lost', { count })
  return sessions_log && new SessionsLog({ ...inDirectory(sessions_log, file), failed }, lost)
}

function logTarget({ log: { directory, keep_days } }: Config, file: string, boundary: Boundary): LogTarget | undefined {
  if (directory === undefined) return undefined
  const failed = (error: unknown): void => boundary.failed('log-file', error)
  return new RotatingFile(LOG_FILES, { ...inDirectory({ directory, keep_days }, file), failed })
}
