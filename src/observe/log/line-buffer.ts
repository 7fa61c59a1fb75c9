/**
 * Lines that wait for a writer, within a limit. Lines that do not fit, or can't be written, are lost and counted.
 */

const NEWLINE = 0x0a

export class LineBuffer {
  readonly #limit: number
  #lines: string[] = []
  #length = 0
  /** The last text ended within a line: the next one begins on a new line. */
  #isMidLine = false
  /** Lines that nobody will read. */
  lost = 0

  /** `limit`: characters that may wait. */
  constructor(limit: number) {
    this.#limit = limit
  }

  add(line: string): void {
    if (this.#length + line.length > this.#limit) {
      this.lost += 1
      return
    }
    this.#lines.push(line)
    this.#length += line.length
  }

  /** All that waits, as one text; empty if nothing waits. */
  take(): string {
    if (this.#lines.length === 0) return ''
    const text = (this.#isMidLine ? '\n' : '') + this.#lines.join('')
    this.#isMidLine = false
    this.#lines = []
    this.#length = 0
    return text
  }

  /** This part of the text that was taken is written. */
  written(bytes: Uint8Array): void {
    this.#isMidLine = bytes.at(-1) !== NEWLINE
  }

  /** `rest` of the text that was taken can't be written, nor can what waits. */
  giveUp(rest: Uint8Array): void {
    for (const octet of rest) if (octet === NEWLINE) this.lost += 1
    this.lost += this.#lines.length
    this.#lines = []
    this.#length = 0
  }
}
