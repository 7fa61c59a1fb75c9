/**
 * The slots of a lane as all instances of a host share them: the count of the running slot stands in shared memory.
 *
 *     int32   0 1                  2          3 ...          1005 ...     2007 ...
 *             the word (64 bits)   version    a term         the next     the one after
 *
 *     term    from    how many slots    the quota of each
 *
 * The word is the running slot with what was taken of it: second (32 bits), slot (11), count (21). A take is one
 * compare-and-exchange on it, so all takes together never exceed a quota, and what one instance leaves over another
 * uses. The word only grows: a take of a slot that is over fails and changes nothing. The terms stand beside it under a
 * version that is odd while the one writer writes.
 */
import { type Instant, instant, MICROS_PER_SECOND, millis } from '../units.ts'
import {
  announced,
  type Budgets,
  MOST_TERMS,
  RunningSlot,
  type SlotBudget,
  type SlotView,
  type Term,
} from './budget.ts'

/** Which half of the word is at which place is the processor's choice. */
const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1
const SECOND = IS_LITTLE_ENDIAN ? 1 : 0
const SLOT_AND_COUNT = IS_LITTLE_ENDIAN ? 0 : 1
const VERSION = 2
const TERMS = 3
/** 1 ms is the shortest slot. */
const MOST_SLOTS = 1_000
const INTS_PER_TERM = 2 + MOST_SLOTS
const INTS = TERMS + MOST_TERMS * INTS_PER_TERM

const SECOND_SHIFT = 32n
const COUNT_BITS = 21
const MOST_COUNT = 2 ** COUNT_BITS - 1

/** How long before its first second a term is announced at least, so that every instance sees it in time. */
const NOTICE = millis(50)

/** The first second of which all instances hear in time when it is announced at `now`. */
export const secondWithNotice = (now: Instant): number => Math.ceil((now + NOTICE) / MICROS_PER_SECOND)

/** Of each lane the memory that `slotMemory` made. */
export class SharedBudgets implements Budgets {
  readonly #memory: Readonly<Record<string, SharedArrayBuffer>>

  constructor(memory: Readonly<Record<string, SharedArrayBuffer>>) {
    this.#memory = memory
  }

  budgetOf(laneKey: string): SlotBudget {
    return new SharedSlots(this.#of(laneKey))
  }

  /** For one thread only, with a reading of the clock that was made just now. */
  announce(laneKey: string, terms: readonly Term[]): void {
    const ints = new Int32Array(this.#of(laneKey))
    // A caller that was held up since it read the clock must not reach into a second that somebody already sends in.
    const earliest = Atomics.load(ints, SECOND) + 1
    const after = announced(
      readTerms(ints).terms,
      terms.map(({ quotas, from }) => ({ quotas, from: Math.max(from, earliest) })),
    )
    if (after !== undefined) writeTerms(ints, after)
  }

  #of(laneKey: string): SharedArrayBuffer {
    const memory = this.#memory[laneKey]
    if (memory === undefined) throw new Error(`shared slots: there is no lane ${laneKey}`)
    return memory
  }
}

/** Memory for one lane; the term holds at once. */
export function slotMemory(term: Term): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(INTS * Int32Array.BYTES_PER_ELEMENT)
  writeTerms(new Int32Array(memory), [term])
  return memory
}

export class SharedSlots implements SlotBudget {
  readonly #word: BigInt64Array
  readonly #ints: Int32Array
  #version: number
  readonly #running: RunningSlot
  /** The word of the running slot with nothing taken, and with all. */
  #untouched = 0n
  #usedUp = 0n
  /** Unlimited only: there is nothing to share then, each instance counts for its own view. */
  #sent = 0

