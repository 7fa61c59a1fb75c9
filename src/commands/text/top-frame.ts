/**
 * One frame of `radsluice top`: two reports of the daemon become the lines of a terminal of a given size.
 *
 * The most important comes first: is it well, what comes in and goes out, what waits; then a line for each server and class
 * with a bar of how much of its max_rate it was sent; then the few clients that ask for most; then what is wrong. A narrow terminal lacks the least important
 * columns, a low one the last servers, with their number.
 */

import { CLASS_TRAITS, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import type { LaneReport, StatusReport } from '../../observe/status-report.ts'
import type { ClientUse } from '../../observe/view/client-use.ts'
import { ENDINGS, endedBy, type LedgerSnapshot } from '../../proxy/border/endings.ts'
import { lengthOfTime, MICROS_PER_SECOND } from '../../units.ts'
import { hasWindow, roundTripText, stateOf, troublesOf } from './status-text.ts'
import { oldestText, percent, type Column as TableColumn, tableOf } from './table.ts'

const SORTS = ['name', 'rate', 'queue', 'age', 'timeouts'] as const
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
export type Piece = readonly [text: string, style?: Style | undefined]
export type ScreenLine = readonly Piece[]

/** Squares of a bar: used, free. */
const BAR = ['█', '░'] as const
const LEAST_ROWS_OF_SERVERS = 1
/** A terminal of 24 rows has four clients. */
const ROWS_FOR_ONE_CLIENT = 6
const LONGEST_CLIENT = 24
/** Columns that the full names of the classes need. */
const WIDE_ENOUGH = 110

/** With a new report, unless it is paused. */
export function withReport(former: TopState | undefined, report: StatusReport): TopState {
  if (former?.isPaused) return former
  const { sort, skipped } = former ?? { sort: 'name', skipped: 0 }
  return { report, before: former?.report, sort, skipped, isPaused: false, notice: undefined }
}

export function afterKey(state: TopState, key: string): TopState | 'quit' {
  const { sort, skipped, isPaused, report } = state
  if (key === 'q' || key === 'interrupt') return 'quit'
  if (key === 'p') return { ...state, isPaused: !isPaused }
  if (key === 's') return { ...state, sort: SORTS[(SORTS.indexOf(sort) + 1) % SORTS.length] ?? 'name' }
  if (key === 'down') return { ...state, skipped: Math.min(skipped + 1, report.lanes.length - 1) }
  return key === 'up' ? { ...state, skipped: Math.max(0, skipped - 1) } : state
}

/** Exactly as many lines as the terminal has, none longer than it is wide. */
export function frame(state: TopState, { columns, rows }: Size): ScreenLine[] {
  const { report } = state
  const head = [headLine(state), ...TRAFFIC_CLASSES.map((name) => classLine(state, name, columns)), []]
  const wrong = wrongLines(report)
  const foot = [footLine(state)]
  const clients = clientLines(report, Math.floor(rows / ROWS_FOR_ONE_CLIENT))
  const room = Math.max(
    LEAST_ROWS_OF_SERVERS,
    rows - head.length - foot.length - clients.length - Math.min(wrong.length, Math.floor(rows / 3)) - 2,
  )
  const servers = serverLines(state, columns, room)
  const body = [...head, ...servers, ...clients, ...(wrong.length === 0 ? [] : [[], ...wrong])]
  const blank = Array.from({ length: Math.max(0, rows - foot.length - body.length) }, (): ScreenLine => [])
  const filled = [...body.slice(0, Math.max(0, rows - foot.length)), ...blank, ...foot]
  return filled.slice(-rows).map((line) => cut(line, columns))
}

/** Per second between the two reports; 0 if there is only one, or the daemon was restarted between them. */
export function rateOf(
  { report, before }: Pick<TopState, 'report' | 'before'>,
  count: (of: StatusReport) => number,
): number {
  if (before === undefined || before.pid !== report.pid) return 0
  const seconds = (report.clock.monotonic_us - before.clock.monotonic_us) / MICROS_PER_SECOND
  return seconds <= 0 ? 0 : Math.max(0, count(report) - count(before)) / seconds
}

function headLine({ report, notice }: TopState): ScreenLine {
  const { health } = report
  const style = health.score >= 9 ? 'green' : health.score >= 6 ? 'yellow' : 'red'
  const trouble = report.ok ? '' : report.ready ? ', with concerns' : ', not ready'
  const time = timeOfDay(report.clock.wall_us / MICROS_PER_SECOND)
  return [
    [`radsluice ${report.version}  `, 'bold'],
    [`${report.phase}${trouble}  `, report.ok ? undefined : 'red'],
    [`health ${health.score}/10`, style],
    [`  up ${lengthOfTime(report.uptimeSeconds)}  ${time} UTC`],
    [notice === undefined ? '' : `  ${notice}`, 'red'],
  ]
}

function classLine(state: TopState, name: TrafficClass, columns: number): ScreenLine {
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
  const { age: most, ageIfOnce } = report.limits[name]
  const limit = `of ${lengthOfTime(most / MICROS_PER_SECOND)}${ageIfOnce === undefined ? '' : ' at most'}`
  const age = `${lengthOfTime(oldestAge / MICROS_PER_SECOND)} ${limit}`
  return [
    [columns < WIDE_ENOUGH ? `${CLASS_TRAITS[name].short} ` : `${name.padEnd(14)} `, 'bold'],
    [
      `in ${perSecond(rate(({ received }) => received))}  out ${perSecond(out)}  answered ${perSecond(rate(({ answered }) => answered))}`,
    ],
    [`  queued ${whole(queued).padStart(7)}`, queued > 0 ? 'yellow' : undefined],
    [`  lost ${perSecond(lost).trim()}`, lost > 0 ? 'red' : undefined],
    [`  outstanding ${whole(outstanding)}`],
    [queued > 0 ? `  oldest ${age}` : ''],
  ]
}

type CellOf = (lane: LaneReport, state: TopState) => Piece
/** `goes`: how soon it goes when the terminal is narrow, the highest first. */
type Column = ReturnType<typeof left>

const left = (title: string, width: number, goes: number, cell: CellOf) => ({
  title: title.padEnd(width),
  width,
  goes,
  cell,
  padded: (text: string): string => text.padEnd(width),
})
const right = (title: string, width: number, goes: number, cell: CellOf): Column => ({
  ...left(title.padStart(width), width, goes, cell),
  padded: (text) => text.padStart(width),
})

/** Only where the window of a server is adaptive. */
const WINDOW_COLUMN = right('WINDOW', 6, 4, ({ window }) => [window === undefined ? '-' : whole(window)])
const COLUMNS: readonly Column[] = [
  left('SERVER', 16, 0, ({ server }) => [server]),
  left('CLASS', 5, 0, ({ class: name }) => [CLASS_TRAITS[name].short]),
  left('STATE', 14, 2, (lane) => [stateOf(lane), STATE_STYLES[lane.state]]),
  right('SENT/S', 7, 0, (lane, state) => [whole(sentRate(lane, state))]),
  right('MAX', 9, 1, ({ slots }) => [slots.maxRate === 0 ? '-' : whole(slots.maxRate)]),
  right('QUEUED', 8, 0, ({ queued }) => [whole(queued), queued > 0 ? 'yellow' : undefined]),
  right('OLDEST', 7, 3, ({ oldestAge }) => [lengthOfTime(oldestAge / MICROS_PER_SECOND)]),
  right('OUTSTANDING', 11, 4, ({ outstanding, maxOutstanding }) => [`${outstanding}/${maxOutstanding}`]),
  WINDOW_COLUMN,
  right('RTT', 9, 5, (lane) => [roundTripText(lane)]),
  right('TIMEOUTS/S', 10, 6, (lane, state) => {
    const rate = laneRate(lane, state, ({ counters }) => counters.timeouts)
    return [whole(rate), rate > 0 ? 'red' : undefined]
  }),
]
const STATE_STYLES = { active: 'green', not_responding: 'yellow', failing: 'red', down: 'red' } as const
const NARROWEST_BAR = 8
const WIDEST_BAR = 40

function serverLines(state: TopState, columns: number, room: number): ScreenLine[] {
  const fitting = columnsFor(columns, hasWindow(state.report.lanes))
  const bar = Math.min(WIDEST_BAR, columns - widthOf(fitting))
  const hasBar = bar >= NARROWEST_BAR
  const heading: ScreenLine = [
    [fitting.map(({ title }) => title).join('  '), 'reverse'],
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
      (lane): ScreenLine => [
        ...fitting.flatMap((column, at) => cellOf(column, lane, state, at)),
        ...(hasBar ? barOf(lane, state, bar - 2) : []),
      ],
    ),
    ...(rest.length === 0 ? [] : [[[`... ${rest.join(', ')} (arrows)`, 'dim'] as const]]),
  ]
}

