/**
 * The sessions log: a line of JSON for each accounting session and bundle that ended, in a file of each day.
 *
 * Instances send their lines in batches; nobody waits for the disk. The daemon's log reports lines that could not be written,
 * at most once a minute.
 */
import { SESSIONS_FILES } from './day-files.ts'
import { RotatingFile, type RotatingFileOptions } from './rotating-file.io.ts'

const REPORT_AFTER_MS = 60_000

export class SessionsLog {
  readonly #file: RotatingFile
  readonly #reportLost: (count: number) => void
  readonly #now: () => Date
  #reported = 0
  #reportAgainAt = 0

  /** @throws a coded error where today's file can't be opened. */
  constructor(options: RotatingFileOptions, reportLost: (count: number) => void, now: () => Date = () => new Date()) {
    this.#reportLost = reportLost
    this.#now = now
    this.#file = new RotatingFile(SESSIONS_FILES, options, now)
  }

  /** Lines that are in no file. */
  get lost(): number {
    return this.#file.lost
  }

  /** Each with its end of line. */
  write(lines: readonly string[]): void {
    for (const line of lines) this.#file.write(line)
    const { lost } = this
    const now = this.#now().getTime()
    if (lost === this.#reported || now < this.#reportAgainAt) return
    this.#reportLost(lost - this.#reported)
    this.#reported = lost
    this.#reportAgainAt = now + REPORT_AFTER_MS
  }

  /** Resolves when all is written, or after a bounded time. */
  drained(): Promise<void> {
    return this.#file.drained()
  }
}
