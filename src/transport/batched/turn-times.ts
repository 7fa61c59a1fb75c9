/**
 * How late what arrives comes to its turn: turns that took long, and waits that ended late since the thread was not let run.
 *
 * The worst of each 20 ms is one sample, as in Node's own measure (`monitorEventLoopDelay`), so that a pause counts as much under load
 * as in quiet times. The samples are in a histogram with four steps for each power of two.
 */
import { after, type Duration, type Instant, instant, millis } from '../../units.ts'
import type { Delay } from '../ports.ts'

const STEPS_OF_POWER = 4
const STEPS = 32 * STEPS_OF_POWER
const MICROS = 1_000_000
const WINDOW = millis(20)

export class TurnTimes {
  readonly #counts = new Int32Array(STEPS)
  #count = 0
  #sum = 0
  #longest = 0
  #windowEnds = instant(0)
  #worst = 0

  add(duration: Duration, now: Instant): void {
    if (now >= this.#windowEnds) {
      this.#endWindow()
      this.#windowEnds = after(now, WINDOW)
    }
    if (duration > this.#worst) this.#worst = duration
  }

  /** Since it was read last; begins anew. */
  read(): Delay {
    this.#endWindow()
    this.#windowEnds = instant(0)
    const read = { mean: this.#mean(), p99: this.#quantile(0.99), max: this.#longest / MICROS }
    this.#counts.fill(0)
    this.#count = 0
    this.#sum = 0
    this.#longest = 0
    return read
  }

  #endWindow(): void {
    const worst = this.#worst
    this.#worst = 0
    if (worst === 0) return
    this.#counts[stepOf(worst)]! += 1
    this.#count += 1
    this.#sum += worst
    if (worst > this.#longest) this.#longest = worst
  }

  #mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count / MICROS
  }

  /** Seconds, at most a quarter above what it was. */
  #quantile(share: number): number {
    let left = Math.ceil(this.#count * share)
    for (let step = 0; step < STEPS && this.#count > 0; step += 1) {
      left -= this.#counts[step] as number
      if (left <= 0) return Math.min(this.#longest, endOf(step)) / MICROS
    }
    return 0
  }
}

/** From 4 up: the power of two, and the next two bits. */
function stepOf(duration: number): number {
  const whole = Math.min(0x7fff_ffff, duration) | 0
  if (whole < STEPS_OF_POWER) return whole
  const power = 31 - Math.clz32(whole)
  return power * STEPS_OF_POWER + ((whole >>> (power - 2)) & 0b11)
}

/** The longest duration of that step, and of those before it. */
function endOf(step: number): number {
  if (step < STEPS_OF_POWER) return step
  const power = Math.floor(step / STEPS_OF_POWER)
  return (STEPS_OF_POWER + (step % STEPS_OF_POWER) + 1) * 2 ** (power - 2) - 1
}
