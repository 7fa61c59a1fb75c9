/**
 * Why a request was given up, for people: what was tried where, and what kept it from another server.
 */
import type { GivenUpBecause, TriedServer } from './ports.ts'

const BECAUSE: Readonly<Record<GivenUpBecause, (untried: string | undefined) => string>> = {
  'max-age': (untried) =>
    untried === undefined ? 'its client has stopped asking' : `max_age left no time for ${untried}`,
  'max-transmissions': (untried) => `max_transmissions left nothing for ${untried ?? 'more'}`,
  state: () => 'its State is known to that server alone',
  draining: () => 'the daemon stops, and a server that lives left it unanswered',
  'no-other-server': () => 'no other server is left to ask',
}

/** `given up after 2 tries at fr-1; max_age left no time for fr-2`. */
export function givenUpSentence(o: {
  readonly tried: readonly TriedServer[]
  readonly why: GivenUpBecause
  readonly untried: string | undefined
}): string {
  return `given up ${triedText(o.tried)}; ${BECAUSE[o.why](o.untried)}`
}

/** `after 2 tries at fr-1 and 1 try at fr-2`. */
function triedText(tried: readonly TriedServer[]): string {
  if (tried.length === 0) return 'before any server was asked'
  const each = tried.map(({ server, transmissions }) =>
    transmissions === 1 ? `1 try at ${server}` : `${transmissions} tries at ${server}`,
  )
  return `after ${each.join(' and ')}`
}
