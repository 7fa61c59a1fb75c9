import fc from 'fast-check'
import radius from 'radius'
import { describe, expect, it } from 'vitest'
import { COUNTERS, FIELD, FIELDS, type Field } from '../../../src/accounting/record/fields.ts'
import { RecordView } from '../../../src/accounting/record/record-view.ts'
import { readPacket } from '../../../src/radius/packet.ts'
import { HIDDEN_DICTIONARY } from '../../../src/radius/vendors/hidden-dictionary.ts'
import { VENDOR_DICTIONARY } from '../../../src/radius/vendors/vendor-dictionary.ts'
import * as oracle from '../../radius/oracle.ts'
import { ERX, erx, ipv6, MLPPP_STOP, number, packetWith } from '../records.ts'

radius.load_dictionaries()
radius._load_dictionary(HIDDEN_DICTIONARY)
radius._load_dictionary(VENDOR_DICTIONARY)

const viewOf = (...attributes: oracle.Attribute[]): RecordView => new RecordView().read(packetWith(...attributes))
const text = (view: RecordView, field: Field): string => Buffer.from(view.octets(field)).toString()
const allFields = [...Array(FIELDS).keys()] as Field[]

/** Vendor (0 is the standard space), type, and the name that the radius package has for it. */
const NUMBERS: readonly (readonly [field: Field, vendor: number, type: number, name: string])[] = [
  [FIELD.inputOctets, 0, 42, 'Acct-Input-Octets'],
  [FIELD.outputOctets, 0, 43, 'Acct-Output-Octets'],
  [FIELD.inputGigawords, 0, 52, 'Acct-Input-Gigawords'],
  [FIELD.outputGigawords, 0, 53, 'Acct-Output-Gigawords'],
  [FIELD.inputPackets, 0, 47, 'Acct-Input-Packets'],
  [FIELD.outputPackets, 0, 48, 'Acct-Output-Packets'],
  [FIELD.sessionTime, 0, 46, 'Acct-Session-Time'],
  [FIELD.delayTime, 0, 41, 'Acct-Delay-Time'],
  [FIELD.inputGigapkts, ERX, 42, 'ERX-Input-Gigapkts'],
  [FIELD.outputGigapkts, ERX, 43, 'ERX-Output-Gigapkts'],
  [FIELD.ipv6InputOctets, ERX, 151, 'ERX-IPv6-Acct-Input-Octets'],
  [FIELD.ipv6OutputOctets, ERX, 152, 'ERX-IPv6-Acct-Output-Octets'],
  [FIELD.ipv6InputPackets, ERX, 153, 'ERX-IPv6-Acct-Input-Packets'],
  [FIELD.ipv6OutputPackets, ERX, 154, 'ERX-IPv6-Acct-Output-Packets'],
  [FIELD.ipv6InputGigawords, ERX, 155, 'ERX-IPv6-Acct-Input-Gigawords'],
  [FIELD.ipv6OutputGigawords, ERX, 156, 'ERX-IPv6-Acct-Output-Gigawords'],
]
const TEXTS = [
  [FIELD.userName, 0, 1, 'User-Name'],
  [FIELD.nasIdentifier, 0, 32, 'NAS-Identifier'],
  [FIELD.sessionId, 0, 44, 'Acct-Session-Id'],
  [FIELD.multiSessionId, 0, 50, 'Acct-Multi-Session-Id'],
  [FIELD.bundleName, ERX, 62, 'ERX-MLPPP-Bundle-Name'],
] as const

