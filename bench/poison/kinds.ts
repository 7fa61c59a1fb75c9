/**
 * The kinds of odd requests. Each is right in one way and odd in another. Most are signed, as any client can send them; some are
 * not, or are what no server reads.
 *
 * Packets are made with the second implementation of RADIUS (test/e2e/kit/wire.ts), which shares no code with the proxy.
 */
import { createHash, randomBytes } from 'node:crypto'
import { SILENT_REALM, SILENT_SESSION } from '../../test/e2e/kit/raddb.ts'
import {
  type Attribute,
  accessRequest,
  accountingRequest,
  CODE,
  MESSAGE_AUTHENTICATOR,
  TYPE,
} from '../../test/e2e/kit/wire.ts'

export interface Kind {
  readonly name: string
  readonly class: 'authentication' | 'accounting'
  /** Without proof: it has to come from an address that never sent any, or it is dropped for that. */
  readonly isUnsigned?: boolean
  /** Two serials make two requests that are no copies of each other. */
  readonly build: (identifier: number, serial: number) => Buffer
}

interface Maker {
  readonly secret: string
}

const EAP = 79
const MICROSOFT = 311

/** All of them, in an order that never changes. */
export const poisonKinds = (secret: string): Kind[] => {
  const by = { secret }
  return [
    ...everyType(by),
    ...vendorShapes(by),
    ...eapShapes(by),
    ...passwordShapes(by),
    ...statusShapes(by),
    ...repeated(by),
    ...codes(by),
    ...refusedByServers(by),
    ...torn(by),
    ...silentOnPurpose(by),
  ]
}

const access = (by: Maker, name: string, ...attributes: Attribute[]): Kind => ({
  name: `access ${name}`,
  class: 'authentication',
  build: (identifier, serial) =>
    accessRequest({
      ...by,
      identifier,
      attributes: [MESSAGE_AUTHENTICATOR, [TYPE.userName, `odd ${serial}`], ...attributes],
    }),
})

const unsigned = (by: Maker, name: string, ...attributes: Attribute[]): Kind => ({
  name: `access unsigned ${name}`,
  class: 'authentication',
  isUnsigned: true,
  build: (identifier, serial) =>
    accessRequest({ ...by, identifier, attributes: [[TYPE.userName, `odd ${serial}`], ...attributes] }),
})

const record = (by: Maker, name: string, ...attributes: Attribute[]): Kind => ({
  name: `record ${name}`,
  class: 'accounting',
  build: (identifier, serial) =>
    accountingRequest({ ...by, identifier, attributes: [[TYPE.acctSessionId, `odd ${serial}`], ...attributes] }),
})

const START: Attribute = [TYPE.acctStatusType, 1]
const filled = (length: number, octet = 0x41): Buffer => Buffer.alloc(length, octet)
const times = (count: number, one: Attribute): Attribute[] => Array.from({ length: count }, () => one)

/** Each attribute there can be, empty, of one octet, and as long as it gets. */
function everyType(by: Maker): Kind[] {
  const kinds: Kind[] = []
  for (let type = 1; type <= 255; type += 1) {
    if (type === TYPE.messageAuthenticator) continue
    for (const length of [0, 1, 253]) kinds.push(access(by, `type ${type} of ${length}`, [type, filled(length)]))
    for (const length of [0, 253]) kinds.push(record(by, `type ${type} of ${length}`, START, [type, filled(length)]))
  }
  return kinds
}

const vendorAttribute = (vendor: number, content: Uint8Array): Attribute => {
  const number = Buffer.alloc(4)
  number.writeUInt32BE(vendor)
  return [26, Buffer.concat([number, content])]
}

const packed = (vendor: number, count: number, length = 1): Attribute =>
  vendorAttribute(
    vendor,
    Buffer.concat(Array.from({ length: count }, () => [Buffer.of(1, length + 2), filled(length)]).flat()),
  )

const VENDORS = [0, 9, MICROSOFT, 429, 4846, 8164, 10_415, 24_757, 99_999, 0x0100_0009]
const SHAPES: readonly (readonly [name: string, content: Buffer])[] = [
  ['nothing', Buffer.alloc(0)],
  ['one octet', Buffer.of(1)],
  ['a length of 0', Buffer.of(1, 0, 65)],
  ['a length of 1', Buffer.of(1, 1, 65)],
  ['a length past the end', Buffer.of(1, 9, 65)],
  ['a type of 0', Buffer.of(0, 3, 65)],
  ['an empty value', Buffer.of(1, 2)],
  ['a tail', Buffer.of(1, 3, 65, 7)],
  ['the longest value', Buffer.concat([Buffer.of(1, 249), filled(247)])],
  ['noise', filled(249, 0xff)],
]

