/**
 * The judge of the mutated packets: a third implementation of RADIUS, on node:crypto and nothing of src/, for any octets.
 *
 * It says whether a packet is well formed and proven, and what is wrong with what the proxy made of it. It does not know what the
 * proxy counted.
 */
import { createHash, createHmac } from 'node:crypto'

export type Attributes = readonly (readonly [type: number, value: Buffer])[]

export interface Parsed {
  readonly code: number
  readonly identifier: number
  readonly authenticator: Buffer
  readonly attributes: Attributes
  /** Without padding. */
  readonly bytes: Buffer
}

const MESSAGE_AUTHENTICATOR = 80
const EAP_MESSAGE = 79
const ZERO = Buffer.alloc(16)

/** The packet, or undefined where its lengths do not hold. */
export function parse(bytes: Buffer): Parsed | undefined {
  if (bytes.length < 20) return undefined
  const length = bytes.readUInt16BE(2)
  if (length < 20 || length > 4_096 || length > bytes.length) return undefined
  const attributes: [number, Buffer][] = []
  for (let at = 20; at < length; ) {
    const size = at + 1 < length ? bytes[at + 1]! : 0
    if (size < 2 || at + size > length) return undefined
    attributes.push([bytes[at]!, bytes.subarray(at + 2, at + size)])
    at += size
  }
  const [code, identifier] = bytes
  return {
    code: code!,
    identifier: identifier!,
    authenticator: bytes.subarray(4, 20),
    attributes,
    bytes: bytes.subarray(0, length),
  }
}

const withAuthenticator = ({ bytes }: Parsed, authenticator: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, 4), authenticator, bytes.subarray(20)])

const hasDigest = (packet: Parsed, standIn: Uint8Array, secret: string): boolean =>
  createHash('md5').update(withAuthenticator(packet, standIn)).update(secret).digest().equals(packet.authenticator)

/** One Message-Authenticator of 16 octets that holds over `standIn`; undefined where there is none. */
function signature(packet: Parsed, standIn: Uint8Array, secret: string): boolean | undefined {
  const found = packet.attributes.filter(([type]) => type === MESSAGE_AUTHENTICATOR)
  if (found.length === 0) return undefined
  const value = found[0]![1]
  if (found.length > 1 || value.length !== 16) return false
  const copy = withAuthenticator(packet, standIn)
  const at = value.byteOffset - packet.bytes.byteOffset
  copy.fill(0, at, at + 16)
  return createHmac('md5', secret).update(copy).digest().equals(value)
}

const hasEap = ({ attributes }: Parsed): boolean => attributes.some(([type]) => type === EAP_MESSAGE)

/** Whether a server that shares `secret` takes this as a request; `signed`: only with Message-Authenticator. */
export function isProvenRequest(packet: Parsed, secret: string, signed: 'signed' | 'maybe unsigned'): boolean {
  const { code, attributes } = packet
  if (attributes.length > 200 || attributes.some(([type]) => type === 0)) return false
  if (code === 4) {
    return hasDigest(packet, ZERO, secret) && signature(packet, ZERO, secret) !== false
  }
  const proof = signature(packet, packet.authenticator, secret)
  if (code === 12) return proof === true
  return code === 1 && (proof ?? (signed === 'maybe unsigned' && !hasEap(packet)))
}

/** Whether who shares `secret` takes this as the response to a request of that code and authenticator. */
export function isProvenResponse(
  packet: Parsed,
  request: { readonly code: number; readonly authenticator: Uint8Array },
  secret: string,
): boolean {
  const fits = request.code === 4 ? packet.code === 5 : [2, 3, 11].includes(packet.code)
  if (!fits || !hasDigest(packet, request.authenticator, secret)) return false
  const proof = signature(packet, request.authenticator, secret)
  if (proof === undefined) return !hasEap(packet)
  return proof || (packet.code === 5 && signature(packet, ZERO, secret) === true)
}

/**
 * Whether these octets show that who shares `secret` has dealt with the request, whatever else they are: the digest holds.
 * With EAP-Message and without Message-Authenticator a response to an Access-Request says nothing (RFC 3579 section 3.2).
 */
