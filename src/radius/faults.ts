/**
 * The named faults of packets. A check returns one instead of throwing. It is counted by its name, and docs/glossary.md has
 * a line for each.
 */

export const REQUEST_FAULTS = [
  'too-short',
  'bad-length',
  'bad-attribute-length',
  'attribute-type-zero',
  'too-many-attributes',
  'unknown-code',
  'wrong-port',
  'bad-authenticator',
  'bad-message-authenticator',
  'missing-message-authenticator',
  'eap-without-message-authenticator',
  'proxy-state-unsigned',
  'bad-password-length',
  'forbidden-attribute',
  'too-long',
] as const
export type RequestFault = (typeof REQUEST_FAULTS)[number]

export const RESPONSE_FAULTS = [
  'too-short',
  'bad-length',
  'bad-attribute-length',
  'unknown-code',
  'bad-authenticator',
  'bad-message-authenticator',
  'missing-message-authenticator',
  'bad-salted-attribute',
  'too-long',
] as const
export type ResponseFault = (typeof RESPONSE_FAULTS)[number]
