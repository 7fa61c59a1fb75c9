/**
 * Slots that one engine shares with nobody: the count of the running slot is a number.
 */
import { type Instant, instant } from '../units.ts'
import { announced, type Budgets, RunningSlot, type SlotBudget, type SlotView, type Term } from './budget.ts'

export class OwnSlots implements SlotBudget {
  readonly #running: RunningSlot
  #sent = 0
  readonly #usedUpUntil: Instant

  /** `usedUpUntil`: others may have used all slots of a limited rate before that moment. */
  constructor(term: Term, usedUpUntil: Instant = instant(0)) {
    this.#running = new RunningSlot([term])
    this.#usedUpUntil = usedUpUntil
  }

  tryTake(now: Instant): boolean {
    this.#enterSlotAt(now)
    if (!this.#running.isUnlimited && this.#sent >= this.#running.quota) return false
    this.#sent += 1
    return true
  }

  left(now: Instant): number {
    this.#enterSlotAt(now)
    return this.#running.isUnlimited ? Number.POSITIVE_INFINITY : this.#running.quota - this.#sent
  }

  nextSlotAt(now: Instant): Instant | undefined {
    this.#enterSlotAt(now)
    return this.#running.isUnlimited ? undefined : instant(this.#running.endsAt)
  }

  announce(terms: readonly Term[]): void {
    this.#running.terms = announced(this.#running.terms, terms) ?? this.#running.terms
  }

  view(now: Instant): SlotView {
    this.#enterSlotAt(now)
    return this.#running.view(this.#sent)
  }

  #enterSlotAt(now: Instant): void {
    const running = this.#running
    if (now < running.endsAt) return
    running.enter(now)
    if (running.beganAt < this.#usedUpUntil) running.quota = 0
    this.#sent = 0
  }
}

export class OwnBudgets implements Budgets {
  readonly #slots = new Map<string, OwnSlots>()
  readonly #usedUpUntil: Instant | undefined

  constructor(usedUpUntil?: Instant) {
    this.#usedUpUntil = usedUpUntil
  }

  /** A lane has this key from now on. It goes on with its `used` slots, or has new ones in which the term holds at once. */
  open(laneKey: string, term: Term, used: SlotBudget | undefined): SlotBudget {
    const slots = used instanceof OwnSlots ? used : new OwnSlots(term, this.#usedUpUntil)
    this.#slots.set(laneKey, slots)
    return slots
  }

  budgetOf(laneKey: string): SlotBudget {
    return this.#at(laneKey)
  }

  announce(laneKey: string, terms: readonly Term[]): void {
    this.#at(laneKey).announce(terms)
  }

  keepOnly(laneKeys: ReadonlySet<string>): void {
    for (const key of this.#slots.keys()) if (!laneKeys.has(key)) this.#slots.delete(key)
  }

  #at(laneKey: string): OwnSlots {
    const slots = this.#slots.get(laneKey)
    if (slots === undefined) throw new Error(`own slots: there is no lane ${laneKey}`)
    return slots
  }
}
