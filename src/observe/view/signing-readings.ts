/**
 * What the alarms about signatures read: for each client and each server whether there is something to tell, and what.
 */
import type { PeerKind } from '../../proxy/border/events.ts'
import type { EngineSnapshot } from '../../proxy/border/snapshot.ts'
import type { Reading, Subject } from './alarm.ts'
import { othersText, seenText, UNKNOWN_UNSIGNED } from './seen-text.ts'

export const unsignedDropped = (engine: EngineSnapshot, peer: PeerKind): Reading[] =>
  readings(engine, peer, engine.signing.dropped, ({ at, packet, because }) => {
    return `the last from ${at} (${seenText(packet)}): ${BECAUSE[because]}`
  })

export const mixedSigning = (engine: EngineSnapshot, peer: PeerKind): Reading[] =>
  readings(engine, peer, engine.signing.mixed, ({ at, packet, unsigned, others }) => {
    const other = unsigned === undefined ? UNKNOWN_UNSIGNED : seenText(unsigned)
    return `at ${at}${othersText(others)}, signed ${seenText(packet)}, unsigned ${other}`
  })

const BECAUSE = {
  required: 'require_message_authenticator is yes',
  learned: 'auto has learned that it signs ("radsluice show learned" says by which packet)',
} as const

function readings<T extends { readonly peer: PeerKind; readonly name: string }>(
  engine: EngineSnapshot,
  peer: PeerKind,
  told: readonly T[],
  detailOf: (one: T) => string,
): Reading[] {
  const byName = new Map(told.filter((one) => one.peer === peer).map((one) => [one.name, one]))
  return [...namesOf(engine, peer)].map((name): Reading => {
    const one = byName.get(name)
    const subject: Subject = peer === 'client' ? { client: name } : { server: name }
    return one === undefined ? { subject, value: 0 } : { subject, value: 1, detail: detailOf(one) }
  })
}

const namesOf = ({ clients, lanes }: EngineSnapshot, peer: PeerKind): ReadonlySet<string> =>
  new Set(
    peer === 'client'
      ? clients.map(({ name }) => name)
      : lanes.filter(({ retiring }) => !retiring).map(({ server }) => server),
  )
