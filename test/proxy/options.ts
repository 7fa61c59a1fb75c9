/**
 * Options for the engine's tests: the basic ones of the simulation, but no proof is asked for and nothing is added to a
 * packet. There is one client network and one server with both lanes; a test says what it wants different.
 */
import type {
  ClientOptions,
  EngineOptions,
  LaneOptions,
  RecordOptions,
  ServerOptions,
} from '../../src/proxy/border/options.ts'
import type { BacklogLimits } from '../../src/queues/backlog.ts'
import { Secret } from '../../src/radius/secret.ts'
import {
  basicOptions,
  clientOptions,
  duplicateOptions,
  queueOptions,
  recordOptions,
  serverOptions,
} from '../../src/simulation/world/basic-options.ts'
import { perSecond, seconds } from '../../src/units.ts'
import { CLIENT_SECRET, SERVER_SECRET } from './datagrams.ts'

export {
  classOptions as classes,
  deadServerOptions as deadServer,
  queueOptions as queues,
} from '../../src/simulation/world/basic-options.ts'

/** Records leave as they came. */
export const records = (o: Partial<RecordOptions> = {}): RecordOptions => recordOptions({ acctDelayTime: 'keep', ...o })

export const client = ({
  secret = CLIENT_SECRET,
  ...o
}: Partial<Omit<ClientOptions, 'secret'>> & { readonly secret?: string } = {}): ClientOptions =>
  clientOptions({
    name: 'bng',
    network: '10.0.0.0/8',
    secret: new Secret(secret),
    requireMessageAuthenticator: 'no',
    addNasIpAddress: 'never',
    accounting: records(),
    ...o,
  })

export type ServerChanges = Partial<Omit<LaneOptions, 'maxRate'>> & {
  /** Messages per second, 0 is unlimited. */
  readonly rate?: number
  readonly address?: string
  readonly secret?: string
  readonly requireMessageAuthenticator?: ServerOptions['requireMessageAuthenticator']
}

/** A server whose two lanes have the same limits. */
export const server = (name: string, o: ServerChanges = {}): ServerOptions => {
  const { rate = 0, address = '192.0.2.10', secret = SERVER_SECRET, requireMessageAuthenticator = 'no', ...limits } = o
  const lane = { maxRate: perSecond(rate), ...limits }
  return serverOptions({ name, address, secret: new Secret(secret), requireMessageAuthenticator, lane })
}

/** The queue of authentication; its limits are small enough to be reached. */
export const queue = (o: Partial<BacklogLimits> = {}): BacklogLimits =>
  queueOptions({ authentication: o }).authentication

export const defaults = (): EngineOptions =>
  basicOptions({
    clients: [client()],
    servers: [server('s1')],
    duplicates: duplicateOptions({ maxAnswers: 1_000, maxRecords: 1_000 }),
    state: { lifetime: seconds(300), maxEntries: 100 },
  })
