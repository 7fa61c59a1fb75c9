/**
 * Reads the plain items of a long list without the YAML parser. Ten thousand client entries would cost the parser half a
 * second and a hundred megabytes of nodes, and the loader needs only the values.
 *
 * An item is plain if it cannot mean anything else in YAML: keys of lower-case letters; values that are words, paths,
 * addresses, small numbers, true, false or quoted text without escapes; one pair a line, or all pairs in braces on one line. A
 * run of such items below a top-level key is replaced by one mark. The parser reads the rest, with the same lines and columns.
 * What comes before the first item of a run is left to the parser too, because blank lines and `#` may be text of the item
 * above. `test/config/source/plain-items.test.ts` compares both.
 */

/** Shorter runs are not worth it. */
const SHORTEST_RUN = 64
const MARK = '__a run of plain items__'

export interface PlainItem {
  /** Counted from 1, of the first key or brace. */
  readonly line: number
  readonly column: number
  /** The text of the file, from there on. */
  readonly text: string
  readonly value: Readonly<Record<string, unknown>>
}

export interface Reduced {
  /** With as many lines as before. */
  readonly text: string
  /** Run i has the mark `markOf(i)`. */
  readonly runs: readonly (readonly PlainItem[])[]
}

export const markOf = (run: number): string => `${MARK} ${run}`

/** The runs of plain items below `key:`, and the text without them; undefined if there are none. */
export function withoutPlainItems(text: string, key: string): Reduced | undefined {
  const begin = new RegExp(`^${key}:[ ]*(?:#.*)?\\r?\\n`, 'm').exec(text)
  // A directive (%YAML 1.1) can give words another meaning.
  if (begin === null || text.includes(MARK) || /^%/m.test(text)) return undefined
  const lines = new Lines(text, begin.index + begin[0].length)
  // An anchor or a tag of the list may come first.
  if (!lines.areItems()) return undefined
  const kept: string[] = [text.slice(0, lines.offset)]
  const runs: PlainItem[][] = []
  let run: PlainItem[] = []
  /** The offset of the line of its first item. */
  let from = lines.offset
  const endRun = (): void => {
    const first = run[0]
    if (first === undefined || run.length < SHORTEST_RUN) kept.push(text.slice(from, lines.offset))
    else {
      kept.push(`${' '.repeat(lines.indent)}- "${markOf(runs.length)}"`, '\n'.repeat(lines.line - first.line))
      runs.push(run)
    }
    run = []
  }
  while (!lines.isOver) {
    const before = lines.offset
    const item = lines.plainItem()
    if (item !== undefined) {
      if (run.length === 0) {
        from = lines.startOfLast
        kept.push(text.slice(before, from))
      }
      run.push(item)
    } else {
      endRun()
      lines.skipOne()
      kept.push(text.slice(before, lines.offset))
      from = lines.offset
    }
  }
  endRun()
  if (runs.length === 0) return undefined
  kept.push(text.slice(lines.offset))
  return { text: kept.join(''), runs }
}

/** The lines of the list, read item by item. */
class Lines {
  readonly #text: string
  offset: number
  indent = -1
  isOver = false
  /** The offset of the line on which the last plain item begins. */
  startOfLast = 0
  /** Counted from 1. */
  line: number

  constructor(text: string, offset: number) {
    this.#text = text
    this.offset = offset
    this.line = 1 + countLines(text, 0, offset)
  }

