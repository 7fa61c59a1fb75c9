import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DirectionFigures, type Figures, figuresOf } from '../../../src/accounting/record/figures.ts'
import { RecordView } from '../../../src/accounting/record/record-view.ts'
import * as oracle from '../../radius/oracle.ts'
import { erx, ipv6, MLPPP_STOP, number, packetWith } from '../records.ts'

const figures = (...attributes: oracle.Attribute[]): Figures =>
  figuresOf(new RecordView().read(packetWith(...attributes)))
const input = (...attributes: oracle.Attribute[]): DirectionFigures => figures(...attributes).input
const UNKNOWN: DirectionFigures = {
  octets: undefined,
  packets: undefined,
  ipv4Octets: undefined,
  ipv4Packets: undefined,
  ipv6Octets: undefined,
  ipv6Packets: undefined,
}
const uint32 = fc.oneof(fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1), fc.integer({ min: 0, max: 2 ** 32 - 1 }))

describe('the figures of a record', () => {
  it('are whole for the Stop of an MLPPP subscriber, its families unknown', () => {
    expect(figures(...MLPPP_STOP)).toEqual({
      input: { ...UNKNOWN, octets: 26_837_955_704n, packets: 406_636_696n },
      output: { ...UNKNOWN, octets: 21_448_561_280n, packets: 357_477_811n },
    })
  })

  it('are unknown where they are not in the record, a high half without its low one included', () => {
    expect(figures(number(40, 1))).toEqual({ input: UNKNOWN, output: UNKNOWN })
    expect(figures(number(52, 6), erx(number(42, 1)), erx(number(155, 1)))).toEqual({ input: UNKNOWN, output: UNKNOWN })
    expect(input(number(42, 7))).toEqual({ ...UNKNOWN, octets: 7n })
  })

  it('are exact up to 2^64 - 1, where a double is not', () => {
    fc.assert(
      fc.property(uint32, uint32, uint32, uint32, (low, high, packetsLow, packetsHigh) => {
        const { output } = figures(
          number(43, low),
          number(53, high),
          number(48, packetsLow),
          erx(number(43, packetsHigh)),
        )
        expect(output.octets).toBe((BigInt(high) << 32n) | BigInt(low))
        expect(output.packets).toBe((BigInt(packetsHigh) << 32n) | BigInt(packetsLow))
      }),
    )
    expect(input(number(42, 2 ** 32 - 1), number(52, 2 ** 32 - 1)).octets).toBe(2n ** 64n - 1n)
  })

  it('have IPv4 as what the IPv6 part leaves of the aggregate', () => {
    fc.assert(
      fc.property(uint32, uint32, uint32, uint32, (low, high, ipv6Low, ipv6High) => {
        const octets = (BigInt(high) << 32n) | BigInt(low)
        const part = (BigInt(ipv6High) << 32n) | BigInt(ipv6Low)
        const read = input(number(42, low), number(52, high), erx(number(151, ipv6Low), number(155, ipv6High)))
        expect(read.ipv6Octets).toBe(part)
        expect(read.ipv4Octets).toBe(part > octets ? undefined : octets - part)
      }),
    )
  })

  it('have no IPv6 packets once the aggregate has reached 2^32, for there is no IPv6 Gigapkts', () => {
    const packets = (low: number, high: number): DirectionFigures =>
      input(number(47, low), erx(number(42, high)), erx(number(153, 5)))
    expect(packets(2 ** 32 - 1, 0)).toMatchObject({ ipv6Packets: 5n, ipv4Packets: 2n ** 32n - 6n })
    expect(packets(0, 1)).toMatchObject({ packets: 2n ** 32n, ipv6Packets: undefined, ipv4Packets: undefined })
    expect(input(erx(number(153, 5)))).toEqual(UNKNOWN)
  })

  it('keep a zero that is real: of a link without a bundle, and of a Wi-Fi session', () => {
    const wifi = [oracle.attribute(50, '787'), number(61, 19), number(42, 100), ...ipv6([0, 0, 0, 0, 0, 0])]
    expect(input(...wifi)).toMatchObject({ octets: 100n, ipv6Octets: 0n, ipv4Octets: 100n })
    const ppp = [number(7, 1), number(42, 100), number(47, 3), ...ipv6([0, 0, 0, 0, 0, 0])]
    expect(input(...ppp)).toMatchObject({ ipv6Octets: 0n, ipv4Octets: 100n, ipv6Packets: 0n, ipv4Packets: 3n })
  })

  it('believe a member link that says more than zero in any of the six', () => {
    const link = [oracle.attribute(50, '787'), number(7, 1), number(42, 100), number(47, 3)]
    expect(input(...link, ...ipv6([0, 0, 0, 0, 0, 0])).ipv6Octets).toBeUndefined()
    for (let i = 0; i < 6; i += 1) {
      const values = [0, 0, 0, 0, 0, 0].with(i, 1)
      expect(input(...link, ...ipv6(values)).ipv6Octets).toBe(i === 0 ? 1n : i === 4 ? 2n ** 32n : 0n)
    }
  })
})
