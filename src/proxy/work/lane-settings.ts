/**
 * Which lanes the engine's options ask for, and what tells them apart.
 *
 * A lane is known by its class, its server's address and port, where it is sent from, and the server's name. The keys below
 * leave out the last parts one by one: a reload finds a lane by the longest of them that fits (`lanes.ts`).
 */
import { TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import type { ServiceOrder } from '../../queues/priority-queue.ts'
import { portsFor } from '../../throttle/identifiers.ts'
import type { Duration } from '../../units.ts'
import type { EngineOptions, LaneOptions, ServerOptions } from '../border/options.ts'
import type { LanePlan } from '../border/ports.ts'

/** One server and one class, as configured. */
interface Path {
  readonly class: TrafficClass
  readonly server: ServerOptions
  readonly options: LaneOptions
}

/** What of the engine's options a lane lives by. */
export interface LaneSettings extends Path {
  readonly slot: Duration
  readonly quarantine: Duration
  readonly health: EngineOptions['deadServer']
  readonly serviceOrder: ServiceOrder
}

/** The settings of all lanes that these options ask for, class by class, in the order of the configuration. */
export const laneSettings = (engine: EngineOptions): LaneSettings[] =>
  TRAFFIC_CLASSES.flatMap((each) =>
    engine.servers.flatMap((server) => {
      const options = server.lanes[each]
      if (options === undefined) return []
      const { slot, identifierQuarantine: quarantine, deadServer: health, serviceOrder } = engine
      return [{ class: each, server, options, slot, quarantine, health, serviceOrder }]
    }),
  )

export const planOf = (lane: number, { class: its, server, options }: Path): LanePlan => ({
  lane,
  server: server.name,
  class: its,
  address: server.address,
  port: options.port,
  ports: portsFor(options.maxOutstanding),
  sourceAddress: server.sourceAddress,
  sourcePorts: sourcePortsOf(its, server),
})

/** What tells two lanes apart over a reload: the same key is the same lane with other limits. */
export const laneKey = (lane: Path): string => [pathKey(lane), lane.server.name].join(' ')

/**
 * From where to where a lane leads: under another name it is the same lane too. Of a range of source ports only its own end
 * matters to a lane, so that a wider range leaves one of a server's two as it is.
 */
export const pathKey = (lane: Path): string =>
  [serverKey(lane), lane.server.sourceAddress, sourcePortsOf(lane.class, lane.server)?.probe].join(' ')

/** One server, whatever its name is and wherever we send from: its limits are for all of that. */
export const serverKey = ({ class: its, server, options }: Path): string =>
  [its, server.address, options.port].join(' ')

/** Which of the server's source ports a lane uses. Each grows from its own end, so a reload moves no open socket. */
const sourcePortsOf = (trafficClass: TrafficClass, server: ServerOptions): LanePlan['sourcePorts'] => {
  if (server.sourcePorts === undefined) return undefined
  const [first, last] = server.sourcePorts
  return trafficClass === 'authentication' ? { probe: first, step: 1 } : { probe: last, step: -1 }
}