  constructor(memory: SharedArrayBuffer) {
    this.#word = new BigInt64Array(memory, 0, 1)
    this.#ints = new Int32Array(memory)
    const { version, terms } = readTerms(this.#ints)
    this.#version = version
    this.#running = new RunningSlot(terms)
  }

  tryTake(now: Instant): boolean {
    this.#enterSlotAt(now)
    if (this.#running.isUnlimited) {
      this.#sent += 1
      return true
    }
    for (;;) {
      const word = Atomics.load(this.#word, 0)
      // Also if another instance is in a later slot: every word of a later slot is greater.
      if (word >= this.#usedUp) return false
      const taken = word < this.#untouched ? this.#untouched + 1n : word + 1n
      if (Atomics.compareExchange(this.#word, 0, word, taken) === word) return true
    }
  }

  left(now: Instant): number {
    this.#enterSlotAt(now)
    return this.#running.isUnlimited ? Number.POSITIVE_INFINITY : this.#running.quota - this.#taken()
  }

  nextSlotAt(now: Instant): Instant | undefined {
    this.#enterSlotAt(now)
    return this.#running.isUnlimited ? undefined : instant(this.#running.endsAt)
  }

  view(now: Instant): SlotView {
    this.#enterSlotAt(now)
    this.#readNewTerms()
    return this.#running.view(this.#running.isUnlimited ? this.#sent : this.#taken())
  }

  /** What all instances took of this one's slot: all of it if another one is in a later slot. */
  #taken(): number {
    const ints = this.#ints
    let second = Atomics.load(ints, SECOND)
    let rest = Atomics.load(ints, SLOT_AND_COUNT)
    // In two halves, since a 64-bit load costs a BigInt; the same second before and after means one word.
    for (let again = Atomics.load(ints, SECOND); again !== second; again = Atomics.load(ints, SECOND)) {
      second = again
      rest = Atomics.load(ints, SLOT_AND_COUNT)
    }
    const running = this.#running
    const ahead = second === running.second ? (rest >>> COUNT_BITS) - running.slot : second - running.second
    if (ahead < 0) return 0
    return ahead > 0 ? running.quota : Math.min(rest & MOST_COUNT, running.quota)
  }

  #enterSlotAt(now: Instant): void {
    const running = this.#running
    if (now < running.endsAt) return
    this.#readNewTerms()
    running.enter(now)
    this.#untouched = (BigInt(running.second) << SECOND_SHIFT) | BigInt(running.slot * 2 ** COUNT_BITS)
    // A slot without quota is used up whatever the word is.
    this.#usedUp = running.quota === 0 ? 0n : this.#untouched + BigInt(running.quota)
    this.#sent = 0
  }

  #readNewTerms(): void {
    if (Atomics.load(this.#ints, VERSION) === this.#version) return
    const { version, terms } = readTerms(this.#ints)
    this.#version = version
    this.#running.terms = terms
  }
}

/** In the order of their seconds; an odd version means that the writer is in the middle of it. */
function readTerms(ints: Int32Array): { readonly version: number; readonly terms: readonly [Term, ...Term[]] } {
  for (;;) {
    const version = Atomics.load(ints, VERSION)
    const terms = [termAt(ints, 0), termAt(ints, 1), termAt(ints, 2)] as const
    if (version % 2 === 0 && Atomics.load(ints, VERSION) === version) return { version, terms: [...terms] }
  }
}

function termAt(ints: Int32Array, place: number): Term {
  const at = TERMS + place * INTS_PER_TERM
  const slots = Math.min(Atomics.load(ints, at + 1), MOST_SLOTS)
  return {
    from: Atomics.load(ints, at),
    quotas: Array.from({ length: slots }, (_, slot) => Atomics.load(ints, at + 2 + slot)),
  }
}

/** @throws RangeError if a slot or its quota has no room in the word: never with what the configuration allows. */
function writeTerms(ints: Int32Array, terms: readonly Term[]): void {
  for (const { quotas } of terms) {
    if (quotas.length > MOST_SLOTS || Math.max(0, ...quotas) > MOST_COUNT) {
      throw new RangeError(`no room for ${quotas.length} slots a second of up to ${Math.max(0, ...quotas)} messages`)
    }
  }
  Atomics.add(ints, VERSION, 1)
  for (let place = 0; place < MOST_TERMS; place += 1) {
    // The first ones are the same if there are fewer.
    const { from, quotas } = terms[Math.max(0, place - MOST_TERMS + terms.length)] as Term
    const at = TERMS + place * INTS_PER_TERM
    Atomics.store(ints, at, from)
    Atomics.store(ints, at + 1, quotas.length)
    for (const [slot, quota] of quotas.entries()) Atomics.store(ints, at + 2 + slot, quota)
  }
  Atomics.add(ints, VERSION, 1)
}
