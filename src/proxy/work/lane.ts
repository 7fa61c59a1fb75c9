/**
 * A lane: one server and one class, with everything that is counted per server and class.
 *
 * Quota, identifiers, health, the server queue and the counters of RFC 4668 and RFC 4670 stand side by side here; the
 * engine drives them. A server's two lanes share nothing but its name: its accounting can be dead while its
 * authentication lives.
 */

import type { TrafficClass } from '../../classes.ts'
import { hashOf } from '../../queues/containers/hashing.ts'
import { type Room, ServerQueue } from '../../queues/server-queue.ts'
import type { Secret } from '../../radius/secret.ts'
import { Identifiers } from '../../throttle/identifiers.ts'
import { Health, type HealthChange, type HealthOptions } from '../../throttle/server-health.ts'
import type { SlotBudget } from '../../throttle/slots.ts'
import { type Duration, earliest, type Instant, micros, since } from '../../units.ts'
import { SERVER_DROP_REASONS, type ServerDropReason } from '../border/endings.ts'
import { copyOfHistogram, emptyHistogram } from '../border/histogram.ts'
import { type LaneOptions, ONLY_FARM, type ServerOptions } from '../border/options.ts'
import type { LanePlan } from '../border/ports.ts'
import type { LaneCounters, LaneSnapshot } from '../border/snapshot.ts'
import type { Signer } from '../signing/signers.ts'
import type { Attempt } from './attempt.ts'
import type { Candidate, Rank } from './candidate.ts'
import { Contact, likelyCause } from './contact.ts'
import { type LaneSettings, planOf } from './lane-settings.ts'
import { Request } from './request.ts'
import { Unanswered } from './unanswered.ts'

/** A probe may take a second, however short the time-out is. */
const LEAST_PATIENCE = 1_000_000
/** The moving mean follows a change within about so many. */
const HOLDINGS_IN_MEAN = 32

export class Lane implements Candidate {
  readonly number: number
  readonly farm = ONLY_FARM
  readonly class: TrafficClass
  nameHash: number
  /** Replaced only where a reload gives the lane another name, or puts it back. */
  budget: SlotBudget
  readonly identifiers: Identifiers<Attempt>
  readonly health: Health
  queue: ServerQueue<Request>
  readonly counters: LaneCounters
  /** The last attempt sent from each source port: what a refusal is about. */
  readonly lastSent: (Attempt | undefined)[] = []
  #settings: LaneSettings
  /** Of all lanes, those in which something changed. */
  readonly #changed: Lane[]
  #isMarked = false
  /** The lane to the same server from another source, which has part of the places: one free here is one free there. */
  #follower: Lane | undefined = undefined
  isRetiring = false
  /** The name before a reload gave it another one: conversations may be known by it. */
  formerName: string | undefined = undefined
  /** What is at hand of who signs (`ServerSigners`). */
  signer: Signer | undefined = undefined
  roundTripTime: Duration | undefined = undefined
  readonly contact = new Contact()
  holdingTime: Duration = micros(0)
  /** The probe under way: its octets, for verifying the answer. */
  probe: { readonly bytes: Uint8Array; readonly secret: Secret; readonly sentAt: Instant } | undefined = undefined
  probeIdentifier = 0
  /** When a live request last tried this Down or Failing server. */
  triedAt: Instant | undefined = undefined
  /** Failing: requests that went elsewhere since one last tried it. */
  passedOver = 0
  /** Failing: whether a request went elsewhere since one last tried it. */
  hasRested = true
  /** Valid responses so far, late ones included, each once: what came in between is a sign of life. */
  signsOfLife = 0
  /** Logins that keep their place beyond their tries, while nobody else needs it: the longest first. */
  readonly waitingOn = new Set<Attempt>()
  /** Identifiers in use by records that a living server left unanswered before. */
  asideOutstanding = 0
  /** What its server leaves unanswered while it answers other requests. */
  readonly unanswered = new Unanswered()

