/**
 * The least of the values of the last while, such as the last 10 minutes.
 *
 * The while is divided into parts, and of each part only its minimum is kept. When a new part begins, the oldest leaves with its
 * minimum: so a value is remembered for between `parts - 1` and `parts` parts. It costs the same however many values come.
 */
import type { Duration, Instant } from '../units.ts'

const NOTHING = Number.POSITIVE_INFINITY

export class RecentMinimum {
  readonly #minima: number[]
  readonly #length: Duration
  /** The number of the newest part, counted on the clock. */
  #part = 0

  /** `parts` 1 or more, each `length` long. */
  constructor({ parts, length }: { readonly parts: number; readonly length: Duration }) {
    this.#minima = Array.from({ length: parts }, () => NOTHING)
    this.#length = length
  }

  note(value: number, now: Instant): void {
    const part = this.#partOf(now)
    const { length } = this.#minima
    for (let left = Math.min(length, part - this.#part); left > 0; left -= 1) {
      this.#minima[(part - left + 1) % length] = NOTHING
    }
    this.#part = part
    const place = part % length
    this.#minima[place] = Math.min(this.#minima[place]!, value)
  }

  /** Undefined if nothing came in that time. */
  least(now: Instant): number | undefined {
    const { length } = this.#minima
    const part = this.#partOf(now)
    let least = NOTHING
    // Those of parts that are over since the last value was noted do not count any more.
    for (let at = Math.max(0, part - length + 1); at <= this.#part; at += 1) {
      least = Math.min(least, this.#minima[at % length]!)
    }
    return least === NOTHING ? undefined : least
  }

  /** A time that went back counts as the newest part. */
  #partOf(now: Instant): number {
    return Math.max(this.#part, Math.floor(now / this.#length))
  }
}