describe('a view of a record', () => {
  it('reads the Stop of an MLPPP subscriber', () => {
    const view = viewOf(...MLPPP_STOP)
    expect([FIELD.sessionId, FIELD.multiSessionId, FIELD.userName].map((field) => text(view, field))).toEqual([
      '786',
      '787',
      'user@example.com',
    ])
    expect(allFields.slice(0, COUNTERS).map((field) => view.number(field))).toEqual([
      1_068_151_928, 4_268_692_096, 6, 4, 406_636_696, 357_477_811, 0, 0, 0, 0, 0, 0, 0, 0,
    ])
    const { statusType, sessionTime, terminateCause, delayTime, eventTimestamp } = FIELD
    const others = [statusType, sessionTime, terminateCause, delayTime, eventTimestamp]
    expect(others.map((field) => view.number(field))).toEqual([2, 61_965, 2, 0, 1_350_622_863])
    expect(Buffer.from(view.octets(FIELD.nasIpAddress))).toEqual(Buffer.from([10, 1, 1, 2]))
    expect(view.isMemberLink).toBe(true)
    expect([view.damagedVendorAttributes, view.paddedVendorAttributes]).toEqual([0, 0])
    expect(view.has(FIELD.linkCount)).toBe(false)
    expect(view.octets(FIELD.linkCount)).toHaveLength(0)
  })

  it('forgets the packet before', () => {
    const view = viewOf(...MLPPP_STOP, erx(number(42, 1), [0, Buffer.alloc(0)]), oracle.attribute(26, 'x'))
    view.read(packetWith(number(40, 1)))
    expect(allFields.filter((field) => view.has(field))).toEqual([FIELD.statusType])
    expect([view.damagedVendorAttributes, view.paddedVendorAttributes]).toEqual([0, 0])
  })

  it('says where a field stands, a sub-attribute within its vendor attribute', () => {
    const view = viewOf(number(40, 3), erx(number(151, 7), number(42, 9)))
    expect(view.offsetOf(FIELD.statusType)).toBe(20)
    expect(view.offsetOf(FIELD.ipv6InputOctets)).toBe(20 + 6 + 6)
    expect(view.offsetOf(FIELD.inputGigapkts)).toBe(20 + 6 + 6 + 6)
    expect(view.offsetOf(FIELD.ipv6OutputOctets)).toBe(0)
  })

  it('reads several sub-attributes in one vendor attribute as it reads one in each', () => {
    const parts = Array.from({ length: 6 }, (_, i) => number(151 + i, 1_000 + i))
    const apart = viewOf(...ipv6(parts.map((_, i) => 1_000 + i)))
    const together = viewOf(erx(...parts))
    for (const field of allFields) expect(together.number(field)).toBe(apart.number(field))
    expect(together.number(FIELD.ipv6OutputGigawords)).toBe(1_005)
  })

  it('takes the first attribute of a type, and a number only of 4 octets', () => {
    expect(viewOf(number(42, 1), number(42, 2)).number(FIELD.inputOctets)).toBe(1)
    expect(viewOf(erx(number(151, 1)), erx(number(151, 2))).number(FIELD.ipv6InputOctets)).toBe(1)
    for (let length = 0; length <= 9; length += 1) {
      const view = viewOf([42, Buffer.alloc(length, 1)], erx([151, Buffer.alloc(length, 1)]))
      const expected = length === 4 ? 0x01_01_01_01 : undefined
      expect([view.number(FIELD.inputOctets), view.number(FIELD.ipv6InputOctets)]).toEqual([expected, expected])
    }
  })

  it('does not take another vendor for ERX, nor a standard attribute for a vendor one', () => {
    for (const vendor of [2636, 4873, 4875, 0, 0xff_ff_ff_ff]) {
      const view = viewOf(oracle.vendorAttribute(vendor, number(42, 5), number(151, 6)))
      expect(allFields.filter((field) => view.has(field))).toEqual([])
    }
    expect(viewOf(number(151, 5)).has(FIELD.ipv6InputOctets)).toBe(false)
    expect(viewOf(erx(number(52, 5))).has(FIELD.inputGigawords)).toBe(false)
  })
})

