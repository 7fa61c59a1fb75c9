/**
 * How many messages may leave, and when: the time slots of one server and class.
 *
 * Every second of the monotonic clock is cut into equal slots; max-rate is spread over them so that one grid second
 * holds exactly max-rate, and no two slots differ by more than one message. A slot's unused quota is lost: this is no
 * token bucket, so no pause is ever paid back as a burst. The grid stands on the clock itself: a late wake neither
 * shifts nor stretches a slot, and an early one finds the old slot still running. docs/throttling.md has the picture.
 */
import { type Duration, type Instant, instant, MICROS_PER_SECOND, type PerSecond } from '../units.ts'

/**
 * What a lane needs of a quota. One instance keeps its own (`SlotQuota`); several instances of a host can share one
 * behind the same four questions.
 */
export interface SlotBudget {
  /** Takes one message of the slot that `now` lies in; false where the slot is used up. */
  tryTake(now: Instant): boolean
  /** What the slot that `now` lies in still has; Infinity where the rate is unlimited. */
  left(now: Instant): number
  /** Where the next slot begins; undefined where the rate is unlimited. */
  nextSlotAt(now: Instant): Instant | undefined
  /** Another rate or slot length, from the next whole grid second on. */
  change(rate: SlotRate, now: Instant): void
  view(now: Instant): SlotView
}

export interface SlotRate {
  /** Messages per second; 0 is unlimited. */
  readonly maxRate: PerSecond
  /** The shortest slot wanted, 1 ms - 1 s. A low rate gets longer slots: 5 a second are 5 slots of 200 ms. */
  readonly slot: Duration
}

export interface SlotView {
  readonly maxRate: PerSecond
  /** A rate that holds from the next grid second on. */
  readonly pendingMaxRate: PerSecond | undefined
  /** 0 where the rate is unlimited. */
  readonly slotsPerSecond: number
  readonly slot: number
  readonly beganAt: Instant
  readonly endsAt: Instant
  readonly quota: number
  readonly sent: number
}

/** Slots per second for a rate: as many as fit, but never a slot without quota. 0 where the rate is unlimited. */
export const slotsPerSecond = ({ maxRate, slot }: SlotRate): number =>
  Math.min(maxRate, Math.floor(MICROS_PER_SECOND / slot))

/** The quota of slot `k` of a second: the remainder is spread, and the quotas of one second sum to max-rate. */
export const quotaOfSlot = (k: number, maxRate: number, slots: number): number =>
  Math.floor(((k + 1) * maxRate) / slots) - Math.floor((k * maxRate) / slots)

/** The slot of a second that has begun when `into` microseconds of it are over: the largest k with floor(k * 1 s / S) <= into. */
export const slotBegun = (into: number, slots: number): number =>
  Math.ceil(((into + 1) * slots) / MICROS_PER_SECOND) - 1

/** How many microseconds into its second slot `k` begins; where k is S, the second's end. */
export const slotBegins = (k: number, slots: number): number => Math.floor((k * MICROS_PER_SECOND) / slots)

export class SlotQuota implements SlotBudget {
  #rate: SlotRate
  #slots: number
  #pending: { readonly rate: SlotRate; readonly fromSecond: number } | undefined
  /** The slot that `#sent` counts in: its place within its second, and its bounds. */
  #slot = -1
  #endsAt = -1
  #beganAt = 0
  #quota = 0
  #sent = 0
  readonly #usedUpUntil: Instant

  /** `usedUpUntil`: others may have used all slots of a limited rate before that moment. */
  constructor(rate: SlotRate, usedUpUntil: Instant = instant(0)) {
    this.#rate = rate
    this.#slots = slotsPerSecond(rate)
    this.#usedUpUntil = usedUpUntil
  }

  tryTake(now: Instant): boolean {
    this.#enterSlotAt(now)
    if (this.#slots !== 0 && this.#sent >= this.#quota) return false
    this.#sent += 1
    return true
  }

  left(now: Instant): number {
    this.#enterSlotAt(now)
    return this.#slots === 0 ? Number.POSITIVE_INFINITY : this.#quota - this.#sent
  }

  nextSlotAt(now: Instant): Instant | undefined {
    this.#enterSlotAt(now)
    return this.#slots === 0 ? undefined : instant(this.#endsAt)
  }

  change(rate: SlotRate, now: Instant): void {
    this.#enterSlotAt(now)
    const same = rate.maxRate === this.#rate.maxRate && rate.slot === this.#rate.slot
    // From the next whole grid second on, so that no second is a mixture with a rate that nobody configured.
    this.#pending = same ? undefined : { rate, fromSecond: Math.floor(now / MICROS_PER_SECOND) + 1 }
  }

  view(now: Instant): SlotView {
    this.#enterSlotAt(now)
    return {
      maxRate: this.#rate.maxRate,
      pendingMaxRate: this.#pending?.rate.maxRate,
      slotsPerSecond: this.#slots,
      slot: this.#slot,
      beganAt: instant(this.#beganAt),
      endsAt: instant(this.#endsAt),
      quota: this.#quota,
      sent: this.#sent,
    }
  }

  /** The slot of `now` becomes the current one; its count starts at 0. Within the same slot nothing happens. */
  #enterSlotAt(now: Instant): void {
    // A reading behind the current slot (a caller with an older `now`) is charged to the current slot.
    if (now < this.#endsAt) return
    const second = Math.floor(now / MICROS_PER_SECOND)
    if (this.#pending !== undefined && second >= this.#pending.fromSecond) {
      this.#rate = this.#pending.rate
      this.#slots = slotsPerSecond(this.#rate)
      this.#pending = undefined
    }
    const start = second * MICROS_PER_SECOND
    // Unlimited: one "slot" a second, so that a pending rate is looked at and `sent` means sent in this second.
    const slots = Math.max(1, this.#slots)
    const slot = slotBegun(now - start, slots)
    this.#slot = slot
    this.#beganAt = start + slotBegins(slot, slots)
    this.#endsAt = start + slotBegins(slot + 1, slots)
    const isOurs = this.#slots !== 0 && this.#beganAt >= this.#usedUpUntil
    this.#quota = isOurs ? quotaOfSlot(slot, this.#rate.maxRate, this.#slots) : 0
    this.#sent = 0
  }
}
