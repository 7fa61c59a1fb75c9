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
