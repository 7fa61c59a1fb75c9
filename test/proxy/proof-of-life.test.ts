/**
 * `max_age: auto`: a login that waits is forgotten just before its client's next copy is due, and that copy enters anew.
 */
import { describe, expect, it } from 'vitest'
import { micros, millis, seconds } from '../../src/units.ts'
import { type Asked, World } from './kit.ts'
import { queues, server } from './options.ts'

const AUTO = { maxAge: seconds(5), maxAgeMost: seconds(30) }

/** One request a second leaves; what is asked here waits for the slot after those before it. */
const busy = (o: Parameters<typeof queues>[0] = {}, rate = 1): World => {
  const world = new World({
    servers: [server('s1', { rate, timeout: seconds(600), maxOutstanding: 1_000 })],
    queues: queues({ authentication: AUTO, ...o }),
  })
  world.access({ tag: 'first' })
  world.settle()
  return world
}

/** Nothing leaves. */
const stuck = (o: Parameters<typeof queues>[0] = {}): World => {
  const world = new World({
    servers: [server('s1', { maxOutstanding: 1, timeout: seconds(600) })],
    queues: queues({ authentication: AUTO, ...o }),
  })
  world.access({ tag: 'blocks' })
  world.settle()
  return world
}

const expiredAfter = (world: World, most = 60): number => {
  const { now } = world
  for (let waited = 0; waited < most; waited += 0.01) {
    if (world.account('authentication')['queued'] === undefined) return Math.round((world.now - now) / 10_000) / 100
    world.advance(millis(10))
  }
  return Number.POSITIVE_INFINITY
}

const repeated = (world: World, asked: Asked, ...after: readonly number[]): void => {
  for (const gap of after) {
    world.advance(seconds(gap))
    world.again(asked)
  }
}

describe('a login that waits', () => {
  it('of which one copy came expires after max_age_limit', () => {
    const world = stuck()
    world.access()
    expect(expiredAfter(world)).toBe(5.01)
  })

  it('has waited for most of its time just before it expires, and not for a seventh of max_age_most', () => {
    const [once, asked] = [stuck(), stuck()]
    once.access()
    once.advance(seconds(4.5))
    expect(once.snapshot().classes.authentication.ageShare).toBeCloseTo(0.9, 2)
    repeated(asked, asked.access(), 3)
    asked.advance(seconds(2.7))
    expect(asked.snapshot().classes.authentication.ageShare).toBeGreaterThan(0.95)
  })

  it('expires just before the next copy is due, judged by the gap between its own', () => {
    const world = stuck()
    repeated(world, world.access(), 3)
    expect(expiredAfter(world)).toBeCloseTo(2.83 + 0.01, 2)
    expect(world.account('authentication')).toMatchObject({ duplicate: 1, expired: 1 })
  })

  it('expires before an older one of a client that waits for longer', () => {
    const world = stuck()
    world.access({ tag: 'older' })
    const fast = world.access({ tag: 'fast' })
    repeated(world, fast, 0.3)
    world.advance(millis(270))
    expect(world.account('authentication')).toMatchObject({ queued: 1, expired: 1 })
    world.answer(world.sent[0]!)
    expect(world.tags()).toEqual(['blocks', 'older'])
  })

  it('of a fast client expires as soon, and of one that backs off waits for longer', () => {
    const fast = stuck()
    repeated(fast, fast.access(), 0.3)
    expect(expiredAfter(fast)).toBeCloseTo(0.27, 2)
    const slow = stuck()
    repeated(slow, slow.access(), 3, 2.5, 0.4)
    expect(expiredAfter(slow)).toBeCloseTo(0.36 + 0.01, 1)
  })

  it('keeps its place while its copies come sooner than they were due', () => {
    const world = busy()
    const asked = [world.access({ tag: 'a' }), world.access({ tag: 'b' }), world.access({ tag: 'c' })]
    world.settle()
    for (const gap of [600, 540, 480, 420, 360, 310, 270, 230]) {
      world.advance(millis(gap))
      for (const one of asked) if (world.sentOf(one.tag).length === 0) world.again(one)
    }
    expect(world.tags()).toEqual(['first', 'a', 'b', 'c'])
    expect(world.account('authentication')['expired']).toBeUndefined()
  })

  it('and whose copy comes too late stands at the tail, as the next copy of the same login', () => {
    const world = stuck()
    const first = world.access({ tag: 'a' })
    repeated(world, first, 2)
    world.access({ tag: 'b' })
    world.settle()
    // Forgotten 1.88 s after the second copy. The third enters anew, behind b, and it is known that copies are 2 s apart.
    repeated(world, first, 2)
    expect(world.account('authentication')).toMatchObject({ received: 5, duplicate: 1, expired: 1, queued: 2 })
    world.advance(millis(1_890))
    expect(world.account('authentication')).toMatchObject({ expired: 2, queued: 1 })
    world.answer(world.sent[0]!)
    expect(world.tags()).toEqual(['blocks', 'b'])
  })

  it('whose copy was read late, but came in time, keeps its place', () => {
    const world = stuck()
    const asked = world.access()
    repeated(world, asked, 2)
    world.now = (world.now + millis(1_900)) as World['now']
    world.age = millis(100)
    world.again(asked)
    expect(world.account('authentication')).toMatchObject({ duplicate: 2, queued: 1 })
    world.age = micros(0)
    world.now = (world.now + millis(2_000)) as World['now']
    world.again(asked)
    expect(world.account('authentication')).toMatchObject({ duplicate: 2, queued: 1, expired: 1 })
  })

  it('waits no longer than max_age_most, whatever its client does', () => {
    const world = stuck({ authentication: { ...AUTO, maxAgeMost: seconds(8) } })
    const asked = world.access()
    repeated(world, asked, 2, 1.8, 1.6, 1.4)
    expect(expiredAfter(world)).toBeCloseTo(1.2 + 0.01, 2)
  })

  it('that is shed is known when it comes again', () => {
    const world = stuck({ authentication: { ...AUTO, maxMessages: 1 } })
    const asked = world.access({ tag: 'kept' })
    const shed = world.access({ tag: 'shed' })
    expect(world.account('authentication')['queue-messages']).toBe(1)
    world.advance(seconds(1))
    world.again(asked)
    world.advance(seconds(2))
    world.again(shed)
    expect(world.account('authentication')['queued']).toBe(1)
    expect(expiredAfter(world)).toBeCloseTo(2.83 + 0.01, 2)
  })

  it('is no other than before where max_age is a number', () => {
    const world = stuck({ authentication: { maxAge: seconds(5) } })
    const asked = world.access()
    repeated(world, asked, 0.3, 0.3)
    expect(expiredAfter(world)).toBeCloseTo(4.41, 2)
  })

  it('takes the other rule with a reload', () => {
    const world = stuck({ authentication: { maxAge: seconds(5) } })
    const asked = world.access()
    repeated(world, asked, 1)
    world.reconfigure({ queues: queues({ authentication: AUTO }) })
    repeated(world, asked, 1)
    world.advance(millis(900))
    expect(world.account('authentication')['queued']).toBe(1)
    world.advance(millis(60))
    expect(world.account('authentication')['queued']).toBeUndefined()
    repeated(world, asked, 0.04)
    world.reconfigure({ queues: queues({ authentication: { maxAge: seconds(5) } }) })
    expect(expiredAfter(world)).toBeCloseTo(5.01, 2)
  })
})

