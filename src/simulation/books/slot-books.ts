/**
 * Books of what leaves towards each server and class, slot by slot and second by second, kept at the network: by address and
 * port, since a reload that makes another lane to the same server gives it no second budget.
 *
 * Slots and quotas are laid out here a second time, from the definition and not by the engine's formula: so a wrong
 * quota shows, whoever computed it. Rates of a reload hold from the next whole grid second on.
 */

import type { EngineOptions } from '../../proxy/border/options.ts'
import { type Instant, MICROS_PER_SECOND } from '../../units.ts'
import type { ObservedWorld } from '../world/observer.ts'
import { LanePlaces } from './lane-book.ts'

/** What left towards one server. */
export class LaneCount {
  /** Messages a second; 0 is unlimited. */
  readonly maxRate: number
  readonly #slots: number
  #slotBegan = -1
  inSlot = 0
  #second = -1
  inSecond = 0
  /** Moments of the last `maxRate + one quota` transmissions, as a ring. */
  readonly #last: Float64Array
  #next = 0

  constructor(maxRate: number, slots: number) {
    this.maxRate = maxRate
    this.#slots = slots
    this.#last = new Float64Array(maxRate === 0 ? 0 : maxRate + Math.ceil(maxRate / slots)).fill(-MICROS_PER_SECOND)
  }

  /** Max-rate and one quota: what any second may hold, wherever it begins. */
  get slidingLimit(): number {
    return this.#last.length
  }

  quotaAt(now: Instant): number {
    return this.maxRate === 0 ? Number.POSITIVE_INFINITY : this.#slotAt(now).quota
  }

  /** What the slot of `now` still has by these books. */
  leftAt(now: Instant): number {
    if (this.maxRate === 0) return Number.POSITIVE_INFINITY
    const { began, quota } = this.#slotAt(now)
    return began === this.#slotBegan ? quota - this.inSlot : quota
  }

  /** One transmission; answers how long ago the one was that lies a whole sliding limit back. */
  count(now: Instant): number {
    const { began } = this.#slotAt(now)
    const second = Math.floor(now / MICROS_PER_SECOND)
    this.inSlot = began === this.#slotBegan ? this.inSlot + 1 : 1
    this.inSecond = second === this.#second ? this.inSecond + 1 : 1
    this.#slotBegan = began
    this.#second = second
    const before = this.#last[this.#next] as number
    this.#last[this.#next] = now
    this.#next = (this.#next + 1) % this.#last.length
    return now - before
  }

  /**
   * The slot that a moment lies in, walked to from an estimate. The quotas are laid out one by one: message m of a second
   * (1, 2, ...) belongs to the slot in which the sum reaches it.
   */
  #slotAt(now: Instant): { began: number; quota: number } {
    const second = Math.floor(now / MICROS_PER_SECOND) * MICROS_PER_SECOND
    const slots = this.#slots
    let slot = Math.floor(((now - second) * slots) / MICROS_PER_SECOND)
    while (Math.floor(((slot + 1) * MICROS_PER_SECOND) / slots) <= now - second) slot += 1
    const upTo = (end: number): number => (end * this.maxRate - ((end * this.maxRate) % slots)) / slots
    return { began: second + Math.floor((slot * MICROS_PER_SECOND) / slots), quota: upTo(slot + 1) - upTo(slot) }
  }
}

/** The counts of every server of one engine. */
export class SlotBooks {
  readonly #counts = new Map<string, LaneCount>()
  readonly #places = new LanePlaces()
  #options: EngineOptions
  /** Options of a reload: their rates hold from this second on. */
  #next: { readonly options: EngineOptions; readonly fromSecond: number } | undefined

  constructor(options: EngineOptions) {
    this.#options = options
  }

  begins(world: ObservedWorld): void {
    this.#places.begins(world, this.#options)
  }

  reconfigured(options: EngineOptions, now: Instant): void {
    this.#enter(now)
    this.#places.reconfigured(options)
    this.#next = { options, fromSecond: Math.floor(now / MICROS_PER_SECOND) + 1 }
  }

  of(lane: number, now: Instant): LaneCount {
    this.#enter(now)
    const place = this.#places.of(lane)
    const known = this.#counts.get(place?.key ?? '')
    if (known !== undefined) return known
    // A server that a reload has just added has its rate from the new options on.
    const options = [this.#options, ...(this.#next === undefined ? [] : [this.#next.options])]
    const limits = options.map((each) => place?.limitsIn(each)).find((found) => found !== undefined)
    const maxRate = limits?.maxRate ?? 0
    const count = new LaneCount(maxRate, Math.min(maxRate, Math.floor(MICROS_PER_SECOND / this.#options.slot)))
    this.#counts.set(place?.key ?? '', count)
    return count
  }

  /** What a reload brought holds from the next grid second on. */
  #enter(now: Instant): void {
    if (this.#next === undefined || Math.floor(now / MICROS_PER_SECOND) < this.#next.fromSecond) return
    this.#options = this.#next.options
    this.#next = undefined
    this.#counts.clear()
  }
}
