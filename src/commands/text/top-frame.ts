/**
 * One frame of `radsluice top`: two reports of the daemon become the lines of a terminal of a given size.
 *
 * What an operator looks at first stands first: is it well, what comes in and goes out, what waits; then a line for each
 * server and class with a bar of how much of its max_rate it was sent; then what is wrong. A narrow terminal loses the
 * least important columns, a low one the last servers, and says how many.
 */

import { CLASS_TRAITS, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import type { LaneReport, StatusReport } from '../../observe/status-report.ts'
import { ENDINGS, endedBy, type LedgerSnapshot } from '../../proxy/border/endings.ts'
import { lengthOfTime, MICROS_PER_SECOND } from '../../units.ts'
import { alarmLine, overrideLines, roundTripText, stateOf } from './status-text.ts'

export const SORTS = ['name', 'rate', 'queue', 'age', 'timeouts'] as const
export type Sort = (typeof SORTS)[number]

export interface TopState {
  readonly report: StatusReport
  /** The one before, for rates; undefined at first. */
  readonly before: StatusReport | undefined
  readonly sort: Sort
  /** Servers passed over from the top. */
  readonly skipped: number
  readonly isPaused: boolean
  /** Why there is nothing newer. */
  readonly notice: string | undefined
}

export interface Size {
  readonly columns: number
  readonly rows: number
}

export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'reverse'
/** A piece of a line in one style. */
export type Piece = readonly [text: string, style?: Style]
export type Line = readonly Piece[]

/** Squares of a bar: used, free. */
const BAR = ['█', '░'] as const
const LEAST_ROWS_OF_SERVERS = 1
/** Columns from which the names of the classes have room. */
const WIDE_ENOUGH = 110

/** Exactly as many lines as the terminal has, none longer than it is wide. */
export function frame(state: TopState, { columns, rows }: Size): Line[] {
  const { report } = state
  const head = [headLine(state), ...TRAFFIC_CLASSES.map((name) => classLine(state, name, columns)), []]
  const wrong = wrongLines(report)
  const foot = [footLine(state)]
  const room = Math.max(
    LEAST_ROWS_OF_SERVERS,
    rows - head.length - foot.length - Math.min(wrong.length, Math.floor(rows / 3)) - 2,
  )
  const servers = serverLines(state, columns, room)
  const body = [...head, ...servers, ...(wrong.length === 0 ? [] : [[], ...wrong])]
  const filled = [
    ...body.slice(0, Math.max(0, rows - foot.length)),
    ...blank(rows - foot.length - body.length),
    ...foot,
  ]
  return filled.slice(-rows).map((line) => cut(line, columns))
}

/** Per second between the two reports; 0 where there is one only, or the daemon was started again between. */
export function rateOf(
  { report, before }: Pick<TopState, 'report' | 'before'>,
  count: (of: StatusReport) => number,
): number {
  if (before === undefined || before.pid !== report.pid) return 0
  const seconds = (report.clock.monotonic_us - before.clock.monotonic_us) / MICROS_PER_SECOND
  return seconds <= 0 ? 0 : Math.max(0, count(report) - count(before)) / seconds
}

function headLine({ report, notice }: TopState): Line {
  const { health } = report
  const style = health.score >= 9 ? 'green' : health.score >= 6 ? 'yellow' : 'red'
  const trouble = report.ok ? '' : report.ready ? ', with concerns' : ', not ready'
  const time = timeOfDay(report.clock.wall_us / MICROS_PER_SECOND)
  return [
    [`radsluice ${report.version}  `, 'bold'],
    [`${report.phase}${trouble}  `, report.ok ? undefined : 'red'],
    [`health ${health.score}/10`, style],
    [`  up ${lengthOfTime(report.uptimeSeconds)}  ${time} UTC`],
    ...(notice === undefined ? [] : [[`  ${notice}`, 'red'] as const]),
  ].filter((piece) => piece !== undefined) as Line
}

function classLine(state: TopState, name: TrafficClass, columns: number): Line {
  const { report } = state
  const { queued, oldestAge, outstanding } = report.classes[name]
  const rate = (count: (ledger: LedgerSnapshot) => number): number =>
    rateOf(state, ({ classes }) => count(classes[name].ledger))
  const lost = rate((ledger) =>
    ENDINGS.reduce((sum, { kind, name }) => (kind === 'failed' ? sum + endedBy(ledger, name) : sum), 0),
  )
  const out = rateOf(state, ({ lanes }) =>
    lanes.reduce((all, lane) => all + (lane.class === name ? sentTo(lane) : 0), 0),
  )
  const age = `${lengthOfTime(oldestAge / MICROS_PER_SECOND)} of ${lengthOfTime(report.limits[name].age / MICROS_PER_SECOND)}`
  return [
    [columns < WIDE_ENOUGH ? `${CLASS_TRAITS[name].short} ` : `${name.padEnd(14)} `, 'bold'],
    [
      `in ${perSecond(rate(({ received }) => received))}  out ${perSecond(out)}  answered ${perSecond(rate(({ answered }) => answered))}`,
    ],
    [`  queued ${whole(queued).padStart(7)}`, queued > 0 ? 'yellow' : undefined],
    [`  lost ${perSecond(lost).trim()}`, lost > 0 ? 'red' : undefined],
    [`  outstanding ${whole(outstanding)}`],
    [queued > 0 ? `  oldest ${age}` : ''],
  ] as Line
}

/** What a column shows, how wide it is, and how soon it goes when the terminal is narrow (the highest first). */
interface Column {
  readonly title: string
  readonly width: number
  readonly goes: number
  readonly left?: boolean
  readonly cell: (lane: LaneReport, state: TopState) => Piece
}

const COLUMNS: readonly Column[] = [
  { title: 'SERVER', width: 16, goes: 0, left: true, cell: ({ server }) => [server] },
  { title: 'CLASS', width: 5, goes: 0, left: true, cell: ({ class: name }) => [CLASS_TRAITS[name].short] },
  { title: 'STATE', width: 14, goes: 2, left: true, cell: (lane) => [stateOf(lane), STATE_STYLES[lane.state]] },
  { title: 'SENT/S', width: 7, goes: 0, cell: (lane, state) => [whole(sentRate(lane, state))] },
  { title: 'MAX', width: 9, goes: 1, cell: ({ slots }) => [slots.maxRate === 0 ? '-' : `${whole(slots.maxRate)}`] },
  {
    title: 'QUEUED',
    width: 8,
    goes: 0,
    cell: ({ queued }) => [whole(queued), queued > 0 ? 'yellow' : undefined] as Piece,
  },
  { title: 'OLDEST', width: 7, goes: 3, cell: ({ oldestAge }) => [lengthOfTime(oldestAge / MICROS_PER_SECOND)] },
  {
    title: 'OUTSTANDING',
    width: 11,
    goes: 4,
    cell: ({ outstanding, maxOutstanding }) => [`${outstanding}/${maxOutstanding}`],
  },
  { title: 'RTT', width: 9, goes: 5, cell: (lane) => [roundTripText(lane)] },
  {
    title: 'TIMEOUTS/S',
    width: 10,
    goes: 6,
    cell: (lane, state) => {
      const rate = rateOf(state, ({ lanes }) => sameLane(lanes, lane)?.counters.timeouts ?? 0)
      return [whole(rate), rate > 0 ? 'red' : undefined] as Piece
    },
  },
]
const STATE_STYLES = { active: 'green', not_responding: 'yellow', failing: 'red', down: 'red' } as const
const NARROWEST_BAR = 8
const WIDEST_BAR = 40

function serverLines(state: TopState, columns: number, room: number): Line[] {
  const shown = columnsFor(columns)
  const used = shown.reduce((sum, { width }) => sum + width + 2, 0)
  const bar = Math.min(WIDEST_BAR, columns - used)
  const hasBar = bar >= NARROWEST_BAR
  const heading: Line = [
    [shown.map(({ title, width, left }) => (left ? title.padEnd(width) : title.padStart(width))).join('  '), 'reverse'],
    [hasBar ? `  ${'SENT OF MAX'.padEnd(bar - 2)}` : '', 'reverse'],
  ]
  const lanes = sorted(state)
  const skipped = Math.min(state.skipped, Math.max(0, lanes.length - room))
  const seen = lanes.slice(skipped, skipped + room)
  const below = lanes.length - skipped - seen.length
  const rest = [skipped > 0 ? `${skipped} above` : '', below > 0 ? `${below} below` : ''].filter((part) => part !== '')
  return [
    heading,
    ...seen.map(
      (lane): Line => [
        ...shown.flatMap((column, at) => cellOf(column, lane, state, at)),
        ...(hasBar ? barOf(lane, state, bar - 2) : []),
      ],
    ),
    ...(rest.length === 0 ? [] : [[[`... ${rest.join(', ')} (arrows)`, 'dim']] as Line]),
  ]
}

/** As many as fit beside a small bar; without a bar where even the indispensable ones are too wide for one. */
function columnsFor(columns: number): readonly Column[] {
  for (let goes = 6; goes > 0; goes -= 1) {
    const shown = COLUMNS.filter((column) => column.goes <= goes)
    const used = shown.reduce((sum, { width }) => sum + width + 2, 0)
    if (used + NARROWEST_BAR <= columns) return shown
  }
  return COLUMNS.filter((column) => column.goes === 0)
}

function cellOf({ width, left, cell }: Column, lane: LaneReport, state: TopState, at: number): Piece[] {
  const [text, style] = cell(lane, state)
  const cutText = text.length > width ? `${text.slice(0, width - 1)}~` : text
  const padded = left ? cutText.padEnd(width) : cutText.padStart(width)
  return [...(at === 0 ? [] : [['  '] as const]), style === undefined ? [padded] : [padded, style]]
}

function barOf(lane: LaneReport, state: TopState, width: number): Line {
  const { maxRate } = lane.slots
  if (maxRate === 0) return [['  '], ['no max_rate'.slice(0, width), 'dim']]
  const share = Math.min(1, sentRate(lane, state) / maxRate)
  const used = Math.round(share * width)
  return [['  '], [BAR[0].repeat(used), share >= 0.99 ? 'yellow' : 'green'], [BAR[1].repeat(width - used), 'dim']]
}

const sentTo = ({ counters }: LaneReport): number => counters.requests + counters.retransmissions

const sentRate = (lane: LaneReport, state: TopState): number =>
  rateOf(state, ({ lanes }) => {
    const same = sameLane(lanes, lane)
    return same === undefined ? 0 : sentTo(same)
  })

const sameLane = (lanes: readonly LaneReport[], { lane, server, class: name }: LaneReport): LaneReport | undefined =>
  lanes.find((one) => one.lane === lane && one.server === server && one.class === name)

function sorted(state: TopState): LaneReport[] {
  const lanes = [...state.report.lanes]
  const by: Readonly<Record<Exclude<Sort, 'name'>, (lane: LaneReport) => number>> = {
    rate: (lane) => sentRate(lane, state),
    queue: ({ queued }) => queued,
    age: ({ oldestAge }) => oldestAge,
    timeouts: ({ counters }) => counters.timeouts,
  }
  const { sort } = state
  // Stable, and by name in the order of the configuration: lines do not jump about without a reason.
  return sort === 'name' ? lanes : lanes.sort((a, b) => by[sort](b) - by[sort](a))
}

function wrongLines(report: StatusReport): Line[] {
  const unixSeconds = report.clock.wall_us / MICROS_PER_SECOND
  const alarms = report.alarms.map(
    (alarm): Line => [[alarmLine(alarm, unixSeconds), alarm.severity === 'critical' ? 'red' : 'yellow']],
  )
  return [
    ...report.notReady.map((reason): Line => [[`not ready: ${reason}`, 'red']]),
    ...alarms,
    ...overrideLines(report).map((line): Line => [[line, 'yellow']]),
    ...report.health.reasons.map(({ says, cost }): Line => [[`health: ${says}, costs ${cost}`]]),
    ...report.concerns.map((concern): Line => [[`look: ${concern}`]]),
  ]
}

const footLine = ({ sort, isPaused }: TopState): Line => [
  ['q', 'bold'],
  [' quit  '],
  ['p', 'bold'],
  [isPaused ? ' go on  ' : ' pause  '],
  ['s', 'bold'],
  [` sorted by ${sort}  `],
  ['up down', 'bold'],
  [' servers'],
  [isPaused ? '  PAUSED' : '', 'reverse'],
]

/** To the width of the terminal. */
function cut(line: Line, columns: number): Line {
  const kept: Piece[] = []
  let left = columns
  for (const [text, style] of line) {
    if (left <= 0) break
    const part = text.slice(0, left)
    left -= part.length
    kept.push(style === undefined ? [part] : [part, style])
  }
  return kept
}

/** `08:15:04`, UTC. */
const timeOfDay = (unixSeconds: number): string =>
  [3_600, 60, 1]
    .map((unit, at) => String(Math.floor(unixSeconds / unit) % (at === 0 ? 24 : 60)).padStart(2, '0'))
    .join(':')

const blank = (count: number): Line[] => Array.from({ length: Math.max(0, count) }, () => [])

const whole = (value: number): string => Math.round(value).toLocaleString('en-US')

const perSecond = (rate: number): string => `${whole(rate)}/s`.padStart(8)
