/**
 * The command line: one verb, its options, its exit code. It never ends the process: `cli.ts` does.
 *
 * Only the file of the requested verb is loaded (`verbs.io.ts`). If nobody reads a verb's standard output any more
 * (`radsluice schema | head`), the verb is done, which is no failure.
 *
 * Exit codes: 0 done, 1 failed or degraded, 2 usage, 3 bad configuration or not running. A coded error or an error of the system
 * is one sentence on standard error. Anything else that is thrown is a bug and shows its stack.
 */
import yargs, { type Argv } from 'yargs'
import { codedError, codeOf, type ErrorCode } from '../coded-error.ts'
import { systemSentence } from '../system-errors.ts'
import { readVersion } from '../version.io.ts'
import type { Example, ExitCode, Verb } from './input/verb.ts'
import { outputEnded, say, writeData } from './terminal/output.io.ts'
import { VERBS, type VerbEntry, wordOf } from './verbs.io.ts'

const DEFAULT_VERB = 'run'
const GENERAL: readonly Example[] = [
  ['run -c /etc/radsluice.yaml', 'run the proxy'],
  ['demo', 'see in a minute what it does'],
]
const EXIT_OF: Readonly<Partial<Record<ErrorCode, ExitCode>>> = {
  USAGE: 2,
  BAD_CONFIGURATION: 3,
  NOT_RUNNING: 3,
  NO_ANSWER: 3,
}

/** Runs the verb that `argv` names (`run` if it names none) and says why it failed. Never rejects. */
export const runCommand = (argv: readonly string[]): Promise<ExitCode> => runVerb(argv).catch(codeFor)

async function runVerb(argv: readonly string[]): Promise<ExitCode> {
  const words = withVerb(argv)
  const asked = words.find((word) => !word.startsWith('-'))
  let begin: (() => Promise<ExitCode>) | undefined
  const parser = parserOf()
  for (const entry of VERBS) {
    const verb = wordOf(entry) === asked ? await entry.load() : undefined
    parser.command(
      entry.command,
      entry.summary as string,
      (own) => (verb === undefined ? own : withOptionsOf(own, entry, verb)),
      // Only stored: for a handler that returns a promise, the parser would first format the whole help.
      (options) => {
        begin = verb && (() => untilUnread(entry, verb.run(options)))
      },
    )
  }
  parser.parse(words, {}, (_error, _options, help) => {
    if (help !== '') writeData(help)
  })
  return (await begin?.()) ?? 0
}

const parserOf = (): Argv =>
  yargs()
    .scriptName('radsluice')
    .usage(usageOf(GENERAL, '<verb>'))
    .version(readVersion())
    .alias({ h: 'help' })
    .strict()
    .parserConfiguration({ 'boolean-negation': false, 'duplicate-arguments-array': false })
    .wrap(120)
    .exitProcess(false)
    .fail((message, error) => {
      // The parser's own errors are mistakes in the command. Any other error was thrown by our code.
      if (error !== undefined && error.name !== 'YError') throw error
      const sentence = message.replace(/^Not enough arguments following: (.+)$/, (_all, name: string) => {
        return `${name.length === 1 ? '-' : '--'}${name} needs a value`
      })
      throw codedError('USAGE', `${sentence}\nrun "radsluice --help" for what there is`)
    })

/** A verb whose output nobody reads is done, unless it says otherwise. */
const untilUnread = ({ outlivesReader }: VerbEntry, running: Promise<ExitCode>): Promise<ExitCode> =>
  outlivesReader === true ? running : Promise.race([running, outputEnded()])

/** `radsluice -c FILE` is `radsluice run -c FILE`, and `radsluice -- status` is `radsluice status`. */
function withVerb(argv: readonly string[]): string[] {
  const first = argv[0]
  if (first === '--' && argv.length > 1) return argv.slice(1)
  const isRun = first === undefined || (first.startsWith('-') && !['--help', '-h', '--version'].includes(first))
  return isRun ? [DEFAULT_VERB, ...argv] : [...argv]
}

function withOptionsOf(own: Argv, { command }: VerbEntry, { examples, positionals, options }: Verb): Argv {
  for (const [name, one] of Object.entries(positionals)) own.positional(name, one)
  return own.usage(usageOf(examples, command)).options(options)
}

/** `--help` begins with two command lines that can be copied. */
const usageOf = (examples: readonly Example[], command: string): string =>
  [
    'Examples:',
    ...examples.map(([line, does]) => `radsluice ${line}  # ${does}`),
    '',
    `Usage: radsluice ${command} [options]`,
  ].join('\n')

function codeFor(error: unknown): ExitCode {
  const code = codeOf(error)
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: String(error) }
  if (code !== undefined) {
    say(`radsluice: ${message}`)
    return EXIT_OF[code] ?? 1
  }
  say(`radsluice: ${systemSentence(error) ?? `this is a bug, please report it\n${stack}`}`)
  return 1
}
