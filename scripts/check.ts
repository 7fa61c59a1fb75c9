/**
 * The static checks, as `npm run check` and as the first part of `npm test`: types, lint and format, unused code.
 *
 * Each check is one program run with its own output shown only where it fails. None of them changes a file.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endedProgram } from './ended-program.ts'

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

/** Runs one check after the other, each at most 3 minutes. */
export const runChecks = async (say: (line: string) => void): Promise<CheckResult[]> => {
  const results: CheckResult[] = []
  for (const { name, program, words } of CHECKS) {
    const started = performance.now()
    const { code, stdout, stderr } = await endedProgram(program, words, { cwd: ROOT, timeout: 180_000 })
    const passed = code === 0
    say(`${passed ? 'ok  ' : 'FAIL'} ${name} ${((performance.now() - started) / 1_000).toFixed(1)} s`)
    if (!passed) say(`${stdout}${stderr}`)
    results.push({ name, passed })
  }
  return results
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const failed = (await runChecks((line) => console.log(line))).filter(({ passed }) => !passed)
  process.exitCode = failed.length === 0 ? 0 : 1
}
