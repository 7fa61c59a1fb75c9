/**
 * Situations in which a living server was considered dead, or a server that serves nobody was the first choice. Each is a
 * small world with the defaults of the schema, and the figures that count.
 *
 * Good logins are those that some server would answer. `before` is what the engine of version 0.1.0 (commit 6fc7222) did in the
 * same world, with its own defaults.
 */
import type { EngineOptions, LaneOptions } from '../../src/proxy/border/options.ts'
import type { NasPlan } from '../../src/simulation/peers/nas-plan.ts'
import { serialOf, userOf, wellFormed } from '../../src/simulation/peers/packets.ts'
import type { Trouble } from '../../src/simulation/peers/trouble.ts'
import type { Observer } from '../../src/simulation/world/observer.ts'
import { type ScriptEntry, START, World } from '../../src/simulation/world/world.ts'
import { type Duration, MICROS_PER_SECOND, micros, millis, seconds } from '../../src/units.ts'
import { clientPlan, defaultOptions, serverPlan } from './rig.ts'

export interface Situation {
  readonly name: string
  readonly servers: 1 | 2
  readonly lasts: Duration
  readonly client: Partial<NasPlan>
  readonly script: (lane: LaneOptions) => readonly ScriptEntry[]
  readonly lane?: Partial<LaneOptions>
  /** What must hold: no server that lives goes Down, or the first one is Down 30 s after the trouble began. */
  readonly promise: 'never Down' | 'Down within 30 s'
  /** No good login may be lost; else it may, since there is no second server. */
  readonly losesNone: boolean
  /** At the end it gets one new login in twenty, and one for each probe interval. */
  readonly isAvoided?: true
}

export interface SituationFigures {
  /** Of all servers and both classes. */
  readonly downs: number
  /** When the first one was Down, after the trouble began; undefined where it never was. */
  readonly downAfter: number | undefined
  readonly logins: number
  readonly lost: number
  /** Took longer than a second. */
  readonly late: number
  /** Of 100 new requests of the last twenty seconds, those that went to the first server; undefined where none came. */
  readonly firstChoice: number | undefined
  readonly recordsGivenUp: number
}

const TROUBLE_AT = seconds(10)
const LATE = MICROS_PER_SECOND
const LOOKED_AT = seconds(20)
const DEAD = 'dead'
/** A client that has signed nothing so far: of the one that logs in a signature is expected by then. */
const STRANGER = 1

const at = (moment: number, run: ScriptEntry['run']): ScriptEntry => ({ at: micros(moment), run })
const toAll =
  (trouble: Trouble): ScriptEntry['run'] =>
  (world) => {
    for (const server of world.servers) server.trouble = trouble
  }
const toFirst =
  (trouble: Trouble): ScriptEntry['run'] =>
  (world) => {
    const [server] = world.servers
    if (server !== undefined) server.trouble = trouble
  }
const always = (trouble: Trouble) => (): ScriptEntry[] => [at(TROUBLE_AT, toFirst(trouble))]
const dies: ScriptEntry = at(TROUBLE_AT, (world) => world.servers[0]?.die())

/** Four Access-Requests without Message-Authenticator, with these attributes, a tenth of a second apart. */
const unsigned = (attributes: readonly number[]) => (): ScriptEntry[] =>
  [0, 1, 2, 3].map((identifier) =>
    at(TROUBLE_AT + identifier * 100_000, (world, now) => {
      const bytes = Uint8Array.of(1, identifier, 0, 0, ...new Array<number>(16).fill(identifier), ...attributes)
      bytes[2] = bytes.length >> 8
      bytes[3] = bytes.length & 0xff
      world.links.clientToProxy.send({ nas: STRANGER, class: 'authentication', port: 40_000 }, bytes, now)
    }),
  )
const USER = [1, 3, 120]
const TYPE_0 = [...USER, 0, 3, 120]
const MANY = Array.from({ length: 201 }, () => USER).flat()

const logins = (every: Duration, count: number, realms?: readonly string[]): Partial<NasPlan> => ({
  sessions: count,
  dialEvery: every,
  ...(realms === undefined ? {} : { realms }),
})
/** The next one comes when the servers had time to be taken for dead. */
const QUIET = logins(seconds(18), 5)
const FOUR_OF_NINE = ['home', DEAD, 'home', DEAD, 'home', DEAD, 'home', DEAD, DEAD]
/** Records alone, one a second: sessions that are up and report, and wait for their answer for an hour. */
const RECORDS: Partial<NasPlan> = {
  sessions: 600,
  authentication: { timeout: seconds(5), tries: 4, redialAfter: seconds(100_000) },
  accounting: { isOn: true, timeout: seconds(3_600), tries: 1, newDelayTime: false, interimPeriod: seconds(100_000) },
}

