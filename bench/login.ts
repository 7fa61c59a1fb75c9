/**
 * One login as a BNG of this bench sends it (PAP, Message-Authenticator first), and whether an answer accepts it.
 */
import { ACCESS_ACCEPT, ACCESS_REQUEST } from '../src/codes.ts'
import { testRequest } from '../src/commands/input/test-request.ts'
import { checkResponse } from '../src/radius/authenticator.ts'
import { readPacket } from '../src/radius/packet.ts'
import type { Secret } from '../src/radius/secret.ts'
import { systemRandomness } from '../src/transport/randomness.io.ts'

export interface Login {
  readonly bytes: Uint8Array
  readonly authenticator: Uint8Array
}

/** The name of the other BNG's session of this number. */
export const otherUser = (number: number): string => `${OTHERS}${number}@bng.example`
/** What all names of the other BNG's sessions begin with. */
export const OTHERS = 'other-'

const fill = systemRandomness()

export function loginOf(user: string, identifier: number, secret: Secret): Login {
  const authenticator = new Uint8Array(16)
  fill(authenticator)
  const bytes = testRequest({ what: 'auth', user, password: 'wonderland', secret, identifier, authenticator })
  if (!(bytes instanceof Uint8Array)) throw new Error(`bench: ${bytes.problem}`)
  return { bytes, authenticator }
}

/** Is it an Access-Accept to this login, rightly signed? */
export function accepts(answer: Uint8Array, { authenticator }: Login, secret: Secret): boolean {
  const packet = readPacket(answer)
  if (typeof packet === 'string' || packet.code !== ACCESS_ACCEPT) return false
  return checkResponse(packet, { code: ACCESS_REQUEST, authenticator }, secret) === undefined
}
