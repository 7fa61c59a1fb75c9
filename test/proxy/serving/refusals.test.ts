/**
 * A server's host says that nobody listens there, and quotes what it refused: what moves, what waits, and what neither does.
 */
import { describe, expect, it } from 'vitest'
import type { TraceEvent } from '../../../src/proxy/border/events.ts'
import type { EngineOptions } from '../../../src/proxy/border/options.ts'
import { PROBE_PORT } from '../../../src/proxy/border/ports.ts'
import { instant, after as later, millis, seconds } from '../../../src/units.ts'
import { CODE, responseTo } from '../datagrams.ts'
import { type Sent, START, World } from '../kit.ts'
import { classes, client, deadServer, queues, records, server } from '../options.ts'

const HEADER = 20
const slow = { timeout: seconds(5), maxRetries: 1 }

const worldOf = (o: Partial<EngineOptions> = {}): World =>
  new World({
    servers: [server('s1', slow), server('s2', slow), server('s3', slow)],
    queues: queues({ authentication: { maxAge: seconds(600) } }),
    ...o,
  })

/** The error comes back, with so many octets of what was sent. */
const refuse = (world: World, { lane, port, bytes }: Sent, octets = bytes.length): void => {
  world.engine.refused(lane, port, world.now, bytes.slice(0, octets))
  world.check()
  world.settle()
}

/** Where a request went, in order. */
const wayOf = (world: World, tag: string): string[] => world.sentOf(tag).map((sent) => sent.server)

const asked = (world: World, tag: string) => {
  const request = world.access({ tag })
  world.settle()
  return request
}

