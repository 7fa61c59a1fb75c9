/**
 * Reloads that change anything, at any moment of anything else (`many-reloads.ts`). A failed test says the seed, the step, and what was
 * broken. One seed again, and more of them than usual:
 *
 *   SEEDS=1234 npm run unit -- many-reloads -t 'seed 1234$'
 *   SEEDS=2000 npm run unit -- many-reloads
 */
import { describe, expect, it } from 'vitest'
import { play } from './many-reloads.ts'

const SEEDS = Number(process.env['SEEDS'] ?? 35)

describe('reloads at any moment', () => {
  it.each(Array.from({ length: SEEDS }, (_, at) => at + 1))(
    'leave nothing behind, and hold nothing up: seed %i',
    (seed) => {
      expect(play(seed)).toBeUndefined()
    },
  )
})
