/**
 * Sessions and bundles that ended, on their way to the main thread: lines in batches, so that a storm of Stops is not a
 * storm of messages.
 */
import type { Ended } from '../accounting/session-report.ts'

const LARGEST_BATCH = 256
const LONGEST_WAIT_MS = 200

export class EndedLines {
  readonly #send: (lines: readonly string[]) => void
  #lines: string[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(send: (lines: readonly string[]) => void) {
    this.#send = send
  }

  add(ended: Ended): void {
    this.#lines.push(`${JSON.stringify({ time: new Date().toISOString(), ...ended })}\n`)
    if (this.#lines.length >= LARGEST_BATCH) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), LONGEST_WAIT_MS)
  }

  /** Sends what is there. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#lines.length === 0) return
    this.#send(this.#lines)
    this.#lines = []
  }
}
