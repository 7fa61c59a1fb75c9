/**
 * `radsluice server`: takes a server down for maintenance, and up again. Exit 0 when it is done.
 */
import { askFor } from './admin-client.io.ts'
import { ADMIN_OPTIONS } from './admin-options.ts'
import { writeData, writeJson } from './output.io.ts'
import { JSON_OPTION, verb } from './verb.ts'

interface Held {
  readonly server: string
  readonly heldDown: boolean
  readonly changed: readonly string[]
}

export const server = verb({
  examples: [
    ['server down fr-1', 'its queue goes to the others; it stays down until "server up", also over a reload'],
    ['server up fr-1', 'it takes requests again'],
  ],
  positionals: {
    act: { choices: ['down', 'up'], demandOption: true, describe: 'What to do.' },
    name: { type: 'string', demandOption: true, describe: 'The name of the server in the configuration.' },
  },
  options: {
    class: {
      choices: ['authentication', 'accounting'],
      requiresArg: true,
      describe: 'Only for that class of traffic; by default for both.',
    },
    ...ADMIN_OPTIONS,
    json: JSON_OPTION,
  },
  run: async ({ act, name, class: only, json, ...place }) => {
    const path = `/servers/${encodeURIComponent(name)}/${act}`
    const body = only === undefined ? {} : { class: only }
    const held = (await askFor(place, { method: 'POST', path, body, access: 'control' })) as Held
    if (json) writeJson(held)
    else writeData(inWords(held))
    return 0
  },
})

function inWords({ server: name, heldDown, changed }: Held): string {
  if (changed.length === 0) return `${name} was ${heldDown ? 'held Down' : 'not held Down'} already; nothing changed`
  const classes = changed.join(' and ')
  return heldDown
    ? `${name} is held Down for ${classes} until "radsluice server up ${name}" or a restart; what waited goes to the others`
    : `${name} takes ${classes} again`
}
