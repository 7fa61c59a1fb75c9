/**
 * `radsluice top`: a running daemon, live. Keys: q quits, p pauses, s changes the order, the arrows scroll the servers.
 *
 * It survives a restart of the daemon and says meanwhile that nobody answers. With `--json` it writes one report a line, and
 * needs no terminal.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { codedError, codeOf } from '../../coded-error.ts'
import type { StatusReport } from '../../observe/status-report.ts'
import { type AdminTarget, follow } from '../input/admin-client.io.ts'
import { LIVE_OPTIONS } from '../input/admin-options.ts'
import { type ExitCode, verb } from '../input/verb.ts'
import { writeData } from '../terminal/output.io.ts'
import { Terminal } from '../terminal/terminal.io.ts'
import { afterKey, frame, type TopState, withReport } from '../text/top-frame.ts'

const WATCH = { method: 'GET', path: '/watch', access: 'read' } as const
/** The screen shows the busiest clients alone, which are in every report; there may be thousands. */
const WATCH_SCREEN = { ...WATCH, path: '/watch?clients=off' } as const
const TRY_AGAIN_MS = 1_000

export const top = verb({
  examples: [
    ['top', 'q quits, p pauses, s changes the order'],
    ['top --json', 'a report a line, for a program'],
  ],
  options: LIVE_OPTIONS,
  run: async ({ json, ...target }): Promise<ExitCode> => {
    if (json) {
      for await (const line of follow(target, WATCH, new AbortController().signal)) writeData(line)
      return 0
    }
    if (!Terminal.isThere()) {
      throw codedError('USAGE', 'top needs a terminal to draw on; use "radsluice status", or "radsluice top --json"')
    }
    return await new Screen(target).run()
  },
})

/** Nobody answers for now: it restarts, or hangs. */
const isAbsent = (error: unknown): boolean => ['NOT_RUNNING', 'NO_ANSWER'].includes(codeOf(error) ?? '')

class Screen {
  readonly #target: AdminTarget
  readonly #terminal = new Terminal()
  readonly #quit = new AbortController()
  #state: TopState | undefined

  constructor(target: AdminTarget) {
    this.#target = target
  }

  /** Until somebody quits. If nobody answers at first, it is an error; later it is a notice. */
  async run(): Promise<ExitCode> {
    const { signal } = this.#quit
    const keys = { key: (key: string) => this.#pressed(key), resized: () => this.#draw() }
    try {
      while (!signal.aborted) {
        try {
          for await (const line of follow(this.#target, WATCH_SCREEN, signal)) {
            if (this.#state === undefined) this.#terminal.enter(keys)
            this.#saw(JSON.parse(line) as StatusReport)
          }
          if (!signal.aborted) this.#notice('the daemon has ended')
        } catch (error) {
          if (signal.aborted) break
          if (this.#state === undefined || !isAbsent(error)) throw error
          this.#notice('no answer, trying again')
        }
        await sleep(TRY_AGAIN_MS, undefined, { signal }).catch(() => undefined)
      }
    } finally {
      this.#terminal.leave()
    }
    return 0
  }

  #saw(report: StatusReport): void {
    this.#state = withReport(this.#state, report)
    this.#draw()
  }

  #notice(notice: string): void {
    if (this.#state === undefined) return
    this.#state = { ...this.#state, notice }
    this.#draw()
  }

  #pressed(key: string): void {
    if (this.#state === undefined) return
    const next = afterKey(this.#state, key)
    if (next === 'quit') this.#quit.abort()
    else this.#state = next
    this.#draw()
  }

  #draw(): void {
    if (this.#state !== undefined) this.#terminal.draw(frame(this.#state, this.#terminal.size))
  }
}
