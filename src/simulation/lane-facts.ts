/**
 * What options say of a lane: its server and its limits, found by the lane's number.
 *
 * A lane that a reload took away keeps the facts it had: what is in hand there goes on with them.
 */
import type { EngineOptions, LaneOptions, ServerOptions } from '../proxy/ports.ts'
import type { World } from './world.ts'

export interface LaneFacts {
  readonly server: ServerOptions
  readonly limits: LaneOptions
}

export class LaneBook {
  #options: EngineOptions
  #world: World | undefined
  readonly #known = new Map<number, LaneFacts>()

  constructor(options: EngineOptions) {
    this.#options = options
  }

  begins(world: World): void {
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
