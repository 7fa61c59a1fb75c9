/**
 * A server whose capacity changes in steps, with `throttle.adaptive: window`: it is used, and it works for nobody who is gone.
 * And with `off` a slow server is what it always was. `scripts/node24 bench/pace.ts` prints the table.
 */
import { describe, expect, it } from 'vitest'
import { type Case, engineFor, playSteps, type Seconds } from '../../bench/pace/cases.ts'
import { allLaws } from '../../src/simulation/laws/all-laws.ts'
import { Random } from '../../src/simulation/peers/random.ts'
import { randomWorld } from '../../src/simulation/seeds/random-world.ts'
import { runPlan } from '../../src/simulation/seeds/run.ts'

const OFFERED = 400
/** Seconds. */
const STEP = 30
const SETTLES = 10

/** A window and four capacities of a seed. */
function caseOf(seed: number, { windows, capacities, first }: Kind): Case {
  const random = new Random(`pace ${seed}`)
  const steps = [0, 1, 2, 3].map((at) => ({ from: STEP * at, capacity: random.pick(capacities) }))
  if (first !== undefined) steps[0] = { from: 0, capacity: first }
  return { adaptive: 'window', window: random.pick(windows), seed, steps, length: STEP * steps.length }
}

interface Kind {
  readonly windows: readonly number[]
  readonly capacities: readonly number[]
  /** The first capacity: the window has its base from there. */
  readonly first?: number
}
const FITTING: Kind = { windows: [32, 64, 128, 256], capacities: [50, 100, 200, 300, 500] }
/** With 50 what has come before the first measure, 350 here, would be worked off for nobody. */
const WIDE: Kind = { windows: [512, 1_000, 4_000], capacities: [100, 200, 300, 500], first: 500 }

/** From 10 s after each step to its end: capacity, good answers a second, and late ones. */
const settled = ({ steps }: Case, { good, late }: Seconds) =>
  steps.map(({ from, capacity }) => {
    const sum = (of: readonly number[]): number =>
      of.slice(from + SETTLES, from + STEP).reduce((all, one) => all + one, 0)
    return { capacity, good: sum(good) / (STEP - SETTLES), late: sum(late) }
  })

/** 95 % of what the server can do, or is asked for; what is asked for varies by some per cent. */
const enough = (capacity: number): number => 0.95 * Math.min(capacity, 0.95 * OFFERED)

describe('with an adaptive window, from 10 s after each change of a server', () => {
  const expectUse = (one: Case, seen = playSteps(one)): void => {
    for (const { capacity, good, late } of settled(one, seen)) {
      expect(good).toBeGreaterThanOrEqual(enough(capacity))
      expect(late).toBe(0)
    }
  }

  it.each([1, 2, 3, 4, 5, 6])('it is used, and nothing is answered later than the time-out (seed %i)', (seed) => {
    expectUse(caseOf(seed, FITTING))
  })

  it.each([1, 2, 3, 4])('so it is with a ceiling that is far too wide (seed %i)', (seed) => {
    expectUse(caseOf(seed, WIDE))
  })

  it.each(WIDE.windows)(
    'so it is with a ceiling of %i if four fifths are lost at once, and come back at once',
    (window) => {
      const steps = [500, 100, 500].map((capacity, at) => ({ from: STEP * at, capacity }))
      const one: Case = { adaptive: 'window', window, steps, length: STEP * steps.length }
      const seen = playSteps(one)
      expectUse(one, seen)
      // What waited goes too.
      const back = seen.good.slice(2 * STEP, 2 * STEP + 3)
      expect(Math.min(...back)).toBeGreaterThan(0.95 * 500)
    },
  )

  it('and all laws hold', () => {
    const steps = [500, 50, 300].map((capacity, at) => ({ from: 20 * at, capacity }))
    const one = { adaptive: 'window', window: 64, offered: 200, steps, length: 60 } as const
    const { worked, window } = playSteps(one, allLaws(engineFor(one)))
    expect(worked.reduce((all, count) => all + count)).toBeGreaterThan(6_000)
    expect(window[38]).toBeLessThan(32)
  })
})

describe('in random worlds with an adaptive window', () => {
  // A reload in such a world turns it off.
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('every law holds (seed %i)', (seed) => {
    const { plan, end } = randomWorld(seed)
    const { engine } = plan
    if (engine === undefined) throw new Error('a random world without an engine')
    const { broken } = runPlan({ ...plan, engine: { ...engine, adaptive: 'window' } }, end)
    expect(broken).toBeUndefined()
  })
})

describe('with `off`', () => {
  it('there is no window, and one that is small enough follows the server by itself', () => {
    const steps = [500, 50].map((capacity, at) => ({ from: 20 * at, capacity }))
    const { good, late, window } = playSteps({ adaptive: 'off', window: 64, steps, length: 40 })
    expect(new Set(window)).toEqual(new Set([undefined]))
    expect(good.slice(25, 40)).toEqual(Array.from({ length: 15 }, () => 50))
    expect(Math.max(...late)).toBe(0)
  })
})
