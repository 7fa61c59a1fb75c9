/**
 * What happened between two looks at a daemon: the rates and shares that alarms, health and the TPS file go by.
 *
 * Counters that went back (a client or server that a reload took away and brought again, a socket that took its count
 * along) count as nothing, never as a negative rate.
 */

import { type PerClass, perClass, sumOverClasses, type TrafficClass } from '../../classes.ts'
import { endedBy, isWrongProof } from '../../proxy/border/endings.ts'
import type { ClassSnapshot, ClientSnapshot, LaneCounters, LaneSnapshot } from '../../proxy/border/snapshot.ts'
import { effectiveCeiling } from './diagnosis.ts'
import type { DaemonView } from './view.ts'

/** One server and class over an interval, all instances together. */
export interface LaneRates {
  readonly lane: LaneSnapshot
  /** First transmissions and retries, a second. */
  readonly sent: number
  /** What was sent and what the queue grew by, a second. */
  readonly offered: number
  /** Of max-rate, 0 to 1; undefined where it is unlimited. */
  readonly utilisation: number | undefined
  /** Offered of the effective ceiling; 1 at least where messages waited at both ends. Undefined: nothing limits it. */
  readonly load: number | undefined
  /** Of all transmissions, 0 to 1. */
  readonly retries: number
  readonly timeouts: number
  /** Requests that a living server left unanswered, a minute. */
  readonly unanswered: number
  /** Responses whose authenticator did not verify, a minute. */
  readonly wrongProofs: number
  /** Responses that were dropped for other reasons, late ones left out: how many of each. */
  readonly drops: Readonly<Record<string, number>>
}

/** One client over an interval: its datagrams that were dropped, a minute. */
export interface ClientDrops {
  readonly client: string
  readonly wrongProofs: number
  readonly others: number
  /** The reason of the last of the others, ever. */
  readonly last: string | undefined
}

type Counted = Pick<ClientSnapshot, 'dropped' | 'badAuthenticators'>
const NOTHING: Counted = { dropped: 0, badAuthenticators: 0 }

export class Interval {
  readonly now: DaemonView
  readonly #before: DaemonView
  #lanes: readonly LaneRates[] | undefined
  #clients: readonly ClientDrops[] | undefined
  /** Length, seconds. */
  readonly seconds: number
  /** By instance, seconds: the worst of the looks within. */
  readonly loopDelay: ReadonlyMap<number, number>

  /** `leastSeconds`: rates are over so long at least, though the interval is not over yet; more can only come. */
  constructor(before: DaemonView, now: DaemonView, loopDelay: ReadonlyMap<number, number>, leastSeconds = 0.001) {
    this.#before = before
    this.now = now
    this.seconds = Math.max(leastSeconds, now.uptimeSeconds - before.uptimeSeconds)
    this.loopDelay = loopDelay
  }

  /** Messages taken in and shed, a second, both classes together. */
  get traffic(): { readonly received: number; readonly shed: number } {
    const all = (read: (of: ClassSnapshot) => number): number => sumOverClasses((name) => this.perSecond(name, read))
    return { received: all(({ ledger }) => ledger.received), shed: all(shedOf) }
  }

  /** Octets; undefined where it was never read. */
  get residentBytes(): number | undefined {
    const { process: vitals } = this.now
    return vitals.residentBytes
  }

  /**
   * How close the queues of a class are to their bounds at the end: 0 is empty, 1 is at the bound. The bounds are those of
   * each instance, so the instance that is closest speaks for all: one that is full sheds, however empty the others are.
   */
  queueShares(name: TrafficClass): { readonly fill: number; readonly age: number } {
    const { messages, bytes, age } = this.now.limits[name]
    const classes = this.now.instances.map(({ engine }) => engine.classes[name])
    return {
      fill: Math.max(0, ...classes.map((of) => Math.max(of.queued / messages, of.queuedBytes / bytes))),
      age: Math.max(0, ...classes.map((of) => of.oldestAge / age)),
    }
  }

  /** How fast a counter of a class rose. */
  perSecond(name: TrafficClass, read: (of: ClassSnapshot) => number): number {
    return this.#rise(read(this.#before.engine.classes[name]), read(this.now.engine.classes[name]))
  }

  /** Messages shed and expired, a minute. */
  get losses(): PerClass<{ readonly shed: number; readonly expired: number }> {
    return perClass((name) => ({
      shed: 60 * this.perSecond(name, shedOf),
      expired: 60 * this.perSecond(name, ({ ledger }) => ledger.expired),
    }))
  }

  /** Lanes that serve, in the order of the configuration. */
  lanes(): readonly LaneRates[] {
    this.#lanes ??= this.#ratesOfLanes()
    return this.#lanes
  }

