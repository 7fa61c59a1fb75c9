/**
 * A packet in a few words, as it can be found in a capture.
 */

import { ACCESS_ACCEPT, ACCESS_CHALLENGE, ACCESS_REJECT, ACCESS_REQUEST } from '../../codes.ts'
import type { SeenPacket } from '../../proxy/border/events.ts'

const NAMES: Readonly<Record<number, string>> = {
  [ACCESS_REQUEST]: 'Access-Request',
  [ACCESS_ACCEPT]: 'Access-Accept',
  [ACCESS_REJECT]: 'Access-Reject',
  [ACCESS_CHALLENGE]: 'Access-Challenge',
}

/** `Access-Request`; `code 40` for what is none of Access. */
export const codeNameOf = (code: number): string => NAMES[code] ?? `code ${code}`

/** `Access-Request, identifier 17, port 49152`. */
export const seenText = ({ code, identifier, port }: SeenPacket): string =>
  `${codeNameOf(code)}, identifier ${identifier}, port ${port}`

export const othersText = (others: number): string =>
  others === 0 ? '' : ` and at least ${others} other ${others === 1 ? 'address' : 'addresses'}`

/** Too many peers send unsigned packets to know whether this one did. */
export const UNKNOWN_UNSIGNED = 'not known: more addresses send unsigned packets than are remembered'
