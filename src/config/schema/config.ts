/**
 * `Config`: what the daemon gets. Defaults are filled in, servers have inherited the farm's values, secrets are read, durations
 * are microseconds and sizes octets. Only the daemon, the commands and src/config/ know it.
 */
import type { PerClass, TrafficClass } from '../../classes.ts'
import type { AttributeKey } from '../../radius/packet.ts'
import type { NamedSecret, Secret } from '../../radius/secret.ts'
import { type Duration, type PerSecond, perSecond } from '../../units.ts'
import type { SecretKey } from './peer-settings.ts'
import { type ClassSettings, MOST_INSTANCES, type ServerSettings, type Settings } from './schema.ts'

/** A client network. `address` is a normal prefix with its length: `192.0.2.0/24`. */
export interface ClientConfig extends Omit<Settings['clients'][number], SecretKey> {
  readonly secret: Secret
}

/** How one class chooses its server, with the name of the hash key resolved. */
export interface ClassConfig extends Readonly<Pick<ClassSettings, 'algorithm' | 'max_transmissions'>> {
  readonly hash_key: (AttributeKey & { readonly name: string }) | undefined
}

/** What one server takes of one class, the farm's values inherited. */
export interface LaneConfig extends Readonly<Pick<ClassSettings, 'max_outstanding' | 'timeout' | 'max_retries'>> {
  readonly port: number
  readonly max_rate: PerSecond
}

/** A server. A lane is undefined if it is switched off. */
export interface ServerConfig
  extends Readonly<Omit<ServerSettings, SecretKey | TrafficClass>>,
    PerClass<LaneConfig | undefined> {
  readonly secret: Secret
}

/** The whole configuration, complete and checked. */
export interface Config extends Readonly<Omit<Settings, 'admin' | 'instances' | 'throttle' | 'clients' | 'farm'>> {
  readonly admin: Readonly<Settings['admin']> & { readonly tokens: readonly NamedSecret[] }
  /** `auto` decided. */
  readonly instances: number
  /** Whether clients have turns is decided. */
  readonly throttle: Readonly<Settings['throttle']> & { readonly fairness: 'client' | 'none' }
  readonly clients: readonly ClientConfig[]
  readonly farm: Readonly<Omit<Settings['farm'], TrafficClass | 'servers'>> &
    PerClass<ClassConfig> & { readonly servers: readonly ServerConfig[] }
}

/** `auto` is one instance for each core. */
export const instancesOf = (written: Settings['instances'], cores: number): number =>
  written === 'auto' ? Math.min(MOST_INSTANCES, Math.max(1, cores)) : written

/** With `fifo` nobody has turns. */
export const fairnessOf = ({ fairness, service_order: order }: Settings['throttle']): 'client' | 'none' =>
  fairness ?? (order === 'fifo' ? 'none' : 'client')

type QueueSettings = Settings['queues'][TrafficClass]

/** How long a message may wait of which nothing else is known. */
export const ageLimitOf = (queue: QueueSettings): Duration =>
  'max_age_limit' in queue && queue.max_age === 'auto' ? queue.max_age_limit : (queue.max_age as Duration)

/** With `max_age: auto`, how long any message may wait; else undefined. */
export const mostAgeOf = (queue: QueueSettings): Duration | undefined =>
  'max_age_most' in queue && queue.max_age === 'auto' ? queue.max_age_most : undefined

/** The limits of one lane: the server's own values over the farm's. */
export function inheritLane(own: ServerSettings[TrafficClass], farm: ClassSettings): LaneConfig | undefined {
  if (own === false) return undefined
  return {
    port: own.port,
    max_rate: perSecond(own.max_rate ?? farm.max_rate),
    max_outstanding: own.max_outstanding ?? farm.max_outstanding,
    timeout: own.timeout ?? farm.timeout,
    max_retries: own.max_retries ?? farm.max_retries,
  }
}
