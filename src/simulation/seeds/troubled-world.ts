/**
 * A world from a seed in which only servers are in trouble. Limits are wide and the network is good, so a lost login is lost
 * by the choice of its server.
 *
 * Spells of trouble come over one server or all: they die in silence or with a closed port, an attacker sends their old
 * answers again, the path to them loses everything for a moment, a realm behind them dies, one client sends what they drop,
 * or they answer few, late, only probes, or with something that can't be passed on.
 */
import { perClass } from '../../classes.ts'
import type { Algorithm, EngineOptions } from '../../proxy/border/options.ts'
import { Secret } from '../../radius/secret.ts'
import { type Duration, micros, millis, perSecond, seconds } from '../../units.ts'
import type { ServerPlan } from '../peers/home-server.ts'
import type { NasPlan } from '../peers/nas-plan.ts'
import { Random } from '../peers/random.ts'
import { NO_TROUBLE, type Spell, type Trouble } from '../peers/trouble.ts'
import {
  basicOptions,
  deadServerOptions,
  duplicateOptions,
  laneOptions,
  queueOptions,
  serverOptions,
} from '../world/basic-options.ts'
import type { ScriptEntry, World } from '../world/world.ts'
import {
  clientOptionsOf,
  endOfFaults,
  HASH_KEYS,
  type RandomWorld,
  type WorldChoice,
  withQuotes,
  withTurns,
} from './random-world.ts'

export interface TroubledWorld extends Omit<RandomWorld, 'faultsUntil'> {
  readonly spells: readonly Spell[]
}

const LENGTH = seconds(100)
const SETTLE = seconds(200)
const REPLAYED_EVERY = seconds(2)
/** The trouble of each kind of spell. Their order is a part of what a seed means. */
const TROUBLES = {
  dead: () => NO_TROUBLE,
  replayed: () => NO_TROUBLE,
  'lost-seconds': () => ({ losesAll: true }),
  'silent-for-realm': () => ({ silentFor: { kind: 'realm', realm: 'guest' } }),
  'silent-for-client': () => ({ silentFor: { kind: 'client', client: 'bng-0' } }),
  'silent-for-records': ({ random }) => ({ silentFor: { kind: 'record', status: random.pick(['start', 'interim']) } }),
  'one-of-many': ({ random }) => ({ oneOf: random.pick([20, 100]) }),
  'one-each-two-seconds': ({ tooLate }) => ({ oneEach: seconds(2), latency: tooLate }),
  late: ({ late }) => ({ latency: late }),
  'too-late': ({ tooLate }) => ({ latency: tooLate }),
  'probes-only': () => ({ answersProbesOnly: true }),
  unforwardable: () => ({ isUnforwardable: true }),
} as const satisfies Record<string, (o: Lateness) => Trouble>
const KINDS = Object.keys(TROUBLES) as (keyof typeof TROUBLES)[]

interface Lateness {
  readonly random: Random
  /** After the time-out of one try, and after the last try. */
  readonly late: Duration
  readonly tooLate: Duration
}

export const troubledWorld = (
  seed: string | number,
  { hasTurns = true }: Pick<WorldChoice, 'hasTurns'> = {},
): TroubledWorld => {
  const random = new Random(`troubled ${seed}`)
  const servers = Array.from({ length: random.pick([2, 2, 3]) }, (_, index) =>
    serverOf(index, random.child(index)),
  ).map((server) => withQuotes(server, random.child('quotes')))
  const clients = Array.from({ length: random.between(1, 2) }, (_, index) => clientOf(index, random.child(`c${index}`)))
  const plain = { ...optionsOf(servers, clients, random.child('options')), fairness: 'none' as const }
  // No client has a rate or a share of its own: no login may be lost.
  const withoutRates = { maxRate: perSecond(0), maxShare: 100 }
  const turns = withTurns(plain, random.child('turns'))
  const engine = hasTurns
    ? { ...turns, clients: turns.clients.map((client) => ({ ...client, ...withoutRates })) }
    : plain
  const spells = spellsOf(servers.length, engine, random.child('spells'))
  return {
    spells,
    end: micros(LENGTH + SETTLE),
    plan: {
      seed: `troubled ${seed}`,
      engine,
      servers,
      clients,
      lateness: micros(random.child('lateness').pick([0, 0, 20_000])),
      script: [...scriptOf(spells), endOfFaults(LENGTH)],
    },
  }
}

const serverOf = (index: number, random: Random): ServerPlan => ({
  name: `server-${index}`,
  secret: new Secret(`server secret ${index}`),
  capacity: 5_000,
  backlog: 10_000,
  latency: micros(random.between(500, 20_000)),
  answersTwice: random.pick([0, 0, 0.1]),
  challenges: random.pick([0, 0, 0, 0.5]),
  refuses: random.chance(0.4),
})

const clientOf = (index: number, random: Random): NasPlan => {
  const [gap, sends] = random.pick([
    [3, 3],
    [3, 4],
    [5, 4],
    [6, 3],
    [2, 2],
  ] as const)
  return {
    name: `bng-${index}`,
    address: `10.0.${index}.1`,
    secret: new Secret(`client secret ${index}`),
    sessions: random.pick([1, 3, 20, 200]),
    realms: ['home', 'guest'],
    dialWithin: seconds(random.pick([1, 10, 30])),
    authentication: {
      timeout: seconds(gap),
      tries: sends,
      redialAfter: seconds(random.between(1, 5)),
      redialSpread: 0.5,
    },
    accounting: {
      isOn: random.chance(0.6),
      timeout: seconds(random.pick([3, 5])),
      tries: random.between(3, 6),
      newDelayTime: random.chance(0.4),
      interimPeriod: seconds(random.pick([0, 3, 10])),
    },
    sessionTime: seconds(random.pick([2, 10, 30])),
  }
}

