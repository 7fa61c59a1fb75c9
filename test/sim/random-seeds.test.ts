/**
 * Seeds 1 to 100, but for those that `regressions.test.ts` runs.
 */
import { describe } from 'vitest'
import { holdsInSeeds } from './seeds.ts'

describe('seeded worlds', () => {
  holdsInSeeds(1, 100)
})
