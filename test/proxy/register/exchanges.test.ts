/**
 * A client's retransmissions, and identifiers used for something else: RFC 5080 section 2.2.2 through the whole engine.
 */
import { describe, expect, it, vi } from 'vitest'
import { ForgettingTable } from '../../../src/queues/containers/forgetting-table.ts'
import { instant, after as later, micros, millis, seconds } from '../../../src/units.ts'
import { CODE } from '../datagrams.ts'
import { START, World } from '../kit.ts'
import { classes, deadServer, queues, server } from '../options.ts'

const FROM = { link: 0, address: '10.1.1.1', port: 5_000 }
const patient = { queues: queues({ authentication: { maxAge: seconds(600) } }) }
const counters = (world: World, class_: 'authentication' | 'accounting' = 'authentication') =>
  world.snapshot().classes[class_].counters

describe.each(['authentication', 'accounting'] as const)('a retransmission in %s', (class_) => {
  const ask = (world: World) =>
    class_ === 'authentication'
      ? world.access({ tag: 'a' })
      : world.accounting({ tag: 'a', eventAt: world.sent.length })

  it('of a queued request is absorbed and counted, never queued twice', () => {
    const world = new World({ servers: [server('s1', { maxOutstanding: 1 })], ...patient })
    ask(world)
    world.settle()
    const waits = ask(world)
    const tags = world.tags()
    for (let i = 0; i < 5; i += 1) world.again(waits)
    world.settle()
    expect(world.account(class_)).toEqual({ received: 7, outstanding: 1, queued: 1, duplicate: 5 })
    expect(world.tags()).toEqual(tags)
    expect(world.replies).toEqual([])
  })

  it('of an outstanding request is absorbed and never sent on', () => {
    const world = new World(patient)
    const asked = ask(world)
    world.settle()
    for (let i = 0; i < 5; i += 1) world.again(asked)
    world.settle()
    expect(world.sent).toHaveLength(1)
    expect(world.account(class_)).toEqual({ received: 6, outstanding: 1, duplicate: 5 })
    world.answer(world.sent[0]!)
    expect(world.answersTo(asked)).toHaveLength(1)
  })

  it('of an answered request gets the same octets again, and the server is not asked', () => {
    const world = new World(patient)
    const asked = ask(world)
    world.settle()
    world.answer(world.sent[0]!)
    for (let i = 0; i < 3; i += 1) world.again(asked)
    world.settle()
    const answers = world.answersTo(asked)
    expect(answers).toHaveLength(4)
    for (const answer of answers) expect(Buffer.from(answer).equals(answers[0]!)).toBe(true)
    expect(world.sent).toHaveLength(1)
    expect(world.account(class_)).toEqual({ received: 4, answered: 1, duplicate: 3 })
    expect(counters(world, class_)).toMatchObject({ cachedAnswers: 3, contentDuplicates: 0 })
  })

  it('while its request waits for a retry, or moved to another server, is absorbed too', () => {
    const world = new World({
      ...patient,
      servers: [server('s1', { timeout: seconds(1), maxRetries: 0 }), server('s2', { maxOutstanding: 1 })],
    })
    const asked = ask(world)
    world.advance(seconds(2))
    world.again(asked)
    world.settle()
    expect(world.sent.map((sent) => sent.server)).toEqual(['s1', 's2'])
    expect(world.account(class_)).toEqual({ received: 2, outstanding: 1, duplicate: 1 })
  })

  it('after its request was given up enters as new', () => {
    const world = new World({
      ...patient,
      servers: [server('s1', { timeout: seconds(1), maxRetries: 0 })],
      classes: classes({ maxTransmissions: 1 }),
    })
    const asked = ask(world)
    world.advance(seconds(35))
    world.again(asked)
    world.settle()
    expect(world.sent).toHaveLength(2)
    expect(world.account(class_)).toEqual({ received: 2, outstanding: 1, givenUp: 1 })
  })

  it('by another listener, port or address is another request', () => {
    const world = new World(patient)
    for (const from of [FROM, { ...FROM, link: 1 }, { ...FROM, port: 5_001 }, { ...FROM, address: '10.1.1.2' }]) {
      if (class_ === 'authentication') world.access({ from, identifier: 1, serial: 1, tag: from.address })
      else world.accounting({ from, identifier: 1, tag: `${from.link} ${from.port} ${from.address}` })
    }
    world.settle()
    expect(world.sent).toHaveLength(4)
  })
})

