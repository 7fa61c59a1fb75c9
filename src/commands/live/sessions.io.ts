/**
 * `radsluice sessions`: accounting sessions that a running daemon tracks, the first ones or those that are sought.
 */
import type { FoundSessions } from '../../instances/protocol/protocol.ts'
import { askFor } from '../input/admin-client.io.ts'
import { ADMIN_OPTIONS } from '../input/admin-options.ts'
import { JSON_OPTION, verb } from '../input/verb.ts'
import { writeData, writeJson } from '../terminal/output.io.ts'
import { sessionsText } from '../text/sessions-text.ts'

export const sessions = verb({
  examples: [
    ['sessions --user nemo@example.com', 'what one subscriber has used so far'],
    ['sessions --client bng-1 --limit 1000 --json', 'for a program, figures as text with every digit'],
  ],
  options: {
    client: { type: 'string', requiresArg: true, describe: 'Of this client only, by its name in the configuration.' },
    session: { type: 'string', requiresArg: true, describe: 'With this Acct-Session-Id only.' },
    user: { type: 'string', requiresArg: true, describe: 'With this User-Name only.' },
    limit: {
      type: 'number',
      within: [1, 10_000],
      default: 100,
      requiresArg: true,
      describe: 'No more than so many, 10000 at most.',
    },
    ...ADMIN_OPTIONS,
    json: JSON_OPTION,
  },
  run: async ({ client, session, user, limit, json, ...place }) => {
    const query = new URLSearchParams({ limit: String(limit) })
    for (const [name, value] of Object.entries({ client, session, user }))
      if (value !== undefined) query.set(name, value)
    const found = (await askFor(place, {
      method: 'GET',
      path: `/sessions?${query}`,
      access: 'control',
    })) as FoundSessions
    if (json) writeJson(found)
    else for (const line of sessionsText(found)) writeData(line)
    return found.sessions.length > 0 ? 0 : 1
  },
})
