/**
 * Which server a waiting request is for, before it is sent for the first time.
 *
 * In this order: the one that records of the same session still wait for (docs/accounting.md: they leave in the order of
 * arrival), the one that its State belongs to, and the one that the class's algorithm names. It stays with that one until
 * health says otherwise.
 */
import type { Instant } from '../../units.ts'
import type { States } from '../border/ports.ts'
import type { Pools } from '../pool/pools.ts'
import type { Register } from '../register/register.ts'
import type { Lane } from '../work/lane.ts'
import type { Request } from '../work/request.ts'
import type { Failover } from './failover.ts'

export class Assigning {
  readonly #register: Register
  readonly #failover: Failover
  readonly #states: States
  readonly #pools: Pools

  constructor(o: {
    readonly register: Register
    readonly failover: Failover
    readonly states: States
    readonly pools: Pools
  }) {
    this.#register = o.register
    this.#failover = o.failover
    this.#states = o.states
    this.#pools = o.pools
  }

  /** The server of a request; without one it has parked or ended. */
  laneOf(request: Request, now: Instant): Lane | undefined {
    const { sessions } = this.#register
    const itsSessions = sessions.laneOf(request)
    if (itsSessions?.isLive() === true) request.lane = itsSessions
    if (request.lane !== undefined) return request.lane
    const bound = this.#boundLane(request, now)
    if (bound !== undefined && !bound.isLive()) {
      request.isBound = true
      this.#register.drop(request, 'state-server-down', now)
      return undefined
    }
    const pool = this.#pools.of(request)
    request.isBound = bound !== undefined
    request.lane = bound ?? pool.choose(request, now)
    sessions.setLaneOf(request, request.lane)
    if (request.lane === undefined) this.#failover.findsNone(request, now)
    return request.lane
  }

  #boundLane(request: Request, now: Instant): Lane | undefined {
    const { packet } = request
    const server = packet.stateAt === 0 ? undefined : this.#states.serverOf(packet.value(packet.stateAt), now)
    return server === undefined ? undefined : this.#pools.of(request).find(server)
  }
}
