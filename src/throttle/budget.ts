/**
 * How many messages may leave, and when: the time slots of one server and class.
 *
 * Every second of the monotonic clock is cut into equal slots, and each slot has a quota. A slot's unused quota is lost: this
 * is no token bucket, so no pause is ever paid back as a burst. The grid stands on the clock itself: a late wake neither
 * shifts nor stretches a slot, and an early one finds the old slot still running. docs/throttling.md has the picture.
 *
 * What a lane may send is a list of terms, each from a whole second on. A rate is one way to make a term: max-rate is spread
 * over the slots so that one second holds exactly max-rate, and no two slots differ by more than one message.
 */
import { type Duration, type Instant, instant, MICROS_PER_SECOND, type PerSecond, perSecond } from '../units.ts'

/** What a lane asks before it sends. Whose slots they are, and who else takes of them, is not its business. */
export interface SlotBudget {
  /** Takes one message of the slot that `now` lies in; false if the slot is used up. */
  tryTake(now: Instant): boolean
  /** What the slot that `now` lies in still has; Infinity if the rate is unlimited. */
  left(now: Instant): number
  /** Where the next slot begins; undefined if the rate is unlimited. */
  nextSlotAt(now: Instant): Instant | undefined
  view(now: Instant): SlotView
}

/** The slots of all lanes, by the key of each (`laneKey`). */
export interface Budgets {
  budgetOf(laneKey: string): SlotBudget
  /** What holds for a lane from now on: what was announced before holds until the first of these terms begins. */
  announce(laneKey: string, terms: readonly Term[]): void
}

export interface Term {
  /** The quota of each slot of a second: so many equal slots. No slots at all mean no limit. */
  readonly quotas: readonly number[]
  /** The first second of the clock in which it holds. */
  readonly from: number
}

export interface SlotRate {
  readonly maxRate: PerSecond
  /** The shortest slot wanted, 1 ms - 1 s. A low rate gets longer slots: 5 a second are 5 slots of 200 ms. */
  readonly slot: Duration
}

export interface SlotView {
  readonly maxRate: PerSecond
  readonly pendingMaxRate: PerSecond | undefined
  readonly slotsPerSecond: number
  readonly slot: number
  readonly beganAt: Instant
  readonly endsAt: Instant
  readonly quota: number
  readonly sent: number
}

/** Slots per second for a rate: as many as fit, but never a slot without quota. 0 if the rate is unlimited. */
export const slotsPerSecond = ({ maxRate, slot }: SlotRate): number =>
  Math.min(maxRate, Math.floor(MICROS_PER_SECOND / slot))

/** The quota of slot `k` of a second: the remainder is spread, and the quotas of one second sum to max-rate. */
export const quotaOfSlot = (k: number, maxRate: number, slots: number): number =>
  Math.floor(((k + 1) * maxRate) / slots) - Math.floor((k * maxRate) / slots)

export function termOf(rate: SlotRate, from: number): Term {
  const slots = slotsPerSecond(rate)
  return { quotas: Array.from({ length: slots }, (_, k) => quotaOfSlot(k, rate.maxRate, slots)), from }
}

/** What was, what is announced, and one more that was announced too late for the same second. */
export const MOST_TERMS = 3

/** The terms after an announcement; undefined if it says what holds anyway. */
export function announced(terms: readonly Term[], added: readonly Term[]): readonly Term[] | undefined {
  const [first] = added
  if (first === undefined || (added.length === 1 && isSame(terms.at(-1), first))) return undefined
  return [...terms.filter(({ from }) => from < first.from), ...added].slice(-MOST_TERMS)
}

const isSame = (a: Term | undefined, b: Term): boolean =>
  a?.quotas.length === b.quotas.length && b.quotas.every((quota, k) => quota === a.quotas[k])

const rateOf = ({ quotas }: Term): PerSecond => perSecond(quotas.reduce((sum, quota) => sum + quota, 0))

/** The slot that is running, by the terms that hold. */
export class RunningSlot {
  terms: readonly Term[]
  second = -1
  /** Its number within its second. */
  slot = -1
  beganAt = 0
  endsAt = -1
  quota = 0
  #term: Term

  /** The first term holds until another one begins. */
  constructor(terms: readonly [Term, ...Term[]]) {
    this.terms = terms
    this.#term = terms[0]
  }

  get isUnlimited(): boolean {
    return this.#term.quotas.length === 0
  }

  /** The slot of `now` is running. An older `now`, which lies before the slot, belongs to it too and must not get here. */
  enter(now: Instant): void {
    const second = Math.floor(now / MICROS_PER_SECOND)
    this.#term = this.terms.findLast(({ from }) => from <= second) ?? (this.terms[0] as Term)
    const { quotas } = this.#term
    // Unlimited: one "slot" a second, so that the next term is looked at, and `sent` means sent in this second.
    const slots = Math.max(1, quotas.length)
    const start = second * MICROS_PER_SECOND
    this.second = second
    this.slot = slotBegun(now - start, slots)
    this.beganAt = start + slotBegins(this.slot, slots)
    this.endsAt = start + slotBegins(this.slot + 1, slots)
    this.quota = quotas[this.slot] ?? 0
  }

  view(sent: number): SlotView {
    const pending = this.terms.find((term) => term.from > this.second && !isSame(term, this.#term))
    return {
      maxRate: rateOf(this.#term),
      pendingMaxRate: pending === undefined ? undefined : rateOf(pending),
      slotsPerSecond: this.#term.quotas.length,
      slot: this.slot,
      beganAt: instant(this.beganAt),
      endsAt: instant(this.endsAt),
      quota: this.quota,
      sent,
    }
  }
}

/** The slot of a second that has begun when `into` microseconds of it are over: the largest k with floor(k * 1 s / S) <= into. */
const slotBegun = (into: number, slots: number): number => Math.ceil(((into + 1) * slots) / MICROS_PER_SECOND) - 1

/** How many microseconds into its second slot `k` begins; where k is S, the second's end. */
const slotBegins = (k: number, slots: number): number => Math.floor((k * MICROS_PER_SECOND) / slots)
