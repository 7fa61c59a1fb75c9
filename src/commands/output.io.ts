/**
 * Where a verb writes: data to standard output, talk to standard error, colour only for a person at a terminal.
 */

/** One line of data. */
export const writeData = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

/** A value as JSON, for programs. */
export const writeJson = (value: unknown): void => writeData(JSON.stringify(value, null, 2))

/** One line for people, beside the data. */
export const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

const CODES = { red: 31, green: 32, yellow: 33, bold: 1 } as const

/** Colours `text` where standard output is a terminal and NO_COLOR is not set (no-color.org). */
export function coloured(colour: keyof typeof CODES, text: string): string {
  const { NO_COLOR = '' } = process.env
  const wanted = process.stdout.isTTY && NO_COLOR === ''
  return wanted ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text
}
