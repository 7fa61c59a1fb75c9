/**
 * All promises of a run in one table, with what was measured: met, met with its goal, MISSED, or VOID.
 */
import type { BenchTable, ScenarioReport, Verdict } from './scenario.ts'

/** Undefined where nothing was promised. */
export function promiseTable(reports: readonly ScenarioReport[]): BenchTable | undefined {
  const rows = reports.flatMap(({ scenario, verdicts }) =>
    verdicts.map((one) => [scenario, one.promise, one.goal?.promise ?? '-', one.measured, outcomeWords(one)]),
  )
  if (rows.length === 0) return undefined
  return { title: 'The promises', heading: ['scenario', 'promise', 'goal', 'measured', 'outcome'], rows }
}

export function outcomeWords({ outcome, goal }: Verdict): string {
  if (outcome === 'VOID') return 'VOID'
  if (outcome === 'FAIL') return 'MISSED'
  if (goal === undefined) return 'met'
  return goal.isMet ? 'met, and the goal' : 'met, the goal is missed'
}
