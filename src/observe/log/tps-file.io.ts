/**
 * Writes the TPS file: at each quarter of a minute of the wall clock a line, with the rates since the line before.
 */
import type { Boundary } from '../boundary/boundary.io.ts'
import { Interval } from '../view/interval.ts'
import type { DaemonView } from '../view/view.ts'
import { QUARTER_MS, TPS_FILES, tpsLine, untilNextLine } from './day-files.ts'
import { RotatingFile, type RotatingFileOptions } from './rotating-file.io.ts'

export class TpsFile {
  readonly #file: RotatingFile
  readonly #view: () => Promise<DaemonView>
  readonly #boundary: Boundary
  #before: DaemonView | undefined
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  /** @throws a coded error where nothing can be written there. */
  constructor(o: Omit<RotatingFileOptions, 'failed'>, view: () => Promise<DaemonView>, boundary: Boundary) {
    const failed = (error: unknown): void => boundary.failed('tps-file', error)
    this.#file = new RotatingFile(TPS_FILES, { ...o, failed })
    this.#view = view
    this.#boundary = boundary
  }

  /** Lines that are in no file. */
  get lost(): number {
    return this.#file.lost
  }

  start(): void {
    this.#boundary.start('tps-file', async () => {
      try {
        this.#before = await this.#view()
      } finally {
        this.#wait()
      }
    })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#file.drained()
  }

  #wait(): void {
    if (this.#isStopped) return
    this.#timer = this.#boundary.after('tps-file', untilNextLine(Date.now()), () => this.#writeLine())
  }

  async #writeLine(): Promise<void> {
    try {
      const view = await this.#view()
      const before = this.#before
      this.#before = view
      if (before === undefined || this.#isStopped) return
      const { traffic } = new Interval(before, view, new Map())
      // The timer may fire early or late: the line has the time of its quarter.
      this.#file.write(tpsLine(new Date(Math.round(Date.now() / QUARTER_MS) * QUARTER_MS), traffic))
    } finally {
      this.#wait()
    }
  }
}
