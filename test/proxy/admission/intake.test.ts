/**
 * What is no request: every reason for a drop at the door, what BlastRADIUS options ask for, and Status-Server.
 */
import { describe, expect, it } from 'vitest'
import { ClientTable } from '../../../src/proxy/clients/client-table.ts'
import { instant, after as later, millis, seconds } from '../../../src/units.ts'
import {
  attribute,
  decodeAttributes,
  hasValidMessageAuthenticator,
  md5Of,
  packetOf,
  valueAt,
} from '../../radius/oracle.ts'
import {
  accessRequest,
  accountingRequest,
  CLIENT_SECRET,
  CODE,
  statusServer,
  throwing,
  valuesOf,
} from '../datagrams.ts'
import { type Asked, World } from '../kit.ts'
import { client, server } from '../options.ts'

const PEER = { link: 0, address: '10.1.1.1', port: 5_000 }

const access = (o: Partial<Parameters<typeof accessRequest>[0]> = {}): Buffer =>
  accessRequest({ tag: 'a', identifier: 7, serial: 1, ...o })
const accounting = (o: Partial<Parameters<typeof accountingRequest>[0]> = {}): Buffer =>
  accountingRequest({ tag: 'a', identifier: 7, ...o })

const long = (octets: number): ReturnType<typeof attribute>[] =>
  Array.from({ length: Math.floor(octets / 255) }, () => attribute(25, Buffer.alloc(253)))

const classes = (count: number): ReturnType<typeof attribute>[] =>
  Array.from({ length: count }, () => attribute(25, 'c'))

/** The reason, the class's port it came to, and the datagram. */
const FAULTS: readonly (readonly [reason: string, class_: 'authentication' | 'accounting', bytes: Buffer])[] = [
  ['too-short', 'authentication', access().subarray(0, 19)],
  ['bad-length', 'authentication', access().subarray(0, 25)],
  ['bad-attribute-length', 'accounting', packetOf(4, 1, Buffer.alloc(16), []).fill(22, 3, 4)],
  ['unknown-code', 'authentication', packetOf(40, 1, Buffer.alloc(16), [])],
  ['wrong-port', 'authentication', accounting()],
  ['wrong-port', 'accounting', access()],
  ['bad-authenticator', 'accounting', accounting({ secret: 'wrong' })],
  ['bad-message-authenticator', 'authentication', access({ signed: true, secret: 'wrong' })],
  ['missing-message-authenticator', 'authentication', packetOf(12, 1, md5Of('x'), [])],
  ['eap-without-message-authenticator', 'authentication', access({ eap: true, signed: false })],
  ['bad-password-length', 'authentication', packetOf(1, 1, md5Of('x'), [attribute(2, Buffer.alloc(15))])],
  ['forbidden-attribute', 'accounting', accounting({ attributes: [attribute(24, 'state')] })],
  ['attribute-type-zero', 'authentication', access({ attributes: [attribute(0, 'x')] })],
  ['attribute-type-zero', 'accounting', accounting({ attributes: [attribute(0, '')] })],
  ['too-many-attributes', 'authentication', access({ signed: true, attributes: classes(198) })],
  ['too-many-attributes', 'accounting', accounting({ attributes: classes(199) })],
]