export function showsLife(bytes: Buffer, request: Parsed, secret: string): boolean {
  if (bytes.length < 20 || bytes[1] !== request.identifier) return false
  const length = bytes.readUInt16BE(2)
  if (length < 20 || length > 4_096 || length > bytes.length) return false
  const [header, rest] = [bytes.subarray(0, 4), bytes.subarray(20, length)]
  const digest = createHash('md5').update(header).update(request.authenticator).update(rest).update(secret).digest()
  if (!digest.equals(bytes.subarray(4, 20))) return false
  const packet = parse(bytes)
  if (packet === undefined || !(request.code === 4 ? packet.code === 5 : [2, 3, 11].includes(packet.code))) return true
  if (request.code === 4) return true
  return !hasEap(packet) || packet.attributes.some(([type]) => type === MESSAGE_AUTHENTICATOR)
}

const MICROSOFT = 311
/** MS-MPPE-Send-Key, MS-MPPE-Recv-Key. */
const MPPE_KEYS = new Set([16, 17])
/** RFC 2868 section 3.5, RFC 2548 section 2.4.2: what is hidden with salt has the shape that lets a client read it. */
export function isReadable({ attributes }: Parsed): boolean {
  const holds = (length: number): boolean => length >= 18 && (length - 2) % 16 === 0
  return attributes.every(([type, value]) => {
    if (type === 69) return holds(value.length - 1)
    if (type !== 26 || value.length < 6 || value.readUInt32BE(0) !== MICROSOFT) return true
    for (let at = 4; at + 1 < value.length; ) {
      const size = value[at + 1]!
      if (size < 2 || at + size > value.length) return true
      if (MPPE_KEYS.has(value[at]!) && !holds(size - 2)) return false
      at += size
    }
    return true
  })
}

export const startsSigned = ({ attributes }: Parsed): boolean => attributes[0]?.[0] === MESSAGE_AUTHENTICATOR

/** Attributes that may be new on the way to a server: NAS-IP-Address, CHAP-Challenge. */
const ADDED = new Set([4, 60])
/** Values that are hidden with the secret, or may be: the same number of octets stands there, in other words. */
const HIDDEN = new Set([2, 26, 69])

const plain = (attributes: Attributes): Attributes => attributes.filter(([type]) => type !== MESSAGE_AUTHENTICATOR)

/** What is not as it came; undefined where all attributes are there in their order, none changed that must not be. */
export function changed(came: Parsed, left: Parsed, mayAdd: boolean): string | undefined {
  if (came.code !== left.code) return `code ${came.code} became ${left.code}`
  const [before, after] = [plain(came.attributes), plain(left.attributes)]
  const added = after.slice(before.length)
  if (after.length < before.length) return `${before.length} attributes became ${after.length}`
  if (added.length > 0 && !(mayAdd && added.every(([type]) => ADDED.has(type)))) return `type ${added[0]![0]} was added`
  for (const [place, [type, value]] of before.entries()) {
    const [otherType, otherValue] = after[place]!
    const isSame = HIDDEN.has(type) ? value.length === otherValue.length : value.equals(otherValue)
    if (type !== otherType || !isSame) return `attribute ${place} of type ${type} was changed`
  }
  return undefined
}

/** Puts right proof on whatever stands there, as far as it has room for it; `standIn` is what the digest is taken over. */
export function sign(bytes: Buffer, secret: string, standIn: Uint8Array | undefined): void {
  const packet = parse(bytes)
  if (packet === undefined) return
  const over = standIn ?? packet.authenticator
  const value = packet.attributes.find(([type, each]) => type === MESSAGE_AUTHENTICATOR && each.length === 16)?.[1]
  if (value !== undefined) {
    value.fill(0)
    createHmac('md5', secret).update(withAuthenticator(packet, over)).digest().copy(value)
  }
  if (standIn === undefined) return
  const digest = createHash('md5').update(withAuthenticator(packet, standIn)).update(secret).digest()
  digest.copy(bytes, 4)
}

/** RFC 2868 section 3.5: a value hidden with salt, for responses. */
export function salted(value: string, o: { salt: Buffer; authenticator: Uint8Array; secret: string }): Buffer {
  const clear = Buffer.alloc(Math.ceil((value.length + 1) / 16) * 16)
  clear.writeUInt8(value.length, 0)
  clear.write(value, 1)
  let previous: Uint8Array = Buffer.concat([o.authenticator, o.salt])
  const hidden: Buffer[] = [o.salt]
  for (let at = 0; at < clear.length; at += 16) {
    const pad = createHash('md5').update(o.secret).update(previous).digest()
    previous = pad.map((octet, place) => octet ^ clear[at + place]!)
    hidden.push(Buffer.from(previous))
  }
  return Buffer.concat(hidden)
}
