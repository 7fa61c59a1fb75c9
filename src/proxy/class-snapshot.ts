/**
 * One class of an engine at one moment: its ledger, and where its requests wait.
 */
import { type PerClass, perClass, type TrafficClass } from '../classes.ts'
import { type Instant, micros, since } from '../units.ts'
import type { ClassSnapshot } from './border/snapshot.ts'
import type { Pools } from './pool/pools.ts'
import type { Register } from './register/register.ts'

const NOTHING = { size: 0, octets: 0 } as const

interface Parts {
  readonly register: Register
  readonly pools: Pools
}

export const classSnapshots = (parts: Parts, now: Instant): PerClass<ClassSnapshot> =>
  perClass((each) => classSnapshot(parts, each, now))

function classSnapshot({ register, pools }: Parts, trafficClass: TrafficClass, now: Instant): ClassSnapshot {
  const backlog = register.backlogs[trafficClass]
  const agesFrom = backlog.agesFrom()
  const oldestHere = register.instanceQueue.oldestFresh(trafficClass)
  // Only records are set aside.
  const aside = trafficClass === 'accounting' ? register.aside : NOTHING
  const givenUp = trafficClass === 'accounting' ? register.heard.givenUp(now) : undefined
  let parked = 0
  let elsewhere = aside.size
  let octetsElsewhere = aside.octets
  for (const pool of pools) {
    if (pool.class !== trafficClass) continue
    parked += pool.parked.waiting.queued
    for (const { waiting } of [pool.parked, ...pool.lanes.map(({ queue }) => queue)]) {
      elsewhere += waiting.queued
      octetsElsewhere += waiting.octets
    }
  }
  return {
    ledger: register.ledgers[trafficClass].snapshot(),
    counters: { ...register.counters[trafficClass] },
    queued: backlog.messages,
    queuedBytes: backlog.octets,
    oldestAge: agesFrom === undefined ? micros(0) : since(agesFrom, now),
    outstanding: register.outstanding[trafficClass],
    kept: 0,
    instanceQueued: backlog.messages - elsewhere,
    instanceQueuedBytes: backlog.octets - octetsElsewhere,
    instanceOldestAge: oldestHere === undefined ? micros(0) : since(oldestHere.receivedAt, now),
    parked,
    setAside: aside.size,
    clientsGaveUp: givenUp?.records ?? 0,
    longestGivenUp: givenUp?.longest ?? micros(0),
  }
}
