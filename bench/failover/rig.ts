/**
 * What all worlds of the failover table share: the options of a configuration that only names clients and servers, a client
 * that dials each session once, and servers without faults.
 */

import { loadSimulatedConfig } from '../../src/config/load/read.io.ts'
import { engineOptions } from '../../src/config/outward/engine-options.ts'
import { formatProblem } from '../../src/config/source/problem.ts'
import type { EngineOptions } from '../../src/proxy/border/options.ts'
import { Secret } from '../../src/radius/secret.ts'
import type { ServerPlan } from '../../src/simulation/peers/home-server.ts'
import type { NasPlan } from '../../src/simulation/peers/nas-plan.ts'
import { micros, seconds } from '../../src/units.ts'

const CONFIGURATION = `
clients: [{ name: bng, address: 10.0.0.0/24, secret: simulated }]
farm:
  servers:
    - { name: first, address: 10.1.0.1, secret: simulated }
    - { name: second, address: 10.1.0.2, secret: simulated }
`
/** No client dials a session twice: one that is lost stays away for longer than a world lasts. */
export const NEVER = seconds(1_000_000)

/** The schema's defaults, with two servers, `first` and `second`. */
export function defaultOptions(): EngineOptions {
  const read = loadSimulatedConfig(CONFIGURATION, 'the failover table')
  if (!read.ok) throw new Error(`bench: ${read.problems.map(formatProblem).join('\n')}`)
  return engineOptions(read.config)
}

/** A client of these options that only logs in. */
export const clientPlan = ({ clients }: EngineOptions, o: Partial<NasPlan>): NasPlan => ({
  name: 'bng',
  address: '10.0.0.1',
  secret: clients[0]?.secret ?? new Secret(''),
  sessions: 1,
  dialWithin: seconds(0),
  authentication: { timeout: seconds(3), tries: 3, redialAfter: NEVER },
  accounting: { isOn: false, timeout: seconds(3), tries: 3, newDelayTime: false, interimPeriod: seconds(0) },
  sessionTime: seconds(0),
  ...o,
})

export const serverPlan = ({ name, secret }: Pick<ServerPlan, 'name' | 'secret'>, refuses = false): ServerPlan => ({
  name,
  secret,
  capacity: 20_000,
  backlog: 100_000,
  latency: micros(5_000),
  answersTwice: 0,
  challenges: 0,
  refuses,
})
