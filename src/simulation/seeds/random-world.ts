/**
 * A world from a seed: topology, limits, traffic, and a random subset of faults at random strengths.
 *
 * A world with every fault at once shows little, because nothing gets far. Limits are small, so that they are reached. When
 * the faults are over, a world has time to settle, and must.
 */
import { perClass, RECORD_CLASS, type TrafficClass } from '../../classes.ts'
import type { Algorithm, ClientOptions, EngineOptions, ServerOptions } from '../../proxy/border/options.ts'
import { Secret } from '../../radius/secret.ts'
import { type Duration, micros, millis, perSecond, seconds } from '../../units.ts'
import type { ServerPlan } from '../peers/home-server.ts'
import type { NasPlan } from '../peers/nas-plan.ts'
import { type Faults, NO_FAULTS } from '../peers/network.ts'
import { Random } from '../peers/random.ts'
import { refusingOf } from '../peers/refusing.ts'
import { NO_TROUBLE } from '../peers/trouble.ts'
import {
  basicOptions,
  clientOptions,
  deadServerOptions,
  duplicateOptions,
  laneOptions,
  recordOptions,
  serverOptions,
} from '../world/basic-options.ts'
import {
  DIRECTIONS,
  type Direction,
  perDirection,
  type ScriptEntry,
  type World,
  type WorldPlan,
} from '../world/world.ts'

export interface RandomWorld {
  readonly plan: WorldPlan & { readonly engine: EngineOptions }
  /** There are faults and new sessions until then. */
  readonly faultsUntil: Duration
  readonly end: Duration
}

const FAULTS = [
  'network',
  'deaths',
  'wrong-secret',
  'reboot',
  'late-timer',
  'cost',
  'partition',
  'reload',
  'slow',
  'twice',
] as const
type Fault = (typeof FAULTS)[number]
const SETTLE = seconds(200)

/** By User-Name, and by Acct-Session-Id. */
export const HASH_KEYS = perClass((each) => ({ vendor: 0, type: each === RECORD_CLASS ? 44 : 1 }))

/** How long faults and traffic last, and whether clients have turns and ages of their own in some worlds. */
export interface WorldChoice {
  readonly length?: Duration
  /** `false`: every client is served in the order of arrival, and `max_age` is a number. */
  readonly hasTurns?: boolean
}

/** The world of a seed. */
export const randomWorld = (
  seed: string | number,
  { length = seconds(60), hasTurns = true }: WorldChoice = {},
): RandomWorld => {
  const random = new Random(seed)
  const faults = new Set<Fault>(FAULTS.filter(() => random.chance(0.35)))
  const servers = Array.from({ length: random.between(1, 4) }, (_, index) =>
    serverOf(index, faults, random.child(`server ${index}`)),
  ).map((server) => withQuotes(server, random.child('quotes')))
  const clients = Array.from({ length: random.between(1, 3) }, (_, index) =>
    clientOf(index, random.child(`client ${index}`)),
  )
  const plain = optionsOf(servers, clients, random.child('options'))
  const options = hasTurns ? withTurns(plain, random.child('turns')) : plain
  const ages = agesOf(clients, random.child('ages'))
  return {
    faultsUntil: length,
    end: micros(length + SETTLE),
    plan: {
      seed,
      engine: options,
      servers,
      clients,
      network: faults.has('network') ? networkOf(random.child('network')) : {},
      cost: micros(faults.has('cost') ? random.between(50, 2_000) : 0),
      lateness: micros(faults.has('late-timer') ? random.between(1, 20_000) : 0),
      ...(ages === undefined ? {} : { ages }),
      script: [
        ...scriptOf(faults, servers, options, { length, hasTurns }, random.child('script')),
        endOfFaults(length),
      ],
    },
  }
}

const serverOf = (index: number, faults: Set<Fault>, random: Random): ServerPlan => ({
  name: `server-${index}`,
  secret: new Secret(`server secret ${index}`),
  capacity: random.pick([20, 100, 500, 2_000]),
  backlog: random.pick([10, 100, 2_000]),
  latency: micros(faults.has('slow') ? random.between(0, 4_000_000) : random.between(0, 20_000)),
  answersTwice: faults.has('twice') ? random.fraction() * 0.3 : 0,
  challenges: random.pick([0, 0, 0.5, 1]),
  refuses: random.child('refuses').chance(0.3),
})

/** In some worlds the errors about its port quote what was refused, and lie now and then. */
export const withQuotes = (server: ServerPlan, random: Random): ServerPlan =>
  random.chance(0.25) ? { ...server, refusing: refusingOf(random.child(server.name)) } : server

/**
 * In some worlds clients' datagrams wait in sockets, some for longer than max-age. A record with a new Acct-Delay-Time is known by
 * when it came, which is known within a second only if no socket is far behind another.
 */
