/**
 * The sessions log: a line of JSON for each accounting session and bundle that ended, in a file of each day.
 *
 * Instances send their lines in batches; nobody waits for the disk. Lines that could not be written are counted, and the
 * log of the daemon says so, once a minute while it lasts.
 */
import { SESSIONS_FILES } from './day-files.ts'
import { RotatingFile, type RotatingFileOptions } from './rotating-file.io.ts'

const TELL_AFTER_MS = 60_000

export class SessionsLog {
  readonly #file: RotatingFile
  readonly #tellLost: (count: number) => void
  readonly #now: () => Date
  #told = 0
  #tellAgainAt = 0

  /** @throws a coded error where today's file can't be opened. */
  constructor(options: RotatingFileOptions, tellLost: (count: number) => void, now: () => Date = () => new Date()) {
    this.#tellLost = tellLost
    this.#now = now
    this.#file = new RotatingFile(SESSIONS_FILES, options, now)
  }

  /** Lines that are in no file. */
  get lost(): number {
    return this.#file.lost
  }

  /** Lines as they are to stand in the file, each with its end. */
  write(lines: readonly string[]): void {
    for (const line of lines) this.#file.write(line)
    const { lost } = this
    const now = this.#now().getTime()
    if (lost === this.#told || now < this.#tellAgainAt) return
    this.#tellLost(lost - this.#told)
    this.#told = lost
    this.#tellAgainAt = now + TELL_AFTER_MS
  }

  /** Resolves when all is written, or after a bounded time. */
  drained(): Promise<void> {
    return this.#file.drained()
  }
}
