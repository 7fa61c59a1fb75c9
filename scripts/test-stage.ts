/**
 * One run of vitest within `npm test`: started, watched, added up.
 *
 * Each test file has a limit of its own. One that passes it is stopped, with all that it started, and named with the test
 * that it was at; the others go on. Where the time of the whole is over, the run is stopped in the same way.
 */
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endFamily } from './process-family.ts'
import { PROGRESS_FILE, Progress, whereItIs } from './test-progress.ts'

const LOOK_EVERY_MS = 500

export interface Stage {
  /** What it is called in what is said. */
  readonly name: string
  readonly cwd: string
  /** The vitest program, relative to `cwd`. */
  readonly vitest: string
  /** Further words of its command line. */
  readonly words: readonly string[]
  readonly fileLimitMs: number
  /** When the whole has to be over: milliseconds of the wall clock. */
  readonly endsAt: number
  readonly say: (line: string) => void
}

export interface Sum {
  readonly passed: number
  readonly failed: number
  /** Full names of the tests. */
  readonly skipped: readonly string[]
}

/** What is read of vitest's JSON report. */
interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

export const runStage = async (stage: Stage): Promise<Sum> => {
  if (Date.now() >= stage.endsAt) {
    stage.say(`\nNOT RUN: ${stage.name}; the time of the whole was over before`)
    return { passed: 0, failed: 1, skipped: [] }
  }
  const folder = mkdtempSync(join(tmpdir(), 'radsluice-test-'))
  const [report, steps] = [join(folder, 'report.json'), join(folder, 'steps')]
  writeFileSync(steps, '')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const child = spawn(process.execPath, [stage.vitest, 'run', ...stage.words, ...reporters], {
    cwd: stage.cwd,
    env: { ...process.env, [PROGRESS_FILE]: steps },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const watch = new Watch(stage, steps, child.pid ?? 0)
  const timer = setInterval(() => watch.look(Date.now()), LOOK_EVERY_MS)
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null))
    child.once('close', resolve)
  })
  clearInterval(timer)
  watch.end()
  const sum = watch.isOver ? undefined : summed(report, stage, watch.stopped)
  rmSync(folder, { recursive: true, force: true })
  if (sum === undefined) return { passed: watch.progress.passed, failed: watch.progress.failed + 1, skipped: [] }
  // An error outside of any test (an unhandled rejection, say) is in the exit code and in no test's result.
  return code !== 0 && sum.failed === 0 ? { ...sum, failed: 1 } : sum
}

/** Looks at how far the files are, and stops what takes too long. */
class Watch {
  readonly progress = new Progress()
  /** Files that were stopped. */
  readonly stopped = new Set<string>()
  /** The time of the whole was over. */
  isOver = false
  readonly #stage: Stage
  readonly #pid: number
  readonly #descriptor: number
  readonly #buffer = Buffer.alloc(1 << 16)

  constructor(stage: Stage, steps: string, pid: number) {
    this.#stage = stage
    this.#pid = pid
    this.#descriptor = openSync(steps, 'r')
  }

  look(now: number): void {
    this.#read()
    const { fileLimitMs, endsAt, name, say } = this.#stage
    for (const late of this.progress.late(now, fileLimitMs)) {
      say(`\nSTOPPED ${whereItIs(late, now)}; a file of ${name} may take ${fileLimitMs / 1_000} s`)
      this.stopped.add(late.file)
      this.progress.forget(late.file)
      endFamily(late.pid)
    }
    if (now < endsAt || this.isOver) return
    this.isOver = true
    say(`\nSTOPPED the run of ${name}: the time of the whole is over. ${this.progress.passed} of its tests had passed.`)
    for (const running of this.progress.running()) say(`STOPPED ${whereItIs(running, now)}`)
    endFamily(this.#pid)
  }

  end(): void {
    this.#read()
    closeSync(this.#descriptor)
  }

  #read(): void {
    for (let length = 1; length > 0; ) {
      length = readSync(this.#descriptor, this.#buffer)
      this.progress.take(this.#buffer.toString('utf8', 0, length))
    }
  }
}

const summed = (path: string, { name, say }: Stage, stopped: ReadonlySet<string>): Sum | undefined => {
  let report: Report
  try {
    report = JSON.parse(readFileSync(path, 'utf8')) as Report
  } catch (error) {
    say(`the run of ${name} left no report: ${(error as Error).message}`)
    return undefined
  }
  let [passed, failed] = [0, 0]
  const skipped: string[] = []
  for (const file of report.testResults) {
    let failedHere = 0
    for (const { status, fullName } of file.assertionResults) {
      if (status === 'passed') passed += 1
      else if (status === 'failed') failedHere += 1
      else if (!stopped.has(file.name)) skipped.push(fullName)
    }
    // A file that could not be loaded, whose hook failed, or that was stopped has no failed test of its own.
    failed += file.status === 'failed' ? Math.max(1, failedHere) : failedHere
    if (file.status === 'failed') say(`FAIL ${file.name}`)
  }
  return { passed, failed, skipped }
}
