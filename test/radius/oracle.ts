/**
 * RADIUS once more, on node:crypto: what the tests of `src/radius` compare with. Slow, plain, from the RFCs' text, and
 * without a line in common with the code under test.
 */
import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'

export type Attribute = readonly [type: number, value: Uint8Array]

export const md5Of = (...parts: (Uint8Array | string)[]): Buffer => {
  const hash = createHash('md5')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export const attribute = (type: number, value: Uint8Array | string): Attribute => [type, Buffer.from(value)]

export const vendorAttribute = (vendor: number, ...attributes: readonly Attribute[]): Attribute => {
  const number = Buffer.alloc(4)
  number.writeUInt32BE(vendor)
  return [26, Buffer.concat([number, encodeAttributes(attributes)])]
}

export const encodeAttributes = (attributes: readonly Attribute[]): Buffer =>
  Buffer.concat(attributes.map(([type, value]) => Buffer.concat([Buffer.from([type, value.length + 2]), value])))

export const decodeAttributes = (bytes: Uint8Array, from = 20): Attribute[] => {
  const attributes: Attribute[] = []
  for (let at = from; at < bytes.length; at += bytes[at + 1]!)
    attributes.push([bytes[at]!, Buffer.from(bytes.slice(at + 2, at + bytes[at + 1]!))])
  return attributes
}

/** Code, identifier, length, authenticator, attributes: nothing signed. */
export const packetOf = (
  code: number,
  identifier: number,
  authenticator: Uint8Array,
  attributes: readonly Attribute[],
): Buffer => {
  const body = encodeAttributes(attributes)
  const header = Buffer.from([code, identifier, 0, 0])
  header.writeUInt16BE(20 + body.length, 2)
  return Buffer.concat([header, authenticator, body])
}

export const ZERO = Buffer.alloc(16)
export const messageAuthenticator: Attribute = [80, ZERO]

const withAuthenticator = (packet: Uint8Array, authenticator: Uint8Array): Buffer =>
  Buffer.concat([packet.subarray(0, 4), authenticator, packet.subarray(20)])

/** Where the value of the first attribute of that type stands, -1 where there is none. */
export const valueAt = (packet: Uint8Array, type: number): number => {
  for (let at = 20; at < packet.length; at += packet[at + 1]!) if (packet[at] === type) return at + 2
  return -1
}

const hmacOver = (packet: Uint8Array, standIn: Uint8Array, secret: string): Buffer => {
  const copy = withAuthenticator(packet, standIn)
  copy.fill(0, valueAt(copy, 80), valueAt(copy, 80) + 16)
  return createHmac('md5', secret).update(copy).digest()
}

/** Message-Authenticator, where the packet has one, then the authenticator of every code but 1 and 12. */
export const sign = (packet: Uint8Array, secret: string, requestAuthenticator: Uint8Array = ZERO): Buffer => {
  const signed = Buffer.from(packet)
  const proves = signed[0] === 1 || signed[0] === 12
  const standIn = proves ? signed.subarray(4, 20) : requestAuthenticator
  if (valueAt(signed, 80) !== -1) hmacOver(signed, standIn, secret).copy(signed, valueAt(signed, 80))
  if (!proves) md5Of(withAuthenticator(signed, standIn), secret).copy(signed, 4)
  return signed
}

export const hasValidMessageAuthenticator = (packet: Uint8Array, secret: string, standIn: Uint8Array): boolean => {
  const at = valueAt(packet, 80)
  return hmacOver(packet, standIn, secret).equals(Buffer.from(packet.subarray(at, at + 16)))
}

export const hasValidAuthenticator = (packet: Uint8Array, secret: string, standIn: Uint8Array): boolean =>
  md5Of(withAuthenticator(packet, standIn), secret).equals(Buffer.from(packet.subarray(4, 20)))

/** RFC 2865 section 5.2, RFC 2868 section 3.5: the chain of pads; `first` follows the secret in the first of them. */
const chain = (value: Uint8Array, secret: string, first: Uint8Array, hides: boolean): Buffer => {
  const blocks: Buffer[] = []
  let previous = first
  for (let at = 0; at < value.length; at += 16) {
    const pad = md5Of(secret, previous)
    const input = value.subarray(at, at + 16)
    const output = Buffer.from(input.map((octet, i) => octet ^ pad[i]!))
    blocks.push(output)
    previous = hides ? output : input
  }
  return Buffer.concat(blocks)
}

/** Zeros up to the next sixteen, at least one block. */
export const padded = (value: Uint8Array): Buffer =>
  Buffer.concat([value, Buffer.alloc(Math.max(16, Math.ceil(value.length / 16) * 16) - value.length)])

export const hidePassword = (password: Uint8Array, secret: string, authenticator: Uint8Array): Buffer =>
  chain(padded(password), secret, authenticator, true)
export const openPassword = (hidden: Uint8Array, secret: string, authenticator: Uint8Array): Buffer =>
  chain(hidden, secret, authenticator, false)

/** Salt, then the hidden length octet and value. */
export const hideSalted = (value: Uint8Array, salt: Uint8Array, secret: string, authenticator: Uint8Array): Buffer => {
  const plain = padded(Buffer.concat([Buffer.from([value.length]), value]))
  return Buffer.concat([salt, chain(plain, secret, Buffer.concat([authenticator, salt]), true)])
}
export const openSalted = (hidden: Uint8Array, secret: string, authenticator: Uint8Array): Buffer => {
  const plain = chain(hidden.subarray(2), secret, Buffer.concat([authenticator, hidden.subarray(0, 2)]), false)
  return plain.subarray(1, 1 + plain[0]!)
}

export const octets = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })

/** Types that a proxy has no business with, those of RFC 6929 and ones that nobody has defined among them. */
const OPAQUE_TYPES = [1, 5, 6, 25, 30, 31, 33, 44, 61, 87, 102, 192, 200, 241, 245, 246, 255]

/** Attributes that pass through as they are, vendors' and Proxy-States among them; about 3,500 octets at most. */
export const opaqueAttributes: fc.Arbitrary<Attribute[]> = fc.array(
  fc.oneof(
    fc.tuple(fc.constantFrom(...OPAQUE_TYPES), fc.uint8Array({ maxLength: 60 })),
    fc
      .tuple(fc.constantFrom(9, 2636, 10415, 32473), fc.uint8Array({ maxLength: 50 }))
      .map(([vendor, value]): Attribute => vendorAttribute(vendor, [1, value])),
  ),
  { maxLength: 50 },
)

export const secretText: fc.Arbitrary<string> = fc.string({ minLength: 1, maxLength: 80 })
