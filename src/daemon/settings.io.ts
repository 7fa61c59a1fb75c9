/**
 * Holds the settings and changes them: does what `ReloadState` answers, and tells it the result.
 */

import { createHash } from 'node:crypto'
import type { Preview, ReloadResult } from '../admin/operations.ts'
import type { Overridden, OverrideChange } from '../admin/overrides.ts'
import { readConfig } from '../config/load/read.io.ts'
import { changesInShort } from '../config/outward/change-text.ts'
import { effectiveSettings } from '../config/outward/effective.ts'
import type { Config } from '../config/schema/config.ts'
import { inShort, MOST_WARNINGS_IN_LOG } from '../config/source/problem.ts'
import type { Instances } from '../instances/instances.io.ts'
import type { SharedMemories } from '../instances/shared/shared-memory.ts'
import type { Log } from '../observe/log/log.io.ts'
import type { DaemonView, Overrides, Phase } from '../observe/view/view.ts'
import { monotonicNow } from '../transport/clock.io.ts'
import { instanceSettings, type Layers, type ReloadAct, type Reloaded, ReloadState } from './reload.ts'
import { giveMemoryBack } from './spare-memory.io.ts'

/** Who asked for a change, and waits for its result. */
type Asker = Pick<PromiseWithResolvers<ReloadResult | Overridden>, 'resolve' | 'reject'>

interface SettingsOf {
  readonly file: string
  readonly config: Config
  readonly memories: SharedMemories
  readonly instances: Pick<Instances, 'reconfigure'>
  readonly log: Pick<Log, 'write' | 'setLevel'>
}

export class DaemonSettings {
  readonly #of: SettingsOf
  readonly #state: ReloadState<Asker>
  #digest: { readonly of: Config; readonly digest: string } | undefined

  constructor(of: SettingsOf) {
    this.#of = of
    this.#state = new ReloadState(of.config, Date.now() / 1_000)
  }

  get config(): Config {
    return this.#state.layers.config
  }

  get overrides(): Overrides {
    return this.#state.layers.overrides
  }

  view(): DaemonView['config'] {
    return { file: this.#of.file, digest: this.#digestNow(), ...this.#state.status }
  }

  /** The settings as they hold, and what operators have changed; without secrets. */
  effective(): object {
    return { file: this.#of.file, settings: effectiveSettings(this.config), overrides: this.overrides }
  }

  reload(phase: Phase, forgetLearned: boolean): Promise<ReloadResult> {
    return this.#ask((asker) => this.#state.reload(asker, phase, forgetLearned))
  }

  override(change: OverrideChange): Promise<Overridden> {
    return this.#ask((asker) => this.#state.override(asker, change))
  }

  /**
   * What a reload of that file would change. The daemon reads it itself: with its own rights, environment and version, as a
   * reload would. So no secret is sent to be compared.
   */
  preview(file: string): Preview {
    const found = this.#state.preview(readConfig(file))
    return found.ok ? { ...found, file, runsWith: this.#of.file } : found
  }

  end(): void {
    this.#state.end()
  }

  #ask<Result>(ask: (asker: Asker) => readonly ReloadAct<Asker>[]): Promise<Result> {
    return new Promise((resolve, reject) => this.#do(ask({ resolve: resolve as Asker['resolve'], reject })))
  }

  #do(acts: readonly ReloadAct<Asker>[]): void {
    const { file, log } = this.#of
    for (const act of acts) {
      switch (act.do) {
        case 'read':
          // Later in this turn: whoever asks for a reload now shares it.
          queueMicrotask(() => this.#do(this.#state.read(readConfig(file))))
          break
        case 'roll-out':
          void this.#rollOut(act.layers)
          break
        case 'log-reloaded':
          this.#logReloaded(act.result)
          break
        case 'log-refused':
          log.write('reload-refused', { config: file, problems: act.problems })
          break
        case 'answer-reload': {
          giveMemoryBack()
          const { result } = act
          const full = result.ok ? { ...result, file: file, digest: this.#digestNow() } : result
          for (const asker of act.askers) asker.resolve(full)
          break
        }
        case 'answer-override':
          for (const asker of act.askers) asker.resolve(act.result)
          break
        case 'reject':
          for (const asker of act.askers) asker.reject(act.error)
          break
      }
    }
  }

  async #rollOut(layers: Layers): Promise<void> {
    const { memories, instances, log } = this.#of
    let acts: readonly ReloadAct<Asker>[]
    try {
      const settings = instanceSettings(layers, memories, monotonicNow())
      await instances.reconfigure(settings, () => memories.announce(settings.options, settings.memory, monotonicNow()))
      log.setLevel(settings.logLevel)
      acts = this.#state.rolledOut(Date.now() / 1_000)
    } catch (error) {
      acts = this.#state.failed(error)
    }
    this.#do(acts)
  }

  #logReloaded({ warnings, changes, endedOverrides, waitingForRestart }: Reloaded): void {
    const { file, log } = this.#of
    for (const warning of inShort(warnings, MOST_WARNINGS_IN_LOG)) log.write('config-warning', { warning })
    const said = [changesInShort(changes), ...endedOverrides.map((one) => `ended: ${one}`)]
    log.write('reloaded', { config: file, digest: this.#digestNow(), changes: said.join('; ') })
    if (waitingForRestart.length > 0) {
      log.write('reload-needs-restart', { settings: waitingForRestart.join(', ') })
    }
  }

  /** Of all settings; a secret is "[secret]" there. */
  #digestNow(): string {
    const { config } = this
    if (this.#digest?.of !== config) {
      this.#digest = { of: config, digest: createHash('sha256').update(JSON.stringify(config)).digest('hex') }
    }
    return this.#digest.digest
  }
}
