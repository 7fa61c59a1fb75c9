import { describe, expect, it } from 'vitest'
import { copyOf, freshOctets } from '../src/fresh-octets.ts'

const BLOCK = 4_096

describe('fresh octets', () => {
  it('are zero and belong to nobody else, whatever the lengths', () => {
    const all = Array.from({ length: 3_000 }, (_, at) => {
      const octets = freshOctets((at * 37) % 700)
      expect(octets.some((octet) => octet !== 0)).toBe(false)
      return octets.fill(at % 251)
    })
    for (const [at, octets] of all.entries()) expect(octets).toEqual(new Uint8Array((at * 37) % 700).fill(at % 251))
  })

  it.each([0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 65_535])('of %i are so many', (length) => {
    expect(freshOctets(length)).toEqual(new Uint8Array(length))
  })

  it('share memory, so that few calls to the allocator are made', () => {
    const blocks = new Set(Array.from({ length: 1_000 }, () => freshOctets(40).buffer))
    expect(blocks.size).toBeLessThanOrEqual(1_000 / Math.floor(BLOCK / 40) + 2)
  })

  it('take a copy of others, also of a Buffer, that does not change with them', () => {
    const octets = Buffer.from([1, 2, 3])
    const copy = copyOf(octets)
    octets.fill(9)
    expect([...copy]).toEqual([1, 2, 3])
  })
})