function vendorShapes(by: Maker): Kind[] {
  const kinds = VENDORS.flatMap((vendor) =>
    SHAPES.flatMap(([name, content]) => {
      const attribute = vendorAttribute(vendor, content)
      return [
        access(by, `vendor ${vendor} with ${name}`, attribute),
        record(by, `vendor ${vendor} with ${name}`, START, attribute),
      ]
    }),
  )
  const cut = [0, 1, 2, 3].map((length) => access(by, `vendor attribute of ${length}`, [26, filled(length)]))
  const many = VENDORS.map((vendor) =>
    access(by, `vendor ${vendor}, 120 values packed`, ...times(2, packed(vendor, 60))),
  )
  return [...kinds, ...cut, ...many]
}

function eapShapes(by: Maker): Kind[] {
  const eap = (name: string, ...parts: Uint8Array[]): Kind =>
    access(by, `EAP ${name}`, ...parts.map((part): Attribute => [EAP, part]))
  const packet = (code: number, length: number, ...data: number[]): Buffer =>
    Buffer.of(code, 1, length >> 8, length & 255, ...data)
  return [
    ...[0, 1, 2, 3, 4, 5, 6, 253].map((length) => eap(`of ${length}`, filled(length, 2))),
    ...[0, 1, 2, 3, 4, 5, 255].map((code) => eap(`code ${code}`, packet(code, 6, 1, 65))),
    ...[0, 1, 3, 4, 7, 1_020, 65_535].map((length) => eap(`length ${length} of 6`, packet(2, length, 1, 65))),
    ...[0, 1, 2, 3, 4, 6, 13, 21, 25, 26, 43, 52, 254, 255].map((type) =>
      eap(`type ${type} without State`, packet(2, 6, type, 65)),
    ),
    ...[2, 3, 15].map((parts) => eap(`in ${parts} parts`, ...Array.from({ length: parts }, () => filled(253, 2)))),
    eap('in parts of one octet', ...[...packet(2, 6, 1, 65)].map((octet) => Buffer.of(octet))),
    eap('in parts, some empty', packet(2, 6, 1), Buffer.alloc(0), Buffer.of(65)),
    access(by, 'EAP in parts with another attribute between', [EAP, packet(2, 6, 1)], [25, 'c'], [EAP, Buffer.of(65)]),
    access(by, 'EAP with a State that nobody gave', [TYPE.state, filled(16)], [EAP, packet(2, 6, 13, 0)]),
    access(by, 'EAP with an empty State', [TYPE.state, ''], [EAP, packet(2, 6, 13, 0)]),
    access(by, 'EAP and User-Password', [TYPE.userPassword, filled(16)], [EAP, packet(2, 6, 1, 65)]),
    access(by, 'EAP and CHAP-Password', [3, filled(17)], [EAP, packet(2, 6, 1, 65)]),
    access(by, 'EAP and ARAP-Password', [70, filled(16)], [EAP, packet(2, 6, 1, 65)]),
    unsigned(by, 'EAP', [EAP, packet(2, 6, 1, 65)]),
    record(by, 'with EAP', START, [EAP, packet(2, 6, 1, 65)]),
  ]
}

function passwordShapes(by: Maker): Kind[] {
  const microsoft = (type: number, length: number): Attribute =>
    vendorAttribute(MICROSOFT, Buffer.concat([Buffer.of(type, length + 2), filled(length)]))
  const lengths = [0, 1, 15, 16, 17, 32, 128, 129, 144, 253]
  return [
    ...lengths.map((length) => access(by, `User-Password of ${length}`, [TYPE.userPassword, filled(length)])),
    ...[0, 1, 16, 17, 18, 253].flatMap((length) =>
      [undefined, 0, 1, 16, 253].map((challenge) =>
        access(
          by,
          `CHAP-Password of ${length}, challenge of ${challenge ?? 'none'}`,
          [3, filled(length)],
          ...(challenge === undefined ? [] : [[60, filled(challenge)] as const]),
        ),
      ),
    ),
    ...[0, 1, 49, 50, 51, 240].flatMap((length) =>
      [0, 8, 16, 240].flatMap((challenge) =>
        [1, 25].map((type) =>
          access(
            by,
            `MS-CHAP ${type} of ${length}, challenge of ${challenge}`,
            microsoft(11, challenge),
            microsoft(type, length),
          ),
        ),
      ),
    ),
    access(by, 'User-Password and CHAP-Password', [TYPE.userPassword, filled(16)], [3, filled(17)]),
  ]
}

