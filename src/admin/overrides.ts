/**
 * What operators have changed while the daemon runs, as a layer over the options that the configuration gives.
 *
 * Every change of the options goes the same way (configuration, options, overrides over them, all instances), so an
 * instance that is started again knows them, and one cannot hold without the others. A rate and a log level hold until
 * the next reload, which brings the file's back; a server that is held Down stays so until it is let go, since a reload
 * says nothing about why somebody took it down.
 */

import { TRAFFIC_CLASSES, type TrafficClass } from '../classes.ts'
import type { LaneName, Mark, Overrides } from '../observe/view/view.ts'
import type { EngineOptions, LaneOptions, ServerOptions } from '../proxy/border/options.ts'

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
    const maxRate = maxRates.find(isOf({ server: name, class: each }))?.maxRate ?? lane.maxRate
    changed[each] = {
      ...lane,
      maxRate,
      ...(held.some(isOf({ server: name, class: each })) ? { isHeldDown: true } : {}),
    }
  }
  return changed
}

export const isHeld = ({ held }: Overrides, lane: LaneName): boolean => held.some(isOf(lane))

export const withHeld = (overrides: Overrides, lanes: readonly LaneName[], mark: Mark): Overrides => ({
  ...overrides,
  held: [...overrides.held.filter((one) => !lanes.some(isOf(one))), ...lanes.map((lane) => ({ ...lane, ...mark }))],
})

export const withoutHeld = (overrides: Overrides, lanes: readonly LaneName[]): Overrides => ({
  ...overrides,
  held: overrides.held.filter((one) => !lanes.some(isOf(one))),
})

export const withMaxRate = (overrides: Overrides, changed: Overrides['maxRates'][number]): Overrides => ({
  ...overrides,
  maxRates: [...overrides.maxRates.filter((one) => !isOf(one)(changed)), changed],
})

export const withLogLevel = (overrides: Overrides, level: string, mark: Mark): Overrides => ({
  ...overrides,
  logLevel: { level, ...mark },
})

/** What a reload leaves: servers held Down, where they are still there. */
export const keptOverReload = ({ held }: Overrides, options: EngineOptions): Overrides => ({
  ...NO_OVERRIDES,
  held: held.filter(isThere(options)),
})

/** In words, what a reload ends of them: `max_rate of s1 for accounting (77/s, set by ...)`. */
export function endedOverrides(before: Overrides, after: Overrides): string[] {
  const rates = before.maxRates
    .filter((one) => !after.maxRates.some(isOf(one)))
    .map(({ server, class: name, maxRate, by }) => `max_rate of ${server} for ${name} (${maxRate}/s, set by ${by})`)
  const held = before.held
    .filter((one) => !isHeld(after, one))
    .map(({ server, class: name, by }) => `${server} held Down for ${name} (by ${by}): the file has it no more`)
  const { logLevel } = before
  const level =
    logLevel === undefined || after.logLevel !== undefined
      ? []
      : [`log level ${logLevel.level} (set by ${logLevel.by})`]
  return [...rates, ...held, ...level]
}

/** Without those of servers that a reload took away while they were on their way. */
export const ofThoseThere = (overrides: Overrides, options: EngineOptions): Overrides => ({
  ...overrides,
  held: overrides.held.filter(isThere(options)),
  maxRates: overrides.maxRates.filter(isThere(options)),
})

const isThere =
  ({ servers }: EngineOptions) =>
  ({ server, class: name }: LaneName): boolean =>
    servers.find((one) => one.name === server)?.lanes[name] !== undefined

const isOf =
  (sought: LaneName) =>
  ({ server, class: name }: LaneName): boolean =>
    server === sought.server && name === sought.class
