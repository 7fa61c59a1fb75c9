/**
 * What `radsluice show` prints of a running daemon, one function for each part.
 */

import { CLASS_TRAITS, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import type { ClientReport, LaneReport, StatusReport } from '../../observe/status-report.ts'
import { expiredOf, oldestAgeOf, queuedOf, sentOf, shedOf } from '../../observe/view/client-use.ts'
import { lengthOfTime, MICROS_PER_SECOND } from '../../units.ts'
import { rfcCounters } from './rfc-counters.ts'
import { alarmLine, causeLines, instanceTable, overrideLines, serverTable, slotTable } from './status-text.ts'
import { type Column, oldestText, percent, table, tableOf } from './table.ts'

export const SHOW_TEXT = {
  servers: (report: StatusReport): string[] => [
    ...serverTable(report.lanes),
    ...causeLines(report.lanes),
    '',
    ...slotTable(report.lanes),
    ...ceilingTable(report.lanes),
    ...overrideLines(report),
  ],
  queues: queueTable,
  clients: ({ clients }: StatusReport): string[] => [
    ...tableOf(CLIENT_COLUMNS, clients),
    '',
    'SENT, SHED, EXPIRED and SHARE (of what all clients sent) are since the start; "radsluice top" has the last seconds',
  ],
  instances: instanceTable,
  counters: ({ lanes }: StatusReport): string[] => lanes.filter(({ retiring }) => !retiring).flatMap(counterLines),
  alarms: ({ alarms, clock }: StatusReport): string[] =>
    alarms.length === 0
      ? ['no alarm is raised']
      : alarms.map((alarm) => alarmLine(alarm, clock.wall_us / MICROS_PER_SECOND)),
} as const satisfies Readonly<Record<string, (report: StatusReport) => string[]>>

/** The same parts for programs. */
export const SHOW_JSON = {
  servers: ({ lanes, overrides }: StatusReport) => ({ lanes, overrides }),
  queues: ({ classes, lanes, limits }: StatusReport) => ({
    limits,
    classes,
    lanes: lanes.map(({ server, class: name, queued, queuedBytes, oldestAge }) => ({
      server,
      class: name,
      queued,
      queuedBytes,
      oldestAge,
    })),
  }),
  clients: ({ clients, busiest }: StatusReport) => ({ clients, busiest }),
  instances: ({ instances }: StatusReport) => ({ instances }),
  counters: ({ lanes }: StatusReport) => ({
    counters: lanes
      .filter(({ retiring }) => !retiring)
      .map((lane) => ({ server: lane.server, class: lane.class, ...Object.fromEntries(rfcCounters(lane)) })),
  }),
  alarms: ({ alarms }: StatusReport) => ({ alarms }),
} as const satisfies Readonly<Record<keyof typeof SHOW_TEXT, (report: StatusReport) => object>>

const CLIENT_COLUMNS: readonly Column<ClientReport>[] = [
  ['CLIENT', ({ name }) => name],
  ...TRAFFIC_CLASSES.map(
    (each): Column<ClientReport> => [
      `${CLASS_TRAITS[each].short.toUpperCase()} RECEIVED`,
      ({ received }) => received[each],
    ],
  ),
  ['DROPPED', ({ dropped }) => dropped],
  ['BAD AUTHENTICATORS', ({ badAuthenticators }) => badAuthenticators],
  ['QUEUED', queuedOf],
  ['OLDEST', (client) => oldestText(oldestAgeOf(client))],
  ['SENT', sentOf],
  ['SHARE', ({ share }) => percent(share)],
  ['WEIGHT', ({ weight }) => weight],
  ['SHED', shedOf],
  ['EXPIRED', expiredOf],
]

function ceilingTable(lanes: readonly LaneReport[]): string[] {
  const rows = lanes.flatMap(({ server, class: name, ceiling, maxOutstanding, holdingTime, retiring }) => {
    if (ceiling === undefined || retiring) return []
    const held = holdingTime === 0 ? '-' : `${(holdingTime / 1_000).toFixed(1)} ms`
    return [[server, name, `${Math.floor(ceiling.rate)}/s`, ceiling.because, maxOutstanding, held]]
  })
  if (rows.length === 0) return []
  return ['', ...table(['SERVER', 'CLASS', 'CEILING', 'BECAUSE OF', 'MAX OUTSTANDING', 'HELD FOR'], rows)]
}

/** How long a message may wait. */
function ageText({ age, ageIfOnce }: StatusReport['limits'][TrafficClass]): string {
  const most = lengthOfTime(age / MICROS_PER_SECOND)
  if (ageIfOnce === undefined) return `each for ${most}`
  const once = lengthOfTime(ageIfOnce / MICROS_PER_SECOND)
  return `each until just before its client's next copy; ${once} if it came once; ${most} at most`
}

function queueTable({ classes, lanes, limits, instances }: StatusReport): string[] {
  const age = (micros: number): string => lengthOfTime(micros / MICROS_PER_SECOND)
  const rows = TRAFFIC_CLASSES.flatMap((name) => {
    const of = classes[name]
    const waiting = lanes.filter((lane) => lane.class === name && !lane.retiring)
    return [
      [name, 'all', of.queued, of.queuedBytes, age(of.oldestAge)],
      [name, 'instance queue', of.instanceQueued, of.instanceQueuedBytes, age(of.instanceOldestAge)],
      ...waiting.map((lane) => [name, `for ${lane.server}`, lane.queued, lane.queuedBytes, age(lane.oldestAge)]),
      [name, 'parked', of.parked, '-', '-'],
      ...(of.setAside === 0 ? [] : [[name, 'set aside', of.setAside, '-', '-']]),
    ]
  })
  const each = instances.length > 1 ? ' in each instance' : ''
  const bounds = TRAFFIC_CLASSES.map((name) => {
    const { messages, bytes } = limits[name]
    return `${name} may hold ${messages.toLocaleString('en-US')} messages and ${bytes.toLocaleString('en-US')} bytes${each}, ${ageText(limits[name])}`
  })
  return [...table(['CLASS', 'QUEUE', 'MESSAGES', 'BYTES', 'OLDEST'], rows), '', ...bounds]
}

function counterLines(lane: LaneReport): string[] {
  const rows = rfcCounters(lane).map(([name, value]) => [`  ${name}`, value])
  const [, ...lines] = table(['', ''], rows)
  return [`${lane.server} ${lane.class} (${CLASS_TRAITS[lane.class].rfc})`, ...lines]
}
