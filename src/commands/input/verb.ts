/**
 * What a verb of the command line is: its examples, its options, and a function that returns an exit code. Its name and summary are
 * in `verbs.io.ts`.
 *
 * Data goes to standard output, messages to standard error. A verb never ends the process. It returns 0 (done), 1 (failed or
 * degraded), 2 (usage) or 3 (bad configuration, or not running), or throws a coded error with one sentence.
 */
import type { InferredOptionTypes, Options, PositionalOptions } from 'yargs'
import { forParser, type OwnOptions, withNumbers } from './numeric-option.ts'

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

export const JSON_OPTION = { type: 'boolean', default: false, describe: 'Write JSON instead of text.' } as const
