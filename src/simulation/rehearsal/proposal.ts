/**
 * What radsluice proposes for a scenario: `plan` prints it, and `simulate` without `-c` plays it. What they leave out has its
 * default here.
 *
 * `planLine` is the command line that prints the configuration of a proposal.
 */
import { type Duration, durationText, micros, millis, seconds } from '../../units.ts'
import { type Demand, type Proposal, planFor } from '../plan/plan.ts'
import type { Scenario } from './scenario.ts'

/** What a demand has and a scenario has not. */
interface BesideScenario extends Pick<Demand, 'servers' | 'algorithm' | 'instances' | 'roundTrip' | 'outage'> {
  /** All sessions if it is undefined. */
  readonly storm: number | undefined
}

export const MOST_SERVERS = 200
export const BESIDE_SCENARIO: BesideScenario = {
  servers: 2,
  algorithm: 'round_robin',
  storm: undefined,
  instances: 1,
  roundTrip: millis(50),
  outage: seconds(600),
}

export function proposalFor(scenario: Scenario, given: Partial<BesideScenario> = {}): Proposal {
  const { sessions, bngs, clients, accounting, servers } = scenario
  const { storm, roundTrip, ...beside } = { ...BESIDE_SCENARIO, ...given }
  return planFor({
    ...beside,
    sessions,
    storm: storm ?? sessions,
    bngs,
    interimPeriod: accounting.interimPeriod,
    hasAccounting: accounting.isOn,
    capacity: servers.capacity,
    timeout: clients.timeout,
    tries: clients.tries,
    roundTrip: micros(Math.max(roundTrip, 2 * servers.latency)),
  })
}

const OPTIONS = [
  'storm',
  'bngs',
  'instances',
  'algorithm',
  'interimPeriod',
  'timeout',
  'tries',
  'roundTrip',
  'outage',
] as const
const DURATIONS: readonly string[] = ['interimPeriod', 'timeout', 'roundTrip', 'outage']

/** `radsluice plan --sessions 40000 --servers 2 --capacity 400`, and what else differs from the defaults `usual`. */
export function planLine({ demand }: Proposal, usual: Demand): string {
  const { sessions, servers, capacity } = demand
  const basic = `radsluice plan --sessions ${sessions} --servers ${servers} --capacity ${capacity}`
  const expected = { ...usual, storm: sessions }
  const different = OPTIONS.filter(
    (key) => demand[key] !== expected[key] && (key !== 'interimPeriod' || demand.hasAccounting),
  ).map((key) => `${optionOf(key)} ${DURATIONS.includes(key) ? exactly(demand[key] as Duration) : demand[key]}`)
  return [basic, ...different, ...(demand.hasAccounting ? [] : ['--accounting no'])].join(' ')
}

const optionOf = (key: string): string => `--${key.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)}`

const exactly = (of: Duration): string => (of % 1_000 === 0 ? durationText(of) : `${of}us`)
