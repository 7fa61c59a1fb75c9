/**
 * The facts of a summary, in the order in which a person asks for them: a name, the number as it stands in the summary,
 * and how it is written. The command's table and the report both show these, so they cannot differ.
 */
import { sumOverClasses, TRAFFIC_CLASSES } from '../../classes.ts'
import { PLACES } from '../../proxy/border/endings.ts'
import { type ClassSummary, type RunSummary, SUMMARY_ENDINGS } from '../rehearsal/summary.ts'

export type Figure = number | null

/** `key` is the path in the summary, in dots. */
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

/** With and without radsluice alike. */
export const RUN_FACTS: readonly Fact<RunSummary>[] = [
  {
    key: 'allUpAfter',
    label: 'all sessions up after',
    read: ({ allUpAfter }) => allUpAfter,
    show: (value, { seconds }) => (value === null ? `never (in ${timeText(seconds)})` : timeText(value)),
  },
  { key: 'sessionsUp', label: 'sessions up at the end', read: (of) => of.sessionsUp, show: countText },
  { key: 'longestWait', label: 'longest wait of a session', read: (of) => of.longestWait, show: timeText },
  {
    key: 'clients.sent',
    label: 'messages that clients sent',
    read: ({ clients }) => sumOverClasses((each) => clients.sent[each]),
    show: countText,
  },
  {
    key: 'clients.retransmissions',
    label: '  of these, repeated ones',
    read: ({ clients }) => clients.retransmissions,
    show: countText,
  },
  {
    key: 'clients.answered.authentication',
    label: 'Access-Requests answered in time',
    read: ({ clients }) => clients.answered.authentication,
    show: countText,
  },
  {
    key: 'clients.gaveUp.authentication',
    label: 'Access-Requests given up by clients',
    read: ({ clients }) => clients.gaveUp.authentication,
    show: countText,
  },
  { key: 'work.done', label: 'Access-Requests worked off by servers', read: ({ work }) => work.done, show: countText },
  { key: 'work.wastedShare', label: '  of these, for nobody', read: ({ work }) => work.wastedShare, show: shareText },
  { key: 'utilisation', label: 'servers busy while sessions waited', read: (of) => of.utilisation, show: shareText },
  {
    key: 'servers.deepestBacklog',
    label: 'longest backlog at a server',
    read: ({ servers }) => Math.max(0, ...servers.map(({ deepestBacklog }) => deepestBacklog)),
    show: countText,
  },
  { key: 'records.made', label: 'accounting records made', read: ({ records }) => records.made, show: countText },
  { key: 'records.delivered', label: '  delivered', read: ({ records }) => records.delivered, show: countText },
  {
    key: 'records.again',
    label: '  delivered again',
    read: ({ records }) => records.deliveries - records.delivered,
    show: countText,
  },
  { key: 'records.lost', label: '  lost for good', read: ({ records }) => records.lost, show: countText },
]

const count = (key: keyof ClassSummary, label: string): Fact<ClassSummary> => ({
  key,
  label,
  read: (of) => of[key],
  show: countText,
})

/** What radsluice did, by class: the ledger, and how far it had to go. */
export const CLASS_FACTS: readonly Fact<ClassSummary>[] = [
  count('received', 'received'),
  ...SUMMARY_ENDINGS.map(({ key, words }) => count(key, words)),
  // Nothing is kept so far.
  ...PLACES.filter(({ name }) => name !== 'kept').map(({ name, words }) => count(name, `${words} at the end`)),
  count('deepestQueue', 'deepest queue'),
  { key: 'oldestAge', label: 'longest in the queue', read: ({ oldestAge }) => oldestAge, show: timeText },
  count('mostOutstanding', 'most outstanding'),
]

/** The one number that says how bad it was. */
export interface Headline {
  readonly key: string
  readonly value: Figure
  readonly text: string
  readonly caption: string
}

/** How long the outage lasts; where no session ever waited, with or without radsluice, the records that are lost. */
export function headlineOf(run: RunSummary, all: readonly RunSummary[]): Headline {
  const isOutage = all.some(({ allUpAfter }) => allUpAfter !== 0)
  if (!isOutage) {
    const { lost, made } = run.records
    const caption = `of ${countText(made)} accounting records lost for good`
    return { key: 'records.lost', value: lost, text: countText(lost), caption }
  }
  const { allUpAfter, sessions, sessionsUp, seconds } = run
  return {
    key: 'allUpAfter',
    value: allUpAfter,
    text: timeText(allUpAfter),
    caption:
      allUpAfter === null
        ? `after ${timeText(seconds)}, ${countText(sessionsUp)} of ${countText(sessions)} sessions are up`
        : sessionsUp === sessions
          ? `until all ${countText(sessions)} sessions are up`
          : 'until nobody waits for service any more',
  }
}

/** A row of the summary's table for a terminal. */
type Row = readonly [label: string, ...cells: string[]]

/** One line for each run: the number that counts. */
export const headlines = (summaries: readonly RunSummary[]): string[] =>
  summaries.map((summary) => {
    const { text, caption } = headlineOf(summary, summaries)
    return `${summary.withRadsluice ? 'with' : 'without'} radsluice: ${text}, ${caption}`
  })

export const runRows = (summaries: readonly RunSummary[]): Row[] =>
  RUN_FACTS.map(({ label, read, show }) => [label, ...summaries.map((summary) => show(read(summary), summary))])

export const classRows = ({ classes }: RunSummary): Row[] =>
  classes === null
    ? []
    : CLASS_FACTS.map(({ label, read, show }) => [
        label,
        ...TRAFFIC_CLASSES.map((each) => show(read(classes[each]), classes[each])),
      ])
