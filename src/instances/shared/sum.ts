/**
 * Snapshots of several engines as one: of all instances, and of one instance with the threads it had before.
 *
 * Counters and numbers of waiting messages are added. What all see (the state of a server, a shared slot) is not: the best
 * state of a server counts, and the oldest message is the oldest of all. Of an engine that is gone only the counters remain:
 * they are added to those of the engine that follows it (`withCounters`).
 */

import { type PerClass, perClass } from '../../classes.ts'
import { addedNumbers } from '../../proxy/border/added-numbers.ts'
import { type LedgerSnapshot, NOWHERE } from '../../proxy/border/endings.ts'
import type { MixedSigning, UnsignedDropped } from '../../proxy/border/events.ts'
import {
  type ClassSnapshot,
  type ClientSnapshot,
  type EngineSnapshot,
  type LaneSnapshot,
  laneIdentity,
  type ResponsesInTime,
} from '../../proxy/border/snapshot.ts'
import { NONE_WAITS } from '../../proxy/clients/client-table.ts'
import type { ServerState } from '../../throttle/server-health.ts'
import { type Instant, instant, micros, perSecond } from '../../units.ts'

/** Whether the quota of a slot is for all instances together or for each. */
export type Scope = 'host' | 'instance'

/** The sum of one snapshot or more. */
export function sumOf(snapshots: readonly EngineSnapshot[], scope: Scope): EngineSnapshot {
  const [first, ...others] = snapshots
  if (first === undefined) throw new RangeError('a sum of no snapshots')
  return others.reduce((sum, next) => added(sum, next, scope), first)
}

/** What an engine that ended leaves: its last counters, its ledgers (which are newer), and nothing that waits. */
export function leftBy(last: EngineSnapshot, ledgers: PerClass<LedgerSnapshot>): EngineSnapshot {
  return {
    ...last,
    classes: perClass((each) => ({ ...last.classes[each], ...NOTHING_WAITS, ledger: ledgers[each] })),
    lanes: last.lanes.map((lane) => ({ ...lane, ...NOTHING_WAITS_THERE })),
    clients: last.clients.map(idle),
    formerClients: last.formerClients && idle(last.formerClients),
    tables: { answers: 0, records: 0, remembered: 0, states: last.tables.states },
    flows: { ...last.flows, own: 0 },
    sessions: last.sessions && { ...last.sessions, live: 0, memberLinks: 0, bundles: 0 },
  }
}

/** Nothing of it waits, and no rate of it is left to use. */
const idle = (client: ClientSnapshot): ClientSnapshot => ({ ...client, maxRate: perSecond(0), waiting: NONE_WAITS })

/** The snapshot of an engine, with the counters of those before it added. */
export function withCounters(current: EngineSnapshot, before: EngineSnapshot): EngineSnapshot {
  const former = new Map(before.lanes.map((lane) => [laneIdentity(lane), lane]))
  return {
    ...current,
    classes: perClass((each) => {
      const [now, was] = [current.classes[each], before.classes[each]]
      return { ...now, ...sums(now, was, 'ledger', 'counters') }
    }),
    lanes: current.lanes.map((lane) => {
      const same = lane.retiring ? undefined : former.get(laneIdentity(lane))
      return same === undefined ? lane : { ...lane, ...sums(lane, same, 'counters') }
    }),
    clients: addedClients(current.clients, before.clients, 'host'),
    formerClients: addedFormer(current, before),
    flows: { ...current.flows, ...sums(current.flows, before.flows, 'shared') },
    sessions: addedSessions(current.sessions, before.sessions),
  }
}

const NOTHING_WAITS_THERE = {
  queued: 0,
  resting: 0,
  queuedBytes: 0,
  oldestAge: micros(0),
  outstanding: 0,
  waitingRetries: 0,
} as const
const NOTHING_WAITS = {
  ...NOWHERE,
  queuedBytes: 0,
  oldestAge: micros(0),
  ageShare: 0,
  instanceQueued: 0,
  instanceQueuedBytes: 0,
  instanceOldestAge: micros(0),
  parked: 0,
  setAside: 0,
  clientsGaveUp: 0,
  longestGivenUp: micros(0),
} as const

const added = (a: EngineSnapshot, b: EngineSnapshot, scope: Scope): EngineSnapshot => ({
  at: instant(Math.max(a.at, b.at)),
  draining: a.draining || b.draining,
  classes: perClass((each) => addedClass(a.classes[each], b.classes[each])),
  lanes: addedLanes(a.lanes, b.lanes, scope),
  clients: addedClients(a.clients, b.clients, scope),
  formerClients: addedFormer(a, b),
  // What was learned, and to which server a State belongs, is shared by all.
  messageAuthenticatorLearned: maxima(
    a.messageAuthenticatorLearned,
    b.messageAuthenticatorLearned,
    'clients',
    'servers',
  ),
  signing: {
    mixed: latestOf(a.signing.mixed, b.signing.mixed),
    dropped: latestOf(a.signing.dropped, b.signing.dropped),
  },
  tables: { ...addedNumbers(a.tables, b.tables), ...maxima(a.tables, b.tables, 'states') },
  flows: addedNumbers(a.flows, b.flows),
  sessions: addedSessions(a.sessions, b.sessions),
})

const sums = <T extends object, Key extends keyof T>(a: T, b: T, ...keys: readonly Key[]): Pick<T, Key> =>
  addedNumbers(picked(a, keys), picked(b, keys))

const maxima = <T extends Record<Key, number>, Key extends keyof T>(a: T, b: T, ...keys: readonly Key[]) =>
  Object.fromEntries(keys.map((key) => [key, Math.max(a[key], b[key])])) as Pick<T, Key>

const picked = <T extends object, Key extends keyof T>(from: T, keys: readonly Key[]) =>
  Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, Key>

