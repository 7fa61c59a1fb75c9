/**
 * Options that are numbers. The parser of the command line turns what it can't read into NaN, and the text is lost. So the parser
 * gets no type, and the number is read here. What is no number is quoted in the error, with what to write instead.
 *
 * `verb` does this for each option of type `number`, so no verb ever sees NaN.
 */
import type { Options } from 'yargs'
import { codedError } from '../../coded-error.ts'
import { writeInstead } from '../../config/source/problem.ts'

/** `within`: the least and the greatest number allowed. `fraction`: it need not be whole. */
export interface OwnOptions extends Options {
  readonly within?: readonly [least: number, most: number]
  readonly fraction?: boolean
}

const NUMBER = /^-?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i

/** The options as the parser of the command line takes them. */
export const forParser = ({ within: _, fraction: _fraction, ...option }: OwnOptions): Options => {
  if (option.type !== 'number') return option
  const { type: _type, ...untyped } = option
  return untyped
}

/** `given` with a number for each numeric option that was given. @throws a coded error that quotes what is no number. */
export function withNumbers(
  given: Readonly<Record<string, unknown>>,
  options: Readonly<Record<string, OwnOptions>>,
): Record<string, unknown> {
  const read: Record<string, unknown> = { ...given }
  for (const [name, option] of Object.entries(options)) {
    const words = read[name]
    if (option.type !== 'number' || words === undefined) continue
    read[name] = Array.isArray(words) ? words.map((one) => numberOf(name, one, option)) : numberOf(name, words, option)
  }
  return read
}

function numberOf(name: string, given: unknown, { within, fraction = false }: OwnOptions): number {
  const text = String(given)
  const value = NUMBER.test(text) ? Number(text) : Number.NaN
  const [least, most] = within ?? [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]
  if (Number.isNaN(value) || !(fraction || Number.isInteger(value))) {
    const kind = fraction ? 'number' : 'whole number'
    const advice = within === undefined ? 'write digits alone' : `write ${least} to ${most}`
    throw codedError('USAGE', `--${name}: ${JSON.stringify(text)} is no ${kind}; ${writeInstead(text, advice, within)}`)
  }
  if (value < least || value > most)
    throw codedError('USAGE', `--${name}: ${text} is out of range; write ${least} to ${most}`)
  return value
}
