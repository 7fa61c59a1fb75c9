/**
 * `radsluice sessions`: accounting sessions that a running daemon tracks, the first ones or those that match.
 */
import type { FoundSessions } from '../../instances/protocol/found.ts'
import { askFor } from '../input/admin-client.io.ts'
import { LIVE_OPTIONS, limitOption, queryOf } from '../input/admin-options.ts'
import { textOption, verb } from '../input/verb.ts'
import { writeResult } from '../terminal/output.io.ts'
import { sessionsText } from '../text/sessions-text.ts'

export const sessions = verb({
  examples: [
    ['sessions --user nemo@example.com', 'what one subscriber has used so far'],
    ['sessions --client bng-1 --limit 1000 --json', 'for a program, figures as text with every digit'],
  ],
  options: {
    client: textOption('Only of this client, by its name in the configuration.'),
    session: textOption('Only with this Acct-Session-Id.'),
    user: textOption('Only with this User-Name.'),
    limit: limitOption('The most sessions to list'),
    ...LIVE_OPTIONS,
  },
  run: async ({ client, session, user, limit, json, ...target }) => {
    const path = `/sessions?${queryOf({ limit, client, session, user })}`
    const found = await askFor<FoundSessions>(target, { method: 'GET', path })
    writeResult(json, found, () => sessionsText(found))
    return found.sessions.length > 0 ? 0 : 1
  },
})
