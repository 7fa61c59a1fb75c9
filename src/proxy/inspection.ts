/**
 * An engine as it is looked at from outside: by operators, metrics, checks and simulations. Nothing here changes it.
 */
import type { SessionReport } from '../accounting/sessions/session-report.ts'
import type { Sought } from '../accounting/sessions/session-rows.ts'
import { CLASS_TRAITS, perClass, RECORD_CLASS, TRAFFIC_CLASSES, type TrafficClass } from '../classes.ts'
import { earliest, type Instant, micros, since } from '../units.ts'
import type { Admission } from './admission/admission.ts'
import type { Intake, LearnedAddress } from './admission/intake.ts'
import type { RecordWatch } from './admission/record-watch.ts'
import type { MixedSigning } from './border/events.ts'
import type { States } from './border/ports.ts'
import type { ClassSnapshot, ClientSnapshot, EngineSnapshot, WaitingSnapshot } from './border/snapshot.ts'
import type { ClientShare } from './clients/client-share.ts'
import type { Client } from './clients/client-table.ts'
import type { Pools } from './pool/pool.ts'
import { ENTRY } from './register/ledger.ts'
import type { Register } from './register/register.ts'
import type { LearnedServer, ServerSigners } from './serving/server-signers.ts'
import { type Lane, laneSnapshot } from './work/lane.ts'
import type { Lanes } from './work/lanes.ts'

export interface FoundLearned {
  readonly addresses: readonly LearnedAddress[]
  /** Learned, whether they are listed or not. */
  readonly total: number
  readonly servers: readonly LearnedServer[]
  readonly mixed: readonly MixedSigning[]
  readonly at: Instant
}

interface Parts {
  readonly admission: Admission
  readonly intake: Intake
  readonly recordWatch: RecordWatch
  readonly register: Register
  readonly pools: Pools
  readonly lanes: Lanes
  readonly states: States
  readonly answering: { readonly signers: ServerSigners }
}

export class Inspection {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get clients(): readonly Client[] {
    return this.#parts.intake.clientTable.clients
  }

  get lanes(): Iterable<Lane> {
    return this.#parts.lanes
  }

  /** How many requests have been let in so far: rises by one with each that takes a place in the queues. */
  get admitted(): number {
    return this.#parts.admission.admitted
  }

  /** How many interim updates were let in for which a newer one of their session is sent. */
  get coalesced(): number {
    return this.#parts.register.ledgers[RECORD_CLASS].counted(ENTRY.coalesced)
  }

  /** Nothing waits and nothing is outstanding. */
  isIdle(): boolean {
    const { backlogs, outstanding } = this.#parts.register.places
    return TRAFFIC_CLASSES.every((each) => backlogs[each].messages === 0 && outstanding[each] === 0)
  }

  /** Whether anything waits: in a queue, parked, or as a due retry for its slot. */
  hasWaiting(): boolean {
    const { register, lanes } = this.#parts
    if (TRAFFIC_CLASSES.some((each) => register.places.backlogs[each].messages > 0)) return true
    for (const lane of lanes) if (!lane.queue.waiting.isEmpty()) return true
    return false
  }

