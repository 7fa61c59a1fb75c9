/**
 * From the configuration's words to the engine's: the one place where a setting meets the option that it sets.
 *
 * The engine knows no `Config`, and the configuration no engine; renaming a key touches this file and nothing below it.
 */
import type {
  ClassOptions,
  ClientOptions,
  EngineOptions,
  LaneOptions,
  ServerOptions,
} from '../../proxy/border/options.ts'
import type { ClassConfig, ClientConfig, Config, LaneConfig, ServerConfig } from '../schema/schema.ts'

/** What the engine works by. */
export function engineOptions(config: Config): EngineOptions {
  const { throttle, clients, queues, duplicates, accounting, farm } = config
  return {
    slot: throttle.slot,
    serviceOrder: throttle.service_order,
    clients: clients.map(clientOptions),
    servers: farm.servers.map((server) => serverOptions(server, config.listen)),
    classes: { authentication: classOptions(farm.authentication), accounting: classOptions(farm.accounting) },
    queues: { authentication: queueOptions(queues.authentication), accounting: queueOptions(queues.accounting) },
    identifierQuarantine: farm.identifier_quarantine,
    maxAttributes: farm.max_attributes,
    deadServer: {
      consecutiveFailures: farm.dead_server.consecutive_failures,
      responseTimeout: farm.dead_server.response_timeout,
      deadTime: farm.dead_server.dead_time,
      probe: farm.dead_server.probe,
      probeInterval: farm.dead_server.probe_interval,
    },
    duplicates: {
      answerCache: duplicates.answer_cache,
      maxAnswers: duplicates.max_answers,
      recordCache: duplicates.record_cache,
      maxRecords: duplicates.max_records,
      recordMemory: accounting.session_lifetime,
    },
    state: { lifetime: farm.state.lifetime, maxEntries: farm.state.max_entries },
    ...(accounting.track_sessions ? { sessions: sessionOptions(accounting) } : {}),
  }
}

/** `read` as it can hold without a restart: what needs one stays as it was (`x-restart` in the schema). */
export const withRestartSettingsOf = (running: Config, read: Config): Config => ({
  ...read,
  listen: running.listen,
  admin: { ...read.admin, listen: running.admin.listen, socket: running.admin.socket },
  instances: running.instances,
  throttle: { ...read.throttle, scope: running.throttle.scope },
  accounting: {
    ...read.accounting,
    track_sessions: running.accounting.track_sessions,
    max_sessions: running.accounting.max_sessions,
    sessions_log: running.accounting.sessions_log,
  },
  tps: running.tps,
  log: { ...running.log, level: read.log.level },
})

const clientOptions = (client: ClientConfig): ClientOptions => ({
  name: client.name,
  network: client.address,
  secret: client.secret,
  requireMessageAuthenticator: client.require_message_authenticator,
  limitProxyState: client.limit_proxy_state,
  addNasIpAddress: client.add_nas_ip_address,
  accounting: {
    acctDelayTime: client.accounting.acct_delay_time,
    synthesizeGigawords: client.accounting.synthesize_gigawords,
    swapDirections: client.accounting.swap_directions,
    erxIpv6Zeros: client.accounting.erx_ipv6_zeros,
    interims: client.accounting.interims,
  },
})

/** A class that nothing listens for gets no lanes: no sockets, no probes. */
const serverOptions = (server: ServerConfig, listen: Config['listen']): ServerOptions => ({
  name: server.name,
  address: server.address,
  secret: server.secret,
  requireMessageAuthenticator: server.require_message_authenticator,
  ...(server.source_address === undefined ? {} : { sourceAddress: server.source_address }),
  ...(server.source_ports === undefined ? {} : { sourcePorts: server.source_ports }),
  lanes: {
    ...(server.authentication === undefined || listen.authentication.length === 0
      ? {}
      : { authentication: laneOptions(server.authentication) }),
    ...(server.accounting === undefined || listen.accounting.length === 0
      ? {}
      : { accounting: laneOptions(server.accounting) }),
  },
})

const laneOptions = (lane: LaneConfig): LaneOptions => ({
  port: lane.port,
  maxRate: lane.max_rate,
  maxOutstanding: lane.max_outstanding,
  timeout: lane.timeout,
  maxRetries: lane.max_retries,
})

const classOptions = (of: ClassConfig): ClassOptions => ({
  algorithm: of.algorithm,
  ...(of.hash_key === undefined ? {} : { hashKey: of.hash_key }),
  maxTransmissions: of.max_transmissions,
})

const queueOptions = (queue: Config['queues']['accounting']): EngineOptions['queues']['accounting'] => ({
  maxMessages: queue.max_messages,
  maxBytes: queue.max_bytes,
  maxAge: queue.max_age,
  overflow: queue.overflow,
})

const sessionOptions = (of: Config['accounting']): NonNullable<EngineOptions['sessions']> => ({
  maxSessions: of.max_sessions,
  lifetime: of.session_lifetime,
  maxPortRate: of.max_port_rate,
})
