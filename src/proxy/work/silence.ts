/**
 * What a server's silence points to, and why a request was given up: judged from plain facts, in words for people.
 *
 * A server that knows another secret, or does not know us, drops what we send in silence (RFC 2865 section 3). It looks like a
 * server that is gone, but such a server has never answered. An ICMP error (port unreachable) says that nothing listens there,
 * until silence follows it. An answer after the time-out of the last transmission is late. An answer that comes sooner after a
 * retry may answer that retry: then the server is slow, or a packet was lost, and the words say both.
 *
 * The facts of several instances are added before they are judged (`src/instances/shared/sum.ts`). Nothing is decided by these
 * judgements, because ICMP proves nothing.
 */
import { endpointText } from '../../addresses.ts'
import { type Duration, type Instant, since } from '../../units.ts'
import type { GivenUpBecause, TriedServer } from '../border/events.ts'
import type { LaneSnapshot } from '../border/snapshot.ts'

/** So many transmissions without one valid response are more than bad luck. */
const ENOUGH_UNHEARD = 3
/** Hosts and routers send one ICMP error a second or fewer: silence so soon after one proves nothing. */
export const ICMP_PAUSE = 2_000_000
/** Of the latest responses more than half came late, and at least so many. */
const ENOUGH_LATE = 3
/** So many late ones are worth a word when somebody asks about retries. */
const SOME_LATE = 2

/** What is known of a server's answers (`Contact`). */
export type Facts = Pick<LaneSnapshot, 'unheard' | 'heardAt' | 'respondedAt' | 'refusedAt' | 'silence' | 'answers'>

export type ContactView = Facts & Pick<LaneSnapshot, 'address' | 'port'>

/** Whether nothing valid has ever come from a server that was asked often enough. */
export const isUnheard = ({ unheard }: Facts): boolean => unheard !== undefined && unheard.timeouts >= ENOUGH_UNHEARD

/** The latest that came from there is an ICMP error, and those sent long enough after it were not left in silence. */
export const isRefused = ({ heardAt, refusedAt, silence }: Facts): boolean =>
  refusedAt !== undefined &&
  (heardAt === undefined || refusedAt >= heardAt) &&
  (silence === undefined || since(refusedAt, silence.since) <= ICMP_PAUSE)

/** Three that were sent after the last response timed out, and the late answer that the first should have did not come. */
export const hasFallenSilent = ({ respondedAt, silence, answers }: Facts): boolean =>
  respondedAt !== undefined &&
  silence !== undefined &&
  silence.since > respondedAt &&
  since(silence.since, silence.at) > 2 * answers.typically

/** Whether most of the latest answers came too late; `late-or-lost`: or what was sent before them was lost. */
export function latenessOf(facts: Facts): 'no' | 'late' | 'late-or-lost' {
  const { counted, late, unclear } = facts.answers
  const isMost = (count: number): boolean => count >= ENOUGH_LATE && 2 * count > counted
  if (!isMost(late + unclear) || hasFallenSilent(facts)) return 'no'
  return isMost(late) ? 'late' : 'late-or-lost'
}

/** The likely cause of a server's silence in one sentence; undefined if nothing points to one. */
export function likelyCause(lane: ContactView): string | undefined {
  const { unheard, answers } = lane
  if (isRefused(lane)) {
    return `nothing listens at ${endpointText(lane)} (ICMP port unreachable): start the server there, or correct its address and port`
  }
  if (unheard !== undefined) {
    if (!isUnheard(lane)) return undefined
    return `probably the secret, the client entry or a firewall: never a valid response to ${unheard.timeouts} transmissions; look in the server's own log, it drops what it can't verify in silence`
  }
  const lateness = latenessOf(lane)
  if (lateness === 'no') return undefined
  const [after, limit] = [secondsText(answers.typically), secondsText(answers.timeout)]
  if (lateness === 'late') {
    return `answers come after the time-out of ${limit}, typically ${after} after the first transmission: raise timeout, or look at why the server is slow`
  }
  return `most answers come only after a retry, typically ${after} after the first transmission: packets are lost on the way, or the server takes longer than the time-out of ${limit}; capture at the server whether the first transmission arrives, then mend the network, or raise timeout`
}

/** What some of the latest answers say if most came in time; undefined if none of them was late. */
export function someLateText({ answers }: Facts): string | undefined {
  const { counted, late, unclear, typically, timeout } = answers
  if (late + unclear < SOME_LATE) return undefined
  const [after, limit] = [secondsText(typically), secondsText(timeout)]
  const came =
    unclear === 0 ? `after the time-out of ${limit}` : `after the time-out of ${limit}, or only after a retry`
  return `${late + unclear} of the last ${counted} answers came ${came}, typically ${after} after the first transmission: look in the server's own log what is slow there (some users, a realm, a database), and whether packets are lost on the way; raise timeout where that is how long it takes`
}

const secondsText = (time: Duration): string => `${Number((time / 1_000_000).toFixed(1))} s`

/** What an operator has done, and what ends it: `an operator holds fr-1 Down: "radsluice server up fr-1" ends that`. */
export function heldText(servers: readonly string[]): string {
  const [first = ''] = servers
  const each =
    servers.length === 1 ? `"radsluice server up ${first}" ends that` : '"radsluice server up NAME" ends that'
  return `an operator holds ${servers.join(' and ')} Down: ${each}`
}

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

interface Asked {
  readonly server: { readonly name: string }
  readonly contact: { likelyCause(now: Instant): string | undefined }
}

/** `fr-1: answers come after the time-out of 2 s, ...` of each that was asked; undefined if nothing is known of any. */
export function causeOfSilence(
  tried: readonly TriedServer[],
  lanes: readonly Asked[],
  now: Instant,
): string | undefined {
  const asked = lanes.filter((lane) => tried.some(({ server }) => server === lane.server.name))
  const causes = asked.flatMap((lane) => {
    const cause = lane.contact.likelyCause(now)
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
