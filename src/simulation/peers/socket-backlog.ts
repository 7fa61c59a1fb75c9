/**
 * How long datagrams wait in a socket before they are read: the reader is behind for some seconds, and then for all of them.
 */
import { type Duration, type Instant, micros, seconds } from '../../units.ts'
import type { Random } from './random.ts'

const SPELL = seconds(5)
/** How often the reader is behind. */
const OFTEN = 0.4
/** The reader is never faster. */
const SOON = 1_000

export class SocketBacklog {
  readonly #longest: Duration
  readonly #random: Random
  #spell = -1
  /** The share of the longest wait, while this spell lasts. */
  #behind = 0

  constructor(longest: Duration, random: Random) {
    this.#longest = longest
    this.#random = random
  }

  /** The wait of a datagram that comes now. */
  waitAt(now: Instant): Duration {
    const spell = Math.floor(now / SPELL)
    if (spell !== this.#spell) {
      this.#spell = spell
      this.#behind = this.#random.chance(OFTEN) ? this.#random.fraction() : 0
    }
    const wait = Math.round(this.#longest * this.#behind * (0.9 + 0.1 * this.#random.fraction()))
    return micros(wait + this.#random.between(0, SOON))
  }
}
