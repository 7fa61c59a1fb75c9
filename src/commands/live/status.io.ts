/**
 * `radsluice status`: how a running daemon fares. Exit 0 when nothing is lost, 1 when it is degraded or users or records
 * suffer a loss, 3 when none runs.
 */
import { fetchStatus } from '../input/admin-client.io.ts'
import { ADMIN_OPTIONS } from '../input/admin-options.ts'
import { JSON_OPTION, verb } from '../input/verb.ts'
import { writeData, writeJson } from '../terminal/output.io.ts'
import { statusText } from '../text/status-text.ts'

export const status = verb({
  examples: [
    ['status', 'ask the daemon of this machine'],
    ['status --json --admin http://127.0.0.1:9813', 'all that can be seen, for a program'],
  ],
  options: {
    ...ADMIN_OPTIONS,
    json: JSON_OPTION,
  },
  run: async ({ admin, 'token-file': tokenFile, json }) => {
    const report = await fetchStatus(admin, tokenFile, json ? 'all' : 'off')
    if (json) writeJson(report)
    else for (const line of statusText(report)) writeData(line)
    return report.ok ? 0 : 1
  },
})
