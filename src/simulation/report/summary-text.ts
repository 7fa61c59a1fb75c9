/**
 * The summary as a table for a terminal: a column for each run, then what radsluice did by class, from the same facts
 * as the report.
 */
import { TRAFFIC_CLASSES } from '../../classes.ts'
import type { RunSummary } from '../rehearsal/summary.ts'
import { CLASS_FACTS, headlineOf, RUN_FACTS } from './facts.ts'

export type Row = readonly [label: string, ...cells: string[]]

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
