/**
 * RADIUS on the wire, written a second time for the tests, on node:crypto and nothing of src/.
 *
 * Small and slow on purpose: an oracle that shares code with what it judges judges nothing. It builds requests and
 * responses, signs them, and verifies what comes back.
 *
 *     0        1        2                 4                        20
 *     | code   | id     | length          | authenticator (16)     | attributes: type, length, value ...
 */
import { createHash, createHmac, randomBytes } from 'node:crypto'

export const CODE = {
  accessRequest: 1,
  accessAccept: 2,
  accessReject: 3,
  accountingRequest: 4,
  accountingResponse: 5,
  accessChallenge: 11,
  statusServer: 12,
} as const

export const TYPE = {
  userName: 1,
  userPassword: 2,
  nasIpAddress: 4,
  replyMessage: 18,
  state: 24,
  proxyState: 33,
  acctStatusType: 40,
  acctDelayTime: 41,
  acctSessionId: 44,
  eventTimestamp: 55,
  messageAuthenticator: 80,
} as const

export type Attribute = readonly [type: number, value: Uint8Array | string | number]

export interface Message {
  readonly code: number
  readonly identifier: number
  readonly authenticator: Buffer
  readonly attributes: readonly (readonly [type: number, value: Buffer])[]
  readonly bytes: Buffer
}

const octets = (value: Uint8Array | string | number): Buffer => {
  if (typeof value !== 'number') return Buffer.from(value)
  const four = Buffer.alloc(4)
  four.writeUInt32BE(value)
  return four
}

const assemble = (code: number, identifier: number, authenticator: Uint8Array, attributes: readonly Attribute[]) => {
  const body = attributes.map(([type, value]) => {
    const bytes = octets(value)
    return Buffer.concat([Buffer.of(type, bytes.length + 2), bytes])
  })
  const packet = Buffer.concat([Buffer.alloc(4), authenticator, ...body])
  packet.writeUInt8(code, 0)
  packet.writeUInt8(identifier, 1)
  packet.writeUInt16BE(packet.length, 2)
  return packet
}

/** Puts the HMAC of RFC 2869 section 5.14 into the packet's Message-Authenticator, where there is one. */
const sealMessageAuthenticator = (packet: Buffer, secret: string): void => {
  const at = offsetOf(packet, TYPE.messageAuthenticator)
  if (at === undefined) return
  packet.fill(0, at + 2, at + 18)
  createHmac('md5', secret)
    .update(packet)
    .digest()
    .copy(packet, at + 2)
}

const offsetOf = (packet: Buffer, type: number): number | undefined => {
  for (let at = 20; at + 2 <= packet.length; at += Math.max(2, packet[at + 1]!)) if (packet[at] === type) return at
  return undefined
}

const md5 = (...parts: (Uint8Array | string)[]): Buffer => {
  const hash = createHash('md5')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export interface RequestOptions {
  readonly secret: string
  readonly identifier: number
  readonly attributes: readonly Attribute[]
  readonly authenticator?: Uint8Array
}

export const MESSAGE_AUTHENTICATOR: Attribute = [TYPE.messageAuthenticator, new Uint8Array(16)]

/** An Access-Request or Status-Server; a Message-Authenticator among the attributes is filled in. */
export const accessRequest = (options: RequestOptions, code: number = CODE.accessRequest): Buffer => {
  const packet = assemble(code, options.identifier, options.authenticator ?? randomBytes(16), options.attributes)
  sealMessageAuthenticator(packet, options.secret)
  return packet
}

/** RFC 2866 section 3: the authenticator is the digest over the packet with sixteen zero octets in its place. */
export const accountingRequest = (options: RequestOptions): Buffer => {
  const packet = assemble(CODE.accountingRequest, options.identifier, Buffer.alloc(16), options.attributes)
  sealMessageAuthenticator(packet, options.secret)
  md5(packet, options.secret).copy(packet, 4)
  return packet
}

/** RFC 2865 section 5.2, for a password of at most 16 octets. */
export const hiddenPassword = (password: string, authenticator: Uint8Array, secret: string): Buffer => {
  const padded = Buffer.alloc(16)
  padded.write(password)
  const pad = md5(secret, authenticator)
  return padded.map((octet, index) => octet ^ pad[index]!) as Buffer
}

/** Decrypts a User-Password of at most 16 octets. */
export const shownPassword = (hidden: Uint8Array, authenticator: Uint8Array, secret: string): string => {
  const pad = md5(secret, authenticator)
  return Buffer.from(hidden.map((octet, index) => octet ^ pad[index]!))
    .toString()
    .replace(/\0+$/, '')
}

/** A PAP request as most clients send it since BlastRADIUS: Message-Authenticator first. */
export const papRequest = (options: {
  readonly secret: string
  readonly identifier: number
  readonly user: string
  readonly password?: string
  readonly more?: readonly Attribute[]
}): Buffer => {
  const authenticator = randomBytes(16)
  return accessRequest({
    ...options,
    authenticator,
    attributes: [
      MESSAGE_AUTHENTICATOR,
      [TYPE.userName, options.user],
      [TYPE.userPassword, hiddenPassword(options.password ?? 'secret', authenticator, options.secret)],
      [TYPE.nasIpAddress, Uint8Array.of(192, 0, 2, 7)],
      ...(options.more ?? []),
    ],
  })
}

/** A response to `request`: Message-Authenticator over the request's authenticator, then RFC 2865 section 3. */
export const response = (options: {
  readonly secret: string
  readonly request: Pick<Message, 'identifier' | 'authenticator'>
  readonly code: number
  readonly attributes?: readonly Attribute[]
}): Buffer => {
  const { request, secret } = options
  const packet = assemble(options.code, request.identifier, request.authenticator, options.attributes ?? [])
  sealMessageAuthenticator(packet, secret)
  md5(packet, secret).copy(packet, 4)
  return packet
}

/** Takes a packet apart; throws where it is not one. */
export const readMessage = (bytes: Buffer): Message => {
  const length = bytes.readUInt16BE(2)
  if (length < 20 || length > bytes.length) throw new Error(`a packet of length ${length} in ${bytes.length} octets`)
  const attributes: [number, Buffer][] = []
  for (let at = 20; at < length; at += bytes[at + 1]!) {
    if (bytes[at + 1]! < 2 || at + bytes[at + 1]! > length) throw new Error(`a broken attribute at octet ${at}`)
    attributes.push([bytes[at]!, bytes.subarray(at + 2, at + bytes[at + 1]!)])
  }
  return {
    code: bytes[0]!,
    identifier: bytes[1]!,
    authenticator: bytes.subarray(4, 20),
    attributes,
    bytes: bytes.subarray(0, length),
  }
}

/** Is this the answer to a request with that authenticator, by who knows the secret? */
export const responseVerifies = (answer: Message, requestAuthenticator: Uint8Array, secret: string): boolean => {
  const head = answer.bytes.subarray(0, 4)
  const expected = md5(head, requestAuthenticator, answer.bytes.subarray(20), secret)
  if (!expected.equals(answer.authenticator)) return false
  const at = offsetOf(answer.bytes, TYPE.messageAuthenticator)
  if (at === undefined) return true
  const zeroed = Buffer.concat([head, requestAuthenticator, answer.bytes.subarray(20)])
  zeroed.fill(0, at + 2, at + 18)
  return createHmac('md5', secret)
    .update(zeroed)
    .digest()
    .equals(answer.bytes.subarray(at + 2, at + 18))
}

export const attributeOf = (message: Message, type: number): Buffer | undefined =>
  message.attributes.find(([each]) => each === type)?.[1]
