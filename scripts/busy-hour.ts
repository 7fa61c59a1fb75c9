/**
 * A virtual hour at some 200 requests a second: two BNGs whose sessions come and go, and two servers. During the hour the
 * network loses and doubles datagrams, servers die and return, links are cut, and the configuration is reloaded.
 *
 * `npm run sim -- --hour` prints what it costs. Nothing in the engine or in the laws may grow with the length of the traffic.
 */
import type { EngineOptions } from '../src/proxy/border/options.ts'
import { Secret } from '../src/radius/secret.ts'
import type { ServerPlan } from '../src/simulation/peers/home-server.ts'
import type { NasPlan } from '../src/simulation/peers/nas-plan.ts'
import type { Faults } from '../src/simulation/peers/network.ts'
import { Random } from '../src/simulation/peers/random.ts'
import { clientOptionsOf, cutLink, endOfFaults, HASH_KEYS } from '../src/simulation/seeds/random-world.ts'
import {
  basicOptions,
  classOptions,
  deadServerOptions,
  queueOptions,
  serverOptions,
} from '../src/simulation/world/basic-options.ts'
import { DIRECTIONS, perDirection, type ScriptEntry, type WorldPlan } from '../src/simulation/world/world.ts'
import { type Duration, micros, millis, perSecond, seconds } from '../src/units.ts'

const HOUR = seconds(3600)
const SETTLING = seconds(1_000)
const FAULT_EVERY = seconds(60)
const FAULT_LASTS_AT_MOST = seconds(20)

const bng = (index: number): NasPlan => ({
  name: `bng-${index}`,
  address: `10.0.${index}.1`,
  secret: new Secret(`client secret ${index}`),
  // Two times 1,500 sessions of ten minutes make some 160 new requests a second, and more while there are faults.
  sessions: 1_500,
  dialWithin: seconds(60),
  authentication: { timeout: seconds(3), tries: 4, redialAfter: seconds(5) },
  accounting: {
    isOn: true,
    timeout: seconds(5),
    tries: 6,
    newDelayTime: index % 2 === 1,
    interimPeriod: seconds(21),
  },
  sessionTime: seconds(600),
})

const server = (index: number): ServerPlan => ({
  name: `server-${index}`,
  secret: new Secret(`server secret ${index}`),
  capacity: 400,
  backlog: 2_000,
  latency: micros(0),
  answersTwice: 0.01,
  challenges: 0.3,
  refuses: index === 0,
})

const optionsOf = (clients: readonly NasPlan[], servers: readonly ServerPlan[]): EngineOptions =>
  basicOptions({
    clients: clients.map((client) => clientOptionsOf(client)),
    servers: servers.map(({ name, secret }, index) =>
      serverOptions({ name, address: `10.1.0.${index}`, secret, lane: { maxRate: perSecond(150), maxRetries: 3 } }),
    ),
    classes: {
      ...classOptions(),
      accounting: { algorithm: 'hash', hashKey: HASH_KEYS.authentication, maxTransmissions: 0 },
    },
    queues: queueOptions({ accounting: { maxAge: seconds(60) } }),
    deadServer: deadServerOptions({ probe: 'status_server' }),
  })

/** `length` is for a shorter one. */
export const busyHour = (
  seed: number,
  length: Duration = HOUR,
): { readonly plan: WorldPlan; readonly end: Duration } => {
  const random = new Random(`busy hour ${seed}`)
  const clients = [bng(0), bng(1)]
  const servers = [server(0), server(1)]
  const options = optionsOf(clients, servers)
  const faults: Faults = { delay: micros(500), spread: micros(5_000), loss: 0.005, duplicate: 0.005 }
  const network = perDirection(() => faults)
  const script = [...scriptOf(random, options, length), endOfFaults(length)]
  const plan: WorldPlan = { seed: `busy hour ${seed}`, engine: options, servers, clients, network, script }
  return { plan, end: micros(length + SETTLING) }
}

const scriptOf = (random: Random, options: EngineOptions, length: Duration): ScriptEntry[] => {
  const script: ScriptEntry[] = []
  for (let at = FAULT_EVERY; at < length; at = micros(at + random.between(FAULT_EVERY / 2, FAULT_EVERY * 1.5))) {
    const over = micros(at + random.between(0, FAULT_LASTS_AT_MOST))
    const which = random.between(0, 1)
    switch (random.pick(['death', 'cut', 'reload'])) {
      case 'death':
        script.push({ at, run: (world) => world.servers[which]?.die() })
        script.push({ at: over, run: (world) => world.servers[which]?.rise() })
        break
      case 'cut': {
        const direction = random.pick(DIRECTIONS)
        script.push({ at, run: (world, now) => cutLink(world, direction, now + (over - at)) })
        break
      }
      case 'reload':
        script.push({
          at,
          run: (world, now) => world.reconfigure({ ...options, slot: millis(random.pick([50, 20])) }, now),
        })
        break
    }
  }
  return script
}
