/**
 * Which settings hold, and how they change, as a state machine: the configuration, and over it what operators have overridden.
 *
 * A change is all or nothing and goes to all instances. One follows the other, whoever asks. A reload reads the file when its
 * turn comes; those who ask before that share its result. It ends what was overridden until then, but for servers that are
 * held Down. A reload that is refused changes nothing.
 *
 * Pure: events in, acts out. The shell (`settings.io.ts`) does the acts in their order.
 */
import type { ReloadResult } from '../admin/operations.ts'
import {
  endedOverrides,
  keptOverReload,
  NO_OVERRIDES,
  type Overridden,
  type OverrideChange,
  withChange,
  withOverrides,
} from '../admin/overrides.ts'
import { systemCodeOf } from '../coded-error.ts'
import type { ConfigResult } from '../config/checks/result.ts'
import { difference } from '../config/outward/difference.ts'
import { engineOptions } from '../config/outward/engine-options.ts'
import { changesThatNeedRestart, withRestartSettingsOf } from '../config/outward/restart.ts'
import type { Config } from '../config/schema/config.ts'
import { formatProblem, inShort } from '../config/source/problem.ts'
import type { InstanceSettings } from '../instances/protocol/protocol.ts'
import { plainOptions } from '../instances/shared/plain-options.ts'
import type { SharedMemories } from '../instances/shared/shared-memory.ts'
import type { DaemonView, Overrides, Phase, ReloadChanges } from '../observe/view/view.ts'
import type { Instant } from '../units.ts'

const DRAINS = 'it drains; reload after "radsluice resume", or let it end'

/** What holds. */
export interface Layers {
  readonly config: Config
  readonly overrides: Overrides
  /** How often what `auto` learned was to be forgotten. */
  readonly forgets: number
}

/** How reloads went so far. */
type Status = Omit<DaemonView['config'], 'file' | 'digest'>
type Refused = Extract<ReloadResult, { ok: false }>
/** The shell adds the file and its digest. */
export type Reloaded = Omit<Extract<ReloadResult, { ok: true }>, 'file' | 'digest'>

export type ReloadAct<Asker> =
  /** Read the file; `read` follows. */
  | { readonly do: 'read' }
  /** Give these settings to all instances; `rolledOut` or `failed` follows. */
  | { readonly do: 'roll-out'; readonly layers: Layers }
  | { readonly do: 'log-reloaded'; readonly result: Reloaded }
  | { readonly do: 'log-refused'; readonly problems: string }
  | { readonly do: 'answer-reload'; readonly askers: readonly Asker[]; readonly result: Reloaded | Refused }
  | { readonly do: 'answer-override'; readonly askers: readonly Asker[]; readonly result: Overridden }
  /** There is a bug, and nobody knows what holds. */
  | { readonly do: 'reject'; readonly askers: readonly Asker[]; readonly error: unknown }

type Waiting<Asker> =
  | { readonly kind: 'reload'; readonly askers: Asker[]; forgetLearned: boolean }
  | { readonly kind: 'override'; readonly askers: Asker[]; readonly change: OverrideChange }

/** What all instances are given now, and what is answered when they have it. */
interface UnderWay<Asker> {
  readonly askers: readonly Asker[]
  readonly layers: Layers
  readonly result: Reloaded | Overridden
}

/** Whoever asks for a change is an `Asker`, who gets an answer. */
export class ReloadState<Asker> {
  #layers: Layers
  #status: Status
  /** In the order in which they were asked for. */
  readonly #waiting: Waiting<Asker>[] = []
  /** The first one of them is a reload, and the shell reads the file. */
  #isReading = false
  #underWay: UnderWay<Asker> | undefined
  #isOver = false

  constructor(config: Config, unixSeconds: number) {
    this.#layers = { config, overrides: NO_OVERRIDES, forgets: 0 }
    const none = { reloadsOk: 0, reloadsFailed: 0, refused: undefined, waitingForRestart: [] }
    this.#status = { ...none, lastSuccessUnixSeconds: unixSeconds }
  }

  get layers(): Layers {
    return this.#layers
  }

  get status(): Status {
    return this.#status
  }

  /** `forgetLearned`: if the file is accepted, what `auto` learned of who signs is forgotten with it. */
  reload(asker: Asker, phase: Phase, forgetLearned: boolean): ReloadAct<Asker>[] {
    if (this.#isOver || phase === 'starting') {
      const result = { ok: false, problems: ['it does not run any more, or not yet'] } as const
      return [{ do: 'answer-reload', askers: [asker], result }]
    }
    // A SIGHUP gets no answer: the log and the status say it.
    if (phase === 'draining') return this.#refuse([asker], [DRAINS])
    const waiting = this.#waiting.find((one) => one.kind === 'reload')
    if (waiting === undefined) this.#waiting.push({ kind: 'reload', askers: [asker], forgetLearned })
    else {
      waiting.askers.push(asker)
      waiting.forgetLearned ||= forgetLearned
    }
    return this.#next()
  }

  /** The change is made to what holds when its turn comes. */
  override(asker: Asker, change: OverrideChange): ReloadAct<Asker>[] {
    this.#waiting.push({ kind: 'override', askers: [asker], change })
    return this.#next()
  }

