/**
 * The kernel's count of UDP datagrams, from /proc/net/snmp. What generator and sink report is compared with it.
 *
 * It counts the whole machine (or network namespace), so other traffic adds to it and nothing subtracts from it.
 */
export interface UdpCounters {
  /** Datagrams that programs took out of their sockets. */
  readonly received: number
  readonly sent: number
  /** Thrown away at full receive buffers. */
  readonly bufferErrors: number
}

const COLUMNS = { received: 'InDatagrams', sent: 'OutDatagrams', bufferErrors: 'RcvbufErrors' } as const

/** Reads the text of /proc/net/snmp; undefined where it has no such lines. */
export function parseUdpCounters(snmp: string): UdpCounters | undefined {
  const [names, values] = snmp
    .split('\n')
    .filter((line) => line.startsWith('Udp: '))
    .map((line) => line.split(' ').slice(1))
  const read = (column: string): number => Number(values?.[names?.indexOf(column) ?? -1])
  const counters = {
    received: read(COLUMNS.received),
    sent: read(COLUMNS.sent),
    bufferErrors: read(COLUMNS.bufferErrors),
  }
  return Object.values(counters).every(Number.isFinite) ? counters : undefined
}

export const counted = (before: UdpCounters, after: UdpCounters): UdpCounters => ({
  received: after.received - before.received,
  sent: after.sent - before.sent,
  bufferErrors: after.bufferErrors - before.bufferErrors,
})
