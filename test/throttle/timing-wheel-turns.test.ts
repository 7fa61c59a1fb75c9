/**
 * Deadlines further away than the wheel is long: they pass their step once a turn, and are due in their own turn alone.
 */
import { describe, expect, it } from 'vitest'
import { type Timed, TimingWheel, WHEEL_STEP } from '../../src/throttle/timing-wheel.ts'
import { instant, seconds } from '../../src/units.ts'

const item = (): Timed => ({ deadline: instant(0), step: -1, next: undefined, previous: undefined })
const START = 1_000_000_000_000

describe('a deadline beyond one turn of the wheel', () => {
  it('is due in its own turn, however often its step is passed, woken only when the wheel asks for it', () => {
    for (const wait of [9, 10.24, 10.25, 15, 20.48, 20.49, 33, 60, 600].map(seconds)) {
      const wheel = new TimingWheel<Timed>()
      wheel.removeDue(instant(START))
      const deadline = START + wait
      wheel.put(item(), instant(deadline))
      let at = START
      let wakes = 0
      for (let due: readonly Timed[] = []; due.length === 0 && wakes < 1_000; wakes += 1) {
        at = wheel.nextWakeAt() as number
        due = wheel.removeDue(instant(at))
      }
      expect({ wait, early: at < deadline, late: at - deadline > WHEEL_STEP }).toEqual({
        wait,
        early: false,
        late: false,
      })
      // Once a turn it is looked at in vain.
      expect(wakes).toBeLessThanOrEqual(Math.ceil(wait / (1024 * WHEEL_STEP)) + 1)
    }
  })

  it('does not come with a nearer one that shares its step', () => {
    const wheel = new TimingWheel<Timed>()
    wheel.removeDue(instant(START))
    const [near, far] = [item(), item()]
    wheel.put(near, instant(START + 1_000_000))
    wheel.put(far, instant(START + 1_000_000 + 1024 * WHEEL_STEP))
    expect(wheel.removeDue(instant(START + 1_000_000))).toEqual([near])
    expect(wheel.removeDue(instant(START + 1_000_000 + 1024 * WHEEL_STEP))).toEqual([far])
  })
})
