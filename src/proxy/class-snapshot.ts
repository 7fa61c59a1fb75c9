/**
 * One class of an engine at one moment: its ledger, and where its requests wait.
 */
import type { PerClass, TrafficClass } from '../classes.ts'
import { type Instant, micros, since } from '../units.ts'
import type { ClassSnapshot } from './border/snapshot.ts'
import type { Farm } from './pool/pool.ts'
import type { Register } from './register/register.ts'
import type { Lanes } from './work/lanes.ts'

const NOTHING = { size: 0, octets: 0 } as const

interface Parts {
  readonly register: Register
  readonly farms: PerClass<Farm>
  readonly lanes: Lanes
}

/** Both classes. */
export const classSnapshots = (parts: Parts, now: Instant): PerClass<ClassSnapshot> => ({
  authentication: classSnapshot(parts, 'authentication', now),
  accounting: classSnapshot(parts, 'accounting', now),
})

function classSnapshot({ register, farms, lanes }: Parts, trafficClass: TrafficClass, now: Instant): ClassSnapshot {
  const backlog = register.backlogs[trafficClass]
  const agesFrom = backlog.agesFrom()
  const oldestHere = register.instanceQueue.oldestFresh(trafficClass)
  const { queued: parked, octets: parkedOctets } = farms[trafficClass].parked.line
  // Only records are set aside.
  const aside = trafficClass === 'accounting' ? register.aside : NOTHING
  const givenUp = trafficClass === 'accounting' ? register.heard.givenUp(now) : undefined
  let elsewhere = parked + aside.size
  let octetsElsewhere = parkedOctets + aside.octets
  for (const { queue } of lanes.inOrder(trafficClass)) {
    elsewhere += queue.line.queued
    octetsElsewhere += queue.line.octets
  }
  return {
    ledger: register.ledgers[trafficClass].snapshot(),
    counters: { ...register.counters[trafficClass] },
    queued: backlog.messages,
    queuedBytes: backlog.octets,
    oldestAge: agesFrom === undefined ? micros(0) : since(agesFrom, now),
    outstanding: register.outstanding[trafficClass],
    instanceQueued: backlog.messages - elsewhere,
    instanceQueuedBytes: backlog.octets - octetsElsewhere,
    instanceOldestAge: oldestHere === undefined ? micros(0) : since(oldestHere.receivedAt, now),
    parked,
    setAside: aside.size,
    clientsGaveUp: givenUp?.records ?? 0,
    longestGivenUp: givenUp?.longest ?? micros(0),
  }
}
