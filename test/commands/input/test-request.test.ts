import fc from 'fast-check'
import radius from 'radius'
import { describe, expect, it } from 'vitest'
import { type TestRequest, testRequest } from '../../../src/commands/input/test-request.ts'
import { Secret } from '../../../src/radius/secret.ts'

const SECRET = 'between send and server'
const request = (o: Partial<TestRequest>): Buffer => {
  const bytes = testRequest({
    what: 'auth',
    user: 'alice',
    password: 'wonderland',
    secret: new Secret(SECRET),
    identifier: 42,
    authenticator: Uint8Array.from({ length: 16 }, (_, i) => 17 * i),
    ...o,
  })
  if ('problem' in bytes) throw new Error(bytes.problem)
  return Buffer.from(bytes)
}

/** The independent package verifies authenticators and Message-Authenticators of requests, and opens passwords. */
const decoded = (packet: Buffer) => radius.decode({ packet, secret: SECRET })

describe('a test request', () => {
  it('is an Access-Request that the radius package verifies and opens', () => {
    const { code, identifier, attributes } = decoded(request({}))
    expect([code, identifier]).toEqual(['Access-Request', 42])
    expect(attributes).toMatchObject({ 'User-Name': 'alice', 'User-Password': 'wonderland' })
  })

  it('has Message-Authenticator first, against BlastRADIUS', () => {
    expect(request({})[20]).toBe(80)
  })

  it('is an Accounting-Request whose authenticator verifies', () => {
    const { code, attributes } = decoded(request({ what: 'acct' }))
    expect(code).toBe('Accounting-Request')
    expect(attributes).toMatchObject({ 'User-Name': 'alice', 'Acct-Status-Type': 'Start' })
  })

  it('is a Status-Server whose Message-Authenticator verifies', () => {
    expect(decoded(request({ what: 'status' })).code).toBe('Status-Server')
  })

  it('carries passwords of every length up to 128 octets', () => {
    for (let length = 1; length <= 128; length += 1) {
      const password = 'x'.repeat(length)
      expect(decoded(request({ password })).attributes['User-Password']).toBe(password)
    }
  })

  it('carries any user name and password without a zero octet', () => {
    const text = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }).filter((s) => !s.includes('\0'))
    const carried = (packet: Buffer, key: string): string => String(decoded(packet).attributes[key])
    fc.assert(
      fc.property(text, text, (user, password) => {
        fc.pre(Buffer.byteLength(password) <= 128)
        // The package stops at a block's end in the middle of a character; compare what it can decode.
        fc.pre(Buffer.byteLength(password) <= 16)
        expect(carried(request({ user, password }), 'User-Name')).toBe(Buffer.from(user).toString('utf8'))
        expect(carried(request({ user, password }), 'User-Password')).toBe(Buffer.from(password).toString('utf8'))
      }),
    )
  })

  it('refuses what a packet cannot carry', () => {
    expect(() => request({ password: 'x'.repeat(129) })).toThrow('128')
    expect(() => request({ user: 'x'.repeat(254) })).toThrow('253')
  })
})