const addedClass = (a: ClassSnapshot, b: ClassSnapshot): ClassSnapshot => ({
  ...addedNumbers(a, b),
  ...maxima(a, b, 'oldestAge', 'ageShare', 'instanceOldestAge', 'longestGivenUp'),
})

function addedLanes(a: readonly LaneSnapshot[], b: readonly LaneSnapshot[], scope: Scope): LaneSnapshot[] {
  const others = new Map(b.map((lane) => [laneIdentity(lane), lane]))
  const both = a.map((lane) => {
    const other = others.get(laneIdentity(lane))
    others.delete(laneIdentity(lane))
    return other === undefined ? lane : addedLane(lane, other, scope)
  })
  return [...both, ...others.values()]
}

const LIVELIEST: readonly ServerState[] = ['active', 'not_responding', 'failing', 'down']

function addedLane(a: LaneSnapshot, b: LaneSnapshot, scope: Scope): LaneSnapshot {
  const livelier = LIVELIEST.indexOf(b.state) < LIVELIEST.indexOf(a.state) ? b : a
  return {
    ...livelier,
    ...sums(
      a,
      b,
      'queued',
      'resting',
      'queuedBytes',
      'outstanding',
      'maxOutstanding',
      'waitingRetries',
      'identifiers',
      'counters',
    ),
    ...maxima(a, b, 'oldestAge', 'holdingTime'),
    // Each instance has a window of its own, as it has max-outstanding.
    window: a.window === undefined || b.window === undefined ? undefined : a.window + b.window,
    slowestPace: a.slowestPace === undefined || b.slowestPace === undefined ? undefined : a.slowestPace + b.slowestPace,
    slots: addedSlots(a, b, scope),
    // If one instance has heard a server, the server answers.
    unheard: a.unheard && b.unheard && addedNumbers(a.unheard, b.unheard),
    heardAt: latest(a.heardAt, b.heardAt),
    refusedAt: latest(a.refusedAt, b.refusedAt),
    respondedAt: latest(a.respondedAt, b.respondedAt),
    silence: (a.silence?.at ?? -1) >= (b.silence?.at ?? -1) ? a.silence : b.silence,
    // A probe sets no round trip time.
    roundTripTime: (a.respondedAt ?? -1) >= (b.respondedAt ?? -1) ? a.roundTripTime : b.roundTripTime,
    answers: addedAnswers(a.answers, b.answers),
  }
}

/** Also of an instance that heard nothing for long: it counts with its latest responses, as the others do. */
function addedAnswers(a: ResponsesInTime, b: ResponsesInTime): ResponsesInTime {
  const [ofA, ofB] = [a.late + a.unclear, b.late + b.unclear]
  const sum = ofA + ofB
  return {
    ...addedNumbers(a, b),
    typically: micros(sum === 0 ? 0 : Math.round((a.typically * ofA + b.typically * ofB) / sum)),
    timeout: b.timeout,
  }
}

const latest = (a: Instant | undefined, b: Instant | undefined): Instant | undefined =>
  a === undefined || b === undefined ? (a ?? b) : instant(Math.max(a, b))

/** A shared slot was counted by all together, and the later snapshot has the newer one; own slots are added. */
function addedSlots({ slots: a }: LaneSnapshot, { slots: b }: LaneSnapshot, scope: Scope): LaneSnapshot['slots'] {
  const newer = b.beganAt > a.beganAt || (b.beganAt === a.beganAt && b.sent > a.sent) ? b : a
  if (scope === 'host' && newer.slotsPerSecond > 0) return newer
  const sent = a.beganAt === b.beganAt ? a.sent + b.sent : newer.sent
  return { ...newer, maxRate: perSecond(a.maxRate + b.maxRate), quota: a.quota + b.quota, sent }
}

type Sessions = EngineSnapshot['sessions']

const addedSessions = (a: Sessions, b: Sessions): Sessions =>
  a === undefined || b === undefined ? (a ?? b) : addedNumbers(a, b)

type Clients = EngineSnapshot['clients']

function addedClients(a: Clients, b: Clients, scope: Scope): Clients {
  const others = new Map(b.map((client) => [client.name, client]))
  return a.map((client) => {
    const other = others.get(client.name)
    if (other === undefined) return client
    return {
      ...addedNumbers(client, other),
      weight: client.weight,
      // An engine that is gone has none.
      maxRate: perSecond(scope === 'host' ? client.maxRate || other.maxRate : client.maxRate + other.maxRate),
      waiting: perClass((each) => {
        const [one, another] = [client.waiting[each], other.waiting[each]]
        return { ...sums(one, another, 'queued'), ...maxima(one, another, 'oldestAge') }
      }),
      lastDrop: client.lastDrop ?? other.lastDrop,
    }
  })
}

/** What clients did that are not configured any more, with those of `before` that are not in `current`. */
function addedFormer(current: EngineSnapshot, before: EngineSnapshot): EngineSnapshot['formerClients'] {
  const names = new Set(current.clients.map(({ name }) => name))
  const gone = before.clients.filter(({ name }) => !names.has(name))
  const all = [current.formerClients, before.formerClients, ...gone].filter((one) => one !== undefined)
  return all.length === 0 ? undefined : all.reduce((sum, one) => addedNumbers(sum, one))
}

/** The latest of each peer; a client and a server may have the same name. */
export function latestOf<T extends MixedSigning | UnsignedDropped>(a: readonly T[], b: readonly T[]): readonly T[] {
  const latest = new Map<string, T>()
  for (const one of [...a, ...b]) {
    const key = `${one.peer} ${one.name}`
    const other = latest.get(key)
    if (other === undefined || other.seen < one.seen) latest.set(key, one)
  }
  return [...latest.values()]
}
