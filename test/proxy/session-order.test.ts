/**
 * Records of one session leave in the order in which they came, also where several servers, a Down one, a trial or a
 * reload stand between them (docs/accounting.md).
 */
import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/radius/secret.ts'
import { instant, micros, millis, seconds } from '../../src/units.ts'
import { STATUS } from './datagrams.ts'
import { type Sent, World } from './kit.ts'
import { classes, client, deadServer, queues, server } from './options.ts'

const taking = (rate: number) => ({ rate, timeout: seconds(1), maxRetries: 0 })

/** Servers that take each record in turn, so slowly that all but the first wait. */
const inTurn = (rates: readonly number[], o: ConstructorParameters<typeof World>[0] = {}): World =>
  new World({
    servers: rates.map((rate, index) => server(`s${index + 1}`, taking(rate))),
    classes: classes({ algorithm: 'round_robin' }),
    queues: queues({ accounting: { maxAge: seconds(3_600) } }),
    ...o,
  })

const serverOf = (world: World, tag: string): string | undefined => world.sentOf(tag)[0]?.server

/** The records of one session by their first transmissions, in the order in which they left. */
const firsts = (world: World, prefix: string): string[] => [
  ...new Set(world.tags().filter((tag) => tag.startsWith(prefix))),
]

describe('with several servers', () => {
  it('a record goes where an earlier one of its session still waits, and so leaves after it', () => {
    const world = inTurn([1, 50])
    world.serversAnswerAfter(millis(10))
    for (let i = 0; i < 6; i += 1) world.accounting({ tag: `filler ${i}`, session: `f${i}` })
    world.accounting({ tag: 'a start', session: 'a', status: STATUS.start })
    world.accounting({ tag: 'b start', session: 'b', status: STATUS.start })
    world.accounting({ tag: 'a stop', session: 'a', status: STATUS.stop })
    world.accounting({ tag: 'b stop', session: 'b', status: STATUS.stop })
    world.advance(seconds(20))
    for (const session of ['a', 'b']) {
      expect(firsts(world, `${session} `)).toEqual([`${session} start`, `${session} stop`])
      expect(serverOf(world, `${session} stop`)).toBe(serverOf(world, `${session} start`))
    }
    // The two sessions themselves went in turn.
    expect(serverOf(world, 'a start')).not.toBe(serverOf(world, 'b start'))
  })

  it('the port that a record comes from does not matter', () => {
    const world = inTurn([1, 50])
    world.serversAnswerAfter(millis(10))
    for (let i = 0; i < 4; i += 1) world.accounting({ tag: `filler ${i}`, session: `f${i}` })
    for (let i = 0; i < 6; i += 1) {
      world.accounting({ tag: `a ${i}`, session: 'a', from: { port: 4_000 + (i % 2) } })
    }
    world.advance(seconds(20))
    expect(firsts(world, 'a ')).toEqual(['a 0', 'a 1', 'a 2', 'a 3', 'a 4', 'a 5'])
  })

  it('sessions of two clients that have the same Acct-Session-Id are two, and once all is sent they go in turn again', () => {
    const world = inTurn([1, 1])
    world.serversAnswerAfter(millis(10))
    for (let i = 0; i < 2; i += 1) world.accounting({ tag: `filler ${i}`, session: `f${i}` })
    world.accounting({ tag: 'one', session: 'same', from: { address: '10.1.1.1' } })
    world.accounting({ tag: 'two', session: 'same', from: { address: '10.1.1.2' } })
    world.advance(seconds(10))
    expect(serverOf(world, 'one')).not.toBe(serverOf(world, 'two'))
    world.accounting({ tag: 'three', session: 'same' })
    world.accounting({ tag: 'four', session: 'same' })
    world.advance(seconds(10))
    expect(serverOf(world, 'three')).not.toBe(serverOf(world, 'four'))
  })

  it('a record whose session has waited in vain (shed) holds nobody back', () => {
    const world = inTurn([1, 1], { queues: queues({ accounting: { maxMessages: 2, overflow: 'drop_oldest' } }) })
    world.serversAnswerAfter(millis(10))
    for (let i = 0; i < 2; i += 1) world.accounting({ tag: `filler ${i}`, session: `f${i}` })
    world.settle()
    for (const tag of ['a 0', 'a 1', 'a 2']) world.accounting({ tag, session: 'a' })
    world.advance(seconds(10))
    expect(firsts(world, 'a ')).toEqual(['a 1', 'a 2'])
    expect(world.account('accounting')).toEqual({ received: 5, answered: 4, 'queue-messages': 1 })
  })
})

