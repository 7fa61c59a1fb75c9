/**
 * When to look for the responses to what a turn has sent, while the tick still gathers requests.
 *
 *     turn: requests out      look: responses in, answers out         next turn
 *     |-------- delay --------|                                       |
 *     |---------------------------- tick -----------------------------|
 *
 * The responses of a near server come within some tens of microseconds and would wait for the rest of the tick. A look that comes
 * soon after a turn is cheap, since what it needs is still in the processor's caches. How soon, it learns: by turns it looks a
 * quarter sooner and a quarter later than its delay. The delay grows if the later look finds clearly more, else it shrinks. So
 * servers further away, whose responses no look can find, change nothing. If too few are found at all, no look is made for a second.
 */
import { after, type Duration, type Instant, instant, micros, seconds } from '../../units.ts'

/** Of a tick: where the delay begins, the most that it may be, and the least: below that no later look would find more. */
const FIRST = 1 / 2
const MOST = 3 / 5
const LEAST = 1 / 8
const SOONER = 3 / 4
const LATER = 5 / 4
/** By how much of a tick the delay grows where the later look finds all and the other one none. */
const STEP = 1 / 16
/** Of the responses: so many more make a later look worth its while. */
const LEAST_GAIN = 1 / 16
/** So many must be found, on average over some looks. */
const LEAST_SHARE = 1 / 4
const LOOKS_IN_SHARE = 64
const PAUSE = seconds(1)

export class SecondLook {
  readonly #tick: Duration
  #delay: number
  #isLater = false
  /** Of the requests of the last turn. */
  #sent = 0
  #at: Instant | undefined
  /** Responses by the look after that turn; undefined if there was none. */
  #found: number | undefined
  /** What the look before this one found, and what looks find on average: shares of what was sent. */
  #foundSooner = 0
  #share = 1
  #pausesUntil = instant(0)

  /** `tick` is 0 if nothing is gathered: then no look is ever made. */
  constructor(tick: Duration) {
    this.#tick = tick
    this.#delay = tick * FIRST
  }

  /** A turn is over, no look: it has sent so many requests to servers. */
  turned(requests: number, now: Instant): void {
    if (this.#found !== undefined) this.#learn(Math.min(1, this.#found / this.#sent), now)
    this.#found = undefined
    this.#sent = requests
    const isOfUse = requests > 0 && now >= this.#pausesUntil
    const delay = Math.round(this.#delay * (this.#isLater ? LATER : SOONER))
    this.#at = isOfUse ? after(now, micros(delay)) : undefined
  }

  /** When to look next, if that is before `until`. */
  before(until: Instant): Instant | undefined {
    return this.#at === undefined || this.#at >= until ? undefined : this.#at
  }

  /** It was made, and found so many responses. */
  looked(responses: number): void {
    this.#found = responses
    this.#at = undefined
  }

  #learn(share: number, now: Instant): void {
    this.#share += (share - this.#share) / LOOKS_IN_SHARE
    if (this.#isLater) {
      const change = this.#tick * STEP * (share - this.#foundSooner - LEAST_GAIN)
      this.#delay = Math.min(this.#tick * MOST, Math.max(this.#tick * LEAST, this.#delay + change))
    } else this.#foundSooner = share
    this.#isLater = !this.#isLater
    if (this.#share >= LEAST_SHARE) return
    this.#share = 1
    this.#delay = this.#tick * FIRST
    this.#pausesUntil = after(now, PAUSE)
  }
}
