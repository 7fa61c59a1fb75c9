/**
 * Every way a message can be refused, by name. One member is one metric label, one log event, one line of
 * docs/glossary.md and one test; `test/tidy.test.ts` holds these four together.
 */
import { REQUEST_FAULTS, RESPONSE_FAULTS } from '../../radius/faults.ts'

/** Why a client's datagram ended in a drop: faults of the packet itself, then what only a proxy can find. */
export const CLIENT_DROP_REASONS = [
  ...REQUEST_FAULTS,
  'unknown-client',
  'from-ourselves',
  'state-server-down',
  'unusable-response',
  'draining',
  'internal-error',
] as const
export type ClientDropReason = (typeof CLIENT_DROP_REASONS)[number]

/** Why a server's datagram was thrown away; none of them changes the server's health. */
export const SERVER_DROP_REASONS = [...RESPONSE_FAULTS, 'late', 'internal-error'] as const
export type ServerDropReason = (typeof SERVER_DROP_REASONS)[number]

/** Why a queued message was removed by an overflow policy. */
export const SHED_REASONS = ['queue-messages', 'queue-bytes'] as const
export type ShedReason = (typeof SHED_REASONS)[number]

/** Whether it says that proof was there and did not verify: most often a wrong shared secret. */
export const isWrongProof = (reason: ClientDropReason | ServerDropReason): boolean =>
  reason === 'bad-authenticator' || reason === 'bad-message-authenticator'