const agesOf = (clients: readonly NasPlan[], random: Random): WorldPlan['ages'] => {
  if (!random.chance(0.25)) return undefined
  const longest = random.pick([20_000, 1_000_000, 10_000_000])
  const ofRecords = clients.some(({ accounting }) => accounting.newDelayTime) ? Math.min(longest, 1_000_000) : longest
  return perClass((each) => micros(each === RECORD_CLASS ? ofRecords : longest))
}

const clientOf = (index: number, random: Random): NasPlan => {
  const isOn = random.chance(0.8)
  return {
    name: `bng-${index}`,
    address: `10.0.${index}.1`,
    secret: new Secret(`client secret ${index}`),
    sessions: random.pick([1, 20, 200]),
    dialWithin: seconds(random.pick([0, 2, 30])),
    authentication: {
      timeout: millis(random.pick([1_000, 3_000, 5_000])),
      tries: random.between(1, 4),
      redialAfter: seconds(random.between(1, 10)),
    },
    accounting: {
      isOn,
      timeout: millis(random.pick([1_000, 3_000, 5_000])),
      tries: random.between(1, 8),
      newDelayTime: random.chance(0.4),
      interimPeriod: seconds(random.pick([0, 5, 20])),
      tellsTime: random.child('tells time').chance(0.3),
      ...(random.child('counts octets').chance(0.8) ? { octetsPerSecond: 700_000_000 } : {}),
    },
    sessionTime: seconds(random.pick([0, 10, 60])),
    ...(random.child('signs').chance(0.2) ? { signs: random.child('signs so often').pick([0, 0.5, 0.9]) } : {}),
  }
}

const optionsOf = (servers: readonly ServerPlan[], clients: readonly NasPlan[], random: Random): EngineOptions => {
  const algorithm = (): Algorithm => random.pick<Algorithm>(['first_server', 'round_robin', 'hash'])
  const maxTransmissions = random.pick([0, 0, 0, 5])
  // Drawn in this order: another order is another world.
  return basicOptions({
    fairness: 'none',
    slot: millis(random.pick([1, 10, 50, 50, 50, 200, 1_000])),
    serviceOrder: random.pick(['authentication_first', 'fifo']),
    clients: clients.map((client) => clientOptionsOf(client)),
    servers: servers.map((server) => serverOptionsOf(server, random.child(server.name))),
    classes: perClass((each) => ({ algorithm: algorithm(), hashKey: HASH_KEYS[each], maxTransmissions })),
    queues: perClass((each) =>
      each === RECORD_CLASS
        ? queueOf(random, [5, 60, 100], ['drop_newest', 'drop_oldest', 'shed_interim_first'])
        : queueOf(random, [2, 5, 9], ['drop_newest', 'drop_oldest']),
    ),
    identifierQuarantine: seconds(random.pick([0, 1, 5])),
    deadServer: deadServerOptions({
      consecutiveFailures: random.between(1, 6),
      responseTimeout: seconds(random.pick([0, 0, 5])),
      deadTime: seconds(random.pick([5, 60])),
      probe: random.pick(['status_server', 'none']),
      probeInterval: seconds(random.pick([1, 6, 10])),
    }),
    duplicates: duplicateOptions({
      answerCache: seconds(random.pick([1, 5])),
      maxAnswers: random.pick([10, 100_000]),
      recordCache: seconds(random.pick([5, 60])),
      maxRecords: random.pick([10, 100_000]),
    }),
    state: { lifetime: seconds(random.pick([5, 300])), maxEntries: random.pick([5, 10_000]) },
    ...(clients.some(({ accounting }) => countsOctets(accounting))
      ? { sessions: trackedBy(random.child('tracks')) }
      : {}),
  })
}

/** In some worlds clients have turns, rates and shares of their own, and logins are forgotten by the gaps of their copies. */
export const withTurns = (options: EngineOptions, random: Random): EngineOptions => {
  const { authentication } = options.queues
  const isAuto = random.child('auto').chance(0.4)
  const { maxAgeMost: _, ...byNumber } = authentication
  return {
    ...options,
    fairness: options.serviceOrder === 'fifo' || random.child('none').chance(0.2) ? 'none' : 'client',
    clients: options.clients.map((client) => ({ ...client, ...turnsOf(random.child(client.name)) })),
    queues: {
      ...options.queues,
      authentication: isAuto ? { ...byNumber, maxAgeMost: seconds(random.child('most').pick([10, 30])) } : byNumber,
    },
  }
}