  /**
   * `o.budget` may be slots that others have used already, or share. `o.follows` is a removed lane to the same address, port
   * and class, `o.changed` is where it enters itself.
   */
  constructor(
    number: number,
    trafficClass: TrafficClass,
    settings: LaneSettings,
    o: {
      readonly now: Instant
      readonly changed: Lane[]
      readonly budget: SlotBudget
      readonly follows?: Lane | undefined
    },
  ) {
    const { follows } = o
    this.number = number
    this.class = trafficClass
    this.#settings = settings
    this.nameHash = hashOf(new TextEncoder().encode(settings.server.name))
    this.#changed = o.changed
    this.budget = o.budget
    if (follows !== undefined) follows.#follower = this
    this.identifiers = new Identifiers<Attempt>({
      maxOutstanding: settings.lane.maxOutstanding,
      quarantine: settings.quarantine,
      places: follows?.identifiers.places,
    })
    // From another source the server may be out of reach, or in reach at last: nothing is known of that.
    this.health = new Health(healthOptions(settings), o.now)
    this.queue = new ServerQueue<Request>(settings.serviceOrder, Request.fields)
    this.counters = {
      requests: 0,
      retransmissions: 0,
      accepts: 0,
      rejects: 0,
      challenges: 0,
      responses: 0,
      timeouts: 0,
      promotions: 0,
      failures: 0,
      unansweredByLiveServer: 0,
      probesSent: 0,
      probesAnswered: 0,
      refused: 0,
      dropped: Object.fromEntries(SERVER_DROP_REASONS.map((reason) => [reason, 0])) as Record<ServerDropReason, number>,
      roundTrips: emptyHistogram(),
      queueWaits: emptyHistogram(),
    }
  }

  get server(): ServerOptions {
    return this.#settings.server
  }

  get options(): LaneOptions {
    return this.#settings.lane
  }

  /** Whether requests may be sent to it: neither Down nor removed by a reload. */
  isLive(): boolean {
    return this.health.state !== 'down' && !this.isRetiring
  }

  /** Whether requests should rather go to another server that lives. */
  isFailing(): boolean {
    return this.health.state === 'failing'
  }

  /** How long a probe of it may take: one time-out, as long as it is asked before it is Down. */
  probePatience(): Duration {
    return micros(Math.max(this.options.timeout, LEAST_PATIENCE))
  }

  /** How gladly it is chosen; undefined: not at all. Whoever changes it tells the pool. */
  get rank(): Rank | undefined {
    if (!this.isLive()) return undefined
    return this.isFailing() ? 1 : 0
  }

