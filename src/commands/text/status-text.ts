/**
 * The status report as text: the most important first, then one table each for servers, slots and classes.
 */

import { endpointText } from '../../addresses.ts'
import { TRAFFIC_CLASSES } from '../../classes.ts'
import type { AlarmReport } from '../../observe/alarms/alarm-text.ts'
import type { LaneReport, StatusReport } from '../../observe/status-report.ts'
import { STATE_WORDS } from '../../observe/view/view.ts'
import { lengthOfTime, MICROS_PER_SECOND } from '../../units.ts'
import { type Column, table, tableOf } from './table.ts'

/** 1 if it is degraded, or if logins or records are lost. */
export const exitCodeOf = ({ ok }: Pick<StatusReport, 'ok'>): 0 | 1 => (ok ? 0 : 1)

export function statusText(report: StatusReport): string[] {
  return [
    ...headLines(report),
    '',
    ...serverTable(report.lanes),
    ...causeLines(report.lanes),
    '',
    ...slotTable(report.lanes),
    '',
    ...classTable(report),
    ...endedLines(report),
    ...instancesWorthALine(report),
  ]
}

function headLines(report: StatusReport): string[] {
  const { ok, ready, config } = report
  const serves = ok ? (report.alarms.length === 0 ? 'healthy' : 'serving, with alarms') : 'serving, with concerns'
  const { alarms, notReady, concerns, health, overrides } = troublesOf(report)
  const attached = report.attached.map(({ kind, by }) => `attached: ${kind} by ${by}`)
  const watching = watchErrorLines(report.watchErrors)
  return [
    `radsluice ${report.version}  pid ${report.pid}  ${report.phase}, ${ready ? serves : 'not ready'}, health ${report.health.score} of 10  up ${lengthOfTime(report.uptimeSeconds)}`,
    ...[alarms, notReady, concerns, health, overrides, attached, watching].flat().map((line) => `  ${line}`),
    `configuration ${config.file}  ${config.digest.slice(0, 12)}  reloads ${config.reloadsOk} taken, ${config.reloadsFailed} refused`,
    `listening ${report.listeners.map(listenerText).join(', ')}`,
    `packet I/O ${report.packetIo.use}: ${report.packetIo.why}`,
    ...transportLines(report),
  ]
}

const TRANSPORT_WORDS = {
  sendBufferFull: 'not sent since the send buffer was full',
  strangeAge: 'with an impossible time stamp',
} as const

/** Datagrams that the transport counted by name, where there were any; all instances together. */
function transportLines({ instances }: StatusReport): string[] {
  const counted = Object.entries(TRANSPORT_WORDS).flatMap(([name, words]) => {
    const count = instances.reduce(
      (sum, { transport }) => sum + (transport?.[name as keyof typeof TRANSPORT_WORDS] ?? 0),
      0,
    )
    return count === 0 ? [] : [`${count} ${words}`]
  })
  return counted.length === 0 ? [] : [`datagrams ${counted.join(', ')}`]
}

/** What is wrong, a line each. */
export const troublesOf = (report: StatusReport) => ({
  notReady: report.notReady.map((reason) => `not ready: ${reason}`),
  alarms: report.alarms.map((alarm) => alarmLine(alarm, report.clock.wall_us / MICROS_PER_SECOND)),
  overrides: overrideLines(report),
  health: report.health.reasons.map(({ says, cost }) => `health: ${says}, costs ${cost}`),
  concerns: report.concerns.map((concern) => `look: ${concern}`),
})

/** Errors that cost figures and no packet. */
function watchErrorLines(errors: StatusReport['watchErrors']): string[] {
  const some = Object.entries(errors).filter(([, count]) => count > 0)
  if (some.length === 0) return []
  return [
    `errors in watching: ${some.map(([place, count]) => `${count} ${place}`).join(', ')}; see watch-failed in the log`,
  ]
}

/** `192.0.2.7:1812 (authentication, absent)`. */
function listenerText({ address, class: name, presence, isOptional }: StatusReport['listeners'][number]): string {
  const how = {
    listening: '',
    bound: ', no interface has the address yet',
    absent: isOptional ? ', absent: optional' : ', ABSENT',
  }[presence]
  return `${address} (${name}${how})`
}

export const rateText = (perSecond: number): string => (perSecond === 0 ? 'unlimited' : `${perSecond}/s`)

/** What operators have changed. */
export function overrideLines({ overrides: { held, maxRates, logLevel } }: Pick<StatusReport, 'overrides'>): string[] {
  return [
    ...held.map(
      ({ server, class: name, by }) =>
        `override: ${server} is held Down for ${name}, by ${by}; "radsluice server up ${server}" ends it`,
    ),
    ...maxRates.map(
      ({ server, class: name, maxRate, configured, by }) =>
        `override: max_rate of ${server} for ${name} is ${rateText(maxRate)} until the next reload (${rateText(configured)} in the file), by ${by}`,
    ),
    ...(logLevel === undefined
      ? []
      : [`override: log level is ${logLevel.level} until the next reload, by ${logLevel.by}`]),
  ]
}

/** `alarm queue-fill (warning) for 12 s: accounting: the queue is filled to 83 %; look at ...` */
export const alarmLine = (
  { id, severity, about, since_unix, what, advice }: AlarmReport,
  unixSeconds: number,
): string => {
  const subject = about === '' ? '' : `${about}: `
  return `alarm ${id} (${severity}) for ${lengthOfTime(Math.max(0, unixSeconds - since_unix))}: ${subject}${what}; ${advice}`
}

/** `Down`, `held Down`, `removed`. */
export const stateOf = ({ retiring, isHeldDown, state }: LaneReport): string =>
  retiring ? 'removed' : isHeldDown ? 'held Down' : STATE_WORDS[state]

