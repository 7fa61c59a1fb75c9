/**
 * When to look for the responses to what a turn has sent, while the tick still gathers requests.
 *
 *     turn: requests out      look: responses in, answers out         next turn
 *     |-------- delay --------|                                       |
 *     |---------------------------- tick -----------------------------|
 *
 * The responses of a near server come within some tens of microseconds and would wait for the rest of the tick. A look that comes
 * soon after a turn is cheap, since what it needs is still in the processor's caches. How soon, it learns: the delay follows the
 * responses until on average one in eight comes too late for the look. Where that would be too late to be of use, because the
 * servers are far away, none is made for a second.
 */
import { after, type Duration, type Instant, instant, micros, seconds } from '../../units.ts'

/** Of a tick: where the delay begins, the most that it may be, and by how much it changes where all responses come too late. */
const FIRST = 1 / 4
const MOST = 3 / 4
const STEP = 1 / 32
/** Of the responses, those that may come too late for it. */
const LATE_SHARE = 1 / 8
const PAUSE = seconds(1)

export class SecondLook {
  readonly #tick: Duration
  #delay: number
  #at: Instant | undefined
  /** By the look since the last turn; undefined if there was none. */
  #found: number | undefined
  #pausesUntil = instant(0)

  /** `tick` is 0 if nothing is gathered: then no look is ever made. */
  constructor(tick: Duration) {
    this.#tick = tick
    this.#delay = tick * FIRST
  }

  /** A turn is over, no look: so many responses had waited for it, and it sent so many requests. */
  turned(responses: number, requests: number, now: Instant): void {
    if (this.#found !== undefined) this.#learn(this.#found, responses, now)
    this.#found = undefined
    const isOfUse = requests > 0 && now >= this.#pausesUntil
    this.#at = isOfUse ? after(now, micros(Math.round(this.#delay))) : undefined
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

  #learn(found: number, late: number, now: Instant): void {
    // Where nothing came at all, the servers are not so near.
    const lateShare = found + late === 0 ? 1 : late / (found + late)
    this.#delay = Math.max(0, this.#delay + this.#tick * STEP * (lateShare - LATE_SHARE))
    if (this.#delay <= this.#tick * MOST) return
    this.#delay = this.#tick * FIRST
    this.#pausesUntil = after(now, PAUSE)
  }
}