describe('a datagram that is no request', () => {
  it.each(FAULTS)(
    'is dropped as %s on the port of %s, counted, noted, and changes nothing else',
    (reason, class_, bytes) => {
      const world = new World()
      const datagram = reason === 'bad-attribute-length' ? Buffer.concat([bytes, Buffer.of(44, 1)]) : Buffer.from(bytes)
      world.deliver(class_, PEER, datagram)
      world.settle()
      expect(world.account(class_)).toEqual({ received: 1, [reason]: 1 })
      expect(world.noted('dropped')).toEqual([
        { kind: 'dropped', class: class_, reason, client: 'bng', from: PEER, bytes: expect.any(Buffer) },
      ])
      expect([world.sent, world.replies]).toEqual([[], []])
      expect(world.snapshot().clients).toMatchObject([{ name: 'bng', dropped: 1 }])
      expect(world.snapshot().messageAuthenticatorLearned.clients).toBe(0)
      expect(world.engine.inspection.isIdle()).toBe(true)
    },
  )

  it('with too many attributes is dropped for what leaves: what must be added counts, what may be added is left out', () => {
    const world = new World({ clients: [client({ addNasIpAddress: 'when_missing' })] })
    // User-Name, User-Password and 197 Class are 199; Message-Authenticator is the 200th.
    world.deliver('authentication', PEER, access({ attributes: classes(197) }))
    world.deliver('authentication', PEER, access({ identifier: 8, serial: 2, attributes: classes(198) }))
    // CHAP without a challenge gets one.
    world.deliver('authentication', PEER, access({ identifier: 9, serial: 3, chap: true, attributes: classes(196) }))
    world.deliver('authentication', PEER, access({ identifier: 10, serial: 4, chap: true, attributes: classes(197) }))
    // Acct-Status-Type, Acct-Session-Id and 198 Class.
    world.deliver('accounting', PEER, accounting({ attributes: classes(198) }))
    world.deliver('accounting', PEER, accounting({ identifier: 8, tag: 'b', attributes: classes(197) }))
    world.settle()
    expect(world.account('authentication')).toMatchObject({ received: 4, 'too-many-attributes': 2 })
    expect(world.account('accounting')).toMatchObject({ received: 2 })
    expect(world.sent.map(({ bytes }) => decodeAttributes(bytes).length)).toEqual([200, 200, 200, 200])
    expect(world.sent.map(({ bytes }) => valueAt(bytes, 4) > 0)).toEqual([false, false, false, true])
  })

  it('goes on with more attributes where a reload allows them, or sets no limit', () => {
    const world = new World()
    const send = (identifier: number): void => {
      world.deliver('accounting', PEER, accounting({ tag: `${identifier}`, identifier, attributes: classes(199) }))
      world.settle()
    }
    send(1)
    for (const [identifier, maxAttributes] of [
      [2, 201],
      [3, 0],
    ] as const) {
      world.reconfigure({ maxAttributes })
      send(identifier)
    }
    expect(world.account('accounting')).toMatchObject({ received: 3, 'too-many-attributes': 1 })
    expect(world.sent).toHaveLength(2)
  })

  it('from an address that no client has is dropped as unknown-client, unread', () => {
    const world = new World()
    for (const bytes of [access(), Buffer.alloc(0), statusServer({ identifier: 1 })]) {
      world.deliver('authentication', { ...PEER, address: '192.0.2.77' }, bytes)
    }
    world.settle()
    expect(world.account('authentication')).toEqual({ received: 3, 'unknown-client': 3 })
    expect(world.noted('dropped')[0]).toMatchObject({ reason: 'unknown-client', client: undefined })
    expect(world.snapshot().clients).toMatchObject([{ received: { authentication: 0, accounting: 0 }, dropped: 0 }])
  })

  it('from a socket of our own is dropped as from-ourselves, a probe too: the server is this very machine', () => {
    const world = new World()
    for (const bytes of [access(), statusServer({ identifier: 1 })]) {
      world.deliver('authentication', { ...PEER, isOurs: true }, bytes)
    }
    world.settle()
    expect([world.sent, world.replies]).toEqual([[], []])
    expect(world.account('authentication')).toEqual({ received: 2, 'from-ourselves': 2 })
  })

  it('from port 0 is dropped as from-port-zero, a probe too: no answer can go there', () => {
    const world = new World()
    for (const bytes of [access(), statusServer({ identifier: 1 })]) {
      world.deliver('authentication', { ...PEER, port: 0 }, bytes)
    }
    world.settle()
    expect([world.sent, world.replies]).toEqual([[], []])
    expect(world.account('authentication')).toEqual({ received: 2, 'from-port-zero': 2 })
  })

  it('too long with what must be added is dropped as too-long when it would be sent, and nothing is held for it', () => {
    const world = new World({ servers: [server('s1', { maxOutstanding: 1 })] })
    const attributes = [...long(4_000), attribute(25, Buffer.alloc(200))]
    world.deliver(
      'authentication',
      PEER,
      access({ attributes: attributes.slice(0, -1).concat([attribute(25, Buffer.alloc(215))]) }),
    )
    world.settle()
    expect(world.account('authentication')).toEqual({ received: 1, 'too-long': 1 })
    expect(world.lane('s1', 'authentication')).toMatchObject({ outstanding: 0, identifiers: { free: 256 } })
    const next = world.access()
    world.settle()
    world.answer(world.sent[0]!)
    expect(world.answersTo(next)).toHaveLength(1)
  })

  it('that makes our own code throw is dropped as internal-error, with its octets for the log, and the next one is served', () => {
    const world = new World()
    const broken = throwing(access())
    world.engine.receive('authentication', PEER, broken, world.now)
    expect(world.account('authentication')).toEqual({ received: 1, 'internal-error': 1 })
    const [noted] = world.noted('internal-error')
    expect(noted!.where).toBe('checking a datagram')
    expect(noted!.bytes).toBe(broken)
    world.access()
    world.settle()
    expect(world.sent).toHaveLength(1)
  })

  it('that makes our own code throw when it is to be sent is dropped the same way, and holds nothing', () => {
    const s1 = server('s1', { maxOutstanding: 1 })
    const { hmacKey } = s1.secret
    let armed = true
    const get = (): typeof hmacKey => {
      if (armed) throw new Error('planted')
      return hmacKey
    }
    Object.defineProperty(s1.secret, 'hmacKey', { get })
    const world = new World({ servers: [s1] })
    world.deliver('authentication', PEER, access())
    world.settle()
    armed = false
    expect(world.account('authentication')).toEqual({ received: 1, 'internal-error': 1 })
    expect(world.noted('internal-error').map(({ where }) => where)).toEqual(['rewriting a request'])
    expect(world.lane('s1', 'authentication')).toMatchObject({ outstanding: 0, identifiers: { free: 256 } })
    world.access({ tag: 'next' })
    world.settle()
    expect(world.tags()).toEqual(['next'])
  })

  it('takes nothing of the slot: the next one goes in its stead, in the same turn', () => {
    const world = new World({ servers: [server('s1', { rate: 1 })] })
    world.deliver('authentication', PEER, access({ attributes: [...long(3_900), attribute(25, Buffer.alloc(215))] }))
    world.access({ tag: 'next' })
    for (let turn = 0; turn < 10 && world.engine.serve(world.now, 1); turn += 1) world.check()
    expect(world.account('authentication')).toEqual({ received: 2, 'too-long': 1, outstanding: 1 })
    expect(world.lane('s1', 'authentication').slots.sent).toBe(1)
  })

  it('does not spoil a request under way with the same identifier', () => {
    const world = new World()
    const good = world.accounting({ identifier: 9, from: PEER })
    world.settle()
    world.deliver('accounting', PEER, accounting({ identifier: 9, secret: 'wrong' }))
    world.answer(world.sent[0]!)
    expect(world.answersTo(good)).toHaveLength(1)
  })
})

