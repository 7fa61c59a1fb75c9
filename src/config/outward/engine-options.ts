/**
 * From the configuration's words to the engine's: the one place where a setting becomes an option.
 *
 * The engine knows no `Config`, and the configuration no engine. Most settings keep their name: `max_rate` becomes `maxRate`. So a
 * setting that is added to such a group needs no edit here.
 */
import { perClass, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import type { ClientOptions, EngineOptions, ServerOptions } from '../../proxy/border/options.ts'
import type { BacklogLimits } from '../../queues/backlog.ts'
import { perSecond } from '../../units.ts'
import { ageLimitOf, type ClientConfig, type Config, mostAgeOf, type ServerConfig } from '../schema/config.ts'

export function engineOptions(config: Config): EngineOptions {
  const { throttle, clients, queues, duplicates, accounting, farm, listen } = config
  return {
    slot: throttle.slot,
    serviceOrder: throttle.service_order,
    fairness: throttle.fairness,
    adaptive: throttle.adaptive,
    clients: clients.map(clientOptions),
    servers: farm.servers.map((server) => serverOptions(server, listen)),
    classes: perClass((name) => camelKeys(farm[name])),
    queues: perClass((name) => queueOptions(queues[name])),
    identifierQuarantine: farm.identifier_quarantine,
    maxAttributes: farm.max_attributes,
    deadServer: camelKeys(farm.dead_server),
    duplicates: { ...camelKeys(duplicates), recordMemory: accounting.session_lifetime },
    state: camelKeys(farm.state),
    ...(accounting.track_sessions ? { sessions: sessionOptions(accounting) } : {}),
  }
}

const queueOptions = (queue: Config['queues'][TrafficClass]): BacklogLimits => {
  const most = mostAgeOf(queue)
  return {
    maxMessages: queue.max_messages,
    maxBytes: queue.max_bytes,
    maxAge: ageLimitOf(queue),
    ...(most === undefined ? {} : { maxAgeMost: most }),
    overflow: queue.overflow,
  }
}

const clientOptions = ({ address, accounting, ...client }: ClientConfig): ClientOptions => ({
  ...camelKeys(client),
  maxRate: perSecond(client.max_rate),
  network: address,
  accounting: camelKeys(accounting),
})

/** A class that nothing listens for gets no lane: no sockets, no probes. */
const serverOptions = (server: ServerConfig, listen: Config['listen']): ServerOptions => {
  const lanes = TRAFFIC_CLASSES.flatMap((name) => {
    const lane = listen[name].length === 0 ? undefined : server[name]
    return lane === undefined ? [] : [[name, camelKeys(lane)] as const]
  })
  const ofNoClass = { ...server, ...perClass(() => undefined) }
  return { ...camelKeys<Omit<ServerConfig, TrafficClass>>(ofNoClass), lanes: Object.fromEntries(lanes) }
}

const sessionOptions = (of: Config['accounting']): NonNullable<EngineOptions['sessions']> => ({
  maxSessions: of.max_sessions,
  lifetime: of.session_lifetime,
  maxPortRate: of.max_port_rate,
})

/** `max_rate` is `maxRate`. */
type Camel<Key extends string> = Key extends `${infer Head}_${infer Rest}` ? `${Head}${Capitalize<Camel<Rest>>}` : Key
type Optional<T> = { [Key in keyof T]: undefined extends T[Key] ? Key : never }[keyof T]
type CamelKeys<T> = { readonly [Key in Exclude<keyof T, Optional<T>> & string as Camel<Key>]: T[Key] } & {
  readonly [Key in Optional<T> & string as Camel<Key>]?: Exclude<T[Key], undefined>
}

/** The same values by the engine's names, without those that are undefined. */
const camelKeys = <T extends object>(of: T): CamelKeys<T> =>
  Object.fromEntries(
    Object.entries(of)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key.replace(/_./g, ([, letter = '']) => letter.toUpperCase()), value]),
  ) as CamelKeys<T>
