/**
 * Who may do what over the admin API.
 *
 * Over the Unix socket, everything is allowed: its file mode says who may connect. A loopback address is read-only without
 * a token. So is an address that other machines reach; but if tokens are configured, only the probes are open there. A
 * wrong token is refused everywhere, so that a typing error does not go unnoticed.
 */
import type { NamedSecret } from '../radius/secret.ts'
import type { Access } from './route.ts'

/** How a connection came in: over the Unix socket, at a loopback address, or at one that other machines reach. */
export type Channel = 'socket' | 'loopback' | 'network'

/** The token of a request; `wrong` if it is not one of the configured ones. */
export type PresentedToken = NamedSecret | 'wrong' | undefined

export interface AccessRequest {
  readonly channel: Channel
  readonly access: Access
  readonly token: Pick<NamedSecret, 'name'> | 'wrong' | undefined
  /** Whether the configuration has tokens at all. */
  readonly hasTokens: boolean
  /** Where more is allowed: the path of the Unix socket, if there is one. */
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

/** The token in an `Authorization` header. */
export function tokenOf(header: string | undefined, tokens: readonly NamedSecret[]): PresentedToken {
  if (header === undefined) return undefined
  const [, shown = ''] = /^bearer +(\S+) *$/i.exec(header) ?? []
  const octets = new TextEncoder().encode(shown)
  let found: PresentedToken = 'wrong'
  for (const token of tokens) if (isSame(token.secret.bytes, octets)) found = token
  return found
}

/** Takes the same time for every wrong token, so that the time does not tell how much of it is right. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i += 1) difference |= a[i]! ^ (b[i] ?? 0)
  return difference === 0
}

/** Who the caller is as far as proven, for the log, and in brackets who it claims to be. */
export function callerText(
  channel: Channel,
  caller: { readonly token: PresentedToken; readonly address: string | undefined; readonly claim: unknown },
): string {
  const { token, address, claim } = caller
  const from = channel === 'socket' ? 'the admin socket' : (address ?? 'an unknown address')
  const by = typeof token === 'object' && channel !== 'socket' ? `token ${token.name} from ${from}` : from
  const isClaim = typeof claim === 'string' && /^[\x21-\x7e][\x20-\x7e]{0,63}$/.test(claim)
  return isClaim ? `${by} (${claim})` : by
}
