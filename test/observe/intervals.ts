/**
 * Intervals for the tests of alarms and health: a calm daemon, a minute later, with what a test changes in between.
 *
 * A minute makes counts and rates a minute the same number.
 */

import type { TrafficClass } from '../../src/classes.ts'
import { loadConfig } from '../../src/config/load/load.ts'
import { watchOptions } from '../../src/config/outward/watch-options.ts'
import { Interval } from '../../src/observe/view/interval.ts'
import type { DaemonView } from '../../src/observe/view/view.ts'
import { type LedgerSnapshot, SHED_REASONS, type ShedReason } from '../../src/proxy/border/endings.ts'
import type { ClassSnapshot, EngineSnapshot, LaneSnapshot } from '../../src/proxy/border/snapshot.ts'
import { configText, FILE, world } from '../config/fixture.ts'
import { World } from '../proxy/kit.ts'
import { client, server } from '../proxy/options.ts'
import { instanceOf, viewOf } from './view-of.ts'

const LENGTH_SECONDS = 60

export type Change = (view: DaemonView) => DaemonView

/** The thresholds that a configuration without a word about them has. */
export const defaults = () => {
  const loaded = loadConfig(configText({ top: 'alarms: { offered_rate: { high: 1500, low: 1400 } }' }), FILE, world)
  if (!loaded.ok) throw new Error('the configuration of the tests is bad')
  return watchOptions(loaded.config)
}

/** One instance, two servers with 100 a second each, two clients, all at rest. */
export const calm = (): DaemonView => {
  const engine = new World({
    clients: [client({ name: 'bng' }), client({ name: 'other', network: '10.9.0.0/16' })],
    servers: [server('s1', { rate: 100 }), server('s2', { rate: 100, address: '192.0.2.11' })],
  }).snapshot()
  const view = viewOf(engine)
  const config = { ...view.config, refused: undefined }
  return { ...view, config, instances: [instanceOf(engine, { loopDelay: { mean: 0, p99: 0, max: 0 } })] }
}

export const intervalOf = (change: Change = (view) => view, loopDelay = 0): Interval => {
  const before = calm()
  const now = { ...before, uptimeSeconds: before.uptimeSeconds + LENGTH_SECONDS }
  return new Interval(before, change(now), new Map([[0, loopDelay]]))
}

/** The engine changed, of its one instance and so of all together. */
export const inEngine =
  (change: (engine: EngineSnapshot) => EngineSnapshot): Change =>
  (view) => {
    const engine = change(view.engine)
    return { ...view, engine, instances: view.instances.map((one) => ({ ...one, engine })) }
  }

export const inClass = (name: TrafficClass, changes: (of: ClassSnapshot) => Partial<ClassSnapshot>): Change =>
  inEngine((engine) => ({
    ...engine,
    classes: { ...engine.classes, [name]: { ...engine.classes[name], ...changes(engine.classes[name]) } },
  }))

export const inLedger = (name: TrafficClass, changes: Partial<LedgerSnapshot>): Change =>
  inClass(name, ({ ledger }) => ({ ledger: { ...ledger, ...changes } }))

/** A ledger's count of what was shed: all for that reason. */
export const shedFor = (reason: ShedReason, count: number): Pick<LedgerSnapshot, 'shed'> => {
  const none = Object.fromEntries(SHED_REASONS.map((one) => [one, 0])) as LedgerSnapshot['shed']
  return { shed: { ...none, [reason]: count } }
}

export const inLane = (
  at: { server: string; class: TrafficClass },
  changes: (lane: LaneSnapshot) => Partial<LaneSnapshot>,
): Change =>
  inEngine((engine) => ({
    ...engine,
    lanes: engine.lanes.map((lane) =>
      lane.server === at.server && lane.class === at.class ? { ...lane, ...changes(lane) } : lane,
    ),
  }))
