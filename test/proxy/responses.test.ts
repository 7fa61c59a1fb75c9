/**
 * Responses of servers: only what verifies as the answer to what is outstanding changes anything; all else is counted by
 * name.
 */
import { describe, expect, it } from 'vitest'
import type { LaneSnapshot } from '../../src/proxy/border/snapshot.ts'
import { after as later, millis, seconds } from '../../src/units.ts'
import { attribute, decodeAttributes, sign, vendorAttribute } from '../radius/oracle.ts'
import { CODE, responseTo, SERVER_SECRET, throwing, valuesOf } from './datagrams.ts'
import { type Sent, World } from './kit.ts'
import { deadServer, queues, server } from './options.ts'

const patient = { queues: queues({ authentication: { maxAge: seconds(600) } }) }

/** All that a bad response must not touch. */
const state = (world: World): object => {
  const lane = world.lane('s1', 'authentication')
  const { classes, tables, messageAuthenticatorLearned } = world.snapshot()
  // What was heard is told by each test of its own.
  const { counters, heardAt: _heard, respondedAt: _responded, answers: _answers, roundTripTime: _trip, ...rest } = lane
  const { dropped: _, ...counts } = counters
  return {
    rest,
    counts,
    tables,
    messageAuthenticatorLearned,
    classes,
    replies: world.replies.length,
    sent: world.sent.length,
  }
}

/** Hands it over and answers the reason that it was dropped for, after looking that nothing else changed. */
const droppedFor = (world: World, sent: Sent, bytes: Uint8Array): string => {
  const before = state(world)
  const { heardAt, roundTripTime, counters } = world.lane('s1', 'authentication')
  const counted = { ...counters.dropped }
  world.respond(sent, bytes)
  expect(state(world)).toEqual(before)
  const heard = world.lane('s1', 'authentication')
  const note = world.noted('response-dropped').at(-1)!
  expect(note).toMatchObject({ lane: sent.lane, server: 's1', class: 'authentication' })
  expect(world.lane('s1', 'authentication').counters.dropped).toEqual({
    ...counted,
    [note.reason]: counted[note.reason as keyof LaneSnapshot['counters']['dropped']] + 1,
  })
  // A response that is late and signed has been heard all the same.
  if (note.reason !== 'late') expect(heard).toMatchObject({ heardAt, roundTripTime })
  return note.reason
}

const asked = (o: ConstructorParameters<typeof World>[0] = {}): { world: World; sent: Sent } => {
  const world = new World({ ...patient, ...o })
  world.access({ tag: 'a' })
  world.settle()
  return { world, sent: world.sent[0]! }
}

describe('a response', () => {
  it.each([
    ['accept', CODE.accept, 'accepts'],
    ['reject', CODE.reject, 'rejects'],
    ['challenge', CODE.challenge, 'challenges'],
  ] as const)('that verifies is passed on signed for the client: %s', (_name, code, counter) => {
    const world = new World()
    const request = world.access({ proxyStates: ['one', 'two', 'three'] })
    world.settle()
    world.advance(millis(7))
    world.answer(world.sent[0]!, { code, attributes: [attribute(25, 'class')] })
    const [answer] = world.answersTo(request)
    expect(answer![0]).toBe(code)
    // Message-Authenticator first (CVE-2024-3596), then everything as the server sent it.
    expect(decodeAttributes(answer!).map(([type]) => type)).toEqual([80, 25, 33, 33, 33])
    expect(valuesOf(answer!, 33)).toEqual(['one', 'two', 'three'])
    expect(world.lane('s1', 'authentication').counters).toMatchObject({ responses: 1, [counter]: 1 })
    expect(world.lane('s1', 'authentication').roundTripTime).toBe(7_000)
    expect(world.account('authentication')).toEqual({ received: 1, answered: 1 })
  })

  it('leaves by the listener that the request came to', () => {
    const world = new World()
    const request = world.access({ from: { link: 3, address: '10.9.9.9', port: 4711 } })
    world.settle()
    world.answer(world.sent[0]!)
    expect(world.replies[0]!.to).toEqual({ link: 3, address: '10.9.9.9', port: 4711 })
    expect(world.answersTo(request)).toHaveLength(1)
  })
})

