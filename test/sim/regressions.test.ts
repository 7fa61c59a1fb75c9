/**
 * Seeds that once failed, with what they showed. The mutation check has each of these faults too (scripts/mutants.ts), since
 * a seed's world changes whenever the generator does, and what a seed shows then is another thing.
 */
import { describe, expect, it } from 'vitest'
import { runSeed, runTroubledSeed } from '../../src/simulation/seeds/run.ts'
import { ONCE_FAILED } from './seeds.ts'

describe('seeds that once failed', () => {
  for (const [seed, what] of ONCE_FAILED) {
    it(`seed ${seed}: ${what}`, () => {
      expect(runSeed(seed).broken).toBeUndefined()
    })
  }

  it('troubled seed 564: what 509 showed, of authentication', () => {
    expect(runTroubledSeed(564).broken).toBeUndefined()
  })

  it('troubled seed 1977: the law took a server to do better before it had shown it', () => {
    expect(runTroubledSeed(1977).broken).toBeUndefined()
  })
})
