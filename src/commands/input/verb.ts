/**
 * What a verb of the command line is: its examples, its options, and a function that returns an exit code. Its name and summary are
 * in `verbs.io.ts`.
 *
 * Options that are numbers are read here. The parser of the command line turns what it can't read into NaN, and the text is lost. So
 * it gets no type, and what is no number is quoted in the error, with what to write instead.
 *
 * Data goes to standard output, messages to standard error. A verb never ends the process. It returns 0 (done), 1 (failed or
 * degraded), 2 (usage) or 3 (bad configuration, or not running), or throws a coded error with one sentence.
 */
import type { InferredOptionTypes, Options, PositionalOptions } from 'yargs'
import { codedError } from '../../coded-error.ts'
import { writeInstead } from '../../config/source/problem.ts'

export type ExitCode = 0 | 1 | 2 | 3

/** A verb as the command line sees it, without the types of its options. */
export interface Verb {
  /** Two command lines, without the program's name, each with what it does. */
  readonly examples: readonly [Example, Example]
  readonly options: Readonly<Record<string, Options>>
  readonly positionals: Readonly<Record<string, PositionalOptions>>
  run(options: unknown): Promise<ExitCode>
}
export type Example = readonly [line: string, does: string]

interface TypedVerb<Given extends Record<string, OwnOptions>, Placed extends Record<string, PositionalOptions>> {
  readonly examples: readonly [Example, Example]
  readonly options: Given
  readonly positionals?: Placed
  readonly run: (options: InferredOptionTypes<Given> & InferredOptionTypes<Placed>) => Promise<ExitCode>
}

/** Defines a verb whose `run` gets its options with their types. Those of type `number` are numbers within their range. */
export function verb<
  const Given extends Record<string, OwnOptions>,
  const Placed extends Record<string, PositionalOptions> = Record<never, PositionalOptions>,
>(typed: TypedVerb<Given, Placed>): Verb {
  const { run, positionals = {}, options, ...rest } = typed
  return {
    ...rest,
    options: Object.fromEntries(Object.entries(options).map(([name, option]) => [name, forParser(option)])),
    positionals,
    run: (given) => {
      const read = withNumbers(given as Readonly<Record<string, unknown>>, options)
      return run(read as InferredOptionTypes<Given> & InferredOptionTypes<Placed>)
    },
  }
}

export const textOption = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const
export const numberOption = (describe: string) => ({ type: 'number', requiresArg: true, describe }) as const
/** It is there, or it is not. */
export const flag = (describe: string) => ({ type: 'boolean', default: false, describe }) as const

export const JSON_OPTION = flag('Write JSON instead of text.')

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
