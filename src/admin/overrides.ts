/**
 * What operators have changed while the daemon runs: a layer over the options that the configuration gives.
 *
 * All instances get the options with the overrides applied, also an instance that is started again. A rate and a log level
 * hold until the next reload. A server that is held Down stays so until it is let go, since a reload says nothing about why
 * somebody took it down.
 */

import { TRAFFIC_CLASSES, type TrafficClass } from '../classes.ts'
import type { LaneName, Mark, Overrides } from '../observe/view/view.ts'
import type { EngineOptions, LaneOptions, ServerOptions } from '../proxy/border/options.ts'
import type { PerSecond } from '../units.ts'

export const NO_OVERRIDES: Overrides = { held: [], maxRates: [], logLevel: undefined }

/** The options with what operators changed. */
export const withOverrides = (options: EngineOptions, overrides: Overrides): EngineOptions => ({
  ...options,
  servers: options.servers.map((server) => ({ ...server, lanes: lanesWith(server, overrides) })),
})

function lanesWith({ name, lanes }: ServerOptions, { held, maxRates }: Overrides): ServerOptions['lanes'] {
  const changed: Partial<Record<TrafficClass, LaneOptions>> = {}
  for (const each of TRAFFIC_CLASSES) {
    const lane = lanes[each]
    if (lane === undefined) continue
    const isSought = isOf({ server: name, class: each })
    const maxRate = maxRates.find(isSought)?.maxRate ?? lane.maxRate
    changed[each] = { ...lane, maxRate, ...(held.some(isSought) ? { isHeldDown: true } : {}) }
  }
  return changed
}

/** What an operator asks for. */
export type OverrideChange = { readonly mark: Mark } & (
  | { readonly kind: 'hold'; readonly lanes: readonly LaneName[]; readonly isHeldDown: boolean }
  | { readonly kind: 'max-rate'; readonly lane: LaneName; readonly maxRate: PerSecond }
  | { readonly kind: 'log-level'; readonly level: string }
)

/** What a change has changed. */
export interface Overridden {
  /** Lanes that are held Down or let go now, and were not before. */
  readonly held: readonly LaneName[]
  /** The rate that the file has, if a rate was changed. */
  readonly configured: PerSecond | undefined
}

/**
 * The overrides with one more change. `options` are those of the file now: a reload may have removed a server since the change
 * was asked for.
 */
export function withChange(
  before: Overrides,
  change: OverrideChange,
  options: EngineOptions,
): Overridden & { readonly overrides: Overrides } {
  const { mark } = change
  const nothing = { held: [], configured: undefined }
  if (change.kind === 'log-level')
    return { ...nothing, overrides: { ...before, logLevel: { level: change.level, ...mark } } }
  if (change.kind === 'max-rate') {
    const { lane, maxRate } = change
    const configured = laneIn(options, lane)?.maxRate ?? maxRate
    const others = before.maxRates.filter((one) => !isOf(lane)(one))
    const maxRates = [...others, { ...lane, maxRate, configured, ...mark }].filter((one) => laneIn(options, one))
    return { ...nothing, configured, overrides: { ...before, maxRates } }
  }
  const changing = change.lanes.filter((lane) => isHeld(before, lane) !== change.isHeldDown)
  const others = before.held.filter((one) => !changing.some(isOf(one)))
  const added = change.isHeldDown ? changing.map((lane) => ({ ...lane, ...mark })) : []
  const held = [...others, ...added].filter((one) => laneIn(options, one))
  return { ...nothing, held: changing, overrides: { ...before, held } }
}

/** What a reload leaves: servers held Down, if they are still configured. */
export const keptOverReload = ({ held }: Overrides, options: EngineOptions): Overrides => ({
  ...NO_OVERRIDES,
  held: held.filter((one) => laneIn(options, one)),
})

/** What a reload ends, in words: `max_rate of s1 for accounting (77/s, set by ...)`. */
export function endedOverrides(before: Overrides, after: Overrides): string[] {
  const rates = before.maxRates
    .filter((one) => !after.maxRates.some(isOf(one)))
    .map(({ server, class: name, maxRate, by }) => `max_rate of ${server} for ${name} (${maxRate}/s, set by ${by})`)
  const held = before.held
    .filter((one) => !isHeld(after, one))
    .map(({ server, class: name, by }) => `${server} held Down for ${name} (by ${by}): the file has it no more`)
  const { logLevel } = before
  const isEnded = logLevel !== undefined && after.logLevel === undefined
  const level = isEnded ? [`log level ${logLevel.level} (set by ${logLevel.by})`] : []
  return [...rates, ...held, ...level]
}

const isHeld = ({ held }: Overrides, lane: LaneName): boolean => held.some(isOf(lane))

const laneIn = ({ servers }: EngineOptions, { server, class: name }: LaneName): LaneOptions | undefined =>
  servers.find((one) => one.name === server)?.lanes[name]

const isOf =
  (sought: LaneName) =>
  ({ server, class: name }: LaneName): boolean =>
    server === sought.server && name === sought.class
