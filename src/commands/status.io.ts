/**
 * `radsluice status`: how a running daemon fares. Exit 0 when it is healthy, 1 when it is degraded, 3 when none runs.
 */
import { fetchStatus } from './admin-client.io.ts'
import { writeData, writeJson } from './output.io.ts'
import { statusText } from './status-text.ts'
import { JSON_OPTION, verb } from './verb.ts'

export const DEFAULT_ADMIN = 'http://127.0.0.1:9812'

export const status = verb({
  command: 'status',
  summary: 'Show how a running radsluice fares: servers, queues, slots',
  examples: [
    ['status', `ask the daemon at ${DEFAULT_ADMIN}`],
    ['status --json --admin http://127.0.0.1:9813', 'all that can be seen, for a program'],
  ],
  options: {
    admin: { type: 'string', default: DEFAULT_ADMIN, requiresArg: true, describe: 'The admin address of the daemon.' },
    json: JSON_OPTION,
  },
  run: async ({ admin, json }) => {
    const report = await fetchStatus(admin)
    if (json) writeJson(report)
    else for (const line of statusText(report)) writeData(line)
    return report.ready && report.concerns.length === 0 ? 0 : 1
  },
})
