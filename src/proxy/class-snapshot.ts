/**
 * One class of an engine at one moment: its ledger, and where its requests wait.
 */
import { type Instant, micros, since, type TrafficClass } from '../units.ts'
import type { Farm } from './farm.ts'
import type { Lanes } from './lanes.ts'
import type { Register } from './register.ts'
import type { ClassSnapshot } from './snapshot.ts'

export function classSnapshot(
  { register, farm, lanes }: { readonly register: Register; readonly farm: Farm; readonly lanes: Lanes },
  trafficClass: TrafficClass,
  now: Instant,
): ClassSnapshot {
  const backlog = register.backlogs[trafficClass]
  const oldest = backlog.oldest()
  const parked = farm.parked.line.queued
  const waiting = lanes.inOrder(trafficClass).reduce((sum, lane) => sum + lane.queue.line.queued, 0)
  return {
    ledger: register.ledgers[trafficClass].snapshot(),
    counters: { ...register.counters[trafficClass] },
    queued: backlog.messages,
    queuedBytes: backlog.octets,
    oldestAge: oldest === undefined ? micros(0) : since(oldest.receivedAt, now),
    outstanding: register.outstanding[trafficClass],
    instanceQueued: backlog.messages - waiting - parked,
    parked,
  }
}
