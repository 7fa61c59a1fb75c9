/**
 * The results of the campaign for people: what became of each kind, and the sums.
 */
import { type Finding, failuresOf, type Report } from './campaign.ts'

export function reportLines(report: Report, isLong: boolean): string[] {
  const { findings, downs, logins, records, oddSent } = report
  const silent = findings.filter(({ came }) => came.to === 'silent')
  const failures = failuresOf(report)
  return [
    ...(isLong ? findings.map(line) : []),
    '',
    'what became of how many kinds',
    ...sums(findings),
    '',
    'kinds silent at the server',
    ...silent.map(({ kind }) => `  ${kind.name}`),
    '',
    `odd requests sent            ${oddSent}`,
    `good logins, lost, late      ${logins.asked}, ${logins.lost}, ${logins.late}; worst ${logins.worstMs.toFixed(0)} ms`,
    `good records, lost, late     ${records.asked}, ${records.lost}, ${records.late}; worst ${records.worstMs.toFixed(0)} ms`,
    `Down: survey, bursts, mixed  ${downs.survey}, ${downs.bursts}, ${downs.mixed}`,
    `crashes, internal errors     ${report.crashes}, ${report.internalErrors}`,
    `wrong answers                ${report.wrongAnswers}`,
    `ledger: lost, imbalance      ${report.lost}, ${report.imbalance}`,
    '',
    failures.length === 0 ? 'PASS' : `FAIL  ${failures.join('; ')}`,
  ]
}

const line = ({ kind, came }: Finding): string =>
  `${kind.name.padEnd(64)} ${came.to === 'dropped' ? `dropped: ${came.as}` : came.as}`

function sums(findings: readonly Finding[]): string[] {
  const counts = new Map<string, number>()
  for (const { came } of findings) {
    const name = came.to === 'silent' ? 'silent at the server' : `${came.to}: ${came.as}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts]
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([name, count]) => `  ${name.padEnd(48)} ${count}`)
}
