/**
 * A progress bar on standard error for a person at a terminal. Elsewhere nothing is written.
 */

const WIDTH = 30
const LEAST_MS_BETWEEN = 100

export class Progress {
  readonly #title: string
  readonly #isShown = process.stderr.isTTY === true
  #shownAt = 0

  constructor(title: string) {
    this.#title = title
  }

  /** `done` of `all`, and a few words. */
  show(done: number, all: number, words: string): void {
    const now = performance.now()
    if (!this.#isShown || (now - this.#shownAt < LEAST_MS_BETWEEN && done < all)) return
    this.#shownAt = now
    const bar = '#'.repeat(Math.round((done / all) * WIDTH)).padEnd(WIDTH, '.')
    process.stderr.write(`\r\u001b[K${this.#title} [${bar}] ${words}`)
  }

  /** Removes the bar. */
  clear(): void {
    if (this.#isShown) process.stderr.write('\r\u001b[K')
  }
}
