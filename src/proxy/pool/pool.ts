/**
 * The servers of one farm and class: the lanes in the order of the configuration, and the choice among them.
 *
 * A Failing server is chosen if no other lives, and for trials (`failing.ts`). While every server is Down, requests park
 * (`outage.ts`).
 */
import { parseAddress } from '../../addresses.ts'
import { type PerClass, perClass, type TrafficClass } from '../../classes.ts'
import type { Instant } from '../../units.ts'
import { type ClassOptions, type EngineOptions, type FarmNumber, ONLY_FARM } from '../border/options.ts'
import { isFailing, type Lane } from '../work/lane.ts'
import { courseOf, type Request } from '../work/request.ts'
import { Failing } from './failing.ts'
import { Outage } from './outage.ts'
import { type Rank, ServerChoice } from './server-choice.ts'

const NO_KEY = new Uint8Array(0)

interface PoolKey {
  readonly farm: FarmNumber
  readonly class: TrafficClass
}

/** How gladly a lane is chosen; undefined: not at all. */
const rankOf = (lane: Lane): Rank | undefined => {
  if (!lane.isLive()) return undefined
  return isFailing(lane) ? 1 : 0
}

export class Pool implements PoolKey {
  readonly farm: FarmNumber
  readonly class: TrafficClass
  readonly outage: Outage
  readonly #choice = new ServerChoice<Lane>(rankOf)
  readonly failing = new Failing(this.#choice)
  #lanes: readonly Lane[] = []
  readonly #byName = new Map<string, Lane>()
  #options: EngineOptions

  constructor({ farm, class: trafficClass }: PoolKey, options: EngineOptions) {
    this.farm = farm
    this.class = trafficClass
    this.#options = options
    this.outage = new Outage(options)
  }

  get options(): ClassOptions {
    return this.#options.classes[this.class]
  }

  /** In the order of the configuration; retiring lanes are not among them. */
  get lanes(): readonly Lane[] {
    return this.#lanes
  }

  reconfigure(options: EngineOptions): void {
    this.#options = options
    this.outage.reconfigure(options)
  }

  /** The lanes are these from now on, with whatever changed in them. */
  setLanes(lanes: readonly Lane[]): void {
    this.#lanes = lanes
    this.#byName.clear()
    // Two servers of one name do not get this far; the first would be found.
    for (const lane of lanes) if (!this.#byName.has(lane.server.name)) this.#byName.set(lane.server.name, lane)
    for (const lane of lanes) {
      const { formerName } = lane
      if (formerName !== undefined && !this.#byName.has(formerName)) this.#byName.set(formerName, lane)
    }
    this.#choice.setCandidates(lanes)
    this.failing.update(lanes)
    this.outage.setLanes(lanes)
  }

  /** How many servers live. */
  get live(): number {
    return this.#choice.able
  }

  find(server: string): Lane | undefined {
    return this.#byName.get(server)
  }

  /**
   * The server of a request by the class's algorithm; undefined if none lives that did not fail it. A request that was sent
   * before is no trial of a Failing server; `except` is where it comes from.
   */
  choose(request: Request, now: Instant, except?: Lane): Lane | undefined {
    const { algorithm } = this.options
    const { tried, transmissions } = courseOf(request)
    const chosen = this.#choice.choose({ algorithm, tried: tried.lanes, key: () => this.#keyOf(request) })
    if (this.failing.lanes.length === 0 || chosen === undefined || isFailing(chosen)) return chosen
    if (transmissions > 0 || except !== undefined) return chosen
    return this.failing.startTrial(request, this.#options.deadServer.probeInterval, now) ?? chosen
  }

  /** Whether another server lives that did not fail the request. Most often the numbers say so. */
  hasOther(lane: Lane, request: Request): boolean {
    const { tried } = courseOf(request)
    if (tried.lanes.length + 1 < this.#choice.able) return true
    return this.#lanes.some((other) => other !== lane && other.isLive() && !tried.lanes.includes(other.number))
  }

  /** The lane's health or hold has changed, or may have. */
  update(lane: Lane): void {
    this.#choice.rankChanged(lane)
    this.outage.update(lane)
    if (isFailing(lane) || this.failing.lanes.length > 0) this.failing.update(this.#lanes)
  }

  stateChanged(lane: Lane): void {
    this.outage.forgetTrial(lane)
    this.failing.forgetTrial(lane)
    this.update(lane)
  }

  /** Throws if a lane's health changed and the choice was not told, which is a bug. */
  check(): void {
    this.#choice.check()
  }

  /** The octets that `hash` keeps together; a request without the attribute stays with its client's address. */
  #keyOf(request: Request): Uint8Array {
    const { hashKey } = this.options
    const value = hashKey === undefined ? undefined : request.packet.find(hashKey)
    return value ?? parseAddress(request.from.address) ?? NO_KEY
  }
}

export const isOnlyLive = (lane: Lane, pool: Pool): boolean => pool.live === 1 && lane.isLive()

export const heldOf = ({ lanes }: Pool): string[] =>
  lanes.filter(({ health }) => health.isHeldDown).map(({ server }) => server.name)

/**
 * The pools of an engine, one for each farm and class: a request and a lane both find theirs here. Today every
 * request and every lane is of `ONLY_FARM`; CONTRIBUTING.md says what a second farm takes.
 */
export class Pools {
  readonly #byFarm: readonly PerClass<Pool>[]
  readonly #all: readonly Pool[]

  constructor(options: EngineOptions, farms: readonly FarmNumber[] = [ONLY_FARM]) {
    this.#byFarm = farms.map((farm) => perClass((each) => new Pool({ farm, class: each }, options)))
    this.#all = this.#byFarm.flatMap((pools) => Object.values(pools))
  }

  of({ farm, class: trafficClass }: PoolKey): Pool {
    return (this.#byFarm[farm] as PerClass<Pool>)[trafficClass]
  }

  [Symbol.iterator](): IterableIterator<Pool> {
    return this.#all.values()
  }
}