const replayed = (): ScriptEntry[] => {
  const replays = Array.from({ length: 30 }, (_, index) =>
    at(TROUBLE_AT + (index + 1) * 2_000_000, (world, now) => world.servers[0]?.replay(now)),
  )
  return [dies, ...replays]
}
const lostSecond = (): ScriptEntry[] => [
  at(TROUBLE_AT, toFirst({ losesAll: true })),
  at(TROUBLE_AT + MICROS_PER_SECOND, toFirst({})),
]
const later =
  (triesBefore: (lane: LaneOptions) => number) =>
  (lane: LaneOptions): ScriptEntry[] => [
    at(TROUBLE_AT, toFirst({ latency: micros(lane.timeout * triesBefore(lane) + MICROS_PER_SECOND) })),
  ]

const TWENTY_A_SECOND = { servers: 2, lasts: seconds(80), client: logins(millis(50), 1_400) } as const
const UNHARMED = { promise: 'never Down', losesNone: true } as const

export const SITUATIONS: readonly Situation[] = [
  {
    name: 'four unsigned requests with type 0, then quiet',
    servers: 1,
    lasts: seconds(100),
    client: QUIET,
    script: unsigned(TYPE_0),
    ...UNHARMED,
  },
  {
    name: 'four unsigned requests with 201 attributes',
    servers: 1,
    lasts: seconds(100),
    client: QUIET,
    script: unsigned(MANY),
    ...UNHARMED,
  },
  {
    name: 'six records that both servers leave out (noop)',
    servers: 2,
    lasts: seconds(150),
    client: { ...RECORDS, sessions: 6, upAtStart: { interimWithin: seconds(10) } },
    script: () => [at(0, toAll({ silentFor: { kind: 'record', status: 'interim' } }))],
    ...UNHARMED,
  },
  {
    name: 'a dead realm: 4 good and 5 silent logins a second',
    servers: 2,
    lasts: seconds(90),
    client: logins(micros(111_111), 540, FOUR_OF_NINE),
    script: () => [at(0, toAll({ silentFor: { kind: 'realm', realm: DEAD } }))],
    ...UNHARMED,
  },
  {
    name: 'a lost second at 500/s, max_retries 0',
    servers: 2,
    lasts: seconds(40),
    client: logins(millis(2), 10_000),
    lane: { maxRetries: 0, timeout: seconds(3), maxOutstanding: 2_000 },
    script: lostSecond,
    ...UNHARMED,
  },
  {
    name: 'every answer carries a salted attribute of no shape',
    servers: 1,
    lasts: seconds(60),
    client: logins(seconds(1), 40),
    script: always({ isUnforwardable: true }),
    promise: 'never Down',
    losesNone: false,
  },
  { name: 'answers 1 of 100', ...TWENTY_A_SECOND, script: always({ oneOf: 100 }), ...UNHARMED, isAvoided: true },
  {
    name: 'answers all 1 s after the time-out',
    ...TWENTY_A_SECOND,
    script: later(() => 1),
    ...UNHARMED,
    isAvoided: true,
  },
  {
    name: 'answers all 1 s after the last time-out',
    ...TWENTY_A_SECOND,
    script: later(({ maxRetries }) => maxRetries + 1),
    ...UNHARMED,
    isAvoided: true,
  },
  {
    name: 'answers only probes',
    ...TWENTY_A_SECOND,
    script: always({ answersProbesOnly: true }),
    ...UNHARMED,
    isAvoided: true,
  },
  {
    name: 'answers one request each 2 s, and late',
    ...TWENTY_A_SECOND,
    script: ({ timeout, maxRetries }) => [
      at(TROUBLE_AT, toFirst({ oneEach: seconds(2), latency: micros(timeout * (maxRetries + 1) + MICROS_PER_SECOND) })),
    ],
    ...UNHARMED,
    isAvoided: true,
  },
  {
    name: 'dead, its old responses replayed every 2 s',
    ...TWENTY_A_SECOND,
    script: replayed,
    promise: 'Down within 30 s',
    losesNone: true,
  },
  { name: 'killed under 20/s', ...TWENTY_A_SECOND, script: () => [dies], promise: 'Down within 30 s', losesNone: true },
  {
    name: 'silent, one login each 2 s, twelve in all',
    servers: 2,
    lasts: seconds(60),
    client: {
      ...logins(seconds(2), 12),
      authentication: { timeout: seconds(5), tries: 4, redialAfter: seconds(100_000) },
    },
    script: () => [at(0, (world) => world.servers[0]?.die())],
    promise: 'Down within 30 s',
    losesNone: true,
  },
  {
    name: 'one accounting server silent for a minute, a record each 0.1 s',
    servers: 1,
    lasts: seconds(200),
    client: { ...RECORDS, upAtStart: { interimWithin: seconds(60) } },
    script: () => [at(0, (world) => world.servers[0]?.die()), at(60_000_000, (world) => world.servers[0]?.rise())],
    promise: 'Down within 30 s',
    losesNone: true,
  },
]

