/**
 * Sessions and bundles that ended, on their way to the main thread: lines in batches, so that a storm of Stops is not a
 * storm of messages. An error here costs lines, never the instance.
 */
import type { Ended } from '../../accounting/sessions/session-report.ts'
import type { Boundary } from '../../observe/boundary/boundary.io.ts'

const LARGEST_BATCH = 256
const LONGEST_WAIT_MS = 200

export class EndedLines {
  readonly #send: (lines: readonly string[]) => void
  readonly #boundary: Boundary
  #lines: string[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(send: (lines: readonly string[]) => void, boundary: Boundary) {
    this.#send = send
    this.#boundary = boundary
  }

  add(ended: Ended): void {
    this.#boundary.run('sessions-log', () => {
      this.#lines.push(`${JSON.stringify({ time: new Date().toISOString(), ...ended })}\n`)
      if (this.#lines.length >= LARGEST_BATCH) this.flush()
      else this.#timer ??= this.#boundary.after('sessions-log', LONGEST_WAIT_MS, () => this.flush())
    })
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const lines = this.#lines
    this.#lines = []
    if (lines.length > 0) this.#send(lines)
  }
}
