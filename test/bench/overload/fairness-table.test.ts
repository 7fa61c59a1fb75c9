/**
 * The tables of fairness in a short form.
 */
import { describe, expect, it } from 'vitest'
import { playFairness, playLoop } from '../../../bench/overload/fairness.ts'
import {
  FAIRNESS_CASES,
  FAIRNESS_HEAD,
  fairnessCells,
  LOOP_CASES,
  LOOP_HEAD,
  loopCells,
} from '../../../bench/overload/fairness-table.ts'

const FEW = { sessions: 4_000, seed: 1 }

describe('a storm of one client beside others', () => {
  it('lets the others wait with a queue for all', () => {
    const figures = playFairness({ fairness: 'none', maxAge: '5s', queue: 100_000 }, FEW)
    expect(figures.up).toBe(figures.logins)
    expect(figures.logins).toBeGreaterThan(1_500)
    expect(figures.p99).toBeGreaterThan(1)
    expect(figures.shed).toBe(0)
    expect(figures.stormOver).toBeGreaterThan(4_000 / 500)
  })

  it('lets nobody else wait if clients have turns', () => {
    const figures = playFairness({ fairness: 'client', maxAge: '5s', queue: 500 }, FEW)
    expect(figures.p99).toBeLessThan(0.2)
    expect(figures).toMatchObject({ redialled: 0, shed: 0, up: figures.logins })
  })

  it('has a small queue shed requests of the others too', () => {
    expect(playFairness({ fairness: 'none', maxAge: '5s', queue: 500 }, FEW).shed).toBeGreaterThan(0)
  })

  it.each(FAIRNESS_CASES)('has a cell for each column: $fairness, $maxAge, $queue', (one) => {
    const figures = playFairness(one, { sessions: 200, seed: 1 })
    expect(fairnessCells(one, figures)).toHaveLength(FAIRNESS_HEAD.length)
    expect(figures.up).toBe(figures.logins)
  })
})

describe('a device that loops', () => {
  it('takes the more of the service the more it sends', () => {
    const share = (rate: number): number => playLoop({ fairness: 'none', rate }, { seed: 1 })
    const [slow, fast] = [share(50), share(400)]
    expect(slow).toBe(1)
    expect(fast).toBeLessThan(0.5)
    expect(playLoop({ fairness: 'client', rate: 400 }, { seed: 1 })).toBe(1)
  })

  it('has a cell for each column', () => {
    expect(loopCells(LOOP_CASES[0]!, { seed: 1 })).toHaveLength(LOOP_HEAD.length)
  })
})
