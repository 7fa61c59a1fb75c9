/**
 * What `require_message_authenticator: auto` learns, when it forgets, and what it leaves to the operator: of clients'
 * addresses, and in the same way of servers.
 */
import { describe, expect, it } from 'vitest'
import { LEARNED_ADDRESSES } from '../../../src/proxy/admission/intake.ts'
import type { EngineEvent } from '../../../src/proxy/border/events.ts'
import type { EngineOptions } from '../../../src/proxy/border/options.ts'
import { LEARNED_FOR, Signers, UNSIGNED_COUNTS_FOR } from '../../../src/proxy/signing/signers.ts'
import { after, instant, seconds } from '../../../src/units.ts'
import { attribute } from '../../radius/oracle.ts'
import { CODE } from '../datagrams.ts'
import { START, World } from '../kit.ts'
import { client, server } from '../options.ts'

const AUTO: Partial<EngineOptions> = { clients: [client({ requireMessageAuthenticator: 'auto' })] }
const FROM = { address: '10.1.2.3' }

/** An hour and 30 days, on the careful side. */
const HOUR = UNSIGNED_COUNTS_FOR
const MONTH = LEARNED_FOR

/** One address of a client under `auto`, or as `options` say. */
class Address {
  readonly world: World

  constructor(options: Partial<EngineOptions> = AUTO) {
    this.world = new World(options)
  }

  /** So many seconds after the start. */
  at(second: number): this {
    this.world.now = instant(START + second * 1_000_000)
    return this
  }

  /** Whether it is taken. */
  sends(o: { signed?: boolean; eap?: boolean; proxyStates?: string[]; from?: object } = {}): boolean {
    const before = this.#taken()
    this.world.access({ from: FROM, ...o })
    return this.#taken() > before
  }

  get learned(): number {
    return this.world.snapshot().messageAuthenticatorLearned.clients
  }

  get mixed() {
    return this.world.snapshot().signing.mixed
  }

  get dropped() {
    return this.world.snapshot().signing.dropped
  }

  /** Addresses of `show learned`. */
  list() {
    const { inspection } = this.world.engine
    const all = []
    for (let from = 0; ; from += 1_000) {
      const some = inspection.learnedAddresses(from, 1_000, this.world.now)
      if (some === undefined) return all
      all.push(...some)
    }
  }

  #taken(): number {
    const { received, dropped } = this.world.snapshot().classes.authentication.ledger
    return received - Object.values(dropped).reduce((a, b) => a + b, 0)
  }
}

