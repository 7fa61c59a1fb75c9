/**
 * Whether a turn comes at once, or gathers what arrives in the rest of a tick.
 *
 * A turn has a price of its own (it asks what is ready, and calls the system for each socket), so datagrams that share one are
 * cheaper. If fewer than two would share it, gathering costs time and saves nothing: then each is served at once.
 */
import { after, type Duration, type Instant, since } from '../../units.ts'

/** Messages of a tick from which on it is worth waiting for. */
const WORTH_GATHERING = 2
/** What arrived this long ago counts half. Microseconds. */
const MEMORY = 5_000

export class Tick {
  readonly #tick: Duration
  /** Messages a microsecond, those of long ago counting less. */
  #rate = 0
  #lastTurn: Instant | undefined
  /** Messages that were read since, between two turns. */
  #between = 0

  /** 0: every turn comes at once. */
  constructor(tick: Duration) {
    this.#tick = tick
  }

  /** A turn began and found so many messages. */
  turned(messages: number, now: Instant): void {
    const passed = this.#lastTurn === undefined ? MEMORY : Math.max(1, since(this.#lastTurn, now))
    const weight = passed / (passed + MEMORY)
    this.#rate += ((messages + this.#between) / passed - this.#rate) * weight
    this.#between = 0
    this.#lastTurn = now
  }

  /** So many messages were read while it gathers. */
  looked(messages: number): void {
    this.#between += messages
  }

  /** When the next turn may come, if what arrives until then is gathered; undefined: at once. */
  gathersUntil(now: Instant): Instant | undefined {
    if (this.#lastTurn === undefined || this.#rate * this.#tick < WORTH_GATHERING) return undefined
    const end = after(this.#lastTurn, this.#tick)
    return end > now ? end : undefined
  }
}
