/**
 * What the worlds of both tables share: a client without accounting, a server that does one request after the other, and
 * options of an engine between them.
 */
import type { ClientOptions, EngineOptions } from '../../src/proxy/border/options.ts'
import { Secret } from '../../src/radius/secret.ts'
import type { ServerPlan } from '../../src/simulation/peers/home-server.ts'
import type { NasPlan } from '../../src/simulation/peers/nas-plan.ts'
import { NO_FAULTS } from '../../src/simulation/peers/network.ts'
import { basicOptions, clientOptions, queueOptions, serverOptions } from '../../src/simulation/world/basic-options.ts'
import { MICROS_PER_SECOND, micros, perSecond, seconds } from '../../src/units.ts'
import { CAPACITY, kind, ROUND_TRIP } from './storm.ts'

/** As many requests as the table's queue holds if it is not said otherwise. */
export const QUEUE = 100_000
const BYTES = 1 << 28

export const nas = (o: Partial<NasPlan> & Pick<NasPlan, 'name' | 'address' | 'sessions'>): NasPlan => ({
  secret: new Secret('of a client'),
  dialWithin: seconds(0),
  authentication: kind(3, 3).authentication,
  accounting: { isOn: false, timeout: seconds(3), tries: 3, newDelayTime: false, interimPeriod: seconds(0) },
  sessionTime: seconds(0),
  ...o,
})

/** Four links and the work are a part of the round trip; the rest is latency. */
export const server = (capacity = CAPACITY): ServerPlan => ({
  name: 'server',
  secret: new Secret('of the server'),
  capacity,
  backlog: 16_000,
  latency: micros(Math.max(0, ROUND_TRIP - 4 * NO_FAULTS.delay - MICROS_PER_SECOND / capacity)),
  answersTwice: 0,
  challenges: 0,
})

/** The engine paces as fast as the server works. */
export function optionsFor(
  clients: readonly NasPlan[],
  servers: readonly ServerPlan[],
  { maxMessages = QUEUE, limited = (client: ClientOptions): ClientOptions => client } = {},
): EngineOptions {
  return basicOptions({
    clients: clients.map(({ name, address, secret }) => limited(clientOptions({ name, network: address, secret }))),
    servers: servers.map(({ name, secret, capacity }) =>
      serverOptions({ name, address: '10.1.0.1', secret, lane: { maxRate: perSecond(capacity), timeout: seconds(3) } }),
    ),
    queues: queueOptions({ authentication: { maxMessages, maxBytes: BYTES } }),
  })
}