describe('a damaged vendor attribute', () => {
  const whole = [number(42, 1), number(43, 2), oracle.attribute(62, 'bundle-1'), number(151, 3)]

  it('is counted, and nothing in it is believed, at every place where its content can be cut', () => {
    const [, content] = erx(...whole)
    const ends = new Set([4 + 6, 4 + 12, 4 + 12 + 10, content.length])
    for (let cut = 0; cut <= content.length; cut += 1) {
      const view = viewOf(number(40, 3), [26, content.subarray(0, cut)], erx(number(156, 9)))
      expect([cut, view.damagedVendorAttributes]).toEqual([cut, ends.has(cut) ? 0 : 1])
      expect(view.has(FIELD.inputGigapkts)).toBe(ends.has(cut))
      expect(view.number(FIELD.ipv6OutputGigawords)).toBe(9)
      expect(view.paddedVendorAttributes).toBe(0)
    }
  })

  it('is found at every length that each of its sub-attributes can claim, unless all add up again', () => {
    const [, content] = erx(...whole)
    const starts = [4, 10, 16, 26]
    for (const start of starts)
      for (let claimed = 0; claimed <= 255; claimed += 1) {
        const changed = Buffer.from(content)
        changed[start + 1] = claimed
        const view = viewOf([26, changed])
        const addsUp = (at: number): boolean =>
          at === changed.length || (at + 2 <= changed.length && changed[at + 1]! >= 2 && addsUp(at + changed[at + 1]!))
        const rest = (at: number): number =>
          at + 2 <= changed.length && changed[at + 1]! >= 2 ? rest(at + changed[at + 1]!) : at
        const isPadded =
          rest(4) > 4 && rest(4) < changed.length && changed.subarray(rest(4)).every((octet) => octet === 0)
        expect([start, claimed, view.damagedVendorAttributes]).toEqual([start, claimed, addsUp(4) || isPadded ? 0 : 1])
      }
  })

  it('may have zeros behind its last sub-attribute: that is padding, and what stands before it is read', () => {
    for (let zeros = 1; zeros <= 8; zeros += 1) {
      const [, content] = erx(...whole)
      const view = viewOf([26, Buffer.concat([content, Buffer.alloc(zeros)])])
      expect([view.damagedVendorAttributes, view.paddedVendorAttributes]).toEqual([0, 1])
      expect(view.number(FIELD.ipv6InputOctets)).toBe(3)
    }
    const onlyZeros = viewOf([26, Buffer.concat([erx()[1], Buffer.alloc(6)])])
    expect([onlyZeros.damagedVendorAttributes, onlyZeros.paddedVendorAttributes]).toEqual([1, 0])
  })

  it('is not looked for in what other vendors put behind their number, as long as there is something', () => {
    const ofVendor = (vendor: number, content: string): oracle.Attribute => {
      const [, number] = oracle.vendorAttribute(vendor)
      return [26, Buffer.concat([number, Buffer.from(content)])]
    }
    expect(viewOf(ofVendor(9, 'free form')).damagedVendorAttributes).toBe(0)
    expect(viewOf(ofVendor(9, '')).damagedVendorAttributes).toBe(1)
    expect(viewOf([26, Buffer.alloc(3)], [26, Buffer.alloc(0)]).damagedVendorAttributes).toBe(2)
  })
})

describe('the label mlppp-member-link', () => {
  const PPP = number(7, 1)
  const multi = oracle.attribute(50, '787')

  it('is for a record that names its bundle, or is PPP with an Acct-Multi-Session-Id', () => {
    expect(viewOf(erx(oracle.attribute(62, 'bundle-1'))).isMemberLink).toBe(true)
    expect(viewOf(PPP, multi).isMemberLink).toBe(true)
    expect(viewOf(multi, PPP).isMemberLink).toBe(true)
  })

  it('is not for PPP alone, nor for the Acct-Multi-Session-Id of a Wi-Fi controller, nor for another protocol', () => {
    expect(viewOf(PPP).isMemberLink).toBe(false)
    expect(viewOf(multi, number(61, 19)).isMemberLink).toBe(false)
    for (const protocol of [0, 2, 3, 4, 5, 6, 7]) expect(viewOf(multi, number(7, protocol)).isMemberLink).toBe(false)
    expect(viewOf(multi, oracle.vendorAttribute(2636, oracle.attribute(62, 'x'))).isMemberLink).toBe(false)
  })
})

