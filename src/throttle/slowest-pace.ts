/**
 * The slowest pace at which a server was seen to answer, in the last 24 hours.
 *
 * The pace of a second says something only if there was always more to do: requests waited for this server, or its window was
 * full. Of a quiet night it would say that the server is slow. So a second counts only if each of its answers found it so, and
 * the last answer before it too. A server that stops or starts within a second is not slow: of two seconds that follow
 * each other the faster one is taken.
 */
import { type Instant, micros, secondOf } from '../units.ts'
import { RecentMinimum } from './recent-minimum.ts'

const HOURS = 24
const HOUR = micros(3_600_000_000)
const NEVER = Number.NEGATIVE_INFINITY

export class SlowestPace {
  readonly #slowest = new RecentMinimum({ parts: HOURS, length: HOUR })
  #second = NEVER
  #answers = 0
  /** Whether all answers of the second, and the last one before it, found the server busy. */
  #isBusy = false
  /** What the last answer found. */
  #wasBusy = false
  /** The last second that counts, and its answers. */
  #countedSecond = NEVER
  #counted = 0

  /** A request was answered, in time or late; `isBusy`: requests waited for this server, or its window was full. */
  answered(isBusy: boolean, now: Instant): void {
    const second = secondOf(now)
    if (second > this.#second) {
      if (this.#isBusy) this.#count(now)
      this.#second = second
      this.#answers = 0
      this.#isBusy = this.#wasBusy
    }
    this.#answers += 1
    this.#wasBusy = isBusy
    this.#isBusy &&= isBusy
  }

  /** Answers a second, 1 or more; undefined if it was never measured in that time. */
  at(now: Instant): number | undefined {
    return this.#slowest.least(now)
  }

  #count(now: Instant): void {
    if (this.#countedSecond === this.#second - 1) this.#slowest.note(Math.max(this.#counted, this.#answers), now)
    this.#countedSecond = this.#second
    this.#counted = this.#answers
  }
}
