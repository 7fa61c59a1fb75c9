/**
 * What can be wrong with a server that is not dead: it is silent for some, answers few or late, answers only probes, or
 * answers with something that can't be passed on.
 *
 * Real servers are like this when a realm behind them dies, a database hangs, or one client sends what they drop. The laws of
 * server health are about this: what a server leaves unanswered says nothing about what it does for others.
 */
import { ACCOUNTING_REQUEST, ACCT_STATUS_TYPE, HEADER_LENGTH, STATUS_SERVER } from '../../codes.ts'
import type { Packet } from '../../radius/packet.ts'
import { type Duration, seconds } from '../../units.ts'
import { STATUS_TYPES, type StatusType, userOf } from './packets.ts'

/** Whom a server is silent for. */
export type Silence =
  | { readonly kind: 'realm'; readonly realm: string }
  | { readonly kind: 'record'; readonly status: StatusType }
  | { readonly kind: 'client'; readonly client: string }

export interface Trouble {
  /** It drops these requests and answers all others. */
  readonly silentFor?: Silence
  /** It answers one request of so many. */
  readonly oneOf?: number
  /** It answers one request in each such time, at most. */
  readonly oneEach?: Duration
  /** Replaces the latency of its plan. */
  readonly latency?: Duration
  /** It answers Status-Server and nothing else. */
  readonly answersProbesOnly?: boolean
  /** Its answers verify, but a hidden attribute is malformed, so no client can be given them. */
  readonly isUnforwardable?: boolean
  /** The path to it loses everything. It still answers what it has in hand. */
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

/** Whether a request is one of those that a server is silent for. */
export const isSilentFor = (silence: Silence, packet: Packet): boolean => {
  if (packet.code === STATUS_SERVER) return false
  if (silence.kind === 'realm') return userOf(packet).endsWith(`@${silence.realm}`)
  if (silence.kind === 'client') return userOf(packet).startsWith(`${silence.client}-`)
  const status = packet.find({ vendor: 0, type: ACCT_STATUS_TYPE })?.at(-1)
  return packet.code === ACCOUNTING_REQUEST && status === STATUS_TYPES[silence.status]
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

/** How long clients may notice a spell after its end. */
const AFTERMATH = seconds(2)

/** Whether clients may notice a spell between two moments after the start. */
export const touches = ({ from, until }: Spell, begin: number, end: number): boolean =>
  from <= end && until + AFTERMATH >= begin
