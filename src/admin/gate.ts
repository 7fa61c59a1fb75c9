/**
 * Who may do what over the admin API.
 *
 * The socket of the machine lets in whom its file mode lets in, for everything. A loopback address is open for reading
 * only. An address that others reach is open for reading too, unless there is a token: then all but the probes need it.
 * A token that was shown and is wrong is refused everywhere, so that a typing error is not taken for a right.
 */
import type { NamedSecret } from '../radius/secret.ts'
import type { Access } from './route.ts'

/** How a connection came in: over the socket, at a loopback address, or at one that other machines reach. */
export type Channel = 'socket' | 'loopback' | 'network'

/** The token that a request shows; `wrong` where it shows something else. */
export type PresentedToken = NamedSecret | 'wrong' | undefined

export interface AccessRequest {
  readonly channel: Channel
  readonly access: Access
  readonly token: Pick<NamedSecret, 'name'> | 'wrong' | undefined
  /** Whether the configuration has tokens at all. */
  readonly hasTokens: boolean
  /** Where it may do what it may not do here: the path of the socket, where there is one. */
  readonly socket: string | undefined
}

export type AccessDecision =
  | { readonly ok: true; readonly isTrusted: boolean }
  | { readonly ok: false; readonly status: 401 | 403; readonly sentence: string }

export function decideAccess({ channel, access, token, hasTokens, socket }: AccessRequest): AccessDecision {
  if (channel === 'socket') return { ok: true, isTrusted: true }
  if (token === 'wrong') {
    const sentence =
      'the token is not one of admin.token_file; send "Authorization: Bearer TOKEN" with the one in force'
    return { ok: false, status: 401, sentence }
  }
  if (token !== undefined) return { ok: true, isTrusted: true }
  const isOpen = access === 'probe' || (access === 'read' && (channel === 'loopback' || !hasTokens))
  if (isOpen) return { ok: true, isTrusted: channel === 'loopback' || !hasTokens }
  if (hasTokens) {
    const sentence = `this needs a token here; send "Authorization: Bearer TOKEN"${orOverSocket(socket)}`
    return { ok: false, status: 401, sentence }
  }
  const sentence =
    socket === undefined
      ? 'this address can only be read, and there is no admin socket; set admin.socket or admin.token_file'
      : `this address can only be read; ask at the socket ${socket}, or set admin.token_file`
  return { ok: false, status: 403, sentence }
}

const orOverSocket = (socket: string | undefined): string => (socket === undefined ? '' : `, or ask at ${socket}`)

/** The token in an `Authorization` header, of those in force. */
export function tokenOf(header: string | undefined, tokens: readonly NamedSecret[]): PresentedToken {
  if (header === undefined) return undefined
  const [, shown = ''] = /^bearer +(\S+) *$/i.exec(header) ?? []
  const octets = new TextEncoder().encode(shown)
  let found: PresentedToken = 'wrong'
  for (const token of tokens) if (isSame(token.secret.bytes, octets)) found = token
  return found
}

/** In a time that does not tell how much of it is right. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i += 1) difference |= a[i]! ^ (b[i] ?? 0)
  return difference === 0
}

/** Who says it is, as a claim for the log: printable, short, or nothing. */
export const claimOf = (header: string | undefined): string | undefined =>
  header !== undefined && /^[\x21-\x7e][\x20-\x7e]{0,63}$/.test(header) ? header : undefined
