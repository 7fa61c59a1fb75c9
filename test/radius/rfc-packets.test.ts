import { describe, expect, it } from 'vitest'
import { checkRequest, checkResponse } from '../../src/radius/authenticator.ts'
import { Packet, readPacket } from '../../src/radius/packet.ts'
import { answerForClient, requestForServer } from '../../src/radius/rewrite.ts'
import { Secret } from '../../src/radius/secret.ts'
import { statusServerAnswer, statusServerProbe } from '../../src/radius/status-server.ts'
import * as rfc from '../fixtures/rfc-packets.ts'
import * as oracle from './oracle.ts'

const secret = new Secret(rfc.RFC_SECRET)
const serverSecret = new Secret('another secret')
const sent = Uint8Array.from({ length: 16 }, (_, i) => i * 16 + 1)

const read = (bytes: Uint8Array): Packet => {
  const packet = readPacket(bytes)
  if (packet instanceof Packet) return packet
  throw new Error(packet)
}
const forward = (bytes: Uint8Array): Uint8Array => {
  const rewritten = requestForServer({
    packet: read(bytes),
    identifier: 77,
    authenticator: sent,
    clientSecret: secret,
    serverSecret,
  })
  if (typeof rewritten === 'string') throw new Error(rewritten)
  return rewritten
}
const toRequest = (bytes: Uint8Array) => ({ code: bytes[0]!, authenticator: bytes.subarray(4, 20) })

describe('the packets of RFC 2865 section 7', () => {
  it('are valid requests to an authentication port', () => {
    for (const request of [rfc.TELNET_REQUEST, rfc.CHAP_REQUEST, rfc.CHALLENGED_REQUEST, rfc.RESPONDING_REQUEST])
      expect(checkRequest(read(request), 'authentication', secret)).toBeUndefined()
  })

  it('are valid answers to their own requests and to no other', () => {
    const pairs = [
      [rfc.TELNET_REQUEST, rfc.TELNET_ACCEPT],
      [rfc.CHAP_REQUEST, rfc.CHAP_ACCEPT],
      [rfc.CHALLENGED_REQUEST, rfc.CHALLENGE],
      [rfc.RESPONDING_REQUEST, rfc.REJECT],
    ] as const
    for (const [i, [request]] of pairs.entries())
      for (const [j, [, response]] of pairs.entries())
        expect(checkResponse(read(response), toRequest(request), secret)).toBe(
          i === j ? undefined : 'bad-authenticator',
        )
  })

  it('keep their passwords on the way to a server with another secret', () => {
    const passwords = [
      [rfc.TELNET_REQUEST, 'arctangent'],
      [rfc.CHALLENGED_REQUEST, 'challenge'],
      [rfc.RESPONDING_REQUEST, '99101462'],
    ] as const
    for (const [request, password] of passwords) {
      const at = oracle.valueAt(forward(request), 2)
      const hidden = forward(request).subarray(at, at + 16)
      const opened = oracle.openPassword(hidden, 'another secret', sent)
      expect(opened.toString('latin1')).toBe(password.padEnd(16, '\0'))
    }
  })

  it('keep the CHAP challenge of section 7.2, which was the authenticator', () => {
    const attributes = oracle.decodeAttributes(forward(rfc.CHAP_REQUEST))
    expect(attributes.map(([type]) => type)).toEqual([80, 1, 3, 4, 5, 6, 7, 60])
    const challenge = attributes.at(-1)![1]
    expect(Buffer.from(challenge)).toEqual(Buffer.from(rfc.CHAP_REQUEST.subarray(4, 20)))
    const [, response] = attributes[2]!
    expect(Buffer.from(response.subarray(1))).toEqual(oracle.md5Of(response.subarray(0, 1), 'arctangent', challenge))
  })

  it('keep State and Reply-Message of the challenge on the way back', () => {
    const answer = answerForClient({
      response: read(rfc.CHALLENGE),
      sentAuthenticator: rfc.CHALLENGED_REQUEST.subarray(4, 20),
      serverSecret: secret,
      request: read(rfc.CHALLENGED_REQUEST),
      clientSecret: new Secret('of the client'),
    })
    if (typeof answer === 'string') throw new Error(answer)
    expect(oracle.decodeAttributes(answer).slice(1)).toEqual(oracle.decodeAttributes(rfc.CHALLENGE))
    const authenticator = rfc.CHALLENGED_REQUEST.subarray(4, 20)
    expect(oracle.hasValidMessageAuthenticator(answer, 'of the client', authenticator)).toBe(true)
    expect(oracle.hasValidAuthenticator(answer, 'of the client', authenticator)).toBe(true)
  })
})

describe('the packets of RFC 5997 section 6', () => {
  it('are a valid Status-Server and its Access-Accept on an authentication port', () => {
    expect(checkRequest(read(rfc.STATUS_AUTHENTICATION_REQUEST), 'authentication', secret)).toBeUndefined()
    const request = toRequest(rfc.STATUS_AUTHENTICATION_REQUEST)
    expect(checkResponse(read(rfc.STATUS_AUTHENTICATION_ANSWER), request, secret)).toBeUndefined()
  })

  it('have an accounting answer that verifies with code 5 and not with the 2 that is printed', () => {
    expect(checkRequest(read(rfc.STATUS_ACCOUNTING_REQUEST), 'accounting', secret)).toBeUndefined()
    const request = toRequest(rfc.STATUS_ACCOUNTING_REQUEST)
    const printed = rfc.STATUS_ACCOUNTING_ANSWER_AS_PRINTED
    expect(checkResponse(read(printed), request, secret)).toBe('bad-authenticator')
    const meant = Uint8Array.from([5, ...printed.subarray(1)])
    expect(checkResponse(read(meant), request, secret)).toBeUndefined()
  })

  it('are what we send and answer ourselves', () => {
    const authentication = rfc.STATUS_AUTHENTICATION_REQUEST
    const probe = statusServerProbe({ identifier: 0xda, authenticator: authentication.subarray(4, 20), secret })
    expect(Buffer.from(probe)).toEqual(Buffer.from(authentication))
    const answer = statusServerAnswer(read(rfc.STATUS_ACCOUNTING_REQUEST), 'accounting', secret)
    const meant = Buffer.from(rfc.STATUS_ACCOUNTING_ANSWER_AS_PRINTED)
    meant[0] = 5
    expect(Buffer.from(answer)).toEqual(meant)
  })
})
