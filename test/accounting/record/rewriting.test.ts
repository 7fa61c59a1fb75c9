/**
 * A rewritten record changes only what is named: judged attribute by attribute, with lists of attributes that this test
 * changes by itself.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type RecordChanges, rewrittenRecord } from '../../../src/accounting/record/rewriting.ts'
import type { Packet } from '../../../src/radius/packet.ts'
import * as oracle from '../../radius/oracle.ts'
import { erx, ipv6, MLPPP_STOP, number, packetWith } from '../records.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

const rewritten = (packet: Packet, changes: RecordChanges): Packet => rewrittenRecord(packet, changes).packet
const hexOf = (packet: Packet): string => Buffer.from(packet.bytes).toString('hex')
/** What a list of attributes becomes, as hex, header included. */
const becomes = (attributes: readonly oracle.Attribute[], changes: RecordChanges): string =>
  hexOf(rewritten(packetWith(...attributes), changes))
const asIs = (...attributes: readonly oracle.Attribute[]): string => hexOf(packetWith(...attributes))

const SWAP: RecordChanges = { swapDirections: true }
const DROP: RecordChanges = { dropIpv6Zeros: true }

describe('Acct-Delay-Time', () => {
  it('gets its value where it stands', () => {
    const record = [number(40, 1), number(41, 3), oracle.attribute(44, 'a')]
    expect(becomes(record, { delay: 8 })).toBe(asIs(number(40, 1), number(41, 8), oracle.attribute(44, 'a')))
  })

  it('is added at the end where it is not there', () => {
    expect(becomes([number(40, 1)], { delay: 8 })).toBe(asIs(number(40, 1), number(41, 8)))
  })

  it('stays where it is no number, and is not added where the packet would be too long', () => {
    const odd = packetWith(oracle.attribute(41, 'abc'))
    expect(rewrittenRecord(odd, { delay: 8 }).took).toEqual([])
    const full = Array.from({ length: 15 }, () => oracle.attribute(25, Buffer.alloc(253)))
    const to = (length: number) => packetWith(...full, oracle.attribute(25, Buffer.alloc(length - 20 - 15 * 255 - 2)))
    expect(rewritten(to(4_090), { delay: 8 }).length).toBe(4_096)
    expect(rewrittenRecord(to(4_091), { delay: 8 })).toMatchObject({ took: [], leftOut: ['acct_delay_time'] })
  })

  it('never says more than 32 bits can', () => {
    expect(becomes([number(41, 0xffff_fff0)], { delay: 0x1_0000_0010 })).toBe(asIs(number(41, 0xffff_ffff)))
  })
})

describe('Gigawords', () => {
  it('are added where a counter wrapped and the record has none', () => {
    const record = [number(42, 7), number(43, 9)]
    expect(becomes(record, { gigawords: { input: 2, output: 1 } })).toBe(asIs(...record, number(52, 2), number(53, 1)))
    expect(becomes(record, { gigawords: { input: 0, output: 1 } })).toBe(asIs(...record, number(53, 1)))
    expect(rewrittenRecord(packetWith(...record), { gigawords: { input: 0, output: 0 } }).took).toEqual([])
  })

  it('stay as they are where the client sent them', () => {
    const record = [number(42, 7), number(52, 5), number(43, 9)]
    expect(becomes(record, { gigawords: { input: 2, output: 1 } })).toBe(asIs(...record, number(53, 1)))
  })

  it('go to the other direction together with the counter that they belong to', () => {
    const changes = { gigawords: { input: 2, output: 0 }, swapDirections: true }
    expect(becomes([number(42, 7), number(43, 9)], changes)).toBe(asIs(number(43, 7), number(42, 9), number(53, 2)))
  })
})

describe('directions', () => {
  it('are swapped in the standard attributes and in those of ERX, in one vendor attribute or in several', () => {
    const pairs = [
      [42, 43],
      [151, 152],
      [153, 154],
      [155, 156],
    ]
    const standard = [number(42, 1), number(43, 2), number(47, 3), number(48, 4), number(52, 5), number(53, 6)]
    const swapped = [number(43, 1), number(42, 2), number(48, 3), number(47, 4), number(53, 5), number(52, 6)]
    const before = pairs.flatMap(([one, other], i) => [number(one!, i), number(other!, 100 + i)])
    const then = pairs.flatMap(([one, other], i) => [number(other!, i), number(one!, 100 + i)])
    expect(becomes([...standard, erx(...before)], SWAP)).toBe(asIs(...swapped, erx(...then)))
    expect(
      becomes(
        before.map((one) => erx(one)),
        SWAP,
      ),
    ).toBe(asIs(...then.map((one) => erx(one))))
  })

  it('stay in attributes of other vendors, and in one of ERX that is damaged', () => {
    const others = [oracle.vendorAttribute(2636, number(42, 1), number(151, 2))]
    const damaged: oracle.Attribute = [26, Buffer.from([0, 0, 0x13, 0x0a, 42, 7, 0, 0, 0, 1])]
    expect(rewrittenRecord(packetWith(...others, damaged), SWAP).took).toEqual([])
  })
})

