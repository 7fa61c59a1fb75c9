/**
 * What holds now and how it changes: the configuration, and over it what operators have overridden.
 *
 * A change is all or nothing and goes to all instances; one follows the other, whoever asks. A reload reads and checks the
 * file, opens what it needs, and only then takes it; one with a fault changes nothing. It ends what was overridden until
 * then, but for servers that are held Down.
 */

import { createHash } from 'node:crypto'
import type { Changes, Preview, ReloadResult } from '../admin/operations.io.ts'
import { endedOverrides, keptOverReload, NO_OVERRIDES, ofThoseThere, withOverrides } from '../admin/overrides.ts'
import { perClass } from '../classes.ts'
import { systemCodeOf } from '../coded-error.ts'
import { readConfig } from '../config/load/read.io.ts'
import { changesInShort } from '../config/outward/change-text.ts'
import { difference } from '../config/outward/difference.ts'
import { effectiveSettings } from '../config/outward/effective.ts'
import { engineOptions } from '../config/outward/engine-options.ts'
import { changesThatNeedRestart, withRestartSettingsOf } from '../config/outward/restart.ts'
import type { Config } from '../config/schema/config.ts'
import { type PerClient, perClientOf } from '../config/schema/watch-settings.ts'
import { formatProblem, inShort, MOST_WARNINGS_IN_LOG } from '../config/source/problem.ts'
import type { Instances } from '../instances/instances.io.ts'
import type { InstanceSettings } from '../instances/protocol/protocol.ts'
import { plainOptions } from '../instances/shared/plain-options.ts'
import type { SharedMemories } from '../instances/shared/shared-memory.ts'
import type { Log } from '../observe/log/log.io.ts'
import type { DaemonView, Overrides, QueueLimits } from '../observe/view/view.ts'
import type { EngineOptions } from '../proxy/border/options.ts'
import { monotonicNow } from '../transport/clock.io.ts'
import { giveMemoryBack } from './spare-memory.io.ts'

export class DaemonSettings {
  readonly #file: string
  readonly #memories: SharedMemories
  readonly #instances: Instances
  readonly #log: Log
  #config: Config
  #overrides: Overrides = NO_OVERRIDES
  #reloads = { ok: 0, failed: 0, lastSuccessUnix: Date.now() / 1_000 }
  #refused: string | undefined
  #waitingForRestart: readonly string[] = []
  /** The last of the changes that were asked for. */
  #turn: Promise<unknown> = Promise.resolve()
  #nextReload: Promise<ReloadResult> | undefined
  /** How often what `auto` learned was to be forgotten, and whether the next reload does so. */
  #forgets = 0
  #nextForgets = false
  #isOver = false

  constructor(o: {
    readonly file: string
    readonly config: Config
    readonly memories: SharedMemories
    readonly instances: Instances
    readonly log: Log
  }) {
    this.#file = o.file
    this.#config = o.config
    this.#memories = o.memories
    this.#instances = o.instances
    this.#log = o.log
  }

  get config(): Config {
    return this.#config
  }

  get overrides(): Overrides {
    return this.#overrides
  }

