/**
 * The table of patience: how long a login may wait. Each row is a storm under the real engine, the models and the bound, and
 * whether `max_age: auto` keeps what is promised of it.
 */
import { MICROS_PER_SECOND, micros, seconds } from '../../src/units.ts'
import { boundOf } from './bound.ts'
import { playEngine } from './engine-storm.ts'
import { playModel } from './model.ts'
import { KNOWN_GAPS, ORACLES, OWN_GAPS } from './policies.ts'
import { ORACLE_GOAL, PROMISED_WASTE, type Row } from './rows.ts'
import type { Storm, StormFigures } from './storm.ts'

/** A storm that is not over by then is said never to be: for 20,000 sessions 160 s, of which the server needs 40 s. */
const untilFor = (sessions: number) => seconds(Math.max(60, sessions * 0.008))

export interface PatienceFigures {
  readonly row: Row
  readonly sessions: number
  readonly fifo: StormFigures
  /** Undefined if the engine does not know it. */
  readonly auto: StormFigures
  readonly own: StormFigures
  readonly known: StormFigures
  readonly best: { readonly name: string; readonly figures: StormFigures } | undefined
  readonly bound: number
}

export function playRow(row: Row, o: { readonly sessions: number; readonly seed: number }): PatienceFigures {
  const storm: Storm = { ...row.storm, ...o, until: untilFor(o.sessions) }
  return {
    row,
    sessions: o.sessions,
    fifo: playEngine(storm, '5s', row.attack),
    auto: playEngine(storm, 'auto', row.attack),
    own: playModel(storm, OWN_GAPS),
    known: playModel(storm, KNOWN_GAPS),
    best: bestOracle(storm),
    bound: boundOf(storm),
  }
}

/** An oracle that is no better than the best before it is not played to its end. */
export function bestOracle(storm: Storm): PatienceFigures['best'] {
  let best: PatienceFigures['best']
  let { until } = storm
  for (const policy of ORACLES) {
    const figures = playModel({ ...storm, until }, policy)
    if (figures.allUpAt === undefined) continue
    best = { name: policy.name, figures }
    until = micros(figures.allUpAt * MICROS_PER_SECOND - 1)
  }
  return best
}

/** One promise, and whether it is kept. */
interface Judgement {
  readonly words: string
  readonly isMet: boolean
}

/** Of the promise, if this row has one, and of the goal. */
export function judgementsOf({ row, auto, known, best }: PatienceFigures): Judgement[] {
  const judgements: Judgement[] = []
  const ratio = (to: StormFigures): number => (auto.allUpAt ?? Number.POSITIVE_INFINITY) / (to.allUpAt ?? 0)
  if (row.promise !== undefined) {
    const slower = ratio(known)
    judgements.push(
      { words: `${slower.toFixed(3)} of known gaps`, isMet: slower <= row.promise },
      { words: `${percent(auto.wasted)} wasted`, isMet: auto.wasted <= PROMISED_WASTE },
    )
  }
  if (best !== undefined) {
    const slower = ratio(best.figures)
    judgements.push({ words: `${slower.toFixed(3)} of the best oracle (a goal)`, isMet: slower <= ORACLE_GOAL })
  }
  return judgements
}

/** Whether a promise is broken. The goal beside the oracle is none. */
export const isBroken = (figures: PatienceFigures): boolean =>
  judgementsOf(figures).some(({ words, isMet }) => !isMet && !words.includes('goal'))

export const PATIENCE_HEAD = [
  'clients (gap x sends)',
  'sessions',
  'engine, `max_age: 5s`',
  'engine, `max_age: auto`',
  'model, own gaps',
  'model, known gaps',
  'best oracle',
  'bound',
  'judgement of `auto`',
] as const

export function patienceCells(figures: PatienceFigures): string[] {
  const { row, sessions, fifo, auto, own, known, best, bound } = figures
  const judgements = judgementsOf(figures).map(({ words, isMet }) => `${words}: ${isMet ? 'met' : 'MISSED'}`)
  return [
    row.name,
    sessions.toLocaleString('en-US'),
    stormText(fifo),
    stormText(auto),
    stormText(own),
    stormText(known),
    best === undefined ? 'never' : `${timeText(best.figures)} (${best.name})`,
    `${bound.toFixed(1)} s`,
    judgements.join('; ') || '-',
  ]
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

const timeText = ({ allUpAt, up }: StormFigures): string =>
  allUpAt === undefined ? `never: ${up.toLocaleString('en-US')} up` : `${allUpAt.toFixed(1)} s`

/** When all were up; how long half of them and 99 of 100 waited; what was wasted. */
const stormText = (figures: StormFigures): string => {
  const [p50, p99] = [figures.p50, figures.p99].map((wait) => wait?.toFixed(1) ?? 'never')
  return `${timeText(figures)}; ${p50} / ${p99}; ${percent(figures.wasted)}`
}