  /** The ledger's law; throws if a request was lost or counted twice, which is a bug. */
  check(): void {
    this.#parts.register.check()
    for (const pool of this.#parts.pools) pool.check()
  }

  snapshot(now: Instant): EngineSnapshot {
    return { ...this.overview(now), clients: this.clients.map(this.clientSnapshots(now)) }
  }

  /** Gives the snapshot of each client. One look at all that waits serves all of them, and none is taken while nothing waits. */
  clientSnapshots(now: Instant): (client: Client) => ClientSnapshot {
    const { backlogs } = this.#parts.register.places
    const oldest: Partial<Record<TrafficClass, Pick<ReadonlyMap<ClientShare, Instant>, 'get'>>> = {}
    return (client) => {
      const { share } = client
      const waiting = perClass((each) => {
        const queued = share.queued[each]
        if (queued > 0) oldest[each] ??= backlogs[each].holdings.oldestByOwner()
        const from = oldest[each]?.get(share)
        return { queued, oldestAge: from === undefined || queued === 0 ? micros(0) : since(from, now) }
      })
      return client.snapshot(waiting)
    }
  }

  /** The snapshot with an empty list of clients: there may be many, and each has a snapshot of its own. */
  overview(now: Instant): EngineSnapshot {
    const { admission, intake, recordWatch, register, pools, lanes, states } = this.#parts
    const { flows } = register.places
    return {
      at: now,
      draining: admission.isDraining,
      classes: perClass((each) => classSnapshot(register, pools, each, now)),
      lanes: Array.from(lanes, (lane) => laneSnapshot(lane, now)),
      ...this.signing(now),
      clients: [],
      formerClients: intake.clientTable.former,
      tables: { answers: register.exchanges.answers, ...register.records.sizes, states: states.size },
      flows: { own: flows.size, shared: flows.shared },
      sessions: recordWatch.sessions?.counts(),
    }
  }

  /** The part of the overview that says what waits. It is cheap enough for a check after every step. */
  waiting(now: Instant): WaitingSnapshot {
    const { register, pools, lanes } = this.#parts
    return {
      classes: perClass((each) => waitingOf(register, pools, each, now)),
      lanes: Array.from(lanes, (lane) => laneSnapshot(lane, now)),
    }
  }

  /** Who is known to sign, by number, and whose signatures need an operator. */
  signing(now: Instant): Pick<EngineSnapshot, 'messageAuthenticatorLearned' | 'signing'> {
    const { intake, answering } = this.#parts
    const all = [intake.signers.troubles(now), answering.signers.signers.troubles(now)]
    return {
      messageAuthenticatorLearned: { clients: intake.signers.size, servers: this.learnedServers(now).length },
      signing: { mixed: all.flatMap(({ mixed }) => mixed), dropped: all.flatMap(({ dropped }) => dropped) },
    }
  }

  /** Addresses of which `auto` has learned that they sign, in `count` places from `from` on; undefined behind the end. */
  learnedAddresses(from: number, count: number, now: Instant): LearnedAddress[] | undefined {
    return this.#parts.intake.learned(from, count, now)
  }

  learnedServers(now: Instant): LearnedServer[] {
    const lanes = [...this.#parts.lanes].filter(({ isRetiring }) => !isRetiring)
    return this.#parts.answering.signers.learned(lanes, now)
  }

  /** Tracked sessions, `count` places of the table from `from` on; undefined behind its end, or if none are tracked. */
  sessions(from: number, count: number, sought: Sought): SessionReport[] | undefined {
    const tracked = this.#parts.recordWatch.sessions
    return tracked === undefined || from >= tracked.end ? undefined : tracked.find(from, count, sought)
  }
}

const NOTHING = { size: 0, octets: 0 } as const

type WaitingOf = WaitingSnapshot['classes'][TrafficClass]

function waitingOf(register: Register, pools: Pools, trafficClass: TrafficClass, now: Instant): WaitingOf {
  const backlog = register.places.backlogs[trafficClass]
  let parked = 0
  for (const pool of pools) if (pool.class === trafficClass) parked += pool.outage.parked.waiting.queued
  return {
    queued: backlog.messages,
    queuedBytes: backlog.octets,
    ...backlog.age(now),
    parked,
  }
}

function classSnapshot(register: Register, pools: Pools, trafficClass: TrafficClass, now: Instant): ClassSnapshot {
  const waiting = waitingOf(register, pools, trafficClass, now)
  const { plain, withState } = CLASS_TRAITS[trafficClass].preference
  const { instanceQueue } = register.places
  const hereSince = earliest(
    instanceQueue.fresh.oldest(plain)?.receivedAt,
    instanceQueue.fresh.oldest(withState)?.receivedAt,
  )
  // Only records are set aside.
  const aside = trafficClass === RECORD_CLASS ? register.places.aside : NOTHING
  const givenUp = trafficClass === RECORD_CLASS ? register.records.heard.givenUp(now) : undefined
  let elsewhere = aside.size
  let octetsElsewhere = aside.octets
  for (const pool of pools) {
    if (pool.class !== trafficClass) continue
    for (const queue of [pool.outage.parked, ...pool.lanes.map((lane) => lane.queue)]) {
      elsewhere += queue.waiting.queued
      octetsElsewhere += queue.waiting.octets
    }
  }
  return {
    ledger: register.ledgers[trafficClass].snapshot(),
    counters: { ...register.counters[trafficClass] },
    ...waiting,
    outstanding: register.places.outstanding[trafficClass],
    kept: 0,
    instanceQueued: waiting.queued - elsewhere,
    instanceQueuedBytes: waiting.queuedBytes - octetsElsewhere,
    instanceOldestAge: hereSince === undefined ? micros(0) : since(hereSince, now),
    setAside: aside.size,
    clientsGaveUp: givenUp?.records ?? 0,
    longestGivenUp: givenUp?.longest ?? micros(0),
  }
}