  view(): DaemonView['config'] {
    return {
      file: this.#file,
      digest: digestOf(this.#config),
      reloadsOk: this.#reloads.ok,
      reloadsFailed: this.#reloads.failed,
      lastSuccessUnixSeconds: this.#reloads.lastSuccessUnix,
      refused: this.#refused,
      waitingForRestart: this.#waitingForRestart,
    }
  }

  queueLimits(): DaemonView['limits'] {
    return perClass((each) => limitsOf(this.#config.queues[each]))
  }

  /** Which clients have series of their own in /metrics. */
  perClient(): PerClient {
    const { metrics, clients } = this.#config
    return perClientOf(metrics.per_client, clients.length)
  }

  /** The settings as they hold, and what operators have changed; without secrets. */
  effective(): object {
    return { file: this.#file, settings: effectiveSettings(this.#config), overrides: this.#overrides }
  }

  /**
   * Reads the file again. Those who ask while one waits for its turn get that one's outcome: it reads what is there then.
   * `forgetLearned`: if the file is taken, what `auto` learned of who signs is forgotten with it.
   */
  reload(forgetLearned = false): Promise<ReloadResult> {
    this.#nextForgets ||= forgetLearned
    this.#nextReload ??= this.#inTurn(async () => {
      const forgets = this.#forgets + (this.#nextForgets ? 1 : 0)
      this.#nextReload = undefined
      this.#nextForgets = false
      const outcome = await this.#reload(forgets)
      giveMemoryBack()
      return outcome
    })
    return this.#nextReload
  }

  /** Changes what is overridden: `how` gets what holds when its turn comes, and what the file says then. */
  override(how: (overrides: Overrides, configured: EngineOptions) => Overrides): Promise<void> {
    return this.#inTurn(async () => {
      const configured = engineOptions(this.#config)
      const overrides = ofThoseThere(how(this.#overrides, configured), configured)
      await this.#take(settingsOf(this.#config, overrides, this.#memories, this.#forgets))
      this.#overrides = overrides
    })
  }

  /**
   * What a reload of that file would change. The daemon reads it itself: so it is read as a reload would read it, with the
   * rights, the environment and the version of the daemon, and no secret leaves either side to be compared.
   */
  preview(file: string): Preview {
    const read = readConfig(file)
    if (!read.ok) return { ok: false, problems: read.problems.map(formatProblem) }
    const config = withRestartSettingsOf(this.#config, read.config)
    const found = this.#changesOf(read.config, keptOverReload(this.#overrides, engineOptions(config)))
    return { ok: true, file, runsWith: this.#file, warnings: read.warnings.map(formatProblem), ...found }
  }

  /** Nothing changes from now on: the daemon ends. */
  end(): void {
    this.#isOver = true
  }

  async #reload(forgets: number): Promise<ReloadResult> {
    if (this.#isOver) return { ok: false, problems: ['the daemon ends'] }
    const read = readConfig(this.#file)
    if (!read.ok) return this.refuse(read.problems.map(formatProblem))
    const config = withRestartSettingsOf(this.#config, read.config)
    const overrides = keptOverReload(this.#overrides, engineOptions(config))
    const settings = settingsOf(config, overrides, this.#memories, forgets)
    const found = this.#changesOf(read.config, overrides)
    try {
      await this.#take(settings)
    } catch (error) {
      if (systemCodeOf((error as Error).cause) === undefined) throw error
      return this.refuse([(error as Error).message])
    }
    this.#waitingForRestart = changesThatNeedRestart(this.#config, read.config)
    const forgotLearned = forgets > this.#forgets
    this.#forgets = forgets
    this.#config = config
    this.#overrides = overrides
    this.#refused = undefined
    this.#reloads = { ...this.#reloads, ok: this.#reloads.ok + 1, lastSuccessUnix: Date.now() / 1_000 }
    const warnings = read.warnings.map(formatProblem)
    for (const warning of inShort(warnings, MOST_WARNINGS_IN_LOG)) this.#log.write('config-warning', { warning })
    const said = [changesInShort(found.changes), ...found.endedOverrides.map((one) => `ended: ${one}`)]
    this.#log.write('reloaded', { config: this.#file, digest: digestOf(config), changes: said.join('; ') })
    if (this.#waitingForRestart.length > 0) {
      this.#log.write('reload-needs-restart', { settings: this.#waitingForRestart.join(', ') })
    }
    const { waitingForRestart } = this.view()
    return {
      ok: true,
      file: this.#file,
      digest: digestOf(config),
      warnings,
      waitingForRestart,
      forgotLearned,
      ...found,
    }
  }

  #changesOf(read: Config, overrides: Overrides): Changes {
    const changes = difference(this.#config, read)
    return { changes, endedOverrides: endedOverrides(this.#overrides, overrides) }
  }

  /** A reload that is not taken: whoever asked gets all problems, the log and the status the first ones. */
  refuse(problems: readonly string[]): ReloadResult {
    const sentences = inShort(problems).join('; ')
    this.#refused = sentences
    this.#reloads = { ...this.#reloads, failed: this.#reloads.failed + 1 }
    this.#log.write('reload-refused', { config: this.#file, problems: sentences })
    return { ok: false, problems }
  }

  async #take(settings: InstanceSettings): Promise<void> {
    if (this.#isOver) return
    await this.#instances.change(settings, () => {
      this.#memories.announce(settings.options, settings.memory, monotonicNow())
    })
    this.#log.setLevel(settings.logLevel)
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act)
    this.#turn = result.catch(() => undefined)
    return result
  }
}

/** What the instances live by; `forgets` is how often what `auto` learned was to be forgotten. */
export function settingsOf(
  config: Config,
  overrides: Overrides,
  memories: SharedMemories,
  forgets = 0,
): InstanceSettings {
  const options = plainOptions(withOverrides(engineOptions(config), overrides))
  return {
    options,
    memory: memories.of(options, monotonicNow()),
    logLevel: overrides.logLevel?.level ?? config.log.level,
    logsSessions: config.accounting.sessions_log !== undefined,
    forgets,
  }
}

/** Of all settings in force; secrets read as "[secret]" there. */
export const digestOf = (config: Config): string => createHash('sha256').update(JSON.stringify(config)).digest('hex')

const limitsOf = (queue: Config['queues']['accounting']): QueueLimits => ({
  messages: queue.max_messages,
  bytes: queue.max_bytes,
  age: queue.max_age,
})