describe('a response that does not verify changes nothing:', () => {
  it('broken lengths', () => {
    const { world, sent } = asked()
    const good = responseTo(sent.bytes, { attributes: [attribute(25, 'x')] })
    expect(droppedFor(world, sent, good.subarray(0, 19))).toBe('too-short')
    expect(droppedFor(world, sent, good.subarray(0, 21))).toBe('bad-length')
    const torn = Buffer.from(good)
    torn[21] = 1
    expect(droppedFor(world, sent, torn)).toBe('bad-attribute-length')
  })

  it('another secret, or any octet of the packet changed', () => {
    const { world, sent } = asked()
    expect(droppedFor(world, sent, responseTo(sent.bytes, { secret: 'wrong' }))).toBe('bad-authenticator')
    const good = responseTo(sent.bytes, { attributes: [attribute(25, 'class')] })
    for (let at = 4; at < good.length; at += 1) {
      const flipped = Buffer.from(good)
      flipped[at]! ^= 0x01
      expect(['bad-authenticator', 'bad-attribute-length']).toContain(droppedFor(world, sent, flipped))
    }
  })

  it('EAP-Message without Message-Authenticator (RFC 3579 section 3.2)', () => {
    const { world, sent } = asked()
    const bytes = responseTo(sent.bytes, { attributes: [attribute(79, Buffer.of(3, 1, 0, 4))] })
    expect(droppedFor(world, sent, bytes)).toBe('missing-message-authenticator')
  })

  it('an identifier or a port that carries nothing', () => {
    const { world, sent } = asked()
    const other = Buffer.from(responseTo(sent.bytes))
    other[1] = sent.identifier + 1
    expect(droppedFor(world, sent, other)).toBe('bad-authenticator')
    expect(droppedFor(world, { ...sent, port: 1 }, responseTo(sent.bytes))).toBe('bad-authenticator')
    expect(droppedFor(world, { ...sent, port: 77 }, responseTo(sent.bytes))).toBe('bad-authenticator')
  })

  it('a lane that is not there', () => {
    const { world, sent } = asked()
    const before = state(world)
    world.respond({ ...sent, lane: 99 }, responseTo(sent.bytes))
    expect(state(world)).toEqual(before)
  })

  it('one that makes our own code throw', () => {
    const { world, sent } = asked()
    const before = state(world)
    world.engine.respond(sent.lane, sent.port, throwing(responseTo(sent.bytes)), world.now)
    expect(state(world)).toEqual(before)
    expect(world.lane('s1', 'authentication').counters.dropped['internal-error']).toBe(1)
    expect(world.noted('internal-error').map(({ where }) => where)).toEqual(['taking a response'])
  })

  it('and after all of that the right one is still taken', () => {
    const { world, sent } = asked()
    droppedFor(world, sent, responseTo(sent.bytes, { secret: 'wrong' }))
    world.answer(sent)
    expect(world.account('authentication')).toEqual({ received: 1, answered: 1 })
  })

  it('a wrong secret is no sign of life: the server goes Down as if silent', () => {
    const world = new World({
      ...patient,
      servers: [server('s1', { timeout: seconds(1), maxRetries: 0 })],
      deadServer: deadServer({ consecutiveFailures: 2 }),
    })
    world.onForward = (sent) =>
      world.plan(world.now, () => world.respond(sent, responseTo(sent.bytes, { secret: 'wrong' })))
    for (let i = 0; i < 2; i += 1) world.access()
    world.advance(seconds(3))
    expect(world.lane('s1', 'authentication').state).toBe('down')
  })
})

