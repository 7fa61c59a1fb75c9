/**
 * A scenario that was played: what was asked, under which settings, and what came out with and without radsluice.
 */

import { TRAFFIC_CLASSES } from '../../classes.ts'
import type { EngineOptions } from '../../proxy/border/options.ts'
import type { Run } from './rehearsal.ts'
import type { Scenario } from './scenario.ts'
import type { RunSummary } from './summary.ts'

export interface Rehearsed {
  readonly scenario: Scenario
  readonly options: EngineOptions
  /** Lines for a person: where the settings come from, and what they are. */
  readonly settings: readonly string[]
  readonly withRadsluice: Run
  /** Undefined where that was not asked for. */
  readonly withoutRadsluice: Run | undefined
}

/** What `--json` prints. */
export interface RehearsedResult {
  readonly scenario: Scenario
  readonly withRadsluice: RunSummary
  readonly withoutRadsluice: RunSummary | null
}

export const resultOf = ({ scenario, withRadsluice, withoutRadsluice }: Rehearsed): RehearsedResult => ({
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
  const shownLanes = lanes.length > 20 ? [...lanes.slice(0, 20), `  and ${lanes.length - 20} more`] : lanes
  const queues = TRAFFIC_CLASSES.map((each) => {
    const { maxMessages, maxAge, overflow } = options.queues[each]
    return `  queue of ${each}: ${maxMessages} messages, max_age ${maxAge / 1_000_000}s, ${overflow}; algorithm ${options.classes[each].algorithm}`
  })
  return [`Settings: ${from}`, ...shownLanes, ...queues, `  slot ${options.slot / 1_000}ms, ${options.serviceOrder}`]
}
