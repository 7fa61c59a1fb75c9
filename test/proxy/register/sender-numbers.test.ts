import { describe, expect, it } from 'vitest'
import { SenderNumbers } from '../../../src/proxy/register/sender-numbers.ts'

describe('sender numbers', () => {
  it('are the same for one address while anything holds it, and different for two', () => {
    const numbers = new SenderNumbers()
    const first = numbers.hold('192.0.2.1')
    const second = numbers.hold('192.0.2.2')
    expect(second).not.toBe(first)
    expect(numbers.hold('192.0.2.1')).toBe(first)
    expect(numbers.find('192.0.2.1')).toBe(first)
    numbers.release(first)
    expect(numbers.find('192.0.2.1')).toBe(first)
    numbers.release(first)
    expect(numbers.find('192.0.2.1')).toBe(-1)
  })

  it('are used again, so that there are never more of them than addresses held', () => {
    const numbers = new SenderNumbers()
    for (let round = 0; round < 1_000; round += 1) {
      const number = numbers.hold(`2001:db8::${round.toString(16)}`)
      expect(number).toBe(0)
      numbers.release(number)
    }
  })

  it('are a bug where one is released more often than held', () => {
    const numbers = new SenderNumbers()
    numbers.release(numbers.hold('192.0.2.1'))
    expect(() => numbers.release(0)).toThrow()
  })
})
