/**
 * What can be known of a server's health from outside, per lane: what it was asked, when, and which of that it answered.
 *
 * A response is a sign of life if it verifies against what its identifier carries, or carried before, and only the first
 * time; so a replay is none. Time-outs are spread by a tenth, so it is not always known whether a response came in time.
 */
import type { TrafficClass } from '../../classes.ts'
import type { EngineEvent } from '../../proxy/border/events.ts'
import { PROBE_PORT } from '../../proxy/border/ports.ts'
import type { Packet } from '../../radius/packet.ts'
import type { Secret } from '../../radius/secret.ts'
import { type Instant, MICROS_PER_SECOND } from '../../units.ts'
import { sameOctets, verifies, wellFormed } from '../peers/packets.ts'
import type { ObservedWorld, Observer } from '../world/observer.ts'
import { identifierKeyOf, type LaneBook } from './lane-book.ts'

/** One request at one server. */
export interface Asked {
  readonly bytes: Uint8Array
  readonly firstAt: Instant
  lastAt: Instant
  tries: number
  /** When its first valid response came. */
  answeredAt: Instant | undefined
}

export interface LaneHealth {
  readonly lane: number
  readonly server: string
  readonly class: TrafficClass
  state: string
  stateSince: Instant
  /** When the state before this one began. */
  formerSince: Instant
  /** What it was sent last. */
  latest: Asked | undefined
  /** When this began: the start, a reload, or its last return from Down. */
  begunAt: Instant
  /** Since when it has been neither Failing nor Down. */
  wellSince: Instant
  /** The last sign of life by a request, and whether that request certainly was over. */
  signAt: number
  isSignLate: boolean
  /** The last response that may have been a sign of life, answers to probes included. */
  maybeSignAt: number
  /** The last sign of life by a request that certainly was outstanding. */
  heldAt: number
  /** The last one that may have come within the time-out of the first transmission. */
  inTimeAt: number
  probeAnsweredAt: number
  refusedAt: number
  /** Requests since the last sign of life or answer to a probe, oldest first. */
  vain: Asked[]
  /** By second of the world: transmissions, and responses that came in time. */
  readonly bySecond: Map<number, { sent: number; answers: number }>
}

/** A refused transmission waits no longer. */
const REFUSED_WAIT = MICROS_PER_SECOND
/** The spread of time-outs. */
export const LEAST = 0.9
export const MOST = 1.1
/** The engine's timer may be so late. */
const LATENESS = 50_000
const NEVER = Number.NEGATIVE_INFINITY
const NO_SIGNS = { signAt: NEVER, isSignLate: false, maybeSignAt: NEVER, heldAt: NEVER, inTimeAt: NEVER } as const
const SECONDS_KEPT = 20

export class HealthBook implements Observer {
  readonly lanes = new Map<number, LaneHealth>()
  /** The last probe of each lane. */
  readonly probes = new Map<number, Asked>()
  /** The shortest time-out that a lane ever had: what is in hand keeps the one that it began with. */
  readonly leastTimeouts = new Map<number, number>()
  readonly #book: LaneBook
  /** What an identifier of a lane's port carries, and what it carried before. */
  readonly #carried = new Map<number, { readonly now: Asked; readonly before: Asked | undefined }>()

  constructor(book: LaneBook) {
    this.#book = book
  }

  begins({ now }: ObservedWorld): void {
    this.#enterLanes(now)
  }

  /** Limits change for what is in hand, so the book begins anew. */
  reconfigured(_options: unknown, now: Instant): void {
    this.lanes.clear()
    this.#enterLanes(now)
  }

  /** The shortest time from the latest transmission of a request to its end. */
  leastWait({ lane, refusedAt }: LaneHealth, now: Instant): number {
    const timeout = this.leastTimeouts.get(lane) ?? 0
    return refusedAt > now - timeout * MOST ? Math.min(timeout * LEAST, REFUSED_WAIT) : timeout * LEAST
  }

  forwarded(lane: number, port: number, bytes: Uint8Array, now: Instant): void {
    const key = identifierKeyOf(lane, port, bytes)
    const carried = this.#carried.get(key)
    const health = this.lanes.get(lane)
    let asked = carried?.now
    if (asked !== undefined && asked.answeredAt === undefined && sameOctets(asked.bytes, bytes)) {
      asked.lastAt = now
      asked.tries += 1
    } else {
      asked = { bytes, firstAt: now, lastAt: now, tries: 1, answeredAt: undefined }
      this.#carried.set(key, { now: asked, before: carried?.now })
      health?.vain.push(asked)
    }
    if (health === undefined) return
    health.latest = asked
    this.#second(health, now).sent += 1
  }

