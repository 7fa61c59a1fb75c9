/**
 * `radsluice check`: is this configuration good? All problems at once, each with file, line and column.
 */
import { formatProblem } from '../config/problem.ts'
import { readConfig } from '../config/read.io.ts'
import { say, writeData, writeJson } from './output.io.ts'
import { JSON_OPTION, verb } from './verb.ts'

export const check = verb({
  examples: [
    ['check -c /etc/radsluice.yaml', 'print every problem with its line, exit 3 if there is one'],
    ['check -c radsluice.yaml --json', 'the same for a program'],
  ],
  options: {
    config: { alias: 'c', type: 'string', demandOption: true, requiresArg: true, describe: 'The file to check.' },
    json: JSON_OPTION,
  },
  run: async ({ config: file, json }) => {
    const read = readConfig(file)
    const problems = read.ok ? [] : read.problems
    if (json) writeJson({ ok: read.ok, problems, warnings: read.warnings })
    else {
      for (const problem of problems) writeData(formatProblem(problem))
      for (const warning of read.warnings) say(`warning: ${formatProblem(warning)}`)
      if (read.ok) writeData(`${file} is good: ${inWords(read.config.clients.length, read.config.farm.servers.length)}`)
      else say(`${problems.length === 1 ? '1 problem' : `${problems.length} problems`} in ${file}`)
    }
    return read.ok ? 0 : 3
  },
})

const inWords = (clients: number, servers: number): string =>
  `${clients} client ${clients === 1 ? 'entry' : 'entries'}, ${servers} ${servers === 1 ? 'server' : 'servers'}`
