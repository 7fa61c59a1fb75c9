/**
 * Plain options for an engine, without a configuration. The seeded worlds, the tests and the bench all begin with these, and
 * each says only what it wants different.
 *
 * Most values are the defaults of `src/config/schema/`. The time-outs and retries are longer, so that a test has time; no
 * probe is sent, and no session is tracked.
 */
import { CLASS_TRAITS, type PerClass, perClass, RECORD_CLASS, type TrafficClass } from '../../classes.ts'
import type {
  ClassOptions,
  ClientOptions,
  EngineOptions,
  LaneOptions,
  RecordOptions,
  ServerOptions,
} from '../../proxy/border/options.ts'
import type { BacklogLimits } from '../../queues/backlog.ts'
import { millis, perSecond, seconds } from '../../units.ts'

type Needs<T, K extends keyof T> = Pick<T, K> & Partial<T>

/** `servers` and `clients` are empty where they are not given. `max_age` is a number. */
export const basicOptions = (o: Partial<EngineOptions> = {}): EngineOptions => ({
  slot: millis(50),
  serviceOrder: 'authentication_first',
  fairness: 'client',
  adaptive: 'off',
  clients: [],
  servers: [],
  classes: classOptions(),
  queues: queueOptions(),
  identifierQuarantine: seconds(5),
  maxAttributes: 200,
  deadServer: deadServerOptions(),
  duplicates: duplicateOptions(),
  state: { lifetime: seconds(300), maxEntries: 10_000 },
  ...o,
})

export const clientOptions = (o: Needs<ClientOptions, 'name' | 'network' | 'secret'>): ClientOptions => ({
  requireMessageAuthenticator: 'auto',
  limitProxyState: false,
  addNasIpAddress: 'when_missing',
  accounting: recordOptions(),
  weight: 1,
  maxRate: perSecond(0),
  maxShare: 100,
  fairnessKey: 'client',
  flowKey: 'none',
  ...o,
})

export const recordOptions = (o: Partial<RecordOptions> = {}): RecordOptions => ({
  acctDelayTime: 'update',
  synthesizeGigawords: false,
  swapDirections: false,
  erxIpv6Zeros: 'keep',
  interims: 'all',
  ...o,
})

/** A server with a lane for each class; `lane` holds for both. */
export const serverOptions = ({
  lane,
  ...o
}: Needs<ServerOptions, 'name' | 'address' | 'secret'> & {
  readonly lane?: Partial<LaneOptions>
}): ServerOptions => ({
  requireMessageAuthenticator: 'auto',
  lanes: perClass((each) => laneOptions(each, lane)),
  ...o,
})

export const laneOptions = (trafficClass: TrafficClass, o: Partial<LaneOptions> = {}): LaneOptions => ({
  port: CLASS_TRAITS[trafficClass].port,
  maxRate: perSecond(0),
  maxOutstanding: 256,
  timeout: seconds(3),
  maxRetries: 5,
  ...o,
})

/** The same for both classes. */
export const classOptions = (o: Partial<ClassOptions> = {}): PerClass<ClassOptions> =>
  perClass(() => ({ algorithm: 'first_server', maxTransmissions: 0, ...o }))

export const queueOptions = (o: Partial<PerClass<Partial<BacklogLimits>>> = {}): PerClass<BacklogLimits> =>
  perClass((each) => ({ ...QUEUE, ...(each === RECORD_CLASS ? OF_RECORDS : {}), ...o[each] }))
const QUEUE = { maxMessages: 20_000, maxBytes: 32 << 20, maxAge: seconds(5), overflow: 'drop_newest' } as const
const OF_RECORDS = { maxAge: seconds(3_600), overflow: 'shed_interim_first' } as const

export const deadServerOptions = (o: Partial<EngineOptions['deadServer']> = {}): EngineOptions['deadServer'] => ({
  consecutiveFailures: 4,
  responseTimeout: seconds(0),
  deadTime: seconds(600),
  probe: 'none',
  probeInterval: seconds(10),
  ...o,
})

export const duplicateOptions = (o: Partial<EngineOptions['duplicates']> = {}): EngineOptions['duplicates'] => ({
  answerCache: seconds(5),
  maxAnswers: 100_000,
  recordCache: seconds(60),
  maxRecords: 100_000,
  recordMemory: seconds(7_200),
  ...o,
})
