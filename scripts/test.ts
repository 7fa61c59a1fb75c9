/**
 * `npm test`: everything. Peers that are missing (real RADIUS software) are installed where that is possible; the static
 * checks and the tests that need none of them, unit and simulation, run meanwhile. Then what is typed, answered and waited
 * for, five files at once, then what waits and counts what comes meanwhile, three at once, at last what measures, one file
 * after the other, so that none measures another's load.
 *
 * The last line is the sum, alone: `N passed, N failed`, and `, N skipped` where something was skipped. A skipped
 * test is named with its reason above it, a file that took too long with the test that it was at. The exit code is 1 where
 * anything failed or nothing ran.
 * `npm test -- FILTER` runs only the test files whose path has FILTER in it, and no static check.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runChecks } from './check.ts'
import { ensurePeers, type PeerReport } from './peers.ts'
import { runStage } from './test-stage.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const MINUTE = 60_000
/** A run that hangs is a failure, not a wait: the whole has to end within 15 minutes, also on a busy machine. */
const WHOLE_MS = 14.5 * MINUTE
/** What one file may take is many times what it takes on a quiet machine. */
const STAGES = [
  { projects: ['unit', 'sim'], needsPeers: false, fileLimitMs: 8 * MINUTE, workers: ['--maxWorkers=2'] },
  { projects: ['shell'], needsPeers: true, fileLimitMs: 6 * MINUTE, workers: ['--maxWorkers=5'] },
  { projects: ['waiting', 'waiting-dgram'], needsPeers: true, fileLimitMs: 5 * MINUTE, workers: ['--maxWorkers=3'] },
  { projects: ['e2e', 'dgram'], needsPeers: true, fileLimitMs: 5 * MINUTE, workers: [] },
] as const

const say = (line: string): void => console.log(line)

const main = async (filters: readonly string[]): Promise<number> => {
  const endsAt = Date.now() + WHOLE_MS
  const installed = ensurePeers(say).then(said)
  const checks = filters.length === 0 ? await runChecks(say) : []
  let passed = checks.filter((check) => check.passed).length
  let failed = checks.length - passed
  const skipped: string[] = []
  for (const { projects, needsPeers, fileLimitMs, workers } of STAGES) {
    if (needsPeers) await installed
    const words = [
      '--passWithNoTests',
      ...projects.flatMap((project) => ['--project', project]),
      ...workers,
      ...filters,
    ]
    const vitest = 'node_modules/vitest/vitest.mjs'
    const sum = await runStage({ name: projects.join(' and '), cwd: ROOT, vitest, words, fileLimitMs, endsAt, say })
    passed += sum.passed
    failed += sum.failed
    skipped.push(...sum.skipped)
  }

  const { reason } = await installed
  if (skipped.length > 0) say(`\nskipped${reason === '' ? '' : ` (${reason})`}:`)
  for (const name of skipped) say(`  ${name}`)
  say(`\n${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`)
  return failed > 0 || passed === 0 ? 1 : 0
}

const said = (report: PeerReport): PeerReport => {
  const { installed, missing, reason } = report
  if (installed.length > 0) say(`installed: ${installed.join(', ')}`)
  if (missing.length > 0) say(`missing: ${missing.join(', ')} (${reason}); tests that need them are skipped`)
  return report
}

process.exitCode = await main(process.argv.slice(2))
