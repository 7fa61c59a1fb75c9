/**
 * How many steps each entry into the engine takes, in a small crowd and in a large one, and whether that grows.
 *
 * Of each kind of entry the third dearest call counts, since V8 now and then counts one call too high. Ten times as many of anything are some three doublings, and a doubling may
 * cost a few steps (one more level of a heap). What looks at everything that waits, at every client or at every server
 * takes hundreds.
 */
import type { CrowdSize } from './crowd.ts'
import { costsOf } from './crowd-entries.ts'
import { countSteps } from './step-count.ts'

/** What one doubling of what waits, of clients or of servers may add. */
const STEPS_PER_DOUBLING = 8
/** How far two calls of one kind are apart that do the same: chains of a hash table, packets of other lengths. */
const NOISE = { factor: 1.25, steps: 150 }

/** Calls of a kind that are left out. */
const OUTLIERS = 2

/** The most steps of one call but the outliers, by the kind of the entry. */
export type Steps = ReadonlyMap<string, number>

export const stepsOf = (size: CrowdSize): Steps =>
  new Map([...costsOf(size, countSteps)].map(([entry, costs]) => [entry, Math.ceil(dearest(costs))]))

const dearest = (costs: readonly number[]): number => {
  const sorted = costs.toSorted((a, b) => b - a)
  return sorted[Math.min(OUTLIERS, sorted.length - 1)] ?? 0
}

/** The entries that grow by more than the logarithm from one size to another, in words. */
export const growing = (from: readonly [CrowdSize, Steps], to: readonly [CrowdSize, Steps]): string[] => {
  const [[small, few], [large, many]] = [from, to]
  const doublings = (['waiting', 'clients', 'servers'] as const).reduce(
    (sum, of) => sum + Math.log2(large[of] / small[of]),
    0,
  )
  return [...many].flatMap(([entry, steps]) => {
    const before = few.get(entry)
    if (before === undefined) return [`${entry}: only in the larger crowd`]
    return steps <= NOISE.factor * before + NOISE.steps + doublings * STEPS_PER_DOUBLING
      ? []
      : [`${entry}: ${before} steps, then ${steps}`]
  })
}
