/**
 * Which lanes the engine's options ask for, and what tells them apart.
 *
 * A lane is known by its class, its server's address and port, where it is sent from, and the server's name. The keys below
 * leave out the last parts one by one: a reload finds a lane by the longest of them that fits (`lanes.ts`).
 */
import { CLASS_TRAITS, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import type { QueueOrder } from '../../queues/priority-queue.ts'
import { portsFor } from '../../throttle/identifiers.ts'
import type { Duration } from '../../units.ts'
import { type EngineOptions, type LaneOptions, queueOrder, type ServerOptions } from '../border/options.ts'
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
  readonly order: QueueOrder
  readonly adaptive: EngineOptions['adaptive']
}

/** The settings of all lanes that these options ask for, class by class, in the order of the configuration. */
export const laneSettings = (engine: EngineOptions): LaneSettings[] =>
  TRAFFIC_CLASSES.flatMap((each) =>
    engine.servers.flatMap((server) => {
      const options = server.lanes[each]
      if (options === undefined) return []
      const { slot, identifierQuarantine: quarantine, deadServer: health, adaptive } = engine
      return [{ class: each, server, options, slot, quarantine, health, adaptive, order: queueOrder(engine) }]
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
export const pathKey = (lane: Path): string => {
  const { probe, behind } = sourcePortsOf(lane.class, lane.server) ?? {}
  return [serverKey(lane), lane.server.sourceAddress, probe, behind].join(' ')
}

/** One server, whatever its name is and wherever we send from: its limits are for all of that. */
export const serverKey = ({ class: its, server, options }: Path): string =>
  [its, server.address, options.port].join(' ')

/**
 * Which of the server's source ports a lane uses. A class that has an end of the range for itself grows from there, so a reload
 * moves no open socket. A class that shares an end stands behind the earlier ones.
 */
const sourcePortsOf = (trafficClass: TrafficClass, server: ServerOptions): LanePlan['sourcePorts'] => {
  if (server.sourcePorts === undefined) return undefined
  const [first, last] = server.sourcePorts
  const { sourcePortStep: step } = CLASS_TRAITS[trafficClass]
  let behind = 0
  for (const earlier of TRAFFIC_CLASSES.slice(0, TRAFFIC_CLASSES.indexOf(trafficClass))) {
    const lane = CLASS_TRAITS[earlier].sourcePortStep === step ? server.lanes[earlier] : undefined
    if (lane !== undefined) behind += portsFor(lane.maxOutstanding) + 1
  }
  return { probe: step === 1 ? first : last, step, behind }
}
