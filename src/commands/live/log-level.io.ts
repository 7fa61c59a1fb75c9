/**
 * `radsluice log-level`: changes how much a running daemon logs, until the next reload.
 */
import { askFor } from '../input/admin-client.io.ts'
import { LIVE_OPTIONS } from '../input/admin-options.ts'
import { verb } from '../input/verb.ts'
import { writeResult } from '../terminal/output.io.ts'

export const logLevel = verb({
  examples: [
    ['log-level debug', 'also the octets of packets that are dropped'],
    ['log-level info', 'the default'],
  ],
  positionals: {
    level: {
      choices: ['error', 'warn', 'info', 'debug', 'trace'],
      demandOption: true,
      describe: 'The least important lines that are written.',
    },
  },
  options: LIVE_OPTIONS,
  run: async ({ level, json, ...target }) => {
    const changed = await askFor(target, { method: 'POST', path: '/log-level', body: { level }, access: 'control' })
    writeResult(json, changed, () => [`the log level is ${level} until the next reload`])
    return 0
  },
})