describe('when a server goes Down', () => {
  /** All but s1 answer; s1 is Down after one request in vain. */
  const withDeadFirst = (rates = [1, 1, 1]): World => {
    const world = inTurn(rates, { deadServer: deadServer({ consecutiveFailures: 1 }) })
    world.serversAnswerAfter(millis(10), 's2', 's3')
    return world
  }

  it('what waits there of one session moves to one server together, in order', () => {
    const world = withDeadFirst()
    for (let i = 0; i < 30; i += 1) world.accounting({ tag: `${i % 5} ${i}`, session: `${i % 5}` })
    world.advance(seconds(60))
    expect(world.statesOf('s1', 'accounting')).toContain('down')
    for (let session = 0; session < 5; session += 1) {
      const expected = Array.from({ length: 6 }, (_, i) => `${session} ${session + 5 * i}`)
      expect(firsts(world, `${session} `)).toEqual(expected)
    }
    expect(world.account('accounting')).toEqual({ received: 30, answered: 30 })
  })

  it.each([3, 4, 5, 7, 11])(
    'also of %i sessions, where one of the others has a long queue and one has none',
    (count) => {
      const world = withDeadFirst([1, 1, 50])
      for (let i = 0; i < 8 * count; i += 1) world.accounting({ tag: `${i % count} ${i}`, session: `${i % count}` })
      world.advance(seconds(120))
      for (let session = 0; session < count; session += 1) {
        const expected = Array.from({ length: 8 }, (_, i) => `${session} ${session + count * i}`)
        expect(firsts(world, `${session} `)).toEqual(expected)
      }
    },
  )

  it('records that come while it is away follow those that moved, also when it is back', () => {
    const world = withDeadFirst()
    for (let i = 0; i < 30; i += 1) world.accounting({ tag: `${i % 3} ${i}`, session: `${i % 3}` })
    world.advance(millis(1_300))
    world.serversAnswerAfter(millis(10))
    world.answer(world.sent.find((sent) => sent.server === 's1') as Sent)
    for (let i = 30; i < 45; i += 1) {
      world.accounting({ tag: `${i % 3} ${i}`, session: `${i % 3}` })
      world.advance(micros(100_000))
    }
    world.advance(seconds(60))
    for (let session = 0; session < 3; session += 1) {
      const expected = Array.from({ length: 15 }, (_, i) => `${session} ${session + 3 * i}`)
      expect(firsts(world, `${session} `)).toEqual(expected)
    }
  })

  it('a trial while every server is Down goes to nobody before one that was given back and is not served yet', () => {
    const world = new World({
      servers: [server('s1', { maxOutstanding: 2, timeout: seconds(1), maxRetries: 0 })],
      queues: queues({ accounting: { maxAge: seconds(3_600) }, authentication: { maxAge: seconds(3_600) } }),
      deadServer: deadServer({ consecutiveFailures: 2, probeInterval: seconds(1) }),
    })
    for (let i = 0; i < 6; i += 1) world.accounting({ tag: `a ${i}`, session: 'a' })
    world.settle()
    // The first time-out makes room: a record is given back, and stands in the instance queue behind log-ins that take all
    // of the service there is. The second time-out makes the server Down.
    for (let i = 0; i < 400; i += 1) world.access()
    for (let i = 0; i < 300; i += 1) {
      world.engine.serve(world.now, 1)
      world.now = instant(world.now + 10_000)
    }
    expect(world.statesOf('s1', 'accounting')).toEqual(['not_responding', 'down'])
    world.serversAnswerAfter(millis(10))
    world.advance(seconds(20))
    expect(firsts(world, 'a ')).toEqual(['a 0', 'a 1', 'a 2', 'a 3', 'a 4', 'a 5'])
  })

  it('trials while every server is Down keep the order of each session', () => {
    const world = inTurn([1, 1], {
      deadServer: deadServer({ consecutiveFailures: 1, probeInterval: seconds(1), deadTime: seconds(600) }),
    })
    for (let i = 0; i < 40; i += 1) world.accounting({ tag: `${i % 4} ${i}`, session: `${i % 4}` })
    world.advance(seconds(30))
    expect(world.statesOf('s2', 'accounting')).toContain('down')
    world.serversAnswerAfter(millis(10))
    world.advance(seconds(120))
    for (let session = 0; session < 4; session += 1) {
      const sent = firsts(world, `${session} `)
      expect(sent).toEqual(Array.from({ length: 10 }, (_, i) => `${session} ${session + 4 * i}`))
    }
  })
})