describe('an error that quotes an outstanding attempt', () => {
  it('moves its request to another server at once', () => {
    const world = worldOf()
    const request = asked(world, 'a')
    refuse(world, world.sent[0]!)
    expect(wayOf(world, 'a')).toEqual(['s1', 's2'])
    expect(world.sent[1]!.at).toBe(START)
    expect(world.account('authentication')).toEqual({ received: 1, outstanding: 1 })
    expect(world.lane('s1', 'authentication')).toMatchObject({
      outstanding: 1,
      state: 'active',
      counters: { refused: 1 },
    })
    world.answer(world.sent[1]!)
    expect(world.answersTo(request)).toHaveLength(1)
    expect(world.account('authentication')).toEqual({ received: 1, answered: 1 })
  })

  it('moves an accounting record too', () => {
    const world = worldOf()
    world.accounting({ tag: 'record' })
    world.settle()
    refuse(world, world.sent[0]!)
    expect(wayOf(world, 'record')).toEqual(['s1', 's2'])
  })

  it('needs no more of it than the header', () => {
    for (let octets = 0; octets <= HEADER; octets += 1) {
      const world = worldOf()
      asked(world, 'a')
      refuse(world, world.sent[0]!, octets)
      expect(wayOf(world, 'a')).toEqual(octets === HEADER ? ['s1', 's2'] : ['s1'])
      // Less shortens the wait.
      world.advance(millis(1_010))
      expect(wayOf(world, 'a')).toEqual(octets === HEADER ? ['s1', 's2'] : ['s1', 's1'])
    }
  })

  it('names it by its identifier, whatever was sent last', () => {
    const world = worldOf()
    asked(world, 'first')
    asked(world, 'last')
    refuse(world, world.sent[0]!)
    expect([wayOf(world, 'first'), wayOf(world, 'last')]).toEqual([['s1', 's2'], ['s1']])
    refuse(world, world.sent[1]!, HEADER - 1)
    world.advance(millis(1_010))
    expect(wayOf(world, 'last')).toEqual(['s1', 's1'])
  })

  it('leaves the attempt open: a response from there is the answer, wherever the request is by then', () => {
    const world = worldOf({ servers: [server('s1', slow), server('s2', { ...slow, rate: 1 })] })
    const requests = [asked(world, 'outstanding'), asked(world, 'waits for its slot')]
    const firsts = [...world.sent]
    for (const sent of firsts) refuse(world, sent)
    expect(world.tags('s2')).toEqual(['outstanding'])
    for (const sent of firsts) world.answer(sent)
    for (const request of requests) expect(world.answersTo(request)).toHaveLength(1)
    expect(world.account('authentication')).toEqual({ received: 2, answered: 2 })
    world.advance(seconds(30))
    expect(world.tags('s2')).toEqual(['outstanding'])
    expect(world.account('authentication')).toEqual({ received: 2, answered: 2 })
  })

  it('leaves it open beyond its time-out, as any other that failed over', () => {
    const world = worldOf()
    const request = asked(world, 'a')
    refuse(world, world.sent[0]!)
    world.advance(seconds(5.6))
    expect(wayOf(world, 'a')).toEqual(['s1', 's2', 's2'])
    expect(world.lane('s1', 'authentication')).toMatchObject({ outstanding: 0, counters: { requests: 1, timeouts: 1 } })
    world.answer(world.sent[0]!)
    expect(world.answersTo(request)).toHaveLength(1)
    expect(world.account('authentication')).toEqual({ received: 1, answered: 1 })
  })

  it('leaves it open after its request was answered elsewhere: then the response is late for nobody', () => {
    const world = worldOf()
    const request = asked(world, 'a')
    refuse(world, world.sent[0]!)
    world.answer(world.sent[1]!)
    world.answer(world.sent[0]!)
    expect(world.answersTo(request)).toHaveLength(1)
    expect(world.lane('s1', 'authentication')).toMatchObject({
      outstanding: 0,
      counters: { requests: 1, responses: 1 },
    })
    expect(world.account('authentication')).toEqual({ received: 1, answered: 1 })
  })

  it('counts the record as taken if the first server says so in a response that cannot be passed on', () => {
    const world = worldOf({ clients: [client({ accounting: records() })] })
    const record = world.accounting({ tag: 'record' })
    world.settle()
    const [first] = world.sent
    refuse(world, first!)
    const malformed: [number, Buffer] = [69, Buffer.from([1])]
    world.respond(first!, responseTo(first!.bytes, { attributes: [malformed] }))
    expect(world.answersTo(record)).toHaveLength(1)
    expect(world.account('accounting')).toEqual({ received: 1, answered: 1 })
  })

  it('does not end a login if the first server then sends what cannot be passed on', () => {
    const world = worldOf()
    const request = asked(world, 'a')
    const [first] = world.sent
    refuse(world, first!)
    world.respond(first!, responseTo(first!.bytes, { attributes: [[69, Buffer.from([1])]] }))
    expect(world.account('authentication')).toEqual({ received: 1, outstanding: 1 })
    world.answer(world.sent[1]!)
    expect(world.answersTo(request)).toHaveLength(1)
  })

  it('takes a place in the slot of the other server, and an identifier, as every transmission does', () => {
    const world = worldOf({ servers: [server('s1', slow), server('s2', { ...slow, rate: 1 })] })
    for (const tag of ['a', 'b', 'c']) asked(world, tag)
    for (const sent of world.sent.slice(0, 3)) refuse(world, sent)
    expect(world.tags('s2')).toEqual(['a'])
    expect(world.account('authentication')).toEqual({ received: 3, queued: 2, outstanding: 1 })
    world.advance(seconds(2))
    expect(world.tags('s2')).toEqual(['a', 'b', 'c'])
  })

  it('is told in a trace', () => {
    const world = worldOf()
    const told: TraceEvent[] = []
    world.engine.follow([{ trace: 1, user: 'a' }], { note: (_traces, event) => told.push(event) })
    asked(world, 'a')
    refuse(world, world.sent[0]!)
    expect(told.map(({ step, server: name }) => [step, name])).toEqual([
      ['received', undefined],
      ['sent', 's1'],
      ['queued', 's2'],
      ['promoted', 's2'],
      ['sent', 's2'],
    ])
    expect(told[2]!.why).toBe('refused by server s1: moved to server s2')
  })

  it('is named among the tries, if the request is given up after all', () => {
    const world = worldOf({
      servers: [server('s1', slow), server('s2', slow)],
      classes: classes({ maxTransmissions: 2 }),
    })
    asked(world, 'a')
    refuse(world, world.sent[0]!)
    world.advance(seconds(30))
    expect(world.noted('given-up')).toMatchObject([
      {
        tried: [
          { server: 's1', transmissions: 1 },
          { server: 's2', transmissions: 1 },
        ],
        why: 'max-transmissions',
      },
    ])
  })
})

