/**
 * The numbers of a storm, and how they are read from the command line.
 *
 * The standard storm is a power cut: 20,000 sessions log in again within 2 s. Each repeats its request every 3 s, 4 times in
 * all, gives up after 12 s, and redials about 10 s later. The server works off 500 requests a second in the order of arrival,
 * recognises no duplicates, and has a backlog of 16,000. Everything in a plan is bounded, and so is every run.
 */
import { parseArgs } from 'node:util'

const ALGORITHMS = ['first_server', 'round_robin', 'hash'] as const

/** Times are seconds. */
export interface StormPlan {
  readonly sessions: number
  /** All sessions dial for the first time within this, evenly. */
  readonly within: number
  readonly repeatEvery: number
  /** Transmissions of one request; patience is `tries` times `repeatEvery`. */
  readonly tries: number
  readonly redialAfter: number
  /** Each pause before a redial is drawn within so much of `redialAfter`: 0.1 is 9 to 11 s of 10; 0 is all alike. */
  readonly redialSpread: number
  /** The end of a run where not all sessions came up before. */
  readonly seconds: number
  readonly servers: number
  /** Requests a second that one server works off. */
  readonly capacity: number
  /** Requests that wait at one server; what comes beyond is lost. */
  readonly backlog: number
  /** radsluice's settings of the same names. */
  readonly maxRate: number
  readonly maxOutstanding: number
  readonly maxAge: number | 'auto'
  readonly maxMessages: number
  /** Milliseconds. */
  readonly slot: number
  readonly algorithm: (typeof ALGORITHMS)[number]
  readonly seed: number
}

export const STANDARD_STORM: StormPlan = {
  sessions: 20_000,
  within: 2,
  repeatEvery: 3,
  tries: 4,
  redialAfter: 10,
  redialSpread: 0.1,
  seconds: 240,
  servers: 1,
  capacity: 500,
  backlog: 16_000,
  maxRate: 500,
  maxOutstanding: 256,
  maxAge: 5,
  maxMessages: 20_000,
  slot: 50,
  algorithm: 'first_server',
  seed: 1,
}

/** One way of the requests to the servers. */
export type StormPath = 'through' | 'directly'

/** What the other BNG does. */
export interface OtherPlan {
  /** New sessions a second, at random moments. */
  readonly rate: number
  /** It begins so many seconds before the storm. */
  readonly lead: number
}

export interface StormCommand {
  readonly plan: StormPlan
  readonly paths: readonly StormPath[]
  /** A second BNG logs in so many times a second, and the storm is played with and without turns; undefined: no such BNG. */
  readonly other: OtherPlan | undefined
  /** Where the numbers go as JSON. */
  readonly json: string
}

/** Shown for a wrong word, and with --help. */
export const USAGE = `usage: bench/storm.ts [--sessions 20000] [--seconds 240] [--through-only | --without-proxy-only] [--json FILE]
       bench/storm.ts --other 10 [--lead 10] ...: beside a BNG that logs in 10 times a second; with turns, and without
  the storm    --within 2 --redial-after 10 --redial-spread 0.1 --seed 1
  the servers  --servers 1 --capacity 500 --backlog 16000
  radsluice    --max-rate 500 --max-outstanding 256 --max-age 5 (or auto) --max-messages 20000 --slot 50
               --algorithm first_server (round_robin for more servers)`

/** Option, smallest and largest value, and whether only whole numbers will do. */
const LIMITS: readonly (readonly [option: string, least: number, most: number, whole: boolean])[] = [
  ['sessions', 1, 50_000, true],
  ['seconds', 1, 900, true],
  ['within', 0.1, 60, false],
  ['redial-after', 0, 120, false],
  ['redial-spread', 0, 1, false],
  ['seed', 0, 1e9, true],
  ['servers', 1, 8, true],
  ['capacity', 1, 5_000, true],
  ['backlog', 1, 100_000, true],
  ['max-rate', 0, 100_000, true],
  ['max-outstanding', 1, 4_000, true],
  ['max-age', 0.01, 600, false],
  ['max-messages', 1, 100_000, true],
  ['slot', 1, 1_000, true],
]

const OTHER_LIMITS: typeof LIMITS = [
  ['other', 0.1, 200, false],
  ['lead', 0, 60, false],
]
const LEAD_SECONDS = 10

const FLAGS = ['through-only', 'without-proxy-only', 'help'] as const

/** The command in `words`, or a sentence that says what is wrong with them (or the usage, where that was asked for). */
export function readCommand(words: readonly string[]): StormCommand | string {
  const text = [...[...LIMITS, ...OTHER_LIMITS].map(([option]) => option), 'algorithm', 'json']
  const options = {
    ...Object.fromEntries(text.map((name) => [name, { type: 'string' } as const])),
    ...Object.fromEntries(FLAGS.map((name) => [name, { type: 'boolean' } as const])),
  }
  let given: Readonly<Record<string, string | boolean | undefined>>
  try {
    given = parseArgs({ args: [...words], options }).values
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n${USAGE}`
  }
  const { help, other, lead, json = `bench/results/local/storm${other === undefined ? '' : '-other'}.json` } = given
  if (help === true) return USAGE
  if (given['through-only'] && given['without-proxy-only']) return `one path or the other, or neither flag\n${USAGE}`
  if (other === undefined && lead !== undefined) return `--lead goes with --other\n${USAGE}`
  if (other !== undefined && (given['through-only'] || given['without-proxy-only'])) {
    return `--other always goes through radsluice\n${USAGE}`
  }
  const isAuto = given['max-age'] === 'auto'
  const numbers = numbersOf(LIMITS, isAuto ? { ...given, 'max-age': undefined } : given)
  const others = numbersOf(OTHER_LIMITS, given)
  if (typeof numbers === 'string') return numbers
  if (typeof others === 'string') return others
  const plan: StormPlan = { ...STANDARD_STORM, ...numbers, ...(isAuto && { maxAge: 'auto' }) }
  const { algorithm = plan.servers > 1 ? 'round_robin' : 'first_server' } = given
  if (!isAlgorithm(algorithm)) return `--algorithm is one of ${ALGORITHMS.join(', ')}`
  return {
    plan: { ...plan, algorithm },
    paths: given['through-only'] ? ['through'] : given['without-proxy-only'] ? ['directly'] : ['through', 'directly'],
    other: others['other'] === undefined ? undefined : { rate: others['other'], lead: others['lead'] ?? LEAD_SECONDS },
    json: String(json),
  }
}

/** The numbers among the options, or a sentence about one that will not do. */
function numbersOf(limits: typeof LIMITS, given: Readonly<Record<string, unknown>>): Record<string, number> | string {
  const numbers: Record<string, number> = {}
  for (const [option, least, most, whole] of limits) {
    if (given[option] === undefined) continue
    const value = Number(given[option])
    const fits = value >= least && value <= most && (!whole || Number.isInteger(value))
    const orAuto = option === 'max-age' ? ', or auto' : ''
    if (!fits) return `--${option} is a ${whole ? 'whole ' : ''}number from ${least} to ${most}${orAuto}`
    numbers[inPlan(option)] = value
  }
  return numbers
}

/** Is it the storm that promises are made about? Its seed and the spread of its redials are free. */
export const isStandard = (plan: StormPlan): boolean =>
  Object.entries(STANDARD_STORM).every(
    ([key, value]) => key === 'seed' || key === 'redialSpread' || plan[key as keyof StormPlan] === value,
  )

const inPlan = (option: string): string => option.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())

const isAlgorithm = (word: unknown): word is StormPlan['algorithm'] => ALGORITHMS.some((one) => one === word)