  /** Something changed that may bring its next moment nearer: the next wake looks at it. */
  markChanged(): void {
    if (this.#isMarked) return
    this.#isMarked = true
    this.#changed.push(this)
  }

  /** It is looked at. */
  clearMark(): void {
    this.#isMarked = false
  }

  /** It takes nothing any more: its queue goes elsewhere with all that waits in it, and it has an empty one. */
  giveUpQueue(): ServerQueue<Request> {
    const { queue } = this
    this.queue = queue.successor()
    return queue
  }

  /** An identifier is free again: somebody may wait for that, or a removed server for its last one. */
  gaveBack(): void {
    if (!this.queue.waiting.isEmpty() || !this.isLive()) this.markChanged()
    this.#follower?.gaveBack()
  }

  /** It was removed, and nothing waits or is outstanding here any more. */
  get isGone(): boolean {
    return this.isRetiring && this.identifiers.outstanding === 0
  }

  /** New settings from a reload; the rate holds from the next grid second on. */
  reconfigure(settings: LaneSettings, now: Instant): void {
    if (settings.server.name !== this.server.name) {
      this.formerName = this.server.name
      this.nameHash = hashOf(new TextEncoder().encode(settings.server.name))
    }
    if (!settings.server.secret.equals(this.server.secret)) {
      this.contact.renew()
      this.roundTripTime = undefined
    }
    if (settings.lane.timeout !== this.options.timeout) this.contact.forgetAnswers()
    this.#settings = settings
    this.budget.change({ maxRate: settings.lane.maxRate, slot: settings.slot }, now)
    this.identifiers.change({ maxOutstanding: settings.lane.maxOutstanding, quarantine: settings.quarantine })
    this.health.change(healthOptions(settings))
    this.queue.waiting.order = settings.serviceOrder
    this.markChanged()
  }

  /** Held Down or let go as its settings say; the health's change, if it is one. */
  applyHold(now: Instant): HealthChange | undefined {
    this.markChanged()
    return this.isRetiring ? undefined : this.health.hold(this.options.isHeldDown ?? false, now)
  }

  /** Whether a request more would find a place if some of those that wait on gave theirs up. */
  canMakeRoom(): boolean {
    return this.waitingOn.size > 0 && this.identifiers.lacking() <= this.waitingOn.size
  }

  room(now: Instant): Room {
    return { quota: this.budget.left(now), identifiers: this.identifiers.room() }
  }

  /** A valid response, late or not, the first for that attempt: a sign of life. */
  heard(attempt: Attempt, now: Instant): void {
    attempt.isAnswered = true
    this.signsOfLife += 1
    if (!this.#isUnderItsSecret(attempt)) return
    // After a retry nobody knows which transmission was answered (Karn's rule).
    this.roundTripTime = attempt.tries > 1 ? undefined : since(attempt.sentAt, now)
    attempt.isUnclear = this.contact.responded(attempt, this.options.timeout, now)
  }

  /** Another valid response for that attempt. */
  heardAgain(attempt: Attempt): void {
    if (!attempt.isUnclear || !this.#isUnderItsSecret(attempt)) return
    attempt.isUnclear = false
    this.contact.answeredAgain()
  }

  /** A transmission was not answered in time. */
  countTimeout(attempt: Attempt, now: Instant): void {
    this.counters.timeouts += 1
    if (this.#isUnderItsSecret(attempt)) this.contact.timedOut(attempt.sentAt, this.options.timeout, now)
  }

  /** The probe under way was answered in time. */
  probeAnswered(probe: { readonly secret: Secret }, now: Instant): void {
    this.counters.probesAnswered += 1
    if (this.#isUnderItsSecret(probe)) this.contact.probeAnswered(now)
  }

  /** What was sent before a reload says nothing of the secret that holds since. */
  #isUnderItsSecret({ secret }: { readonly secret: Secret }): boolean {
    return secret.equals(this.server.secret)
  }

  /** Why it is silent, in words for people; undefined where nothing points to a cause. */
  likelyCause(now: Instant): string | undefined {
    const { port, timeout } = this.options
    return likelyCause({ address: this.server.address, port, ...this.contact.view(timeout, now) })
  }

  /** What a change for the worse may come from. */
  hintOf({ to }: HealthChange, now: Instant): string | undefined {
    return to === 'active' || this.health.isHeldDown ? undefined : this.likelyCause(now)
  }

  /** An identifier came back after so long. */
  wasHeld(time: Duration): void {
    const mean = this.holdingTime
    this.holdingTime = mean === 0 ? time : micros(mean + (time - mean) / HOLDINGS_IN_MEAN)
  }

  /** When something that waits here could go, if nothing but time has to pass; undefined where nothing waits. */
  nextPromotionAt(now: Instant): Instant | undefined {
    const { waiting } = this.queue
    if (waiting.isEmpty()) return undefined
    if (waiting.retries === 0 && !this.canMakeRoom()) return this.nextRoomAt(now)
    return this.budget.left(now) > 0 ? now : this.budget.nextSlotAt(now)
  }

  /** When time alone makes a look at it worth while: a slot for those that wait, its health. */
  nextWakeAt(now: Instant): Instant | undefined {
    const promotionAt = this.queue.promised === 0 ? this.nextPromotionAt(now) : this.#nextPromotionBesides(now)
    return this.isRetiring ? promotionAt : earliest(promotionAt, this.health.nextWakeAt())
  }

  /** When a request that needs an identifier could go, if nothing but time has to pass. */
  nextRoomAt(now: Instant): Instant | undefined {
    if (!this.identifiers.hasRoom()) return this.identifiers.nextWakeAt()
    return this.budget.left(now) > 0 ? now : this.budget.nextSlotAt(now)
  }

  /** The same while what was given back is not served yet: that marks the lane, and a new slot may have more room. */
  #nextPromotionBesides(now: Instant): Instant | undefined {
    return this.queue.waiting.isEmpty() ? undefined : this.budget.nextSlotAt(now)
  }

  plan(sourcePorts: LanePlan['sourcePorts']): LanePlan {
    return { ...planOf(this.number, this.class, this.#settings, sourcePorts), ports: this.identifiers.ports }
  }

  snapshot(now: Instant): LaneSnapshot {
    const { maxOutstanding: _, ...identifiers } = this.identifiers.view()
    const oldest = this.queue.waiting.oldest()
    return {
      lane: this.number,
      server: this.server.name,
      class: this.class,
      address: this.server.address,
      port: this.options.port,
      retiring: this.isRetiring,
      state: this.health.state,
      isHeldDown: this.health.isHeldDown,
      stateSince: this.health.since,
      consecutiveFailures: this.health.consecutiveFailures,
      slots: this.budget.view(now),
      queued: this.queue.waiting.queued,
      queuedBytes: this.queue.waiting.octets,
      oldestAge: oldest === undefined ? micros(0) : since(oldest.receivedAt, now),
      outstanding: this.identifiers.outstanding,
      maxOutstanding: this.options.maxOutstanding,
      waitingRetries: this.queue.waiting.retries,
      identifiers,
      roundTripTime: this.roundTripTime,
      ...this.contact.view(this.options.timeout, now),
      holdingTime: micros(Math.round(this.holdingTime)),
      counters: {
        ...this.counters,
        dropped: { ...this.counters.dropped },
        roundTrips: copyOfHistogram(this.counters.roundTrips),
        queueWaits: copyOfHistogram(this.counters.queueWaits),
      },
    }
  }
}

const healthOptions = ({ health, lane }: LaneSettings): HealthOptions => ({ ...health, timeout: lane.timeout })
