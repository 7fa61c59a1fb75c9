/**
 * What an operator overrides in a running daemon: `radsluice server` takes a server down for maintenance, and up again; `radsluice
 * set` and `radsluice log-level` give another max_rate or log level until the next reload. Exit 0 when it is done.
 */
import { TRAFFIC_CLASSES } from '../../classes.ts'
import { codedError } from '../../coded-error.ts'
import type { Overrides } from '../../observe/view/view.ts'
import { askFor } from '../input/admin-client.io.ts'
import { LIVE_OPTIONS } from '../input/admin-options.ts'
import { verb } from '../input/verb.ts'
import { writeResult } from '../terminal/output.io.ts'
import { rateText } from '../text/status-text.ts'

interface Held {
  readonly server: string
  readonly heldDown: boolean
  readonly changed: readonly string[]
  /** Classes that no server serves now. */
  readonly unserved: readonly string[]
}

export const server = verb({
  examples: [
    ['server down fr-1', 'its queue goes to the others; it stays Down until "server up", even after a reload'],
    ['server up fr-1', 'it takes requests again'],
  ],
  positionals: {
    act: { choices: ['down', 'up'], demandOption: true, describe: 'What to do.' },
    name: { type: 'string', demandOption: true, describe: 'The name of the server in the configuration.' },
  },
  options: {
    class: {
      choices: TRAFFIC_CLASSES,
      requiresArg: true,
      describe: 'Only for this class of traffic. By default for both.',
    },
    ...LIVE_OPTIONS,
  },
  run: async ({ act, name, class: only, json, ...target }) => {
    const path = `/servers/${encodeURIComponent(name)}/${act}`
    const body = only === undefined ? {} : { class: only }
    const held = await askFor<Held>(target, { method: 'POST', path, body })
    writeResult(json, held, () => [inWords(held)])
    return 0
  },
})

/** What was done, and where messages go now. */
export function inWords({ server: name, heldDown, changed, unserved }: Held): string {
  if (changed.length === 0) return heldDown ? `${name} was held Down already` : `${name} was not held Down`
  const classes = changed.join(' and ')
  if (!heldDown) return `${name} takes ${classes} again`
  const served = changed.filter((each) => !unserved.includes(each))
  const last = changed.filter((each) => unserved.includes(each))
  const parts = [
    `${name} is held Down for ${classes} until "radsluice server up ${name}" or a restart`,
    ...(served.length === 0 ? [] : [`what waited${last.length === 0 ? '' : ` of ${served}`} goes to the others`]),
    ...(last.length === 0
      ? []
      : [`it was the last that served ${last.join(' and ')}: messages wait within their bounds, /readyz is 503`]),
  ]
  return parts.join('; ')
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
    const changed = await askFor<Overrides['maxRates'][number]>(target, { method: 'POST', path, body })
    writeResult(json, changed, () => [
      `max_rate of ${changed.server} for ${changed.class} is ${rateText(changed.maxRate)} from the next second on, until the next reload (${rateText(changed.configured)} in the file)`,
    ])
    return 0
  },
})

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
    const changed = await askFor(target, { method: 'POST', path: '/log-level', body: { level } })
    writeResult(json, changed, () => [`the log level is ${level} until the next reload`])
    return 0
  },
})
