/**
 * Snapshots of several engines as one: what the instances of this daemon did together, and what one instance did over
 * the lives it had.
 *
 * Counters and numbers of waiting messages are added. What is a view of the same thing (the state of a server, a slot
 * that all instances share) is not: a server is as alive as its best witness says, the oldest message is the oldest of
 * all. Of an engine that is gone the counters alone count, and they go on in the engine that followed it (`withCounters`).
 */

import { type PerClass, perClass } from '../../classes.ts'
import { addedNumbers } from '../../proxy/border/added-numbers.ts'
import { type LedgerSnapshot, NOWHERE } from '../../proxy/border/endings.ts'
import type { MixedSigning, UnsignedDropped } from '../../proxy/border/events.ts'
import type {
  ClassSnapshot,
  EngineSnapshot,
  LaneCounters,
  LaneSnapshot,
  ResponsesInTime,
} from '../../proxy/border/snapshot.ts'
import type { ServerState } from '../../throttle/server-health.ts'
import { type Instant, instant, micros, perSecond } from '../../units.ts'

/** Whether the quota of a slot is one for all instances together or one for each. */
export type Scope = 'host' | 'instance'

/** The sum of one snapshot or more. */
export function sumOf(snapshots: readonly EngineSnapshot[], scope: Scope): EngineSnapshot {
  const [first, ...others] = snapshots
  if (first === undefined) throw new RangeError('a sum of no snapshots')
  return others.reduce((sum, next) => added(sum, next, scope), first)
}

/** What an engine leaves that ended: its last counters, its ledgers (these are newer), and nothing that waits. */
export function leftBy(last: EngineSnapshot, ledgers: PerClass<LedgerSnapshot>): EngineSnapshot {
  return {
    ...last,
    classes: perClass((each) => ({ ...last.classes[each], ...NOTHING_WAITS, ledger: ledgers[each] })),
    lanes: last.lanes.map((lane) => ({
      ...lane,
      queued: 0,
      queuedBytes: 0,
      oldestAge: micros(0),
      outstanding: 0,
      waitingRetries: 0,
    })),
    tables: { answers: 0, records: 0, remembered: 0, states: last.tables.states },
    sessions: last.sessions === undefined ? undefined : { ...last.sessions, live: 0, memberLinks: 0, bundles: 0 },
  }
}

/** The snapshot of an engine, with the counters of those that were there before it added. */
export function withCounters(current: EngineSnapshot, before: EngineSnapshot): EngineSnapshot {
  const former = new Map(before.lanes.map((lane) => [nameOf(lane), lane.counters]))
  return {
    ...current,
    classes: perClass((each) => withFormer(current.classes[each], before.classes[each])),
    lanes: current.lanes.map((lane) => {
      const counters = former.get(nameOf(lane))
      return counters === undefined || lane.retiring
        ? lane
        : { ...lane, counters: addedCounters(lane.counters, counters) }
    }),
    clients: addedClients(current.clients, before.clients),
    formerClients: addedFormer(current.formerClients, before.formerClients, missingIn(current.clients, before.clients)),
    sessions: addedSessions(current.sessions, before.sessions),
  }
}

const NOTHING_WAITS = {
  ...NOWHERE,
  queuedBytes: 0,
  oldestAge: micros(0),
  instanceQueued: 0,
  instanceQueuedBytes: 0,
  instanceOldestAge: micros(0),
  parked: 0,
  setAside: 0,
  clientsGaveUp: 0,
  longestGivenUp: micros(0),
} as const

const withFormer = (current: ClassSnapshot, before: ClassSnapshot): ClassSnapshot => ({
  ...current,
  ledger: addedNumbers(current.ledger, before.ledger),
  counters: addedNumbers(current.counters, before.counters),
})

function added(a: EngineSnapshot, b: EngineSnapshot, scope: Scope): EngineSnapshot {
  return {
    at: instant(Math.max(a.at, b.at)),
    draining: a.draining || b.draining,
    classes: perClass((each) => addedClass(a.classes[each], b.classes[each])),
    lanes: addedLanes(a.lanes, b.lanes, scope),
    clients: addedClients(a.clients, b.clients),
    formerClients: addedFormer(a.formerClients, b.formerClients, missingIn(a.clients, b.clients)),
    // What was learned, and which server a State belongs to, is shared: all know the same.
    messageAuthenticatorLearned: {
      clients: Math.max(a.messageAuthenticatorLearned.clients, b.messageAuthenticatorLearned.clients),
      servers: Math.max(a.messageAuthenticatorLearned.servers, b.messageAuthenticatorLearned.servers),
    },
    signing: {
      mixed: latestOf(a.signing.mixed, b.signing.mixed),
      dropped: latestOf(a.signing.dropped, b.signing.dropped),
    },
    tables: {
      answers: a.tables.answers + b.tables.answers,
      records: a.tables.records + b.tables.records,
      remembered: a.tables.remembered + b.tables.remembered,
      states: Math.max(a.tables.states, b.tables.states),
    },
    sessions: addedSessions(a.sessions, b.sessions),
  }
}

const addedClass = (a: ClassSnapshot, b: ClassSnapshot): ClassSnapshot => ({
  ...addedNumbers(a, b),
  oldestAge: micros(Math.max(a.oldestAge, b.oldestAge)),
  instanceOldestAge: micros(Math.max(a.instanceOldestAge, b.instanceOldestAge)),
  longestGivenUp: micros(Math.max(a.longestGivenUp, b.longestGivenUp)),
})

