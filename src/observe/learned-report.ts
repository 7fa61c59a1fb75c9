/**
 * Who is known to sign its packets, as `/learned` and the command line show it.
 */
import type { SeenPacket } from '../proxy/border/events.ts'
import type { FoundLearned } from '../proxy/inspection.ts'
import type { Learned } from '../proxy/signing/signers.ts'
import { MICROS_PER_SECOND, since } from '../units.ts'
import { codeNameOf } from './view/seen-text.ts'

export type LearnedReport = ReturnType<typeof learnedReport>

/** `unixNow` is when it was found. Times are whole Unix seconds. */
export function learnedReport({ total, addresses, servers, mixed, at }: FoundLearned, unixNow: number) {
  const unixOf = (ago: number): number => Math.round(unixNow - ago)
  const peer = ({ learnedAgo, signedAgo, packet }: Learned) => ({
    learned_unix: unixOf(learnedAgo),
    last_signed_unix: unixOf(signedAgo),
    /** The packet that taught it. */
    packet: reported(packet),
  })
  return {
    /** Learned addresses, whether they are listed or not. */
    total,
    addresses: addresses.map((one) => ({ address: one.address, client: one.client ?? null, ...peer(one) })),
    servers: servers.map((one) => ({ server: one.server, at: one.at, ...peer(one) })),
    mixed: mixed.map(({ peer: kind, name, at: where, packet, unsigned, others, seen }) => ({
      peer: kind,
      name,
      at: where,
      signed: reported(packet),
      /** Null: too many addresses send unsigned packets to know whether this one did. */
      unsigned: unsigned === undefined ? null : reported(unsigned),
      /** The same is so at this many other addresses of the name, or at more. */
      others,
      seen_unix: unixOf(since(seen, at) / MICROS_PER_SECOND),
    })),
  } as const
}

const reported = ({ code, identifier, port }: SeenPacket) => ({ code: codeNameOf(code), identifier, port }) as const
