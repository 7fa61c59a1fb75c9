/**
 * The storm of a plan in the simulator: the same sessions, patience, redials and servers, in virtual time.
 *
 * The throttle's settings are read from the configuration of the real daemon. There is one difference: the sessions of the
 * real BNG dial at even distances, the simulated ones at random.
 */

import { loadSimulatedConfig } from '../src/config/load/read.io.ts'
import { engineOptions } from '../src/config/outward/engine-options.ts'
import { formatProblem } from '../src/config/source/problem.ts'
import { Rehearsal } from '../src/simulation/rehearsal/rehearsal.ts'
import type { Scenario } from '../src/simulation/rehearsal/scenario.ts'
import { worldsOf } from '../src/simulation/rehearsal/scenario-worlds.ts'
import { micros, seconds } from '../src/units.ts'
import { type Played, STEP_SECONDS } from './agreement-report.ts'
import type { StormPlan } from './storm-plan.ts'

/** Loopback, one way: a tenth of a millisecond covers the kernel and a turn of an event loop. */
const ONE_WAY = micros(100)

/** @throws an Error where the configuration is none, or has no room for the BNG. */
export function playSimulated(plan: StormPlan, configuration: string): Played {
  const read = loadSimulatedConfig(configuration, "the daemon's configuration")
  if (!read.ok) throw new Error(`bench: ${read.problems.map(formatProblem).join('\n')}`)
  const scenario = scenarioOf(plan)
  const worlds = worldsOf(scenario, engineOptions(read.config))
  if ('problem' in worlds) throw new Error(`bench: ${worlds.problem}`)
  const { summary, series } = new Rehearsal(scenario, worlds.withRadsluice).finish()
  const { classes, clients, servers } = summary
  return {
    seed: plan.seed,
    sessionsUp: summary.sessionsUp,
    allUpAfter: summary.allUpAfter ?? undefined,
    upBySteps: everyStep(series.up),
    sent: clients.sent.authentication,
    calls: clients.sent.authentication - clients.retransmissions,
    givenUp: clients.gaveUp.authentication,
    expired: classes?.authentication.expired ?? 0,
    atServers: servers.reduce((sum, { received }) => sum + received, 0),
    latestBy: 0,
    kernelDrops: 0,
  }
}

/** From one number a second to one every 10 s. */
export const everyStep = (bySecond: readonly number[]): number[] =>
  bySecond.filter((_, second) => (second + 1) % STEP_SECONDS === 0)

const scenarioOf = (plan: StormPlan): Scenario => ({
  name: 'agreement',
  seed: plan.seed,
  length: seconds(plan.seconds),
  sessions: plan.sessions,
  bngs: 1,
  begin: 'down',
  dialWithin: seconds(plan.within),
  sessionTime: seconds(0),
  clients: {
    timeout: seconds(plan.repeatEvery),
    tries: plan.tries,
    redial: seconds(plan.redialAfter),
    redialSpread: plan.redialSpread,
  },
  accounting: {
    isOn: false,
    timeout: seconds(plan.repeatEvery),
    tries: plan.tries,
    newDelayTime: false,
    interimPeriod: seconds(0),
    interimWithin: seconds(0),
  },
  servers: { capacity: plan.capacity, backlog: plan.backlog, latency: micros(0), each: [] },
  network: { delay: ONE_WAY, loss: 0 },
  events: [],
})
