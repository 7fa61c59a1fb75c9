import { describe, expect, it } from 'vitest'
import { checkRequest, checkResponse } from '../../src/radius/authenticator.ts'
import { Packet, readPacket } from '../../src/radius/packet.ts'
import { Secret } from '../../src/radius/secret.ts'
import * as peer from '../fixtures/peer-packets.ts'
import * as oracle from './oracle.ts'

const SECRET = 'a shared secret'
const secret = new Secret(SECRET)
const AUTHENTICATOR = Buffer.from('5a00112233445566778899aabbccddee', 'hex')
const userName = oracle.attribute(1, 'nemo')
const password: oracle.Attribute = [2, Buffer.alloc(16, 7)]
const chapPassword: oracle.Attribute = [3, Buffer.alloc(17, 7)]
const eapMessage = oracle.attribute(79, 'eap')
const { messageAuthenticator } = oracle

const read = (bytes: Uint8Array): Packet => {
  const packet = readPacket(bytes)
  if (packet instanceof Packet) return packet
  throw new Error(packet)
}
const access = (...attributes: oracle.Attribute[]) =>
  checkRequest(read(oracle.sign(oracle.packetOf(1, 9, AUTHENTICATOR, attributes), SECRET)), 'authentication', secret)
const accounting = (...attributes: oracle.Attribute[]) =>
  checkRequest(read(oracle.sign(oracle.packetOf(4, 9, oracle.ZERO, attributes), SECRET)), 'accounting', secret)
const answer = (requestCode: number, code: number, ...attributes: oracle.Attribute[]) => {
  const bytes = oracle.sign(oracle.packetOf(code, 9, oracle.ZERO, attributes), SECRET, AUTHENTICATOR)
  return checkResponse(read(bytes), { code: requestCode, authenticator: AUTHENTICATOR }, secret)
}

describe('a request', () => {
  it('has one of three codes, each at its own port', () => {
    for (let code = 0; code <= 255; code += 1) {
      const authenticator = code === 4 ? oracle.ZERO : AUTHENTICATOR
      const packet = read(oracle.sign(oracle.packetOf(code, 1, authenticator, [messageAuthenticator]), SECRET))
      const ports = [checkRequest(packet, 'authentication', secret), checkRequest(packet, 'accounting', secret)]
      if (code === 1) expect(ports).toEqual([undefined, 'wrong-port'])
      else if (code === 4) expect(ports).toEqual(['wrong-port', undefined])
      else if (code === 12) expect(ports).toEqual([undefined, undefined])
      else expect(ports).toEqual(['unknown-code', 'unknown-code'])
    }
  })

  it('verifies as radclient signs it', () => {
    const theirs = new Secret(peer.RADCLIENT_SECRET)
    expect(checkRequest(read(peer.RADCLIENT_PAP), 'authentication', theirs)).toBeUndefined()
    expect(checkRequest(read(peer.RADCLIENT_CHAP), 'authentication', theirs)).toBeUndefined()
    expect(checkRequest(read(peer.RADCLIENT_ACCOUNTING), 'accounting', theirs)).toBeUndefined()
    expect(checkRequest(read(peer.RADCLIENT_STATUS), 'authentication', theirs)).toBeUndefined()
    expect(checkRequest(read(peer.RADCLIENT_STATUS), 'accounting', theirs)).toBeUndefined()
  })

  it('does not verify with another secret, where it proves anything', () => {
    expect(checkRequest(read(peer.RADCLIENT_PAP), 'authentication', secret)).toBe('bad-message-authenticator')
    expect(checkRequest(read(peer.RADCLIENT_ACCOUNTING), 'accounting', secret)).toBe('bad-authenticator')
    expect(checkRequest(read(peer.RADCLIENT_STATUS), 'accounting', secret)).toBe('bad-message-authenticator')
    expect(checkRequest(read(peer.RADCLIENT_CHAP), 'authentication', secret)).toBeUndefined()
  })
})

