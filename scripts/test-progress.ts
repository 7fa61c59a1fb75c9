/**
 * How far the test files of a run are: what their processes tell (test/progress.ts), added up.
 *
 * With it, `npm test` stops a file that takes too long and says at which test it was, and what has passed is known also
 * where the run could not write its report. Times are milliseconds of the wall clock.
 */

/** The environment variable with the path of the file that the steps are written to, one line of JSON each. */
export const PROGRESS_FILE = 'RADSLUICE_TEST_PROGRESS'

export type Step = { readonly file: string } & (
  | { readonly step: 'begin'; readonly pid: number; readonly at: number }
  | { readonly step: 'test'; readonly name: string; readonly at: number }
  | { readonly step: 'tested'; readonly passed: boolean }
  | { readonly step: 'end' }
)

/** A file that has begun and not ended. */
export interface Running {
  readonly file: string
  readonly pid: number
  readonly since: number
  /** The test that it is at; undefined before the first one and between two. */
  readonly test: { readonly name: string; readonly since: number } | undefined
}

export class Progress {
  readonly #running = new Map<string, Running>()
  #rest = ''
  passed = 0
  failed = 0

  /** Takes what was written since; a line that is not whole yet waits for its rest. */
  take(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#step(JSON.parse(line) as Step)
  }

  running(): Running[] {
    return [...this.#running.values()]
  }

  /** The files that have run for longer than `limitMs`. */
  late(now: number, limitMs: number): Running[] {
    return this.running().filter(({ since }) => now - since > limitMs)
  }

  /** A file whose process was stopped. */
  forget(file: string): void {
    this.#running.delete(file)
  }

  #step(step: Step): void {
    const { file } = step
    const running = this.#running.get(file)
    if (step.step === 'begin') this.#running.set(file, { file, pid: step.pid, since: step.at, test: undefined })
    else if (step.step === 'end') this.#running.delete(file)
    else if (step.step === 'tested') {
      this[step.passed ? 'passed' : 'failed'] += 1
      if (running) this.#running.set(file, { ...running, test: undefined })
    } else if (running) this.#running.set(file, { ...running, test: { name: step.name, since: step.at } })
  }
}

/** What a file was doing, as a sentence. */
export const whereItIs = ({ file, since, test }: Running, now: number): string => {
  const long = (from: number): string => `${Math.round((now - from) / 1_000)} s`
  const at = test === undefined ? 'in no test (a hook, or its loading)' : `for ${long(test.since)} in "${test.name}"`
  return `${file} after ${long(since)}: it was ${at}`
}
