/**
 * What can be odd about a record beside the one before it. Each anomaly of the list is a metric label, a word of the log and
 * a line of the glossary. None of them changes or stops a record.
 */

export const ANOMALIES = [
  'counter-wrapped',
  'counter-fell',
  'session-id-reused',
  'out-of-order',
  'packet-size',
  'ipv6-beyond-aggregate',
  'rate-beyond-port',
  'stop-without-counters',
  'missing-start',
] as const
export type Anomaly = (typeof ANOMALIES)[number]

/** These say that the figures themselves cannot be true. They are labels of the session. */
export const IMPOSSIBLE = [
  'packet-size',
  'ipv6-beyond-aggregate',
  'rate-beyond-port',
] as const satisfies readonly Anomaly[]
export type Impossible = (typeof IMPOSSIBLE)[number]

/** Several anomalies fit into one number, a bit for each, in the order of the list. */
export const bitOf = (anomaly: Anomaly): number => 1 << ANOMALIES.indexOf(anomaly)

/** Each kind is reported once a second at most: a client of odd records must not fill the log. An anomaly is its index here. */
export class AnomalyCounts {
  readonly #counts = ANOMALIES.map(() => 0)
  readonly #unreported = ANOMALIES.map(() => 0)
  readonly #reportedAt = ANOMALIES.map(() => -1)

  /** One more. Returns how many are to be reported now, this one included, or 0. */
  add(index: number, second: number): number {
    this.#counts[index]! += 1
    this.#unreported[index]! += 1
    if (this.#reportedAt[index] === second) return 0
    const unreported = this.#unreported[index]!
    this.#reportedAt[index] = second
    this.#unreported[index] = 0
    return unreported
  }

  all(): Record<Anomaly, number> {
    const pairs = ANOMALIES.map((anomaly, index) => [anomaly, this.#counts[index]])
    return Object.fromEntries(pairs) as Record<Anomaly, number>
  }
}