  #ratesOfLanes(): LaneRates[] {
    const before = new Map(this.#before.engine.lanes.map((lane) => [keyOf(lane), lane]))
    return this.now.engine.lanes
      .filter(({ retiring }) => !retiring)
      .map((lane) => this.#laneRates(lane, before.get(keyOf(lane))))
  }

  /** How fast a counter of the whole daemon rose, a minute. */
  aMinute(read: (view: DaemonView) => number): number {
    return 60 * this.#rise(read(this.#before), read(this.now))
  }

  /** Requests of a class that ended without an answer meanwhile. */
  ends(name: TrafficClass): { readonly givenUp: number; readonly superseded: number } {
    const [before, now] = [this.#before.engine.classes[name].ledger, this.now.engine.classes[name].ledger]
    return {
      givenUp: Math.max(0, now.givenUp - before.givenUp),
      superseded: Math.max(0, now.superseded - before.superseded),
    }
  }

  /** What was dropped of each client. */
  clientDrops(): readonly ClientDrops[] {
    this.#clients ??= this.#dropsOfClients()
    return this.#clients
  }

  #dropsOfClients(): ClientDrops[] {
    const { clients } = this.#before.engine
    let byName: Map<string, Counted> | undefined
    // A look at ten thousand clients: most often they stand where they stood.
    const before = (name: string, at: number): Counted | undefined => {
      if (clients[at]?.name === name) return clients[at]
      byName ??= new Map(clients.map((client) => [client.name, client]))
      return byName.get(name)
    }
    return this.now.engine.clients.map(({ name, dropped, badAuthenticators, lastDrop }, at) => {
      const was = before(name, at) ?? NOTHING
      return {
        client: name,
        wrongProofs: 60 * this.#rise(was.badAuthenticators, badAuthenticators),
        others: 60 * this.#rise(was.dropped - was.badAuthenticators, dropped - badAuthenticators),
        last: lastDrop,
      }
    })
  }

  /** Datagrams that the kernel dropped, a minute; undefined where it does not say. */
  kernelDrops(): number | undefined {
    const [before, now] = [kernelDropsOf(this.#before), kernelDropsOf(this.now)]
    return before === undefined || now === undefined ? undefined : 60 * this.#rise(before, now)
  }

  /** Instances that crashed meanwhile or do not run now. */
  instancesDown(): (DaemonView['instances'][number] & { readonly isDown: boolean })[] {
    const before = new Map(this.#before.instances.map(({ number, crashes }) => [number, crashes]))
    return this.now.instances.map((one) => ({
      ...one,
      isDown: !one.isRunning || one.crashes > (before.get(one.number) ?? 0),
    }))
  }

  #laneRates(lane: LaneSnapshot, before: LaneSnapshot | undefined): LaneRates {
    const rise = (read: (counters: Readonly<LaneCounters>) => number): number =>
      this.#rise(before === undefined ? 0 : read(before.counters), read(lane.counters))
    const retransmissions = rise((counters) => counters.retransmissions)
    const sent = rise((counters) => counters.requests) + retransmissions
    const offered = sent + this.#rise(before?.queued ?? 0, lane.queued)
    const ceiling = effectiveCeiling(lane)
    // Nothing waits that could go: who has a queue is at its ceiling.
    const waits = lane.queued > 0 && (before?.queued ?? 0) > 0
    return {
      lane,
      sent,
      offered,
      utilisation: lane.slots.maxRate === 0 ? undefined : sent / lane.slots.maxRate,
      load: ceiling === undefined ? undefined : Math.max(offered / ceiling, waits ? 1 : 0),
      retries: sent === 0 ? 0 : retransmissions / sent,
      timeouts: rise((counters) => counters.timeouts),
      unanswered: 60 * rise((counters) => counters.unansweredByLiveServer),
      wrongProofs: 60 * rise(wrongProofsOf),
      drops: dropsSince(before?.counters.dropped, lane.counters.dropped),
    }
  }

  #rise(before: number, now: number): number {
    return Math.max(0, now - before) / this.seconds
  }
}

const shedOf = ({ ledger }: ClassSnapshot): number => endedBy(ledger, 'shed')

const wrongProofsOf = ({ dropped }: Readonly<LaneCounters>): number =>
  Object.entries(dropped).reduce(
    (sum, [reason, count]) => (isWrongProof(reason as keyof typeof dropped) ? sum + count : sum),
    0,
  )

/** Of each reason that neither is a wrong secret nor comes of a time-out. */
const dropsSince = (
  before: LaneCounters['dropped'] | undefined,
  now: LaneCounters['dropped'],
): Record<string, number> =>
  Object.fromEntries(
    (Object.keys(now) as (keyof typeof now)[])
      .filter((reason) => !isWrongProof(reason) && reason !== 'late')
      .map((reason) => [reason, Math.max(0, now[reason] - (before?.[reason] ?? 0))]),
  )

const kernelDropsOf = ({ listeners, upstreamKernelDrops }: DaemonView): number | undefined => {
  const known = [...listeners.map(({ kernelDrops }) => kernelDrops), upstreamKernelDrops].filter(
    (count) => count !== undefined,
  )
  return known.length === 0 ? undefined : known.reduce((a, b) => a + b, 0)
}

const keyOf = ({ server, class: name, address, port, retiring }: LaneSnapshot): string =>
  [server, name, address, port, retiring].join(' ')
