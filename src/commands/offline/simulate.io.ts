/**
 * `radsluice simulate`: what happens with this configuration when a BNG with 40,000 sessions restarts? The real engine,
 * in virtual time, against simulated clients and servers; the same without radsluice, for comparison.
 *
 * Prints a summary and writes a report. Nothing is written before everything was read, checked and played.
 */
import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { codedError, systemCodeOf } from '../../coded-error.ts'
import type { GivenOption } from '../../config/scenario/scenario-load.ts'
import type { EngineOptions } from '../../proxy/border/options.ts'
import { BESIDE, MOST_SERVERS, planLine, proposalFor } from '../../simulation/rehearsal/proposal.ts'
import { type Rehearsed, resultOf } from '../../simulation/rehearsal/rehearsed.ts'
import type { Scenario } from '../../simulation/rehearsal/scenario.ts'
import { reportOf } from '../../simulation/report/report.ts'
import { classRows, headlines, runRows } from '../../simulation/report/summary-text.ts'
import { optionsOf, readOptions, readScenario } from '../input/scenario-input.io.ts'
import { JSON_OPTION, verb } from '../input/verb.ts'
import { coloured, say, writeData, writeJson } from '../terminal/output.io.ts'
import { table } from '../text/table.ts'
import { rehearse } from './rehearse.io.ts'

const NO_REPORT = 'none'
const number = (describe: string) => ({ type: 'number', requiresArg: true, describe }) as const
const text = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const

/** Options that are keys of the scenario: each wins over the file and the built-in values. */
const SCENARIO_OPTIONS = {
  sessions: number('Sessions of all BNGs together. [default: 40000]'),
  bngs: number('BNGs, which share the sessions. [default: the scenario says, 1 for a storm]'),
  capacity: number('Messages a second that one server works off, both classes together. [default: 400]'),
  backlog: number('Messages that may wait at a server; what comes beyond is lost. [default: 16000]'),
  timeout: text('After so long without an answer a client repeats. [default: 3s]'),
  tries: number('Transmissions of one message before the client gives up. [default: 4]'),
  patience: text('Instead of --tries: how long a client waits in all. [default: 12s]'),
  redial: text('How long a session waits before it dials anew, +-50 %. [default: 10s]'),
  'interim-period': text('Between two interim updates of a session; 0s is none. [default: 10m]'),
  seconds: number('How long to watch, in virtual time. [default: the scenario says, 240 for a storm]'),
  seed: number('The same seed gives the same run. [default: 1]'),
} as const
export const PATHS: Readonly<Record<keyof typeof SCENARIO_OPTIONS, readonly string[]>> = {
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

export const simulate = verb({
  examples: [
    ['simulate --scenario storm --sessions 40000 --without-proxy', 'with and without radsluice, and a report'],
    ['simulate -c radsluice.yaml --scenario outage --capacity 300', 'with your configuration'],
  ],
  options: {
    config: {
      alias: 'c',
      type: 'string',
      requiresArg: true,
      describe: 'The configuration to try; none takes what "radsluice plan" proposes. No secret is read.',
    },
    scenario: {
      alias: 's',
      type: 'string',
      default: 'storm',
      requiresArg: true,
      describe: 'storm, outage, interim, mixed, or a scenario file.',
    },
    ...SCENARIO_OPTIONS,
    servers: {
      ...number(`Without -c: how many servers there are. [default: ${BESIDE.servers}]`),
      within: [1, MOST_SERVERS],
    },
    'without-proxy': { type: 'boolean', default: false, describe: 'Play it without radsluice too, and compare.' },
    report: {
      type: 'string',
      default: './radsluice-simulation.html',
      requiresArg: true,
      describe: `Where to write the report; "${NO_REPORT}" writes none.`,
    },
    json: JSON_OPTION,
  },
  run: async (given) => {
    const scenario = readScenario(given.scenario, givenOptions(given))
    const { options, from } = settingsFor(scenario, given)
    const report = given.report === NO_REPORT ? undefined : given.report
    if (report !== undefined) mustBeWritable(report)
    const rehearsed = rehearse(withoutIdleClass(scenario, options), {
      options,
      from,
      withoutToo: given['without-proxy'],
    })
    const result = resultOf(rehearsed)
    if (given.json) writeJson(result)
    else writeSummary(rehearsed)
    if (report !== undefined) {
      writeWhole(report, reportOf(rehearsed, result))
      say(`report: ${report}`)
    }
    return rehearsed.withRadsluice.summary.allUpAfter === null ? 1 : 0
  },
})

/** The options of the command line that were given, as keys of the scenario. */
function givenOptions(given: Readonly<Record<string, unknown>>): GivenOption[] {
  return Object.entries(PATHS).flatMap(([option, path]) => {
    const value = given[option]
    if (value === undefined) return []
    return [{ option, path, value: option === 'seconds' ? `${value}s` : value }]
  })
}

/** The settings to play, and where they come from. */
export function settingsFor(
  scenario: Scenario,
  given: { readonly config: string | undefined; readonly servers: number | undefined },
): { options: EngineOptions; from: string } {
  if (given.config !== undefined) {
    if (given.servers !== undefined)
      throw codedError('USAGE', '--servers: the configuration says how many; leave it out')
    return { options: readOptions(given.config), from: given.config }
  }
  const proposal = proposalFor(scenario, given.servers === undefined ? {} : { servers: given.servers })
  const usual = proposalFor(readScenario('storm', [])).demand
  return { options: optionsOf(proposal), from: `as "${planLine(proposal, usual)}" prints them` }
}

/** Where no server takes accounting, clients send none. */
function withoutIdleClass(scenario: Scenario, { servers }: EngineOptions): Scenario {
  if (!scenario.accounting.isOn || servers.some(({ lanes }) => lanes.accounting !== undefined)) return scenario
  say('the configuration takes no accounting, so the clients send none')
  return { ...scenario, accounting: { ...scenario.accounting, isOn: false } }
}

function writeSummary(rehearsed: Rehearsed): void {
  const summaries = [rehearsed.withRadsluice, rehearsed.withoutRadsluice].flatMap((run) => run?.summary ?? [])
  for (const line of headlines(summaries)) writeData(coloured('bold', line))
  writeData('')
  const sides = summaries.map(({ withRadsluice }) => (withRadsluice ? 'WITH RADSLUICE' : 'WITHOUT'))
  for (const line of table(['', ...sides], runRows(summaries))) writeData(line)
  writeData('')
  const rows = classRows(rehearsed.withRadsluice.summary)
  for (const line of table(['IN RADSLUICE', 'AUTHENTICATION', 'ACCOUNTING'], rows)) writeData(line)
  writeData('')
  for (const line of rehearsed.settings) writeData(line)
}

/** Found out before the work, not after it. */
function mustBeWritable(file: string): void {
  try {
    const directory = dirname(resolve(file))
    accessSync(directory, constants.W_OK)
    if (!statSync(directory).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' })
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' })
  } catch (error) {
    throw unwritable(file, error)
  }
}

/** All of it or nothing: a reader never sees half a report. */
function writeWhole(file: string, content: string): void {
  const draft = `${file}.${process.pid}.tmp`
  try {
    writeFileSync(draft, content)
    renameSync(draft, file)
  } catch (error) {
    rmSync(draft, { force: true })
    throw unwritable(file, error)
  }
}

const unwritable = (file: string, error: unknown): Error =>
  codedError(
    'FILE_UNREADABLE',
    `--report: ${file} cannot be written (${systemCodeOf(error) ?? 'unknown error'}); write another path`,
    error,
  )