const turnsOf = (random: Random): Partial<ClientOptions> => ({
  weight: random.pick([1, 1, 2, 7]),
  maxRate: perSecond(random.pick([0, 0, 0, 20, 100])),
  maxShare: random.pick([100, 100, 50, 10]),
  fairnessKey: random.pick(['client', 'client', 'address']),
  flowKey: random.pick(['none', 'none', 'user', 'calling_station', 'session']),
})

type Queue = EngineOptions['queues'][TrafficClass]
const queueOf = (random: Random, ages: readonly number[], overflows: readonly Queue['overflow'][]): Queue => ({
  maxMessages: random.pick([5, 50, 20_000]),
  maxBytes: random.pick([2_000, 1 << 24]),
  maxAge: seconds(random.pick(ages)),
  overflow: random.pick(overflows),
})

const trackedBy = (random: Random): NonNullable<EngineOptions['sessions']> => ({
  maxSessions: random.pick([5, 50, 10_000]),
  lifetime: seconds(random.pick([20, 7_200])),
  maxPortRate: 0,
})

/** Its counters wrap within seconds, so each session needs Gigawords. */
const countsOctets = ({ tellsTime, octetsPerSecond }: NasPlan['accounting']): boolean =>
  tellsTime === true && octetsPerSecond !== undefined

export const clientOptionsOf = ({ name, address, secret, accounting }: NasPlan): ClientOptions =>
  clientOptions({
    name,
    network: address,
    secret,
    limitProxyState: true,
    accounting: recordOptions({
      synthesizeGigawords: countsOctets(accounting),
      interims: accounting.tellsTime ? 'newest' : 'all',
    }),
  })

const serverOptionsOf = ({ name, secret }: ServerPlan, random: Random): ServerOptions =>
  serverOptions({ name, address: `10.1.0.${name.slice(-1)}`, secret, lanes: lanesOf(random) })

const lanesOf = (random: Random): ServerOptions['lanes'] =>
  perClass((each) =>
    laneOptions(each, {
      maxRate: perSecond(random.pick([0, 1, 5, 7, 30, 200, 999])),
      maxOutstanding: random.pick([1, 3, 20, 256, 300]),
      timeout: millis(random.pick([500, 1_000, 3_000])),
      maxRetries: random.between(0, 5),
    }),
  )

const networkOf = (random: Random): Record<Direction, Faults> =>
  perDirection(() => ({
    delay: micros(random.between(50, 20_000)),
    spread: micros(random.pick([0, 1_000, 200_000])),
    loss: random.pick([0, 0.01, 0.2]),
    duplicate: random.pick([0, 0.01, 0.2]),
  }))

const scriptOf = (
  faults: Set<Fault>,
  servers: readonly ServerPlan[],
  options: EngineOptions,
  { length, hasTurns }: Required<WorldChoice>,
  random: Random,
): ScriptEntry[] => {
  const script: ScriptEntry[] = []
  const at = (): Duration => micros(random.between(0, length - 1))
  if (faults.has('deaths')) {
    for (const [index] of servers.entries()) {
      const died = at()
      script.push({ at: died, run: (world) => world.servers[index]?.die() })
      script.push({ at: micros(died + random.between(0, 40_000_000)), run: (world) => world.servers[index]?.rise() })
    }
  }
  if (faults.has('reboot')) script.push({ at: at(), run: (world, now) => world.clients[0]?.reboot(now) })
  if (faults.has('partition')) {
    const direction = random.pick(DIRECTIONS)
    const cut = random.between(0, 20_000_000)
    script.push({ at: at(), run: (world, now) => cutLink(world, direction, now + cut) })
  }
  if (faults.has('wrong-secret')) {
    const secret = new Secret('another secret altogether')
    script.push({ at: at(), run: ({ servers: [first] }) => first && Object.assign(first, { secret }) })
  }
  if (faults.has('reload')) {
    const changed: EngineOptions = {
      ...(hasTurns && random.child('reload of turns').chance(0.5)
        ? withTurns(options, random.child('other turns'))
        : options),
      servers: options.servers
        .filter((_, index) => index === 0 || random.chance(0.7))
        .map((server) => ({ ...server, lanes: lanesOf(random) })),
    }
    script.push({ at: at(), run: (world, now) => world.reconfigure(changed, now) })
  }
  return script
}

/** The end of all faults: everything works again, and no session dials any more. */
export const endOfFaults = (at: Duration): ScriptEntry => ({
  at,
  run: (world) => {
    for (const link of Object.values(world.links)) {
      link.faults = NO_FAULTS
      link.cutUntil = undefined
    }
    for (const server of world.servers) {
      server.rise()
      server.secret = server.plan.secret
      server.trouble = NO_TROUBLE
    }
    for (const client of world.clients) client.isQuiet = true
  },
})

export const cutLink = (world: World, direction: Direction, until: number): void => {
  world.links[direction].cutUntil = until as World['now']
}
