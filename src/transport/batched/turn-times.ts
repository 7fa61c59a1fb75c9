/**
 * How long turns took: what arrives during one waits that long. In a histogram whose steps are a quarter of a power of two.
 */
import type { Duration } from '../../units.ts'
import type { Delay } from '../ports.ts'

const STEPS_OF_POWER = 4
const STEPS = 30 * STEPS_OF_POWER
const MICROS = 1_000_000

export class TurnTimes {
  readonly #counts = new Int32Array(STEPS)
  #count = 0
  #sum = 0
  #longest = 0

  add(duration: Duration): void {
    const step = Math.ceil(Math.log2(Math.max(1, duration)) * STEPS_OF_POWER)
    this.#counts[Math.min(STEPS - 1, step)]! += 1
    this.#count += 1
    this.#sum += duration
    if (duration > this.#longest) this.#longest = duration
  }

  /** Since it was read last; begins anew. */
  read(): Delay {
    const read = { mean: this.#mean(), p99: this.#quantile(0.99), max: this.#longest / MICROS }
    this.#counts.fill(0)
    this.#count = 0
    this.#sum = 0
    this.#longest = 0
    return read
  }

  #mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count / MICROS
  }

  /** Seconds, at most a fifth above what it was. */
  #quantile(share: number): number {
    let left = Math.ceil(this.#count * share)
    for (let step = 0; step < STEPS && this.#count > 0; step += 1) {
      left -= this.#counts[step] as number
      if (left <= 0) return Math.min(this.#longest, 2 ** (step / STEPS_OF_POWER)) / MICROS
    }
    return 0
  }
}
