/**
 * `radsluice sessions`: accounting sessions that a running daemon tracks, the first ones or those that match.
 */
import type { FoundSessions } from '../../instances/protocol/found.ts'
import { askFor } from '../input/admin-client.io.ts'
import { LIVE_OPTIONS } from '../input/admin-options.ts'
import { verb } from '../input/verb.ts'
import { writeResult } from '../terminal/output.io.ts'
import { sessionsText } from '../text/sessions-text.ts'

export const sessions = verb({
  examples: [
    ['sessions --user nemo@example.com', 'what one subscriber has used so far'],
    ['sessions --client bng-1 --limit 1000 --json', 'for a program, figures as text with every digit'],
  ],
  options: {
    client: { type: 'string', requiresArg: true, describe: 'Only of this client, by its name in the configuration.' },
    session: { type: 'string', requiresArg: true, describe: 'Only with this Acct-Session-Id.' },
    user: { type: 'string', requiresArg: true, describe: 'Only with this User-Name.' },
    limit: {
      type: 'number',
      within: [1, 10_000],
      default: 100,
      requiresArg: true,
      describe: 'The most sessions to list, up to 10000.',
    },
    ...LIVE_OPTIONS,
  },
  run: async ({ client, session, user, limit, json, ...target }) => {
    const query = new URLSearchParams({ limit: String(limit) })
    for (const [name, value] of Object.entries({ client, session, user }))
      if (value !== undefined) query.set(name, value)
    const asked = { method: 'GET', path: `/sessions?${query}`, access: 'control' } as const
    const found = (await askFor(target, asked)) as FoundSessions
    writeResult(json, found, () => sessionsText(found))
    return found.sessions.length > 0 ? 0 : 1
  },
})