function statusShapes(by: Maker): Kind[] {
  const status = (name: string, value: Uint8Array | number): Kind =>
    record(by, `Acct-Status-Type ${name}`, [TYPE.acctStatusType, value])
  return [
    ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 16, 255, 0xffff_ffff].map((value) => status(String(value), value)),
    ...[0, 1, 2, 3, 5, 8, 253].map((length) => status(`of ${length}`, filled(length))),
    record(by, 'without Acct-Status-Type'),
    record(by, 'twice Acct-Status-Type', START, [TYPE.acctStatusType, 2]),
    record(by, 'with a delay of 2^32 - 1', START, [TYPE.acctDelayTime, 0xffff_ffff]),
    record(by, 'with a moment of 2^32 - 1', START, [TYPE.eventTimestamp, 0xffff_ffff]),
    record(by, 'with a moment of 0', START, [TYPE.eventTimestamp, 0]),
    {
      name: 'record without an attribute',
      class: 'accounting',
      build: (identifier) => accountingRequest({ ...by, identifier, attributes: [] }),
    },
    record(by, 'signed twice over', MESSAGE_AUTHENTICATOR, START),
  ]
}

/** One attribute several times: those of which there should be one, and those of which there may be many. */
function repeated(by: Maker): Kind[] {
  const types = [1, 2, 3, 4, 5, 6, 8, 11, 18, 24, 25, 30, 31, 32, 33, 44, 55, 61, 87, 95, 241, 245]
  return types.flatMap((type) =>
    [2, 20].flatMap((count) => {
      const attributes = times(count, [type, type === 2 ? filled(16) : filled(4)])
      return [
        access(by, `${count} of type ${type}`, ...attributes),
        record(by, `${count} of type ${type}`, START, ...attributes),
      ]
    }),
  )
}

function codes(by: Maker): Kind[] {
  const numbers = [0, 2, 3, 5, 6, 7, 10, 11, 13, 14, 21, 26, 40, 41, 43, 44, 51, 52, 255]
  const withCode = (code: number, identifier: number, serial: number): Buffer =>
    accessRequest({ ...by, identifier, attributes: [MESSAGE_AUTHENTICATOR, [TYPE.userName, `odd ${serial}`]] }, code)
  return [
    ...(['authentication', 'accounting'] as const).flatMap((port) =>
      numbers.map(
        (code): Kind => ({
          name: `code ${code} on the port of ${port}`,
          class: port,
          build: (identifier, serial) => withCode(code, identifier, serial),
        }),
      ),
    ),
    { ...access(by, 'on the port of accounting'), class: 'accounting' },
    { ...record(by, 'on the port of authentication', START), class: 'authentication' },
    {
      name: 'Status-Server with odd attributes',
      class: 'authentication',
      build: (identifier) =>
        accessRequest(
          { ...by, identifier, attributes: [MESSAGE_AUTHENTICATOR, [2, 'x'], [EAP, 'x']] },
          CODE.statusServer,
        ),
    },
  ]
}

