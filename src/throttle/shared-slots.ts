/**
 * The slots of one lane as all instances of a host share them: the grid of `SlotQuota`, its count in shared memory.
 *
 *     int32   0 1                  2          3 4 5                6 7 8       9 10 11
 *             the word (64 bits)   version    maxRate, slot, from  the next    the one after
 *
 * The word is the running slot with what was taken of it: second (32 bits), slot (11), count (21). A take is one
 * compare-and-exchange on it, so all takes together never exceed a quota, and what one instance leaves over another
 * uses. The word only grows: a take of a slot that is over fails and changes nothing. Rates stand beside it, each with
 * the grid second from which it holds, under a version that is odd while the one writer writes.
 */
import { type Instant, instant, MICROS_PER_SECOND, micros, millis, perSecond } from '../units.ts'
import {
  quotaOfSlot,
  type SlotBudget,
  type SlotRate,
  type SlotView,
  slotBegins,
  slotBegun,
  slotsPerSecond,
} from './slots.ts'

/** Which half of the word is at which place is the processor's choice. */
const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1
const SECOND = IS_LITTLE_ENDIAN ? 1 : 0
const SLOT_AND_COUNT = IS_LITTLE_ENDIAN ? 0 : 1
const VERSION = 2
const TERMS = 3
const INTS_PER_TERM = 3
/** What was, what is announced, and one more that was announced too late for the same second. */
const TERM_COUNT = 3
const INTS = TERMS + TERM_COUNT * INTS_PER_TERM

const SECOND_SHIFT = 32n
const COUNT_BITS = 21
const MOST_COUNT = 2 ** COUNT_BITS - 1
/** 1 ms is the shortest slot. */
const MOST_SLOTS = 1_000

/** How long before its first second a rate is announced at least, so that every instance sees it in time. */
const NOTICE = millis(50)

/** A rate, and the first grid second in which it holds. */
interface Term {
  readonly rate: SlotRate
  readonly from: number
}

export class SharedSlots implements SlotBudget {
  readonly #word: BigInt64Array
  readonly #ints: Int32Array
  #version = -1
  #terms: readonly Term[] = []
  #rate: SlotRate
  #slots = 0
  /** The slot that this instance is in, and its bounds. */
  #second = -1
  #slot = -1
  #beganAt = 0
  #endsAt = -1
  #quota = 0
  /** The word of that slot with nothing taken, and with all. */
  #untouched = 0n
  #usedUp = 0n
  /** Unlimited only: there is nothing to share then, each instance counts for its own view. */
  #sent = 0

  /** Memory for one lane; this rate holds at once. */
  static memory(rate: SlotRate): SharedArrayBuffer {
    const memory = new SharedArrayBuffer(INTS * Int32Array.BYTES_PER_ELEMENT)
    const term: Term = { rate: checked(rate), from: 0 }
    writeTerms(new Int32Array(memory), [term, term, term])
    return memory
  }

  /**
   * Another rate for all instances, from the next grid second on that is 50 ms away. For one thread only, with a reading
   * of the clock that was made just now.
   */
  static announce(memory: SharedArrayBuffer, rate: SlotRate, now: Instant): void {
    const ints = new Int32Array(memory)
    const { terms } = readTerms(ints)
    if (isSame(terms.at(-1)!.rate, rate)) return
    // A caller that was held up since it read the clock must not reach into a second that somebody already sends in.
    const from = Math.max(Math.ceil((now + NOTICE) / MICROS_PER_SECOND), Atomics.load(ints, SECOND) + 1)
    // Of what was announced before, a later second is overridden, an earlier one still gets the rate it was told.
    const before = terms.filter((term) => term.from < from).slice(1 - TERM_COUNT)
    while (before.length < TERM_COUNT - 1) before.unshift(before[0] ?? terms[0]!)
    writeTerms(ints, [...before, { rate: checked(rate), from }])
  }

  constructor(memory: SharedArrayBuffer) {
    this.#word = new BigInt64Array(memory, 0, 1)
    this.#ints = new Int32Array(memory)
    this.#lookAtTerms()
    this.#rate = this.#terms[0]!.rate
  }