describe('a request is moved once', () => {
  it('if the other server refuses too, both wait a second', () => {
    const world = worldOf()
    asked(world, 'a')
    refuse(world, world.sent[0]!)
    refuse(world, world.sent[1]!)
    expect(wayOf(world, 'a')).toEqual(['s1', 's2'])
    world.advance(millis(1_010))
    expect(wayOf(world, 'a')).toEqual(['s1', 's2', 's2'])
    expect(world.sent[2]!.at).toBe(later(START, seconds(1)))
    expect(world.lane('s1', 'authentication')).toMatchObject({ outstanding: 0, counters: { timeouts: 1 } })
  })

  it('and a second error of the first server moves nothing', () => {
    const world = worldOf()
    asked(world, 'a')
    for (let i = 0; i < 5; i += 1) refuse(world, world.sent[0]!)
    expect(wayOf(world, 'a')).toEqual(['s1', 's2'])
    expect(world.lane('s1', 'authentication').counters.refused).toBe(5)
  })
})

describe('nothing moves, and the wait is a second at most,', () => {
  /** It stays, and is sent again after a second. */
  const stays = (world: World, sent: Sent): void => {
    const { tag, at, server: name } = sent
    refuse(world, sent)
    expect(wayOf(world, tag)).toEqual([name])
    world.advance(millis(1_010))
    expect(world.sentOf(tag).map((one) => [one.server, one.at - at])).toEqual([
      [name, 0],
      [name, 1_000_000],
    ])
  }

  it('if no other server is left', () => {
    const world = worldOf({ servers: [server('s1', slow)] })
    asked(world, 'a')
    stays(world, world.sent[0]!)
  })

  it('if the request has a State, of whatever server', () => {
    const unknown = worldOf()
    unknown.access({ tag: 'a', state: 'of nobody' })
    unknown.settle()
    stays(unknown, unknown.sent[0]!)

    const bound = worldOf()
    asked(bound, 'begins')
    bound.answer(bound.sent[0]!, { code: CODE.challenge, state: 'of s1' })
    bound.advance(seconds(2))
    bound.access({ tag: 'a', state: 'of s1' })
    bound.settle()
    stays(bound, bound.sentOf('a')[0]!)
  })

  it('if the server gave a valid response in the last second', () => {
    const world = worldOf()
    for (const [tag, after] of [
      ['stays', 999_999],
      ['moves', 1_000_001],
    ] as const) {
      asked(world, `${tag} first`)
      world.answer(world.sentOf(`${tag} first`)[0]!)
      const answeredAt = world.now
      asked(world, tag)
      world.advanceTo(instant(answeredAt + after))
      refuse(world, world.sentOf(tag)[0]!)
      expect(wayOf(world, tag)).toEqual(tag === 'stays' ? ['s1'] : ['s1', 's2'])
    }
  })

  it('if max_transmissions or max_age allow no further one', () => {
    const few = worldOf({ classes: classes({ maxTransmissions: 1 }) })
    asked(few, 'a')
    refuse(few, few.sent[0]!)
    expect(wayOf(few, 'a')).toEqual(['s1'])
    for (const kind of ['access', 'accounting'] as const) {
      const limits = { maxAge: seconds(2) }
      const old = worldOf({ queues: queues({ authentication: limits, accounting: limits }) })
      old[kind]({ tag: 'a' })
      old.advance(seconds(2.1))
      refuse(old, old.sent[0]!)
      expect(wayOf(old, 'a')).toEqual(['s1'])
    }
  })
})

