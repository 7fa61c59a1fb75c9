/**
 * `radsluice simulate`: what happens with this configuration when a BNG with 40,000 sessions restarts? It runs the real engine in
 * virtual time against simulated clients and servers, and the same without radsluice, to compare.
 *
 * It prints a summary and writes a report. Nothing is written before everything was read, checked and played.
 */
import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { codedError, systemCodeOf } from '../../coded-error.ts'
import type { EngineOptions } from '../../proxy/border/options.ts'
import { BESIDE_SCENARIO, MOST_SERVERS, planLine, proposalFor } from '../../simulation/rehearsal/proposal.ts'
import { type Rehearsed, resultOf } from '../../simulation/rehearsal/rehearsal.ts'
import type { Scenario } from '../../simulation/rehearsal/scenario.ts'
import type { RunSummary } from '../../simulation/rehearsal/summary.ts'
import {
  BNG_FACTS,
  bngRows,
  classRows,
  clientCells,
  headlines,
  leftOutText,
  runRows,
  shownBngs,
} from '../../simulation/report/facts.ts'
import { reportOf } from '../../simulation/report/report.ts'
import { givenOptions, optionsOf, readOptions, readScenario, SCENARIO_OPTIONS } from '../input/scenario-input.io.ts'
import { flag, JSON_OPTION, numberOption, textOption, verb } from '../input/verb.ts'
import { coloured, say, writeResult } from '../terminal/output.io.ts'
import { table } from '../text/table.ts'
import { rehearse } from './rehearse.io.ts'

const NO_REPORT = 'none'
export const simulate = verb({
  examples: [
    ['simulate --scenario storm --sessions 40000 --without-proxy', 'with and without radsluice, and a report'],
    ['simulate -c radsluice.yaml --scenario outage --capacity 300', 'with your configuration'],
  ],
  options: {
    config: {
      ...textOption('The configuration to try. Without it, what "radsluice plan" proposes. No secret is read.'),
      alias: 'c',
    },
    scenario: { ...textOption('storm, outage, interim, mixed, or a scenario file.'), alias: 's', default: 'storm' },
    ...SCENARIO_OPTIONS,
    servers: {
      ...numberOption(`Without -c: how many servers there are. [default: ${BESIDE_SCENARIO.servers}]`),
      within: [1, MOST_SERVERS],
    },
    'without-proxy': flag('Also play it without radsluice, and compare.'),
    report: {
      ...textOption(`Where to write the report; "${NO_REPORT}" writes none.`),
      default: './radsluice-simulation.html',
    },
    json: JSON_OPTION,
  },
  run: async (given) => {
    const scenario = readScenario(given.scenario, givenOptions(given))
    const { options, from } = settingsFor(scenario, given)
    const report = given.report === NO_REPORT ? undefined : given.report
    if (report !== undefined) mustBeWritable(report)
    const played = withoutIdleClass(scenario, options)
    const rehearsed = rehearse(played, { options, from, withoutToo: given['without-proxy'] })
    const result = resultOf(rehearsed)
    writeResult(given.json, result, () => summaryLines(rehearsed))
    if (report !== undefined) {
      writeWhole(report, reportOf(rehearsed, result))
      say(`report: ${report}`)
    }
    return rehearsed.withRadsluice.summary.allUpAfter === null ? 1 : 0
  },
})

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

/** If no server takes accounting, clients send none. */
function withoutIdleClass(scenario: Scenario, { servers }: EngineOptions): Scenario {
  if (!scenario.accounting.isOn || servers.some(({ lanes }) => lanes.accounting !== undefined)) return scenario
  say('the configuration takes no accounting, so the clients send none')
  return { ...scenario, accounting: { ...scenario.accounting, isOn: false } }
}

function summaryLines({ withRadsluice, withoutRadsluice, settings }: Rehearsed): string[] {
  const summaries = [withRadsluice, withoutRadsluice].flatMap((run) => run?.summary ?? [])
  const sides = summaries.map((one) => (one.withRadsluice ? 'WITH RADSLUICE' : 'WITHOUT'))
  return [
    ...headlines(summaries).map((line) => coloured('bold', line)),
    '',
    ...table(['', ...sides], runRows(summaries)),
    '',
    ...table(['IN RADSLUICE', 'AUTHENTICATION', 'ACCOUNTING'], classRows(withRadsluice.summary)),
    '',
    ...summaries.flatMap(bngLines),
    ...settings,
  ]
}

/** A table and an empty line where there are several BNGs. */
function bngLines(summary: RunSummary): string[] {
  const rows = bngRows(summary)
  if (rows.length === 0) return []
  const side = summary.withRadsluice ? 'WITH RADSLUICE' : 'WITHOUT'
  const { leftOut } = shownBngs(summary)
  return [
    ...table(
      [`BNG, ${side}`, ...clientCells(summary, 'CLIENT'), ...BNG_FACTS.map(({ label }) => label.toUpperCase())],
      rows,
    ),
    ...(leftOut === 0 ? [] : [leftOutText(leftOut)]),
    '',
  ]
}

/** Checked before the work, not after it. */
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

/** All or nothing: a reader never sees half a report. */
function writeWhole(file: string, content: string): void {
  const temporary = `${file}.${process.pid}.tmp`
  try {
    writeFileSync(temporary, content)
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw unwritable(file, error)
  }
}

const unwritable = (file: string, error: unknown): Error =>
  codedError(
    'FILE_UNREADABLE',
    `--report: ${file} cannot be written (${systemCodeOf(error) ?? 'unknown error'}); write another path`,
    error,
  )
