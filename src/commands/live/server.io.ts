/**
 * `radsluice server`: takes a server down for maintenance, and up again. Exit 0 when it is done.
 */
import { TRAFFIC_CLASSES } from '../../classes.ts'
import { askFor } from '../input/admin-client.io.ts'
import { LIVE_OPTIONS } from '../input/admin-options.ts'
import { verb } from '../input/verb.ts'
import { writeResult } from '../terminal/output.io.ts'

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
    const held = (await askFor(target, { method: 'POST', path, body, access: 'control' })) as Held
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
