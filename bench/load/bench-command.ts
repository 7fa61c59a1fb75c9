/**
 * The command line of `npm run bench`, and how thorough each pace is.
 */
import { parseArgs } from 'node:util'
import { KINDS, type Kind } from './generator.ts'
import { PACKET_IO, type PacketIo, RELAYS, type RelayName } from './relays.ts'
import type { Pace } from './scenario.ts'

export const SCENARIO_NAMES = [
  'compare',
  'tail',
  'idle',
  'throttled',
  'million',
  'instances',
  'scrape',
  'reload',
  'tracking',
  'soak',
] as const
export type ScenarioName = (typeof SCENARIO_NAMES)[number]

const PACES: Readonly<Record<Pace['name'], Pace>> = {
  quick: {
    name: 'quick',
    rounds: 1,
    resolution: 0.1,
    trySeconds: 1.5,
    holdSeconds: 6,
    fixedSeconds: 2,
    tailSeconds: 10,
    idleSeconds: 8,
    soakSeconds: 60,
  },
  full: {
    name: 'full',
    rounds: 5,
    resolution: 0.05,
    trySeconds: 3,
    holdSeconds: 20,
    fixedSeconds: 5,
    tailSeconds: 60,
    idleSeconds: 30,
    soakSeconds: 1_200,
  },
}
const SCENARIOS_OF: Readonly<Record<Pace['name'], readonly ScenarioName[]>> = {
  quick: ['compare', 'throttled'],
  full: SCENARIO_NAMES,
}
const KINDS_OF: Readonly<Record<Pace['name'], readonly Kind[]>> = {
  quick: ['accounting'],
  full: ['accounting', 'access'],
}
const MOST_ROUNDS = 15
const OTHERS_PERCENT = 10
const MOST_RATE = 250_000
const MOST_MINUTES = 50
const PACKET_IO_NAMES = Object.keys(PACKET_IO) as readonly PacketIo[]
/** Relays whose names have blanks are written with hyphens. */
const hyphened = (name: RelayName): string => name.replaceAll(' ', '-')

export interface BenchCommand {
  readonly pace: Pace
  readonly scenarios: readonly ScenarioName[]
  readonly kinds: readonly Kind[]
  readonly relays: readonly RelayName[]
  /** Of radsluice where a scenario does not choose it. */
  readonly packetIo: PacketIo
  /** A measurement is void if others used more than this share of the processors. */
  readonly othersAtMost: number
  /** The highest rate that is known already. */
  readonly knownRate: number | undefined
  /** Where the JSON files and the page go. */
  readonly results: string
}

/** Shown for a wrong word, and with --help. */
export const USAGE = `usage: npm run bench -- [--quick | --full] [--scenario ${SCENARIO_NAMES.join(',')}]
  --quick      one short round of compare and throttled, about 5 minutes; this is the default
  --full       five rounds of everything, about four hours
  --scenario   only these, separated by commas; also --rounds N
  --resolution highest rates are found to so many per cent: 10 when quick, 5 when full
  --kinds      ${KINDS.join(',')} (compare and instances; accounting when quick, accounting,access when full)
  --relays     (compare, tail, idle) ${RELAYS.map(hyphened).join(',')};
               all but radsluice, which has the defaults, if this is not given
  --packet-io  ${PACKET_IO_NAMES.join(', ')}: of radsluice where --relays does not say it; auto is the default
  --others     a measurement is void if other processes use more than so many per cent of the processors; 10 is the default
  --rate       the highest rate of radsluice, so that soak need not measure it; soak runs at 80 % of it
  --minutes    of soak; 1 when quick, 20 when full
  --results    the folder of the JSON files and of bench.html; bench/results/local is the default`

const OPTIONS = {
  quick: { type: 'boolean' },
  full: { type: 'boolean' },
  help: { type: 'boolean' },
  scenario: { type: 'string' },
  rounds: { type: 'string' },
  resolution: { type: 'string' },
  kinds: { type: 'string' },
  relays: { type: 'string' },
  'packet-io': { type: 'string' },
  others: { type: 'string' },
  rate: { type: 'string' },
  minutes: { type: 'string' },
  results: { type: 'string' },
} as const

/** The command in `words`, or a sentence that says what is wrong with them (or the usage, where that was asked for). */
export function readCommand(words: readonly string[]): BenchCommand | string {
  try {
    const { values } = parseArgs({ args: [...words], options: OPTIONS })
    if (values.help === true) return USAGE
    if (values.quick && values.full) throw new Error('either --quick or --full')
    const pace = PACES[values.full === true ? 'full' : 'quick']
    const percent = wholeNumber('--resolution', values.resolution, 50)
    const minutes = wholeNumber('--minutes', values.minutes, MOST_MINUTES)
    const relays = chosen('--relays', values.relays, RELAYS.map(hyphened))
    return {
      pace: {
        ...pace,
        rounds: wholeNumber('--rounds', values.rounds, MOST_ROUNDS) ?? pace.rounds,
        resolution: percent === undefined ? pace.resolution : percent / 100,
        soakSeconds: minutes === undefined ? pace.soakSeconds : minutes * 60,
      },
      scenarios: chosen('--scenario', values.scenario, SCENARIO_NAMES) ?? SCENARIOS_OF[pace.name],
      kinds: chosen('--kinds', values.kinds, KINDS) ?? KINDS_OF[pace.name],
      relays: RELAYS.filter((name) => relays?.includes(hyphened(name)) ?? name !== 'radsluice'),
      packetIo: onlyOne('--packet-io', values['packet-io'], PACKET_IO_NAMES) ?? 'auto',
      othersAtMost: (wholeNumber('--others', values.others, 100) ?? OTHERS_PERCENT) / 100,
      knownRate: wholeNumber('--rate', values.rate, MOST_RATE),
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

function onlyOne<Name extends string>(
  option: string,
  text: string | undefined,
  names: readonly Name[],
): Name | undefined {
  if (text?.includes(',')) throw new Error(`${option} is one of ${names.join(', ')}`)
  return chosen(option, text, names)?.[0]
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
