/**
 * One test a seed: a whole world with every law watching. The name of a failed one is the command that replays it.
 */
import { expect, it } from 'vitest'
import { runSeed } from '../../src/simulation/seeds/run.ts'

export const holdsInSeeds = (first: number, last: number): void => {
  for (let seed = first; seed <= last; seed += 1) {
    it(`holds every law in the world of npm run sim -- --seed ${seed} --trace`, () => {
      expect(runSeed(seed).broken).toBeUndefined()
    })
  }
}
