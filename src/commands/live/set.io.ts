/**
 * `radsluice set max-rate`: another rate for one server and class of a running daemon, until the next reload.
 */
import { TRAFFIC_CLASSES } from '../../classes.ts'
import { codedError } from '../../coded-error.ts'
import { askFor } from '../input/admin-client.io.ts'
import { LIVE_OPTIONS } from '../input/admin-options.ts'
import { verb } from '../input/verb.ts'
import { writeResult } from '../terminal/output.io.ts'

interface Changed {
  readonly server: string
  readonly class: string
  readonly maxRate: number
  readonly configured: number
}

export const set = verb({
  examples: [
    ['set max-rate fr-1 accounting 200', '200 messages a second from the next second of the grid on'],
    ['set max-rate fr-1 authentication 0', 'no limit'],
  ],
  positionals: {
    what: { choices: ['max-rate'], demandOption: true, describe: 'What to change.' },
    name: { type: 'string', demandOption: true, describe: 'The name of the server in the configuration.' },
    class: { choices: TRAFFIC_CLASSES, demandOption: true, describe: 'The class of traffic.' },
    rate: { type: 'string', demandOption: true, describe: 'Messages per second; 0 is unlimited.' },
  },
  options: LIVE_OPTIONS,
  run: async ({ what: _, name, class: of, rate, json, ...target }) => {
    if (!/^\d{1,7}$/.test(rate)) throw codedError('USAGE', `"${rate}" is no rate; write a whole number such as 200`)
    const path = `/servers/${encodeURIComponent(name)}/max-rate`
    const body = { class: of, max_rate: Number(rate) }
    const changed = (await askFor(target, { method: 'POST', path, body, access: 'control' })) as Changed
    writeResult(json, changed, () => [
      `max_rate of ${changed.server} for ${changed.class} is ${inWords(changed.maxRate)} from the next second on, until the next reload (${inWords(changed.configured)} in the file)`,
    ])
    return 0
  },
})

const inWords = (rate: number): string => (rate === 0 ? 'unlimited' : `${rate}/s`)
