/**
 * What happened between two views of a daemon: the rates and shares that alarms, health and the TPS file use.
 *
 * A counter that went back counts as 0, never as a negative rate: a reload may remove a client or a server and add it again,
 * and the kernel's counts end with their socket.
 */

import { RECORD_CLASS, sumOverClasses, type TrafficClass } from '../../classes.ts'
import { type EndingName, endedBy, isWrongProof } from '../../proxy/border/endings.ts'
import { type ClientSnapshot, type LaneCounters, type LaneSnapshot, laneIdentity } from '../../proxy/border/snapshot.ts'
import { type BusiestClients, busiestOf, expiredOfClients } from './client-use.ts'
import { effectiveCeiling } from './diagnosis.ts'
import type { DaemonView, LaneWatch } from './view.ts'

/** One server and class over an interval, all instances together. */
export interface LaneRates extends LaneWatch {
  readonly lane: LaneSnapshot
  /** First transmissions and retries, a second. */
  readonly sent: number
  /** What was sent, and by how much the queue grew, a second. */
  readonly offered: number
  /** Share of all transmissions, 0 to 1. */
  readonly retries: number
  readonly timeouts: number
  /** Requests that a living server left unanswered, a minute. */
  readonly unanswered: number
  /** Responses whose authenticator did not verify, a minute. */
  readonly wrongProofs: number
  /** Responses that were dropped for other reasons, without late ones: how many for each reason. */
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

export interface InstanceCrashes extends Pick<DaemonView['instances'][number], 'number' | 'isRunning' | 'crashes'> {
  /** It crashed meanwhile, or does not run now. */
  readonly isDown: boolean
}

const NOTHING: Pick<ClientSnapshot, 'dropped' | 'badAuthenticators'> = { dropped: 0, badAuthenticators: 0 }

export class Interval {
  readonly now: DaemonView
  readonly #before: DaemonView
  #lanes: readonly LaneRates[] | undefined
  #clients: readonly ClientDrops[] | undefined
  /** Length, seconds. */
  readonly seconds: number
  /** By instance, seconds: the worst of all views in the interval. */
  readonly loopDelay: ReadonlyMap<number, number>

  /** `leastSeconds`: the length that rates are computed with at least, for an interval that is not over. */
  constructor(before: DaemonView, now: DaemonView, loopDelay: ReadonlyMap<number, number>, leastSeconds = 0.001) {
    this.#before = before
    this.now = now
    this.seconds = Math.max(leastSeconds, now.uptimeSeconds - before.uptimeSeconds)
    this.loopDelay = loopDelay
  }

