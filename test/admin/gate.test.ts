import { describe, expect, it } from 'vitest'
import { type AccessRequest, type Channel, claimOf, decideAccess, tokenOf } from '../../src/admin/gate.ts'
import type { Access } from '../../src/admin/route.ts'
import { Secret } from '../../src/radius/secret.ts'

const CHANNELS: readonly Channel[] = ['socket', 'loopback', 'network']
const ACCESSES: readonly Access[] = ['probe', 'read', 'control']
const TOKENS: readonly AccessRequest['token'][] = [undefined, 'wrong', { name: 'noc' }]

/** Every request there can be. */
const REQUESTS: readonly AccessRequest[] = CHANNELS.flatMap((channel) =>
  ACCESSES.flatMap((access) =>
    TOKENS.flatMap((token) =>
      [true, false].flatMap((hasTokens) =>
        ['/run/a.sock', undefined].map((socket) => ({ channel, access, token, hasTokens, socket })),
      ),
    ),
  ),
)

const sorted = (isSo: (request: AccessRequest) => boolean) => REQUESTS.filter(isSo)

describe('the gate', () => {
  it('changes nothing over TCP without the right token', () => {
    for (const request of sorted(
      ({ channel, access, token }) => channel !== 'socket' && access === 'control' && token !== TOKENS[2],
    )) {
      expect(decideAccess(request), JSON.stringify(request)).toMatchObject({ ok: false })
    }
  })

  it('lets everything in over the socket, and with the right token', () => {
    for (const request of sorted(({ channel, token }) => channel === 'socket' || token === TOKENS[2])) {
      expect(decideAccess(request), JSON.stringify(request)).toEqual({ ok: true, isTrusted: true })
    }
  })

  it('takes no wrong token over TCP, whatever it is for', () => {
    for (const request of sorted(({ channel, token }) => channel !== 'socket' && token === 'wrong')) {
      expect(decideAccess(request), JSON.stringify(request)).toMatchObject({ ok: false, status: 401 })
    }
  })

  it('without a token: probes everywhere, reading at loopback, and elsewhere only where there are no tokens', () => {
    for (const request of sorted(
      ({ channel, access, token }) => channel !== 'socket' && access !== 'control' && token === undefined,
    )) {
      const isOpen = request.access === 'probe' || request.channel === 'loopback' || !request.hasTokens
      expect(decideAccess(request).ok, JSON.stringify(request)).toBe(isOpen)
    }
  })

  it('says where to go instead', () => {
    const request: AccessRequest = {
      channel: 'loopback',
      access: 'control',
      token: undefined,
      hasTokens: false,
      socket: '/run/a.sock',
    }
    expect(decideAccess(request)).toMatchObject({ status: 403, sentence: expect.stringContaining('/run/a.sock') })
    expect(decideAccess({ ...request, socket: undefined })).toMatchObject({
      sentence: expect.stringContaining('admin.token_file'),
    })
    expect(decideAccess({ ...request, hasTokens: true })).toMatchObject({
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