describe('an address under auto', () => {
  it('is learned with its first signed request, and from then on unsigned ones are dropped', () => {
    const address = new Address()
    expect(address.sends({ signed: true })).toBe(true)
    expect(address.learned).toBe(1)
    expect(address.sends()).toBe(false)
    expect(address.sends({ signed: true })).toBe(true)
    expect(address.sends({ from: { address: '10.9.9.9' } })).toBe(true)
  })

  it.each([
    ['an hour', HOUR, false],
    ['an hour and a second', HOUR + 1, true],
  ])('that sent an unsigned one %s before is learned: %s s, %s', (_, passed, isLearned) => {
    const address = new Address()
    expect(address.sends()).toBe(true)
    expect(address.at(passed).sends({ signed: true })).toBe(true)
    expect(address.learned).toBe(isLearned ? 1 : 0)
    expect(address.sends()).toBe(!isLearned)
    expect(address.mixed.length).toBe(isLearned ? 0 : 1)
  })

  it('is never learned sooner than an hour after an unsigned one, wherever in a second that came', () => {
    const address = new Address()
    address.world.now = instant(START + 999_999)
    address.sends()
    address.world.now = instant(START + 999_999 + HOUR * 1_000_000 - 1)
    address.sends({ signed: true })
    expect(address.learned).toBe(0)
  })

  it('counts the hour from the last unsigned one that was taken', () => {
    const address = new Address()
    for (const second of [0, HOUR - 1, 2 * HOUR - 2]) expect(address.at(second).sends()).toBe(true)
    expect(address.at(3 * HOUR - 3).sends({ signed: true })).toBe(true)
    expect(address.learned).toBe(0)
    address.at(3 * HOUR).sends({ signed: true })
    expect(address.learned).toBe(1)
  })

  it('counts no unsigned one that was dropped', () => {
    const limited = client({ requireMessageAuthenticator: 'auto', limitProxyState: true })
    const address = new Address({ clients: [limited] })
    expect(address.sends({ proxyStates: ['x'] })).toBe(false)
    expect(address.at(1).sends({ signed: true })).toBe(true)
    expect(address.learned).toBe(1)
  })

  it('is not learned from EAP, which must be signed, but goes on by it', () => {
    const address = new Address()
    address.sends({ eap: true })
    expect(address.learned).toBe(0)
    address.sends({ signed: true })
    expect(address.at(MONTH).sends({ eap: true })).toBe(true)
    expect(address.at(2 * MONTH).sends()).toBe(false)
  })

  it.each([
    ['30 days', MONTH, false],
    ['30 days and a second', MONTH + 1, true],
  ])('is forgotten without a signed request for %s: %s s, %s', (_, passed, isForgotten) => {
    const address = new Address()
    address.sends({ signed: true })
    address.at(10).sends({ signed: true })
    expect(address.at(10 + passed).sends()).toBe(isForgotten)
    expect(address.learned).toBe(isForgotten ? 0 : 1)
    expect(address.world.noted('signature-forgotten')).toEqual(
      isForgotten
        ? [{ kind: 'signature-forgotten', peer: 'client', name: 'bng', at: '10.1.2.3', because: 'silent' }]
        : [],
    )
  })

  it('is not unlearned by unsigned requests, however many come for however long', () => {
    const address = new Address()
    address.sends({ signed: true })
    for (let hour = 0; hour < 29 * 24; hour += 1) expect(address.at(hour * 3_600).sends()).toBe(false)
  })

  it('is forgotten when an operator says so, and the first request decides again', () => {
    const address = new Address()
    address.sends({ signed: true })
    address.world.engine.forgetLearned()
    expect(address.learned).toBe(0)
    expect(address.at(1).sends()).toBe(true)
    expect(address.at(2).sends({ signed: true })).toBe(true)
    expect(address.learned).toBe(0)
    expect(address.sends()).toBe(true)
  })

  it('keeps over a reload what was learned, and obeys yes and no at once', () => {
    const address = new Address()
    address.sends({ signed: true })
    address.world.reconfigure(AUTO)
    expect(address.sends()).toBe(false)
    address.world.reconfigure({ clients: [client({ requireMessageAuthenticator: 'no' })] })
    expect(address.sends({ signed: true })).toBe(true)
    expect(address.dropped).toEqual([])
    address.world.reconfigure(AUTO)
    expect(address.sends()).toBe(false)
    address.world.reconfigure({ clients: [client({ requireMessageAuthenticator: 'yes' })] })
    expect(address.sends()).toBe(false)
  })

  it('that was learned and sent an unsigned one under no is not known to sign when auto is back', () => {
    const address = new Address()
    address.sends({ signed: true })
    address.world.reconfigure({ clients: [client({ requireMessageAuthenticator: 'no' })] })
    expect(address.at(100 * HOUR).sends()).toBe(true)
    expect(address.world.noted('signature-forgotten')).toEqual([
      { kind: 'signature-forgotten', peer: 'client', name: 'bng', at: '10.1.2.3', because: 'unsigned' },
    ])
    address.world.reconfigure(AUTO)
    expect(address.at(100 * HOUR + 10).sends()).toBe(true)
    expect(address.at(100 * HOUR + 20).sends({ signed: true })).toBe(true)
    expect([address.learned, address.mixed.length]).toEqual([0, 1])
  })

  it('that sent unsigned ones under no is not learned within an hour of them', () => {
    const address = new Address({ clients: [client({ requireMessageAuthenticator: 'no' })] })
    address.sends()
    address.world.reconfigure(AUTO)
    address.at(1).sends({ signed: true })
    expect(address.learned).toBe(0)
  })
})

describe('mixed signing', () => {
  it('is told once an hour and client, with both packets, and ends with the answer', () => {
    const address = new Address()
    address.world.access({ from: { ...FROM, port: 4_001 }, identifier: 17 })
    address.at(60).world.access({ from: { ...FROM, port: 4_002 }, identifier: 18, signed: true })
    address.at(120).sends({ signed: true })
    const told = {
      peer: 'client',
      name: 'bng',
      at: '10.1.2.3',
      packet: { port: 4_002, code: 1, identifier: 18 },
      unsigned: { port: 4_001, code: 1, identifier: 17 },
    }
    expect(address.world.noted('mixed-signing')).toEqual([{ kind: 'mixed-signing', ...told }])
    expect(address.mixed).toMatchObject([{ ...told, packet: expect.any(Object), seen: address.world.now }])
    address.world.reconfigure({ clients: [client({ requireMessageAuthenticator: 'no' })] })
    expect(address.mixed).toEqual([])
  })

  it('ends an hour after the last signed one, or when the address is learned after all', () => {
    const left = new Address()
    left.sends()
    left.at(1).sends({ signed: true })
    expect(left.at(HOUR).mixed.length).toBe(1)
    expect(left.at(HOUR + 1).mixed.length).toBe(0)
    const learned = new Address()
    learned.sends()
    learned.at(HOUR).sends({ signed: true })
    expect(learned.mixed.length).toBe(1)
    learned.at(HOUR + 1).sends({ signed: true })
    expect([learned.learned, learned.mixed.length]).toEqual([1, 0])
  })
})