/** As many as fit beside a small bar; at least those that never go. */
function columnsFor(columns: number, withWindow: boolean): readonly Column[] {
  const all = withWindow ? COLUMNS : COLUMNS.filter((column) => column !== WINDOW_COLUMN)
  for (let goes = 6; goes > 0; goes -= 1) {
    const fitting = all.filter((column) => column.goes <= goes)
    if (widthOf(fitting) + NARROWEST_BAR <= columns) return fitting
  }
  return all.filter((column) => column.goes === 0)
}

const widthOf = (columns: readonly Column[]): number => columns.reduce((sum, { width }) => sum + width + 2, 0)

function cellOf({ width, padded, cell }: Column, lane: LaneReport, state: TopState, at: number): Piece[] {
  const [text, style] = cell(lane, state)
  const piece: Piece = [padded(text.length > width ? `${text.slice(0, width - 1)}~` : text), style]
  return at === 0 ? [piece] : [['  '], piece]
}

function barOf(lane: LaneReport, state: TopState, width: number): ScreenLine {
  const { maxRate } = lane.slots
  if (maxRate === 0) return [['  '], ['no max_rate'.slice(0, width), 'dim']]
  const share = Math.min(1, sentRate(lane, state) / maxRate)
  const used = Math.round(share * width)
  return [['  '], [BAR[0].repeat(used), share >= 0.99 ? 'yellow' : 'green'], [BAR[1].repeat(width - used), 'dim']]
}

