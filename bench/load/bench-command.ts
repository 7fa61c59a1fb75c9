/**
 * The command line of `npm run bench`, and how thorough each pace is.
 */
import { parseArgs } from 'node:util'
import { KINDS, type Kind } from './generator.ts'
import { RELAYS, type RelayName } from './relays.ts'
import type { Pace } from './scenario.ts'

export const SCENARIO_NAMES = ['compare', 'throttled', 'million', 'instances', 'scrape', 'reload', 'tracking'] as const
export type ScenarioName = (typeof SCENARIO_NAMES)[number]

const PACES: Readonly<Record<Pace['name'], Pace>> = {
  quick: { name: 'quick', rounds: 1, step: 5_000, trySeconds: 1.5, fixedSeconds: 2 },
  full: { name: 'full', rounds: 3, step: 2_500, trySeconds: 3, fixedSeconds: 5 },
}
const SCENARIOS_OF: Readonly<Record<Pace['name'], readonly ScenarioName[]>> = {
  quick: ['compare', 'throttled'],
  full: SCENARIO_NAMES,
}
const KINDS_OF: Readonly<Record<Pace['name'], readonly Kind[]>> = {
  quick: ['accounting'],
  full: ['accounting', 'access'],
}
const MOST_ROUNDS = 9

export interface BenchCommand {
  readonly pace: Pace
  readonly scenarios: readonly ScenarioName[]
  readonly kinds: readonly Kind[]
  readonly relays: readonly RelayName[]
  /** Where the JSON files and the page go. */
  readonly results: string
}

/** Shown for a wrong word, and with --help. */
export const USAGE = `usage: npm run bench -- [--quick | --full] [--scenario ${SCENARIO_NAMES.join(',')}]
  --quick      one short round of compare and throttled, about 2 minutes; this is the default
  --full       three rounds of everything, about half an hour
  --scenario   only these, separated by commas; also --rounds N, --step N (rates are found in steps of it)
  --kinds      ${KINDS.join(',')} (compare and instances; accounting when quick, accounting,access when full)
  --relays     ${RELAYS.map((name) => name.replace(' ', '-')).join(',')} (compare)
  --results    the folder of the JSON files and of bench.html; bench/results/local is the default`

const OPTIONS = {
  quick: { type: 'boolean' },
  full: { type: 'boolean' },
  help: { type: 'boolean' },
  scenario: { type: 'string' },
  rounds: { type: 'string' },
  step: { type: 'string' },
  kinds: { type: 'string' },
  relays: { type: 'string' },
  results: { type: 'string' },
} as const

/** The command in `words`, or a sentence that says what is wrong with them (or the usage, where that was asked for). */
export function readCommand(words: readonly string[]): BenchCommand | string {
  try {
    const { values } = parseArgs({ args: [...words], options: OPTIONS })
    if (values.help === true) return USAGE
    if (values.quick && values.full) throw new Error('either --quick or --full')
    const pace = PACES[values.full === true ? 'full' : 'quick']
    return {
      pace: {
        ...pace,
        rounds: wholeNumber('--rounds', values.rounds, MOST_ROUNDS) ?? pace.rounds,
        step: wholeNumber('--step', values.step, 50_000) ?? pace.step,
      },
      scenarios: chosen('--scenario', values.scenario, SCENARIO_NAMES) ?? SCENARIOS_OF[pace.name],
      kinds: chosen('--kinds', values.kinds, KINDS) ?? KINDS_OF[pace.name],
      relays: chosen('--relays', values.relays?.replace('bare-relay', 'bare relay'), RELAYS) ?? RELAYS.slice(1),
      results: values.results ?? 'bench/results/local',
    }
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n${USAGE}`
  }
}

function wholeNumber(option: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > most) throw new Error(`${option} is from 1 to ${most}`)
  return value
}

/** The words of a list, in the order that the bench knows them. */
function chosen<Name extends string>(
  option: string,
  text: string | undefined,
  names: readonly Name[],
): readonly Name[] | undefined {
  if (text === undefined) return undefined
  const words = text.split(',')
  const unknown = words.find((word) => !names.some((name) => name === word))
  if (unknown !== undefined) throw new Error(`${option} has "${unknown}"; there are ${names.join(', ')}`)
  return names.filter((name) => words.includes(name))
}
