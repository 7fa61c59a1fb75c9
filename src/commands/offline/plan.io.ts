/**
 * `radsluice plan`: from sessions, servers and the clients' patience to max_rate, max_outstanding and queue sizes, with the
 * sums behind them and what they can't promise; then a simulation shows whether it is true.
 *
 * The configuration goes to standard output, all talk to standard error: `radsluice plan > radsluice.yaml` is a file.
 */
import { codedError } from '../../coded-error.ts'
import type { GivenOption } from '../../config/scenario/scenario-load.ts'
import { duration } from '../../config/schema/kinds.ts'
import type { Algorithm } from '../../proxy/border/options.ts'
import { type Proposal, planFor } from '../../simulation/plan/plan.ts'
import { yamlOf } from '../../simulation/plan/plan-yaml.ts'
import { BESIDE, MOST_SERVERS, proposalFor } from '../../simulation/rehearsal/proposal.ts'
import type { Scenario } from '../../simulation/rehearsal/scenario.ts'
import type { RunSummary } from '../../simulation/rehearsal/summary.ts'
import { headlineOf } from '../../simulation/report/facts.ts'
import { type Duration, durationText, MICROS_PER_SECOND, micros, seconds } from '../../units.ts'
import { optionsOf, readScenario } from '../input/scenario-input.io.ts'
import { JSON_OPTION, verb } from '../input/verb.ts'
import { coloured, say, writeData, writeJson } from '../terminal/output.io.ts'
import { rehearse } from './rehearse.io.ts'

const number = (describe: string) => ({ type: 'number', requiresArg: true, describe }) as const
const text = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const

/** Keys of the scenario: its checks are theirs. */
export const PATHS = {
  sessions: ['sessions'],
  capacity: ['servers', 'capacity'],
  timeout: ['clients', 'timeout'],
  tries: ['clients', 'tries'],
  patience: ['clients', 'patience'],
  'interim-period': ['accounting', 'interim_period'],
} as const

export const plan = verb({
  examples: [
    ['plan --sessions 40000 --servers 2 --capacity 400 --patience 18s', 'print a configuration and what it promises'],
    ['plan --sessions 40000 --capacity 400 > radsluice.yaml', 'begin a configuration file'],
  ],
  options: {
    sessions: number('Sessions of all BNGs together. [default: 40000]'),
    storm: number('Sessions that dial at one time when the worst happens. [default: all]'),
    'interim-period': text('Between two interim updates of a session; 0s is none. [default: 10m]'),
    accounting: {
      type: 'string',
      requiresArg: true,
      choices: ['yes', 'no'] as const,
      default: 'yes' as const,
      describe: 'Whether there is accounting.',
    },
    servers: { ...number('Servers.'), within: [1, MOST_SERVERS], default: BESIDE.servers },
    capacity: number('Messages a second that one server works off, both classes together. [default: 400]'),
    instances: {
      ...number('Independent instances of radsluice before these servers.'),
      within: [1, 1_000],
      default: BESIDE.instances,
    },
    algorithm: {
      type: 'string',
      requiresArg: true,
      choices: ['first_server', 'round_robin', 'hash'] as const,
      default: BESIDE.algorithm,
      describe: 'How a server is chosen.',
    },
    timeout: text('After so long without an answer a client repeats. [default: 3s]'),
    tries: number('Transmissions of one message before the client gives up. [default: 4]'),
    patience: text('Instead of --tries: how long a client waits in all. [default: 12s]'),
    'round-trip': { ...text('To a busy server and back.'), default: durationText(BESIDE.roundTrip) },
    outage: {
      ...text('Accounting is to be held through such an outage of all servers.'),
      default: durationText(BESIDE.outage),
    },
    'no-check': { type: 'boolean', default: false, describe: 'Do not simulate.' },
    json: JSON_OPTION,
  },
  run: async (given) => {
    const { scenario, proposal } = proposed(given)
    if (!given.json) talk(proposal)
    const checked = given['no-check'] ? undefined : checkOf(proposal, scenario)
    const configuration = yamlOf(proposal)
    if (given.json) writeJson({ ...proposal, configuration, simulated: checked?.summary ?? null })
    else {
      if (checked !== undefined) say(verdict(checked, proposal))
      say('')
      for (const line of configuration.trimEnd().split('\n')) writeData(line)
    }
    return checked !== undefined && checked.summary.allUpAfter === null ? 1 : 0
  },
})

