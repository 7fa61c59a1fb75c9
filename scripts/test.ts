/**
 * `npm test`: everything. First the peers (real RADIUS software, installed where that is possible), then the static
 * checks, then the tests: unit and simulation together, then what is typed and answered, four files at once, at last
 * end-to-end one file after the other, so that nothing measures another's load.
 *
 * The last line is the sum, alone: `N passed, N failed`, and `, N skipped` where something was skipped. A skipped
 * test is named with its reason above it. The exit code is 1 where anything failed or nothing ran.
 * `npm test -- FILTER` runs only the test files whose path has FILTER in it, and no static check.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runChecks } from './check.ts'
import { ensurePeers } from './peers.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
/** A run that hangs is a failure, not a wait: the whole has to end within 15 minutes. */
const WHOLE_MS = 14.5 * 60_000
const STAGES = [
  { projects: ['unit', 'sim'], limitMs: 9 * 60_000, workers: ['--maxWorkers=2'] },
  { projects: ['shell'], limitMs: WHOLE_MS, workers: ['--maxWorkers=4'] },
  { projects: ['e2e'], limitMs: WHOLE_MS, workers: [] },
] as const

interface Sum {
  passed: number
  failed: number
  skipped: string[]
}

/** What is read of vitest's JSON report. */
interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

const say = (line: string): void => console.log(line)

const main = (filters: readonly string[]): number => {
  const sum: Sum = { passed: 0, failed: 0, skipped: [] }
  const peers = ensurePeers(say)
  if (peers.installed.length > 0) say(`installed: ${peers.installed.join(', ')}`)
  if (peers.missing.length > 0)
    say(`missing: ${peers.missing.join(', ')} (${peers.reason}); tests that need them are skipped`)
  if (filters.length === 0) {
    for (const { passed } of runChecks(say)) sum[passed ? 'passed' : 'failed'] += 1
  }
  for (const stage of STAGES) addStage(sum, stage, filters)

  if (sum.skipped.length > 0) say(`\nskipped${peers.reason === '' ? '' : ` (${peers.reason})`}:`)
  for (const name of sum.skipped) say(`  ${name}`)
  const skipped = sum.skipped.length > 0 ? `, ${sum.skipped.length} skipped` : ''
  say(`\n${sum.passed} passed, ${sum.failed} failed${skipped}`)
  return sum.failed > 0 || sum.passed === 0 ? 1 : 0
}

const addStage = (sum: Sum, stage: (typeof STAGES)[number], filters: readonly string[]): void => {
  const folder = mkdtempSync(join(tmpdir(), 'radsluice-test-'))
  const file = join(folder, 'report.json')
  const projects = stage.projects.flatMap((project) => ['--project', project])
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const words = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--passWithNoTests',
    ...projects,
    ...stage.workers,
    ...reporters,
    ...filters,
  ]
  const run = spawnSync(process.execPath, words, {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: Math.max(1, Math.min(stage.limitMs, WHOLE_MS - Math.round(performance.now()))),
  })
  const failedBefore = sum.failed
  try {
    addReport(sum, JSON.parse(readFileSync(file, 'utf8')) as Report)
  } catch (error) {
    say(`the run of ${stage.projects.join(' and ')} left no report: ${(error as Error).message}`)
    sum.failed += 1
  }
  rmSync(folder, { recursive: true, force: true })
  // An error outside of any test (an unhandled rejection, say) is in the exit code and in no test's result.
  if (run.status !== 0 && sum.failed === failedBefore) sum.failed += 1
}

const addReport = (sum: Sum, report: Report): void => {
  for (const { name, status, assertionResults } of report.testResults) {
    let failed = 0
    for (const test of assertionResults) {
      if (test.status === 'passed') sum.passed += 1
      else if (test.status === 'failed') failed += 1
      else sum.skipped.push(test.fullName)
    }
    // A file that could not be loaded, or whose hook failed, has no failed test of its own.
    sum.failed += status === 'failed' && failed === 0 ? 1 : failed
    if (status === 'failed') say(`FAIL ${name}`)
  }
}

process.exitCode = main(process.argv.slice(2))
