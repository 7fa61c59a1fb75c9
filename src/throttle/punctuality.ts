/**
 * How a server served of late: of the requests of the last ten seconds, how many it answered in time.
 *
 * In time is within the time-out of the first transmission; a request counts when it is answered or when that time-out
 * has passed, whichever comes first, and once. So a server that answers every request only after a retransmission does
 * not look well. One count a second, ten seconds of them, and their running sums: each question and each note costs
 * the same however many requests there were.
 */
import { type Instant, MICROS_PER_SECOND } from '../units.ts'

/** Seconds that are looked back at. */
export const RECORD_SECONDS = 10

export class Punctuality {
  readonly #ended = new Array<number>(RECORD_SECONDS).fill(0)
  readonly #answered = new Array<number>(RECORD_SECONDS).fill(0)
  #second = 0
  #sumEnded = 0
  #sumAnswered = 0

  /** One more request, answered in time or not. */
  add(isAnswered: boolean, now: Instant): void {
    this.#moveTo(now)
    const place = this.#second % RECORD_SECONDS
    this.#ended[place] = this.#ended[place]! + 1
    this.#sumEnded += 1
    if (!isAnswered) return
    this.#answered[place] = this.#answered[place]! + 1
    this.#sumAnswered += 1
  }

  /** Requests that counted in the last ten seconds. */
  ended(now: Instant): number {
    this.#moveTo(now)
    return this.#sumEnded
  }

  /** Of these, those that were answered in time. */
  answered(now: Instant): number {
    this.#moveTo(now)
    return this.#sumAnswered
  }

  /** Whether at least so many counted in the last `seconds` (1 to 10, the running one included), and none was answered. */
  isUseless(seconds: number, atLeast: number, now: Instant): boolean {
    this.#moveTo(now)
    let ended = 0
    for (let back = 0; back < seconds; back += 1) {
      const place = (this.#second - back + RECORD_SECONDS) % RECORD_SECONDS
      if (this.#answered[place] !== 0) return false
      ended += this.#ended[place]!
    }
    return ended >= atLeast
  }

  #moveTo(now: Instant): void {
    const second = Math.floor(now / MICROS_PER_SECOND)
    const passed = Math.min(second - this.#second, RECORD_SECONDS)
    for (let step = 1; step <= passed; step += 1) {
      const place = (second - passed + step) % RECORD_SECONDS
      this.#sumEnded -= this.#ended[place]!
      this.#sumAnswered -= this.#answered[place]!
      this.#ended[place] = 0
      this.#answered[place] = 0
    }
    if (passed > 0) this.#second = second
  }
}
