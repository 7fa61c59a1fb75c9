/**
 * The alarms of who must sign (docs/throttling.md): unsigned packets that are dropped, and peers of which `auto` can't tell.
 */

import { mixedSigning, unsignedDropped } from '../view/signing-readings.ts'
import type { AlarmDefinition } from './alarm-definition.ts'

export const SIGNING_ALARMS = {
  'missing-message-authenticator': {
    severity: 'warning',
    failsStatus: true,
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
    severity: 'warning',
    failsStatus: true,
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
    severity: 'warning',
    failsStatus: false,
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
    severity: 'warning',
    failsStatus: false,
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