describe('mixed signing at several addresses of one client', () => {
  it('is told until none of them is mixed any more, with the latest one and how many others there are', () => {
    const address = new Address()
    const [one, other] = [{ from: { address: '10.0.0.1' } }, { from: { address: '10.0.0.2' } }]
    address.sends(one)
    address.sends(other)
    address.at(3_500).sends(one)
    address.at(3_502).sends({ ...one, signed: true })
    address.at(3_504).sends({ ...other, signed: true })
    expect(address.mixed).toMatchObject([{ at: '10.0.0.2', others: 1 }])
    address.at(3_700).sends({ ...other, signed: true })
    expect(address.learned).toBe(1)
    expect(address.mixed).toMatchObject([{ at: '10.0.0.1', others: 0 }])
    expect(address.world.noted('mixed-signing').length).toBe(1)
    expect(address.at(3_502 + HOUR).mixed).toEqual([])
  })

  it('keeps the latest few of them', () => {
    const address = new Address()
    for (let number = 1; number <= 20; number += 1) {
      const from = { address: `10.0.0.${number}` }
      address.sends({ from })
      address.at(number).sends({ from, signed: true })
    }
    expect(address.mixed).toMatchObject([{ at: '10.0.0.20', others: 7 }])
  })
})

describe('an unsigned request that is dropped', () => {
  it('is told no more where an operator has it forgotten that its address signs', () => {
    const address = new Address()
    address.sends({ signed: true })
    address.sends()
    expect(address.dropped.length).toBe(1)
    address.world.engine.forgetLearned()
    expect(address.dropped).toEqual([])
    const required = new Address({ clients: [client({ requireMessageAuthenticator: 'yes' })] })
    required.sends()
    required.world.engine.forgetLearned()
    expect(required.dropped.length).toBe(1)
  })

  it('is told for ten minutes, with the reason', () => {
    const address = new Address()
    address.sends({ signed: true })
    address.world.access({ from: { ...FROM, port: 4_003 }, identifier: 19 })
    expect(address.dropped).toEqual([
      {
        peer: 'client',
        name: 'bng',
        at: '10.1.2.3',
        packet: { port: 4_003, code: 1, identifier: 19 },
        because: 'learned',
        seen: address.world.now,
      },
    ])
    expect(address.at(599).dropped.length).toBe(1)
    expect(address.at(600).dropped.length).toBe(0)
    const required = new Address({ clients: [client({ requireMessageAuthenticator: 'yes' })] })
    required.sends()
    expect(required.dropped).toMatchObject([{ because: 'required' }])
  })
})

