/**
 * Worlds of servers in trouble, one test a seed: 1 to 60.
 */
import { expect, it } from 'vitest'
import { runTroubledSeed } from '../../src/simulation/seeds/run.ts'

for (let seed = 1; seed <= 60; seed += 1) {
  it(`holds every law in the world of npm run sim -- --seed ${seed} --troubled --trace`, () => {
    expect(runTroubledSeed(seed).broken).toBeUndefined()
  })
}
