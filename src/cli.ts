/**
 * The command line: one verb, its options, its exit code. The only place that ends the process.
 *
 * Exit codes: 0 done, 1 failed or degraded, 2 usage, 3 bad configuration or not running. An error of the surroundings
 * is one sentence on standard error; anything else that is thrown is a bug and shows its stack.
 */
import yargs, { type Argv } from 'yargs'
import { codedError, codeOf, type ErrorCode } from './coded-error.ts'
import { check } from './commands/check.io.ts'
import { decode } from './commands/decode.io.ts'
import { demo } from './commands/demo.io.ts'
import { demoServer } from './commands/demo-server.io.ts'
import { logLevel } from './commands/log-level.io.ts'
import { plan } from './commands/plan.io.ts'
import { reload } from './commands/reload.io.ts'
import { run } from './commands/run.io.ts'
import { schema } from './commands/schema.io.ts'
import { send } from './commands/send.io.ts'
import { server } from './commands/server.io.ts'
import { sessions } from './commands/sessions.io.ts'
import { set } from './commands/set.io.ts'
import { show } from './commands/show.io.ts'
import { simulate } from './commands/simulate.io.ts'
import { status } from './commands/status.io.ts'
import { drain, stop } from './commands/stop.io.ts'
import { top } from './commands/top.io.ts'
import { trace } from './commands/trace.io.ts'
import type { Example, ExitCode, Verb } from './commands/verb.ts'
import { readVersion } from './version.io.ts'

const VERBS: readonly Verb[] = [
  run,
  check,
  schema,
  status,
  show,
  top,
  trace,
  sessions,
  server,
  set,
  logLevel,
  reload,
  drain,
  stop,
  send,
  decode,
  simulate,
  plan,
  demo,
  demoServer,
]
const GENERAL: readonly Example[] = [
  ['run -c /etc/radsluice.yaml', 'run the proxy'],
  ['demo', 'see in a minute what it does'],
]
const EXIT_OF: Readonly<Partial<Record<ErrorCode, ExitCode>>> = { USAGE: 2, BAD_CONFIGURATION: 3, NOT_RUNNING: 3 }

/** Runs the verb that `argv` names; `run` where it names none. */
async function main(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = 0
  const parser = yargs(withVerb(argv))
    .scriptName('radsluice')
    .usage(usageOf(GENERAL, '<verb>'))
    .version(readVersion())
    .alias({ h: 'help' })
    .strict()
    .parserConfiguration({ 'boolean-negation': false, 'duplicate-arguments-array': false })
    .wrap(120)
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? codedError('USAGE', `${message}\nrun "radsluice --help" for what there is`)
    })
  for (const one of VERBS) {
    parser.command(
      one.command,
      one.summary as string,
      (own) => withOptionsOf(own, one),
      async (options) => {
        code = await one.run(options)
      },
    )
  }
  await parser.parseAsync()
  return code
}

/** `radsluice -c FILE` is `radsluice run -c FILE`. */
function withVerb(argv: readonly string[]): string[] {
  const first = argv[0]
  const isRun = first === undefined || (first.startsWith('-') && !['--help', '-h', '--version'].includes(first))
  return isRun ? [run.command, ...argv] : [...argv]
}

function withOptionsOf(own: Argv, one: Verb): Argv {
  for (const [name, options] of Object.entries(one.positionals)) own.positional(name, options)
  return own.usage(usageOf(one.examples, one.command)).options(one.options)
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
  const text = error instanceof Error ? error.message : String(error)
  if (code === undefined) {
    process.stderr.write(`radsluice: this is a bug, please report it\n${error instanceof Error ? error.stack : text}\n`)
    return 1
  }
  process.stderr.write(`radsluice: ${text}\n`)
  return EXIT_OF[code] ?? 1
}

// A reader that closes the pipe early (`radsluice schema | head`) is no failure of ours.
process.stdout.on('error', () => undefined)
process.exit(await main(process.argv.slice(2)).catch(codeFor))