describe('where users have turns', () => {
  const oneAtATime = (o: ConstructorParameters<typeof World>[0] = {}): World =>
    new World({
      servers: [server('s1', { rate: 1, timeout: seconds(600) })],
      queues: queues({ accounting: { maxAge: seconds(300) } }),
      ...o,
    })

  it('records of one session that name several users leave in order, also if they came before anything waited', () => {
    const world = oneAtATime({ clients: [client({ flowKey: 'user' })] })
    for (const session of ['one', 'two', 'three']) world.accounting({ tag: 'a', session })
    world.accounting({ tag: 'b', session: 'three' })
    world.advance(seconds(10))
    expect(world.tags().join('')).toBe('aaab')
  })

  it('also if a reload gives the users turns while the records wait', () => {
    const world = oneAtATime()
    const record = (tag: string, session: string): void => {
      world.accounting({ tag, session })
      world.settle()
    }
    record('-', 'sent at once')
    for (const session of ['one', 'two', 'three']) record('a', session)
    record('b', 'three')
    world.reconfigure({ clients: [client({ flowKey: 'user' })] })
    record('c', 'three')
    record('d', 'four')
    world.advance(seconds(10))
    expect(world.tags().join('')).toBe('-adaabc')
  })
})

describe('when all servers were Down', () => {
  it('what parked leaves after what has been given a server before it', () => {
    const limits = { rate: 1, timeout: seconds(600) }
    const world = new World({
      servers: [server('s1', { ...limits, isHeldDown: true })],
      queues: queues({ accounting: { maxAge: seconds(300) }, authentication: { maxAge: seconds(300) } }),
    })
    for (const tag of 'abc') world.accounting({ tag, session: 'one' })
    world.settle()
    world.reconfigure({ servers: [server('s1', limits)] })
    // The first is sent, and the second waits for the next slot. The third comes back, and logins are served before it.
    world.engine.serve(world.now, 2)
    for (const tag of 'xy') world.access({ tag })
    world.engine.serve(world.now, 2)
    world.now = instant(world.now + 1_000_000)
    world.advance(seconds(10))
    expect(
      world
        .tags()
        .filter((tag) => 'abc'.includes(tag))
        .join(''),
    ).toBe('abc')
  })
})

describe('over a reload', () => {
  it('records of an address that came while it belonged to one client and to another keep their order when it is nobody’s', () => {
    const all = client({ name: 'all' })
    const world = new World({
      clients: [all],
      servers: [server('s1', { rate: 1, timeout: seconds(600) })],
      queues: queues({ accounting: { maxAge: seconds(300) } }),
    })
    const record = (tag: string, session: string, address: string): void => {
      world.accounting({ tag, session, from: { address } })
      world.settle()
    }
    record('-', 'sent at once', '10.1.0.1')
    for (const tag of ['x', 'y']) record(tag, tag, '10.1.0.1')
    record('a', 'one', '10.2.0.1')
    world.reconfigure({ clients: [all, client({ name: 'another', network: '10.2.0.0/16' })] })
    record('b', 'one', '10.2.0.1')
    world.reconfigure({ clients: [client({ name: 'elsewhere', network: '10.3.0.0/16' })] })
    world.advance(seconds(10))
    expect(world.tags().join('')).toBe('-xyab')
  })

  it('what waits for a server that is taken away moves together, and one more server changes nothing for it', () => {
    const world = inTurn([1, 1])
    world.serversAnswerAfter(millis(10))
    for (let i = 0; i < 40; i += 1) world.accounting({ tag: `${i % 4} ${i}`, session: `${i % 4}` })
    world.advance(seconds(2))
    const [, second] = world.options.servers
    const third = { ...server('s3', taking(1)), secret: new Secret('the servers share that') }
    world.reconfigure({ servers: [second as (typeof world.options.servers)[number], third] })
    for (let i = 40; i < 60; i += 1) world.accounting({ tag: `${i % 4} ${i}`, session: `${i % 4}` })
    world.advance(seconds(120))
    for (let session = 0; session < 4; session += 1) {
      expect(firsts(world, `${session} `)).toEqual(
        Array.from({ length: 15 }, (_, i) => `${session} ${session + 4 * i}`),
      )
    }
  })

  it('a second server for one that has a queue keeps the order of what waits there', () => {
    const world = inTurn([2])
    world.serversAnswerAfter(millis(10))
    for (let i = 0; i < 12; i += 1) world.accounting({ tag: `${i % 4} ${i}`, session: `${i % 4}` })
    world.advance(millis(400))
    world.reconfigure({ servers: [...world.options.servers, server('s2', taking(50))] })
    for (let i = 12; i < 24; i += 1) world.accounting({ tag: `${i % 4} ${i}`, session: `${i % 4}` })
    world.advance(seconds(60))
    for (let session = 0; session < 4; session += 1) {
      expect(firsts(world, `${session} `)).toEqual(Array.from({ length: 6 }, (_, i) => `${session} ${session + 4 * i}`))
    }
  })
})
