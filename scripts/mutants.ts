/**
 * `npm run mutants`: plants each fault of `mutations.ts` into a copy of the source, one at a time, and runs the unit and
 * simulation tests until one fails. A fault that no test notices survives; a survivor earns a new test or checker.
 *
 *   npm run mutants [-- --only TEXT] [--tests unit|sim|all]
 *
 * The copy lies in a temporary folder; the working tree is never touched. Quick tests run first, those of the fault's own
 * folder before all others, then scenarios and a hundred seeds. A run that hangs is killed and counts as noticed. The last
 * line is the sum; exit 1 where one survived.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Mutation, misfit } from './mutation.ts'
import { MUTATIONS } from './mutations.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const COPIED = ['src', 'test', 'scripts', 'docs', 'package.json', 'tsconfig.json', 'vitest.config.ts']

/** Test files in the order in which they are asked; each group is one run that ends with its first failure. */
const GROUPS: readonly { readonly kind: 'unit' | 'sim'; readonly files: readonly string[] }[] = [
  { kind: 'unit', files: ['test/throttle/', 'test/queues/'] },
  { kind: 'unit', files: ['test/proxy/', 'test/transport/'] },
  { kind: 'unit', files: ['test/instances/', 'test/daemon/', 'test/admin/'] },
  { kind: 'unit', files: ['test/accounting/', 'test/observe/', 'test/config/outward/difference'] },
  { kind: 'unit', files: ['test/config/checks/', 'test/simulation/plan/'] },
  { kind: 'unit', files: ['test/radius/', 'test/commands/input/capture', 'test/commands/text/'] },
  {
    kind: 'sim',
    files: [
      'max-rate',
      'reloads',
      'service-order',
      'dead-server',
      'outage',
      'planted-faults',
      'planted-session-faults',
      'slow-service',
      'late-copy',
      'regressions',
    ],
  },
  { kind: 'sim', files: ['random-seeds'] },
]
const GROUP_LIMIT_MS = 150_000

interface Verdict {
  /** The test that noticed, or undefined. */
  readonly killedBy: string | undefined
  readonly tookMs: number
}

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: { only: { type: 'string', default: '' }, tests: { type: 'string', default: 'all' } },
  })
  const chosen = MUTATIONS.filter(({ name, file }) => `${file} ${name}`.includes(values.only))
  const groups = GROUPS.filter(({ kind }) => values.tests === 'all' || values.tests === kind)
  const wrong = chosen.flatMap((mutation) => misfit(mutation, readFileSync(join(ROOT, mutation.file), 'utf8')))
  if (wrong.length > 0 || groups.length === 0) {
    for (const line of wrong) console.error(`mutants: ${line}`)
    if (groups.length === 0) console.error('mutants: --tests is unit, sim or all')
    return 2
  }
  const folder = mkdtempSync(join(tmpdir(), 'radsluice-mutants-'))
  try {
    for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    const clean = await judge(folder, groups)
    if (clean.killedBy !== undefined) {
      console.error(`mutants: without any fault a test fails already: ${clean.killedBy}`)
      return 2
    }
    return report(await judgeAll(folder, chosen, groups))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const judgeAll = async (
  folder: string,
  mutations: readonly Mutation[],
  groups: typeof GROUPS,
): Promise<{ readonly mutation: Mutation; readonly verdict: Verdict }[]> => {
  const verdicts: { readonly mutation: Mutation; readonly verdict: Verdict }[] = []
  for (const mutation of mutations) {
    const path = join(folder, mutation.file)
    const original = readFileSync(path, 'utf8')
    // A function, since a replacement text would have a meaning of its own for "$".
    writeFileSync(
      path,
      original.replace(mutation.from, () => mutation.to),
    )
    const verdict = await judge(folder, nearestFirst(groups, mutation))
    writeFileSync(path, original)
    verdicts.push({ mutation, verdict })
    const seconds = (verdict.tookMs / 1_000).toFixed(0).padStart(3)
    const where = mutation.file.replace('src/', '')
    console.log(`${seconds} s  ${where}: ${mutation.name}\n         ${verdict.killedBy ?? 'SURVIVED'}`)
  }
  return verdicts
}

const report = (verdicts: readonly { readonly mutation: Mutation; readonly verdict: Verdict }[]): number => {
  const survivors = verdicts.filter(({ verdict }) => verdict.killedBy === undefined)
  for (const { mutation } of survivors) console.log(`survived: ${mutation.file}: ${mutation.name}`)
  const minutes = (verdicts.reduce((sum, { verdict }) => sum + verdict.tookMs, 0) / 60_000).toFixed(1)
  console.log(
    `${verdicts.length} mutants, ${verdicts.length - survivors.length} killed, ${survivors.length} survived, ${minutes} min`,
  )
  return survivors.length === 0 ? 0 : 1
}

/** The tests of the file's own folder are the likeliest to notice. */
const nearestFirst = (groups: typeof GROUPS, { file }: Mutation): typeof GROUPS => {
  const folder = `${dirname(file).replace('src/', 'test/')}/`
  const isNear = ({ files }: (typeof GROUPS)[number]): boolean =>
    files.some((name) => name.startsWith(folder) || folder.startsWith(name))
  return [...groups.filter(isNear), ...groups.filter((group) => !isNear(group))]
}

const judge = async (folder: string, groups: typeof GROUPS): Promise<Verdict> => {
  const started = performance.now()
  for (const { kind, files } of groups) {
    const killedBy = await firstFailure(folder, kind, files)
    if (killedBy !== undefined) return { killedBy, tookMs: performance.now() - started }
  }
  return { killedBy: undefined, tookMs: performance.now() - started }
}

/** Runs these test files until one fails; its name, or undefined where all pass. */
const firstFailure = async (folder: string, kind: string, files: readonly string[]): Promise<string | undefined> => {
  const file = join(folder, 'report.json')
  rmSync(file, { force: true })
  const reporters = ['--reporter=json', `--outputFile.json=${file}`]
  const words = ['node_modules/vitest/vitest.mjs', 'run', '--project', kind, '--bail', '1', ...reporters, ...files]
  // A group of its own, so that workers in an endless loop end with it.
  const child = spawn(process.execPath, words, { cwd: folder, stdio: 'ignore', detached: true })
  const code = await ended(child)
  if (code === 0) return undefined
  if (code === 'hangs') return `${kind}: hangs`
  return `${kind}: ${failedTestIn(file, folder) ?? 'a test file does not load'}`
}

const ended = (child: ChildProcess): Promise<number | 'hangs'> =>
  new Promise((resolve) => {
    const limit = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      resolve('hangs')
    }, GROUP_LIMIT_MS)
    child.once('exit', (code) => {
      clearTimeout(limit)
      resolve(code ?? 1)
    })
  })

const failedTestIn = (file: string, folder: string): string | undefined => {
  try {
    const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as {
      testResults: { name: string; assertionResults: { status: string; fullName: string }[] }[]
    }
    for (const { name, assertionResults } of testResults) {
      const failed = assertionResults.find(({ status }) => status === 'failed')
      if (failed !== undefined) return `${name.slice(folder.length + 1)}: ${failed.fullName}`
    }
  } catch {
    // A run that died left no report: it has failed all the same.
  }
  return undefined
}

process.exitCode = await main()
