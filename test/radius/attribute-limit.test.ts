/**
 * The limit on attributes counts what FreeRADIUS 3.2.1 counts; the rows were tried against it (test/e2e/poison.test.ts
 * sends the same shapes to it).
 */
import { describe, expect, it } from 'vitest'
import { attributesToAdd, hasTooManyAttributes } from '../../src/radius/attribute-limit.ts'
import { Packet, readPacket } from '../../src/radius/packet.ts'
import { type Attribute, attribute, packetOf, ZERO } from './oracle.ts'

const read = (attributes: readonly Attribute[], code = 4): Packet => {
  const packet = readPacket(packetOf(code, 1, ZERO, attributes))
  if (!(packet instanceof Packet)) throw new Error(packet)
  return packet
}
const times = (count: number, one: Attribute): Attribute[] => Array.from({ length: count }, () => one)
const packed = (vendor: number, count: number, length: number, ...tail: number[]): Attribute => {
  const number = Buffer.alloc(4)
  number.writeUInt32BE(vendor)
  const value = Buffer.concat([Buffer.of(1, length + 2), Buffer.alloc(length, 65)])
  return attribute(26, Buffer.concat([number, ...Array.from({ length: count }, () => value), Buffer.from(tail)]))
}
const CLASS = attribute(25, 'c')
const EMPTY = attribute(25, '')

/** What, the attributes, and how many of them FreeRADIUS counts. */
const ROWS: readonly (readonly [what: string, attributes: readonly Attribute[], counted: number])[] = [
  ['attributes as they stand', times(200, CLASS), 200],
  ['empty ones too', times(200, EMPTY), 200],
  ['values that a vendor attribute packs', times(3, packed(9, 82, 1)), 246],
  ['values of a vendor that nobody knows', times(3, packed(99_999, 82, 1)), 246],
  ['both together', [...times(2, packed(9, 82, 1)), ...times(36, CLASS)], 200],
  ['no empty values of a vendor', times(3, packed(9, 123, 0)), 3],
  ['values that do not add up as one', times(3, packed(9, 82, 1, 1)), 3],
  ['a vendor of more than 24 bits as one', times(3, packed(0x0100_0009, 82, 1)), 3],
  ['a vendor with a format of its own as one', times(3, packed(8164, 82, 1)), 3],
  ['a vendor attribute without a value as one', times(200, packed(9, 0, 0)), 200],
]

describe('the limit on attributes', () => {
  it.each(ROWS)('counts %s', (_what, attributes, counted) => {
    const packet = read(attributes)
    expect(hasTooManyAttributes(packet, counted)).toBe(false)
    expect(hasTooManyAttributes(packet, counted - 1)).toBe(true)
    expect(hasTooManyAttributes(packet, counted, 1)).toBe(true)
    expect(hasTooManyAttributes(packet, counted + 2, 2)).toBe(false)
  })

  it('is none where it is 0', () => {
    expect(hasTooManyAttributes(read(times(2_000, EMPTY)), 0)).toBe(false)
  })

  it('counts what an Access-Request has to get: Message-Authenticator, and the challenge of CHAP', () => {
    const [signature, password, challenge] = [attribute(80, ZERO), attribute(3, Buffer.alloc(17)), attribute(60, ZERO)]
    const toAdd = (attributes: readonly Attribute[], code?: number): number => attributesToAdd(read(attributes, code))
    expect(toAdd([], 1)).toBe(1)
    expect(toAdd([signature], 1)).toBe(0)
    expect(toAdd([password], 1)).toBe(2)
    expect(toAdd([signature, password], 1)).toBe(1)
    expect(toAdd([signature, password, challenge], 1)).toBe(0)
    expect(toAdd([])).toBe(0)
  })
})
