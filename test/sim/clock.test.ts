/**
 * The engine never reads a clock, so a clock that jumps changes nothing. Time is what its caller says, and a wake that comes too
 * early, twice or for nothing changes nothing.
 */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { randomWorld } from '../../src/simulation/seeds/random-world.ts'
import { type RunResult, runPlan, runSeed } from '../../src/simulation/seeds/run.ts'
import type { ScriptEntry } from '../../src/simulation/world/world.ts'
import { micros } from '../../src/units.ts'

/** Small worlds with deaths, retries, probes and reloads. */
const SEEDS = [46, 76, 98]
/** A timer that is on time and service that takes none: what is late is then the extra wakes' doing. */
const PROMPT = { cost: micros(0), lateness: micros(0) }

/** The world of the seed with `count` wakes more, at moments that have nothing to do with the engine's own. */
const withExtraWakes = (seed: number, every: number): RunResult => {
  const { plan, end } = randomWorld(seed)
  const extra: ScriptEntry[] = []
  for (let at = 1; at < end; at += every) {
    extra.push({
      at: micros(at),
      run: (world, now) => {
        world.engine?.wake(now)
        world.engine?.wake(now)
      },
    })
  }
  return runPlan({ ...plan, ...PROMPT, script: [...(plan.script ?? []), ...extra] }, end)
}

const withoutExtraWakes = (seed: number): RunResult => {
  const { plan, end } = randomWorld(seed)
  return runPlan({ ...plan, ...PROMPT }, end)
}

describe('the wall clock', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('is never read, nor is any other clock', () => {
    const read = (): never => {
      throw new Error('somebody looked at a clock')
    }
    vi.spyOn(Date, 'now').mockImplementation(read)
    vi.spyOn(performance, 'now').mockImplementation(read)
    vi.spyOn(process, 'hrtime').mockImplementation(read)
    vi.spyOn(process.hrtime, 'bigint').mockImplementation(read)
    expect(() => Date.now()).toThrow('looked at a clock')
    const results = SEEDS.map((seed) => runSeed(seed))
    vi.restoreAllMocks()
    expect(results.map(({ broken }) => broken)).toEqual(SEEDS.map(() => undefined))
  })

  it('may jump by years, forth and back: the trace is the same', () => {
    const before = SEEDS.map((seed) => runSeed(seed).digest)
    let calls = 0
    vi.spyOn(Date, 'now').mockImplementation(() => {
      calls += 1
      return calls % 2 === 0 ? 0 : 4e12
    })
    const after = SEEDS.map((seed) => runSeed(seed).digest)
    vi.restoreAllMocks()
    expect(after).toEqual(before)
  })
})

describe('wakes that nobody asked for', () => {
  it('change nothing, however many there are: the trace is the same', () => {
    for (const seed of SEEDS) {
      const { digest, broken } = withoutExtraWakes(seed)
      expect(broken).toBeUndefined()
      for (const every of [7_919, 100_003]) {
        expect({ seed, every, digest: withExtraWakes(seed, every).digest }).toEqual({ seed, every, digest })
      }
    }
  })
})
