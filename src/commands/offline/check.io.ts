/**
 * `radsluice check`: is this configuration good? All problems at once, each with file, line and column: of the file, and of
 * what `run` would open with it, tried as the user who asks and without leaving anything behind. With `--against-running`
 * also what a reload of it would change in the running daemon, setting by setting.
 *
 * The daemon reads the file itself for that, since only it knows what it would see: its rights, its environment, its version.
 * So no secret and no digest of one is sent in either direction.
 */
import { resolve } from 'node:path'
import { codedError, codeOf } from '../../coded-error.ts'
import type { ConfigResult } from '../../config/checks/result.ts'
import { readConfig } from '../../config/load/read.io.ts'
import { formatProblem, inOrder, type Problem } from '../../config/source/problem.ts'
import { isPipe } from '../../config/source/small-file.io.ts'
import { ask, refused } from '../input/admin-client.io.ts'
import { ADMIN_OPTIONS } from '../input/admin-options.ts'
import { type ExitCode, JSON_OPTION, verb } from '../input/verb.ts'
import { say, writeData, writeJson } from '../terminal/output.io.ts'
import { type FoundChanges, foundChanges } from '../text/changes-text.ts'
import { tryOpenings } from './check-openings.io.ts'

const UNPROCESSABLE = 422
const PIPE_SENTENCE =
  "the daemon can't read a pipe of this command (-c with --against-running); write the text to a file, and give its path"

interface Preview extends FoundChanges {
  readonly file: string
  readonly runsWith: string
}

export const check = verb({
  examples: [
    ['check -c /etc/radsluice.yaml', 'print every problem with its line, exit 3 if there is one'],
    ['check -c radsluice.yaml --against-running', 'print too what a reload of it would change now'],
  ],
  options: {
    config: { alias: 'c', type: 'string', demandOption: true, requiresArg: true, describe: 'The file to check.' },
    'against-running': {
      type: 'boolean',
      default: false,
      describe: 'Ask the running daemon what a reload of this file would change.',
    },
    'file-only': {
      type: 'boolean',
      default: false,
      describe: 'Try none of the addresses, directories and sockets: the file is for another machine.',
    },
    admin: ADMIN_OPTIONS.admin,
    json: JSON_OPTION,
  },
  run: async ({ config, 'against-running': againstRunning, 'file-only': fileOnly, admin, json }): Promise<ExitCode> => {
    const file = resolve(config)
    if (againstRunning && isPipe(file)) throw codedError('USAGE', PIPE_SENTENCE)
    const read = readConfig(file, { from: 'file or pipe' })
    const { problems, warnings } = await allOf(read, file, fileOnly)
    const isGood = read.ok && problems.length === 0
    const wants = againstRunning && isGood
    if (json && !wants) writeJson({ ok: isGood, problems, warnings })
    else if (!json) {
      for (const problem of problems) writeData(formatProblem(problem))
      for (const warning of warnings) say(`warning: ${formatProblem(warning)}`)
      if (isGood) writeData(`${file} is good: ${inWords(read.config.clients.length, read.config.farm.servers.length)}`)
      else say(`${problems.length === 1 ? '1 problem' : `${problems.length} problems`} in ${file}`)
    }
    if (!wants) return isGood ? 0 : 3
    return json ? await compareAsJson(admin, file, warnings) : await compare(admin, file)
  },
})

interface Said {
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** What the file and, unless it is for another machine, the attempts have to say. */
async function allOf(read: ConfigResult, file: string, fileOnly: boolean): Promise<Said> {
  const problems = read.ok ? [] : read.problems
  if (fileOnly || read.found === undefined) return { problems, warnings: read.warnings }
  const tried = await tryOpenings(read.found, file, problems)
  const isKnown = ({ path }: Problem): boolean => tried.problems.some((problem) => problem.path === path)
  return {
    problems: inOrder([...problems, ...tried.problems]),
    warnings: inOrder([...read.warnings.filter((warning) => !isKnown(warning)), ...tried.warnings]),
  }
}

const WOULD_REFUSE = 'the running daemon would refuse it: what is good for this user is not good for the daemon'

type Answer =
  | { readonly ok: true; readonly found: Preview }
  | { readonly ok: false; readonly problems: readonly string[] }

/**
 * What the running daemon says of the file.
 * @throws a coded error where none answers, or it may not be asked.
 */
async function answerOf(admin: string | undefined, file: string): Promise<Answer> {
  const told = await ask({ admin }, { method: 'POST', path: '/reload/preview', body: { file }, access: 'control' })
  if (told.status === UNPROCESSABLE)
    return { ok: false, problems: (told.body as { problems: readonly string[] }).problems }
  if (told.status !== 200) throw refused(told)
  return { ok: true, found: told.body as Preview }
}

async function compare(admin: string | undefined, file: string): Promise<ExitCode> {
  const answer = await answerOf(admin, file)
  if (answer.ok) {
    show(answer.found)
    return 0
  }
  for (const problem of answer.problems) writeData(problem)
  say(WOULD_REFUSE)
  return 3
}

/** JSON whatever comes of it; `ok` is whether the exit code is 0. */
async function compareAsJson(admin: string | undefined, file: string, warnings: readonly Problem[]): Promise<ExitCode> {
  const answer = await answerOf(admin, file).catch((error: unknown) => {
    if (codeOf(error) !== undefined) {
      writeJson({ ok: false, error: (error as Error).message, problems: [], warnings })
    }
    throw error
  })
  if (answer.ok) {
    writeJson({ ok: true, problems: [], warnings, ...answer.found })
    return 0
  }
  writeJson({ ok: false, error: WOULD_REFUSE, problems: answer.problems.map((message) => ({ message })), warnings })
  return 3
}

function show(found: Preview): void {
  for (const line of foundChanges(found)) writeData(line)
  if (found.changes.length > 0) writeData(`a reload would change ${countOf(found.changes.length)}`)
  if (found.runsWith !== found.file) {
    say(`the daemon runs with ${found.runsWith}, and a reload reads that; put ${found.file} in its place first`)
  }
}

const countOf = (settings: number): string => (settings === 1 ? '1 setting' : `${settings} settings`)

const inWords = (clients: number, servers: number): string =>
  `${clients} client ${clients === 1 ? 'entry' : 'entries'}, ${servers} ${servers === 1 ? 'server' : 'servers'}`
