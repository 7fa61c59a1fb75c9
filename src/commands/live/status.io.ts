/**
 * `radsluice status`: the state of a running daemon. Exit 0 if nothing is lost; 1 if it is degraded, or if logins or records are
 * lost; 3 if none runs.
 */
import { fetchStatus } from '../input/admin-client.io.ts'
import { LIVE_OPTIONS } from '../input/admin-options.ts'
import { verb } from '../input/verb.ts'
import { writeResult } from '../terminal/output.io.ts'
import { exitCodeOf, statusText } from '../text/status-text.ts'

export const status = verb({
  examples: [
    ['status', 'ask the daemon of this machine'],
    ['status --json --admin http://127.0.0.1:9813', 'everything, for a program'],
  ],
  options: LIVE_OPTIONS,
  run: async ({ json, ...target }) => {
    const report = await fetchStatus(target, json ? 'all' : 'off')
    writeResult(json, report, () => statusText(report))
    return exitCodeOf(report)
  },
})