/** The scenario that is planned for, and what is proposed. @throws a coded error where an option is wrong. */
export function proposed(given: Given): { readonly scenario: Scenario; readonly proposal: Proposal } {
  const scenario = readScenario('storm', givenOptions(given))
  return { scenario, proposal: proposalFor(scenario, beside(scenario, given)) }
}

function givenOptions(given: Readonly<Record<string, unknown>>): GivenOption[] {
  const options: GivenOption[] = Object.entries(PATHS).flatMap(([option, path]) =>
    given[option] === undefined ? [] : [{ option, path, value: given[option] }],
  )
  if (given['accounting'] === 'no') options.push({ option: 'accounting', path: ['accounting'], value: false })
  return options
}

type Given = Readonly<{
  storm: number | undefined
  servers: number
  instances: number
  algorithm: Algorithm
  'round-trip': string
  outage: string
}>

function beside({ sessions }: Scenario, given: Given): Parameters<typeof proposalFor>[1] {
  const { storm, servers, instances, algorithm } = given
  if (storm !== undefined && (storm < 1 || storm > sessions))
    throw codedError('USAGE', `--storm: ${storm} is out of range; write 1 to ${sessions}`)
  const roundTrip = time('round-trip', given['round-trip'])
  return { storm, servers, instances, algorithm, roundTrip, outage: time('outage', given.outage) }
}

function time(option: string, given: string): Duration {
  const read = duration({ least: '100us', most: '24h' }).safeParse(given)
  if (read.success) return read.data
  throw codedError('USAGE', `--${option}: ${read.error.issues[0]?.message ?? given}`)
}

function talk({ findings }: Proposal): void {
  for (const { holds, sentence } of findings) say(`${holds ? 'yes ' : coloured('yellow', 'no  ')} ${sentence}`)
}

interface Checked {
  readonly summary: RunSummary
  /** The simulation was this many times smaller than the real thing. */
  readonly scale: number
}

/** A run of about so many transmissions takes half a minute. */
const MOST_TRANSMISSIONS = 6_000_000
const LONGEST = seconds(3_600)
const QUIET = seconds(5)

/** The storm through one instance and its share of the servers; smaller in all parts alike where it would take too long. */
function checkOf({ demand, drain }: Proposal, scenario: Scenario): Checked {
  const { clients } = scenario
  const length = micros(
    Math.min(
      LONGEST,
      Math.ceil(1.3 * drain.authentication) * MICROS_PER_SECOND + 2 * clients.redial + clients.timeout * clients.tries,
    ),
  )
  const work = (demand.storm / demand.instances) * (length / clients.timeout)
  const scale = Math.max(1, Math.ceil(work / MOST_TRANSMISSIONS))
  const share = scale * demand.instances
  const part = (count: number): number => Math.max(1, Math.round(count / share))
  const bngs = Math.max(1, Math.round(demand.sessions / demand.storm))
  const reboot = { kind: 'reboot', at: QUIET, bng: 1, within: scenario.dialWithin } as const
  const played: Scenario = {
    ...scenario,
    length,
    sessions: Math.max(bngs, part(demand.sessions)),
    bngs,
    servers: { ...scenario.servers, capacity: Math.max(2, part(demand.capacity)) },
    ...(bngs === 1 ? {} : { begin: 'up', events: [reboot] }),
  }
  const smaller = { ...demand, instances: 1, sessions: part(demand.sessions), storm: part(demand.storm) }
  const proposal = planFor({ ...smaller, capacity: Math.max(2, part(demand.capacity)) })
  const { withRadsluice } = rehearse(played, { options: optionsOf(proposal), from: 'the proposal', withoutToo: false })
  return { summary: withRadsluice.summary, scale: share }
}

function verdict({ summary, scale }: Checked, { drain }: Proposal): string {
  const { text: time, caption } = headlineOf(summary, [summary])
  const { work, records } = summary
  const size = scale === 1 ? '' : ` (at 1/${scale} of the size)`
  const lost = records.lost === 0 ? 'no accounting record lost' : `${records.lost} accounting records lost`
  const computed = `${Math.round(drain.authentication).toLocaleString('en-US')} s computed`
  return `simulated${size}: ${time} ${caption}, ${computed}; ${Math.round(work.wastedShare * 100)} % of the servers' logins for nobody; ${lost}`
}
