/**
 * A scenario from up to three layers: a built-in one, a file over it, the command line's options over both. Or all problems at
 * once, each with a line of the file or the name of an option.
 *
 * First the structure, then what only all values together show: an event after the end, a BNG that does not exist.
 */
import { MICROS_PER_SECOND } from '../../units.ts'
import { objectionsOf } from '../schema/sentences.ts'
import { type Problem, problemOf } from '../source/problem.ts'
import { isMapping, pathText, type SettingPath, Source, valueAt } from '../source/source.ts'
import {
  BUILT_IN_VALUES,
  type BuiltIn,
  EVENTS,
  type ScenarioSettings,
  scenarioJsonSchema,
  scenarioSettings,
} from './scenario-schema.ts'

/** An option that was given: its name, and the key that it stands for. */
export interface GivenOption {
  readonly option: string
  readonly path: readonly string[]
  readonly value: unknown
}

export interface ScenarioLayers {
  /** Undefined: the file says it, else it is a storm. */
  readonly builtIn?: BuiltIn
  readonly file?: { readonly name: string; readonly text: string }
  readonly options: readonly GivenOption[]
}

export type ScenarioResult =
  | { readonly ok: true; readonly settings: ScenarioSettings }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** More transmissions than this would keep a machine busy for an hour. */
const MOST_TRANSMISSIONS = 200_000_000

/** Never throws. */
export function loadScenario({ builtIn, file, options }: ScenarioLayers): ScenarioResult {
  const source = file === undefined ? undefined : new Source(file.text)
  const problems: Problem[] = (source?.faults ?? []).map((fault) => ({ file: file?.name ?? '', path: '', ...fault }))
  if (problems.length > 0) return { ok: false, problems }
  /** At the option or the key that gave the value. */
  const problem = (path: SettingPath, message: string, at: 'key' | 'value' = 'value'): Problem => {
    const given = options.find((one) => pathText(one.path) === pathText(path))
    if (given !== undefined) return problemOf(`--${given.option}`, message)
    return { ...problemOf(file?.name ?? 'the scenario', message, source?.locate(path, at)), path: pathText(path) }
  }
  const written = source?.value ?? {}
  if (!isMapping(written)) {
    return { ok: false, problems: [problem([], 'the file is no mapping; it begins with keys such as "sessions:"')] }
  }
  const base = builtIn ?? valueAt(written, ['based_on'])
  const known = typeof base === 'string' && Object.hasOwn(BUILT_IN_VALUES, base) ? BUILT_IN_VALUES[base as BuiltIn] : {}
  let root = merged(known, written)
  for (const { path, value } of options) root = withValue(root, path, value)

  const parsed = scenarioSettings.safeParse(root)
  for (const { path, at, message } of objectionsOf(parsed.error?.issues ?? [], root, [], scenarioJsonSchema())) {
    problems.push(problem(path, message, at))
  }
  if (!parsed.success) return { ok: false, problems }
  for (const [path, message] of objections(parsed.data)) problems.push(problem(path, message))
  return problems.length > 0 ? { ok: false, problems } : { ok: true, settings: parsed.data }
}

type Objection = readonly [path: SettingPath, message: string]

/** What is impossible although each value alone is fine. */
function objections(scenario: ScenarioSettings): Objection[] {
  const { sessions, bngs, length, clients, accounting, begin, session_time, events } = scenario
  const found: Objection[] = []
  if (bngs > sessions) found.push([['bngs'], `${bngs} BNGs cannot share ${sessions} sessions; lower bngs`])
  if (clients.tries !== undefined && clients.patience !== undefined)
    found.push([['clients', 'patience'], 'tries and patience say the same thing twice; keep one of them'])
  if (clients.patience !== undefined && clients.patience < clients.timeout)
    found.push([['clients', 'patience'], 'is shorter than one time-out; raise it, or lower timeout'])
  const interims = accounting !== false && accounting.interim_period > 0
  if (begin === 'up' && events.length === 0 && session_time === 0 && !interims) {
    const message =
      'nothing would ever happen: all sessions are up, and there are no events, logouts or interim updates'
    found.push([['begin'], message])
  }
  const transmissions = sessions * Math.max(1, length / clients.timeout)
  if (transmissions > MOST_TRANSMISSIONS) {
    const limit = Math.floor(MOST_TRANSMISSIONS / (length / clients.timeout))
    const message = `${sessions} sessions for ${length / MICROS_PER_SECOND} s are too many messages to simulate; lower sessions to ${limit}, or length`
    found.push([['sessions'], message])
  }
  for (const [index, event] of events.entries()) found.push(...eventObjections(event, index, scenario))
  return found
}

/** The keys of each kind of event besides `at` and `what`; `true` is required. */
const TAKES: Readonly<Record<(typeof EVENTS)[number], Readonly<Record<string, boolean>>>> = {
  reboot: { bng: false, within: false },
  silence: { lasts: true, server: false },
  loss: { lasts: true, percent: true, side: false },
}

function eventObjections(event: ScenarioSettings['events'][number], index: number, all: ScenarioSettings): Objection[] {
  const found: Objection[] = []
  const place = ['events', index] as const
  if (event.at >= all.length) {
    const message = `is not before the end, at ${all.length / MICROS_PER_SECOND} s; make length longer, or the event earlier`
    found.push([[...place, 'at'], message])
  }
  if ((event.bng ?? 1) > all.bngs) found.push([[...place, 'bng'], `there is no BNG ${event.bng}; bngs is ${all.bngs}`])
  const takes = TAKES[event.what]
  for (const [key, value] of Object.entries(event)) {
    if (key === 'at' || key === 'what' || value === undefined || Object.hasOwn(takes, key)) continue
    const owners = EVENTS.filter((kind) => Object.hasOwn(TAKES[kind], key))
    found.push([[...place, key], `is a key of ${owners.join(' and ')}, not of ${event.what}; remove it`])
  }
  for (const [key, isNeeded] of Object.entries(takes)) {
    if (isNeeded && event[key as keyof typeof event] === undefined)
      found.push([place, `${event.what} needs ${key}; add it`])
  }
  return found
}

/** Mappings key by key, everything else as a whole. */
function merged(below: unknown, above: unknown): Record<string, unknown> {
  const result: Record<string, unknown> = { ...(below as object) }
  for (const [key, value] of Object.entries(above as object)) {
    result[key] = isMapping(value) && isMapping(result[key]) ? merged(result[key], value) : value
  }
  return result
}

function withValue(root: Record<string, unknown>, [key, ...rest]: readonly string[], value: unknown) {
  if (key === undefined) return root
  const inner = root[key]
  const next: unknown = rest.length === 0 ? value : withValue(isMapping(inner) ? inner : {}, rest, value)
  return { ...root, [key]: next }
}