  /** Whether the first line with content is an item. */
  areItems(): boolean {
    return lengthAt(DASH, this.#text, this.#pastBlanks(this.offset)) > 0
  }

  /** The item that begins here if it is plain; then it is skipped, with the blank lines and comments before it. */
  plainItem(): PlainItem | undefined {
    const start = this.#pastBlanks(this.offset)
    const dash = lengthAt(DASH, this.#text, start)
    if (dash === 0) return undefined
    const indent = this.#text.indexOf('-', start) - start
    if (this.indent >= 0 && indent !== this.indent) return undefined
    const reader = new ItemReader(this.#text, start + dash, dash)
    const value = reader.read()
    const end = reader.at
    if (value === undefined || !this.#endsAt(end, indent)) return undefined
    this.indent = indent
    this.startOfLast = start
    const line = this.line + countLines(this.#text, this.offset, start)
    const from = start + dash
    this.line = line + countLines(this.#text, start, end)
    this.offset = end
    return { line, column: dash + 1, text: this.#text.slice(from, end), value }
  }

  /** Skips a line that belongs to no plain item, and blank lines before it. A line of another key ends the list. */
  skipOne(): void {
    const start = this.#pastBlanks(this.offset)
    this.isOver = start >= this.#text.length || !/[\s-]/.test(this.#text[start] ?? '')
    if (this.isOver) return
    const end = this.#text.indexOf('\n', start)
    const next = end < 0 ? this.#text.length : end + 1
    this.line += countLines(this.#text, this.offset, next)
    this.offset = next
  }

  /** Whether another item or the end of the list follows, and not a line that continues the one before. */
  #endsAt(end: number, indent: number): boolean {
    const next = this.#pastBlanks(end)
    const blanks = lengthAt(BLANKS, this.#text, next)
    if (next + blanks >= this.#text.length || blanks < indent) return true
    return blanks === indent && this.#text.startsWith('- ', next + blanks)
  }

  /** The beginning of the first line from here on that is neither blank nor a comment. */
  #pastBlanks(from: number): number {
    let at = from
    for (let blank = lengthAt(EMPTY_LINE, this.#text, at); blank > 0; blank = lengthAt(EMPTY_LINE, this.#text, at))
      at += blank
    return at
  }
}

// Sticky, for `lengthAt`.
const DASH = / *- +/y
const BLANKS = / */y
const EMPTY_LINE = / *(?:#[^\n]*)?\r?\n/y
const LINE_END = /(?: +#[^\n]*| *)(?:\r?\n|$)/y
/** Far shorter than the 1024 characters that YAML allows for a key. */
const KEY = /[a-z][a-z_]{0,63}: +/y
const COMMA = / *, */y
const OPEN = /\{ */y
const CLOSE = / *\}/y
/** Ends at a blank, a comma, a brace or the end of the line. */
const WORD = /[A-Za-z0-9_./:-]+(?=[ ,}\r\n]|$)/y
const CONTROL = '\\x00-\\x1f'
const QUOTED = new RegExp(`"[^"\\\\${CONTROL}]*"(?=[ ,}\\r\\n]|$)|'[^'${CONTROL}]*'(?=[ ,}\\r\\n]|$)`, 'y')

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?$/
const IPV6 = /^[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?<!:)(?:\/\d{1,3})?$/
const NUMBER = /^(?:0|[1-9]\d{0,8})$/
const TEXT = /^(?:[A-Za-z/]|\.{1,2}\/)[A-Za-z0-9_./-]*$/
const NO_TEXT = /^(?:null|true|false)$/i

/** Reads one plain item: `{ a: 1, b: two }`, or pairs on lines of their own in the column of the first. */
class ItemReader {
  readonly #text: string
  readonly #indent: number
  at: number

  /** `indent` is the column of the first key, counted from 0. */
  constructor(text: string, at: number, indent: number) {
    this.#text = text
    this.#indent = indent
    this.at = at
  }

  /** The item; undefined if it is not plain. */
  read(): Record<string, unknown> | undefined {
    const value = this.#text[this.at] === '{' ? this.#braces(0) : this.#lines()
    return this.at === this.#text.length || this.#skip(LINE_END) ? value : undefined
  }

  #lines(): Record<string, unknown> | undefined {
    const value: Record<string, unknown> = {}
    for (;;) {
      if (!this.#pair(value, 0)) return undefined
      const end = lengthAt(LINE_END, this.#text, this.at)
      if (end === 0 && this.at < this.#text.length) return undefined
      const next = this.at + end
      const blanks = lengthAt(BLANKS, this.#text, next)
      if (blanks !== this.#indent || lengthAt(KEY, this.#text, next + blanks) === 0) return value
      this.at = next + blanks
    }
  }

  #braces(depth: number): Record<string, unknown> | undefined {
    const value: Record<string, unknown> = {}
    if (!this.#skip(OPEN)) return undefined
    for (;;) {
      if (!this.#pair(value, depth)) return undefined
      if (this.#skip(CLOSE)) return value
      if (!this.#skip(COMMA)) return undefined
    }
  }

  #pair(into: Record<string, unknown>, depth: number): boolean {
    const keyAt = this.at
    if (!this.#skip(KEY)) return false
    const key = this.#text.slice(keyAt, this.#text.indexOf(':', keyAt))
    if (NO_TEXT.test(key) || Object.hasOwn(into, key)) return false
    const isNested = this.#text[this.at] === '{'
    if (isNested && depth > 0) return false
    const value = isNested ? this.#braces(depth + 1) : this.#scalar()
    if (value === undefined) return false
    into[key] = value
    return true
  }

  #scalar(): unknown {
    const from = this.at
    if (this.#skip(QUOTED)) return this.#text.slice(from + 1, this.at - 1)
    if (!this.#skip(WORD)) return undefined
    const word = this.#text.slice(from, this.at)
    if (word === 'true' || word === 'false') return word === 'true'
    if (NUMBER.test(word)) return Number(word)
    const isText = IPV4.test(word) || IPV6.test(word) || (TEXT.test(word) && !NO_TEXT.test(word))
    return isText ? word : undefined
  }

  /** Skips the pattern if it matches here. */
  #skip(pattern: RegExp): boolean {
    const length = lengthAt(pattern, this.#text, this.at)
    this.at += length
    return length > 0
  }
}

/** How many characters a sticky pattern matches at an offset; 0 if it does not match there. */
function lengthAt(pattern: RegExp, text: string, offset: number): number {
  pattern.lastIndex = offset
  return pattern.test(text) ? pattern.lastIndex - offset : 0
}

function countLines(text: string, from: number, to: number): number {
  let count = 0
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count += 1
  return count
}
