/**
 * Seeds 1 to 100.
 */
import { describe } from 'vitest'
import { holdsInSeeds } from './seeds.ts'

describe('seeded worlds', () => {
  holdsInSeeds(1, 100)
})