function addedLanes(a: readonly LaneSnapshot[], b: readonly LaneSnapshot[], scope: Scope): LaneSnapshot[] {
  const others = new Map(b.map((lane) => [nameOf(lane), lane]))
  const both = a.map((lane) => {
    const other = others.get(nameOf(lane))
    others.delete(nameOf(lane))
    return other === undefined ? lane : addedLane(lane, other, scope)
  })
  return [...both, ...others.values()]
}

const LIVELIEST: readonly ServerState[] = ['active', 'not_responding', 'failing', 'down']

function addedLane(a: LaneSnapshot, b: LaneSnapshot, scope: Scope): LaneSnapshot {
  const livelier = LIVELIEST.indexOf(b.state) < LIVELIEST.indexOf(a.state) ? b : a
  return {
    ...livelier,
    slots: addedSlots(a, b, scope),
    queued: a.queued + b.queued,
    queuedBytes: a.queuedBytes + b.queuedBytes,
    oldestAge: micros(Math.max(a.oldestAge, b.oldestAge)),
    outstanding: a.outstanding + b.outstanding,
    maxOutstanding: a.maxOutstanding + b.maxOutstanding,
    waitingRetries: a.waitingRetries + b.waitingRetries,
    identifiers: addedNumbers(a.identifiers, b.identifiers),
    // Whom one instance has heard is known to answer.
    unheard: a.unheard && b.unheard && addedNumbers(a.unheard, b.unheard),
    heardAt: latest(a.heardAt, b.heardAt),
    refusedAt: latest(a.refusedAt, b.refusedAt),
    respondedAt: latest(a.respondedAt, b.respondedAt),
    silence: (a.silence?.at ?? -1) >= (b.silence?.at ?? -1) ? a.silence : b.silence,
    // A probe sets no round trip time.
    roundTripTime: (a.respondedAt ?? -1) >= (b.respondedAt ?? -1) ? a.roundTripTime : b.roundTripTime,
    answers: addedAnswers(a.answers, b.answers),
    holdingTime: micros(Math.max(a.holdingTime, b.holdingTime)),
    counters: addedCounters(a.counters, b.counters),
  }
}

/** An instance that heard nothing for long counts with what it heard last, and so with no more than the others. */
function addedAnswers(a: ResponsesInTime, b: ResponsesInTime): ResponsesInTime {
  const [ofA, ofB] = [a.late + a.unclear, b.late + b.unclear]
  const sum = ofA + ofB
  return {
    counted: a.counted + b.counted,
    late: a.late + b.late,
    unclear: a.unclear + b.unclear,
    typically: micros(sum === 0 ? 0 : Math.round((a.typically * ofA + b.typically * ofB) / sum)),
    timeout: b.timeout,
  }
}

const latest = (a: Instant | undefined, b: Instant | undefined): Instant | undefined =>
  a === undefined || b === undefined ? (a ?? b) : instant(Math.max(a, b))

/** A shared slot was counted by all together, and the later look has the newer slot; own slots are added. */
function addedSlots({ slots: a }: LaneSnapshot, { slots: b }: LaneSnapshot, scope: Scope): LaneSnapshot['slots'] {
  const newer = b.beganAt > a.beganAt || (b.beganAt === a.beganAt && b.sent > a.sent) ? b : a
  if (scope === 'host' && newer.slotsPerSecond > 0) return newer
  const sent = a.beganAt === b.beganAt ? a.sent + b.sent : newer.sent
  return { ...newer, maxRate: perSecond(a.maxRate + b.maxRate), quota: a.quota + b.quota, sent }
}

const addedCounters = (a: Readonly<LaneCounters>, b: Readonly<LaneCounters>): LaneCounters => addedNumbers(a, b)

type Sessions = EngineSnapshot['sessions']

const addedSessions = (a: Sessions, b: Sessions): Sessions =>
  a === undefined || b === undefined ? (a ?? b) : addedNumbers(a, b)

type Clients = EngineSnapshot['clients']

function addedClients(a: Clients, b: Clients): Clients {
  const others = new Map(b.map((client) => [client.name, client]))
  return a.map((client) => {
    const other = others.get(client.name)
    if (other === undefined) return client
    return { ...addedNumbers(client, other), lastDrop: client.lastDrop ?? other.lastDrop }
  })
}

/** Those of `others` whose names are not among the clients. */
function missingIn(clients: Clients, others: Clients): Clients {
  const names = new Set(clients.map(({ name }) => name))
  return others.filter(({ name }) => !names.has(name))
}

/** What clients did that are not configured any more. */
function addedFormer(
  a: EngineSnapshot['formerClients'],
  b: EngineSnapshot['formerClients'],
  gone: Clients,
): EngineSnapshot['formerClients'] {
  const all = [a, b, ...gone].filter((one) => one !== undefined)
  return all.length === 0 ? undefined : all.reduce((sum, one) => addedNumbers(sum, one))
}

/** Of each peer what was seen last; a client and a server may have one name. */
export function latestOf<T extends MixedSigning | UnsignedDropped>(a: readonly T[], b: readonly T[]): readonly T[] {
  const latest = new Map<string, T>()
  for (const one of [...a, ...b]) {
    const key = `${one.peer} ${one.name}`
    const other = latest.get(key)
    if (other === undefined || other.seen < one.seen) latest.set(key, one)
  }
  return [...latest.values()]
}

const nameOf = ({ server, class: of, address, port, retiring }: LaneSnapshot): string =>
  [server, of, address, port, retiring].join(' ')
