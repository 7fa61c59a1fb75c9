/**
 * The pools of an engine, one for each farm and class.
 *
 * A request and a lane both know their farm and class, so both find their pool here. Only the list of farms has to know of a
 * second farm.
 */
import { type PerClass, perClass } from '../../classes.ts'
import { type EngineOptions, type FarmNumber, ONLY_FARM } from '../border/options.ts'
import { Pool, type PoolKey } from './pool.ts'

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
