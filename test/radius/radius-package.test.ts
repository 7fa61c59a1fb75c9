import radius from 'radius'
import { describe, expect, it } from 'vitest'
import { checkRequest, checkResponse } from '../../src/radius/authenticator.ts'
import { Packet, readPacket } from '../../src/radius/packet.ts'
import { answerForClient, requestForServer } from '../../src/radius/rewrite.ts'
import { Secret } from '../../src/radius/secret.ts'
import * as oracle from './oracle.ts'

const CLIENT = 'secret of the client'
const SERVER = 'the secret of the server'
const sent = Buffer.from('c0ffee00112233445566778899aabbcc', 'hex')

const read = (bytes: Uint8Array): Packet => {
  const packet = readPacket(bytes)
  if (packet instanceof Packet) return packet
  throw new Error(packet)
}
const forServer = (received: Uint8Array): Buffer => {
  const bytes = requestForServer({
    packet: read(received),
    identifier: 77,
    authenticator: sent,
    clientSecret: new Secret(CLIENT),
    serverSecret: new Secret(SERVER),
  })
  if (typeof bytes === 'string') throw new Error(bytes)
  return Buffer.from(bytes)
}
const forClient = (response: Uint8Array, request: Uint8Array): Buffer => {
  const bytes = answerForClient({
    response: read(response),
    sentAuthenticator: sent,
    serverSecret: new Secret(SERVER),
    request: read(request),
    clientSecret: new Secret(CLIENT),
  })
  if (typeof bytes === 'string') throw new Error(bytes)
  return Buffer.from(bytes)
}
/** What the package throws, or undefined. */
const complaintOf = (act: () => unknown): string | undefined => {
  try {
    act()
    return undefined
  } catch (error) {
    return String(error)
  }
}

describe('the radius package as a client and a server on our two sides', () => {
  const request = radius.encode({
    code: 'Access-Request',
    secret: CLIENT,
    identifier: 5,
    attributes: [
      ['User-Name', 'nemo'],
      ['User-Password', 'a password over sixteen octets'],
      ['Proxy-State', Buffer.from('one')],
      ['Proxy-State', Buffer.from('two')],
    ],
    add_message_authenticator: true,
  })

  it('sends a request that verifies here, and takes ours for valid with the password that was sent', () => {
    expect(checkRequest(read(request), 'authentication', new Secret(CLIENT))).toBeUndefined()
    const decoded = radius.decode({ packet: forServer(request), secret: SERVER })
    expect(decoded.identifier).toBe(77)
    expect(decoded.attributes).toMatchObject({
      'User-Name': 'nemo',
      'User-Password': 'a password over sixteen octets',
      'Proxy-State': [Buffer.from('one'), Buffer.from('two')],
    })
  })

  it('answers ours so that it verifies here, and takes our answer for valid', () => {
    const atServer = forServer(request)
    const response = radius.encode_response({
      packet: radius.decode({ packet: atServer, secret: SERVER }),
      code: 'Access-Accept',
      secret: SERVER,
      attributes: [['Reply-Message', 'welcome']],
    })
    expect(checkResponse(read(response), { code: 1, authenticator: sent }, new Secret(SERVER))).toBeUndefined()
    const answer = forClient(response, request)
    expect(radius.verify_response({ request, response: answer, secret: CLIENT })).toBe(true)
    expect(radius.decode({ packet: answer, secret: CLIENT }).attributes).toMatchObject({
      'Reply-Message': 'welcome',
      'Proxy-State': [Buffer.from('one'), Buffer.from('two')],
    })
  })

  it('does the same with accounting', () => {
    const start = radius.encode({
      code: 'Accounting-Request',
      secret: CLIENT,
      identifier: 6,
      attributes: [
        ['Acct-Status-Type', 'Start'],
        ['Acct-Session-Id', 's1'],
      ],
    })
    expect(checkRequest(read(start), 'accounting', new Secret(CLIENT))).toBeUndefined()
    const atServer = forServer(start)
    const decoded = radius.decode({ packet: atServer, secret: SERVER })
    expect(decoded.attributes).toMatchObject({ 'Acct-Status-Type': 'Start', 'Acct-Session-Id': 's1' })
    const response = radius.encode_response({ packet: decoded, code: 'Accounting-Response', secret: SERVER })
    const asked = { code: 4, authenticator: atServer.subarray(4, 20) }
    expect(checkResponse(read(response), asked, new Secret(SERVER))).toBeUndefined()
    const answer = forClient(response, start)
    expect(radius.verify_response({ request: start, response: answer, secret: CLIENT })).toBe(true)
  })
})

