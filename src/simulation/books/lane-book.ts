/**
 * What options say of a lane: its server and its limits, found by the lane's number; and the place that it leads to.
 *
 * A lane that a reload took away keeps the facts it had: what is in hand there goes on with them.
 */

import type { EngineOptions, LaneOptions, ServerOptions } from '../../proxy/border/options.ts'
import type { LanePlan } from '../../proxy/border/ports.ts'
import type { ObservedWorld } from '../world/observer.ts'

export interface LaneFacts {
  readonly server: ServerOptions
  readonly limits: LaneOptions
}

export class LaneBook {
  #options: EngineOptions
  #world: ObservedWorld | undefined
  readonly #known = new Map<number, LaneFacts>()

  constructor(options: EngineOptions) {
    this.#options = options
  }

  begins(world: ObservedWorld): void {
    this.#world = world
    this.#learn()
  }

  reconfigured(options: EngineOptions): void {
    this.#options = options
    this.#learn()
  }

  of(lane: number): LaneFacts | undefined {
    return this.#known.get(lane)
  }

  #learn(): void {
    for (const plan of this.#world?.engine?.plan() ?? []) {
      const server = this.#options.servers.find(({ name }) => name === plan.server)
      const limits = server?.lanes[plan.class]
      if (server !== undefined && limits !== undefined) this.#known.set(plan.lane, { server, limits })
    }
  }
}

/** Where a lane leads: class, address and port, which is one server whatever it is called. */
export interface LanePlace {
  readonly key: string
  limitsIn(options: EngineOptions): LaneOptions | undefined
}

/** The places of all lanes there ever were. */
export class LanePlaces {
  readonly #places = new Map<number, LanePlace>()
  #world: ObservedWorld | undefined
  #options: EngineOptions | undefined

  begins(world: ObservedWorld, options: EngineOptions): void {
    this.#world = world
    this.#options = options
  }

  /** A lane keeps its place for ever, so what is known stays; but it may have another name now. */
  reconfigured(options: EngineOptions): void {
    this.#options = options
    for (const plan of this.#world?.engine?.plan() ?? []) this.#places.set(plan.lane, placeOf(plan, options))
  }

  of(lane: number): LanePlace | undefined {
    const known = this.#places.get(lane)
    if (known !== undefined || this.#options === undefined) return known
    const plan = this.#world?.engine?.plan().find((one) => one.lane === lane)
    if (plan === undefined) return undefined
    const place = placeOf(plan, this.#options)
    this.#places.set(lane, place)
    return place
  }
}

const serversAt = ({ servers }: EngineOptions, { address, port, class: each }: LanePlan): ServerOptions[] =>
  servers.filter((one) => one.address === address && one.lanes[each]?.port === port)

function placeOf(plan: LanePlan, options: EngineOptions): LanePlace {
  const { lane, server, class: each, address, port } = plan
  // Two servers of one configuration at one place: their limits add up, so each is counted by itself.
  if (serversAt(options, plan).length > 1) {
    const named = ({ servers }: EngineOptions) => servers.find(({ name }) => name === server)?.lanes[each]
    return { key: `lane ${lane}`, limitsIn: named }
  }
  const key = `${each} ${address} ${port}`
  return { key, limitsIn: (other) => serversAt(other, plan)[0]?.lanes[each] }
}
