/**
 * One request for `send`, built octet by octet.
 *
 *     | code | identifier | length: 2 | authenticator: 16 | type | length | value | type | length | value ...
 *
 * The Message-Authenticator, if there is one, comes first. The code that rewrites requests for servers adds it.
 */

import {
  ACCESS_REQUEST,
  ACCOUNTING_REQUEST,
  ACCT_STATUS_TYPE,
  HEADER_LENGTH,
  NAS_IDENTIFIER,
  USER_PASSWORD,
} from '../../codes.ts'
import { signAuthenticator } from '../../radius/authenticator.ts'
import { md5 } from '../../radius/md5.ts'
import { readPacket } from '../../radius/packet.ts'
import { requestForServer } from '../../radius/rewrite.ts'
import type { Secret } from '../../radius/secret.ts'
import { statusServerProbe } from '../../radius/status-server.ts'

const USER_NAME = 1
const ACCT_SESSION_ID = 44
const START = 1
const BLOCK = 16
const LONGEST_PASSWORD = 128

export interface TestRequest {
  readonly what: 'auth' | 'acct' | 'status'
  /** At most 253 octets as UTF-8; not for `status`. */
  readonly user: string
  /** At most 128 octets as UTF-8; only for `auth`. */
  readonly password: string
  readonly secret: Secret
  /** 0-255. */
  readonly identifier: number
  /** 16 unpredictable octets. */
  readonly authenticator: Uint8Array
}

/** The octets to send, or a sentence that says why there are none. */
export function testRequest(o: TestRequest): Uint8Array | { readonly problem: string } {
  if (o.what === 'status') return statusServerProbe(o)
  const user = new TextEncoder().encode(o.user)
  const password = new TextEncoder().encode(o.password)
  if (user.length > 253) return { problem: 'the user name is longer than 253 octets' }
  if (password.length > LONGEST_PASSWORD) return { problem: 'the password is longer than 128 octets' }
  const name = new TextEncoder().encode('radsluice-send')
  const plain =
    o.what === 'auth'
      ? assemble(o, ACCESS_REQUEST, [
          [USER_NAME, user],
          [USER_PASSWORD, hidden(password, o)],
          [NAS_IDENTIFIER, name],
        ])
      : assemble(o, ACCOUNTING_REQUEST, [
          [USER_NAME, user],
          [ACCT_STATUS_TYPE, Uint8Array.of(0, 0, 0, START)],
          [ACCT_SESSION_ID, new TextEncoder().encode(hex(o.authenticator))],
          [NAS_IDENTIFIER, name],
        ])
  if (o.what === 'acct') signAuthenticator(plain, o.secret)
  const packet = readPacket(plain)
  if (typeof packet === 'string') return { problem: `the request is ${packet}` }
  // Signed as for a server that has the client's secret: Message-Authenticator first.
  const { secret, identifier, authenticator } = o
  const bytes = requestForServer({ packet, identifier, authenticator, clientSecret: secret, serverSecret: secret })
  return typeof bytes === 'string' ? { problem: `the request is ${bytes}` } : bytes
}

type Attribute = readonly [type: number, value: Uint8Array]

function assemble({ identifier, authenticator }: TestRequest, code: number, attributes: Attribute[]): Uint8Array {
  const octets = attributes.flatMap(([type, value]) => [type, value.length + 2, ...value])
  const length = HEADER_LENGTH + octets.length
  return Uint8Array.of(code, identifier, length >> 8, length & 0xff, ...authenticator, ...octets)
}

/** RFC 2865 section 5.2: padded to sixteens, each block hidden by the MD5 of the secret and the block before. */
function hidden(password: Uint8Array, { secret, authenticator }: TestRequest): Uint8Array {
  const bytes = new Uint8Array(Math.max(BLOCK, Math.ceil(password.length / BLOCK) * BLOCK))
  bytes.set(password)
  const pad = new Uint8Array(BLOCK)
  let before = authenticator
  for (let at = 0; at < bytes.length; at += BLOCK) {
    md5.begin().add(secret.bytes).add(before).finishInto(pad, 0)
    for (let i = 0; i < BLOCK; i += 1) bytes[at + i] = (bytes[at + i] ?? 0) ^ (pad[i] ?? 0)
    before = bytes.subarray(at, at + BLOCK)
  }
  return bytes
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join('')