describe('the radius package as the oracle', () => {
  type Decoded = Readonly<Record<string, unknown>>
  const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value)
  const decoded = (attributes: readonly oracle.Attribute[]): { standard: Decoded; erx: Decoded } => {
    const packet = oracle.packetOf(4, 1, oracle.ZERO, attributes)
    const standard = radius.decode_without_secret({ packet }).attributes
    return { standard, erx: (standard['Vendor-Specific'] ?? {}) as Decoded }
  }
  const uint32 = fc.oneof(
    fc.nat(),
    fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1),
    fc.integer({ min: 2 ** 31, max: 2 ** 32 - 1 }),
  )
  const someNumber = fc.tuple(fc.constantFrom(...NUMBERS), uint32).map(([[, vendor, type], value]) => ({
    vendor,
    attribute: number(type, value),
  }))
  const someText = fc
    .tuple(fc.constantFrom(...TEXTS), fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme-ascii' }))
    .map(([[, vendor, type], value]) => ({ vendor, attribute: oracle.attribute(type, value) }))
  const groups = fc.array(fc.array(fc.oneof(someNumber, someText), { minLength: 1, maxLength: 4 }), { maxLength: 14 })
  /** ERX attributes that stand together share a vendor attribute; so every way to split them comes up. */
  const laidOut = groups.map((all) =>
    all.flatMap((group) => {
      const own = group.filter(({ vendor }) => vendor === ERX).map(({ attribute }) => attribute)
      const standard = group.filter(({ vendor }) => vendor === 0).map(({ attribute }) => attribute)
      return [...standard, ...(own.length === 0 ? [] : [erx(...own)])]
    }),
  )

  it('reads every layout of numbers and texts as we do', () => {
    fc.assert(
      fc.property(
        laidOut,
        oracle.opaqueAttributes.map((them) => them.filter(([type]) => type > 100 && type !== 26)),
        (attributes, others) => {
          const all = [...attributes, ...others.slice(0, 8)]
          const packet = decoded(all)
          const view = viewOf(...all)
          for (const [field, vendor, , name] of NUMBERS)
            expect(view.number(field)).toBe(first(vendor === ERX ? packet.erx[name] : packet.standard[name]))
          for (const [field, vendor, , name] of TEXTS) {
            const value = first(vendor === ERX ? packet.erx[name] : packet.standard[name])
            expect(view.has(field) ? text(view, field) : undefined).toBe(value)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  const complaintOf = (attributes: readonly oracle.Attribute[]): string => {
    try {
      decoded(attributes)
      return ''
    } catch (error) {
      return String(error)
    }
  }

  it('is wrong where a number is too short (it throws) or too long (it takes the first four octets)', () => {
    expect(complaintOf([[42, Buffer.alloc(3)]])).toContain('outside buffer bounds')
    expect(viewOf([42, Buffer.alloc(3)]).number(FIELD.inputOctets)).toBeUndefined()
    const long = oracle.attribute(42, Buffer.from('0000000500', 'hex'))
    expect(decoded([long]).standard['Acct-Input-Octets']).toBe(5)
    expect(viewOf(long).number(FIELD.inputOctets)).toBeUndefined()
  })

  it('is wrong about a sub-attribute that runs past its vendor attribute: it reads the octets that are there', () => {
    const cut = Buffer.from(erx(number(42, 1), number(151, 0x01_02_03_04))[1])
    cut[11] = 200
    expect(decoded([[26, cut]]).erx['ERX-IPv6-Acct-Input-Octets']).toBe(0x01_02_03_04)
    const view = viewOf([26, cut])
    expect([view.has(FIELD.ipv6InputOctets), view.damagedVendorAttributes]).toEqual([false, 1])
  })

  it('is wrong about padding and vendors without content: it throws, and the whole packet is lost', () => {
    const padded = Buffer.concat([erx(number(42, 1))[1], Buffer.alloc(2)])
    expect(complaintOf([[26, padded]])).toContain('invalid attribute length')
    expect(viewOf([26, padded]).number(FIELD.inputGigapkts)).toBe(1)
    expect(complaintOf([oracle.attribute(26, '')])).not.toBe('')
    expect(viewOf(oracle.attribute(26, ''), number(42, 3)).number(FIELD.inputOctets)).toBe(3)
  })

  it('leaves a uint32 of a newer dictionary as octets, and throws at a vendor of 2^24 and more', () => {
    radius._load_dictionary('VENDOR Newer 64000\nBEGIN-VENDOR Newer\nATTRIBUTE Newer-Octets 1 uint32\nEND-VENDOR Newer')
    const newer = oracle.vendorAttribute(64_000, number(1, 5))
    expect(decoded([newer]).erx['Newer-Octets']).toEqual(Buffer.from([0, 0, 0, 5]))
    const high = oracle.vendorAttribute(2 ** 24, number(42, 5))
    expect(complaintOf([high])).toContain('Invalid vendor id')
    expect(viewOf(high, number(42, 3)).number(FIELD.inputOctets)).toBe(3)
  })

  it('gives numbers a name where we want the number', () => {
    expect(decoded([number(40, 2), number(7, 1)]).standard).toMatchObject({
      'Acct-Status-Type': 'Stop',
      'Framed-Protocol': 'PPP',
    })
    const view = viewOf(number(40, 2), number(7, 1))
    expect([view.number(FIELD.statusType), view.number(FIELD.framedProtocol)]).toEqual([2, 1])
  })

  it('is never followed into a throw: any octets that are a packet can be read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
        const header = Buffer.from([4, 1, 0, 0])
        header.writeUInt16BE(20 + body.length, 2)
        const packet = readPacket(Buffer.concat([header, oracle.ZERO, body]))
        if (typeof packet === 'string') return
        const view = new RecordView().read(packet)
        for (const field of allFields) {
          view.number(field)
          expect(view.offsetOf(field) === 0).toBe(!view.has(field))
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
