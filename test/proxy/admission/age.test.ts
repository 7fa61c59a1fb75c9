/**
 * How long a datagram waited in its socket before it was read: its age counts that, and nothing else does.
 */
import { describe, expect, it } from 'vitest'
import type { EngineOptions } from '../../../src/proxy/border/options.ts'
import { type Duration, instant, after as later, micros, millis, seconds } from '../../../src/units.ts'
import { decodeAttributes } from '../../radius/oracle.ts'
import { responseTo } from '../datagrams.ts'
import { type AskAccess, type AskAccounting, type Asked, START, World } from '../kit.ts'
import { queues, records, server } from '../options.ts'

/** One identifier, and a server that is silent: all but the first wait. */
const narrow = (o: Partial<EngineOptions> = {}): World =>
  new World({
    servers: [server('s1', { maxOutstanding: 1, timeout: seconds(100) })],
    queues: queues({ authentication: { maxAge: seconds(5) }, accounting: { maxAge: seconds(5) } }),
    ...o,
  })

const kindOf = { authentication: 'access', accounting: 'accounting' } as const

/** It is read now, and came so long before. */
const read = (world: World, age: Duration, its: keyof typeof kindOf, o: AskAccess & AskAccounting = {}): Asked => {
  world.age = age
  const asked = world[kindOf[its]](o)
  world.age = micros(0)
  world.settle()
  return asked
}

describe.each(['authentication', 'accounting'] as const)('the time in the socket, of %s,', (its) => {
  it('counts for max_age, to the microsecond', () => {
    const world = narrow()
    read(world, seconds(4), its)
    read(world, seconds(3), its, { tag: 'waits' })
    world.advanceTo(later(START, seconds(2)))
    expect(world.account(its)).toEqual({ received: 2, outstanding: 1, queued: 1 })
    world.advanceTo(instant(START + 2_000_001))
    expect(world.account(its)).toEqual({ received: 2, outstanding: 1, expired: 1 })
  })

  it('ends a request that is too old when it is read as expired, and not one that is just old enough', () => {
    const world = narrow()
    world.serversAnswerAfter(millis(1))
    read(world, micros(5_000_001), its, { tag: 'too late' })
    read(world, seconds(5), its, { tag: 'just in time' })
    expect(world.tags()).toEqual(['just in time'])
    expect(world.noted('expired')).toMatchObject([{ class: its, client: 'bng' }])
    world.advance(seconds(1))
    expect(world.account(its)).toEqual({ received: 2, answered: 1, expired: 1 })
  })

  it('makes nobody older than those that were read before it', () => {
    const world = narrow()
    read(world, millis(10), its, { tag: 'outstanding' })
    // From another socket, with a longer backlog.
    read(world, seconds(4), its, { tag: 'waits' })
    expect(world.snapshot().classes[its]).toMatchObject({ queued: 1, oldestAge: millis(10) })
    const expiresAt = START - 10_000 + 5_000_000
    world.advanceTo(instant(expiresAt))
    expect(world.account(its)).toEqual({ received: 2, outstanding: 1, queued: 1 })
    world.advanceTo(instant(expiresAt + 1))
    expect(world.account(its)).toEqual({ received: 2, outstanding: 1, expired: 1 })
  })

  it('of one class says nothing of the other', () => {
    const world = narrow()
    const other = its === 'accounting' ? 'authentication' : 'accounting'
    read(world, micros(0), other)
    read(world, micros(0), other)
    read(world, micros(5_000_001), its, { tag: 'too late' })
    expect(world.account(its)).toEqual({ received: 1, expired: 1 })
  })

  it('counts for nothing else: the slot, the identifiers and the time-out are those of now', () => {
    const world = new World({ servers: [server('s1', { rate: 1, timeout: seconds(2), maxRetries: 0 })] })
    read(world, seconds(3), its, { tag: 'a' })
    read(world, seconds(3), its, { tag: 'b' })
    expect(world.tags()).toEqual(['a'])
    expect(world.lane('s1', its)).toMatchObject({ outstanding: 1, queued: 1 })
    world.advance(seconds(1))
    expect(world.tags()).toEqual(['a', 'b'])
    expect(world.sentOf('b')[0]!.at).toBe(later(START, seconds(1)))
    expect(world.lane('s1', its).counters.timeouts).toBe(0)
  })

  it('counts for a duplicate as for any other: it is absorbed, or answered again', () => {
    const world = narrow()
    const asked = read(world, seconds(1), its)
    world.age = seconds(4)
    world.again(asked)
    world.respond(world.sent[0]!, responseTo(world.sent[0]!.bytes))
    // The answer is kept from now on, not from when its request came.
    world.advance(seconds(4))
    world.again(asked)
    expect(world.account(its)).toEqual({ received: 3, answered: 1, duplicate: 2 })
    expect(world.answersTo(asked)).toHaveLength(2)
  })
})

describe('a copy of its client', () => {
  it('renews a login from when it came to the socket', () => {
    const isSentAgain = (age: Duration): boolean => {
      const world = new World({
        servers: [server('s1', { timeout: seconds(6), maxRetries: 1 })],
        queues: queues({ authentication: { maxAge: seconds(5) } }),
      })
      const asked = read(world, micros(0), 'authentication')
      world.advance(seconds(4))
      world.age = age
      world.again(asked)
      world.advance(seconds(3))
      return world.sent.length > 1
    }
    // The time-out comes after 5.4 s at least.
    expect([isSentAgain(micros(0)), isSentAgain(millis(3_900))]).toEqual([true, false])
  })

  it('never makes it older', () => {
    const world = narrow({ servers: [server('s1', { timeout: seconds(6), maxRetries: 1 })] })
    const asked = read(world, micros(0), 'authentication')
    world.advance(seconds(4))
    world.again(asked)
    world.age = millis(3_900)
    world.again(asked)
    world.advance(seconds(3))
    expect(world.sent).toHaveLength(2)
  })

  it('of a record is known by its delay, however long either waited', () => {
    for (const [first, second] of [
      [0, 4],
      [4, 0],
      [4, 4],
    ] as const) {
      const world = narrow()
      read(world, seconds(first), 'accounting', { tag: 'record', delay: 0 })
      // Sent five seconds after the first, by the clock of its client.
      world.advance(seconds(5 - first + second))
      read(world, seconds(second), 'accounting', { tag: 'record', delay: 5, identifier: 77 })
      expect(world.account('accounting')).toMatchObject({ received: 2, duplicate: 1, outstanding: 1 })
    }
  })
})

it('is in the delay that a server is told', () => {
  const world = narrow({
    clients: [{ ...narrow().options.clients[0]!, accounting: records({ acctDelayTime: 'update' }) }],
  })
  read(world, millis(3_200), 'accounting', { delay: 2 })
  expect(
    decodeAttributes(world.sent[0]!.bytes)
      .find(([type]) => type === 41)?.[1]
      .at(-1),
  ).toBe(5)
})
