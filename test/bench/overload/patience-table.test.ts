/**
 * The table of patience in a short form, and how it judges.
 */
import { describe, expect, it } from 'vitest'
import { boundOf } from '../../../bench/overload/bound.ts'
import { playEngine } from '../../../bench/overload/engine-storm.ts'
import { playModel } from '../../../bench/overload/model.ts'
import {
  bestOracle,
  isBroken,
  judgementsOf,
  PATIENCE_HEAD,
  type PatienceFigures,
  patienceCells,
  playRow,
} from '../../../bench/overload/patience-table.ts'
import { fifo, ORACLES } from '../../../bench/overload/policies.ts'
import { ROWS } from '../../../bench/overload/rows.ts'
import { figuresOf, kind, type Storm, type StormFigures } from '../../../bench/overload/storm.ts'
import { seconds } from '../../../src/units.ts'

describe('a row', () => {
  it.each(ROWS)('$name, with few sessions', (row) => {
    const figures = playRow(row, { sessions: 300, seed: 1 })
    for (const of of [figures.fifo, figures.auto, figures.own, figures.known, figures.best?.figures]) {
      if (of === undefined) continue
      expect(of.up).toBe(300)
      expect(of.allUpAt).toBeGreaterThanOrEqual(figures.bound)
    }
    expect(patienceCells(figures)).toHaveLength(PATIENCE_HEAD.length)
  })

  it('has shares that add up to all sessions', () => {
    for (const { storm } of ROWS) expect(storm.kinds.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9)
  })
})

describe('the real engine beside the model of what it does', () => {
  const storm = (o: Partial<Storm>): Storm => ({ sessions: 4_000, kinds: [], seed: 1, until: seconds(60), ...o })

  it.each([
    { name: 'patient clients', kinds: [kind(3, 4)] },
    { name: 'impatient clients', kinds: [kind(1, 3)] },
    { name: 'back-off', kinds: [kind(1, 3, { growth: 2 })] },
  ])('takes as long, within a twentieth: $name', ({ kinds }) => {
    const [engine, model] = [playEngine(storm({ kinds }), '5s'), playModel(storm({ kinds }), fifo(5))]
    expect(model.allUpAt).toBeDefined()
    const ratio = (engine.allUpAt ?? Number.POSITIVE_INFINITY) / (model.allUpAt ?? 0)
    expect(ratio).toBeGreaterThan(0.95)
    expect(ratio).toBeLessThan(1.05)
    expect(Math.abs(engine.wasted - model.wasted)).toBeLessThan(0.05)
  })

  it('is delayed by a restart', () => {
    const kinds = [kind(3, 4)]
    const restart = { at: seconds(1), downFor: seconds(1) }
    const [without, with_] = [playEngine(storm({ kinds }), '5s'), playEngine(storm({ kinds, restart }), '5s')]
    expect(with_.allUpAt).toBeGreaterThan((without.allUpAt ?? 0) + 0.9)
  })

  it('does not count the work for loops as work for sessions', () => {
    const kinds = [kind(3, 4)]
    const loops = [{ every: seconds(0.01), copies: 1, apart: seconds(3) }]
    expect(playEngine(storm({ sessions: 500, kinds }), '5s', { loops }).wasted).toBe(0)
  })
})

describe('the best oracle', () => {
  it('is the soonest of all', () => {
    const storm: Storm = { sessions: 3_000, kinds: [kind(0.3, 3)], seed: 1, until: seconds(60) }
    const all = ORACLES.map((policy) => playModel(storm, policy).allUpAt ?? Number.POSITIVE_INFINITY)
    const best = bestOracle(storm)
    expect(best?.figures.allUpAt).toBe(Math.min(...all))
    expect(best?.figures.allUpAt).toBeGreaterThanOrEqual(boundOf(storm))
  })
})

describe('a judgement', () => {
  const over = (at: number, worked = 100): StormFigures =>
    figuresOf({ sessions: 100, waits: Array.from({ length: 100 }, () => 1), lastUpAt: seconds(at), worked })
  const never = figuresOf({ sessions: 100, waits: [], lastUpAt: 0, worked: 100 })
  const judged = (auto: StormFigures, promise: number | undefined = 1.05): PatienceFigures => ({
    row: { name: 'a row', storm: { kinds: [kind(3, 3)] }, promise },
    sessions: 100,
    fifo: never,
    auto,
    own: over(102),
    known: over(100),
    best: { name: 'an oracle', figures: over(98) },
    bound: 90,
  })
  const met = (of: PatienceFigures): boolean[] => judgementsOf(of).map(({ isMet }) => isMet)

  it('is met up to the promise, also for the waste', () => {
    expect(met(judged(over(102)))).toEqual([true, true, true])
    expect(met(judged(over(104)))).toEqual([true, true, false])
    expect(met(judged(over(105.1)))).toEqual([false, true, false])
    expect(met(judged(over(102, 106)))).toEqual([true, false, true])
    expect(met(judged(never))).toEqual([false, false, false])
  })

  it('breaks a promise, not a goal', () => {
    expect([over(102), over(104), over(105.1), over(102, 106), never].map((auto) => isBroken(judged(auto)))).toEqual([
      false,
      false,
      true,
      true,
      true,
    ])
  })

  it('looks only at the oracle if nothing is promised', () => {
    const { row } = judged(over(200))
    expect(judgementsOf({ ...judged(over(200)), row: { ...row, promise: undefined } })).toHaveLength(1)
    expect(patienceCells(judged(over(106))).at(-1)).toContain('1.060 of known gaps: MISSED')
  })
})
