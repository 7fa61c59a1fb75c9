/**
 * The alarms of who must sign (docs/throttling.md): unsigned packets that are dropped, and peers of which `auto` can't tell.
 */

import type { PeerKind } from '../../proxy/border/events.ts'
import type { EngineSnapshot } from '../../proxy/border/snapshot.ts'
import type { Reading } from '../view/alarm.ts'
import { othersText, seenText, UNKNOWN_UNSIGNED } from '../view/seen-text.ts'
import { type AlarmDefinition, state } from './alarm-definition.ts'

const BECAUSE = {
  required: 'require_message_authenticator is yes',
  learned: 'auto has learned that it signs ("radsluice show learned" says by which packet)',
} as const

export const SIGNING_ALARMS = {
  'missing-message-authenticator': {
    grade: 'loss',
    unit: 'state',
    per: ['client'],
    measures:
      'Whether an Access-Request of a client was dropped in the last ten minutes since it must carry Message-Authenticator and did not: by the setting `yes`, or because `auto` has learned that its address signs.',
    says: 'unsigned Access-Requests are dropped, {detail}',
    advice:
      'let the device send Message-Authenticator; if it cannot, or shares its address with one that can, set require_message_authenticator: no for this client and reload; if no device of yours sends them, somebody forges its address',
    read: ({ now }) => unsignedDropped(now.engine, 'client'),
  },
  'server-missing-message-authenticator': {
    grade: 'loss',
    unit: 'state',
    per: ['server'],
    measures:
      'Whether an answer of a server to an Access-Request was dropped in the last ten minutes since it must carry Message-Authenticator and did not: by the setting `yes`, or because `auto` has learned that the server signs.',
    says: 'unsigned answers to Access-Requests are dropped, {detail}',
    advice:
      'let the server send Message-Authenticator (FreeRADIUS: 3.2.5 or newer); if it cannot, or shares its address with one that can, set require_message_authenticator: no for this server and reload; if it does, somebody forges its answers (CVE-2024-3596)',
    read: ({ now }) => unsignedDropped(now.engine, 'server'),
  },
  'mixed-signing': {
    grade: 'notice',
    unit: 'state',
    per: ['client'],
    measures:
      'Whether signed Access-Requests came, in the last hour, from an address of a client that had sent unsigned ones less than an hour before. `auto` then learns nothing there and drops nothing.',
    says: 'signed and unsigned Access-Requests come from one address, so auto can not tell whether to ask for Message-Authenticator: {detail}',
    advice:
      'if two devices share that address and one can not sign, set require_message_authenticator: no for this client; if all of them sign, set yes, since somebody forges the unsigned ones; after a device was told to sign it clears within an hour by itself',
    read: ({ now }) => mixedSigning(now.engine, 'client'),
  },
  'server-mixed-signing': {
    grade: 'notice',
    unit: 'state',
    per: ['server'],
    measures:
      'Whether a server signed an answer to an Access-Request, in the last hour, after it had not signed one less than an hour before. `auto` then learns nothing there and drops nothing.',
    says: 'signed and unsigned answers to Access-Requests come from one server, so auto can not tell whether to ask for Message-Authenticator: {detail}',
    advice:
      'if two servers share that address and one can not sign, set require_message_authenticator: no for this server; if all of them sign, set yes, since somebody forges the unsigned ones; after an upgrade of the server it clears within an hour by itself',
    read: ({ now }) => mixedSigning(now.engine, 'server'),
  },
} as const satisfies Readonly<Record<string, AlarmDefinition>>

const unsignedDropped = (engine: EngineSnapshot, peer: PeerKind): Reading[] =>
  ofEachPeer(engine, peer, engine.signing.dropped, ({ at, packet, because }) => {
    return `the last from ${at} (${seenText(packet)}): ${BECAUSE[because]}`
  })

const mixedSigning = (engine: EngineSnapshot, peer: PeerKind): Reading[] =>
  ofEachPeer(engine, peer, engine.signing.mixed, ({ at, packet, unsigned, others }) => {
    const other = unsigned === undefined ? UNKNOWN_UNSIGNED : seenText(unsigned)
    return `at ${at}${othersText(others)}, signed ${seenText(packet)}, unsigned ${other}`
  })

/** A reading for each client or server, also for those that nothing was seen of. */
function ofEachPeer<T extends { readonly peer: PeerKind; readonly name: string }>(
  { clients, lanes }: EngineSnapshot,
  peer: PeerKind,
  seen: readonly T[],
  detailOf: (one: T) => string,
): Reading[] {
  const byName = new Map(seen.filter((one) => one.peer === peer).map((one) => [one.name, one]))
  const servers = lanes.filter(({ retiring }) => !retiring).map(({ server }) => server)
  const names = new Set(peer === 'client' ? clients.map(({ name }) => name) : servers)
  return [...names].map((name) => {
    const one = byName.get(name)
    return state({ [peer]: name }, one !== undefined, one === undefined ? {} : { detail: detailOf(one) })
  })
}
