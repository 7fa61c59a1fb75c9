/**
 * The results of a run for people: how long the outage lasts, how the messages ended, what the servers did.
 *
 * Times are seconds, counts are whole numbers, shares are between 0 and 1. `--json` prints this summary, and the report
 * shows it.
 */

import { type PerClass, perClass, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import { ENDINGS, endedBy, PLACES, type Place } from '../../proxy/border/endings.ts'
import type { ClassSnapshot, LaneSnapshot } from '../../proxy/border/snapshot.ts'
import { type Instant, MICROS_PER_SECOND, since } from '../../units.ts'
import { START, type World } from '../world/world.ts'
import type { Deliveries } from './deliveries.ts'
import { type Recorder, sum } from './recorder.ts'
import { disturbedAt, type Scenario } from './scenario.ts'

/** How messages end in a simulation, where no instance crashes. */
export const SUMMARY_ENDINGS = ENDINGS.filter((one) => one.name !== 'lost').map(({ name, words }) => ({
  name,
  words,
  key: name === 'duplicate' ? ('duplicates' as const) : name,
}))

export interface RunSummary {
  readonly withRadsluice: boolean
  readonly seconds: number
  readonly sessions: number
  /** At the end. */
  readonly sessionsUp: number
  readonly sessionsTrying: number
  /** From the first disturbance until the last session has service; null if that did not happen. */
  readonly allUpAfter: number | null
  /** From a session's first dial until it was up, or until the end. */
  readonly longestWait: number
  readonly clients: {
    readonly sent: PerClass<number>
    readonly retransmissions: number
    readonly answered: PerClass<number>
    readonly gaveUp: PerClass<number>
    /** Answers that nobody waited for any more. */
    readonly answeredTooLate: number
  }
  /** The share of their capacity that servers with work used, from the disturbance until all were up, or the end. */
  readonly utilisation: number
  /** Access-Requests that servers worked off, and those of which the client still waited. */
  readonly work: { readonly done: number; readonly useful: number; readonly wastedShare: number }
  /** Accounting records. One can be delivered several times. */
  readonly records: Readonly<Record<'made' | 'delivered' | 'deliveries' | 'lost', number>>
  readonly servers: readonly ServerSummary[]
  /** Only if there are several. */
  readonly bngs?: readonly BngSummary[]
  /** Only with radsluice. */
  readonly classes: PerClass<ClassSummary> | null
  readonly lanes: readonly ReturnType<typeof laneSummary>[] | null
}

export interface ServerSummary {
  readonly name: string
  readonly received: number
  readonly worked: number
  /** Came to a full backlog, or while the server was dead. */
  readonly lost: number
  readonly deepestBacklog: number
}

export interface BngSummary {
  readonly name: string
  /** The entry of the configuration that it belongs to; null without radsluice. Several BNGs may share one. */
  readonly client: string | null
  readonly sessions: number
  /** At the end. */
  readonly sessionsUp: number
  /** From a session's first dial until it was up, to one per cent: half of them, 99 of 100. Null if fewer came up. */
  readonly waitP50: number | null
  readonly waitP99: number | null
  /** How often a session gave up its login and had to dial again. */
  readonly redials: number
}

type Owner = (address: string) => string | undefined

/** Of one class: what was received, how it ended, and what is still in hand at the end. */
export type ClassSummary = Readonly<
  Record<
    'received' | (typeof SUMMARY_ENDINGS)[number]['key'] | Place | 'deepestQueue' | 'oldestAge' | 'mostOutstanding',
    number
  >
>

/** `owner` says which client entry an address belongs to, if there are any. */
export function summarise(
  scenario: Scenario,
  { world, recorder, owner }: { readonly world: World; readonly recorder: Recorder; readonly owner: Owner },
): RunSummary {
  const snapshot = world.engine?.inspection.snapshot(world.now)
  const { clients, servers } = world
  const settled = settledAt(scenario, world, recorder)
  const { deliveries } = recorder
  const logins = deliveries.workedOff.authentication
  const answered = perClass((each) => sum(clients, ({ counters }) => counters.answered[each]))
  return {
    withRadsluice: snapshot !== undefined,
    seconds: inSeconds(scenario.length),
    sessions: scenario.sessions,
    sessionsUp: sum(clients, ({ counters }) => counters.up),
    sessionsTrying: sum(clients, (client) => client.trying(world.now).sessions),
    allUpAfter: settled === undefined ? null : inSeconds(settled - START - disturbedAt(scenario)),
    longestWait: inSeconds(Math.max(recorder.longestWait, ...clients.map((one) => one.trying(world.now).longest))),
    clients: {
      sent: perClass((each) => sum(clients, ({ counters }) => counters.transmissions[each])),
      retransmissions: sum(clients, ({ counters }) => counters.retransmissions),
      answered,
      gaveUp: perClass((each) => sum(clients, ({ counters }) => counters.gaveUp[each])),
      answeredTooLate: sum(clients, ({ counters }) => counters.strays),
    },
    utilisation: utilisationOf(scenario, world, recorder, settled),
    work: {
      done: logins,
      useful: answered.authentication,
      wastedShare: logins === 0 ? 0 : Math.max(0, 1 - answered.authentication / logins),
    },
    records: {
      made: sum(clients, ({ counters }) => counters.requests.accounting),
      delivered: deliveries.delivered.size,
      deliveries: deliveries.workedOff.accounting,
      lost: recordsLost(world, deliveries, snapshot?.classes.accounting),
    },
    servers: servers.map(({ plan, received, worked, lost }) => ({
      name: plan.name,
      received,
      worked,
      lost,
      deepestBacklog: recorder.deepestBacklogOf.get(plan.name) ?? 0,
    })),
    ...(clients.length > 1 ? { bngs: clients.map((client) => bngSummary(client, owner, world.now, recorder)) } : {}),
    classes: snapshot === undefined ? null : perClass((each) => classSummary(snapshot.classes[each], each, recorder)),
    lanes: snapshot?.lanes.map((lane) => laneSummary(lane, recorder)) ?? null,
  }
}

/** Given up by their client, delivered to no server, and waiting nowhere any more. */
function recordsLost(world: World, deliveries: Deliveries, inRadsluice: ClassSnapshot | undefined): number {
  const waiting = world.servers.flatMap((server) => server.packetsOf('accounting'))
  const { queued, outstanding } = inRadsluice ?? { queued: 0, outstanding: 0 }
  return Math.max(0, deliveries.lost(waiting) - queued - outstanding)
}

/** When the last session that waited came up; undefined where one still waits for long. */
function settledAt(scenario: Scenario, world: World, recorder: Recorder): Instant | undefined {
  const late = scenario.clients.timeout
  const isSteady = scenario.sessionTime === 0
  const stillTrying = world.clients.some((client) => {
    const { sessions, longest } = client.trying(world.now)
    return isSteady ? sessions > 0 : longest > late
  })
  if (stillTrying) return undefined
  const last = isSteady ? recorder.lastUpAt : recorder.lastLateUpAt
  return last ?? ((START + disturbedAt(scenario)) as Instant)
}

/** A lower bound: a server that had nothing at all to do is not counted. */
function utilisationOf(scenario: Scenario, world: World, recorder: Recorder, settled: Instant | undefined): number {
  const begin = Math.floor(disturbedAt(scenario) / MICROS_PER_SECOND)
  const end = Math.max(begin + 1, Math.ceil(since(START, settled ?? world.now) / MICROS_PER_SECOND))
  const worked = TRAFFIC_CLASSES.map((each) => sum(recorder.series.worked[each].slice(begin, end), (count) => count))
  const busy = world.servers.filter(({ plan }) => (recorder.deliveries.byServer.get(plan.name) ?? 0) > 0)
  const capacity = sum(busy, ({ plan }) => plan.capacity) * (end - begin)
  return capacity === 0 ? 0 : Math.min(1, sum(worked, (count) => count) / capacity)
}

const bngSummary = (client: World['clients'][number], owner: Owner, now: Instant, { waits }: Recorder): BngSummary => {
  const { plan, counters } = client
  const trying = client.trying(now).sessions
  const waited = (part: number): number | null => {
    const wait = waits.quantileOf(plan.name, part, trying)
    return wait === undefined ? null : inSeconds(wait)
  }
  return {
    name: plan.name,
    client: owner(plan.address) ?? null,
    sessions: plan.sessions,
    sessionsUp: counters.up,
    waitP50: waited(0.5),
    waitP99: waited(0.99),
    redials: counters.gaveUp.authentication,
  }
}

const classSummary = (of: ClassSnapshot, trafficClass: TrafficClass, { series }: Recorder): ClassSummary =>
  Object.fromEntries([
    ['received', of.ledger.received],
    ...SUMMARY_ENDINGS.map(({ key, name }) => [key, endedBy(of.ledger, name)]),
    ...PLACES.map(({ name }) => [name, of[name]]),
    ['deepestQueue', most(series.queued[trafficClass])],
    ['oldestAge', inSeconds(most(series.age[trafficClass]))],
    ['mostOutstanding', most(series.outstanding[trafficClass])],
  ])

const laneSummary = ({ lane, server, class: trafficClass, slots, counters }: LaneSnapshot, { scope }: Recorder) => ({
  server,
  class: trafficClass,
  /** 0 is unlimited. */
  maxRate: slots.maxRate,
  sent: counters.requests + counters.retransmissions,
  mostInSecond: scope.peaks.get(lane)?.mostInSecond ?? 0,
  mostInSlot: scope.peaks.get(lane)?.mostInSlot ?? 0,
})

const most = (levels: readonly number[]): number => levels.reduce((highest, level) => Math.max(highest, level), 0)

/** To the millisecond. */
const inSeconds = (microseconds: number): number => Math.round(microseconds / 1_000) / 1_000