/** Whether `throttle.adaptive` is on. */
export const hasWindow = (lanes: readonly LaneReport[]): boolean => lanes.some(({ window }) => window !== undefined)

const WINDOW_COLUMN: Column<LaneReport> = ['WINDOW', ({ window }) => window ?? '-']
const SERVER_COLUMNS: readonly Column<LaneReport>[] = [
  ['SERVER', ({ server }) => server],
  ['CLASS', (lane) => lane.class],
  ['ADDRESS', endpointText],
  ['STATE', stateOf],
  ['QUEUED', ({ queued }) => queued],
  ['OLDEST', ({ oldestAge }) => lengthOfTime(oldestAge / MICROS_PER_SECOND)],
  ['OUTSTANDING', ({ outstanding, maxOutstanding }) => `${outstanding}/${maxOutstanding}`],
  WINDOW_COLUMN,
  ['IDS FREE', ({ identifiers }) => identifiers.free],
  ['RTT', (lane) => roundTripText(lane)],
  ['TIMEOUTS', ({ counters }) => counters.timeouts],
]

export const serverTable = (lanes: readonly LaneReport[]): string[] =>
  tableOf(hasWindow(lanes) ? SERVER_COLUMNS : SERVER_COLUMNS.filter((column) => column !== WINDOW_COLUMN), lanes)

/** Why servers are silent or slow: `fr-2, accounting: nothing listens at ...`. */
export const causeLines = (lanes: readonly LaneReport[]): string[] =>
  lanes.flatMap(({ server, class: name, likelyCause }) =>
    likelyCause === undefined ? [] : [`${server}, ${name}: ${likelyCause}`],
  )

/** `7.1 ms`, `-` if unknown. */
export const roundTripText = ({ roundTripTime }: Pick<LaneReport, 'roundTripTime'>): string =>
  roundTripTime === undefined ? '-' : `${(roundTripTime / 1_000).toFixed(1)} ms`

export const slotTable = (lanes: readonly LaneReport[]): string[] =>
  table(
    ['SERVER', 'CLASS', 'MAX RATE', 'SLOTS/S', 'SLOT', 'BEGAN AT', 'LENGTH', 'QUOTA', 'SENT'],
    lanes.map(({ server, class: name, slots }) => {
      const { maxRate, pendingMaxRate, slotsPerSecond, slot, quota, sent } = slots
      if (slotsPerSecond === 0) return [server, name, 'unlimited', '-', '-', '-', '-', '-', '-']
      const rate = `${maxRate}/s${pendingMaxRate === undefined ? '' : ` (then ${pendingMaxRate}/s)`}`
      const began = `${(slots.beganAt / MICROS_PER_SECOND).toFixed(6)} s`
      const length = `${(slots.slotLength / 1_000).toFixed(3)} ms`
      return [server, name, rate, slotsPerSecond, slot, began, length, quota, sent]
    }),
  )

const classTable = ({ classes }: StatusReport): string[] =>
  table(
    ['CLASS', 'RECEIVED', 'ANSWERED', 'QUEUED', 'OLDEST', 'PARKED', 'OUTSTANDING', 'DUPLICATES', 'LAW'],
    TRAFFIC_CLASSES.map((name) => {
      const { ledger, queued, oldestAge, parked, outstanding, imbalance } = classes[name]
      const oldest = lengthOfTime(oldestAge / MICROS_PER_SECOND)
      const law = imbalance === 0 ? 'holds' : `off by ${imbalance}`
      return [name, ledger.received, ledger.answered, queued, oldest, parked, outstanding, ledger.duplicate, law]
    }),
  )

/** If there are several instances, or the only one has crashed. */
const instancesWorthALine = (report: StatusReport): string[] => {
  const { instances } = report
  if (instances.length === 1 && instances[0]?.isRunning === true && instances[0].crashes === 0) return []
  return ['', ...instanceTable(report)]
}

export const instanceTable = ({ instances }: StatusReport): string[] => {
  const rows = instances.map(({ number, isRunning, crashes, classes, cpuSeconds, loopDelay }) => [
    number,
    isRunning ? 'running' : 'restarting',
    crashes,
    ...TRAFFIC_CLASSES.flatMap((name) => [classes[name].ledger.received, classes[name].queued]),
    `${cpuSeconds.toFixed(1)} s`,
    `${(loopDelay.max * 1_000).toFixed(1)} ms`,
  ])
  const columns = ['AUTH RECEIVED', 'AUTH QUEUED', 'ACCT RECEIVED', 'ACCT QUEUED', 'CPU', 'WORST DELAY']
  return table(['INSTANCE', 'STATE', 'CRASHES', ...columns], rows)
}

/** The endings that the table of classes has no column for, where there were any: what the daemon reports, whatever these are. */
function endedLines({ classes }: StatusReport): string[] {
  const lines = TRAFFIC_CLASSES.flatMap((name) => {
    const { received: _, answered: _answered, duplicate: _duplicate, ...endings } = classes[name].ledger
    const some = Object.entries(endings).flatMap(([ending, count]) => countTexts(wordsOf(ending), count))
    return some.length === 0 ? [] : [`${name}: ${some.join(', ')}`]
  })
  return lines.length === 0 ? [] : ['', ...lines]
}

/** `givenUp` as `given up`. */
const wordsOf = (name: string): string => name.replaceAll(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`)

/** `3 expired`; by reason `3 shed (queue-bytes)`; nothing for 0. */
const countTexts = (words: string, count: number | Readonly<Record<string, number>>): string[] =>
  typeof count === 'number'
    ? count === 0
      ? []
      : [`${count} ${words}`]
    : Object.entries(count).flatMap(([reason, one]) => countTexts(`${words} (${reason})`, one))
