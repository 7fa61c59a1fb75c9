/**
 * What can be odd about a record beside the one before it: closed list, each a metric label, a word of the log and a line
 * of the glossary. None of them changes or stops a record.
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

/** Those that say that the figures themselves can't be true: labels of the session. */
export const IMPOSSIBLE = [
  'packet-size',
  'ipv6-beyond-aggregate',
  'rate-beyond-port',
] as const satisfies readonly Anomaly[]
export type Impossible = (typeof IMPOSSIBLE)[number]

/** Several anomalies fit into one number, a bit for each, in the order of the list. */
export const bitOf = (anomaly: Anomaly): number => 1 << ANOMALIES.indexOf(anomaly)