const sentTo = ({ counters }: LaneReport): number => counters.requests + counters.retransmissions

const sentRate = (lane: LaneReport, state: TopState): number => laneRate(lane, state, sentTo)

const laneRate = (
  { lane, server, class: name }: LaneReport,
  state: TopState,
  count: (of: LaneReport) => number,
): number =>
  rateOf(state, ({ lanes }) => {
    const same = lanes.find((one) => one.lane === lane && one.server === server && one.class === name)
    return same === undefined ? 0 : count(same)
  })

function sorted(state: TopState): LaneReport[] {
  const lanes = [...state.report.lanes]
  const by: Readonly<Record<Exclude<Sort, 'name'>, (lane: LaneReport) => number>> = {
    rate: (lane) => sentRate(lane, state),
    queue: ({ queued }) => queued,
    age: ({ oldestAge }) => oldestAge,
    timeouts: ({ counters }) => counters.timeouts,
  }
  const { sort } = state
  // The sort is stable, and `name` is the order of the configuration: lines do not jump.
  return sort === 'name' ? lanes : lanes.sort((a, b) => by[sort](b) - by[sort](a))
}

const CLIENT_COLUMNS: readonly TableColumn<ClientUse>[] = [
  ['CLIENT', ({ client }) => (client.length > LONGEST_CLIENT ? `${client.slice(0, LONGEST_CLIENT - 1)}~` : client)],
  ['SENT/S', ({ sent }) => Math.round(sent)],
  ['SHARE', ({ share }) => percent(share)],
  ['QUEUED', ({ queued }) => queued],
  ['OLDEST', ({ oldestAge }) => oldestText(oldestAge)],
  // Rounded up: 0 means that none was.
  ['SHED/S', ({ shed }) => Math.ceil(shed)],
  ['EXPIRED/S', ({ expired }) => Math.ceil(expired)],
  ['WEIGHT', ({ weight }) => weight],
]

/** Those that ask for most; none if there is only one client, or no room. */
function clientLines({ busiest: { clients, seconds } }: StatusReport, most: number): ScreenLine[] {
  if (clients.length === 0 || most === 0) return []
  const [heading = '', ...rows] = tableOf(CLIENT_COLUMNS, clients.slice(0, most))
  const marked = clients.map(({ shed, expired }) => (shed + expired > 0 ? 'red' : undefined))
  return [
    [],
    [
      [heading, 'reverse'],
      [`  in the last ${lengthOfTime(seconds)}`, 'dim'],
    ],
    ...rows.map((row, at): ScreenLine => [[row, marked[at]]]),
  ]
}

function wrongLines(report: StatusReport): ScreenLine[] {
  const { notReady, alarms, overrides, health, concerns } = troublesOf(report)
  const styled = (lines: readonly string[], style?: Style): ScreenLine[] => lines.map((line) => [[line, style]])
  return [
    ...styled(notReady, 'red'),
    ...alarms.map((line, at): ScreenLine => [[line, report.alarms[at]?.severity === 'critical' ? 'red' : 'yellow']]),
    ...styled(overrides, 'yellow'),
    ...styled([...health, ...concerns]),
  ]
}

const footLine = ({ sort, isPaused }: TopState): ScreenLine => [
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

function cut(line: ScreenLine, columns: number): ScreenLine {
  const kept: Piece[] = []
  let left = columns
  for (const [text, style] of line) {
    if (left <= 0) break
    const part = text.slice(0, left)
    left -= part.length
    kept.push([part, style])
  }
  return kept
}

/** `08:15:04`, UTC. */
const timeOfDay = (unixSeconds: number): string =>
  [3_600, 60, 1]
    .map((unit, at) => String(Math.floor(unixSeconds / unit) % (at === 0 ? 24 : 60)).padStart(2, '0'))
    .join(':')

const whole = (value: number): string => Math.round(value).toLocaleString('en-US')

const perSecond = (rate: number): string => `${whole(rate)}/s`.padStart(8)