describe('an Access-Request', () => {
  it('passes with each way to prove who the user is, and with none', () => {
    expect(access(userName)).toBeUndefined()
    expect(access(userName, password)).toBeUndefined()
    expect(access(userName, chapPassword)).toBeUndefined()
    expect(access(userName, oracle.attribute(70, 'arap'))).toBeUndefined()
    expect(access(userName, eapMessage, eapMessage, messageAuthenticator)).toBeUndefined()
  })

  it('may not have two of these ways (RFC 3579 section 3.3 note 1)', () => {
    const ways = [password, chapPassword, oracle.attribute(70, 'arap'), eapMessage]
    for (const one of ways)
      for (const other of ways)
        if (one !== other) expect(access(one, other, messageAuthenticator)).toBe('forbidden-attribute')
  })

  it('may have State, User-Password, CHAP-Password and Message-Authenticator once', () => {
    const state = oracle.attribute(24, 'state')
    for (const single of [state, password, chapPassword, messageAuthenticator]) {
      expect(access(single)).toBeUndefined()
      expect(access(single, userName, single)).toBe('forbidden-attribute')
    }
  })

  it('has a User-Password of 16 to 128 octets in sixteens, or is refused', () => {
    for (let length = 0; length <= 253; length += 1) {
      const right = length >= 16 && length <= 128 && length % 16 === 0
      expect(access([2, Buffer.alloc(length)])).toBe(right ? undefined : 'bad-password-length')
    }
  })

  it('may not have EAP-Message without Message-Authenticator', () => {
    expect(access(userName, eapMessage)).toBe('eap-without-message-authenticator')
  })

  it('verifies wherever its Message-Authenticator stands', () => {
    expect(access(messageAuthenticator, userName, password)).toBeUndefined()
    expect(access(userName, messageAuthenticator, password)).toBeUndefined()
    expect(access(userName, password, messageAuthenticator)).toBeUndefined()
  })

  it('is refused where its Message-Authenticator has not 16 octets', () => {
    for (const length of [0, 1, 15, 17, 253]) {
      const packet = read(oracle.packetOf(1, 9, AUTHENTICATOR, [[80, Buffer.alloc(length)]]))
      expect(checkRequest(packet, 'authentication', secret)).toBe('bad-message-authenticator')
    }
  })
})

describe('an Accounting-Request', () => {
  it('verifies with and without Message-Authenticator', () => {
    expect(accounting(userName, [40, Buffer.from([0, 0, 0, 1])])).toBeUndefined()
    expect(accounting(userName, messageAuthenticator)).toBeUndefined()
  })

  it('may not have what RFC 2866 section 5 forbids', () => {
    for (let type = 1; type <= 255; type += 1) {
      if (type === 80) continue
      const forbidden = [2, 3, 18, 24, 79].includes(type)
      expect(accounting([type, Buffer.alloc(16)])).toBe(forbidden ? 'forbidden-attribute' : undefined)
    }
    expect(accounting(messageAuthenticator, messageAuthenticator)).toBe('forbidden-attribute')
  })

  it('is refused where only its authenticator is right, or only its Message-Authenticator', () => {
    const unsigned = oracle.packetOf(4, 9, oracle.ZERO, [userName, messageAuthenticator])
    const signed = oracle.sign(unsigned, SECRET)
    const wrongHmac = Buffer.from(signed)
    wrongHmac[oracle.valueAt(signed, 80)]! ^= 1
    wrongHmac.fill(0, 4, 20)
    oracle.md5Of(wrongHmac, SECRET).copy(wrongHmac, 4)
    expect(oracle.hasValidAuthenticator(wrongHmac, SECRET, oracle.ZERO)).toBe(true)
    expect(checkRequest(read(wrongHmac), 'accounting', secret)).toBe('bad-message-authenticator')
    const wrongDigest = Buffer.from(signed)
    wrongDigest[4]! ^= 1
    expect(checkRequest(read(wrongDigest), 'accounting', secret)).toBe('bad-authenticator')
  })
})

