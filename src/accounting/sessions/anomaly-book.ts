/**
 * How often each anomaly was found, and when it is time to tell of it again: once a second for each kind, since a client
 * that sends nothing but odd records must not fill the log. An anomaly is its place in `ANOMALIES` here.
 */
import { ANOMALIES, type Anomaly } from './anomalies.ts'

export class AnomalyBook {
  readonly #counts = ANOMALIES.map(() => 0)
  readonly #untold = ANOMALIES.map(() => 0)
  readonly #toldAt = ANOMALIES.map(() => -1)

  /** One more; answers how many are to be told of now, this one included, or 0. */
  add(place: number, second: number): number {
    this.#counts[place]! += 1
    this.#untold[place]! += 1
    if (this.#toldAt[place] === second) return 0
    const untold = this.#untold[place]!
    this.#toldAt[place] = second
    this.#untold[place] = 0
    return untold
  }

  counts(): Record<Anomaly, number> {
    const pairs = ANOMALIES.map((anomaly, place) => [anomaly, this.#counts[place]])
    return Object.fromEntries(pairs) as Record<Anomaly, number>
  }
}
