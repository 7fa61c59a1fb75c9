/**
 * Who is known to sign its packets, as `/learned` and the command line show it.
 */
import type { SeenPacket } from '../proxy/border/events.ts'
import type { Learned } from '../proxy/signing/signers.ts'
import type { FoundLearned } from '../proxy/signing.ts'
import { MICROS_PER_SECOND, since } from '../units.ts'
import { codeNameOf } from './view/seen-text.ts'

/** Times are Unix seconds, to the second. */
export interface LearnedReport {
  /** Learned addresses, whether they are listed or not. */
  readonly total: number
  readonly addresses: readonly (LearnedPeer & { readonly address: string; readonly client: string | null })[]
  readonly servers: readonly (LearnedPeer & { readonly at: string; readonly server: string })[]
  readonly mixed: readonly {
    readonly peer: 'client' | 'server'
    readonly name: string
    readonly at: string
    readonly signed: ReportedPacket
    /** Null: too many addresses send unsigned packets to know whether this one did. */
    readonly unsigned: ReportedPacket | null
    /** The same is so at this many other addresses of the name, or at more. */
    readonly others: number
    readonly seen_unix: number
  }[]
}

interface LearnedPeer {
  readonly learned_unix: number
  readonly last_signed_unix: number
  /** The packet that taught it. */
  readonly packet: ReportedPacket
}

interface ReportedPacket {
  readonly code: string
  readonly identifier: number
  readonly port: number
}

/** `unixNow` is the time when it was found, in seconds. */
export function learnedReport({ total, addresses, servers, mixed, at }: FoundLearned, unixNow: number): LearnedReport {
  const unixOf = (ago: number): number => Math.round(unixNow - ago)
  const peer = ({ learnedAgo, signedAgo, packet }: Learned): LearnedPeer => ({
    learned_unix: unixOf(learnedAgo),
    last_signed_unix: unixOf(signedAgo),
    packet: reported(packet),
  })
  return {
    total,
    addresses: addresses.map((one) => ({ address: one.address, client: one.client ?? null, ...peer(one) })),
    servers: servers.map((one) => ({ server: one.server, at: one.at, ...peer(one) })),
    mixed: mixed.map(({ peer: kind, name, at: where, packet, unsigned, others, seen }) => ({
      peer: kind,
      name,
      at: where,
      signed: reported(packet),
      unsigned: unsigned === undefined ? null : reported(unsigned),
      others,
      seen_unix: unixOf(since(seen, at) / MICROS_PER_SECOND),
    })),
  }
}

const reported = ({ code, identifier, port }: SeenPacket): ReportedPacket => ({
  code: codeNameOf(code),
  identifier,
  port,
})
