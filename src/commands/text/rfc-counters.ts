/**
 * The counters of one server and class under the names that the MIBs of RADIUS clients give them: RFC 4668 section 4 for
 * authentication, RFC 4670 section 4 for accounting, without their prefix.
 *
 * The RFCs have three kinds of dropped datagrams, and one for all others; the metrics have all reasons.
 */
import { CLASS_TRAITS } from '../../classes.ts'
import { ACCESS_REQUEST } from '../../codes.ts'
import type { LaneReport } from '../../observe/status-report.ts'
import type { ServerDropReason } from '../../proxy/border/endings.ts'

const MALFORMED: readonly ServerDropReason[] = [
  'too-short',
  'bad-length',
  'bad-attribute-length',
  'bad-salted-attribute',
  'too-long',
]
const BAD_AUTHENTICATORS: readonly ServerDropReason[] = [
  'bad-authenticator',
  'bad-message-authenticator',
  'missing-message-authenticator',
]
const UNKNOWN_TYPES: readonly ServerDropReason[] = ['unknown-code']

/** In the order of the MIB; its round-trip time is in hundredths of a second, 0 if unknown. */
export function rfcCounters(lane: LaneReport): readonly (readonly [name: string, value: number])[] {
  const { counters, outstanding, roundTripTime } = lane
  const { dropped } = counters
  const sum = (reasons: readonly ServerDropReason[]): number =>
    reasons.reduce((all, reason) => all + dropped[reason], 0)
  const named = [...MALFORMED, ...BAD_AUTHENTICATORS, ...UNKNOWN_TYPES]
  const rest = (Object.keys(dropped) as ServerDropReason[]).filter((reason) => !named.includes(reason))
  const tail = [
    ['BadAuthenticators', sum(BAD_AUTHENTICATORS)],
    ['PendingRequests', outstanding],
    ['Timeouts', counters.timeouts],
    ['UnknownTypes', sum(UNKNOWN_TYPES)],
    ['PacketsDropped', sum(rest)],
  ] as const
  const roundTrip = ['RoundTripTime', Math.round((roundTripTime ?? 0) / 10_000)] as const
  // Only the names of authentication say of which requests they are.
  if (CLASS_TRAITS[lane.class].request !== ACCESS_REQUEST) {
    return [
      roundTrip,
      ['Requests', counters.requests],
      ['Retransmissions', counters.retransmissions],
      ['Responses', counters.responses],
      ['MalformedResponses', sum(MALFORMED)],
      ...tail,
    ]
  }
  return [
    roundTrip,
    ['AccessRequests', counters.requests],
    ['AccessRetransmissions', counters.retransmissions],
    ['AccessAccepts', counters.accepts],
    ['AccessRejects', counters.rejects],
    ['AccessChallenges', counters.challenges],
    ['MalformedAccessResponses', sum(MALFORMED)],
    ...tail,
  ]
}