describe('a response that verifies but cannot be passed on', () => {
  const salted = (length: number) => vendorAttribute(311, attribute(16, Buffer.alloc(length, 0x80)))

  const tooLong = Array.from({ length: 16 }, (_, i) => attribute(25, Buffer.alloc(i === 15 ? 245 : 253)))
  const torn = (bytes: Uint8Array): Buffer => {
    const packet = Buffer.from(responseTo(bytes, { attributes: [attribute(25, 'x')] }))
    packet[packet.length - 2] = 1
    return sign(packet, SERVER_SECRET, bytes.subarray(4, 20))
  }
  const unusable = {
    'bad-salted-attribute': (bytes: Uint8Array) => responseTo(bytes, { attributes: [salted(7)] }),
    'too-long': (bytes: Uint8Array) => responseTo(bytes, { attributes: tooLong }),
    'unknown-code': (bytes: Uint8Array) => responseTo(bytes, { code: 40 }),
    'bad-message-authenticator': (bytes: Uint8Array) =>
      responseTo(bytes, { attributes: [attribute(80, Buffer.alloc(16, 7)), attribute(80, Buffer.alloc(16))] }),
    'bad-attribute-length': torn,
  } as const

  it.each(Object.entries(unusable))('as %s is a sign of life and ends the attempt by its name', (reason, make) => {
    const { world, sent } = asked()
    world.respond(sent, make(sent.bytes))
    expect(world.noted('response-dropped')).toMatchObject([{ reason }])
    expect(world.account('authentication')).toEqual({ received: 1, 'unusable-response': 1 })
    expect(world.replies).toEqual([])
    expect(world.lane('s1', 'authentication')).toMatchObject({ state: 'active', outstanding: 0 })
    // The same again is nothing new, and neither is the right one after it.
    world.answer(sent)
    expect(world.replies).toEqual([])
  })

  it.each(Object.entries(unusable))('as %s sends the request to a server that did not answer so', (_, make) => {
    const world = new World({ servers: [server('s1'), server('s2')] })
    const login = world.access({ tag: 'a' })
    world.settle()
    world.respond(world.sent[0]!, make(world.sent[0]!.bytes))
    expect(world.sent.map((one) => one.server)).toEqual(['s1', 's2'])
    world.answer(world.sent[1]!)
    expect(world.answersTo(login)).toHaveLength(1)
    expect(world.account('authentication')).toEqual({ received: 1, answered: 1 })
  })

  it.each(Object.entries(unusable))('as %s, always, keeps the server Active however many come', (_, make) => {
    const world = new World({ servers: [server('s1', { timeout: seconds(1), maxRetries: 0 })] })
    world.onForward = (one) => world.plan(world.now, () => world.respond(one, make(one.bytes)))
    for (let i = 0; i < 8; i += 1) {
      world.access()
      world.advance(seconds(1))
    }
    expect(world.statesOf('s1', 'authentication')).toEqual([])
  })

  it('that comes too late is told with how late; and what is given up meanwhile, that answers come too late', () => {
    const world = new World({
      servers: [server('s1', { timeout: seconds(1), maxRetries: 0 })],
      deadServer: deadServer({ consecutiveFailures: 1_000 }),
    })
    world.onForward = (one) => world.plan(later(world.now, seconds(7)), () => world.answer(one))
    for (let i = 0; i < 8; i += 1) {
      world.access()
      world.advance(seconds(2))
    }
    const drops = world.noted('response-dropped')
    expect(drops.length).toBeGreaterThan(3)
    expect(drops.map(({ reason, late }) => [reason, late])).toEqual(
      drops.map(() => ['late', { after: seconds(7), limit: seconds(1) }]),
    )
    const cause = expect.stringMatching(/^s1: answers come after the time-out of 1 s, typically 7 s/)
    expect(world.noted('given-up').at(-1)).toMatchObject({ cause })
  })

  it('says nothing where Message-Authenticator is required and is not there or does not verify', () => {
    for (const reason of ['bad-message-authenticator', 'bad-attribute-length', 'unknown-code'] as const) {
      const { world, sent } = asked({ servers: [server('s1', { requireMessageAuthenticator: 'yes' })] })
      expect(droppedFor(world, sent, unusable[reason](sent.bytes))).toBe(reason)
    }
  })

  it('takes the record all the same: an Accounting-Response says that it was recorded (RFC 2866 section 4.2)', () => {
    for (const reason of ['bad-message-authenticator', 'bad-attribute-length'] as const) {
      const world = new World()
      const record = world.accounting({ tag: 'a' })
      world.settle()
      world.respond(world.sent[0]!, unusable[reason](world.sent[0]!.bytes))
      expect(world.noted('response-dropped')).toMatchObject([{ reason }])
      expect(world.account('accounting'), reason).toEqual({ received: 1, answered: 1 })
      expect(world.answersTo(record)).toHaveLength(1)
    }
  })
})

