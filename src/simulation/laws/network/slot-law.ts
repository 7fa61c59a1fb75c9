/**
 * No slot over its quota, no grid second over max-rate, no sliding second over max-rate and one quota.
 *
 * Counted are the datagrams that leave, by address and port: a reload that makes another lane to a server gives it no second
 * budget. Slots and quotas are laid out here from their definition and not by the engine's formula, so that a wrong quota
 * shows. Rates of a reload hold from the next whole grid second on.
 */
import type { EngineOptions } from '../../../proxy/border/options.ts'
import { type Instant, MICROS_PER_SECOND } from '../../../units.ts'
import type { Books } from '../../books/books.ts'
import type { LaneBook } from '../../books/lane-book.ts'
import { BrokenLaw, type Observer } from '../../world/observer.ts'

export class SlotLaw implements Observer {
  readonly #lanes: LaneBook
  /** By endpoint. */
  readonly #counts = new Map<string, LaneCount>()
  #options: EngineOptions
  #next: { readonly options: EngineOptions; readonly fromSecond: number } | undefined

  constructor({ lanes }: Books) {
    this.#lanes = lanes
    this.#options = lanes.options
  }

  reconfigured(options: EngineOptions, now: Instant): void {
    this.#enterSecond(now)
    this.#next = { options, fromSecond: Math.floor(now / MICROS_PER_SECOND) + 1 }
  }

  /** What the slot of `now` still has for a lane; Infinity if its rate is unlimited. */
  leftOf(lane: number, now: Instant): number {
    return this.#countOf(lane, now).leftAt(now)
  }

  forwarded(lane: number, _port: number, _bytes: Uint8Array, now: Instant): void {
    const count = this.#countOf(lane, now)
    if (count.maxRate === 0) return
    const sinceThen = count.count(now)
    const { quota } = count.slotAt(now)
    const saw = (many: number, where: string): string => `lane ${lane} sent ${many} in ${where}`
    if (count.inSlot > quota) throw new BrokenLaw('slot', saw(count.inSlot, `a slot of ${quota}`), now)
    if (count.inSecond > count.maxRate) {
      throw new BrokenLaw('second', saw(count.inSecond, `a grid second of ${count.maxRate}`), now)
    }
    if (sinceThen < MICROS_PER_SECOND) {
      throw new BrokenLaw('sliding second', saw(count.slidingLimit + 1, `less than a second`), now)
    }
  }

  #countOf(lane: number, now: Instant): LaneCount {
    this.#enterSecond(now)
    const endpoint = this.#lanes.endpoints.get(lane)
    const known = this.#counts.get(endpoint?.key ?? '')
    if (known !== undefined) return known
    // A server that a reload has just added has its rate from the new options on.
    const { maxRate = 0 } = endpoint?.limitsIn(this.#options) ?? endpoint?.limitsIn(this.#lanes.options) ?? {}
    const count = new LaneCount(maxRate, Math.min(maxRate, Math.floor(MICROS_PER_SECOND / this.#options.slot)))
    this.#counts.set(endpoint?.key ?? '', count)
    return count
  }

  #enterSecond(now: Instant): void {
    if (this.#next === undefined || Math.floor(now / MICROS_PER_SECOND) < this.#next.fromSecond) return
    this.#options = this.#next.options
    this.#next = undefined
    this.#counts.clear()
  }
}

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

  /** What a second may hold, wherever it begins: max-rate and one quota. */
  get slidingLimit(): number {
    return this.#last.length
  }

  leftAt(now: Instant): number {
    if (this.maxRate === 0) return Number.POSITIVE_INFINITY
    const { began, quota } = this.slotAt(now)
    return began === this.#slotBegan ? quota - this.inSlot : quota
  }

  /** Counts one transmission. Returns how long ago the one was that lies a whole sliding limit back. */
  count(now: Instant): number {
    const { began } = this.slotAt(now)
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

  /** The slot of a moment, found from an estimate. Message m of a second (1, 2, ...) belongs to the slot where the sum reaches it. */
  slotAt(now: Instant): { began: number; quota: number } {
    const second = Math.floor(now / MICROS_PER_SECOND) * MICROS_PER_SECOND
    const slots = this.#slots
    let slot = Math.floor(((now - second) * slots) / MICROS_PER_SECOND)
    while (Math.floor(((slot + 1) * MICROS_PER_SECOND) / slots) <= now - second) slot += 1
    const upTo = (end: number): number => (end * this.maxRate - ((end * this.maxRate) % slots)) / slots
    return { began: second + Math.floor((slot * MICROS_PER_SECOND) / slots), quota: upTo(slot + 1) - upTo(slot) }
  }
}
