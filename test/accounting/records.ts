/**
 * Accounting records as octets, for tests: numbers, ERX attributes, and the Stop of an MLPPP subscriber that
 * docs/accounting.md shows.
 */
import { Packet, readPacket } from '../../src/radius/packet.ts'
import * as oracle from '../radius/oracle.ts'

export const ERX = 4874

/** A packet with these attributes in this order, its authenticator all zero. */
export const packetWith = (...attributes: oracle.Attribute[]): Packet => {
  const packet = readPacket(oracle.packetOf(4, 7, oracle.ZERO, attributes))
  if (packet instanceof Packet) return packet
  throw new Error(packet)
}

export const number = (type: number, value: number): oracle.Attribute => {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value)
  return [type, octets]
}

/** ERX attributes in one vendor attribute. */
export const erx = (...attributes: oracle.Attribute[]): oracle.Attribute => oracle.vendorAttribute(ERX, ...attributes)

/** 151-156, one vendor attribute each, as the routers send them. */
export const ipv6 = (values: readonly number[]): oracle.Attribute[] =>
  values.map((value, i) => erx(number(151 + i, value)))

/** The Stop of a real MLPPP subscriber: the member link of session 786 in the bundle 787. */
export const MLPPP_STOP: readonly oracle.Attribute[] = [
  oracle.attribute(1, 'user@example.com'),
  number(40, 2),
  oracle.attribute(44, '786'),
  oracle.attribute(50, '787'),
  number(42, 1_068_151_928),
  number(52, 6),
  number(43, 4_268_692_096),
  number(53, 4),
  number(47, 406_636_696),
  number(48, 357_477_811),
  erx(number(42, 0)),
  erx(number(43, 0)),
  ...ipv6([0, 0, 0, 0, 0, 0]),
  number(46, 61_965),
  number(49, 2),
  number(6, 2),
  number(7, 1),
  oracle.attribute(100, 'v6-pool-21'),
  number(45, 1),
  number(41, 0),
  erx(oracle.attribute(56, '0090.1a41.ec2d')),
  number(55, 1_350_622_863),
  [8, Buffer.from([10, 0, 0, 3])],
  [9, Buffer.from([255, 0, 0, 0])],
  oracle.attribute(32, 'kalka'),
  number(5, 306_184_213),
  oracle.attribute(87, 'ge-1/1/9.21:21'),
  number(61, 15),
  [4, Buffer.from([10, 1, 1, 2])],
]