describe('Message-Authenticator in Access-Requests', () => {
  const reasons = (world: World): string[] => world.noted('dropped').map(({ reason }) => reason)
  const forClient = (o: Parameters<typeof client>[0]): World => new World({ clients: [client(o)] })

  it('is required always under yes', () => {
    const world = forClient({ requireMessageAuthenticator: 'yes' })
    world.access()
    world.access({ chap: true })
    world.access({ signed: true })
    world.accounting()
    world.settle()
    expect(reasons(world)).toEqual(['missing-message-authenticator', 'missing-message-authenticator'])
    expect(world.sent).toHaveLength(2)
  })

  it('is never required under no', () => {
    const world = forClient({ requireMessageAuthenticator: 'no' })
    world.access({ signed: true })
    world.access()
    expect(reasons(world)).toEqual([])
  })

  it('is required under auto of an address once a verified packet without EAP carried it', () => {
    const world = forClient({ requireMessageAuthenticator: 'auto' })
    world.access({ signed: true })
    expect(world.snapshot().messageAuthenticatorLearned.clients).toBe(1)
    world.access()
    expect(reasons(world)).toEqual(['missing-message-authenticator'])
    // Whoever is locked out now can read why, once for each address.
    world.access({ signed: true })
    expect(world.noted('signature-learned')).toEqual([
      { kind: 'signature-learned', peer: 'client', name: 'bng', at: '10.1.1.1', packet: expect.any(Object) },
    ])
    // Another address of the same network has not shown it yet.
    world.access({ from: { address: '10.2.2.2' } })
    expect(reasons(world)).toHaveLength(1)
  })

  it('is not learned where nothing follows from it', () => {
    for (const requireMessageAuthenticator of ['yes', 'no'] as const) {
      const world = forClient({ requireMessageAuthenticator })
      world.access({ signed: true })
      expect(world.snapshot().messageAuthenticatorLearned.clients).toBe(0)
      expect(world.noted('signature-learned')).toEqual([])
    }
  })

  it('is asked for no more once a reload says no for the client', () => {
    const world = forClient({ requireMessageAuthenticator: 'auto' })
    world.access({ signed: true })
    world.access()
    expect(reasons(world)).toHaveLength(1)
    world.reconfigure({ clients: [client({ requireMessageAuthenticator: 'no' })] })
    world.access()
    expect(reasons(world)).toHaveLength(1)
  })

  it('of EAP teaches nothing, and neither does one that does not verify', () => {
    const world = forClient({ requireMessageAuthenticator: 'auto' })
    world.access({ eap: true })
    world.access({ signed: true, secret: 'wrong' })
    world.access()
    expect(reasons(world)).toEqual(['bad-message-authenticator'])
    expect(world.snapshot().messageAuthenticatorLearned.clients).toBe(0)
  })

  it('under limit_proxy_state is required of requests with Proxy-State', () => {
    const world = forClient({ limitProxyState: true })
    world.access()
    world.access({ proxyStates: ['x'] })
    world.access({ proxyStates: ['x'], signed: true })
    world.settle()
    expect(reasons(world)).toEqual(['proxy-state-unsigned'])
    expect(world.sent).toHaveLength(2)
  })

  it('stands first and once in every Access-Request that is sent, and verifies', () => {
    const world = new World()
    for (const o of [{}, { chap: true }, { eap: true }, { signed: true }, { state: 's', proxyStates: ['a', 'b'] }]) {
      world.access(o)
    }
    world.settle()
    expect(world.sent).toHaveLength(5)
    for (const { bytes } of world.sent) {
      expect(valueAt(bytes, 80)).toBe(22)
      expect(valuesOf(bytes, 80)).toHaveLength(1)
      expect(hasValidMessageAuthenticator(bytes, 'the servers share that', bytes.subarray(4, 20))).toBe(true)
    }
  })
})

