/**
 * Datagrams of clients and servers for the engine's tests, made and judged with the oracle of test/radius: nothing
 * here shares a line with the code under test.
 *
 * Every request carries a tag (User-Name, or Acct-Session-Id where a record names no session) that survives the way to
 * the server, so a test can say which request it sees there.
 */
import {
  type Attribute,
  attribute,
  decodeAttributes,
  hasValidAuthenticator,
  hasValidMessageAuthenticator,
  hidePassword,
  md5Of,
  messageAuthenticator,
  packetOf,
  sign,
  valueAt,
  ZERO,
} from '../radius/oracle.ts'

export const CLIENT_SECRET = 'the clients share this'
export const SERVER_SECRET = 'the servers share that'

export const CODE = {
  accessRequest: 1,
  accept: 2,
  reject: 3,
  accountingRequest: 4,
  accountingResponse: 5,
  challenge: 11,
  statusServer: 12,
} as const

/** Acct-Status-Type, RFC 2866 section 5.1. */
export const STATUS = { start: 1, stop: 2, interim: 3, on: 7 } as const

export const number = (type: number, value: number): Attribute => {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value)
  return [type, octets]
}

export interface AccessOptions {
  readonly tag: string
  readonly identifier: number
  /** Two requests of one client with different serials have different authenticators. */
  readonly serial: number
  readonly state?: string | undefined
  readonly password?: string | undefined
  /** CHAP-Password instead of User-Password. */
  readonly chap?: boolean | undefined
  /** EAP-Message instead of User-Password; signed unless said otherwise. */
  readonly eap?: boolean | undefined
  /** Carries Message-Authenticator. */
  readonly signed?: boolean | undefined
  readonly proxyStates?: readonly string[] | undefined
  readonly attributes?: readonly Attribute[] | undefined
  readonly secret?: string | undefined
}

export const accessRequest = (o: AccessOptions): Buffer => {
  const secret = o.secret ?? CLIENT_SECRET
  const authenticator = md5Of(`authenticator ${o.serial}`)
  const way: Attribute = o.eap
    ? attribute(79, Buffer.from([2, 1, 0, 5, 1]))
    : o.chap
      ? attribute(3, Buffer.concat([Buffer.from([7]), md5Of('chap')]))
      : [2, hidePassword(Buffer.from(o.password ?? 'sesame'), secret, authenticator)]
  const isSigned = o.signed ?? o.eap ?? false
  const packet = packetOf(CODE.accessRequest, o.identifier, authenticator, [
    attribute(1, o.tag),
    way,
    ...(o.state === undefined ? [] : [attribute(24, o.state)]),
    ...(o.proxyStates ?? []).map((text) => attribute(33, text)),
    ...(o.attributes ?? []),
    ...(isSigned ? [messageAuthenticator] : []),
  ])
  return sign(packet, secret)
}

export interface AccountingOptions {
  readonly tag: string
  /** Acct-Session-Id, for a record that is one of several of a session; the tag is its User-Name then. */
  readonly session?: string | undefined
  readonly identifier: number
  readonly status?: number | undefined
  /** Acct-Delay-Time, in seconds. */
  readonly delay?: number | undefined
  /** Event-Timestamp, in seconds. */
  readonly eventAt?: number | undefined
  readonly proxyStates?: readonly string[] | undefined
  readonly attributes?: readonly Attribute[] | undefined
  readonly signed?: boolean | undefined
  readonly secret?: string | undefined
}

export const accountingRequest = (o: AccountingOptions): Buffer =>
  sign(
    packetOf(CODE.accountingRequest, o.identifier, ZERO, [
      number(40, o.status ?? STATUS.start),
      ...(o.session === undefined ? [attribute(44, o.tag)] : [attribute(1, o.tag), attribute(44, o.session)]),
      ...(o.eventAt === undefined ? [] : [number(55, o.eventAt)]),
      ...(o.delay === undefined ? [] : [number(41, o.delay)]),
      ...(o.proxyStates ?? []).map((text) => attribute(33, text)),
      ...(o.attributes ?? []),
      ...(o.signed ? [messageAuthenticator] : []),
    ]),
    o.secret ?? CLIENT_SECRET,
  )

export const statusServer = (o: { readonly identifier: number; readonly secret?: string }): Buffer =>
  sign(
    packetOf(CODE.statusServer, o.identifier, md5Of(`status ${o.identifier}`), [messageAuthenticator]),
    o.secret ?? CLIENT_SECRET,
  )

export interface ResponseOptions {
  readonly code?: number | undefined
  readonly attributes?: readonly Attribute[] | undefined
  readonly state?: string | undefined
  readonly signed?: boolean | undefined
  readonly secret?: string | undefined
}

/** What a server answers to the request that it received: the Proxy-States come back in order (RFC 2865 section 5.33). */
export const responseTo = (request: Uint8Array, o: ResponseOptions = {}): Buffer => {
  const code = o.code ?? (request[0] === CODE.accountingRequest ? CODE.accountingResponse : CODE.accept)
  const proxyStates = decodeAttributes(request).filter(([type]) => type === 33)
  const authenticator = request.subarray(4, 20)
  const packet = packetOf(code, request[1]!, authenticator, [
    ...(o.signed ? [messageAuthenticator] : []),
    ...(o.state === undefined ? [] : [attribute(24, o.state)]),
    ...(o.attributes ?? []),
    ...proxyStates,
  ])
  return sign(packet, o.secret ?? SERVER_SECRET, authenticator)
}

/** The request's tag, read where it stands. */
export const tagOf = (bytes: Uint8Array): string => {
  const userName = valueAt(bytes, 1)
  const at = userName === -1 ? valueAt(bytes, 44) : userName
  return at === -1 ? '' : Buffer.from(bytes.subarray(at, at + bytes[at - 1]! - 2)).toString()
}

/** Whether `answer` is signed as the answer to exactly this request of a client with this secret. */
export const answers = (answer: Uint8Array, request: Uint8Array, secret = CLIENT_SECRET): boolean => {
  const authenticator = request.subarray(4, 20)
  if (answer[1] !== request[1] || !hasValidAuthenticator(answer, secret, authenticator)) return false
  return valueAt(answer, 80) === -1 || hasValidMessageAuthenticator(answer, secret, authenticator)
}

/** The values of all attributes of a type, as text, in order. */
export const valuesOf = (bytes: Uint8Array, type: number): string[] =>
  decodeAttributes(bytes)
    .filter(([found]) => found === type)
    .map(([, value]) => Buffer.from(value).toString())

/** Octets that throw when they are read: what a fault of our own looks like from outside. */
export const throwing = (bytes: Buffer): Buffer =>
  new Proxy(bytes, {
    get: (target, key) => {
      if (key === 'subarray' || key === '0') throw new Error('planted')
      const value = Reflect.get(target, key, target) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
