/**
 * Lines to a file of today in a directory: a new file each day, those older than `keepDays` removed.
 *
 * Days are those of the machine's own time zone, since people look for "the file of Tuesday". Nothing waits for the
 * disk: lines queue up to a limit, then they are lost and counted (`LineOutput`). A disk that is full or a directory that
 * is gone costs the lines of that time only: the file is opened again after ten seconds.
 */
import { mkdirSync, openSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { codedError, systemCodeOf } from '../../coded-error.ts'
import { LineOutput } from './line-output.io.ts'
import { tryAppend } from './writable.io.ts'

const MOST_WAITING = 1024 * 1024
const REOPEN_AFTER_MS = 10_000
const LAST_WAIT_MS = 1_000

export interface RotatingFileOptions {
  readonly directory: string
  /** The file's name of a day, and how to know one again whatever its day: `tps-11-25-2026.csv`. */
  readonly nameOf: (day: Date) => string
  readonly isOneOfThem: RegExp
  /** 1 is today's alone. */
  readonly keepDays: number
  /** An old file that can't be removed, or a new one that can't be opened while the daemon runs. */
  readonly failed?: (error: unknown) => void
}

export class RotatingFile {
  readonly #options: RotatingFileOptions
  readonly #now: () => Date
  #output: LineOutput | undefined
  /** Files of days before, whose last lines are still being written. */
  #leaving: LineOutput[] = []
  #endOfDay = 0
  #openAgainAt = 0
  #lost = 0

  /** @throws a coded error where today's file can't be opened; `setting` is the setting to name then. */
  constructor(options: RotatingFileOptions, setting: string, now: () => Date = () => new Date()) {
    this.#options = options
    this.#now = now
    try {
      this.#open()
    } catch (error) {
      throw notWritable(options, setting, error)
    }
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
      // Nothing to write to; another try follows, whatever day it is then.
      this.#options.failed?.(error)
      this.#endOfDay = Number.POSITIVE_INFINITY
      this.#openAgainAt = now + REOPEN_AFTER_MS
    }
  }

  #open(): void {
    const { directory, nameOf } = this.#options
    const today = this.#now()
    this.#openAgainAt = today.getTime() + REOPEN_AFTER_MS
    mkdirSync(directory, { recursive: true })
    this.#output = new LineOutput(openSync(join(directory, nameOf(today)), 'a', 0o640), MOST_WAITING)
    this.#endOfDay = dayAfter(today, 1).getTime()
    this.#tryRemoveOld(today)
  }

  /** What still waits is written to the file of its day; then that one is closed. */
  #leave(): void {
    const output = this.#output
    if (output === undefined) return
    this.#output = undefined
    this.#lost += output.lost
    output.closeWhenWritten()
    this.#leaving = [...this.#leaving.filter(({ isWriting }) => isWriting), output]
  }

  /** What can't be removed stays, and is tried again on the next day: today's file is written all the same. */
  #tryRemoveOld(today: Date): void {
    try {
      this.#removeOld(today)
    } catch (error) {
      this.#options.failed?.(error)
    }
  }

  #removeOld(today: Date): void {
    const { directory, nameOf, isOneOfThem, keepDays } = this.#options
    const kept = new Set(Array.from({ length: keepDays }, (_, back) => nameOf(dayAfter(today, -back))))
    for (const name of readdirSync(directory)) {
      if (isOneOfThem.test(name) && !kept.has(name)) rmSync(join(directory, name), { force: true })
    }
  }
}

/** @throws what the constructor would throw, without making a file or a directory. */
export function tryRotatingFile(options: RotatingFileOptions, setting: string): void {
  try {
    tryAppend(options.directory, options.nameOf(new Date()))
  } catch (error) {
    throw notWritable(options, setting, error)
  }
}

function notWritable({ directory }: RotatingFileOptions, setting: string, error: unknown): Error {
  const why = systemCodeOf(error) ?? String(error)
  const what = `${setting}: can't write in the directory ${directory}: the system says ${why}`
  return codedError('FILE_NOT_WRITABLE', `${what}; make it writable for this user, or name another`, error)
}

/** The beginning of the day so many days after this one, also where a day has 23 or 25 hours. */
const dayAfter = (day: Date, count: number): Date => new Date(day.getFullYear(), day.getMonth(), day.getDate() + count)
