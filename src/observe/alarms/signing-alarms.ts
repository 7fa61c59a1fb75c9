/**
 * The alarms of who must sign (docs/throttling.md): unsigned packets that are dropped, and peers of which `auto` can't tell.
 */

import type { PeerKind } from '../../proxy/border/events.ts'
import type { EngineSnapshot } from '../../proxy/border/snapshot.ts'
import { othersText, seenText, UNKNOWN_UNSIGNED } from '../view/seen-text.ts'
import type { AlarmDefinition } from './alarm-definition.ts'

const BECAUSE = {
  required: 'require_message_authenticator is yes',
  learned: 'auto has learned that it signs ("radsluice show learned" says by which packet)',
} as const

const unsignedDropped = (peer: PeerKind) =>
  ofEachPeer(
    peer,
    ({ dropped }) => dropped,
    ({ at, packet, because }) => `the last from ${at} (${seenText(packet)}): ${BECAUSE[because]}`,
  )

const mixedSigning = (peer: PeerKind) =>
  ofEachPeer(
    peer,
    ({ mixed }) => mixed,
    ({ at, packet, unsigned, others }) => {
      const other = unsigned === undefined ? UNKNOWN_UNSIGNED : seenText(unsigned)
      return `at ${at}${othersText(others)}, signed ${seenText(packet)}, unsigned ${other}`
    },
  )

/** A reading for each client or server: 1 if something was seen of it. */
const ofEachPeer = <T extends { readonly peer: PeerKind; readonly name: string }>(
  peer: PeerKind,
  seenIn: (signing: EngineSnapshot['signing']) => readonly T[],
  detailOf: (one: T) => string,
): Pick<AlarmDefinition, 'per' | 'read'> => ({
  per: [peer],
  read: ({ now: { engine } }) => {
    const byName = new Map(seenIn(engine.signing).map((one) => [`${one.peer} ${one.name}`, one]))
    const servers = engine.lanes.filter(({ retiring }) => !retiring).map(({ server }) => server)
    const names = new Set(peer === 'client' ? engine.clients.map(({ name }) => name) : servers)
    return [...names].map((name) => {
      const one = byName.get(`${peer} ${name}`)
      return { subject: { [peer]: name }, value: one === undefined ? 0 : 1, detail: one && detailOf(one) }
    })
  },
})

export const SIGNING_ALARMS = {
  'missing-message-authenticator': {
    grade: 'loss',
    unit: 'state',
    measures:
      'Whether an Access-Request of a client was dropped in the last ten minutes since it must carry Message-Authenticator and did not: by the setting `yes`, or because `auto` has learned that its address signs.',
    says: 'unsigned Access-Requests are dropped, {detail}',
    advice:
      'let the device send Message-Authenticator; if it cannot, or shares its address with one that can, set require_message_authenticator: no for this client and reload; if no device of yours sends them, somebody forges its address',
    ...unsignedDropped('client'),
  },
  'server-missing-message-authenticator': {
    grade: 'loss',
    unit: 'state',
    measures:
      'Whether an answer of a server to an Access-Request was dropped in the last ten minutes since it must carry Message-Authenticator and did not: by the setting `yes`, or because `auto` has learned that the server signs.',
    says: 'unsigned answers to Access-Requests are dropped, {detail}',
    advice:
      'let the server send Message-Authenticator (FreeRADIUS: 3.2.5 or newer); if it cannot, or shares its address with one that can, set require_message_authenticator: no for this server and reload; if it does, somebody forges its answers (CVE-2024-3596)',
    ...unsignedDropped('server'),
  },
  'mixed-signing': {
    grade: 'notice',
    unit: 'state',
    measures:
      'Whether signed Access-Requests came, in the last hour, from an address of a client that had sent unsigned ones less than an hour before. `auto` then learns nothing there and drops nothing.',
    says: 'signed and unsigned Access-Requests come from one address, so auto can not tell whether to ask for Message-Authenticator: {detail}',
    advice:
      'if two devices share that address and one can not sign, set require_message_authenticator: no for this client; if all of them sign, set yes, since somebody forges the unsigned ones; after a device was told to sign it clears within an hour by itself',
    ...mixedSigning('client'),
  },
  'server-mixed-signing': {
    grade: 'notice',
    unit: 'state',
    measures:
      'Whether a server signed an answer to an Access-Request, in the last hour, after it had not signed one less than an hour before. `auto` then learns nothing there and drops nothing.',
    says: 'signed and unsigned answers to Access-Requests come from one server, so auto can not tell whether to ask for Message-Authenticator: {detail}',
    advice:
      'if two servers share that address and one can not sign, set require_message_authenticator: no for this server; if all of them sign, set yes, since somebody forges the unsigned ones; after an upgrade of the server it clears within an hour by itself',
    ...mixedSigning('server'),
  },
} as const satisfies Readonly<Record<string, AlarmDefinition>>
