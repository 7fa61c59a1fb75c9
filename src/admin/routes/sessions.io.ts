/**
 * The row `/sessions`: tracked accounting sessions of the running daemon, some of them or those that are sought.
 *
 * It shows who is online, so it needs the right to control. The answer is bounded, and says where there are more.
 */
import type { FoundSessions, SoughtSessions } from '../../instances/protocol/protocol.ts'
import { type Checked, noSuchClient, stray, textOf, wholeOf } from '../fields.ts'
import { type Asked, jsonAnswer, type Route, refusal } from '../route.ts'

const LIMIT = { name: 'limit', least: 1, most: 10_000, usual: 100 }
const NAMES = ['client', 'session', 'user'] as const

/** `find` answers undefined where sessions are not tracked; `clients` are the names of those in force. */
export function sessionsRoutes(
  find: (sought: SoughtSessions) => Promise<FoundSessions | undefined>,
  clients: () => readonly string[],
): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/sessions',
      access: 'control',
      answer: async (asked) => {
        const sought = soughtBy(asked)
        if (!sought.ok) return refusal(400, sought.sentence)
        const found = await find(sought.value)
        // Sessions of a client that a reload took away are still there.
        const nobody = found?.sessions.length === 0 ? noSuchClient(sought.value.client, clients()) : undefined
        if (nobody !== undefined) return refusal(404, nobody)
        if (found !== undefined) return jsonAnswer(200, found)
        return refusal(404, 'this daemon tracks no sessions; set accounting.track_sessions: true and restart it')
      },
    },
  ]
}

function soughtBy({ query }: Asked): Checked<SoughtSessions> {
  const unknown = stray(query.keys(), [...NAMES, 'limit'], 'parameter')
  if (unknown !== undefined) return { ok: false, sentence: unknown }
  const given: Partial<Record<(typeof NAMES)[number], string>> = {}
  for (const name of NAMES) {
    const value = query.get(name)
    if (value === null) continue
    const text = textOf(value, name)
    if (!text.ok) return text
    given[name] = text.value
  }
  const limit = wholeOf(query.get('limit') ?? LIMIT.usual, LIMIT)
  return limit.ok ? { ok: true, value: { ...given, limit: limit.value } } : limit
}