  probed(lane: number, bytes: Uint8Array, now: Instant): void {
    this.probes.set(lane, { bytes, firstAt: now, lastAt: now, tries: 1, answeredAt: undefined })
  }

  refused(lane: number, _port: number, now: Instant): void {
    const health = this.lanes.get(lane)
    if (health !== undefined) health.refusedAt = now
  }

  /** Before the engine has it, so what the engine says then is judged with it. */
  arrives(lane: number, port: number, bytes: Uint8Array, now: Instant): void {
    const health = this.lanes.get(lane)
    const facts = this.#book.facts.get(lane)
    if (health === undefined || facts === undefined) return
    const { secret } = facts.server
    const packet = wellFormed(bytes)
    const asked = port === PROBE_PORT ? this.probes.get(lane) : this.#askedBy(lane, port, packet, secret)
    if (asked === undefined || asked.answeredAt !== undefined || !verifies(packet, asked.bytes, secret)) return
    asked.answeredAt = now
    health.vain = []
    health.maybeSignAt = now
    if (port === PROBE_PORT) {
      health.probeAnsweredAt = now
      return
    }
    const { timeout, maxRetries } = facts.limits
    const least = Math.min(timeout, this.leastTimeouts.get(lane) ?? timeout)
    // The engine knows what an identifier carried before only while it carries something else that is outstanding.
    const carries = this.#carried.get(identifierKeyOf(lane, port, bytes))?.now
    const isOutstanding = carries?.answeredAt === undefined && now < (carries?.lastAt ?? 0) + timeout * LEAST
    if (carries !== asked && !isOutstanding) return
    health.signAt = now
    health.isSignLate = asked.tries > maxRetries && now > asked.lastAt + timeout * MOST + LATENESS
    if (now < asked.lastAt + least * LEAST) {
      health.heldAt = now
      this.#second(health, now).answers += 1
    }
    if (now < asked.firstAt + timeout * MOST) health.inTimeAt = now
  }

  noted(event: EngineEvent, now: Instant): void {
    if (event.kind !== 'server-state') return
    const health = this.lanes.get(event.lane)
    if (health === undefined) return
    health.state = event.to
    health.formerSince = health.stateSince
    health.stateSince = now
    if (event.from === 'failing' || event.from === 'down') health.wellSince = now
    if (event.from !== 'down') return
    health.begunAt = now
    health.vain = []
  }

  /** Whole seconds up to `now` in which the lane was sent anything, newest first, `count` at most. */
  secondsBefore({ bySecond }: LaneHealth, now: Instant, count: number): { sent: number; answers: number }[] {
    const found: { sent: number; answers: number }[] = []
    const last = Math.floor(now / MICROS_PER_SECOND) - 1
    for (let second = last; second > last - SECONDS_KEPT && found.length < count; second -= 1) {
      const entry = bySecond.get(second)
      if (entry !== undefined && entry.sent > 0) found.push(entry)
    }
    return found
  }

  #askedBy(lane: number, port: number, packet: Packet, secret: Secret): Asked | undefined {
    const carried = this.#carried.get(identifierKeyOf(lane, port, packet.bytes))
    if (carried === undefined) return undefined
    return verifies(packet, carried.now.bytes, secret) ? carried.now : carried.before
  }

  #second({ bySecond }: LaneHealth, now: Instant): { sent: number; answers: number } {
    const second = Math.floor(now / MICROS_PER_SECOND)
    let entry = bySecond.get(second)
    if (entry === undefined) {
      entry = { sent: 0, answers: 0 }
      bySecond.set(second, entry)
      for (const old of bySecond.keys()) if (old <= second - SECONDS_KEPT) bySecond.delete(old)
    }
    return entry
  }

  #enterLanes(now: Instant): void {
    const lanes = this.#book.engine?.inspection.snapshot(now).lanes ?? []
    for (const { lane, server, class: trafficClass, state, stateSince, retiring } of lanes) {
      if (retiring) continue
      const timeout = this.#book.facts.get(lane)?.limits.timeout ?? 0
      this.leastTimeouts.set(lane, Math.min(timeout, this.leastTimeouts.get(lane) ?? timeout))
      this.lanes.set(lane, {
        lane,
        server,
        class: trafficClass,
        state,
        stateSince,
        formerSince: stateSince,
        begunAt: now,
        wellSince: now,
        latest: undefined,
        ...NO_SIGNS,
        probeAnsweredAt: NEVER,
        refusedAt: NEVER,
        vain: [],
        bySecond: new Map(),
      })
    }
  }
}
