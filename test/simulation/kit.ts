/**
 * Small scenarios for the tests, and the settings that the plan proposes for them.
 */

import { loadSimulatedConfig } from '../../src/config/load/read.io.ts'
import { engineOptions } from '../../src/config/outward/engine-options.ts'
import type { EngineOptions } from '../../src/proxy/border/options.ts'
import { Rehearsal, type Rehearsed, type Run, settingsText } from '../../src/simulation/rehearsal/rehearsal.ts'
import type { Scenario } from '../../src/simulation/rehearsal/scenario.ts'
import { type ScenarioWorlds, worldsOf } from '../../src/simulation/rehearsal/scenario-worlds.ts'
import { millis, seconds } from '../../src/units.ts'

/** 600 sessions at one BNG, two servers that do 20 messages a second, a backlog deeper than anybody's patience. */
export const scenario = (over: Partial<Scenario> = {}): Scenario => ({
  name: 'a small storm',
  seed: 1,
  length: seconds(120),
  sessions: 600,
  bngs: 1,
  begin: 'down',
  dialWithin: seconds(2),
  sessionTime: seconds(0),
  clients: { timeout: seconds(3), tries: 4, redial: seconds(10), redialSpread: 0.5 },
  accounting: {
    isOn: true,
    timeout: seconds(3),
    tries: 4,
    newDelayTime: false,
    interimPeriod: seconds(0),
    interimWithin: seconds(0),
  },
  servers: { capacity: 20, backlog: 2_000, latency: millis(5), each: [] },
  network: { delay: millis(1), loss: 0 },
  events: [],
  ...over,
})

/** `farm` goes into the YAML as it stands. */
export const options = (farm = 'authentication: { max_rate: 14 }\n  accounting: { max_rate: 5 }'): EngineOptions => {
  const text = `
clients:
  - { name: bngs, address: 192.0.2.0/29, secret: one }
  - { name: another, address: "2001:db8::7", secret: two }
queues: { authentication: { max_age: 5s } }
farm:
  ${farm}
  servers:
    - { name: first, address: 198.51.100.1, secret: three }
    - { name: second, address: 198.51.100.2, secret: four }
`
  const read = loadSimulatedConfig(text, 'test.yaml')
  if (!read.ok) throw new Error(JSON.stringify(read.problems))
  return engineOptions(read.config)
}

export const worldsFor = (of: Scenario, by: EngineOptions = options()): ScenarioWorlds => {
  const worlds = worldsOf(of, by)
  if ('problem' in worlds) throw new Error(worlds.problem)
  return worlds
}

export const played = (of: Scenario, side: 'withRadsluice' | 'withoutRadsluice', by: EngineOptions = options()): Run =>
  new Rehearsal(of, worldsFor(of, by)[side]).finish()

export const rehearsed = (of: Scenario, by: EngineOptions = options()): Rehearsed => ({
  scenario: of,
  options: by,
  settings: settingsText(by, 'a test'),
  withRadsluice: played(of, 'withRadsluice', by),
  withoutRadsluice: played(of, 'withoutRadsluice', by),
})
