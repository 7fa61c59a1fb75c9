/**
 * Options from a seed, for tests that reload again and again: of every kind that says who is served when, and so near to each other
 * that a reload gives what waits to others. Limits are small, so that they are reached.
 *
 * Clients are split, merged, renamed and removed; servers come and go, are held Down, get other names and are sent to from elsewhere.
 */
import type { ClientOptions, EngineOptions, ServerOptions } from '../../src/proxy/border/options.ts'
import type { Random } from '../../src/simulation/peers/random.ts'
import { millis, perSecond, seconds } from '../../src/units.ts'
import { classes, client, deadServer, queues, records, server } from './options.ts'

/** Where requests come from. */
export const ADDRESSES = ['10.1.0.1', '10.1.0.2', '10.1.1.1', '10.2.0.1', '10.2.0.2', '10.3.0.1'] as const

/** Networks by the names of their clients. From one line to another the same addresses belong to others, or to nobody. */
const NETWORKS: readonly Readonly<Record<string, string>>[] = [
  { a: '10.1.0.0/16', b: '10.2.0.0/16', c: '10.3.0.0/16' },
  { a: '10.1.0.0/16', b: '10.2.0.0/16' },
  { renamed: '10.1.0.0/16', b: '10.2.0.0/16', c: '10.3.0.0/16' },
  { a: '10.2.0.0/16', b: '10.1.0.0/16', all: '10.0.0.0/8' },
  { a: '10.1.0.0/24', half: '10.1.1.0/24', all: '10.0.0.0/8' },
  { a: '10.1.0.0/16', all: '10.0.0.0/8' },
  { all: '10.0.0.0/8' },
  // The addresses of `a` and `c` belong to nobody then.
  { a: '10.9.0.0/16', b: '10.2.0.0/16' },
]

const MOST_SERVERS = 3

/** How a client is served. */
const turnsOf = (random: Random): Partial<Omit<ClientOptions, 'secret'>> => ({
  weight: random.pick([1, 1, 2, 7, 100]),
  maxRate: perSecond(random.pick([0, 0, 1, 3, 20])),
  maxShare: random.pick([100, 100, 50, 10]),
  fairnessKey: random.pick(['client', 'address']),
  flowKey: random.pick(['none', 'none', 'user', 'calling_station', 'session']),
  accounting: records({ interims: random.pick(['newest', 'all']) }),
})

const otherNetworks = (random: Random): ClientOptions[] =>
  Object.entries(random.pick(NETWORKS)).map(([name, network]) => client({ name, network, ...turnsOf(random) }))

/** The same networks. Some clients are served in another way, and the others are not touched. */
const otherTurns = (random: Random, { clients }: EngineOptions): ClientOptions[] =>
  clients.map((one) => (random.chance(0.5) ? { ...one, ...turnsOf(random) } : one))

const serverOf = (number: number, random: Random): ServerOptions => {
  const name = random.chance(0.1) ? `s${number} renamed` : `s${number}`
  const limits = {
    rate: random.pick([0, 1, 5, 20, 100]),
    timeout: millis(random.pick([500, 1_000, 3_000])),
    maxRetries: random.between(0, 2),
    maxOutstanding: random.pick([1, 3, 20, 300]),
    isHeldDown: random.chance(0.2),
  }
  const one = server(name, { address: addressOf(number), ...limits })
  return random.chance(0.1) ? { ...one, sourceAddress: '192.0.2.99' } : one
}

const addressOf = (number: number): string => `192.0.2.${10 + number}`

const otherServers = (random: Random): ServerOptions[] => {
  const count = random.between(1, MOST_SERVERS)
  return Array.from({ length: count }, (_, number) => serverOf(number, random)).filter(
    (_, number) => number === 0 || random.chance(0.85),
  )
}

const otherQueues = (random: Random): EngineOptions['queues'] =>
  queues({
    authentication: {
      ...boundsOf(random),
      maxAge: seconds(5),
      ...(random.chance(0.5) ? { maxAgeMost: seconds(random.pick([10, 30])) } : {}),
      overflow: random.pick(['drop_newest', 'drop_oldest']),
    },
    accounting: {
      ...boundsOf(random),
      maxAge: seconds(random.pick([5, 100])),
      overflow: random.pick(['drop_newest', 'drop_oldest', 'shed_interim_first']),
    },
  })

const boundsOf = (random: Random): { readonly maxMessages: number; readonly maxBytes: number } => ({
  maxMessages: random.pick([3, 20, 1_000]),
  maxBytes: random.pick([1_000, 1 << 24, 1 << 24, 1 << 24]),
})

/** Each changes one thing. */
const CHANGES: readonly ((random: Random, before: EngineOptions) => Partial<EngineOptions>)[] = [
  (random) => ({ clients: otherNetworks(random) }),
  (random, before) => ({ clients: otherTurns(random, before) }),
  (random) => ({ servers: otherServers(random) }),
  (random) => ({ queues: otherQueues(random) }),
  (random) => ({
    fairness: random.pick(['client', 'client', 'none']),
    serviceOrder: random.pick(['authentication_first', 'authentication_first', 'authentication_first', 'fifo']),
  }),
  (random) => ({
    adaptive: random.pick(['off', 'window']),
    slot: millis(random.pick([50, 100, 1_000])),
    identifierQuarantine: seconds(random.pick([0, 1, 5])),
  }),
  (random) => ({
    deadServer: deadServer({
      consecutiveFailures: random.pick([1, 2, 4]),
      deadTime: seconds(random.pick([2, 10])),
      probe: random.pick(['none', 'none', 'status_server']),
    }),
    classes: classes({
      algorithm: random.pick(['first_server', 'round_robin', 'hash']),
      maxTransmissions: random.pick([0, 0, 0, 4]),
    }),
  }),
]

/** One thing or several that a reload changes. */
export const anyChange = (random: Random, before: EngineOptions): Partial<EngineOptions> => {
  const count = random.pick([1, 1, 1, 2, CHANGES.length])
  const first = random.between(0, CHANGES.length - 1)
  return changedBy([...CHANGES, ...CHANGES].slice(first, first + count), random, before)
}

/** Options to begin with: all of it changed. */
export const anyOptions = (random: Random, before: EngineOptions): Partial<EngineOptions> =>
  changedBy(CHANGES, random, before)

const changedBy = (changes: typeof CHANGES, random: Random, before: EngineOptions): Partial<EngineOptions> => {
  const changed: Partial<EngineOptions> = {}
  for (const change of changes) Object.assign(changed, change(random, { ...before, ...changed }))
  return changed
}

/** All servers there are, all of them well and fast. */
export const wellServers = (): ServerOptions[] =>
  Array.from({ length: MOST_SERVERS }, (_, number) =>
    server(`s${number}`, {
      address: addressOf(number),
      rate: 200,
      timeout: seconds(1),
      maxRetries: 2,
      maxOutstanding: 300,
    }),
  )