describe('the answer cache', () => {
  it('keeps an answer for answer_cache, to the microsecond; then the same octets are a new request', () => {
    const world = new World(patient)
    const asked = world.access()
    world.settle()
    world.answer(world.sent[0]!)
    world.advance(micros(4_999_999))
    world.again(asked)
    expect(world.answersTo(asked)).toHaveLength(2)
    world.advance(micros(1))
    world.again(asked)
    world.settle()
    expect(world.sent).toHaveLength(2)
    expect(world.account('authentication')).toEqual({ received: 3, answered: 1, duplicate: 1, outstanding: 1 })
  })

  it('is over when its time is over, also where nothing woke the engine meanwhile', () => {
    const world = new World(patient)
    const asked = world.access()
    world.settle()
    world.answer(world.sent[0]!)
    world.now = later(world.now, seconds(5))
    world.again(asked)
    expect(world.account('authentication')).toEqual({ received: 2, answered: 1, queued: 1 })
  })

  it('is forgotten without anybody asking: nothing grows', () => {
    const world = new World({ duplicates: { ...new World().options.duplicates, maxAnswers: 10 } })
    world.serversAnswerAfter(millis(1))
    for (let i = 0; i < 50; i += 1) {
      world.access()
      world.advance(millis(2))
    }
    world.settle()
    expect(world.snapshot().tables.answers).toBe(10)
    world.advance(seconds(5))
    expect(world.snapshot().tables.answers).toBe(0)
  })

  it('beyond max_answers forgets the oldest answer first', () => {
    const world = new World({ duplicates: { ...new World().options.duplicates, maxAnswers: 2 } })
    const asked = [1, 2, 3].map(() => {
      const one = world.access()
      world.settle()
      world.answer(world.sent.at(-1)!)
      return one
    })
    for (const one of asked) world.again(one)
    world.settle()
    expect(asked.map((one) => world.answersTo(one).length)).toEqual([1, 2, 2])
    expect(world.sent).toHaveLength(4)
  })
})

describe('the same identifier with another authenticator', () => {
  const two = (world: World, o: { readonly between?: () => void } = {}) => {
    const old = world.access({ tag: 'old', from: FROM, identifier: 7 })
    o.between?.()
    const now = world.access({ tag: 'new', from: FROM, identifier: 7 })
    return { old, now }
  }

  it('supersedes a queued Access-Request: it ends, unsent', () => {
    const world = new World()
    two(world)
    expect(world.account('authentication')).toEqual({ received: 2, superseded: 1, queued: 1 })
    world.settle()
    expect(world.tags()).toEqual(['new'])
  })

  it('supersedes an outstanding one: it is never retried, and only the new one is answered', () => {
    const world = new World(patient)
    const { old, now } = two(world, { between: () => world.settle() })
    world.advance(seconds(4))
    expect(world.tags()).toEqual(['old', 'new', 'new'])
    world.answer(world.sentOf('new')[0]!)
    expect([world.answersTo(old).length, world.answersTo(now).length]).toEqual([0, 1])
    expect(world.account('authentication')).toEqual({ received: 2, superseded: 1, answered: 1 })
  })

  it('leaves the old identifier abandoned: counted in max-outstanding until its response', () => {
    const world = new World({ ...patient, servers: [server('s1', { maxOutstanding: 1 })] })
    const { old, now } = two(world, { between: () => world.settle() })
    world.settle()
    const lane = () => world.lane('s1', 'authentication')
    expect(lane()).toMatchObject({ outstanding: 1, queued: 1, identifiers: { abandoned: 1 } })
    expect(world.account('authentication')).toEqual({ received: 2, superseded: 1, queued: 1 })
    expect(world.tags()).toEqual(['old'])
    world.answer(world.sent[0]!)
    // Its response is a sign of life and frees the place, but nobody gets it.
    expect(world.answersTo(old)).toEqual([])
    expect(world.tags()).toEqual(['old', 'new'])
    expect(lane()).toMatchObject({ outstanding: 1, identifiers: { abandoned: 0 }, counters: { responses: 1 } })
    world.answer(world.sent[1]!)
    expect(world.answersTo(now)).toHaveLength(1)
  })

  it('or until its time-out, which speaks against a server that said nothing and leaves the identifier at rest', () => {
    const world = new World({ ...patient, servers: [server('s1', { maxOutstanding: 1, timeout: seconds(1) })] })
    two(world, { between: () => world.settle() })
    world.advance(seconds(1.2))
    expect(world.tags()).toEqual(['old', 'new'])
    expect(world.lane('s1', 'authentication')).toMatchObject({
      state: 'not_responding',
      identifiers: { abandoned: 0, quarantined: 1 },
      counters: { timeouts: 1, failures: 1 },
    })
  })

  it('ends a retry that waits for quota too, and its identifier rests', () => {
    const world = new World({ ...patient, servers: [server('s1', { rate: 1, timeout: millis(300) })] })
    two(world, { between: () => world.advance(millis(500)) })
    expect(world.lane('s1', 'authentication')).toMatchObject({ waitingRetries: 0, identifiers: { quarantined: 1 } })
    world.advance(seconds(1))
    expect(world.tags()).toEqual(['old', 'new'])
  })

  it('of an answered request is simply the next one: the cached answer is gone', () => {
    const world = new World(patient)
    const { old, now } = two(world, {
      between: () => {
        world.settle()
        world.answer(world.sent[0]!)
      },
    })
    world.settle()
    world.again(old)
    world.settle()
    // The old octets again: the client must have sent them before, but now they are a newer request than the newest.
    expect(world.account('authentication')).toEqual({ received: 3, answered: 1, superseded: 1, outstanding: 1 })
    expect(world.answersTo(now)).toEqual([])
  })

  it('does not supersede a request of another identifier, port or class', () => {
    const world = new World(patient)
    world.access({ from: FROM, identifier: 7 })
    world.access({ from: FROM, identifier: 8 })
    world.access({ from: { ...FROM, port: 5_001 }, identifier: 7 })
    world.accounting({ from: { ...FROM, link: 1 }, identifier: 7 })
    world.settle()
    expect(world.sent).toHaveLength(4)
  })

  it('supersedes a parked one as well', () => {
    const world = new World({
      ...patient,
      servers: [server('s1', { timeout: seconds(1), maxRetries: 0 })],
      deadServer: deadServer({ consecutiveFailures: 1 }),
    })
    world.access()
    world.advance(seconds(1.5))
    two(world, { between: () => world.settle() })
    world.settle()
    expect(world.account('authentication')).toEqual({ received: 3, superseded: 1, queued: 2 })
  })
})