describe('an error that quotes nothing outstanding', () => {
  /** Only the counter changes. */
  const isOnlyCounted = (world: World, sent: Pick<Sent, 'lane' | 'port'>, quoted: Uint8Array): void => {
    const before = world.snapshot()
    world.engine.refused(sent.lane, sent.port, world.now, quoted)
    world.settle()
    const after = world.snapshot()
    const lane = before.lanes.find((one) => one.lane === sent.lane)!
    const counters = { ...lane.counters, refused: lane.counters.refused + 1 }
    expect(after).toEqual({
      ...before,
      lanes: before.lanes.map((one) => (one === lane ? { ...one, counters } : one)),
    })
  }

  it('is only counted: a wrong authenticator, identifier, code or length', () => {
    const world = worldOf()
    asked(world, 'a')
    const [sent] = world.sent
    for (let at = 0; at < HEADER; at += 1) {
      const forged = sent!.bytes.slice()
      forged[at]! ^= 1
      isOnlyCounted(world, sent!, forged)
      // Cut short, but not before the octet that is wrong.
      isOnlyCounted(world, sent!, forged.slice(0, Math.max(2, at + 1)))
    }
    world.advance(seconds(2))
    expect(wayOf(world, 'a')).toEqual(['s1'])
  })

  it('is only counted: another source port, what was answered, and what was never sent', () => {
    const world = worldOf()
    asked(world, 'a')
    const [sent] = world.sent
    isOnlyCounted(world, { lane: sent!.lane, port: sent!.port + 1 }, sent!.bytes)
    isOnlyCounted(world, { lane: sent!.lane, port: 99 }, sent!.bytes)
    world.answer(sent!)
    isOnlyCounted(world, sent!, sent!.bytes)
    expect(world.account('authentication')).toEqual({ received: 1, answered: 1 })
  })

  it('is only counted: a probe that is not under way', () => {
    const world = worldOf({
      servers: [server('s1', { timeout: seconds(1), maxRetries: 0 })],
      deadServer: deadServer({ consecutiveFailures: 1, probe: 'status_server' }),
    })
    const { lane } = world.lane('s1', 'authentication')
    isOnlyCounted(world, { lane, port: PROBE_PORT }, new Uint8Array(HEADER))
    asked(world, 'a')
    world.advance(seconds(1.2))
    const [probe] = world.probes
    const forged = probe!.bytes.slice()
    forged[4]! ^= 1
    isOnlyCounted(world, { lane, port: PROBE_PORT }, forged)
    expect(world.lane('s1', 'authentication').refusedAt).toBeUndefined()
    world.engine.refused(lane, PROBE_PORT, world.now, probe!.bytes)
    expect(world.lane('s1', 'authentication').refusedAt).toBe(world.now)
  })
})

describe('health', () => {
  it('hears nothing of an error: a server that answers within the time-out has failed nobody', () => {
    const world = worldOf({ deadServer: deadServer({ consecutiveFailures: 1 }) })
    for (let i = 0; i < 10; i += 1) asked(world, `a${i}`)
    for (const sent of world.sent.slice(0, 10)) refuse(world, sent)
    expect(world.tags('s2')).toHaveLength(10)
    world.advance(seconds(4))
    expect(world.lane('s1', 'authentication')).toMatchObject({ state: 'active', consecutiveFailures: 0 })
    world.answer(world.sent[0]!)
    world.advance(seconds(2))
    expect(world.lane('s1', 'authentication')).toMatchObject({ state: 'active', counters: { failures: 0 } })
  })

  it('hears of the time-out, as of a request that its client gave up', () => {
    const world = worldOf({ deadServer: deadServer({ consecutiveFailures: 1 }) })
    asked(world, 'a')
    refuse(world, world.sent[0]!)
    world.advance(seconds(4.4))
    expect(world.lane('s1', 'authentication').state).toBe('active')
    world.advance(seconds(1.2))
    expect(world.lane('s1', 'authentication')).toMatchObject({ state: 'down', counters: { failures: 1 } })
  })
})
