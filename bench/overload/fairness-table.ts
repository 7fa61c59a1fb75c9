/**
 * The tables of fairness: the storm of one BNG beside ten other clients, and a device that loops.
 */
import type { Fairness } from './engine-options.ts'
import { type FairnessCase, type FairnessFigures, type LoopCase, playLoop } from './fairness.ts'
import { QUEUE } from './rig.ts'

const SMALL_QUEUE = 5_000

export const FAIRNESS_CASES: readonly FairnessCase[] = [QUEUE, SMALL_QUEUE].flatMap((queue): FairnessCase[] => [
  { fairness: 'none', maxAge: '5s', queue },
  { fairness: 'client', maxAge: '5s', queue },
  { fairness: 'none', maxAge: '5s', queue, maxShare: 50 },
  { fairness: 'client', maxAge: 'auto', queue },
])

export const FAIRNESS_HEAD = [
  'settings',
  'queue',
  "the others' logins",
  'they wait: p50 / p99 / most',
  'of them redial',
  'of their requests shed',
  'the storm is over after',
] as const

export const caseName = ({ fairness, maxAge, maxShare }: FairnessCase): string =>
  `\`fairness: ${fairness}\`, \`max_age: ${maxAge}\`${maxShare === undefined ? '' : `, \`max_share: ${maxShare}\``}`

export function fairnessCells(one: FairnessCase, figures: FairnessFigures): string[] {
  const { logins, up, p50, p99, most, redialled, shed, stormOver } = figures
  const never = up < logins ? `; ${countText(logins - up)} never` : ''
  return [
    caseName(one),
    countText(one.queue),
    countText(logins),
    `${[p50, p99, most].map((wait) => wait.toFixed(2)).join(' / ')} s${never}`,
    countText(redialled),
    countText(shed),
    stormOver === undefined ? 'never' : `${stormOver.toFixed(1)} s`,
  ]
}

const FAIRNESSES: readonly Fairness[] = ['none', 'client']

export const LOOP_HEAD = ['a device that loops, `max_rate: 100`', "another client's logins at the first dial"] as const

/** The cases with their rates. */
export const LOOP_CASES: readonly LoopCase[] = [400, 1_000].flatMap((rate) =>
  FAIRNESSES.map((fairness) => ({ fairness, rate })),
)

export function loopCells(one: LoopCase, o: { readonly seed: number }): string[] {
  const share = playLoop(one, o)
  return [`${countText(one.rate)}/s, \`fairness: ${one.fairness}\``, `${(100 * share).toFixed(1)} %`]
}

const countText = (count: number): string => count.toLocaleString('en-US')