describe('NAS-IP-Address', () => {
  it('is added where a client asks for it and the request names neither kind', () => {
    const world = new World({
      clients: [
        client({ addNasIpAddress: 'when_missing', network: '0.0.0.0/0' }),
        client({ name: 'six', network: '::/0', addNasIpAddress: 'when_missing' }),
      ],
    })
    world.access({ tag: 'missing' })
    world.accounting({ tag: 'missing6', from: { address: '2001:db8::7' } })
    world.access({ tag: 'named', attributes: [attribute(4, Buffer.of(192, 0, 2, 1))] })
    world.settle()
    const at = (tag: string, type: number): string =>
      Buffer.from(world.sentOf(tag)[0]!.bytes)
        .subarray(valueAt(world.sentOf(tag)[0]!.bytes, type))
        .toString('hex')
    expect(at('missing', 4).startsWith('0a010101')).toBe(true)
    expect(at('missing6', 95).startsWith('20010db8000000000000000000000007')).toBe(true)
    expect(at('named', 4).startsWith('c0000201')).toBe(true)
  })

  it('is not added otherwise', () => {
    const world = new World()
    world.access({ tag: 'missing' })
    world.settle()
    expect(valueAt(world.sent[0]!.bytes, 4)).toBe(-1)
  })
})

describe('Status-Server', () => {
  const ask = (
    world: World,
    identifier: number,
    address = '10.1.1.1',
    class_: Asked['class'] = 'authentication',
  ): Asked => world.deliver(class_, { ...PEER, address }, statusServer({ identifier }))

  it('is answered at once by ourselves, as RFC 5997 section 4.2 says for each port, and never proxied', () => {
    const world = new World()
    const authentication = ask(world, 1)
    const accountingPort = ask(world, 2, '10.1.1.1', 'accounting')
    world.settle()
    expect(world.answersTo(authentication).map(([code]) => code)).toEqual([CODE.accept])
    expect(world.answersTo(accountingPort).map(([code]) => code)).toEqual([CODE.accountingResponse])
    expect(world.sent).toEqual([])
    // Beside the law: it is no request of anybody.
    expect([world.account('authentication'), world.account('accounting')]).toEqual([{}, {}])
    expect(world.snapshot().classes.authentication.counters).toMatchObject({
      statusServerAnswered: 1,
      statusServerIgnored: 0,
    })
  })

  it('is answered five times a second of one source address, and again in the next second', () => {
    const world = new World()
    for (let i = 0; i < 9; i += 1) ask(world, i)
    for (let i = 0; i < 4; i += 1) ask(world, i, '10.2.2.2')
    expect(world.replies).toHaveLength(9)
    world.now = instant(world.now + 999_999)
    ask(world, 100)
    expect(world.replies).toHaveLength(9)
    world.now = later(world.now, millis(1))
    ask(world, 101)
    expect(world.replies).toHaveLength(10)
    expect(world.snapshot().classes.authentication.counters).toMatchObject({
      statusServerAnswered: 10,
      statusServerIgnored: 5,
    })
  })

  it('is answered while every server is Down: we live', () => {
    const world = new World({
      servers: [server('s1', { timeout: seconds(1), maxRetries: 0 })],
      deadServer: { ...new World().options.deadServer, consecutiveFailures: 1 },
    })
    world.access()
    world.advance(seconds(2))
    expect(world.lane('s1', 'authentication').state).toBe('down')
    expect(world.answersTo(ask(world, 1))).toHaveLength(1)
  })

  it('is not answered while draining, nor to a wrong secret', () => {
    const world = new World()
    world.deliver('authentication', PEER, statusServer({ identifier: 1, secret: 'wrong' }))
    expect(world.account('authentication')).toEqual({ received: 1, 'bad-message-authenticator': 1 })
    world.engine.drain('keep')
    ask(world, 2)
    expect(world.replies).toEqual([])
    expect(world.snapshot().classes.authentication.counters.statusServerIgnored).toBe(1)
  })
})

