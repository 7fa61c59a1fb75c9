/**
 * The engine's options in a form that may cross from one thread to another.
 *
 * A `Secret` keeps its octets to itself and does not survive the crossing, so it travels as octets and is made anew on
 * the other side. Everything else is plain already.
 */
import type { ClientOptions, EngineOptions, ServerOptions } from '../../proxy/border/options.ts'
import { Secret } from '../../radius/secret.ts'

type Plain<T extends { readonly secret: Secret }> = Omit<T, 'secret'> & { readonly secret: Uint8Array }

export type PlainClient = Plain<ClientOptions>

export interface PlainOptions extends Omit<EngineOptions, 'clients' | 'servers'> {
  readonly clients: readonly PlainClient[]
  readonly servers: readonly Plain<ServerOptions>[]
}

/** For sending; the result holds secrets in the clear and is for a thread of this process only. */
export const plainOptions = (options: EngineOptions): PlainOptions => ({
  ...options,
  clients: options.clients.map((one) => ({ ...one, secret: one.secret.bytes })),
  servers: options.servers.map((one) => ({ ...one, secret: one.secret.bytes })),
})

/** What `plainOptions` was made of. */
export const engineOptionsFrom = (plain: PlainOptions): EngineOptions => ({
  ...plain,
  clients: plain.clients.map(clientFrom),
  servers: plain.servers.map((one) => ({ ...one, secret: new Secret(one.secret) })),
})

export const clientFrom = (plain: PlainClient): ClientOptions => ({ ...plain, secret: new Secret(plain.secret) })
