/**
 * From the command line to what is simulated: the scenario from a built-in one or a file, with the options over it; and the
 * throttle's settings from a configuration file, or as `radsluice plan` proposes them.
 *
 * Everything that is wrong is thrown as one coded error with a line for each problem. Nothing is written before.
 */
import { codedError } from '../../coded-error.ts'
import { loadSimulatedConfig, readSimulatedConfig } from '../../config/load/read.io.ts'
import { engineOptions } from '../../config/outward/engine-options.ts'
import { type GivenOption, loadScenario } from '../../config/scenario/scenario-load.ts'
import { BUILT_IN, type BuiltIn, type ScenarioSettings } from '../../config/scenario/scenario-schema.ts'
import { textOf } from '../../config/source/encoding.ts'
import { formatProblem, type Problem, problemOf } from '../../config/source/problem.ts'
import { LONGEST_CONFIG, readSmallFile } from '../../config/source/small-file.io.ts'
import type { EngineOptions } from '../../proxy/border/options.ts'
import { type Proposal, yamlOf } from '../../simulation/plan/plan.ts'
import type { Scenario, ScenarioEvent } from '../../simulation/rehearsal/scenario.ts'
import { micros } from '../../units.ts'
import { numberOption, textOption } from './verb.ts'

/** Options of `simulate` and `plan` that are keys of the scenario: each wins over the file and the built-in values. */
export const SCENARIO_OPTIONS = {
  sessions: numberOption('Sessions of all BNGs together. [default: 40000]'),
  bngs: numberOption('BNGs, which share the sessions. [default: the scenario says, 1 for a storm]'),
  capacity: numberOption('Messages a second that one server can process, both classes together. [default: 400]'),
  backlog: numberOption('Messages that may wait at a server. More are lost. [default: 16000]'),
  timeout: textOption('A client retransmits after this time without an answer. [default: 3s]'),
  tries: numberOption('Transmissions of one message before the client gives up. [default: 4]'),
  patience: textOption('Instead of --tries: how long a client waits in all. [default: 12s]'),
  redial: textOption('How long a session waits before it dials again, +-50 %. [default: 10s]'),
  'interim-period': textOption('Time between two interim updates of a session; 0s is none. [default: 10m]'),
  seconds: numberOption('How long to watch, in virtual time. [default: the scenario says, 240 for a storm]'),
  seed: numberOption('The same seed gives the same run. [default: 1]'),
} as const

export const SCENARIO_KEYS: Readonly<Record<keyof typeof SCENARIO_OPTIONS, readonly string[]>> = {
  sessions: ['sessions'],
  bngs: ['bngs'],
  capacity: ['servers', 'capacity'],
  backlog: ['servers', 'backlog'],
  timeout: ['clients', 'timeout'],
  tries: ['clients', 'tries'],
  patience: ['clients', 'patience'],
  redial: ['clients', 'redial'],
  'interim-period': ['accounting', 'interim_period'],
  seconds: ['length'],
  seed: ['seed'],
}

/** The options that were given, as keys of the scenario. */
export const givenOptions = (given: Readonly<Record<string, unknown>>): GivenOption[] =>
  Object.entries(SCENARIO_KEYS).flatMap(([option, path]) => {
    const value = given[option]
    return value === undefined ? [] : [{ option, path, value: option === 'seconds' ? `${value}s` : value }]
  })

/** The scenario that `word` names: a built-in one, or a file. */
export function readScenario(word: string, options: readonly GivenOption[]): Scenario {
  const builtIn = BUILT_IN.find((one) => one === word)
  const result = loadScenario({ ...(builtIn === undefined ? { file: scenarioFile(word) } : { builtIn }), options })
  if (!result.ok) throw refusal(result.problems)
  return scenarioOf(result.settings, builtIn ?? word)
}

/** A configuration file's settings, for a simulation. */
export function readOptions(file: string): EngineOptions {
  const read = readSimulatedConfig(file)
  if (!read.ok) throw refusal(read.problems)
  if (read.config.listen.authentication.length === 0)
    throw codedError(
      'BAD_CONFIGURATION',
      `${file}: listen.authentication is empty, so no session could come up; add a listener`,
    )
  return engineOptions(read.config)
}

/** The settings that a proposal's own configuration file gives. */
export function optionsOf(proposal: Proposal): EngineOptions {
  const read = loadSimulatedConfig(yamlOf(proposal), 'the proposed configuration')
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join('\n'))
  return engineOptions(read.config)
}

const refusal = (problems: readonly Problem[]): Error =>
  codedError(
    problems.every(({ file }) => file.startsWith('--')) ? 'USAGE' : 'BAD_CONFIGURATION',
    problems.map(formatProblem).join('\n'),
  )

function scenarioFile(name: string): { name: string; text: string } {
  const read = readSmallFile(name, LONGEST_CONFIG, 'file or pipe')
  if (!('problem' in read)) {
    const reading = textOf(read.bytes)
    if ('text' in reading) return { name, text: reading.text }
    throw refusal([problemOf(name, reading.problem, { line: reading.line, column: 1 })])
  }
  throw codedError('BAD_CONFIGURATION', `${read.problem} (or write one of ${BUILT_IN.join(', ')})`)
}

const DEFAULT_TRIES = 4

function scenarioOf(settings: ScenarioSettings, fallback: BuiltIn | string): Scenario {
  const { clients, accounting, servers, network } = settings
  const { timeout, patience } = clients
  const interims = accounting === false ? undefined : accounting
  const period = interims?.interim_period ?? micros(0)
  return {
    name: settings.name ?? fallback,
    seed: settings.seed,
    length: settings.length,
    sessions: settings.sessions,
    bngs: settings.bngs,
    begin: settings.begin,
    dialWithin: settings.dial_within,
    sessionTime: settings.session_time,
    clients: {
      timeout,
      tries: patience === undefined ? (clients.tries ?? DEFAULT_TRIES) : Math.max(1, Math.round(patience / timeout)),
      redial: clients.redial,
      redialSpread: clients.redial_spread / 100,
    },
    accounting: {
      isOn: interims !== undefined,
      timeout: interims?.timeout ?? timeout,
      tries: interims?.tries ?? DEFAULT_TRIES,
      newDelayTime: interims?.new_delay_time ?? false,
      interimPeriod: period,
      interimWithin: interims?.interim_within ?? period,
    },
    servers,
    network: { delay: network.delay, loss: network.loss / 100 },
    events: settings.events.map((event) => eventOf(event, settings)),
  }
}

function eventOf(event: ScenarioSettings['events'][number], { dial_within }: ScenarioSettings): ScenarioEvent {
  const { at } = event
  const lasts = event.lasts ?? micros(0)
  switch (event.what) {
    case 'reboot':
      return { kind: 'reboot', at, bng: event.bng ?? 1, within: event.within ?? dial_within }
    case 'silence':
      return { kind: 'silence', at, lasts, server: event.server }
    case 'loss':
      return { kind: 'loss', at, lasts, share: (event.percent ?? 0) / 100, side: event.side ?? 'servers' }
  }
}
