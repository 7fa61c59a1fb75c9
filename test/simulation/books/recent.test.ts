/**
 * What checkers remember of requests must end with them, or an hour of traffic fills the memory.
 */
import { describe, expect, it } from 'vitest'
import { Recent } from '../../../src/simulation/books/recent.ts'
import { instant, seconds } from '../../../src/units.ts'

const at = (second: number): ReturnType<typeof instant> => instant(1_000_000_000_000 + seconds(second))

describe('a memory that forgets', () => {
  it('keeps an entry for its time after the last use, and at most twice as long', () => {
    for (let began = 0; began < 10; began += 1) {
      const memory = new Recent<string, number>(seconds(10))
      memory.set('other', 0, at(0))
      memory.set('mine', 1, at(began))
      expect(memory.get('mine', at(began + 10))).toBe(1)
      // Looked up, so it is young again.
      expect(memory.get('mine', at(began + 20))).toBe(1)
      expect(memory.get('mine', at(began + 41))).toBeUndefined()
      expect(memory.get('other', at(began + 41))).toBeUndefined()
    }
  })

  it('grows with what comes in that time and not with the length of the traffic', () => {
    const memory = new Recent<number, number>(seconds(10))
    let most = 0
    for (let second = 0; second < 1_000; second += 1) {
      for (let each = 0; each < 10; each += 1) memory.set(second * 10 + each, second, at(second))
      most = Math.max(most, memory.size)
    }
    expect(most).toBeLessThanOrEqual(2 * 11 * 10)
    expect(most).toBeGreaterThanOrEqual(10 * 10)
  })

  it('is empty after a long pause', () => {
    const memory = new Recent<number, number>(seconds(10))
    memory.set(1, 1, at(0))
    expect(memory.get(2, at(1_000))).toBeUndefined()
    expect(memory.size).toBe(0)
  })
})
