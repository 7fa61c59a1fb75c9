/**
 * Worlds of servers in trouble, one test a seed.
 */
import { expect, it } from 'vitest'
import { runTroubledSeed } from '../../src/simulation/run.ts'

for (let seed = 1; seed <= 100; seed += 1) {
  it(`holds every law in the world of npm run sim -- --seed ${seed} --troubled --trace`, () => {
    expect(runTroubledSeed(seed).broken).toBeUndefined()
  })
}
