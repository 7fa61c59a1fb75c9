/**
 * The life of a daemon: start (all or nothing), reload (all or nothing), drain, stop, and the end after a bug.
 *
 * Whoever started it waits for `ended`, which gives the exit code. Signals and the end of the process are the command's. What
 * a daemon is made of is in `wiring.io.ts`.
 */
import { resolve } from 'node:path'
import { endpointText } from '../addresses.ts'
import type { ReloadResult } from '../admin/operations.ts'
import type { AdminServer } from '../admin/server.io.ts'
import { codedError } from '../coded-error.ts'
import { readConfig } from '../config/load/read.io.ts'
import { watchOptions } from '../config/outward/watch-options.ts'
import { formatProblem, inShort, MOST_WARNINGS_IN_LOG } from '../config/source/problem.ts'
import type { InstanceView } from '../instances/protocol/instance-view.ts'
import { errorText } from '../observe/log/event-lines.ts'
import { PacketIoChooser } from '../transport/choice/chooser.io.ts'
import { isUnmet } from '../transport/choice/packet-io.ts'
import { monotonicNow } from '../transport/clock.io.ts'
import { MICROS_PER_SECOND } from '../units.ts'
import { giveMemoryBack } from './spare-memory.io.ts'
import { listenersText } from './view-of.ts'
import { type DaemonOptions, Wiring } from './wiring.io.ts'

/** How often lines that were held back are written. */
const HOUSEKEEPING_MS = 1_000

export class Daemon {
  /** 0: stopped with nothing in hand. 1: something was left, or a bug ended it. */
  readonly ended: Promise<0 | 1>

  readonly #file: string
  readonly #parts: Wiring
  readonly #packetIo: PacketIoChooser
  #admin: AdminServer | undefined
  #housekeeping: NodeJS.Timeout | undefined
  #hasEnded = false
  readonly #end: (code: 0 | 1) => void

  private constructor(options: DaemonOptions, packetIo: PacketIoChooser) {
    this.#file = options.file
    this.#packetIo = packetIo
    const { promise, resolve } = Promise.withResolvers<0 | 1>()
    this.ended = promise
    this.#end = resolve
    this.#parts = new Wiring(
      { ...options, packetIo },
      {
        reload: (forgetLearned) => this.reload(forgetLearned),
        fail: (where, error) => this.fail(where, error),
        over: (code) => this.#over(code),
      },
    )
  }

  /**
   * Starts a daemon; it serves when this resolves.
   * @throws a coded error if an address can't be opened; nothing stays open then.
   */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const packetIo = new PacketIoChooser(options.config.packet_io, options.file, options.selfTest)
    if (packetIo.mustTest('now')) await packetIo.test()
    const daemon = new Daemon(options, packetIo)
    try {
      await daemon.#open(options)
    } catch (error) {
      await daemon.#close()
      throw error
    }
    return daemon
  }

  async #open({ warnings }: DaemonOptions): Promise<void> {
    const { log, instances, settings, watch, tps, boundary, version } = this.#parts
    for (const warning of inShort(warnings, MOST_WARNINGS_IN_LOG)) log.write('config-warning', { warning })
    await instances.open()
    const views = await instances.view()
    const packetIo = this.#packetIo.choice()
    // Last: if the admin API answers, the listeners are open, and the daemon has started.
    this.#admin = await this.#parts.openAdmin(this.#file)
    this.#parts.ending.opened()
    this.#warnOfSmallBuffers(views)
    log.write('started', {
      version,
      config: this.#file,
      digest: settings.view().digest,
      listeners: listenersText(views),
      admin: endpointText(this.#admin.address),
      servers: settings.config.farm.servers.map(({ name }) => name).join(', '),
      packetIo: packetIo.use,
      packetIoWhy: packetIo.why,
    })
    if (isUnmet(packetIo)) log.write('packet-io-unmet', { why: packetIo.why })
    else if (packetIo.because === 'ended-early') log.write('packet-io-not-usable', { why: packetIo.why })
    this.#housekeeping = boundary.every('housekeeping', HOUSEKEEPING_MS, () => {
      log.flushDue(monotonicNow())
      boundary.flushDue()
    })
    this.#packetIo.serves()
    giveMemoryBack()
    watch.start()
    tps?.start()
    void this.#testPacketIo()
  }

  /** For the next start: this one has chosen. */
  async #testPacketIo(): Promise<void> {
    const { log } = this.#parts
    if (!this.#packetIo.mustTest('beside')) return
    const result = await this.#packetIo.test()
    if (this.#hasEnded) return
    log.write(result.ok ? 'packet-io-tested' : 'packet-io-not-usable', { why: this.#packetIo.choice().why })
  }

  /** Reads the file again: all or nothing. A bug on the way ends the daemon, since nobody knows what holds then. */
  async reload(forgetLearned = false): Promise<ReloadResult> {
    const { settings, ending, watch } = this.#parts
    const result = await this.#parts.orFail('reload', settings.reload(ending.phase, forgetLearned))
    if (result.ok) watch.reconfigure(watchOptions(settings.config))
    return result
  }

  /** Drains, and ends when nothing is in hand or the limit is over; a second call ends at once. */
  stop(by: string): void {
    this.#parts.ending.stop(by, true)
  }

  async #over(code: 0 | 1): Promise<void> {
    const { log, startedAt } = this.#parts
    const uptimeSeconds = Math.round((monotonicNow() - startedAt) / MICROS_PER_SECOND)
    await this.#close()
    log.write('stopped', { uptimeSeconds })
    await log.end()
    this.#end(code)
  }

  /** A bug that nobody caught: log it and end, since nobody knows what still holds. */
  fail(where: string, error: unknown): void {
    if (this.#hasEnded) return
    const { log } = this.#parts
    log.write('fatal', { where, error: errorText(error) })
    // The sockets close within this call; the end waits only for the last lines of the log.
    void this.#close()
    void log.end().then(() => this.#end(1))
  }

  async #close(): Promise<void> {
    const { settings, watch, instances, tps, sessionsLog } = this.#parts
    this.#hasEnded = true
    settings.end()
    this.#packetIo.stop()
    clearInterval(this.#housekeeping)
    watch.stop()
    await Promise.all([instances.close(), this.#admin?.close(), tps?.stop()])
    await sessionsLog?.drained()
  }

  #warnOfSmallBuffers(instances: readonly InstanceView[]): void {
    const clamped = instances.find((one) => one.clampedReceiveBuffer !== undefined)?.clampedReceiveBuffer
    if (!clamped) return
    const inKiB = (bytes: number): number => Math.round(bytes / 1024)
    this.#parts.log.write('receive-buffer-clamped', {
      grantedKiB: inKiB(clamped.granted),
      wantedKiB: inKiB(clamped.wanted),
      wantedBytes: clamped.wanted,
    })
  }
}

/** @throws a coded error with all problems of the file. */
export function readDaemonOptions(given: string): DaemonOptions {
  // A reload reads the same file, whatever the working directory is then.
  const file = resolve(given)
  const read = readConfig(file, { from: 'file or pipe' })
  const sentences = (problems: typeof read.warnings): string[] => problems.map(formatProblem)
  if (read.ok) return { file, config: read.config, warnings: sentences(read.warnings) }
  const all = sentences(read.problems)
  const count = all.length === 1 ? '1 problem' : `${all.length} problems`
  throw codedError('BAD_CONFIGURATION', `${all.join('\n')}\n${count} in ${file}; nothing was started`)
}
