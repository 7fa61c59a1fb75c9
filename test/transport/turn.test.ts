import { describe, expect, it } from 'vitest'
import { isNear, needsTimer, servesOn, sleepFor } from '../../src/transport/turn.ts'
import { instant, after as later, micros, millis } from '../../src/units.ts'

const NOW = instant(7_000_000)
const HOUR_MS = 3_600_000

describe('a turn', () => {
  it('serves for 25 ms, then the sockets are read', () => {
    expect(servesOn(NOW, later(NOW, micros(24_999)))).toBe(true)
    expect(servesOn(NOW, later(NOW, millis(25)))).toBe(false)
  })
})

describe('the way to the next moment', () => {
  it('is polled below 1.2 ms, and behind it: a sleep could end too late', () => {
    for (const away of [-5, 0, 1, 1_200]) expect(isNear(instant(NOW + away), NOW), `${away}`).toBe(true)
    expect(isNear(later(NOW, micros(1_201)), NOW)).toBe(false)
  })

  it('is never slept too long, nor more than 1.2 ms too short, however far it is', () => {
    for (let away = 1_201; away < 200_000; away += 37) {
      const sleep = sleepFor(later(NOW, micros(away)), NOW)
      expect(sleep, `${away}`).toBeGreaterThanOrEqual(1)
      expect(sleep * 1_000, `${away}`).toBeLessThanOrEqual(away - 200)
      expect(sleep * 1_000, `${away}`).toBeGreaterThan(away - 1_200)
    }
  })

  it('is slept for an hour at most', () => {
    expect(sleepFor(instant(Number.MAX_SAFE_INTEGER), NOW)).toBe(HOUR_MS)
  })

  it('needs a timer only if none rings before', () => {
    const moment = later(NOW, millis(50))
    expect(needsTimer(moment, undefined)).toBe(true)
    expect(needsTimer(moment, later(moment, micros(1)))).toBe(true)
    for (const at of [moment, later(NOW, millis(10))]) expect(needsTimer(moment, at)).toBe(false)
  })
})
