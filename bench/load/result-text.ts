/**
 * A scenario's report as Markdown: tables, and a line for each verdict.
 */
import type { Cell } from '../../src/commands/text/table.ts'
import type { BenchTable, ScenarioReport, Verdict } from './scenario.ts'

export function reportText({ scenario, about, tables, verdicts }: ScenarioReport): string[] {
  return [
    `## ${scenario}`,
    '',
    about,
    '',
    ...tables.flatMap((table) => [`### ${table.title}`, '', ...markdownTable(table), '']),
    ...verdicts.map(verdictLine),
    ...(verdicts.length === 0 ? ['no verdict'] : []),
    '',
  ]
}

export const verdictLine = ({ outcome, promise, measured, goal }: Verdict): string =>
  `${outcome}  ${promise}: ${measured}${goal === undefined ? '' : `; the goal, ${goal.promise}, is ${goal.isMet ? 'met' : 'missed'}`}`

export function markdownTable({ heading, rows }: BenchTable): string[] {
  const line = (cells: readonly Cell[]): string => `| ${cells.map(shown).join(' | ')} |`
  const isNumeric = (column: number): boolean => rows.every((row) => /^-?[\d,.]*$/.test(shown(row[column] ?? '')))
  const rule = heading.map((_, column) => (isNumeric(column) ? '--:' : '---'))
  return [line(heading), line(rule), ...rows.map(line)]
}

const shown = (cell: Cell): string => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell)
