/**
 * What radsluice proposes for a scenario: `plan` prints it, and `simulate` without `-c` plays it. What they leave out has its
 * default here.
 *
 * `planLine` is the command line that prints the configuration of a proposal.
 */
import type { Algorithm } from '../../proxy/border/options.ts'
import { type Duration, durationText, micros, millis, seconds } from '../../units.ts'
import { type Demand, type Proposal, planFor } from '../plan/plan.ts'
import type { Scenario } from './scenario.ts'

/** What a scenario does not say. */
interface Beside {
  readonly servers: number
  readonly algorithm: Algorithm
  /** Sessions that dial at one time when the worst happens; all of them where it is not given. */
  readonly storm: number | undefined
  readonly instances: number
  /** Twice the servers' latency where that is longer. */
  readonly roundTrip: Duration
  readonly outage: Duration
}

export const MOST_SERVERS = 200
export const BESIDE: Beside = {
  servers: 2,
  algorithm: 'round_robin',
  storm: undefined,
  instances: 1,
  roundTrip: millis(50),
  outage: seconds(600),
}

export function proposalFor(scenario: Scenario, given: Partial<Beside> = {}): Proposal {
  const { sessions, clients, accounting, servers } = scenario
  const { storm, roundTrip, ...beside } = { ...BESIDE, ...given }
  return planFor({
    ...beside,
    sessions,
    storm: storm ?? sessions,
    interimPeriod: accounting.interimPeriod,
    hasAccounting: accounting.isOn,
    capacity: servers.capacity,
    timeout: clients.timeout,
    tries: clients.tries,
    roundTrip: micros(Math.max(roundTrip, 2 * servers.latency)),
  })
}

/** `radsluice plan --sessions 40000 --servers 2 --capacity 400`, and what else differs from the defaults `usual`. */
export function planLine({ demand }: Proposal, usual: Demand): string {
  const words: readonly (readonly [option: string, key: keyof Demand, isDuration?: 'duration'])[] = [
    ['storm', 'storm'],
    ['instances', 'instances'],
    ['algorithm', 'algorithm'],
    ['interim-period', 'interimPeriod', 'duration'],
    ['timeout', 'timeout', 'duration'],
    ['tries', 'tries'],
    ['round-trip', 'roundTrip', 'duration'],
    ['outage', 'outage', 'duration'],
  ]
  const { sessions, servers, capacity } = demand
  const basic = `radsluice plan --sessions ${sessions} --servers ${servers} --capacity ${capacity}`
  const expected = { ...usual, storm: sessions }
  const different = words
    .filter(([, key]) => demand[key] !== expected[key] && (key !== 'interimPeriod' || demand.hasAccounting))
    .map(([option, key, kind]) => `--${option} ${kind === undefined ? demand[key] : exactly(demand[key] as Duration)}`)
  return [basic, ...different, ...(demand.hasAccounting ? [] : ['--accounting no'])].join(' ')
}

const exactly = (of: Duration): string => (of % 1_000 === 0 ? durationText(of) : `${of}us`)