describe('a login that was sent', () => {
  const servers = [
    server('s1', { timeout: seconds(1), maxRetries: 9 }),
    server('s2', { timeout: seconds(1), maxRetries: 9, address: '192.0.2.11' }),
  ]

  it("is sent again while its client's next copy is not overdue, and then given up", () => {
    const world = new World({ servers, queues: queues({ authentication: AUTO }) })
    repeated(world, world.access({ tag: 'a' }), 1.5)
    // Not after 1.5 s + 1.5 s x 1.05 + 20 ms.
    world.advance(seconds(10))
    expect(world.sent.map(({ at }) => Math.round((at - world.sent[0]!.at) / 1e6))).toEqual([0, 1, 2, 3])
    expect(world.account('authentication')).toMatchObject({ givenUp: 1 })
  })

  it('has its answer whenever it comes while it is outstanding', () => {
    const world = new World({
      servers: [server('s1', { timeout: seconds(9) })],
      queues: queues({ authentication: AUTO }),
    })
    const asked = world.access({ tag: 'a' })
    repeated(world, asked, 1)
    world.advance(seconds(7))
    world.answer(world.sent[0]!)
    expect(world.answersTo(asked)).toHaveLength(1)
  })
})

describe('accounting', () => {
  it('waits for its max_age, however often its client repeats it', () => {
    const world = new World({
      servers: [server('s1', { maxOutstanding: 1, timeout: seconds(600) })],
      queues: queues({ authentication: AUTO, accounting: { maxAge: seconds(60) } }),
    })
    world.accounting({ tag: 'blocks' })
    world.settle()
    repeated(world, world.accounting({ tag: 'a' }), 1, 1)
    world.advance(seconds(57))
    expect(world.account('accounting')['queued']).toBe(1)
    world.advance(seconds(2))
    expect(world.account('accounting')['expired']).toBe(1)
  })
})