describe('a Status-Server', () => {
  it('must carry exactly one Message-Authenticator', () => {
    const status = (...attributes: oracle.Attribute[]) =>
      checkRequest(
        read(oracle.sign(oracle.packetOf(12, 9, AUTHENTICATOR, attributes), SECRET)),
        'authentication',
        secret,
      )
    expect(status(messageAuthenticator)).toBeUndefined()
    expect(status(oracle.attribute(32, 'nas'), messageAuthenticator)).toBeUndefined()
    expect(status()).toBe('missing-message-authenticator')
    expect(status(messageAuthenticator, messageAuthenticator)).toBe('forbidden-attribute')
  })
})

describe('a response', () => {
  const SIGNED_AS_REQUEST = new Set([1, 12])
  it('has a code that answers its request', () => {
    const fitting = new Map([
      [1, [2, 3, 11]],
      [4, [5]],
      [12, [2, 5]],
    ])
    for (let requestCode = 0; requestCode <= 15; requestCode += 1)
      for (let code = 0; code <= 255; code += 1)
        expect(answer(requestCode, code, userName)).toBe(
          fitting.get(requestCode)?.includes(code)
            ? undefined
            : // The oracle signs requests by their own rules, so as a response they do not verify at all.
              SIGNED_AS_REQUEST.has(code)
              ? 'bad-authenticator'
              : 'unknown-code',
        )
  })

  it('verifies with a Message-Authenticator over the authenticator of its request', () => {
    for (const [requestCode, code] of [
      [1, 2],
      [1, 3],
      [1, 11],
      [4, 5],
      [12, 2],
      [12, 5],
    ] as const)
      expect(answer(requestCode, code, userName, messageAuthenticator)).toBeUndefined()
  })

  it('with EAP-Message must carry Message-Authenticator (RFC 3579 section 3.2)', () => {
    expect(answer(1, 11, eapMessage)).toBe('missing-message-authenticator')
    expect(answer(1, 11, eapMessage, messageAuthenticator)).toBeUndefined()
  })

  it('may carry only one', () => {
    expect(answer(1, 2, messageAuthenticator, messageAuthenticator)).toBe('bad-message-authenticator')
  })

  it('is refused where the authenticator is right and the Message-Authenticator is not', () => {
    const signed = oracle.sign(oracle.packetOf(2, 9, oracle.ZERO, [messageAuthenticator]), SECRET, AUTHENTICATOR)
    signed[22]! ^= 0x80
    AUTHENTICATOR.copy(signed, 4)
    oracle.md5Of(signed, SECRET).copy(signed, 4)
    expect(oracle.hasValidAuthenticator(signed, SECRET, AUTHENTICATOR)).toBe(true)
    const request = { code: 1, authenticator: AUTHENTICATOR }
    expect(checkResponse(read(signed), request, secret)).toBe('bad-message-authenticator')
  })

  it('of FreeRADIUS to an Accounting-Request verifies, whose Message-Authenticator is over zeros', () => {
    const response = read(peer.FREERADIUS_ACCOUNTING_RESPONSE)
    const request = { code: 4, authenticator: peer.FREERADIUS_ACCOUNTING_AUTHENTICATOR }
    expect(oracle.hasValidMessageAuthenticator(response.bytes, peer.FREERADIUS_SECRET, oracle.ZERO)).toBe(true)
    expect(checkResponse(response, request, new Secret(peer.FREERADIUS_SECRET))).toBeUndefined()
    expect(checkResponse(response, request, secret)).toBe('bad-authenticator')
  })

  it('to an Access-Request does not verify with a Message-Authenticator over zeros', () => {
    const signed = oracle.sign(oracle.packetOf(2, 9, oracle.ZERO, [messageAuthenticator]), SECRET, oracle.ZERO)
    AUTHENTICATOR.copy(signed, 4)
    oracle.md5Of(signed, SECRET).copy(signed, 4)
    const request = { code: 1, authenticator: AUTHENTICATOR }
    expect(checkResponse(read(signed), request, secret)).toBe('bad-message-authenticator')
  })
})
