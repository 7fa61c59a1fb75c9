import { describe, expect, it } from 'vitest'
import { admit, claimOf, type Knock, tokenOf, type Way } from '../../src/admin/gate.ts'
import type { Access } from '../../src/admin/route.ts'
import { Secret } from '../../src/radius/secret.ts'

const WAYS: readonly Way[] = ['socket', 'loopback', 'network']
const ACCESSES: readonly Access[] = ['probe', 'read', 'control']
const TOKENS: readonly Knock['token'][] = [undefined, 'wrong', { name: 'noc' }]

/** Every knock there can be. */
const KNOCKS: readonly Knock[] = WAYS.flatMap((way) =>
  ACCESSES.flatMap((access) =>
    TOKENS.flatMap((token) =>
      [true, false].flatMap((hasTokens) =>
        ['/run/a.sock', undefined].map((socket) => ({ way, access, token, hasTokens, socket })),
      ),
    ),
  ),
)

const sorted = (isSo: (knock: Knock) => boolean) => KNOCKS.filter(isSo)

describe('the gate', () => {
  it('changes nothing over TCP without the right token', () => {
    for (const knock of sorted(
      ({ way, access, token }) => way !== 'socket' && access === 'control' && token !== TOKENS[2],
    )) {
      expect(admit(knock), JSON.stringify(knock)).toMatchObject({ ok: false })
    }
  })

  it('lets everything in over the socket, and with the right token', () => {
    for (const knock of sorted(({ way, token }) => way === 'socket' || token === TOKENS[2])) {
      expect(admit(knock), JSON.stringify(knock)).toEqual({ ok: true, isTrusted: true })
    }
  })

  it('takes no wrong token over TCP, whatever it is for', () => {
    for (const knock of sorted(({ way, token }) => way !== 'socket' && token === 'wrong')) {
      expect(admit(knock), JSON.stringify(knock)).toMatchObject({ ok: false, status: 401 })
    }
  })

  it('without a token: probes everywhere, reading at loopback, and elsewhere only where there are no tokens', () => {
    for (const knock of sorted(
      ({ way, access, token }) => way !== 'socket' && access !== 'control' && token === undefined,
    )) {
      const isOpen = knock.access === 'probe' || knock.way === 'loopback' || !knock.hasTokens
      expect(admit(knock).ok, JSON.stringify(knock)).toBe(isOpen)
    }
  })

  it('says where to go instead', () => {
    const knock: Knock = {
      way: 'loopback',
      access: 'control',
      token: undefined,
      hasTokens: false,
      socket: '/run/a.sock',
    }
    expect(admit(knock)).toMatchObject({ status: 403, sentence: expect.stringContaining('/run/a.sock') })
    expect(admit({ ...knock, socket: undefined })).toMatchObject({
      sentence: expect.stringContaining('admin.token_file'),
    })
    expect(admit({ ...knock, hasTokens: true })).toMatchObject({
      status: 401,
      sentence: expect.stringContaining('/run/a.sock'),
    })
  })
})

describe('a token', () => {
  const tokens = [
    { name: 'noc', secret: new Secret('0123456789abcdef') },
    { name: 'ops', secret: new Secret('fedcba9876543210') },
  ]

  it('is known by all of it, under its own name', () => {
    expect(tokenOf('Bearer fedcba9876543210', tokens)).toBe(tokens[1])
    expect(tokenOf('bearer  0123456789abcdef ', tokens)).toBe(tokens[0])
    expect(tokenOf(undefined, tokens)).toBeUndefined()
  })

  it.each([
    '',
    'Bearer',
    'Bearer ',
    'Basic 0123456789abcdef',
    'Bearer 0123456789abcde',
    'Bearer 0123456789abcdef0',
    'Bearer 0123456789abcdef x',
  ])('is not %j', (header) => expect(tokenOf(header, tokens)).toBe('wrong'))
})

describe('who one says to be', () => {
  it.each(['alice', 'alice pid 12'])('can be %j', (text) => expect(claimOf(text)).toBe(text))
  it.each(['', ' ', 'a\nb', 'a\u001b[31m', 'a'.repeat(65), 'ä', undefined])('and not %j', (text) => {
    expect(claimOf(text)).toBeUndefined()
  })
})