/** What every server drops unread. */
function refusedByServers(by: Maker): Kind[] {
  const CLASS: Attribute = [25, 'c']
  return [
    ...[0, 1, 253].flatMap((length) => [
      access(by, `type 0 of ${length}`, [0, filled(length)]),
      unsigned(by, `type 0 of ${length}`, [0, filled(length)]),
      record(by, `type 0 of ${length}`, START, [0, filled(length)]),
    ]),
    ...[197, 198, 199, 200, 1_000].flatMap((count) => [
      access(by, `${count + 2} attributes`, ...times(count, CLASS)),
      unsigned(by, `${count + 1} attributes`, ...times(count, CLASS)),
      record(by, `${count + 2} attributes`, START, ...times(count, CLASS)),
    ]),
    unsigned(by, 'CHAP and 198 attributes', [3, filled(17)], ...times(196, CLASS)),
    unsigned(by, 'CHAP and 199 attributes', [3, filled(17)], ...times(197, CLASS)),
    access(by, '2,000 empty attributes', ...times(2_000, [25, ''])),
    ...VENDORS.flatMap((vendor) => [
      unsigned(by, `vendor ${vendor}, 246 values packed`, ...times(3, packed(vendor, 82))),
      record(by, `vendor ${vendor}, 246 values packed`, START, ...times(3, packed(vendor, 82))),
      record(by, `vendor ${vendor}, 369 empty values packed`, START, ...times(3, packed(vendor, 123, 0))),
    ]),
    access(by, 'two Message-Authenticators', MESSAGE_AUTHENTICATOR),
    ...[16, 17, 19].map(
      (length): Kind => ({
        name: `access with a Message-Authenticator attribute of ${length}`,
        class: 'authentication',
        build: (identifier) => {
          const bytes = accessRequest({
            ...by,
            identifier,
            attributes: [
              [TYPE.userName, 'odd'],
              [81, filled(length - 2)],
            ],
          })
          bytes[25] = TYPE.messageAuthenticator
          return bytes
        },
      }),
    ),
  ]
}

/** Lengths that lie, and proof that does not hold. */
function torn(by: Maker): Kind[] {
  const whole = (identifier: number): Buffer =>
    accessRequest({ ...by, identifier, attributes: [MESSAGE_AUTHENTICATOR, [TYPE.userName, 'odd']] })
  const written = (name: string, change: (bytes: Buffer) => Buffer): Kind => ({
    name: `access ${name}`,
    class: 'authentication',
    build: (identifier) => change(whole(identifier)),
  })
  const lengthOf = (bytes: Buffer, length: number): Buffer => {
    bytes.writeUInt16BE(length, 2)
    return bytes
  }
  return [
    ...[2, 19].map((length) => written(`of ${length} octets`, (bytes) => bytes.subarray(0, length))),
    ...[0, 19, 20, 21, 44, 4_097, 65_535].map((length) =>
      written(`that says ${length}`, (bytes) => lengthOf(bytes, length)),
    ),
    ...[4_097, 8_000].map((length) =>
      written(`with padding to ${length}`, (bytes) => Buffer.concat([bytes, filled(length - bytes.length)])),
    ),
    written('changed under its signature', (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.of(0)])),
    access(by, 'of 4,096 octets', ...longest(4_096 - 20 - 18)),
    unsigned(by, 'of 4,096 octets', ...longest(4_096 - 20)),
    { ...record({ secret: 'another' }, 'with another secret', START) },
    {
      name: 'access without an attribute',
      class: 'authentication',
      isUnsigned: true,
      build: (identifier) => accessRequest({ ...by, identifier, attributes: [], authenticator: randomBytes(16) }),
    },
    {
      name: 'access without an attribute, authenticator 0',
      class: 'authentication',
      isUnsigned: true,
      build: (identifier) => accessRequest({ ...by, identifier, attributes: [], authenticator: Buffer.alloc(16) }),
    },
  ]
}

/** Attributes that fill what a User-Name of 7 octets and a digit or more leaves of `octets`; a little less is no matter. */
const longest = (octets: number): Attribute[] => {
  const left = octets - 12
  const last = left % 255
  return [...times(Math.floor(left / 255), [25, filled(253)]), ...(last > 2 ? [[25, filled(last - 2)] as const] : [])]
}

/** What a server reads, and does not answer. */
function silentOnPurpose(by: Maker): Kind[] {
  return [
    {
      name: 'access of a realm whose server is dead',
      class: 'authentication',
      build: (identifier, serial) =>
        accessRequest({
          ...by,
          identifier,
          attributes: [MESSAGE_AUTHENTICATOR, [TYPE.userName, `user-${serial}@${SILENT_REALM}`]],
        }),
    },
    {
      name: 'record on which the server ends in noop',
      class: 'accounting',
      build: (identifier, serial) =>
        accountingRequest({
          ...by,
          identifier,
          attributes: [START, [TYPE.acctSessionId, `${SILENT_SESSION}-${serial}`], [TYPE.userName, digest(serial)]],
        }),
    },
  ]
}

const digest = (serial: number): string => createHash('md5').update(String(serial)).digest('hex')