const optionsOf = (servers: readonly ServerPlan[], clients: readonly NasPlan[], random: Random): EngineOptions => {
  const algorithm = (): Algorithm => random.pick<Algorithm>(['first_server', 'first_server', 'round_robin', 'hash'])
  // The tries at one server leave a client of nine seconds time for another server. They take longer than max-age only if
  // the client retransmits before they are over.
  const isBrisk = clients.every((client) => client.authentication.timeout < seconds(6))
  const [timeout, maxRetries] = random.pick([
    [2_000, 1],
    isBrisk ? [3_000, 1] : [2_000, 1],
    [3_000, 0],
    [1_000, 2],
  ] as const)
  const [recordTimeout, recordRetries] = random.pick([
    [3_000, 5],
    [2_000, 1],
    [1_000, 0],
  ] as const)
  const lane = { maxOutstanding: 1_000 }
  const lanes = {
    authentication: laneOptions('authentication', { ...lane, timeout: millis(timeout), maxRetries }),
    accounting: laneOptions('accounting', { ...lane, timeout: millis(recordTimeout), maxRetries: recordRetries }),
  }
  const queue = { maxMessages: 100_000, maxBytes: 1 << 28, overflow: 'drop_newest' } as const
  // Drawn in this order: another order is another world.
  return basicOptions({
    serviceOrder: random.pick(['authentication_first', 'fifo']),
    clients: clients.map((client) => clientOptionsOf(client)),
    servers: servers.map(({ name, secret }, index) =>
      serverOptions({ name, address: `10.1.0.${index + 1}`, secret, lanes }),
    ),
    classes: perClass((each) => ({ algorithm: algorithm(), hashKey: HASH_KEYS[each], maxTransmissions: 0 })),
    queues: queueOptions({ authentication: queue, accounting: { ...queue, maxAge: seconds(120) } }),
    deadServer: deadServerOptions({
      consecutiveFailures: random.pick([1, 2, 4, 4, 6]),
      responseTimeout: seconds(random.pick([0, 0, 0, 5])),
      deadTime: seconds(random.pick([30, 600])),
      probe: random.pick(['status_server', 'status_server', 'none']),
      probeInterval: seconds(random.pick([6, 10])),
    }),
    duplicates: duplicateOptions({ recordMemory: seconds(60) }),
  })
}

const spellsOf = (servers: number, options: EngineOptions, random: Random): Spell[] =>
  Array.from({ length: random.between(1, 4) }, (_, index) => spellOf(servers, options, random.child(index))).flat()

/** A dead realm is mostly dead behind all servers. */
const spellOf = (servers: number, options: EngineOptions, random: Random): Spell[] => {
  const kind = random.pick(KINDS)
  const { timeout = micros(0), maxRetries = 0 } = options.servers[0]?.lanes.authentication ?? {}
  const late = micros(timeout + 1_000_000)
  const tooLate = micros(timeout * (maxRetries + 1) + 1_000_000)
  const from = micros(random.between(0, LENGTH * 0.7))
  const lasts = kind === 'lost-seconds' ? random.between(1_000_000, 3_000_000) : random.between(5_000_000, 60_000_000)
  const spell = {
    server: random.pick([0, 0, random.between(0, servers - 1)]),
    from,
    until: micros(Math.min(from + lasts, LENGTH - 1)),
    trouble: TROUBLES[kind]({ random, late, tooLate }),
    isDead: kind === 'dead' || kind === 'replayed',
    isReplayed: kind === 'replayed',
  }
  const isEverywhere = kind.startsWith('silent-for') && random.chance(0.7)
  return isEverywhere ? Array.from({ length: servers }, (_, server) => ({ ...spell, server })) : [spell]
}

const scriptOf = (spells: readonly Spell[]): ScriptEntry[] => {
  const at = (moment: Duration): ScriptEntry => ({ at: moment, run: (world) => apply(world, spells, moment) })
  const script = spells.flatMap(({ from, until }) => [at(from), at(until)])
  for (const { server, from, until, isReplayed } of spells) {
    if (isReplayed !== true) continue
    for (let moment = from + REPLAYED_EVERY; moment < until; moment += REPLAYED_EVERY) {
      script.push({ at: micros(moment), run: (world, now) => world.servers[server]?.replay(now) })
    }
  }
  return script
}

/** Makes each server what it is at this moment: it may have several troubles. */
const apply = (world: World, spells: readonly Spell[], moment: Duration): void => {
  for (const [index, server] of world.servers.entries()) {
    const felt = spells.filter((spell) => spell.server === index && spell.from <= moment && moment < spell.until)
    const isDead = felt.some((spell) => spell.isDead)
    server.trouble = Object.assign({}, ...felt.map(({ trouble }) => trouble))
    if (isDead && server.isUp) server.die()
    if (!isDead) server.rise()
  }
}
