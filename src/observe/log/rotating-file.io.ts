/**
 * Lines to a file of today: a new file each day, those older than `keepDays` are removed.
 *
 * Nothing waits for the disk: beyond a limit lines are lost and counted (`LineOutput`). If the disk is full or the directory
 * is gone, the file is opened again after ten seconds; the lines of that time are lost.
 */
import { accessSync, closeSync, constants, mkdirSync, openSync, readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { codedError, systemCodeOf } from '../../coded-error.ts'
import type { DayFiles } from './day-files.ts'
import { LineOutput } from './line-output.io.ts'

const MOST_WAITING = 1024 * 1024
const REOPEN_AFTER_MS = 10_000
const LAST_WAIT_MS = 1_000

export interface RotatingFileOptions {
  readonly directory: string
  /** 1 is today's alone. */
  readonly keepDays: number
  /** A file can't be removed, or opened while the daemon runs. */
  readonly failed?: (error: unknown) => void
}

export class RotatingFile {
  readonly #files: DayFiles
  readonly #options: RotatingFileOptions
  readonly #now: () => Date
  #output: LineOutput | undefined
  /** Files of days before, whose last lines are still being written. */
  #leaving: LineOutput[] = []
  #endOfDay = 0
  #openAgainAt = 0
  #lost = 0

  /** @throws a coded error where today's file can't be opened. */
  constructor(files: DayFiles, options: RotatingFileOptions, now: () => Date = () => new Date()) {
    this.#files = files
    this.#options = options
    this.#now = now
    orNotWritable(files, options.directory, () => this.#open())
  }

  /** Lines that are in no file. */
  get lost(): number {
    return this.#lost + (this.#output?.lost ?? 0)
  }

  write(line: string): void {
    const now = this.#now().getTime()
    const isBroken = this.#output === undefined || this.#output.isBroken
    if (now >= this.#endOfDay || (isBroken && now >= this.#openAgainAt)) this.#openOrWait(now)
    if (this.#output === undefined) this.#lost += 1
    else this.#output.write(line)
  }

  /** Resolves when all is written, or after a bounded time. */
  async drained(limitMs = LAST_WAIT_MS): Promise<void> {
    const outputs = this.#output === undefined ? this.#leaving : [...this.#leaving, this.#output]
    await Promise.all(outputs.map((output) => output.drained(limitMs)))
  }

  #openOrWait(now: number): void {
    this.#leave()
    try {
      this.#open()
    } catch (error) {
      // Another try follows, whatever day it is then.
      this.#options.failed?.(error)
      this.#endOfDay = Number.POSITIVE_INFINITY
      this.#openAgainAt = now + REOPEN_AFTER_MS
    }
  }

  #open(): void {
    const { directory } = this.#options
    const today = this.#now()
    this.#openAgainAt = today.getTime() + REOPEN_AFTER_MS
    mkdirSync(directory, { recursive: true })
    this.#output = new LineOutput(openSync(join(directory, this.#files.nameOf(today)), 'a', 0o640), MOST_WAITING)
    this.#endOfDay = dayAfter(today, 1).getTime()
    this.#removeOld(today)
  }

  /** What waits is still written to this file; then it is closed. */
  #leave(): void {
    const output = this.#output
    if (output === undefined) return
    this.#output = undefined
    this.#lost += output.lost
    output.closeWhenWritten()
    this.#leaving = [...this.#leaving.filter(({ isWriting }) => isWriting), output]
  }

  /** What can't be removed is tried again on the next day; today's file is written anyway. */
  #removeOld(today: Date): void {
    const { directory, keepDays, failed } = this.#options
    const { nameOf, isOneOfThem } = this.#files
    const kept = new Set(Array.from({ length: keepDays }, (_, back) => nameOf(dayAfter(today, -back))))
    try {
      for (const name of readdirSync(directory)) {
        if (isOneOfThem.test(name) && !kept.has(name)) rmSync(join(directory, name), { force: true })
      }
    } catch (error) {
      failed?.(error)
    }
  }
}

/** @throws what the constructor would throw, without making a file or a directory. */
export function tryRotatingFile(files: DayFiles, directory: string): void {
  orNotWritable(files, directory, () => tryAppend(directory, files.nameOf(new Date())))
}

/**
 * If the directory is missing, the next one above it is tried, as `mkdir -p` would.
 * @throws what the system would say where `name` can't be opened for appending in `directory`.
 */
function tryAppend(directory: string, name: string): void {
  const file = join(directory, name)
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) {
    closeSync(openSync(file, constants.O_WRONLY | constants.O_APPEND))
    return
  }
  let above = directory
  while (statSync(above, { throwIfNoEntry: false }) === undefined) above = dirname(above)
  // What mkdir says of a file in the directory's place, and of one above it.
  const code = above === directory ? 'EEXIST' : 'ENOTDIR'
  if (!statSync(above).isDirectory()) throw Object.assign(new Error(`${above} is no directory`), { code })
  accessSync(above, constants.W_OK | constants.X_OK)
}

function orNotWritable({ setting }: DayFiles, directory: string, act: () => void): void {
  try {
    act()
  } catch (error) {
    const why = systemCodeOf(error) ?? String(error)
    const what = `${setting}: can't write in the directory ${directory}: the system says ${why}`
    throw codedError('FILE_NOT_WRITABLE', `${what}; make it writable for this user, or name another`, error)
  }
}

/** The beginning of a day, `count` days later; a day may have 23 or 25 hours. */
const dayAfter = (day: Date, count: number): Date => new Date(day.getFullYear(), day.getMonth(), day.getDate() + count)
