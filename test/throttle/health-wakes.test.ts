/**
 * A server's health never asks for a moment at which it then does nothing: an engine that asked for it would spin. Whatever happens
 * to the server, and whatever a reload changes meanwhile.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type HealthOptions, ServerHealth } from '../../src/throttle/server-health.ts'
import { type Instant, instant, after as later, micros, seconds } from '../../src/units.ts'

const options: fc.Arbitrary<HealthOptions> = fc.record({
  consecutiveFailures: fc.integer({ min: 1, max: 4 }),
  responseTimeout: fc.constantFrom(0, 5, 60).map(seconds),
  deadTime: fc.constantFrom(10, 600).map(seconds),
  probe: fc.constantFrom('none', 'status_server'),
  probeInterval: fc.constantFrom(6, 30).map(seconds),
  timeout: fc.constantFrom(1, 3).map(seconds),
})

const happening = fc.oneof(
  fc.record({ what: fc.constant('time' as const), micros: fc.integer({ min: 0, max: 4_000_000 }) }),
  fc.record({ what: fc.constant('reload' as const), options }),
  fc.record({ what: fc.constantFrom('fails', 'fails-elsewhere', 'answers', 'answers-late', 'answers-probe', 'hold') }),
)

/** What the engine does at each wake. */
function passes(health: ServerHealth, now: Instant): void {
  health.passTime(now)
  health.isProbeDue(now, () => 0)
}

it('asks for a later moment, or for none, once it was woken', () => {
  fc.assert(
    fc.property(options, fc.array(happening, { maxLength: 30 }), (first, happenings) => {
      let now = instant(1_000_000_000)
      let isHeld = false
      const health = new ServerHealth(first, now)
      for (const one of happenings) {
        if (one.what === 'time') now = later(now, micros(one.micros))
        else if (one.what === 'reload') health.reconfigure(one.options)
        else if (one.what === 'fails') health.failed(now)
        else if (one.what === 'fails-elsewhere') health.failed(now, true)
        else if (one.what === 'answers') health.responded(now)
        else if (one.what === 'answers-late') health.respondedLate(now)
        else if (one.what === 'answers-probe') health.probeAnswered(now)
        else {
          isHeld = !isHeld
          health.hold(isHeld, now)
        }
        // The first wake may find several things due, one behind the other.
        for (let wakes = 0; wakes < 3; wakes += 1) passes(health, now)
        expect(health.nextWakeAt() ?? Number.POSITIVE_INFINITY).toBeGreaterThan(now)
      }
    }),
    { numRuns: 3_000 },
  )
})
