/**
 * Seeds 101 to 200; two files, so that two cores share the work.
 */
import { describe } from 'vitest'
import { holdsInSeeds } from './seeds.ts'

describe('seeded worlds', () => {
  holdsInSeeds(101, 200)
})