describe('what was learned', () => {
  it('is listed with its client, the packet that taught it, and the times', () => {
    const address = new Address()
    address.world.access({ from: { ...FROM, port: 65_535 }, identifier: 255, signed: true })
    address.at(5).sends({ signed: true, from: { address: '10.255.0.1' } })
    address.at(100).sends({ signed: true })
    const packet = { port: 65_535, code: 1, identifier: 255 }
    expect(address.list().sort((a, b) => b.learnedAgo - a.learnedAgo)).toEqual([
      { address: '10.1.2.3', client: 'bng', learnedAgo: 100, signedAgo: 0, packet },
      { address: '10.255.0.1', client: 'bng', learnedAgo: 95, signedAgo: 95, packet: expect.any(Object) },
    ])
    expect(address.world.noted('signature-learned')[0]).toEqual({
      kind: 'signature-learned',
      peer: 'client',
      name: 'bng',
      at: '10.1.2.3',
      packet,
    })
  })

  it('at one interface says nothing of the same link-local address at another', () => {
    const clients = ['eth0', 'eth1'].map((zone) =>
      client({ name: zone, network: `fe80::1%${zone}`, requireMessageAuthenticator: 'auto' }),
    )
    const address = new Address({ clients })
    address.sends({ signed: true, from: { address: 'fe80::1%eth0' } })
    expect(address.at(5).sends({ from: { address: 'fe80::1%eth1' } })).toBe(true)
    expect(address.sends({ from: { address: 'fe80::1%eth0' } })).toBe(false)
    expect(address.list()).toMatchObject([{ address: 'fe80::1%eth0', client: 'eth0' }])
  })

  it('is listed for IPv6 too, and without a client where it has none any more', () => {
    const networks = [client({ network: '2001:db8::/32', requireMessageAuthenticator: 'auto' })]
    const address = new Address({ clients: networks })
    address.sends({ signed: true, from: { address: '2001:db8::7' } })
    address.world.reconfigure(AUTO)
    expect(address.list()).toMatchObject([{ address: '2001:db8::7', client: undefined }])
  })

  it('is not pushed out by strangers who forge unsigned requests from more addresses than are remembered', () => {
    const events: EngineEvent[] = []
    const journal = { note: (event: EngineEvent) => events.push(event) }
    const capacity = 64
    const world = new World(AUTO)
    const signers = new Signers({ peer: 'client', capacity, salt: 1, journal, memory: undefined })
    const packet = { port: 1, code: 1, identifier: 1 }
    const signerOf = (n: number) => ({
      key: Int32Array.of(n, 0, 0, 0),
      signedAt: -1,
      idleAt: -1,
      notedAt: -1,
      acceptedAt: -1,
    })
    const of = { name: 'bng', at: 'somewhere' }
    signers.signed(signerOf(1), of, packet, true, world.now)
    for (let n = 2; n < 100 * capacity; n += 1) {
      const stranger = signerOf(n)
      if (!signers.hasLearned(stranger, of, world.now)) signers.tryAcceptUnsigned(stranger, of, packet, true, world.now)
    }
    expect(signers.hasLearned(signerOf(1), of, world.now)).toBe(true)
    // Whoever was forgotten is not learned all the same, and it is said why.
    signers.signed(signerOf(2), of, packet, true, world.now)
    expect(signers.size).toBe(1)
    expect(events.at(-1)).toMatchObject({ kind: 'mixed-signing', unsigned: undefined })
    // An hour later all is over.
    signers.signed(signerOf(2), of, packet, true, after(world.now, seconds(HOUR + 1)))
    expect(signers.size).toBe(2)
  })

  it('has a bound', () => {
    expect(LEARNED_ADDRESSES).toBe(65_536)
  })
})

describe('a server under auto', () => {
  const farm = (): World => new World({ servers: [server('s1', { requireMessageAuthenticator: 'auto' })] })
  const answered = (world: World, o: { signed?: boolean; eap?: boolean } = {}): boolean => {
    const before = world.snapshot().classes.authentication.ledger.answered
    world.access()
    world.settle()
    const attributes = o.eap ? [attribute(79, Buffer.of(1, 1, 0, 4))] : []
    world.answer(world.sent.at(-1)!, { code: CODE.accept, signed: (o.signed ?? false) || (o.eap ?? false), attributes })
    return world.snapshot().classes.authentication.ledger.answered > before
  }
  const at = (world: World, second: number): World => {
    world.advanceTo(instant(START + second * 1_000_000))
    return world
  }

  it('is learned like a client, unless it left an answer unsigned within the hour', () => {
    const world = farm()
    expect(answered(world)).toBe(true)
    expect(answered(at(world, HOUR), { signed: true })).toBe(true)
    expect(world.engine.inspection.learnedServers(world.now)).toEqual([])
    expect(world.snapshot().signing.mixed).toMatchObject([{ peer: 'server', name: 's1', at: '192.0.2.10 port 1812' }])
    expect(answered(at(world, HOUR + 1), { signed: true })).toBe(true)
    expect(world.snapshot().signing.mixed).toEqual([])
    expect(world.engine.inspection.learnedServers(world.now)).toEqual([
      {
        server: 's1',
        at: '192.0.2.10 port 1812',
        learnedAgo: 0,
        signedAgo: 0,
        packet: { port: 1_812, code: 2, identifier: expect.any(Number) },
      },
    ])
    expect(answered(world)).toBe(false)
    expect(world.snapshot().signing.dropped).toMatchObject([{ peer: 'server', name: 's1', because: 'learned' }])
  })

  it('is forgotten after 30 days, or when an operator says so; EAP keeps it', () => {
    const world = farm()
    answered(world, { signed: true })
    answered(at(world, 10), { eap: true })
    expect(answered(at(world, 10 + MONTH))).toBe(false)
    expect(answered(at(world, 60 + MONTH))).toBe(true)
    answered(at(world, 60 + MONTH + HOUR + 1), { signed: true })
    world.engine.forgetLearned()
    expect(answered(at(world, 120 + MONTH + HOUR + 1))).toBe(true)
  })
})