describe('why the radius package does not guard the packet path', () => {
  it('accepts an Accounting-Request whose authenticator was changed: it compares text after a lossy decoding', () => {
    const accepted: Buffer[] = []
    const request = oracle.sign(oracle.packetOf(4, 1, oracle.ZERO, [oracle.attribute(44, 's1')]), CLIENT)
    for (let at = 4; at < 20; at += 1)
      for (let flip = 1; flip <= 255; flip += 1) {
        const changed = Buffer.from(request)
        changed[at]! ^= flip
        if (complaintOf(() => radius.decode({ packet: changed, secret: CLIENT })) === undefined) accepted.push(changed)
      }
    expect(accepted.length).toBeGreaterThan(0)
    for (const changed of accepted)
      expect(checkRequest(read(changed), 'accounting', new Secret(CLIENT))).toBe('bad-authenticator')
  })

  it('signs the Message-Authenticator of an Accounting-Request after the authenticator, which then is wrong', () => {
    const request = radius.encode({
      code: 'Accounting-Request',
      secret: CLIENT,
      attributes: [['Acct-Session-Id', 's1']],
      add_message_authenticator: true,
    })
    expect(complaintOf(() => radius.decode({ packet: request, secret: CLIENT }))).toContain('authenticator mismatch')
    expect(checkRequest(read(request), 'accounting', new Secret(CLIENT))).toBe('bad-authenticator')
  })

  it('loses octets: a name that is not UTF-8 is another one after decoding and encoding', () => {
    const name = Buffer.from('6e65ff6d6f', 'hex')
    const request = oracle.packetOf(1, 1, sent, [[1, name]])
    const { attributes } = radius.decode({ packet: request, secret: CLIENT })
    const again = radius.encode({
      code: 'Access-Request',
      secret: SERVER,
      attributes: [['User-Name', attributes['User-Name']]],
    })
    expect(oracle.decodeAttributes(again)[0]![1]).not.toEqual(name)
    expect(oracle.decodeAttributes(forServer(request))[1]![1]).toEqual(name)
  })

  it('cuts a password at its first zero octet', () => {
    const hidden = oracle.hidePassword(Buffer.from('one\0two'), CLIENT, sent)
    const request = oracle.packetOf(1, 1, sent, [[2, hidden]])
    expect(radius.decode({ packet: request, secret: CLIENT }).attributes['User-Password']).toBe('one')
  })

  it('throws on packets that are only odd', () => {
    for (const attribute of [
      oracle.attribute(26, ''),
      oracle.vendorAttribute(0x01_00_00_00, oracle.attribute(1, 'x')),
      [5, Buffer.from([1])] as const,
      [64, Buffer.alloc(0)] as const,
    ]) {
      const request = oracle.packetOf(1, 1, sent, [attribute])
      expect(complaintOf(() => radius.decode_without_secret({ packet: request }))).toBeDefined()
      expect(oracle.decodeAttributes(forServer(request))[1]).toEqual(attribute)
    }
  })

  it('reads an attribute that runs past the end as a shorter one', () => {
    const request = oracle.packetOf(1, 1, sent, [oracle.attribute(1, 'nemo')])
    request[21] = 200
    expect(radius.decode_without_secret({ packet: request }).attributes['User-Name']).toBe('nemo')
    expect(readPacket(request)).toBe('bad-attribute-length')
  })
})