describe('the table of clients', () => {
  const table = (...networks: string[]): ClientTable =>
    new ClientTable(networks.map((network) => client({ name: network, network })))
  const nameOf = (one: ClientTable, address: string): string | undefined => one.find(address)?.options.name

  it('finds the longest prefix that matches, in any order of the configuration', () => {
    const networks = ['10.0.0.0/8', '10.1.0.0/16', '10.1.1.1', '0.0.0.0/0', '2001:db8::/32', '2001:db8::1']
    for (const one of [table(...networks), table(...networks.toReversed())]) {
      expect(nameOf(one, '10.1.1.1')).toBe('10.1.1.1')
      expect(nameOf(one, '10.1.1.2')).toBe('10.1.0.0/16')
      expect(nameOf(one, '10.2.0.0')).toBe('10.0.0.0/8')
      expect(nameOf(one, '192.0.2.1')).toBe('0.0.0.0/0')
      expect(nameOf(one, '2001:db8::1')).toBe('2001:db8::1')
      expect(nameOf(one, '2001:db8::2')).toBe('2001:db8::/32')
      expect(nameOf(one, '2001:db9::2')).toBeUndefined()
      expect(nameOf(one, 'no address')).toBeUndefined()
    }
  })

  it('takes an IPv4-mapped address for the IPv4 client that it is', () => {
    expect(nameOf(table('10.0.0.0/8'), '::ffff:10.1.1.1')).toBe('10.0.0.0/8')
  })

  it('answers the same however often it is asked', () => {
    const one = table('10.0.0.0/8')
    expect(one.find('10.1.1.1')).toBe(one.find('10.1.1.1'))
    expect(one.find('11.1.1.1')).toBeUndefined()
    expect(one.find('11.1.1.1')).toBeUndefined()
  })

  it('keeps the counters of a client that it knew by name, and refuses what is no network', () => {
    const before = table('10.0.0.0/8')
    Object.assign(before.find('10.1.1.1')!, { dropped: 3 })
    before.find('10.1.1.1')!.received.accounting = 5
    const now = new ClientTable([client({ name: '10.0.0.0/8', network: '10.0.0.0/9' })], before)
    expect(now.find('10.1.1.1')).toMatchObject({ dropped: 3, received: { accounting: 5 } })
    expect(() => table('10.0.0.300')).toThrow(RangeError)
  })

  it('with other clients still gives each its own secret', () => {
    const world = new World({
      clients: [client({ name: 'wide' }), client({ name: 'narrow', network: '10.1.1.0/24', secret: 'narrow secret' })],
    })
    const wide = world.accounting({ from: { address: '10.2.2.2' } })
    const narrow = world.accounting({ from: { address: '10.1.1.2' }, secret: 'narrow secret' })
    world.accounting({ from: { address: '10.1.1.2' }, secret: CLIENT_SECRET })
    world.settle()
    for (const sent of world.sent) world.answer(sent)
    expect(world.answersTo(wide)).toHaveLength(1)
    expect(world.answersTo(narrow, 'narrow secret')).toHaveLength(1)
    expect(world.account('accounting')).toEqual({ received: 3, answered: 2, 'bad-authenticator': 1 })
  })
})
