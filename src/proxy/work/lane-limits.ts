/**
 * What may be sent to a lane now: the quota of its slot, its identifiers and who holds them.
 */
import type { Room } from '../../queues/server-queue.ts'
import { AdaptiveWindow } from '../../throttle/adaptive-window.ts'
import type { SlotBudget } from '../../throttle/budget.ts'
import { Identifiers } from '../../throttle/identifiers.ts'
import { SlowestPace } from '../../throttle/slowest-pace.ts'
import { type Duration, type Instant, micros } from '../../units.ts'
import type { LaneSettings } from './lane-settings.ts'

/** The moving mean follows a change within about so many. */
const HOLDINGS_IN_MEAN = 32

/** What `heard` asks a server queue. */
interface WaitedFor {
  readonly waiting: { isEmpty(): boolean }
  restsAt(now: Instant): boolean
}

export class LaneLimits<A> {
  /** Replaced only if a reload gives the lane another name, or puts it back. */
  budget: SlotBudget
  readonly identifiers: Identifiers<A>
  /** The last attempt sent from each source port: what a refusal is about. */
  readonly lastSent: (A | undefined)[] = []
  /** Logins that keep their place beyond their tries, while nobody else needs it: the longest first. */
  readonly waitingOn = new Set<A>()
  /** Identifiers in use by records that a living server left unanswered before. */
  aside = 0
  /** How long an identifier is in use, on average. */
  holdingTime: Duration = micros(0)
  readonly pace = new SlowestPace()

  /** `follows`: the limits of a removed lane to the same server, whose places these are too. */
  constructor(budget: SlotBudget, { options, quarantine }: LaneSettings, follows: LaneLimits<A> | undefined) {
    this.budget = budget
    const { maxOutstanding } = options
    this.identifiers = new Identifiers<A>({ maxOutstanding, quarantine, places: follows?.identifiers.places })
  }

  /** The rate is announced to the budgets (`Lanes`). */
  reconfigure({ options, quarantine, adaptive }: LaneSettings): void {
    const { maxOutstanding, timeout } = options
    const { places } = this.identifiers
    this.identifiers.reconfigure({ maxOutstanding, quarantine })
    if (adaptive === 'off') places.window = undefined
    else if (places.window === undefined) places.window = new AdaptiveWindow(maxOutstanding, timeout)
    else places.window.reconfigure(maxOutstanding, timeout)
  }

  room(now: Instant): Room {
    return { quota: this.budget.left(now), identifiers: this.identifiers.room() }
  }

  /** Whether one more request would find a place if some that wait on gave up theirs. */
  canMakeRoom(): boolean {
    return this.waitingOn.size > 0 && this.identifiers.lacking() <= this.waitingOn.size
  }

  /** When a request that needs an identifier could go, if nothing but time has to pass. */
  nextRoomAt(now: Instant): Instant | undefined {
    return this.identifiers.room() > 0 ? this.nextQuotaAt(now) : this.identifiers.nextWakeAt()
  }

  /** The same for one that holds its identifier. */
  nextQuotaAt(now: Instant): Instant | undefined {
    return this.budget.left(now) > 0 ? now : this.budget.nextSlotAt(now)
  }

  /** A response after one transmission; true if more may be unanswered than before. */
  answered(took: Duration, now: Instant): boolean {
    const { window } = this.identifiers.places
    if (window === undefined) return false
    const before = window.size
    window.answered(took, now)
    return window.size > before
  }

  /** A request was answered here, in time or late, and its place is free again. Messages that wait for their client's slot do not count. */
  heard({ queue }: { readonly queue: WaitedFor }, now: Instant): void {
    const isWaitedFor = !queue.waiting.isEmpty() && !queue.restsAt(now)
    this.pace.answered(isWaitedFor || this.identifiers.room() <= 1, now)
  }

  /** An identifier comes back after so long. */
  wasHeld(time: Duration, now: Instant): void {
    const { taken, window } = this.identifiers.places
    window?.used(taken, now)
    const mean = this.holdingTime
    this.holdingTime = mean === 0 ? time : micros(mean + (time - mean) / HOLDINGS_IN_MEAN)
  }
}
