/**
 * The facts of a summary, in the order in which a person asks for them: each has a name, a number of the summary, and a way
 * to write it. Table and report both show these, so they cannot differ.
 */
import { sumOverClasses, TRAFFIC_CLASSES } from '../../classes.ts'
import { PLACES } from '../../proxy/border/endings.ts'
import { type BngSummary, type ClassSummary, type RunSummary, SUMMARY_ENDINGS } from '../rehearsal/summary.ts'

export type Figure = number | null

/** `key` is the path in the summary, with dots. */
export interface Fact<Of> {
  readonly key: string
  readonly label: string
  readonly read: (of: Of) => Figure
  readonly show: (value: Figure, of: Of) => string
}

export const countText = (value: Figure): string => (value === null ? '-' : value.toLocaleString('en-US'))
export const shareText = (value: Figure): string => (value === null ? '-' : `${Math.round(value * 100)} %`)

/** `0.8 s`, `54 s`, `2 min 13 s`, `1 h 5 min`; null is for ever. */
export const timeText = (value: Figure): string => {
  if (value === null) return 'never'
  if (value === 0) return '0 s'
  if (value < 10) return `${Math.round(value * 10) / 10} s`
  const whole = Math.round(value)
  if (whole < 60) return `${whole} s`
  if (whole < 3_600) return whole % 60 === 0 ? `${whole / 60} min` : `${Math.floor(whole / 60)} min ${whole % 60} s`
  const minutes = Math.round(value / 60)
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

type Read<Of> = Fact<Of>['read']
const fact = <Of>(key: string, label: string, read: Read<Of>, show: Fact<Of>['show'] = countText): Fact<Of> => ({
  key,
  label,
  read,
  show,
})

const allUpText = (value: Figure, { seconds }: RunSummary): string =>
  value === null ? `never (in ${timeText(seconds)})` : timeText(value)

/** The same with and without radsluice. */
export const RUN_FACTS: readonly Fact<RunSummary>[] = [
  fact('allUpAfter', 'all sessions up after', (of) => of.allUpAfter, allUpText),
  fact('sessionsUp', 'sessions up at the end', (of) => of.sessionsUp),
  fact('longestWait', 'longest wait of a session', (of) => of.longestWait, timeText),
  fact('clients.sent', 'messages that clients sent', ({ clients }) => sumOverClasses((each) => clients.sent[each])),
  fact('clients.retransmissions', '  of these, repeated ones', ({ clients }) => clients.retransmissions),
  fact(
    'clients.answered.authentication',
    'Access-Requests answered in time',
    (of) => of.clients.answered.authentication,
  ),
  fact(
    'clients.gaveUp.authentication',
    'Access-Requests given up by clients',
    (of) => of.clients.gaveUp.authentication,
  ),
  fact('work.done', 'Access-Requests worked off by servers', ({ work }) => work.done),
  fact('work.wastedShare', '  of these, for nobody', ({ work }) => work.wastedShare, shareText),
  fact('utilisation', 'servers busy while sessions waited', (of) => of.utilisation, shareText),
  fact('servers.deepestBacklog', 'longest backlog at a server', ({ servers }) =>
    Math.max(0, ...servers.map(({ deepestBacklog }) => deepestBacklog)),
  ),
  fact('records.made', 'accounting records made', ({ records }) => records.made),
  fact('records.delivered', '  delivered', ({ records }) => records.delivered),
  fact('records.again', '  delivered again', ({ records }) => records.deliveries - records.delivered),
  fact('records.lost', '  lost for good', ({ records }) => records.lost),
]

const count = (key: keyof ClassSummary, label: string): Fact<ClassSummary> => fact(key, label, (of) => of[key])

/** What radsluice did, by class: the ledger, and the highest levels. */
export const CLASS_FACTS: readonly Fact<ClassSummary>[] = [
  count('received', 'received'),
  ...SUMMARY_ENDINGS.map(({ key, words }) => count(key, words)),
  // Nothing is kept so far.
  ...PLACES.filter(({ name }) => name !== 'kept').map(({ name, words }) => count(name, `${words} at the end`)),
  count('deepestQueue', 'deepest queue'),
  fact('oldestAge', 'longest in the queue', ({ oldestAge }) => oldestAge, timeText),
  count('mostOutstanding', 'most outstanding'),
]

/** What the sessions of one BNG met. */
export const BNG_FACTS: readonly Fact<BngSummary>[] = [
  fact('sessions', 'sessions', ({ sessions }) => sessions),
  fact('sessionsUp', 'up at the end', ({ sessionsUp }) => sessionsUp),
  fact('waitP50', 'half wait up to', ({ waitP50 }) => waitP50, timeText),
  fact('waitP99', '99 % wait up to', ({ waitP99 }) => waitP99, timeText),
  fact('redials', 'redials', ({ redials }) => redials),
]

const MOST_BNGS = 20

/** A BNG and its place in the summary. */
interface ShownBng {
  readonly at: number
  readonly bng: BngSummary
}

/** All BNGs; of very many, those with the longest waits, and how many are left out. None if there is only one. */
export function shownBngs({ bngs = [] }: RunSummary): {
  readonly shown: readonly ShownBng[]
  readonly leftOut: number
} {
  const all = bngs.map((bng, at) => ({ at, bng }))
  if (all.length <= MOST_BNGS) return { shown: all, leftOut: 0 }
  const waitOf = ({ bng }: ShownBng): number => bng.waitP99 ?? Number.MAX_VALUE
  return {
    shown: all.toSorted((a, b) => waitOf(b) - waitOf(a)).slice(0, MOST_BNGS),
    leftOut: all.length - MOST_BNGS,
  }
}

export const leftOutText = (count: number): string => `and ${countText(count)} more BNGs, whose sessions wait no longer`

/** The most important number. */
export interface Headline {
  readonly key: string
  readonly value: Figure
  readonly text: string
  readonly caption: string
}

/** How long the outage lasts. If no session waited in any run, how many records are lost. */
export function headlineOf(run: RunSummary, all: readonly RunSummary[]): Headline {
  const { allUpAfter, sessions, sessionsUp, seconds, records } = run
  if (all.every((one) => one.allUpAfter === 0)) {
    const caption = `of ${countText(records.made)} accounting records lost for good`
    return { key: 'records.lost', value: records.lost, text: countText(records.lost), caption }
  }
  const captions = {
    never: `after ${timeText(seconds)}, ${countText(sessionsUp)} of ${countText(sessions)} sessions are up`,
    all: `until all ${countText(sessions)} sessions are up`,
    most: 'until nobody waits for service any more',
  }
  const caption = captions[allUpAfter === null ? 'never' : sessionsUp === sessions ? 'all' : 'most']
  return { key: 'allUpAfter', value: allUpAfter, text: timeText(allUpAfter), caption }
}

/** A row of the summary's table for a terminal. */
type Row = readonly [label: string, ...cells: string[]]

export const headlines = (summaries: readonly RunSummary[]): string[] =>
  summaries.map((summary) => {
    const { text, caption } = headlineOf(summary, summaries)
    return `${summary.withRadsluice ? 'with' : 'without'} radsluice: ${text}, ${caption}`
  })

export const runRows = (summaries: readonly RunSummary[]): Row[] =>
  RUN_FACTS.map(({ label, read, show }) => [label, ...summaries.map((summary) => show(read(summary), summary))])

export const bngRows = (summary: RunSummary): Row[] =>
  shownBngs(summary).shown.map(({ bng }) => [
    bng.name,
    ...clientCells(summary, bng.client),
    ...BNG_FACTS.map(({ read, show }) => show(read(bng), bng)),
  ])

/** Which client a BNG belongs to, or the head of that column. Without radsluice there are no clients, and no such column. */
export const clientCells = ({ withRadsluice }: RunSummary, text: string | null): string[] =>
  withRadsluice ? [text ?? '-'] : []

export const classRows = ({ classes }: RunSummary): Row[] =>
  classes === null
    ? []
    : CLASS_FACTS.map(({ label, read, show }) => [
        label,
        ...TRAFFIC_CLASSES.map((each) => show(read(classes[each]), classes[each])),
      ])
