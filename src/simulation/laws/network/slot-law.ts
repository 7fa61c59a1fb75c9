/**
 * No slot over its quota, no grid second over max-rate, no sliding second over max-rate and one quota, counted from the
 * datagrams that leave.
 */
import type { EngineOptions } from '../../../proxy/border/options.ts'
import type { Instant } from '../../../units.ts'
import { SlotBooks } from '../../books/slot-books.ts'
import { BrokenLaw, type ObservedWorld, type Observer } from '../../world/observer.ts'

/** How long a sliding second is, in microseconds. */
const A_SECOND = 1_000_000

export class SlotLaw implements Observer {
  readonly #books: SlotBooks

  constructor(options: EngineOptions) {
    this.#books = new SlotBooks(options)
  }

  begins(world: ObservedWorld): void {
    this.#books.begins(world)
  }

  reconfigured(options: EngineOptions, now: Instant): void {
    this.#books.reconfigured(options, now)
  }

  /** What the slot of `now` still has for a lane, by the books kept here; Infinity where its rate is unlimited. */
  leftOf(lane: number, now: Instant): number {
    return this.#books.of(lane, now).leftAt(now)
  }

  forwarded(lane: number, _port: number, _bytes: Uint8Array, now: Instant): void {
    const count = this.#books.of(lane, now)
    if (count.maxRate === 0) return
    const sinceThen = count.count(now)
    const quota = count.quotaAt(now)
    const saw = (many: number, where: string): string => `lane ${lane} sent ${many} in ${where}`
    if (count.inSlot > quota) throw new BrokenLaw('slot', saw(count.inSlot, `a slot of ${quota}`), now)
    if (count.inSecond > count.maxRate) {
      throw new BrokenLaw('second', saw(count.inSecond, `a grid second of ${count.maxRate}`), now)
    }
    if (sinceThen < A_SECOND) {
      throw new BrokenLaw('sliding second', saw(count.slidingLimit + 1, `less than a second`), now)
    }
  }
}
