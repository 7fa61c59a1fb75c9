/**
 * Reloads that change clients while their messages wait: records of a session keep their order, and no message is lost to the counts.
 */
import { describe, expect, it } from 'vitest'
import type { ClientSnapshot } from '../../src/proxy/border/snapshot.ts'
import { seconds } from '../../src/units.ts'
import { STATUS } from './datagrams.ts'
import { World } from './kit.ts'
import { client, queues, server } from './options.ts'

const PATIENT = queues({ authentication: { maxAge: seconds(300) }, accounting: { maxAge: seconds(300) } })
const FROM = { address: '10.1.0.1' } as const

const slow = (count: number) =>
  Array.from({ length: count }, (_, at) =>
    server(`s${at + 1}`, { address: `192.0.2.${10 + at}`, rate: 1, timeout: seconds(600), maxOutstanding: 1_000 }),
  )

const named = (name: string, o: Parameters<typeof client>[0] = {}) => client({ name, network: '10.1.0.0/16', ...o })

describe('records of one session that name two stations', () => {
  const record = (
    world: World,
    tag: string,
    session: string,
    station: string,
    status: number = STATUS.interim,
  ): void => {
    world.accounting({ tag, session, status, from: FROM, attributes: [[31, Buffer.from(station)]] })
    world.settle()
  }

  it.each([
    [1, 'before the reload', true],
    [2, 'before the reload', true],
    [1, 'before and after the reload', false],
    [2, 'before and after the reload', false],
  ])(
    'leave in the order of arrival with %i servers if they came %s that gives stations turns',
    (count, _when, before) => {
      const world = new World({ clients: [named('a', { flowKey: 'none' })], servers: slow(count), queues: PATIENT })
      for (let used = 0; used < count; used += 1) record(world, 'used', `used ${used}`, 'x')
      for (const tag of 'pqrt') record(world, tag, tag, 'loop')
      record(world, 'start', 'S', 'loop', STATUS.start)
      if (before) record(world, 'stop', 'S', 'other', STATUS.stop)
      world.reconfigure({ clients: [named('a', { flowKey: 'calling_station' })] })
      if (!before) record(world, 'stop', 'S', 'other', STATUS.stop)
      world.advance(seconds(30))
      expect(world.tags().filter((tag) => tag.startsWith('st'))).toEqual(['start', 'stop'])
      expect(world.sent).toHaveLength(count + 6)
    },
  )
})

describe('an address that belonged to nobody for a while', () => {
  it('has turns with the client that has it now, for what waited meanwhile too', () => {
    const moved = named('a', { network: '10.9.0.0/16' })
    const world = new World({ clients: [named('a')], servers: slow(1), queues: PATIENT })
    const record = (tag: string, session: string): void => {
      world.accounting({ tag, session, from: FROM })
      world.settle()
    }
    record('used', 'used')
    for (const tag of ['p', 'q', 'first']) record(tag, tag === 'first' ? 'S' : tag)
    world.reconfigure({ clients: [moved] })
    world.reconfigure({ clients: [moved, named('b')] })
    record('second', 'S')
    const queued = world.snapshot().clients.map(({ name, waiting }) => [name, waiting.accounting.queued])
    expect(queued).toEqual([
      ['a', 0],
      ['b', 4],
    ])
    world.advance(seconds(30))
    expect(world.tags()).toEqual(['used', 'p', 'q', 'first', 'second'])
  })
})

describe('the share of the queue of a client', () => {
  const full = (maxShare: number, change: (world: World) => void): number => {
    const short = queues({ authentication: { maxAge: seconds(300), maxMessages: 100 }, accounting: {} })
    const two = [
      server('s1', { rate: 10, timeout: seconds(0.5), maxRetries: 0, maxOutstanding: 1 }),
      server('s2', { address: '192.0.2.11', rate: 1, timeout: seconds(100), maxOutstanding: 1 }),
    ]
    const world = new World({ clients: [named('a', { maxShare })], servers: two, queues: short })
    world.access({ from: FROM })
    world.settle()
    change(world)
    for (let at = 0; at < 40; at += 1) world.access({ from: { ...FROM, port: 5_000 + at } })
    world.settle()
    // The first one fails over, and enters the queue as a copy.
    world.advance(seconds(2))
    return world.snapshot().classes.authentication.ledger.shed['client-share']
  }

  it('is what it is since the last reload, for copies of what came before too', () => {
    expect(full(10, () => {})).toBeGreaterThan(0)
    expect(full(10, (world) => world.reconfigure({ clients: [named('a')] }))).toBe(0)
  })

  it('is that of the client whose message it is now', () => {
    expect(full(10, (world) => world.reconfigure({ clients: [named('b')] }))).toBe(0)
  })
})

describe('messages of a client that a reload takes away', () => {
  const waiting = (o: Parameters<typeof queues>[0] = PATIENT): World => {
    const world = new World({ clients: [named('a')], servers: slow(1), queues: queues(o) })
    for (let at = 0; at < 5; at += 1) world.access({ from: { ...FROM, port: 3_000 + at } })
    world.settle()
    return world
  }
  const sums = (world: World, what: (of: ClientSnapshot) => number): number => {
    const { clients, formerClients } = world.snapshot()
    return [...clients, ...(formerClients === undefined ? [] : [formerClients])].reduce((sum, of) => sum + what(of), 0)
  }
  const sent = ({ served }: ClientSnapshot): number => served.authentication.sent
  const expired = ({ served }: ClientSnapshot): number => served.authentication.expired
  const queued = ({ waiting: { authentication } }: ClientSnapshot): number => authentication.queued

  it('wait for the one whose addresses they have now, and are counted there', () => {
    const world = waiting()
    world.reconfigure({ clients: [named('b')] })
    expect(world.snapshot().clients.map((one) => [one.name, queued(one), sent(one)])).toEqual([['b', 4, 0]])
    world.advance(seconds(2))
    expect(world.snapshot().clients.map((one) => [queued(one), sent(one)])).toEqual([[2, 2]])
    expect([sums(world, sent), sums(world, queued)]).toEqual([3, 2])
  })

  it.each([
    ['sent', PATIENT, [5, 0]],
    ['expired', queues({ authentication: { maxAge: seconds(1) } }), [2, 3]],
  ] as const)(
    'are in the sums of all clients when they are %s, if they belong to nobody now',
    (_what, limits, expected) => {
      const world = waiting(limits)
      world.reconfigure({ clients: [client({ name: 'other', network: '10.9.0.0/16' })] })
      expect(sums(world, queued)).toBe(4)
      world.advance(seconds(10))
      expect([sums(world, sent), sums(world, expired)]).toEqual(expected)
      expect(sums(world, queued)).toBe(0)
      const { ledger } = world.snapshot().classes.authentication
      expect(ledger).toBeDefined()
    },
  )

  it('are told of the client that has them now, though nothing came from it so far', () => {
    const world = waiting()
    world.reconfigure({ clients: [named('b')] })
    expect(world.engine.inspection.clients.map(({ isUntouched }) => isUntouched)).toEqual([false])
  })
})
