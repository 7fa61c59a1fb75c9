import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isBeyondRate, isGreater, isPacketSizeImpossible } from '../../../src/accounting/record/impossible.ts'

/** Halves of 32 bits, the edges often. */
const half = fc.oneof(fc.constantFrom(0, 1, 19, 20, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1), fc.nat(2 ** 32 - 1))
const whole = (high: number, low: number): bigint => (BigInt(high) << 32n) | BigInt(low)

/** Acct-Session-Time, unknown at times. */
const seconds = fc.oneof(fc.constantFrom(undefined, 0, 1), fc.nat(10_000_000), fc.nat(2 ** 32 - 1))
/** A handshake, then an echo and its answer a second; a record that says no time may be of a day. */
const control = (time: number | undefined): bigint => 100n + 2n * BigInt(time ?? 86_400)

describe('figures that can not be true', () => {
  it('are found exactly as with whole numbers of any size', () => {
    fc.assert(
      fc.property(half, half, half, half, seconds, (octetsHigh, octetsLow, packetsHigh, packetsLow, time) => {
        const octets = whole(octetsHigh, octetsLow)
        const packets = whole(packetsHigh, packetsLow)
        const impossible = octets < 20n * (packets - control(time)) || octets > 65_535n * (packets + 10n)
        expect(isPacketSizeImpossible(octetsHigh, octetsLow, packetsHigh, packetsLow, time)).toBe(impossible)
        expect(isGreater(octetsHigh, octetsLow, packetsHigh, packetsLow)).toBe(octets > packets)
      }),
      { numRuns: 2_000 },
    )
  })

  it('are told apart to the octet at both edges, for any count of packets', () => {
    fc.assert(
      fc.property(half, half, seconds, fc.boolean(), (high, low, time, isSmall) => {
        const packets = whole(high, low)
        const octets = isSmall ? (packets - control(time)) * 20n : (packets + 10n) * 65_535n
        fc.pre(octets > 0n && octets < 2n ** 64n - 1n)
        const at = (figure: bigint): boolean =>
          isPacketSizeImpossible(Number(figure >> 32n), Number(figure & 0xffff_ffffn), high, low, time)
        expect([at(octets), at(isSmall ? octets - 1n : octets + 1n)]).toEqual([false, true])
      }),
    )
  })

  it('need more than a port carries in the time and one second, where a rate is given', () => {
    expect([isBeyondRate(2_000, 1, 8_000), isBeyondRate(2_001, 1, 8_000)]).toEqual([false, true])
    expect(isBeyondRate(Number.MAX_SAFE_INTEGER, 0, 0)).toBe(false)
  })
})
