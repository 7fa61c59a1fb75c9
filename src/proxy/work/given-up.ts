/**
 * Why a request was given up, for people: what was tried where, and what kept it from another server.
 */
import type { Instant } from '../../units.ts'
import type { GivenUpBecause, TriedServer } from '../border/events.ts'

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

/** As a lane knows it of itself. */
interface Asked {
  readonly server: { readonly name: string }
  likelyCause(now: Instant): string | undefined
}

/** `fr-1: answers come after the time-out of 2 s, ...` of each that was asked; undefined where nothing is known of any. */
export function causeOfSilence(
  tried: readonly TriedServer[],
  lanes: readonly Asked[],
  now: Instant,
): string | undefined {
  const asked = lanes.filter((lane) => tried.some(({ server }) => server === lane.server.name))
  const causes = asked.flatMap((lane) => {
    const cause = lane.likelyCause(now)
    return cause === undefined ? [] : [`${lane.server.name}: ${cause}`]
  })
  return causes.length === 0 ? undefined : causes.join('; ')
}

/** `after 2 tries at fr-1 and 1 try at fr-2`. */
function triedText(tried: readonly TriedServer[]): string {
  if (tried.length === 0) return 'before any server was asked'
  const each = tried.map(({ server, transmissions }) =>
    transmissions === 1 ? `1 try at ${server}` : `${transmissions} tries at ${server}`,
  )
  return `after ${each.join(' and ')}`
}
