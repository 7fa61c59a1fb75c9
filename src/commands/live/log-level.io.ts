/**
 * `radsluice log-level`: more or fewer log lines of a running daemon, until the next reload.
 */
import { askFor } from '../input/admin-client.io.ts'
import { ADMIN_OPTIONS } from '../input/admin-options.ts'
import { JSON_OPTION, verb } from '../input/verb.ts'
import { writeData, writeJson } from '../terminal/output.io.ts'

export const logLevel = verb({
  examples: [
    ['log-level debug', 'with the octets of packets that are dropped'],
    ['log-level info', 'as it was'],
  ],
  positionals: {
    level: {
      choices: ['error', 'warn', 'info', 'debug', 'trace'],
      demandOption: true,
      describe: 'The least important lines that are written.',
    },
  },
  options: { ...ADMIN_OPTIONS, json: JSON_OPTION },
  run: async ({ level, json, ...place }) => {
    const changed = await askFor(place, { method: 'POST', path: '/log-level', body: { level }, access: 'control' })
    if (json) writeJson(changed)
    else writeData(`the log level is ${level} until the next reload`)
    return 0
  },
})