describe('a late response', () => {
  it('to what its identifier carried before is counted late, and nothing else', () => {
    const { world, sent } = asked()
    world.answer(sent)
    expect(droppedFor(world, sent, responseTo(sent.bytes))).toBe('late')
  })

  it('after the time-out at its server answers the client, and does not make the server Active', () => {
    const world = new World({
      ...patient,
      servers: [server('s1', { timeout: seconds(1), maxRetries: 0 }), server('s2', { timeout: seconds(100) })],
      deadServer: deadServer({ consecutiveFailures: 1 }),
    })
    const request = world.access()
    world.advance(seconds(2))
    expect(world.lane('s1', 'authentication').state).toBe('down')
    world.answer(world.sent[0]!)
    expect(world.answersTo(request)).toHaveLength(1)
    expect(world.lane('s1', 'authentication').state).toBe('down')
    world.answer(world.sent[1]!)
    expect(world.answersTo(request)).toHaveLength(1)
  })

  it('never reaches the request that has the identifier now', () => {
    const world = new World({
      ...patient,
      servers: [server('s1', { maxOutstanding: 1, timeout: seconds(1), maxRetries: 0 })],
      deadServer: deadServer({ consecutiveFailures: 10_000 }),
    })
    world.access({ tag: 'old' })
    world.advance(seconds(35))
    const [old] = world.sent
    // All 256 identifiers of the port are used once, then the first comes again.
    for (let i = 0; i < 255; i += 1) {
      world.access()
      world.settle()
      world.answer(world.sent.at(-1)!)
    }
    world.advance(seconds(5))
    for (let i = 0; i < 300 && world.sent.at(-1)!.identifier !== old!.identifier; i += 1) {
      world.access({ tag: 'new' })
      world.settle()
      if (world.sent.at(-1)!.identifier !== old!.identifier) world.answer(world.sent.at(-1)!)
    }
    expect(world.sent.at(-1)).toMatchObject({ tag: 'new', identifier: old!.identifier })
    // What is old enough is forgotten in parts, with each step: so that the next one changes nothing of its own.
    for (let i = 0; i < 32; i += 1) world.advance(millis(10))
    expect(droppedFor(world, old!, responseTo(old!.bytes))).toBe('late')
    world.answer(world.sent.at(-1)!)
    expect(world.account('authentication')).toMatchObject({ givenUp: 1 })
  })
})

describe('Message-Authenticator in responses', () => {
  const withPolicy = (requireMessageAuthenticator: 'yes' | 'no' | 'auto') =>
    asked({ servers: [server('s1', { requireMessageAuthenticator, maxOutstanding: 10 })] })
  const next = (world: World): Sent => {
    world.access({ eap: false })
    world.settle()
    return world.sent.at(-1)!
  }

  it('is required always under yes, in Access responses', () => {
    const { world, sent } = withPolicy('yes')
    expect(droppedFor(world, sent, responseTo(sent.bytes))).toBe('missing-message-authenticator')
    world.answer(sent, { signed: true })
    expect(world.account('authentication')).toEqual({ received: 1, answered: 1 })
  })

  it('is never required of an Accounting-Response', () => {
    const { world } = withPolicy('yes')
    world.accounting()
    world.settle()
    world.answer(world.sent.at(-1)!)
    expect(world.account('accounting')).toEqual({ received: 1, answered: 1 })
  })

  it('is never required under no', () => {
    const { world, sent } = withPolicy('no')
    world.answer(sent, { signed: true })
    world.answer(next(world))
    expect(world.account('authentication')).toEqual({ received: 2, answered: 2 })
  })

  it('is required under auto once a verified response without EAP-Message carried it', () => {
    const { world, sent } = withPolicy('auto')
    expect(world.snapshot().messageAuthenticatorLearned.servers).toBe(0)
    world.answer(sent, { signed: true })
    expect(world.snapshot().messageAuthenticatorLearned.servers).toBe(1)
    world.answer(next(world), { signed: true })
    const third = next(world)
    expect(droppedFor(world, third, responseTo(third.bytes))).toBe('missing-message-authenticator')
    world.answer(third, { signed: true })
    expect(world.account('authentication')).toEqual({ received: 3, answered: 3 })
    expect(world.noted('signature-learned')).toEqual([
      { kind: 'signature-learned', peer: 'server', name: 's1', at: '192.0.2.10 port 1812', packet: expect.any(Object) },
    ])
  })

  it('of an EAP response teaches nothing: it always carries one', () => {
    const { world, sent } = withPolicy('auto')
    world.answer(sent, { code: CODE.challenge, signed: true, attributes: [attribute(79, Buffer.of(1, 1, 0, 4))] })
    expect(world.snapshot().messageAuthenticatorLearned.servers).toBe(0)
    world.answer(next(world))
    expect(world.account('authentication')).toEqual({ received: 2, answered: 2 })
  })

  it('learned from a response that does not verify is nothing learned', () => {
    const { world, sent } = withPolicy('auto')
    droppedFor(world, sent, responseTo(sent.bytes, { signed: true, secret: 'wrong' }))
    expect(world.snapshot().messageAuthenticatorLearned.servers).toBe(0)
  })
})