describe('an answer', () => {
  it('to each client is its own: two clients with one identifier get each theirs', () => {
    const world = new World(patient)
    const one = world.access({ tag: 'one', identifier: 1, from: FROM })
    const other = world.access({ tag: 'other', identifier: 1, from: { ...FROM, address: '10.1.1.2' } })
    world.settle()
    world.answer(world.sentOf('other')[0]!, { code: CODE.reject })
    world.answer(world.sentOf('one')[0]!)
    expect(world.answersTo(one).map(([code]) => code)).toEqual([CODE.accept])
    expect(world.answersTo(other).map(([code]) => code)).toEqual([CODE.reject])
    expect(world.now).toBe(instant(START))
    expect(world.replies.every(({ at }) => at === later(START, micros(0)))).toBe(true)
  })
})

describe('what is remembered of thousands', () => {
  it.each([500, 5_000])('is forgotten in steps of a few of %i, though all are over at one moment', (count) => {
    const duplicates = { ...new World().options.duplicates, maxAnswers: 100_000, maxRecords: 100_000 }
    const world = new World({ duplicates, servers: [server('s1', { maxOutstanding: 4_000 })] })
    const asked = Array.from({ length: count }, (_, i) => {
      const one = world.accounting()
      if (i % 100 === 99) {
        world.settle()
        for (const sent of world.sent.slice(-100)) world.answer(sent)
      }
      return one
    })
    expect(world.snapshot().tables).toMatchObject({ answers: count, records: count })
    const remove = vi.spyOn(ForgettingTable.prototype, 'remove')
    world.now = instant(world.now + seconds(3_600))
    world.engine.wake(world.now)
    expect(remove.mock.calls.length).toBeLessThan(200)
    remove.mockRestore()
    // What is over is not found, though it is still there.
    world.again(asked.at(-1)!)
    expect(world.account('accounting')).toMatchObject({ received: count + 1, queued: 1 })
    for (let step = 0; step < count; step += 1) world.engine.wake(world.now)
    expect(world.snapshot().tables).toMatchObject({ answers: 0, records: 0 })
  })
})