  /** What the file says now. */
  read(read: ConfigResult): ReloadAct<Asker>[] {
    this.#isReading = false
    const { askers, forgetLearned } = this.#waiting.shift() as Extract<Waiting<Asker>, { kind: 'reload' }>
    if (this.#isOver) {
      const result = { ok: false, problems: ['the daemon ends'] } as const
      return [{ do: 'answer-reload', askers, result }, ...this.#next()]
    }
    if (!read.ok) return [...this.#refuse(askers, read.problems.map(formatProblem)), ...this.#next()]
    const config = withRestartSettingsOf(this.#layers.config, read.config)
    const { overrides, ...found } = this.#find(read.config, config)
    const layers = { config, overrides, forgets: this.#layers.forgets + (forgetLearned ? 1 : 0) }
    const warnings = read.warnings.map(formatProblem)
    const waitingForRestart = changesThatNeedRestart(this.#layers.config, read.config)
    const result = { ok: true, warnings, waitingForRestart, forgotLearned: forgetLearned, ...found } as const
    this.#underWay = { askers, layers, result }
    return [{ do: 'roll-out', layers }]
  }

  /** All instances have the settings. */
  rolledOut(unixSeconds: number): ReloadAct<Asker>[] {
    const { askers, layers, result } = this.#over()
    this.#layers = layers
    if (!('ok' in result)) return [{ do: 'answer-override', askers, result }, ...this.#next()]
    this.#status = {
      ...this.#status,
      reloadsOk: this.#status.reloadsOk + 1,
      lastSuccessUnixSeconds: unixSeconds,
      refused: undefined,
      waitingForRestart: result.waitingForRestart,
    }
    return [{ do: 'log-reloaded', result }, { do: 'answer-reload', askers, result }, ...this.#next()]
  }

  /** An instance can't open what the settings need, or there is a bug. */
  failed(error: unknown): ReloadAct<Asker>[] {
    const { askers, result } = this.#over()
    const isOfSystem = error instanceof Error && systemCodeOf(error.cause) !== undefined
    if ('ok' in result && isOfSystem) return [...this.#refuse(askers, [error.message]), ...this.#next()]
    return [{ do: 'reject', askers, error }, ...this.#next()]
  }

  /** What a reload would change if the file were this one. */
  preview(read: ConfigResult): (ReloadChanges & { readonly ok: true; readonly warnings: readonly string[] }) | Refused {
    if (!read.ok) return { ok: false, problems: read.problems.map(formatProblem) }
    const config = withRestartSettingsOf(this.#layers.config, read.config)
    const { overrides: _, ...found } = this.#find(read.config, config)
    return { ok: true, warnings: read.warnings.map(formatProblem), ...found }
  }

  /** Nothing changes from now on: the daemon ends. */
  end(): void {
    this.#isOver = true
  }

  /** What `read` changes, and the overrides over `config`, which is what can hold of it. */
  #find(read: Config, config: Config): ReloadChanges & { readonly overrides: Overrides } {
    const before = this.#layers
    const overrides = keptOverReload(before.overrides, engineOptions(config))
    const changes = difference(before.config, read)
    return { changes, endedOverrides: endedOverrides(before.overrides, overrides), overrides }
  }

  /** Whoever asked gets all problems, the log and the status the first ones. */
  #refuse(askers: readonly Asker[], problems: readonly string[]): ReloadAct<Asker>[] {
    const refused = inShort(problems).join('; ')
    this.#status = { ...this.#status, refused, reloadsFailed: this.#status.reloadsFailed + 1 }
    return [
      { do: 'log-refused', problems: refused },
      { do: 'answer-reload', askers, result: { ok: false, problems } },
    ]
  }

  #next(): ReloadAct<Asker>[] {
    const [first] = this.#waiting
    if (first === undefined || this.#isReading || this.#underWay !== undefined) return []
    if (first.kind === 'reload') {
      this.#isReading = true
      return [{ do: 'read' }]
    }
    this.#waiting.shift()
    const { askers, change } = first
    const { overrides, ...result } = withChange(this.#layers.overrides, change, engineOptions(this.#layers.config))
    if (this.#isOver) return [{ do: 'answer-override', askers, result }, ...this.#next()]
    const layers = { ...this.#layers, overrides }
    this.#underWay = { askers, layers, result }
    return [{ do: 'roll-out', layers }]
  }

  #over(): UnderWay<Asker> {
    const underWay = this.#underWay
    if (underWay === undefined) throw new Error('a change is over that was not under way')
    this.#underWay = undefined
    return underWay
  }
}

/** What the instances get; `memories` are not changed by it. */
export function instanceSettings(
  { config, overrides, forgets }: Layers,
  memories: SharedMemories,
  now: Instant,
): InstanceSettings {
  const options = plainOptions(withOverrides(engineOptions(config), overrides))
  return {
    options,
    memory: memories.of(options, now),
    logLevel: overrides.logLevel?.level ?? config.log.level,
    logsSessions: config.accounting.sessions_log !== undefined,
    forgets,
  }
}
