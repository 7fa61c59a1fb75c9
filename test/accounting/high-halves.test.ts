/**
 * Gigawords and Gigapkts that come and go: what one record leaves out is not zero, and nothing is counted twice when it is
 * there again.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { erx, number } from './records.ts'
import { type Says, SessionWorld } from './session-world.ts'

const START = 1
const INTERIM = 3
const TWO_TO_32 = 2 ** 32
const GIGA = 2n ** 32n

/** A session from its Start on, with interim updates of these figures each 600 s. */
const session = (...updates: readonly Partial<Says>[]): SessionWorld => {
  const world = new SessionWorld({ maxPortRate: 0 }).take({ status: START, stamp: 1_000 })
  for (const [i, says] of updates.entries()) {
    const time = 600 * (i + 1)
    world.take({ status: INTERIM, stamp: 1_000 + time, time, ...says })
  }
  return world
}

describe('a high half that one record leaves out', () => {
  it('is the last one: 5, none, 5 is five times 2^32, and no counter fell', () => {
    const world = session(
      { octets: [100, 1], gigawords: [5, 0], packets: [20_000_000, 1] },
      { octets: [200, 2], packets: [20_000_001, 1] },
      { octets: [300, 3], gigawords: [5, 0], packets: [20_000_002, 1] },
    )
    expect(world.grown('inputOctets')).toBe(5n * GIGA + 300n)
    expect(world.odd).toEqual({})
    expect(world.live()).toMatchObject([{ inputOctets: String(5n * GIGA + 300n), outputOctets: '3' }])
  })

  it('is shown as it was while it is left out', () => {
    const world = session({ octets: [100, 1], gigawords: [5, 2] }, { octets: [200, 2] })
    expect(world.live()).toMatchObject([
      { inputOctets: String(5n * GIGA + 200n), outputOctets: String(2n * GIGA + 2n) },
    ])
  })

  it('is one of packets, too', () => {
    const packets = (low: number, high?: number) => ({
      packets: [low, 0] as const,
      more: high === undefined ? [] : [erx(number(42, high))],
    })
    const world = session(packets(10, 3), packets(20), packets(30, 3), packets(40), packets(50, 4))
    expect(world.grown('inputPackets')).toBe(4n * GIGA + 50n)
    expect(world.odd).toEqual({})
  })

  it('is one of the IPv6 part, which is not held against the whole', () => {
    const part = (low: number, high?: number) => [
      erx(number(151, low)),
      ...(high === undefined ? [] : [erx(number(155, high))]),
    ]
    const world = session(
      { octets: [100, 0], gigawords: [5, 0], more: part(90, 4) },
      { octets: [200, 0], gigawords: [5, 0], more: part(190) },
      { octets: [300, 0], more: part(290, 4) },
    )
    expect(world.odd).toEqual({})
    expect(world.live()).toMatchObject([
      { inputIpv6Octets: String(4n * GIGA + 290n), inputIpv4Octets: String(GIGA + 10n) },
    ])
  })

  it('is lost where the low half falls: it fell, and what comes then is counted by its low half, at least', () => {
    const world = session(
      { octets: [TWO_TO_32 - 100, 0], gigawords: [5, 0], packets: [20_000_000, 1] },
      { octets: [50, 0], packets: [20_000_001, 1] },
      { octets: [80, 0], gigawords: [6, 0], packets: [20_000_002, 1] },
      { octets: [90, 0], gigawords: [6, 0], packets: [20_000_003, 1] },
    )
    expect(world.odd).toEqual({ 'counter-fell': 1 })
    expect(world.grown('inputOctets')).toBe(6n * GIGA - 100n + 40n)
  })

  it('is not counted again where wraps were counted before it first came', () => {
    const world = session(
      { octets: [4_000_000_000, 0] },
      { octets: [100, 0] },
      { octets: [200, 0], gigawords: [1, 0] },
      { octets: [300, 0], gigawords: [2, 0] },
    )
    expect(world.odd).toEqual({ 'counter-wrapped': 1 })
    expect(world.grown('inputOctets')).toBe(2n * GIGA + 300n)
  })
})

describe('a counter that one record leaves out', () => {
  it('is as it was: the next one counts on from there', () => {
    const world = session({ octets: [100, 100] }, { more: [number(42, 200)] }, { octets: [300, 300] })
    expect([world.grown('inputOctets'), world.grown('outputOctets')]).toEqual([300n, 300n])
  })

  it('is not shown: that record did not say it', () => {
    const world = session({ octets: [100, 100], gigawords: [1, 1] }, { more: [number(42, 200)] })
    expect(world.live()).toMatchObject([{ inputOctets: String(GIGA + 200n), outputOctets: null }])
  })
})

describe('the traffic of a session', () => {
  it('is never more than it counted, whatever its records leave out, and all of it where they leave out nothing', () => {
    const update = fc.record({
      grows: fc.oneof(fc.nat(1_000), fc.nat(TWO_TO_32), fc.nat(3 * TWO_TO_32)),
      says: fc.constantFrom('both', 'both', 'low', 'none'),
    })
    fc.assert(
      fc.property(fc.array(update, { minLength: 1, maxLength: 12 }), (updates) => {
        let counted = 0n
        const records = updates.map(({ grows, says }): Partial<Says> => {
          counted += BigInt(grows)
          const [high, low] = [Number(counted >> 32n), Number(counted & 0xffff_ffffn)]
          if (says === 'none') return { packets: [1, 1] }
          return { more: [number(42, low), ...(says === 'both' ? [number(52, high)] : [])] }
        })
        const world = session(...records)
        const grown = world.grown('inputOctets')
        expect(grown <= counted).toBe(true)
        if (updates.every(({ says }) => says === 'both')) expect(grown).toBe(counted)
      }),
      { numRuns: 1_000 },
    )
  })
})
