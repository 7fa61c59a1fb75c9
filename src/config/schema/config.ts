/**
 * `Config`: what the daemon gets. Defaults are filled in, servers have inherited the farm's values, secrets are read, durations
 * are microseconds and sizes octets. Only the daemon, the commands and src/config/ know it.
 */
import type { AttributeKey } from '../../proxy/border/options.ts'
import type { NamedSecret, Secret } from '../../radius/secret.ts'
import { type Duration, type PerSecond, perSecond } from '../../units.ts'
import { type ClassSettings, MOST_INSTANCES, type ServerSettings, type Settings } from './schema.ts'

type SecretKey = 'secret' | 'secret_file' | 'secret_env'

/** A client network. `address` is a normal prefix with its length: `192.0.2.0/24`. */
export interface ClientConfig extends Omit<Settings['clients'][number], SecretKey> {
  readonly secret: Secret
}

/** How one class chooses its server, with the name of the hash key resolved. */
export interface ClassConfig extends Readonly<Pick<ClassSettings, 'algorithm' | 'max_transmissions'>> {
  readonly hash_key: (AttributeKey & { readonly name: string }) | undefined
}

/** What one server takes of one class, the farm's values inherited. */
export interface LaneConfig {
  readonly port: number
  readonly max_rate: PerSecond
  readonly max_outstanding: number
  readonly timeout: Duration
  readonly max_retries: number
}

/** A server. A lane is undefined if it is switched off. */
export interface ServerConfig {
  readonly name: string
  readonly address: string
  readonly secret: Secret
  readonly require_message_authenticator: ServerSettings['require_message_authenticator']
  readonly source_address: string | undefined
  readonly source_ports: readonly [first: number, last: number] | undefined
  readonly authentication: LaneConfig | undefined
  readonly accounting: LaneConfig | undefined
}

/** The whole configuration, complete and checked. */
export interface Config extends Readonly<Omit<Settings, 'admin' | 'instances' | 'clients' | 'farm'>> {
  readonly admin: Readonly<Settings['admin']> & { readonly tokens: readonly NamedSecret[] }
  /** `auto` decided. */
  readonly instances: number
  readonly clients: readonly ClientConfig[]
  readonly farm: Readonly<Omit<Settings['farm'], 'authentication' | 'accounting' | 'servers'>> & {
    readonly authentication: ClassConfig
    readonly accounting: ClassConfig
    readonly servers: readonly ServerConfig[]
  }
}

/** `auto` is one instance for each core. */
export const instancesOf = (written: Settings['instances'], cores: number): number =>
  written === 'auto' ? Math.min(MOST_INSTANCES, Math.max(1, cores)) : written

/** The limits of one lane: the server's own values over the farm's. */
export function inheritLane(own: ServerSettings['authentication'], farm: ClassSettings): LaneConfig | undefined {
  if (own === false) return undefined
  return {
    port: own.port,
    max_rate: perSecond(own.max_rate ?? farm.max_rate),
    max_outstanding: own.max_outstanding ?? farm.max_outstanding,
    timeout: own.timeout ?? farm.timeout,
    max_retries: own.max_retries ?? farm.max_retries,
  }
}
