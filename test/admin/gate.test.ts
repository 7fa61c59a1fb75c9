import { describe, expect, it } from 'vitest'
import { type AccessRequest, type Channel, callerText, decideAccess, tokenOf } from '../../src/admin/gate.ts'
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

const tokensOf = (...names: readonly string[]) =>
  names.map((name) => ({ name, secret: new Secret(name === 'noc' ? '0123456789abcdef' : 'fedcba9876543210') }))

describe('a token', () => {
  const tokens = tokensOf('noc', 'ops')

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
  const [noc] = tokensOf('noc')
  const text = (claim: unknown) => callerText('socket', { token: undefined, address: undefined, claim })
  it.each(['alice', 'alice pid 12'])('can be %j', (claim) => expect(text(claim)).toBe(`the admin socket (${claim})`))
  it.each(['', ' ', 'a\nb', 'a\u001b[31m', 'a'.repeat(65), 'ä', ['alice'], undefined])('and not %j', (claim) => {
    expect(text(claim)).toBe('the admin socket')
  })

  it('stands behind what is proven: the socket, a token, or an address', () => {
    const over = (channel: Channel, token: typeof noc, address?: string) =>
      callerText(channel, { token, address, claim: 'alice' })
    expect(over('socket', noc)).toBe('the admin socket (alice)')
    expect(over('network', noc, '192.0.2.1')).toBe('token noc from 192.0.2.1 (alice)')
    expect(over('loopback', undefined, '127.0.0.1')).toBe('127.0.0.1 (alice)')
    expect(over('network', undefined)).toBe('an unknown address (alice)')
  })
})