  tryTake(now: Instant): boolean {
    this.#enterSlotAt(now)
    if (this.#slots === 0) {
      this.#sent += 1
      return true
    }
    for (;;) {
      const word = Atomics.load(this.#word, 0)
      // Also where another instance is in a later slot: every word of a later slot is greater.
      if (word >= this.#usedUp) return false
      const taken = word < this.#untouched ? this.#untouched + 1n : word + 1n
      if (Atomics.compareExchange(this.#word, 0, word, taken) === word) return true
    }
  }

  left(now: Instant): number {
    this.#enterSlotAt(now)
    return this.#slots === 0 ? Number.POSITIVE_INFINITY : this.#quota - this.#taken()
  }

  nextSlotAt(now: Instant): Instant | undefined {
    this.#enterSlotAt(now)
    return this.#slots === 0 ? undefined : instant(this.#endsAt)
  }

  /** Nothing to decide here: the new rate comes through `announce`, for all instances in one second. */
  change(_rate: SlotRate, _now: Instant): void {}

  view(now: Instant): SlotView {
    this.#enterSlotAt(now)
    this.#lookAtTerms()
    const pending = this.#terms.find(({ from, rate }) => from > this.#second && !isSame(rate, this.#rate))
    return {
      maxRate: this.#rate.maxRate,
      pendingMaxRate: pending?.rate.maxRate,
      slotsPerSecond: this.#slots,
      slot: this.#slot,
      beganAt: instant(this.#beganAt),
      endsAt: instant(this.#endsAt),
      quota: this.#quota,
      sent: this.#slots === 0 ? this.#sent : this.#taken(),
    }
  }

  /** What all instances took of this one's slot: all of it where another one is in a later slot. */
  #taken(): number {
    const ints = this.#ints
    let second = Atomics.load(ints, SECOND)
    let rest = Atomics.load(ints, SLOT_AND_COUNT)
    // In two halves, since a 64-bit look costs a BigInt; the same second before and after means one word.
    for (let again = Atomics.load(ints, SECOND); again !== second; again = Atomics.load(ints, SECOND)) {
      second = again
      rest = Atomics.load(ints, SLOT_AND_COUNT)
    }
    const ahead = second === this.#second ? (rest >>> COUNT_BITS) - this.#slot : second - this.#second
    if (ahead < 0) return 0
    return ahead > 0 ? this.#quota : Math.min(rest & MOST_COUNT, this.#quota)
  }

  /** The slot of `now` becomes this instance's; within the same slot nothing happens. */
  #enterSlotAt(now: Instant): void {
    // As in `SlotQuota`: a reading behind belongs to the slot that this instance is in.
    if (now < this.#endsAt) return
    this.#lookAtTerms()
    const second = Math.floor(now / MICROS_PER_SECOND)
    this.#rate = (this.#terms.findLast(({ from }) => from <= second) ?? this.#terms[0]!).rate
    this.#slots = slotsPerSecond(this.#rate)
    const start = second * MICROS_PER_SECOND
    // Unlimited: one "slot" a second, as in `SlotQuota`.
    const slots = Math.max(1, this.#slots)
    const slot = slotBegun(now - start, slots)
    this.#second = second
    this.#slot = slot
    this.#beganAt = start + slotBegins(slot, slots)
    this.#endsAt = start + slotBegins(slot + 1, slots)
    this.#quota = this.#slots === 0 ? 0 : quotaOfSlot(slot, this.#rate.maxRate, this.#slots)
    this.#untouched = (BigInt(second) << SECOND_SHIFT) | BigInt(slot * 2 ** COUNT_BITS)
    this.#usedUp = this.#untouched + BigInt(this.#quota)
    this.#sent = 0
  }

  #lookAtTerms(): void {
    if (Atomics.load(this.#ints, VERSION) === this.#version) return
    const { version, terms } = readTerms(this.#ints)
    this.#version = version
    this.#terms = terms
  }
}

const isSame = (a: SlotRate, b: SlotRate): boolean => a.maxRate === b.maxRate && a.slot === b.slot

/** @throws RangeError where a slot or its quota has no room in the word: never with what the configuration allows. */
const checked = (rate: SlotRate): SlotRate => {
  const slots = slotsPerSecond(rate)
  if (slots > MOST_SLOTS || Math.ceil(rate.maxRate / Math.max(1, slots)) > MOST_COUNT) {
    throw new RangeError(`no room for ${rate.maxRate} a second in slots of ${rate.slot} us`)
  }
  return rate
}

/** In the order of their seconds; an odd version means that the writer is in the middle of it. */
const readTerms = (ints: Int32Array): { readonly version: number; readonly terms: readonly Term[] } => {
  for (;;) {
    const version = Atomics.load(ints, VERSION)
    const terms = Array.from({ length: TERM_COUNT }, (_, number) => termAt(ints, TERMS + number * INTS_PER_TERM))
    if (version % 2 === 0 && Atomics.load(ints, VERSION) === version) return { version, terms }
  }
}

const termAt = (ints: Int32Array, at: number): Term => ({
  rate: { maxRate: perSecond(Atomics.load(ints, at)), slot: micros(Atomics.load(ints, at + 1)) },
  from: Atomics.load(ints, at + 2),
})

const writeTerms = (ints: Int32Array, terms: readonly Term[]): void => {
  Atomics.add(ints, VERSION, 1)
  for (const [number, { rate, from }] of terms.entries()) {
    const at = TERMS + number * INTS_PER_TERM
    Atomics.store(ints, at, rate.maxRate)
    Atomics.store(ints, at + 1, rate.slot)
    Atomics.store(ints, at + 2, from)
  }
  Atomics.add(ints, VERSION, 1)
}
