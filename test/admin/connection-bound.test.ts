import { describe, expect, it } from 'vitest'
import { connectionBounds, descriptorLimitIn } from '../../src/admin/connection-bound.ts'

describe('the bound on admin connections', () => {
  it('leaves a quarter of the free descriptors alone, whatever both ways together hold', () => {
    for (let free = 8; free <= 2_000; free += 1) {
      const { tcp, socket } = connectionBounds(free)
      expect(tcp + socket).toBeLessThanOrEqual(Math.ceil(0.75 * free))
      expect(Math.min(tcp, socket)).toBeGreaterThanOrEqual(2)
    }
  })

  it('is 64 each where there are plenty, or nobody knows', () => {
    for (const free of [undefined, 256, 1_000_000]) expect(connectionBounds(free)).toEqual({ tcp: 64, socket: 64 })
  })

  it('lets somebody in where hardly any is free', () => {
    for (const free of [-3, 0, 1]) expect(connectionBounds(free)).toEqual({ tcp: 2, socket: 2 })
  })

  it('knows the soft limit', () => {
    const text =
      'Max processes  1 2 processes\nMax open files            1024                 524288               files\n'
    expect([descriptorLimitIn(text), descriptorLimitIn('Max open files unlimited')]).toEqual([1024, undefined])
  })
})
