/**
 * `radsluice plan`: computes max_rate, max_outstanding and queue sizes from sessions, servers and the clients' patience. It prints the
 * calculation and what the settings can't promise. Then a simulation checks it.
 *
 * The configuration goes to standard output and all else to standard error: `radsluice plan > radsluice.yaml` makes a file.
 */
import { codedError } from '../../coded-error.ts'
import type { GivenOption } from '../../config/scenario/scenario-load.ts'
import { duration } from '../../config/schema/kinds.ts'
import type { Algorithm } from '../../proxy/border/options.ts'
import { type Proposal, planFor, yamlOf } from '../../simulation/plan/plan.ts'
import { BESIDE_SCENARIO, MOST_SERVERS, proposalFor } from '../../simulation/rehearsal/proposal.ts'
import type { Scenario } from '../../simulation/rehearsal/scenario.ts'
import type { RunSummary } from '../../simulation/rehearsal/summary.ts'
import { headlineOf } from '../../simulation/report/facts.ts'
import { type Duration, durationText, MICROS_PER_SECOND, micros, seconds } from '../../units.ts'
import { givenOptions, optionsOf, readScenario, SCENARIO_OPTIONS } from '../input/scenario-input.io.ts'
import { flag, JSON_OPTION, numberOption, textOption, verb } from '../input/verb.ts'
import { coloured, say, writeData, writeJson } from '../terminal/output.io.ts'
import { rehearse } from './rehearse.io.ts'

export const plan = verb({
  examples: [
    ['plan --sessions 40000 --servers 2 --capacity 400 --patience 18s', 'print a configuration and what it promises'],
    ['plan --sessions 40000 --capacity 400 > radsluice.yaml', 'begin a configuration file'],
  ],
  options: {
    sessions: SCENARIO_OPTIONS.sessions,
    storm: numberOption('Sessions that dial at the same time in the worst case. [default: all]'),
    bngs: numberOption('BNGs, which share the sessions. [default: 1]'),
    'interim-period': SCENARIO_OPTIONS['interim-period'],
    accounting: {
      ...textOption('Whether there is accounting.'),
      choices: ['yes', 'no'] as const,
      default: 'yes' as const,
    },
    servers: { ...numberOption('Servers.'), within: [1, MOST_SERVERS], default: BESIDE_SCENARIO.servers },
    capacity: SCENARIO_OPTIONS.capacity,
    instances: {
      ...numberOption('Independent instances of radsluice before these servers.'),
      within: [1, 1_000],
      default: BESIDE_SCENARIO.instances,
    },
    algorithm: {
      ...textOption('How a server is chosen.'),
      choices: ['first_server', 'round_robin', 'hash'] as const,
      default: BESIDE_SCENARIO.algorithm,
    },
    timeout: SCENARIO_OPTIONS.timeout,
    tries: SCENARIO_OPTIONS.tries,
    patience: SCENARIO_OPTIONS.patience,
    'round-trip': {
      ...textOption('The round trip to a busy server.'),
      default: durationText(BESIDE_SCENARIO.roundTrip),
    },
    outage: {
      ...textOption('Accounting is kept through an outage of all servers of this length.'),
      default: durationText(BESIDE_SCENARIO.outage),
    },
    'no-check': flag('Do not simulate.'),
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

/** The scenario to plan for, and the proposal. @throws a coded error if an option is wrong. */
export function proposed(given: Given): { readonly scenario: Scenario; readonly proposal: Proposal } {
  const none: GivenOption = { option: 'accounting', path: ['accounting'], value: false }
  const scenario = readScenario('storm', [...givenOptions(given), ...(given.accounting === 'no' ? [none] : [])])
  return { scenario, proposal: proposalFor(scenario, beside(scenario, given)) }
}

type Given = Readonly<{
  accounting: 'yes' | 'no'
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
  /** The simulation was this many times smaller. */
  readonly scale: number
}

/** A run of about this many transmissions takes half a minute. */
const MOST_TRANSMISSIONS = 6_000_000
const LONGEST = seconds(3_600)
/** As many addresses as the clients of a proposal have, nearly. */
const MOST_BNGS = 250
const QUIET = seconds(5)

/** The storm through one instance and its share of the servers. If it would take too long, everything is made smaller alike. */
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
  // If only some of the sessions dial at one time, they are those of one BNG.
  const storms = Math.max(1, Math.round(demand.sessions / demand.storm))
  const bngs = storms === 1 ? Math.min(demand.bngs, MOST_BNGS) : storms
  const reboot = { kind: 'reboot', at: QUIET, bng: 1, within: scenario.dialWithin } as const
  const played: Scenario = {
    ...scenario,
    length,
    sessions: Math.max(bngs, part(demand.sessions)),
    bngs,
    servers: { ...scenario.servers, capacity: Math.max(2, part(demand.capacity)) },
    ...(storms === 1 ? {} : { begin: 'up', events: [reboot] }),
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
