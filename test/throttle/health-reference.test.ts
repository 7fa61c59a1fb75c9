/**
 * The health of a server does what its reference does (health-reference.ts), whatever happens in whatever order.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type HealthOptions, ServerHealth } from '../../src/throttle/server-health.ts'
import { instant, micros } from '../../src/units.ts'
import { type Happening, HealthReference } from './health-reference.ts'

const START = 1_000_000_000
const HAPPENINGS: readonly Happening[] = [
  'answered',
  'late answer',
  'probe answered',
  'overdue',
  'failed',
  'doubtful',
  'time passes',
  'compared',
]

const optionsOf = fc.record({
  consecutiveFailures: fc.integer({ min: 1, max: 4 }),
  responseTimeout: fc.constantFrom(0, 5_000_000).map(micros),
  deadTime: fc.constantFrom(5_000_000, 60_000_000).map(micros),
  probe: fc.constantFrom('status_server' as const, 'none' as const),
  probeInterval: fc.constantFrom(1_000_000, 10_000_000).map(micros),
  timeout: fc.constantFrom(500_000, 2_000_000).map(micros),
})
/** Runs of one kind, so that there are rows of failures and seconds in which nothing is answered. */
const runs = fc.array(
  fc.record({
    what: fc.constantFrom(...HAPPENINGS),
    times: fc.integer({ min: 1, max: 14 }),
    wait: fc.constantFrom(0, 1, 50_000, 400_000, 999_999, 2_000_000, 9_000_000),
  }),
  { minLength: 1, maxLength: 40 },
)

const tell = (health: ServerHealth, what: Happening, at: number): void => {
  const now = instant(at)
  switch (what) {
    case 'answered':
      health.responded(now)
      return
    case 'late answer':
      health.respondedLate(now)
      return
    case 'probe answered':
      health.probeAnswered(now)
      return
    case 'overdue':
      health.punctuality.note(false, now)
      return
    case 'failed':
      health.failed(now)
      return
    case 'doubtful':
      health.failed(now, true)
      return
    case 'time passes':
      health.passTime(now)
      return
    case 'compared':
      health.judgeService(() => true, now)
  }
}

describe('the health of a server', () => {
  it('is what the reference says, whatever happens', () => {
    const reached = new Set<string>()
    const holds = (options: HealthOptions, all: readonly { what: Happening; times: number; wait: number }[]): void => {
      const health = new ServerHealth(options, instant(START))
      const reference = new HealthReference(options, START)
      let now = START
      for (const { what, times, wait } of all) {
        for (let time = 0; time < times; time += 1) {
          now += wait
          tell(health, what, now)
          reference.happens(what, now)
          if (reference.state === 'failing' && health.state === 'active') {
            expect(what).toBe('answered')
            expect(reference.mayRecover(now)).toBe(true)
            reference.recovers(now)
          }
          expect(health.state).toBe(reference.state)
          if (what === 'answered' && health.state === 'failing') expect(reference.mustHaveRecovered(now)).toBe(false)
          reached.add(health.state)
        }
      }
    }
    fc.assert(fc.property(optionsOf, runs, holds), { numRuns: 3_000, seed: 11 })
    expect([...reached].sort()).toEqual(['active', 'down', 'failing', 'not_responding'])
  })
})
