/**
 * The static checks, as `npm run check` and as the first part of `npm test`: types, lint and format, unused code.
 *
 * Each check is one program run with its own output shown only where it fails. None of them changes a file.
 */
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')

const CHECKS: readonly { readonly name: string; readonly program: string; readonly words: readonly string[] }[] = [
  { name: 'types (tsc)', program: process.execPath, words: ['node_modules/typescript/bin/tsc'] },
  { name: 'lint and format (biome)', program: 'node_modules/.bin/biome', words: ['ci', '--colors=off'] },
  {
    name: 'unused files, exports and packages (knip)',
    program: process.execPath,
    words: ['node_modules/knip/bin/knip.js'],
  },
]

export interface CheckResult {
  readonly name: string
  readonly passed: boolean
}

/** Runs every check, each at most 3 minutes. */
export const runChecks = (say: (line: string) => void): CheckResult[] =>
  CHECKS.map(({ name, program, words }) => {
    const started = performance.now()
    const run = spawnSync(program, words, {
      cwd: ROOT,
      encoding: 'utf8',
      timeout: 180_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const passed = run.status === 0
    say(`${passed ? 'ok  ' : 'FAIL'} ${name} ${((performance.now() - started) / 1_000).toFixed(1)} s`)
    if (!passed) say(`${run.stdout ?? ''}${run.stderr ?? ''}${run.error?.message ?? ''}`)
    return { name, passed }
  })

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const failed = runChecks((line) => console.log(line)).filter(({ passed }) => !passed)
  process.exitCode = failed.length === 0 ? 0 : 1
}
