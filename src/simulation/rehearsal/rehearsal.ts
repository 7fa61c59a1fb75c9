/**
 * One run of a scenario, with or without radsluice, virtual second by virtual second: whoever drives it can show how far
 * it is. At the end there are the summary and the series.
 */
import { MICROS_PER_SECOND, micros, millis } from '../../units.ts'
import { World, type WorldPlan } from '../world/world.ts'
import { Recorder, type Series } from './recorder.ts'
import type { Scenario } from './scenario.ts'
import { type RunSummary, summarise } from './summary.ts'

/** How many times a second the recorder looks around. */
const LOOKS = 10
const BETWEEN_LOOKS = millis(1_000 / LOOKS)

/** What a run leaves. */
export interface Run {
  readonly summary: RunSummary
  readonly series: Series
  /** The first seconds in which something waited, in steps of 50 ms; undefined where nothing did. */
  readonly scope:
    | { readonly from: number; readonly arrived: readonly number[]; readonly sent: readonly number[] }
    | undefined
}

export class Rehearsal {
  readonly #scenario: Scenario
  readonly #recorder: Recorder
  readonly #world: World
  #second = 0

  constructor(scenario: Scenario, plan: WorldPlan) {
    this.#scenario = scenario
    this.#recorder = new Recorder(scenario.clients.timeout)
    this.#world = new World(plan, [this.#recorder])
  }

  /** Whole seconds that this run lasts, and those that are over. */
  get seconds(): number {
    return Math.ceil(this.#scenario.length / MICROS_PER_SECOND)
  }
  get done(): number {
    return this.#second
  }
  get sessionsUp(): number {
    return this.#recorder.series.up.at(-1) ?? 0
  }

  /** One second more; false at the end. */
  advance(): boolean {
    if (this.#second >= this.seconds) return false
    for (let look = 1; look <= LOOKS; look += 1) {
      this.#world.run(micros(this.#second * MICROS_PER_SECOND + look * BETWEEN_LOOKS))
      this.#recorder.look(this.#world)
    }
    this.#recorder.endSecond(this.#world)
    this.#world.engine?.inspection.check()
    this.#second += 1
    return this.#second < this.seconds
  }

  /** Runs to the end where that was not reached. */
  finish(): Run {
    while (this.advance());
    const { scope, series } = this.#recorder
    return {
      summary: summarise(this.#scenario, this.#world, this.#recorder),
      series,
      scope: scope.beginsAt === undefined ? undefined : { from: scope.beginsAt, ...scope.steps },
    }
  }
}
