/**
 * What the options say of each lane: its server, its limits, and the place that it leads to.
 *
 * A lane that a reload took away keeps its facts, since what is in hand there goes on with them.
 */
import type { Peer } from '../../proxy/border/events.ts'
import type { EngineOptions, LaneOptions, ServerOptions } from '../../proxy/border/options.ts'
import type { LanePlan } from '../../proxy/border/ports.ts'
import type { ObservedWorld, Observer } from '../world/observer.ts'

interface LaneFacts {
  readonly server: ServerOptions
  readonly limits: LaneOptions
}

/** Class, address and port: one server, whatever its name is. */
interface LaneEndpoint {
  readonly key: string
  limitsIn(options: EngineOptions): LaneOptions | undefined
}

export class LaneBook implements Observer {
  /** By lane, of all that ever existed. */
  readonly facts = new Map<number, LaneFacts>()
  readonly endpoints = new Map<number, LaneEndpoint>()
  /** Undefined if the clients ask the servers directly. */
  engine: ObservedWorld['engine']
  /** Those of the last reload. */
  options: EngineOptions

  constructor(options: EngineOptions) {
    this.options = options
  }

  begins({ engine }: ObservedWorld): void {
    this.engine = engine
    this.#enterLanes()
  }

  reconfigured(options: EngineOptions): void {
    this.options = options
    this.#enterLanes()
  }

  #enterLanes(): void {
    for (const plan of this.engine?.plan() ?? []) {
      this.endpoints.set(plan.lane, endpointOf(plan, this.options))
      const server = this.options.servers.find(({ name }) => name === plan.server)
      const limits = server?.lanes[plan.class]
      if (server !== undefined && limits !== undefined) this.facts.set(plan.lane, { server, limits })
    }
  }
}

/** One identifier of one port of a client. */
export const clientKeyOf = ({ link, address, port }: Peer, identifier: number): string =>
  `${link} ${address} ${port} ${identifier}`

/** One identifier of one port of a lane. */
export const identifierKeyOf = (lane: number, port: number, bytes: Uint8Array): number =>
  (lane * 64 + port) * 256 + bytes[1]!

const serversAt = ({ servers }: EngineOptions, { address, port, class: each }: LanePlan): ServerOptions[] =>
  servers.filter((one) => one.address === address && one.lanes[each]?.port === port)

function endpointOf(plan: LanePlan, options: EngineOptions): LaneEndpoint {
  const { lane, server, class: each, address, port } = plan
  // If two servers of one configuration are at one place, each is counted by itself, since their limits add up.
  if (serversAt(options, plan).length > 1) {
    const named = ({ servers }: EngineOptions) => servers.find(({ name }) => name === server)?.lanes[each]
    return { key: `lane ${lane}`, limitsIn: named }
  }
  const key = `${each} ${address} ${port}`
  return { key, limitsIn: (other) => serversAt(other, plan)[0]?.lanes[each] }
}
