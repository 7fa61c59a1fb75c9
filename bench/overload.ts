/**
 * The tables of overload: how long a login may wait, and what one client's storm does to the others. In the simulator, with
 * the real engine and with models beside it.
 *
 *     scripts/node24 bench/overload.ts --table patience|fairness [--rows TEXT] [--sessions N] [--seed N]
 *
 * Prints Markdown. `--rows` plays only the rows whose name has TEXT in it. By default all rows of patience have 20,000
 * sessions, and the plain ones follow with 50,000. Exits 1 where a promise is missed.
 */
import { parseArgs } from 'node:util'
import { writeData } from '../src/commands/terminal/output.io.ts'
import { playFairness } from './overload/fairness.ts'
import {
  caseName,
  FAIRNESS_CASES,
  FAIRNESS_HEAD,
  fairnessCells,
  LOOP_CASES,
  LOOP_HEAD,
  loopCells,
} from './overload/fairness-table.ts'
import { isBroken, PATIENCE_HEAD, patienceCells, playRow } from './overload/patience-table.ts'
import { ROWS } from './overload/rows.ts'

const USUAL = 20_000
const LARGE = 50_000

const { values } = parseArgs({
  options: {
    table: { type: 'string' },
    rows: { type: 'string', default: '' },
    sessions: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
})
const USAGE = 'usage: bench/overload.ts --table patience|fairness [--rows TEXT] [--sessions N] [--seed N]'
const MOST_SESSIONS = 200_000
const seed = Number(values.seed)
const given = values.sessions === undefined ? undefined : Number(values.sessions)
const row = (cells: readonly string[]): void => writeData(`| ${cells.join(' | ')} |`)

/** How many promises are broken. */
const printPatience = (): number => {
  row(PATIENCE_HEAD)
  row(PATIENCE_HEAD.map(() => '---'))
  const chosen = ROWS.filter(({ name }) => name.includes(values.rows))
  const played = [
    ...chosen.map((one) => ({ one, sessions: given ?? USUAL })),
    ...chosen.flatMap((one) => (one.isPlain && given === undefined ? [{ one, sessions: LARGE }] : [])),
  ]
  let broken = 0
  for (const { one, sessions } of played) {
    const figures = playRow(one, { sessions, seed })
    if (isBroken(figures)) broken += 1
    row(patienceCells(figures))
  }
  return broken
}

const printFairness = (): void => {
  const sessions = given ?? USUAL
  row(FAIRNESS_HEAD)
  row(FAIRNESS_HEAD.map(() => '---'))
  for (const one of FAIRNESS_CASES)
    if (caseName(one).includes(values.rows)) row(fairnessCells(one, playFairness(one, { sessions, seed })))
  writeData('')
  row(LOOP_HEAD)
  row(LOOP_HEAD.map(() => '---'))
  for (const one of LOOP_CASES) row(loopCells(one, { seed }))
}

const isWhole = (count: number): boolean => Number.isInteger(count) && count >= 1 && count <= MOST_SESSIONS

if (!Number.isInteger(seed) || (given !== undefined && !isWhole(given))) {
  writeData(USAGE)
  process.exitCode = 2
} else if (values.table === 'fairness') {
  printFairness()
} else if (values.table === 'patience') {
  process.exitCode = printPatience() === 0 ? 0 : 1
} else {
  writeData(USAGE)
  process.exitCode = 2
}
