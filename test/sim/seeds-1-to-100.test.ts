/**
 * Seeds 1 to 100; two files, so that two cores share the work.
 */
import { describe } from 'vitest'
import { holdsInSeeds } from './seeds.ts'

describe('seeded worlds', () => {
  holdsInSeeds(1, 100)
})
