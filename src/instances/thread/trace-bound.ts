/**
 * How much of a trace crosses from an instance: so many events a second, then none until the next second.
 *
 * Who follows a client that sends thousands of requests a second must not slow down what is followed. What is left out is
 * counted, and told with the next event that crosses.
 */
import { type Instant, secondOf } from '../../units.ts'

const MOST_A_SECOND = 2_000

export class TraceBound {
  #second = -1
  #told = 0
  #lost = 0

  /** The number of events left out before this one; undefined where this one is left out too. */
  admit(now: Instant): number | undefined {
    const second = secondOf(now)
    if (second !== this.#second) {
      this.#second = second
      this.#told = 0
    }
    if (this.#told >= MOST_A_SECOND) {
      this.#lost += 1
      return undefined
    }
    this.#told += 1
    const lost = this.#lost
    this.#lost = 0
    return lost
  }
}