describe('the IPv6 zeros of a member link', () => {
  const link = [oracle.attribute(50, '787'), number(7, 1)]

  it('go, with their vendor attributes, and the rest of the record stays', () => {
    const isZero = ([type, value]: oracle.Attribute): boolean => type === 26 && value[4]! >= 151 && value[4]! <= 156
    expect(becomes(MLPPP_STOP, DROP)).toBe(asIs(...MLPPP_STOP.filter((one) => !isZero(one))))
  })

  it('go out of a vendor attribute that holds something else, whose padding stays', () => {
    const mixed = erx(number(151, 0), number(42, 5), number(152, 0))
    const withPadding: oracle.Attribute = [26, Buffer.concat([Buffer.from(mixed[1]), Buffer.alloc(3)])]
    const left = erx(number(42, 5))
    expect(becomes([...link, withPadding], DROP)).toBe(
      asIs(...link, [26, Buffer.concat([Buffer.from(left[1]), Buffer.alloc(3)])]),
    )
  })

  it('all stay where one of them is not zero, and where the record is no member link', () => {
    expect(rewrittenRecord(packetWith(...link, ...ipv6([0, 0, 0, 0, 0, 1])), DROP).took).toEqual([])
    expect(rewrittenRecord(packetWith(...link, ...ipv6([0]), ...ipv6([7])), DROP).took).toEqual([])
    expect(rewrittenRecord(packetWith(number(7, 1), ...ipv6([0, 0, 0, 0, 0, 0])), DROP).took).toEqual([])
    expect(rewrittenRecord(packetWith(...link, number(42, 1)), DROP).took).toEqual([])
  })
})

const counter = fc.constantFrom(41, 42, 43, 46, 47, 48, 50, 52, 53)
const sub = fc
  .tuple(fc.constantFrom(42, 43, 62, 150, 151, 152, 153, 154, 155, 156, 157), fc.constantFrom(0, 0, 1, 0xffff_ffff))
  .map(([type, value]) => number(type, value))
const vendor = fc
  .tuple(fc.constantFrom(4874, 4874, 2636), fc.array(sub, { minLength: 1, maxLength: 8 }), fc.constantFrom(0, 0, 2))
  .map(([id, subs, padding]): oracle.Attribute => {
    const [type, value] = oracle.vendorAttribute(id, ...subs)
    return [type, Buffer.concat([Buffer.from(value), Buffer.alloc(padding)])]
  })
const damaged = oracle.octets(9).map((value): oracle.Attribute => [26, value])
const standard = fc.tuple(counter, fc.nat()).map(([type, value]) => number(type, value))
const layouts = fc.array(fc.oneof(standard, vendor, damaged, fc.constant(number(7, 1))), { maxLength: 20 })
const changes: fc.Arbitrary<RecordChanges> = fc.record({
  delay: fc.option(fc.nat(), { nil: undefined }),
  gigawords: fc.option(fc.record({ input: fc.nat(3), output: fc.nat(3) }), { nil: undefined }),
  dropIpv6Zeros: fc.boolean(),
})

describe('for any layout of attributes', () => {
  it('rewriting a second time changes nothing more', () => {
    fc.assert(
      fc.property(layouts, changes, (attributes, how) => {
        const once = rewritten(packetWith(...attributes), how)
        expect(hexOf(rewritten(once, how))).toBe(hexOf(once))
      }),
    )
  })

  it('swapping directions twice is what it was, and changes no value', () => {
    fc.assert(
      fc.property(layouts, (attributes) => {
        const packet = packetWith(...attributes)
        const swapped = rewritten(packet, SWAP)
        expect(swapped.length).toBe(packet.length)
        expect(hexOf(rewritten(swapped, SWAP))).toBe(hexOf(packet))
      }),
    )
  })

  it('what is not named stays, in its order', () => {
    const named = new Set([41, 42, 43, 47, 48, 52, 53, 26])
    const others = (packet: Packet): string[] =>
      oracle
        .decodeAttributes(packet.bytes)
        .filter(([type]) => !named.has(type))
        .map(([type, value]) => `${type} ${Buffer.from(value).toString('hex')}`)
    fc.assert(
      fc.property(layouts, changes, fc.boolean(), (attributes, how, swapDirections) => {
        const packet = packetWith(...attributes)
        const written = rewritten(packet, { ...how, swapDirections })
        expect(others(written)).toEqual(others(packet))
        expect(Buffer.from(written.bytes.subarray(4, 20))).toEqual(oracle.ZERO)
      }),
    )
  })

  it('takes nothing where nothing is asked for', () => {
    fc.assert(fc.property(layouts, (attributes) => rewrittenRecord(packetWith(...attributes), {}).took.length === 0))
  })
})