export function playSituation(
  situation: Situation,
  defaults = defaultOptions(),
  watch: readonly Observer[] = [],
): SituationFigures {
  const options = optionsOf(situation, defaults)
  const lane = options.servers[0]?.lanes.authentication as LaneOptions
  const seen = { downs: 0, lost: 0, late: 0, logins: 0, givenUp: 0 }
  const script = situation.script(lane)
  const begins = Math.min(...script.map((entry) => entry.at))
  const choices = { all: 0, first: 0 }
  const users = new Map<number, string>()
  let downAfter: number | undefined
  const world: World = new World(
    {
      seed: situation.name,
      engine: options,
      clients: [
        clientPlan(options, situation.client),
        clientPlan(options, { name: 'stranger', address: '10.0.0.2', sessions: 0 }),
      ],
      servers: options.servers.map((server) => serverPlan(server)),
      script,
    },
    [
      {
        forwarded: (at, _port, bytes, now) => {
          const serial = serialOf(wellFormed(bytes))
          if (serial === undefined || users.has(serial)) return
          users.set(serial, userOf(wellFormed(bytes)))
          if (now < lastLogin(situation) - LOOKED_AT || now > lastLogin(situation)) return
          choices.all += 1
          if (world.engine?.plan().find((one) => one.lane === at)?.server === 'first') choices.first += 1
        },
        noted: (event, now) => {
          if (event.kind === 'given-up' && event.class === 'accounting') seen.givenUp += 1
          if (event.kind !== 'server-state' || event.to !== 'down') return
          seen.downs += 1
          downAfter ??= (now - START - begins) / MICROS_PER_SECOND
        },
        cameUp: (_client, waited) => {
          seen.logins += 1
          if (waited > LATE) seen.late += 1
        },
        gaveUp: (_client, trafficClass, serial) => {
          if (trafficClass === 'accounting' || users.get(serial)?.endsWith(`@${DEAD}`)) return
          seen.logins += 1
          seen.lost += 1
        },
      },
      ...watch,
    ],
  )
  world.run(situation.lasts)
  const { downs, lost, late, logins: good, givenUp: recordsGivenUp } = seen
  const firstChoice = choices.all === 0 ? undefined : (choices.first * 100) / choices.all
  return { downs, downAfter, logins: good, lost, late, firstChoice, recordsGivenUp }
}

const optionsOf = ({ servers, lane }: Situation, options: EngineOptions): EngineOptions => ({
  ...options,
  servers: options.servers.slice(0, servers).map((server) => {
    const { authentication } = server.lanes
    if (authentication === undefined) return server
    return { ...server, lanes: { ...server.lanes, authentication: { ...authentication, ...lane } } }
  }),
})

/** When the last session dials, where they dial one after the other. */
const lastLogin = ({ client: { sessions = 0, dialEvery = micros(0) } }: Situation): number =>
  START + sessions * dialEvery

/** What of its promises these figures break, in words. */
export function brokenPromises(
  { promise, losesNone, isAvoided }: Situation,
  { downs, downAfter, lost, firstChoice = 0, recordsGivenUp }: SituationFigures,
  { deadServer }: EngineOptions,
): string[] {
  const broken: string[] = []
  if (promise === 'never Down' && downs > 0) broken.push('Down')
  if (promise === 'Down within 30 s' && !(downAfter !== undefined && downAfter <= 30)) broken.push('not Down in time')
  if (losesNone && lost > 0) broken.push('logins lost')
  if (recordsGivenUp > 0) broken.push('records given up')
  // At 20/s a probe interval of 10 s is half a per cent more.
  const most = 5 + (MICROS_PER_SECOND / deadServer.probeInterval) * 5 + 1
  if (isAvoided === true && firstChoice > most) broken.push('still the first choice')
  return broken
}
