/**
 * Options for the engine's tests: one client network and one server with both lanes, no limit but max-outstanding, and
 * short ways to say what a test wants different.
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
import { millis, perSecond, seconds } from '../../src/units.ts'
import { CLIENT_SECRET, SERVER_SECRET } from './datagrams.ts'

/** Records leave as they came. */
export const records = (o: Partial<RecordOptions> = {}): RecordOptions => ({
  acctDelayTime: 'keep',
  synthesizeGigawords: false,
  swapDirections: false,
  erxIpv6Zeros: 'keep',
  interims: 'all',
  ...o,
})

export const client = (
  o: Partial<Omit<ClientOptions, 'secret'>> & { readonly secret?: string } = {},
): ClientOptions => ({
  name: 'bng',
  network: '10.0.0.0/8',
  requireMessageAuthenticator: 'no',
  limitProxyState: false,
  addNasIpAddress: 'never',
  accounting: records(),
  ...o,
  secret: new Secret(o.secret ?? CLIENT_SECRET),
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
  const { rate, address, secret, requireMessageAuthenticator, port, ...limits } = o
  const lane = (standard: number): LaneOptions => ({
    port: port ?? standard,
    maxRate: perSecond(rate ?? 0),
    maxOutstanding: 256,
    timeout: seconds(3),
    maxRetries: 5,
    ...limits,
  })
  return {
    name,
    address: address ?? '192.0.2.10',
    secret: new Secret(secret ?? SERVER_SECRET),
    requireMessageAuthenticator: requireMessageAuthenticator ?? 'no',
    lanes: { authentication: lane(1812), accounting: lane(1813) },
  }
}

export const queue = (o: Partial<BacklogLimits> = {}): BacklogLimits => ({
  maxMessages: 20_000,
  maxBytes: 32 << 20,
  maxAge: seconds(5),
  overflow: 'drop_newest',
  ...o,
})

/** Both classes' queues; accounting waits for an hour. */
export const queues = (o: {
  readonly authentication?: Partial<BacklogLimits>
  readonly accounting?: Partial<BacklogLimits>
}): EngineOptions['queues'] => ({
  authentication: queue(o.authentication),
  accounting: queue({ maxAge: seconds(3600), overflow: 'shed_interim_first', ...o.accounting }),
})

export const deadServer = (o: Partial<EngineOptions['deadServer']> = {}): EngineOptions['deadServer'] => ({
  consecutiveFailures: 4,
  responseTimeout: seconds(0),
  deadTime: seconds(600),
  probe: 'none',
  probeInterval: seconds(10),
  ...o,
})

/** The same for both classes. */
export const classes = (o: Partial<EngineOptions['classes']['authentication']> = {}): EngineOptions['classes'] => {
  const options = { algorithm: 'first_server' as const, maxTransmissions: 0, ...o }
  return { authentication: options, accounting: options }
}

export const defaults = (): EngineOptions => ({
  slot: millis(50),
  serviceOrder: 'authentication_first',
  clients: [client()],
  servers: [server('s1')],
  classes: classes(),
  queues: queues({}),
  identifierQuarantine: seconds(5),
  maxAttributes: 200,
  deadServer: deadServer(),
  duplicates: {
    answerCache: seconds(5),
    maxAnswers: 1000,
    recordCache: seconds(60),
    maxRecords: 1000,
    recordMemory: seconds(7_200),
  },
  state: { lifetime: seconds(300), maxEntries: 100 },
})
