/**
 * What can be wrong with a configuration: a place in a file and a sentence that says what is wrong and what to do.
 */

/** `line` and `column` count from 1; line 0 is the file as a whole (it cannot be read, say). */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly column: number
  /** The setting's name in dots and brackets: `farm.servers[0].address`; empty for the whole file. */
  readonly path: string
  /** Never contains a secret. */
  readonly message: string
}

/** `radsluice.yaml:12:14: farm.servers[0].address: sentence`. */
export function formatProblem({ file, line, column, path, message }: Problem): string {
  const where = line === 0 ? file : `${file}:${line}:${column}`
  return path === '' ? `${where}: ${message}` : `${where}: ${path}: ${message}`
}

/** A line each, which is one for each client where their files are at fault. */
export const MOST_WARNINGS_IN_LOG = 20
const MOST_IN_SHORT = 3
const LONGEST_IN_SHORT = 400

/** The first of many sentences, none of them long, and how many more there are: for the log and for status. */
export function inShort(sentences: readonly string[], most = MOST_IN_SHORT): string[] {
  const cut = (one: string): string => (one.length <= LONGEST_IN_SHORT ? one : `${one.slice(0, LONGEST_IN_SHORT)}...`)
  const more = sentences.length - most
  return [
    ...sentences.slice(0, most).map(cut),
    ...(more > 0 ? [`... and ${more} more; radsluice check names them`] : []),
  ]
}

/** In the order of the file. */
export const inOrder = (list: readonly Problem[]): Problem[] =>
  list.toSorted((a, b) => a.line - b.line || a.column - b.column)

/** Where something stands in a file, counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface Fault extends Position {
  readonly message: string
}
