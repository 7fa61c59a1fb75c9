/**
 * Which lanes the engine's options ask for, and what tells them apart.
 *
 * A lane is known by its class, its server's address and port, where it is sent from, and the server's name. The keys below
 * leave out the last parts one by one: a reload finds a lane by the longest of them that fits (`lanes.ts`).
 */

import type { TrafficClass } from '../../classes.ts'
import type { ServiceOrder } from '../../queues/priority-queue.ts'
import { portsFor } from '../../throttle/identifiers.ts'
import type { HealthOptions } from '../../throttle/server-health.ts'
import type { Duration } from '../../units.ts'
import type { EngineOptions, LaneOptions, ServerOptions } from '../border/options.ts'
import type { LanePlan } from '../border/ports.ts'

/** What of the engine's options a lane lives by. */
export interface LaneSettings {
  readonly server: ServerOptions
  readonly lane: LaneOptions
  readonly slot: Duration
  readonly quarantine: Duration
  readonly health: Omit<HealthOptions, 'timeout'>
  readonly serviceOrder: ServiceOrder
}

/** Where a lane's sockets go. */
export const planOf = (
  lane: number,
  trafficClass: TrafficClass,
  { server, lane: options }: Pick<LaneSettings, 'server' | 'lane'>,
): LanePlan => {
  const sourcePorts = sourcePortsOf(trafficClass, server)
  return {
    lane,
    server: server.name,
    class: trafficClass,
    address: server.address,
    port: options.port,
    ports: portsFor(options.maxOutstanding),
    ...(server.sourceAddress === undefined ? {} : { sourceAddress: server.sourceAddress }),
    ...(sourcePorts === undefined ? {} : { sourcePorts }),
  }
}

/** What tells two lanes apart over a reload: the same key is the same lane with other limits. */
export const laneKey = (trafficClass: TrafficClass, server: ServerOptions, lane: LaneOptions): string =>
  [pathKey(trafficClass, server, lane), server.name].join(' ')

/**
 * Where a lane leads from where: under another name it is the same lane too. Of a range of source ports only its own end
 * matters to a lane, so that a wider range leaves one of a server's two as it is.
 */
export const pathKey = (trafficClass: TrafficClass, server: ServerOptions, lane: LaneOptions): string =>
  [serverKey(trafficClass, server, lane), server.sourceAddress, sourcePortsOf(trafficClass, server)?.probe].join(' ')

/** What is one server in truth, whatever it is called and wherever we send from: its limits are for all of that. */
export const serverKey = (trafficClass: TrafficClass, { address }: ServerOptions, { port }: LaneOptions): string =>
  [trafficClass, address, port].join(' ')

/** Which of the server's source ports a lane uses. Each grows from its own end, so a reload moves no open socket. */
const sourcePortsOf = (trafficClass: TrafficClass, server: ServerOptions): LanePlan['sourcePorts'] => {
  if (server.sourcePorts === undefined) return undefined
  const [first, last] = server.sourcePorts
  return trafficClass === 'authentication' ? { probe: first, step: 1 } : { probe: last, step: -1 }
}

/** The settings of each lane that these options ask for, in the order of the configuration. */
export const laneSettings = (
  options: EngineOptions,
  trafficClass: TrafficClass,
): { readonly key: string; readonly settings: LaneSettings }[] =>
  options.servers.flatMap((server) => {
    const lane = server.lanes[trafficClass]
    if (lane === undefined) return []
    const settings: LaneSettings = {
      server,
      lane,
      slot: options.slot,
      quarantine: options.identifierQuarantine,
      health: options.deadServer,
      serviceOrder: options.serviceOrder,
    }
    return [{ key: laneKey(trafficClass, server, lane), settings }]
  })
