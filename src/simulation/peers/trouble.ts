/**
 * What can be wrong with one server that is not dead, as a value: it is silent for some, answers few, late, nothing but
 * probes, or something that can't be passed on.
 *
 * Real servers are like this when a realm behind them dies, a database hangs, or one client sends what they drop. What
 * they leave unanswered says nothing of what they do for others, and that is what the laws of server health are about.
 */
import { ACCOUNTING_REQUEST, ACCT_STATUS_TYPE, HEADER_LENGTH, STATUS_SERVER } from '../../codes.ts'
import type { Packet } from '../../radius/packet.ts'
import { type Duration, seconds } from '../../units.ts'
import { STATUS_TYPES, type StatusType, userOf } from './packets.ts'

/** Whom a server is silent for; poison is what one client sends of this realm. */
export type Silence =
  | { readonly kind: 'realm'; readonly realm: string }
  | { readonly kind: 'record'; readonly status: StatusType }
  | { readonly kind: 'client'; readonly client: string }

export interface Trouble {
  /** Requests that it drops while it answers all others. */
  readonly silentFor?: Silence
  /** It answers one request of so many. */
  readonly oneOf?: number
  /** It answers one request in each such time, at most. */
  readonly oneEach?: Duration
  /** Time that passes beside the work on a request, in the place of what its plan says: a database. */
  readonly latency?: Duration
  /** It answers Status-Server and nothing else. */
  readonly answersProbesOnly?: boolean
  /** Its answers verify, and carry a hidden attribute that has not the shape of one: no client can be given them. */
  readonly isUnforwardable?: boolean
  /** The path to it loses everything; what it has in hand it still answers. */
  readonly losesAll?: boolean
}

export const NO_TROUBLE: Trouble = {}

const MOST_ATTRIBUTES = 200

/** What every server drops: FreeRADIUS 3.2 has these two rules for any packet (attribute 0, `max_attributes`). */
export const isDroppedByAll = (bytes: Uint8Array): boolean => {
  let count = 0
  for (let at = HEADER_LENGTH; at + 2 <= bytes.length; at += Math.max(2, bytes[at + 1]!)) {
    count += 1
    if (bytes[at] === 0) return true
  }
  return count > MOST_ATTRIBUTES
}

/** Whether a server leaves out all that is like this request. */
export const isSilentFor = (silence: Silence, packet: Packet): boolean => {
  if (packet.code === STATUS_SERVER) return false
  switch (silence.kind) {
    case 'realm':
      return userOf(packet).endsWith(`@${silence.realm}`)
    case 'client':
      return userOf(packet).startsWith(`${silence.client}-`)
    case 'record':
      return (
        packet.code === ACCOUNTING_REQUEST &&
        packet.find({ vendor: 0, type: ACCT_STATUS_TYPE })?.at(-1) === STATUS_TYPES[silence.status]
      )
  }
}

/** One server in trouble for a time, counted from the start. */
export interface Spell {
  readonly server: number
  readonly from: Duration
  readonly until: Duration
  readonly trouble: Trouble
  /** Nothing works on it at all. */
  readonly isDead?: boolean
  /** Its old answers are sent again every two seconds. */
  readonly isReplayed?: boolean
}

/** What an answer may take after its server is well again, and what a client's tries may still feel of a spell. */
const AFTERMATH = seconds(2)

/** Whether a spell is felt between two moments after the start. */
export const touches = ({ from, until }: Spell, begin: number, end: number): boolean =>
  from <= end && until + AFTERMATH >= begin
