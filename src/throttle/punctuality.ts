/**
 * How a server has served of late: of the requests of the last ten seconds, how many it answered in time.
 *
 * In time means within the time-out of the first transmission. A request counts once, when it is answered or when that
 * time-out has passed. So a server that answers every request only after a retransmission does not look well. There is one
 * count for each second, and running sums of them: a question costs the same however many requests there were.
 */
import { type Instant, MICROS_PER_SECOND, since } from '../units.ts'

/** The seconds that count, the running one included. */
const SECONDS = 10
/** Fewer requests than these say nothing of how a server serves. */
const ENOUGH_ENDED = 10
/** It serves badly if it answers less than one request in ten. */
const ONE_IN = 10
/** Under load it shows sooner: so many requests in so many seconds, and none of them answered in time. */
const USELESS_SECONDS = 4
const USELESS_ENDED = 50
/** The fewest requests that end Failing, and how many of the latest are remembered. */
const ENOUGH_TO_RECOVER = 3
const TALLY_MOST = 6

export class Punctuality {
  readonly #ended = new Array<number>(SECONDS).fill(0)
  readonly #answered = new Array<number>(SECONDS).fill(0)
  #second = 0
  #sumEnded = 0
  #sumAnswered = 0
  /** Of the latest requests since `restart`. */
  readonly #tally = { ended: 0, answered: 0 }

  note(isAnswered: boolean, now: Instant): void {
    this.#moveTo(now)
    const place = this.#second % SECONDS
    const one = isAnswered ? 1 : 0
    this.#ended[place]! += 1
    this.#answered[place]! += one
    this.#sumEnded += 1
    this.#sumAnswered += one
    this.#tally.ended += 1
    this.#tally.answered += one
    if (this.#tally.ended <= TALLY_MOST) return
    this.#tally.ended /= 2
    this.#tally.answered /= 2
  }

  restart(): void {
    this.#tally.ended = 0
    this.#tally.answered = 0
  }

  /** Whether it has answered half of its latest requests, be they many or few. */
  hasRecovered(now: Instant): boolean {
    this.#moveTo(now)
    if (this.#sumEnded >= ENOUGH_ENDED && this.#sumAnswered * 2 < this.#sumEnded) return false
    return this.#tally.ended >= ENOUGH_TO_RECOVER && this.#tally.answered * 2 >= this.#tally.ended
  }

  /** Whether it serves better than badly, as far as is known: nothing bad is known of a server that was asked nothing. */
  servesWell(now: Instant): boolean {
    this.#moveTo(now)
    return this.#sumAnswered * ONE_IN >= this.#sumEnded
  }

  /** Why it is of little use though it was heard at `heardAt`; undefined if it serves, or if it was silent meanwhile. */
  whyUseless(heardAt: Instant, now: Instant): string | undefined {
    const silence = since(heardAt, now)
    this.#moveTo(now)
    if (this.#sumEnded >= ENOUGH_ENDED && !this.servesWell(now) && silence <= SECONDS * MICROS_PER_SECOND) {
      return `it answered ${this.#sumAnswered} of the last ${this.#sumEnded} requests in time`
    }
    if (silence > USELESS_SECONDS * MICROS_PER_SECOND || !this.#answersNone()) return undefined
    return `it answered no request of the last ${USELESS_SECONDS} s in time`
  }

  #answersNone(): boolean {
    let ended = 0
    for (let back = 0; back < USELESS_SECONDS; back += 1) {
      const place = (this.#second - back + SECONDS) % SECONDS
      if (this.#answered[place] !== 0) return false
      ended += this.#ended[place]!
    }
    return ended >= USELESS_ENDED
  }

  #moveTo(now: Instant): void {
    const second = Math.floor(now / MICROS_PER_SECOND)
    const passed = Math.min(second - this.#second, SECONDS)
    for (let step = 1; step <= passed; step += 1) {
      const place = (second - passed + step) % SECONDS
      this.#sumEnded -= this.#ended[place]!
      this.#sumAnswered -= this.#answered[place]!
      this.#ended[place] = 0
      this.#answered[place] = 0
    }
    if (passed > 0) this.#second = second
  }
}
