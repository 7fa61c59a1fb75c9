/**
 * `radsluice check`: is this configuration good? It prints all problems at once, each with file, line and column: those of the
 * file, and those of opening what `run` would open, tried as the user who asks, with nothing left behind. With
 * `--against-running` it also prints what a reload would change in the running daemon, setting by setting.
 *
 * For that the daemon reads the file itself: only it knows its rights, its environment and its version. So no secret and no
 * digest of one is sent in either direction.
 */
import { resolve } from 'node:path'
import { codedError, codeOf } from '../../coded-error.ts'
import type { ConfigResult, Found } from '../../config/checks/result.ts'
import { readConfig } from '../../config/load/read.io.ts'
import { changeLines } from '../../config/outward/change-text.ts'
import { formatProblem, inOrder, type Problem } from '../../config/source/problem.ts'
import { isPipe } from '../../config/source/small-file.io.ts'
import { testedChoice } from '../../daemon/openings.io.ts'
import type { ReloadChanges } from '../../observe/view/view.ts'
import { askToRead } from '../input/admin-client.io.ts'
import { ADMIN_OPTIONS } from '../input/admin-options.ts'
import { type ExitCode, flag, JSON_OPTION, textOption, verb } from '../input/verb.ts'
import { say, writeData, writeJson, writeResult } from '../terminal/output.io.ts'
import { type OpeningProblems, tryOpenings } from './check-openings.io.ts'

const PIPE_SENTENCE =
  "the daemon can't read a pipe of this command (-c with --against-running); write the text to a file, and give its path"

type Previewed = ReloadChanges & Readonly<Record<'file' | 'runsWith', string>>

export const check = verb({
  examples: [
    ['check -c /etc/radsluice.yaml', 'print every problem with its line, exit 3 if there is one'],
    ['check -c radsluice.yaml --against-running', 'also print what a reload of it would change now'],
  ],
  options: {
    config: { ...textOption('The file to check.'), alias: 'c', demandOption: true },
    'against-running': flag('Ask the running daemon what a reload of this file would change.'),
    notes: flag('Also say which packet I/O run would use and why, after its self-test.'),
    'file-only': flag('Do not try the addresses, directories and sockets: the file is for another machine.'),
    admin: ADMIN_OPTIONS.admin,
    json: JSON_OPTION,
  },
  run: async (given): Promise<ExitCode> => {
    const { config, 'against-running': againstRunning, 'file-only': fileOnly, notes: wantsNotes, admin, json } = given
    const file = resolve(config)
    if (againstRunning && isPipe(file)) throw codedError('USAGE', PIPE_SENTENCE)
    const read = readConfig(file, { from: 'file or pipe' })
    const { problems, warnings } = await allOf(read, file, fileOnly)
    const notes = wantsNotes && read.found !== undefined ? [await packetIoNote(read.found, file)] : []
    const isGood = read.ok && problems.length === 0
    const wants = againstRunning && isGood
    if (json && !wants) writeJson({ ok: isGood, problems, warnings, ...(wantsNotes ? { notes } : {}) })
    else if (!json) {
      for (const problem of problems) writeData(formatProblem(problem))
      for (const warning of warnings) say(`warning: ${formatProblem(warning)}`)
      for (const note of notes) say(`note: ${note}`)
      if (isGood) writeData(`${file} is good: ${inWords(read.config.clients.length, read.config.farm.servers.length)}`)
      else say(`${problems.length === 1 ? '1 problem' : `${problems.length} problems`} in ${file}`)
    }
    if (!wants) return isGood ? 0 : 3
    return await compare(admin, file, json, warnings)
  },
})

/** The problems of the file and, unless it is for another machine, of the attempts. */
async function allOf(read: ConfigResult, file: string, fileOnly: boolean): Promise<OpeningProblems> {
  const problems = read.ok ? [] : read.problems
  if (fileOnly || read.found === undefined) return { problems, warnings: read.warnings }
  const tried = await tryOpenings(read.found, file, problems)
  const isKnown = ({ path }: Problem): boolean => tried.problems.some((problem) => problem.path === path)
  return {
    problems: inOrder([...problems, ...tried.problems]),
    warnings: inOrder([...read.warnings.filter((warning) => !isKnown(warning)), ...tried.warnings]),
  }
}

/** The result of the self-test is kept for the start. */
async function packetIoNote({ packet_io: wanted }: Found, file: string): Promise<string> {
  const { use, why } = await testedChoice(wanted, file)
  return `packet I/O is ${use}: ${why}`
}

const WOULD_REFUSE = 'the running daemon would refuse it: what is good for this user is not good for the daemon'

/** What a reload of the file would change in the running daemon. With `json`, JSON whatever the result is. */
async function compare(
  admin: string | undefined,
  file: string,
  json: boolean,
  warnings: readonly Problem[],
): Promise<ExitCode> {
  const request = { method: 'POST', path: '/reload/preview', body: { file } } as const
  const found = await askToRead<Previewed>({ admin }, request).catch((error: unknown) => {
    if (json && codeOf(error) !== undefined)
      writeJson({ ok: false, error: (error as Error).message, problems: [], warnings })
    throw error
  })
  if ('problems' in found) {
    const { problems } = found
    const asObjects = problems.map((message) => ({ message }))
    writeResult(json, { ok: false, error: WOULD_REFUSE, problems: asObjects, warnings }, () => problems)
    if (!json) say(WOULD_REFUSE)
    return 3
  }
  if (json) writeJson({ ok: true, problems: [], warnings, ...found })
  else show(found)
  return 0
}

function show(found: Previewed): void {
  for (const line of changeLines(found)) writeData(line)
  if (found.changes.length > 0) writeData(`a reload would change ${countOf(found.changes.length)}`)
  if (found.runsWith !== found.file) {
    say(`the daemon runs with ${found.runsWith}, and a reload reads that; put ${found.file} in its place first`)
  }
}

const countOf = (settings: number): string => (settings === 1 ? '1 setting' : `${settings} settings`)

const inWords = (clients: number, servers: number): string =>
  `${clients} client ${clients === 1 ? 'entry' : 'entries'}, ${servers} ${servers === 1 ? 'server' : 'servers'}`
