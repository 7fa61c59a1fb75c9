/**
 * Runs a scenario, with or without radsluice, one virtual second at a time, so that a caller can show the progress. At the
 * end there are a summary and series of numbers.
 */
import { TRAFFIC_CLASSES } from '../../classes.ts'
import type { ClientOptions, EngineOptions } from '../../proxy/border/options.ts'
import { ClientTable } from '../../proxy/clients/client-table.ts'
import { durationText, MICROS_PER_SECOND, micros, millis } from '../../units.ts'
import { World, type WorldPlan } from '../world/world.ts'
import { Recorder, type Series } from './recorder.ts'
import type { Scenario } from './scenario.ts'
import type { SlotScope } from './slot-scope.ts'
import { type RunSummary, summarise } from './summary.ts'

/** How many times a second the recorder samples the world. */
const SAMPLES = 10
const BETWEEN_SAMPLES = millis(1_000 / SAMPLES)

export interface Run {
  readonly summary: RunSummary
  readonly series: Series
  /** The first seconds in which something waited, in steps of 50 ms; undefined if nothing did. */
  readonly scope: ({ readonly from: number } & SlotScope['steps']) | undefined
}

export class Rehearsal {
  readonly #scenario: Scenario
  readonly #recorder: Recorder
  readonly #world: World
  readonly #owners: ClientTable | undefined
  readonly seconds: number
  /** Of `seconds`, those that are over. */
  done = 0

  constructor(scenario: Scenario, plan: WorldPlan) {
    this.#scenario = scenario
    this.seconds = Math.ceil(scenario.length / MICROS_PER_SECOND)
    this.#recorder = new Recorder(scenario.clients.timeout)
    const { scope, deliveries, waits } = this.#recorder
    this.#owners = plan.engine === undefined ? undefined : new ClientTable(plan.engine.clients)
    this.#world = new World(plan, [this.#recorder, scope, deliveries, waits])
  }

  get sessionsUp(): number {
    return this.#recorder.series.up.at(-1) ?? 0
  }

  /** One more second; false at the end. */
  advance(): boolean {
    if (this.done >= this.seconds) return false
    for (let sample = 1; sample <= SAMPLES; sample += 1) {
      this.#world.run(micros(this.done * MICROS_PER_SECOND + sample * BETWEEN_SAMPLES))
      this.#recorder.sample(this.#world)
    }
    this.#recorder.endSecond(this.#world)
    this.#world.engine?.inspection.check()
    this.done += 1
    return this.done < this.seconds
  }

  finish(): Run {
    while (this.advance());
    const { scope, series } = this.#recorder
    return {
      summary: summarise(this.#scenario, {
        world: this.#world,
        recorder: this.#recorder,
        owner: (address) => this.#owners?.find(address)?.options.name,
      }),
      series,
      scope: scope.beginsAt === undefined ? undefined : { from: scope.beginsAt, ...scope.steps },
    }
  }
}

/** A scenario that was played. */
export interface Rehearsed {
  readonly scenario: Scenario
  readonly options: EngineOptions
  /** Lines for a person: the settings, and where they come from. */
  readonly settings: readonly string[]
  readonly withRadsluice: Run
  /** Undefined if that was not asked for. */
  readonly withoutRadsluice: Run | undefined
}

export type RehearsedResult = ReturnType<typeof resultOf>

/** What `--json` prints. */
export const resultOf = ({ scenario, withRadsluice, withoutRadsluice }: Rehearsed) => ({
  scenario,
  withRadsluice: withRadsluice.summary,
  withoutRadsluice: withoutRadsluice?.summary ?? null,
})

/** The throttle's settings in a few lines. */
export function settingsText(options: EngineOptions, from: string): string[] {
  const lanes = options.servers.flatMap(({ name, lanes }) =>
    TRAFFIC_CLASSES.flatMap((each) => {
      const lane = lanes[each]
      if (lane === undefined) return []
      const rate = lane.maxRate === 0 ? 'unlimited' : `${lane.maxRate}/s`
      return [`  ${name} ${each}: max_rate ${rate}, max_outstanding ${lane.maxOutstanding}`]
    }),
  )
  const queues = TRAFFIC_CLASSES.map((each) => {
    const { maxMessages, maxAge, maxAgeMost, overflow } = options.queues[each]
    const age = maxAgeMost === undefined ? durationText(maxAge) : `auto (${durationText(maxAge)} until it comes again)`
    return `  queue of ${each}: ${maxMessages} messages, max_age ${age}, ${overflow}; algorithm ${options.classes[each].algorithm}`
  })
  const clients = options.clients.map(clientText).filter((text) => text !== undefined)
  const { slot, serviceOrder, fairness, adaptive } = options
  const throttle = `  slot ${slot / 1_000}ms, ${serviceOrder}, fairness ${fairness}, adaptive ${adaptive}`
  return [`Settings: ${from}`, ...some(lanes), ...queues, throttle, ...some(clients)]
}

const MOST_LINES = 20
const some = (lines: readonly string[]): string[] =>
  lines.length <= MOST_LINES ? [...lines] : [...lines.slice(0, MOST_LINES), `  and ${lines.length - MOST_LINES} more`]

/** What a client has that others do not have. */
function clientText({ name, weight, maxRate, maxShare, fairnessKey, flowKey }: ClientOptions): string | undefined {
  const own = [
    weight !== 1 && `weight ${weight}`,
    maxRate !== 0 && `max_rate ${maxRate}/s`,
    maxShare !== 100 && `max_share ${maxShare} %`,
    fairnessKey !== 'client' && `fairness_key ${fairnessKey}`,
    flowKey !== 'none' && `flow_key ${flowKey}`,
  ].filter((text) => text !== false)
  return own.length === 0 ? undefined : `  client ${name}: ${own.join(', ')}`
}
