/**
 * What can be wrong with a configuration: a position in a file, and a sentence that says what is wrong and what to do. Also how
 * a sentence quotes what was written, and what it says to write instead.
 */

/** Line and column in a file, counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface Fault extends Position {
  readonly message: string
}

/** Line 0 is the file as a whole: it cannot be read, say. */
export interface Problem extends Fault {
  readonly file: string
  /** The setting's name in dots and brackets: `farm.servers[0].address`; empty for the whole file. */
  readonly path: string
  /** Never contains a secret. */
  readonly message: string
}

/** A problem with a file itself and not with a setting. */
export const problemOf = (file: string, message: string, position: Position = { line: 0, column: 0 }): Problem => ({
  file,
  ...position,
  path: '',
  message,
})

/** `radsluice.yaml:12:14: farm.servers[0].address: sentence`. */
export function formatProblem({ file, line, column, path, message }: Problem): string {
  const where = line === 0 ? file : `${file}:${line}:${column}`
  return path === '' ? `${where}: ${message}` : `${where}: ${path}: ${message}`
}

/** A line each, and there may be one for each client. */
export const MOST_WARNINGS_IN_LOG = 20
const MOST_IN_SHORT = 3
const LONGEST_IN_SHORT = 400

/** The first of many sentences, cut to a length, and how many more there are: for the log and for status. */
export function inShort(sentences: readonly string[], most = MOST_IN_SHORT): string[] {
  const more = sentences.length - most
  return [
    ...sentences.slice(0, most).map((one) => cut(one, LONGEST_IN_SHORT)),
    ...(more > 0 ? [`... and ${more} more; radsluice check names them`] : []),
  ]
}

/** In the order of the file. */
export const inOrder = (list: readonly Problem[]): Problem[] =>
  list.toSorted((a, b) => a.line - b.line || a.column - b.column)

const LONGEST_QUOTE = 60

/** A value on one line, short. Never the inside of a mapping or a list, which could hold a secret. */
export function quoted(value: unknown): string {
  if (typeof value === 'object') return kindOf(value)
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length <= LONGEST_QUOTE ? text : cut(text, LONGEST_QUOTE - 3)
}

const cut = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length)}...`)

export function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  return typeof value === 'string' ? 'text' : `a ${typeof value}`
}

const FACTOR_OF: Readonly<Record<string, number>> = { '': 1, k: 1_000, m: 1_000_000 }

/** The whole number that a person means by `20k`, `1.5M` or `20,000`; undefined if it is none. */
export function meantNumber(text: string): number | undefined {
  const [, digits, factor = ''] = /^(\d+(?:\.\d+)?|\d{1,3}(?:[,_']\d{3})+)\s?([kKmM]?)$/.exec(text.trim()) ?? []
  if (digits === undefined) return undefined
  const value = Number(digits.replace(/[,_']/g, '')) * (FACTOR_OF[factor.toLowerCase()] ?? Number.NaN)
  const rounded = Math.round(value)
  return Number.isSafeInteger(rounded) && Math.abs(rounded - value) < 1e-6 ? rounded : undefined
}

/** `write 20000` if such a number was meant and it is within the range, else `advice`. */
export function writeInstead(text: string, advice: string, within?: readonly [least: number, most: number]): string {
  const meant = meantNumber(text)
  const [least, most] = within ?? [0, Number.MAX_SAFE_INTEGER]
  return meant === undefined || String(meant) === text || meant < least || meant > most ? advice : `write ${meant}`
}
