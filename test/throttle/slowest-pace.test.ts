/**
 * The slowest pace counts only seconds in which there was always more to do.
 */
import { describe, expect, it } from 'vitest'
import { SlowestPace } from '../../src/throttle/slowest-pace.ts'
import { instant, MICROS_PER_SECOND } from '../../src/units.ts'

const START = 1_000_000

/** So many answers in each second, spread evenly; a negative number: no request waits. */
function paceAfter(answers: readonly number[]): number | undefined {
  const pace = new SlowestPace()
  answers.forEach((count, second) => {
    for (let i = 0; i < Math.abs(count); i += 1) {
      const within = Math.floor((MICROS_PER_SECOND * i) / Math.abs(count))
      pace.answered(count > 0, instant((START + second) * MICROS_PER_SECOND + within))
    }
  })
  return pace.at(instant((START + answers.length) * MICROS_PER_SECOND))
}

describe('the slowest pace', () => {
  it('is not known of a server that always had nothing more to do', () => {
    expect(paceAfter([])).toBeUndefined()
    expect(paceAfter([-3, -500, -1, -1, -20])).toBeUndefined()
  })

  it('is that of the slowest two seconds in a row under load', () => {
    expect(paceAfter([500, 500, 500, 500])).toBe(500)
    expect(paceAfter([500, 500, 200, 210, 500, 500])).toBe(210)
    expect(paceAfter([500, 500, 500, 200, 500, 500])).toBe(500)
  })

  it('takes no part of a second for a whole one: not where the load begins or ends, nor where the server stops', () => {
    expect(paceAfter([-3, 10, 500, 500, 500])).toBe(500)
    expect(paceAfter([-3, 10, 20, -3, -3])).toBeUndefined()
    expect(paceAfter([500, 500, 500, 500, 40, -10, -10])).toBe(500)
    expect(paceAfter([500, 500, 500, 30, 0, 0, 20, 500, 500, 500])).toBe(500)
  })

  it('is not known before two whole seconds are over', () => {
    expect(paceAfter([500, 400])).toBeUndefined()
    expect(paceAfter([500, 400, 300])).toBeUndefined()
    expect(paceAfter([500, 400, 300, 300])).toBe(400)
  })

  it('is forgotten after a day', () => {
    const hour = 3_600
    const busyHour = [50, 50, 50, 50]
    const pace = new SlowestPace()
    for (const [second, count] of busyHour.entries()) {
      for (let i = 0; i < count; i += 1) pace.answered(true, instant((START + second) * MICROS_PER_SECOND + i))
    }
    expect(pace.at(instant((START + 22 * hour) * MICROS_PER_SECOND))).toBe(50)
    expect(pace.at(instant((START + 25 * hour) * MICROS_PER_SECOND))).toBeUndefined()
  })
})
