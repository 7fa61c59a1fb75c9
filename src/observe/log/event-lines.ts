/**
 * The log line of each event of an engine: its name, its fields, and a hint what to do.
 *
 * Events that may come thousands of times a second have a kind: the log writes one line a second for each kind. A kind is
 * made of names of the configuration and of closed lists only, so there are few.
 */
import { endpointText } from '../../addresses.ts'
import type { ClientDropReason, ServerDropReason, ShedReason } from '../../proxy/border/endings.ts'
import type { EngineEvent } from '../../proxy/border/events.ts'
import { givenUpSentence, heldText } from '../../proxy/work/silence.ts'
import { lengthOfTime, MICROS_PER_SECOND } from '../../units.ts'
import { seenText, UNKNOWN_UNSIGNED } from '../view/seen-text.ts'
import { STATE_WORDS } from '../view/view.ts'
import type { EventName, FieldsOf } from './events.ts'

export interface EventLine {
  readonly name: EventName
  readonly fields: Readonly<Record<string, string | number>>
  /** Ends the sentence. */
  readonly hint?: string | undefined
}

export interface BoundedLine extends EventLine {
  readonly kind: string
  /** The packet, for level debug. */
  readonly bytes?: Uint8Array | undefined
}

type Of<Kind extends EngineEvent['kind']> = Extract<EngineEvent, { kind: Kind }>

/** A line that is bounded by its name and `by`; the log adds its field `count`. */
export const bounded = <Name extends EventName>(
  name: Name,
  fields: Omit<FieldsOf<Name>, 'count'>,
  by: readonly string[],
  more: Pick<BoundedLine, 'bytes' | 'hint'> = {},
): BoundedLine => ({ name, fields, kind: [name, ...by].join(' '), ...more })

const line = <Name extends EventName>(name: Name, fields: FieldsOf<Name>): EventLine => ({ name, fields })

export function lineOf(event: EngineEvent): EventLine | BoundedLine {
  switch (event.kind) {
    case 'server-state':
      return stateLine(event)
    case 'servers-back':
      return line(event.kind, { class: event.class, parked: event.parked })
    case 'all-servers-down': {
      const advice = event.held.length === 0 ? 'look at the servers' : heldText(event.held)
      return line(event.kind, { class: event.class, parked: event.parked, advice })
    }
    case 'accounting-anomaly':
      return anomalyLine(event)
    case 'dropped': {
      const { kind, class: name, reason, client, from, bytes } = event
      const fields = { class: name, reason, client: client ?? 'an unknown client', from: endpointText(from) }
      return bounded(kind, fields, [name, reason, client ?? ''], { bytes, hint: hintOf(reason) })
    }
    case 'signature-learned': {
      const { kind, peer, name, at, packet } = event
      return bounded(kind, { peer, name, at, packet: seenText(packet) }, [peer, name])
    }
    case 'signature-forgotten': {
      const { kind, peer, name, at, because } = event
      return bounded(kind, { peer, name, at, reason: FORGOTTEN_BECAUSE[because] }, [peer, name])
    }
    case 'mixed-signing': {
      const { kind, peer, name, at, packet } = event
      const unsigned = event.unsigned === undefined ? UNKNOWN_UNSIGNED : seenText(event.unsigned)
      return bounded(kind, { peer, name, at, packet: seenText(packet), unsigned }, [peer, name])
    }
    case 'shed': {
      const { kind, class: name, reason, client, record = 'access-request' } = event
      const hint = SHED_HINTS[reason]
      return bounded(kind, { class: name, reason, client, record }, [name, reason, client, record], { hint })
    }
    case 'expired':
      return bounded(event.kind, { class: event.class, client: event.client }, [event.class, event.client])
    case 'given-up': {
      const { kind, class: name, client } = event
      const fields = { class: name, client, how: givenUpSentence(event) }
      return bounded(kind, fields, [name, client], { hint: causeHint(event.cause) })
    }
    case 'unanswered-by-live-server': {
      const { kind, server, class: name, client } = event
      const common = event.common.length === 0 ? 'nothing stands out among them' : event.common.join(', ')
      return bounded(kind, { server, class: name, client, common }, [name, server], { hint: causeHint(event.cause) })
    }
    case 'response-dropped': {
      const { kind, server, class: name, reason, bytes, late } = event
      const hint = late === undefined ? hintOf(reason) : lateHint(late)
      return bounded(kind, { server, class: name, reason }, [name, reason, server], { bytes, hint })
    }
    case 'internal-error': {
      const { kind, where, error, bytes } = event
      return bounded(kind, { where, error: errorText(error) }, [where], { bytes })
    }
  }
}

const TOO_SLOW = '; the servers or max_rate are too slow for what comes'
const SHED_HINTS: Readonly<Record<ShedReason, string>> = {
  'queue-messages': TOO_SLOW,
  'queue-bytes': TOO_SLOW,
  'client-share':
    '; it holds all that its max_share allows, and no other client lost anything: look at what it sends, or raise its max_share',
}

const STATE_EVENTS = {
  active: 'server-active',
  not_responding: 'server-not-responding',
  failing: 'server-failing',
} as const
const LAST_SERVED = 'it was the last that served: messages wait within their bounds, /readyz is 503'

function stateLine({ server, class: name, from, to, ...event }: Of<'server-state'>): EventLine {
  const why = event.hint === undefined ? event.why : `${event.why}; ${event.hint}`
  const fields = { server, class: name, from: STATE_WORDS[from], why }
  if (to !== 'down') return line(STATE_EVENTS[to], fields)
  const next = event.isLast === true ? LAST_SERVED : 'its messages go to the other servers'
  return line(event.isHeld === true ? 'server-held-down' : 'server-down', { ...fields, next })
}

function anomalyLine({ anomaly, session: of, record, count }: Of<'accounting-anomaly'>): EventLine {
  const known = (figure: string | number | null): string => (figure === null ? 'unknown' : String(figure))
  const octets = `octets ${known(of.inputOctets)} in ${known(of.outputOctets)} out`
  const packets = `packets ${known(of.inputPackets)} in ${known(of.outputPackets)} out`
  const before = `session time ${known(of.sessionSeconds)} s, ${octets}, ${packets}`
  const { client, session, user } = of
  return line('accounting-anomaly', { anomaly, client, session, user, before, record, count })
}

const FORGOTTEN_BECAUSE = {
  silent: 'nothing signed came from there for 30 days',
  unsigned: 'require_message_authenticator: no took an unsigned packet from there',
} as const

const hintOf = (reason: ClientDropReason | ServerDropReason): string | undefined =>
  reason === 'missing-message-authenticator'
    ? '; require_message_authenticator asks for it there, with auto since the event signature-learned: "radsluice show learned" says when and by which packet'
    : undefined

const causeHint = (cause: string | undefined): string | undefined => (cause === undefined ? undefined : `; ${cause}`)

/** `; it came 3.4 s after the first transmission, the time-out is 2.0 s`. */
const lateHint = ({ after, limit }: { readonly after: number; readonly limit: number }): string => {
  const [came, most] = [after, limit].map((micros) => lengthOfTime(micros / MICROS_PER_SECOND))
  return `; the last came ${came} after the first transmission, the time-out is ${most}`
}

/** With the stack, since only bugs get here. */
export const errorText = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)
