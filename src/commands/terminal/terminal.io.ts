/**
 * The terminal for `top`: a screen of its own, lines drawn over the last ones, keys as they are pressed.
 *
 * Plain ANSI (ECMA-48) without a dependency. Whatever happens, `leave` restores the terminal.
 */
import type { ScreenLine, Size, Style } from '../text/top-frame.ts'

const ESC = '\u001b['
const CODES: Readonly<Record<Style, number>> = { bold: 1, dim: 2, reverse: 7, red: 31, green: 32, yellow: 33 }
/** For a terminal that does not say its size. */
const USUAL: Size = { columns: 80, rows: 24 }

export class Terminal {
  readonly #colours = (process.env['NO_COLOR'] ?? '') === ''
  #isOpen = false

  /** Whether there is a terminal to draw on and to read keys from. */
  static isThere(): boolean {
    return process.stdout.isTTY && process.stdin.isTTY
  }

  get size(): Size {
    const { columns = 0, rows = 0 } = process.stdout
    return { columns: columns || USUAL.columns, rows: rows || USUAL.rows }
  }

  enter(events: { key(name: string): void; resized(): void }): void {
    this.#isOpen = true
    process.stdout.write(`${ESC}?1049h${ESC}?25l`)
    process.stdin.setRawMode(true)
    process.stdin.setEncoding('utf8').on('data', (keys: string | Buffer) => {
      for (const key of keysIn(String(keys))) events.key(key)
    })
    process.stdin.resume()
    process.stdout.on('resize', events.resized)
    process.once('exit', () => this.leave())
  }

  leave(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    process.stdin.setRawMode(false)
    process.stdin.pause()
    process.stdout.write(`${ESC}?25h${ESC}?1049l`)
  }

  /** Draws over the last lines without clearing them, so nothing flickers. */
  draw(lines: readonly ScreenLine[]): void {
    if (!this.#isOpen || process.stdout.writableNeedDrain) return
    const text = lines.map((line) => `${painted(line, this.#colours)}${ESC}K`).join('\r\n')
    process.stdout.write(`${ESC}H${text}${ESC}J`)
  }
}

/** A line with its styles. `reverse` and `bold` are no colours and stay without colours. */
export const painted = (line: ScreenLine, colours: boolean): string =>
  line
    .map(([text, style]) => {
      const isPlain = style === undefined || text === '' || (!colours && CODES[style] >= 30)
      return isPlain ? text : `${ESC}${CODES[style]}m${text}${ESC}0m`
    })
    .join('')

const NAMED: Readonly<Record<string, string>> = { '\u001b[A': 'up', '\u001b[B': 'down', '\u0003': 'interrupt' }

/** What was pressed; several keys may come at once. */
function keysIn(text: string): string[] {
  // In a literal, the linter takes the control character for a mistake.
  const pattern = new RegExp(`${'\\u001b'}\\[[0-9;]*[A-Za-z~]|.`, 'gsu')
  return [...text.matchAll(pattern)].map(([key]) => NAMED[key] ?? key)
}