  /** Messages taken in and shed, a second, both classes together. */
  get traffic(): { readonly received: number; readonly shed: number } {
    const received = sumOverClasses((name) => this.#rise(({ engine }) => engine.classes[name].ledger.received) ?? 0)
    const shed = sumOverClasses((name) => this.ended(name, 'shed'))
    return { received: received / this.seconds, shed: shed / this.seconds }
  }

  /**
   * How close the queues of a class are to their bounds: 0 is empty, 1 is at the bound. Each instance has its own bounds, so
   * the closest one counts: an instance that is full sheds messages, even if the others are empty. Each message has its own time.
   */
  queueShares(name: TrafficClass): { readonly fill: number; readonly age: number } {
    const { messages, bytes } = this.now.limits[name]
    const classes = this.now.instances.map(({ engine }) => engine.classes[name])
    return {
      fill: Math.max(0, ...classes.map((of) => Math.max(of.queued / messages, of.queuedBytes / bytes))),
      age: Math.max(0, ...classes.map((of) => of.ageShare)),
    }
  }

  /** Messages of a class that ended in this way. */
  ended(name: TrafficClass, how: EndingName): number {
    return this.#rise(({ engine }) => endedBy(engine.classes[name].ledger, how)) ?? 0
  }

  /**
   * Messages of a class that were shed at a loss: of logins without what clients sent beyond their own share, which is theirs to
   * lose. A record beyond it is lost all the same.
   */
  shedAtALoss(name: TrafficClass): number {
    const beyond = name === RECORD_CLASS ? 0 : this.shedBeyondShares(name)
    return Math.max(0, this.ended(name, 'shed') - beyond)
  }

  /** Of what was shed, what clients sent beyond their own max-share. */
  shedBeyondShares(name: TrafficClass): number {
    return this.#rise(({ engine }) => engine.classes[name].ledger.shed['client-share']) ?? 0
  }

  /** The clients whose own max-rate was the reason for all that expired of a class; none if anything else was one. */
  expiredByOwnRate(name: TrafficClass): readonly string[] {
    const all = this.ended(name, 'expired')
    if (all === 0) return []
    const { seconds } = this
    const found = expiredOfClients(this.now.engine.clients, this.#clientsBefore(), { name, seconds })
    const held = found.filter(({ hasUsedUpItsRate }) => hasUsedUpItsRate)
    // What else expired may be of a client that a reload has removed.
    return held.reduce((sum, { expired }) => sum + expired, 0) === all ? held.map(({ client }) => client) : []
  }

  aMinute(count: number): number {
    return (60 * count) / this.seconds
  }

  /** How fast a counter of the whole daemon rose; undefined if it was not known at both ends. */
  riseAMinute(read: (view: DaemonView) => number | undefined): number | undefined {
    const rise = this.#rise(read)
    return rise === undefined ? undefined : this.aMinute(rise)
  }

  /** Lanes that serve, in the order of the configuration. */
  lanes(): readonly LaneRates[] {
    if (this.#lanes === undefined) {
      const before = new Map(this.#before.engine.lanes.map((lane) => [laneIdentity(lane), lane]))
      const serving = this.now.engine.lanes.filter(({ retiring }) => !retiring)
      this.#lanes = serving.map((lane) => this.#laneRates(lane, before.get(laneIdentity(lane))))
    }
    return this.#lanes
  }

  clientDrops(): readonly ClientDrops[] {
    this.#clients ??= this.#dropsOfClients()
    return this.#clients
  }

  /** Who asks for most. */
  busiestClients(): BusiestClients {
    return busiestOf(this.now.engine.clients, this.#clientsBefore(), this.seconds)
  }

  /** What a client of that name was at the beginning. */
  #clientsBefore(): (name: string, at: number) => ClientSnapshot | undefined {
    const { clients } = this.#before.engine
    let byName: Map<string, ClientSnapshot> | undefined
    // There may be ten thousand clients, and most often they are in the same places.
    return (name, at) => {
      if (clients[at]?.name === name) return clients[at]
      byName ??= new Map(clients.map((client) => [client.name, client]))
      return byName.get(name)
    }
  }

  #dropsOfClients(): ClientDrops[] {
    const before = this.#clientsBefore()
    return this.now.engine.clients.map(({ name, dropped, badAuthenticators, lastDrop }, at) => {
      const was = before(name, at) ?? NOTHING
      return {
        client: name,
        wrongProofs: this.aMinute(rise(was.badAuthenticators, badAuthenticators)),
        others: this.aMinute(rise(was.dropped - was.badAuthenticators, dropped - badAuthenticators)),
        last: lastDrop,
      }
    })
  }

  instances(): InstanceCrashes[] {
    const before = new Map(this.#before.instances.map(({ number, crashes }) => [number, crashes]))
    return this.now.instances.map(({ number, isRunning, crashes }) => {
      const isDown = !isRunning || crashes > (before.get(number) ?? 0)
      return { number, isRunning, crashes, isDown }
    })
  }

  #laneRates(lane: LaneSnapshot, before: LaneSnapshot | undefined): LaneRates {
    const aSecond = (read: (counters: Readonly<LaneCounters>) => number): number =>
      rise(before === undefined ? 0 : read(before.counters), read(lane.counters)) / this.seconds
    const retransmissions = aSecond((counters) => counters.retransmissions)
    const sent = aSecond((counters) => counters.requests) + retransmissions
    // Messages that wait for their client's slot are not offered to the server: it has room for them.
    const waited = before === undefined ? 0 : before.queued - before.resting
    const waiting = lane.queued - lane.resting
    const offered = sent + rise(waited, waiting) / this.seconds
    const ceiling = effectiveCeiling(lane)
    // A message that could be sent does not wait: a server with a queue is at its ceiling.
    const waits = waiting > 0 && waited > 0
    return {
      server: lane.server,
      class: lane.class,
      lane,
      sent,
      offered,
      utilisation: lane.slots.maxRate === 0 ? undefined : sent / lane.slots.maxRate,
      load: ceiling === undefined ? undefined : Math.max(offered / ceiling, waits ? 1 : 0),
      retries: sent === 0 ? 0 : retransmissions / sent,
      timeouts: aSecond((counters) => counters.timeouts),
      unanswered: 60 * aSecond((counters) => counters.unansweredByLiveServer),
      wrongProofs: 60 * aSecond(wrongProofsOf),
      drops: dropsSince(before?.counters.dropped, lane.counters.dropped),
    }
  }

  #rise(read: (view: DaemonView) => number | undefined): number | undefined {
    const [before, now] = [read(this.#before), read(this.now)]
    return before === undefined || now === undefined ? undefined : rise(before, now)
  }
}

const rise = (before: number, now: number): number => Math.max(0, now - before)

const wrongProofsOf = ({ dropped }: Readonly<LaneCounters>): number =>
  Object.entries(dropped).reduce(
    (sum, [reason, count]) => (isWrongProof(reason as keyof typeof dropped) ? sum + count : sum),
    0,
  )

/** By reason; without those of a wrong secret or a time-out. */
const dropsSince = (
  before: LaneCounters['dropped'] | undefined,
  now: LaneCounters['dropped'],
): Record<string, number> =>
  Object.fromEntries(
    (Object.keys(now) as (keyof typeof now)[])
      .filter((reason) => !isWrongProof(reason) && reason !== 'late')
      .map((reason) => [reason, rise(before?.[reason] ?? 0, now[reason])]),
  )
