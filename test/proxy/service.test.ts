/**
 * When a request goes and who goes first: service, slots and precedence (docs/throttling.md), through the whole engine.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { instant, after as later, micros, millis, seconds } from '../../src/units.ts'
import { attribute } from '../radius/oracle.ts'
import { START, World } from './kit.ts'
import { queues, server } from './options.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`)

/** A farm that is paced so slowly that everything after the first waits; `rate` a second. */
const paced = (rate: number, o: ConstructorParameters<typeof World>[0] = {}): World =>
  new World({
    servers: [server('s1', { rate })],
    queues: queues({ authentication: { maxAge: seconds(600) } }),
    ...o,
  })

describe('without pressure', () => {
  it('a request leaves at the moment it came, and nothing waits for a wake', () => {
    const world = new World()
    for (const tag of names('a', 40)) {
      const asked = world.access({ tag })
      world.settle()
      expect(world.sent.at(-1)).toMatchObject({ tag, at: world.now })
      world.advance(micros(137))
      world.answer(world.sent.at(-1)!)
      expect(world.answersTo(asked)).toHaveLength(1)
      expect(world.replies.at(-1)?.at).toBe(world.now)
      expect(world.engine.nextWakeAt(world.now)).toBeUndefined()
    }
    expect(world.account('authentication')).toEqual({ received: 40, answered: 40 })
  })

  it('an early and a second wake change nothing', () => {
    const world = paced(5)
    for (const tag of names('a', 3)) world.access({ tag })
    world.settle()
    for (let i = 0; i < 50; i += 1) {
      world.now = later(world.now, millis(1))
      world.engine.wake(world.now)
      world.engine.wake(world.now)
      world.settle()
    }
    expect(world.tags()).toEqual(['a0'])
    world.advanceTo(later(START, seconds(1)))
    expect(world.sent.map(({ at }) => at - START)).toEqual([0, 200_000, 400_000])
  })
})

describe('slots', () => {
  it.each([
    [5, [1, 1, 1, 1, 1]],
    [30, Array.from({ length: 10 }, () => [1, 2]).flat()],
    [200, Array.from({ length: 20 }, () => 10)],
  ])('carry exactly %i in every second of full demand, each its quota', (rate, quotas) => {
    const world = paced(rate, { queues: queues({ accounting: { maxAge: seconds(3600) } }) })
    world.serversAnswerAfter(millis(3))
    for (let i = 0; i < rate * 3; i += 1) world.accounting()
    world.advance(micros(2_999_999))
    const width = 1_000_000 / quotas.length
    const counts = new Map<number, number>()
    for (const { at } of world.sent) {
      const slot = Math.floor((at - START) / width)
      counts.set(slot, (counts.get(slot) ?? 0) + 1)
    }
    expect([...counts.values()]).toEqual([quotas, quotas, quotas].flat())
    // What waits leaves as its slot begins, not later.
    expect(world.sent.every(({ at }) => (at - START) % width === 0)).toBe(true)
    expect(world.account('accounting')).toMatchObject({ received: rate * 3, answered: rate * 3 })
  })

  it('are charged by retries and first transmissions alike', () => {
    const world = paced(20, { servers: [server('s1', { rate: 20, timeout: seconds(1) })] })
    for (let i = 0; i < 60; i += 1) world.accounting()
    world.advanceTo(later(START, seconds(6)))
    const counts = new Map<number, number>()
    for (const { at } of world.sent)
      counts.set(Math.floor((at - START) / 50_000), 1 + (counts.get(Math.floor((at - START) / 50_000)) ?? 0))
    expect(world.lane('s1', 'accounting').counters.retransmissions).toBeGreaterThan(30)
    expect(Math.max(...counts.values())).toBe(1)
    expect(counts.size).toBe(121)
  })

  it('of one class are not spent by the other', () => {
    const world = paced(5)
    for (let i = 0; i < 5; i += 1) {
      world.access()
      world.accounting()
    }
    world.advanceTo(instant(START + 999_999))
    expect(world.sent.filter((sent) => sent.class === 'authentication')).toHaveLength(5)
    expect(world.sent.filter((sent) => sent.class === 'accounting')).toHaveLength(5)
  })

  it('are shown by the snapshot as they stand', () => {
    const world = paced(30)
    world.accounting()
    world.settle()
    expect(world.lane('s1', 'accounting').slots).toMatchObject({
      maxRate: 30,
      slotsPerSecond: 20,
      sent: 1,
      quota: 1,
      beganAt: START,
    })
  })
})

describe('the order of first transmissions', () => {
  it('is that of arrival, whatever arrives while others wait and move between the two queues', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 200 }), fc.array(fc.nat(80_000), { maxLength: 60 }), (rate, gaps) => {
        const world = paced(rate)
        world.serversAnswerAfter(millis(20))
        const asked: string[] = []
        for (const gap of gaps) {
          asked.push(world.accounting().tag)
          world.advance(micros(gap))
        }
        world.advance(seconds(20))
        expect(world.tags()).toEqual(asked)
      }),
      { numRuns: 30 },
    )
  })

  it('is kept by those that wait: a newcomer goes behind them even where the slot has room', () => {
    const world = paced(5)
    for (const tag of names('old', 3)) world.access({ tag })
    world.settle()
    // The next slot begins; the newcomer comes in the same turn, before anything was served.
    world.now = later(START, millis(200))
    world.access({ tag: 'new' })
    world.advance(seconds(1))
    expect(world.tags()).toEqual(['old0', 'old1', 'old2', 'new'])
  })
})

describe('room that becomes free within a turn', () => {
  it('is not lost with a promoted message that is superseded before it was served', () => {
    const world = paced(40)
    const from = { link: 0, address: '10.1.1.1', port: 9 }
    const tags = names('a', 10)
    for (const [identifier, tag] of tags.entries()) world.access({ tag, from, identifier })
    world.settle()
    // The slot begins with two places: one is used in this step, the other is promised to a3.
    world.now = later(START, millis(50))
    expect(world.engine.serve(world.now, 1)).toBe(true)
    world.access({ tag: 'instead', from, identifier: 3 })
    world.advanceTo(later(START, millis(299)))
    expect(world.tags()).toEqual([...tags.filter((tag) => tag !== 'a3'), 'instead'])
    const perSlot = world.sent.map(({ at }) => Math.floor((at - START) / 50_000))
    expect(perSlot).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
  })

  it('goes to the oldest that waits for that server, not to a newcomer', () => {
    const world = paced(5)
    const tooLong = Array.from({ length: 16 }, (_, i) => attribute(25, Buffer.alloc(i < 15 ? 253 : 212)))
    world.access({ tag: 'first' })
    world.access({ tag: 'too long', attributes: tooLong })
    world.access({ tag: 'old' })
    world.settle()
    // The slot begins: its only place is promised to the one that turns out too long, and a newcomer stands in line.
    world.now = later(START, millis(200))
    world.access({ tag: 'newcomer' })
    world.settle()
    expect(world.account('authentication')).toMatchObject({ 'too-long': 1 })
    expect(world.tags()).toEqual(['first', 'old'])
    world.advance(seconds(1))
    expect(world.tags().slice(0, 3)).toEqual(['first', 'old', 'newcomer'])
  })
})

describe('serving in steps', () => {
  it('handles at most as many as asked for, says whether more can go, and keeps the order', () => {
    const world = new World({ servers: [server('s1', { maxOutstanding: 1000 })] })
    const tags = names('a', 100)
    for (const tag of tags) world.access({ tag })
    const steps: [number, boolean][] = []
    for (let more = true; more; ) {
      const before = world.sent.length
      more = world.engine.serve(world.now, 32)
      steps.push([world.sent.length - before, more])
    }
    expect(steps).toEqual([
      [32, true],
      [32, true],
      [32, true],
      [4, false],
    ])
    expect(world.tags()).toEqual(tags)
  })

  it('charges each step to the slot of its own reading of the clock', () => {
    const world = paced(20)
    for (const tag of names('a', 3)) world.access({ tag })
    world.engine.serve(world.now, 1)
    world.now = later(START, millis(50))
    world.settle()
    expect(world.sent.map(({ at }) => at - START)).toEqual([0, 50_000])
  })
})

describe('precedence', () => {
  const backlogThen = (serviceOrder: 'authentication_first' | 'fifo'): World => {
    const world = paced(5, { serviceOrder })
    for (const tag of names('plain', 4)) world.access({ tag })
    world.settle()
    world.access({ tag: 'state', state: 'conversation' })
    world.advance(seconds(2))
    return world
  }

  it('lets a request with State overtake a server queue under authentication_first', () => {
    expect(backlogThen('authentication_first').tags()).toEqual(['plain0', 'state', 'plain1', 'plain2', 'plain3'])
  })

  it('lets nothing overtake under fifo', () => {
    expect(backlogThen('fifo').tags()).toEqual(['plain0', 'plain1', 'plain2', 'plain3', 'state'])
  })

  it.each([
    ['authentication_first', ['auth0', 'auth1', 'acct0', 'acct1']],
    ['fifo', ['acct0', 'acct1', 'auth0', 'auth1']],
  ] as const)('in the instance queue under %s', (serviceOrder, order) => {
    const world = new World({ serviceOrder })
    for (const tag of names('acct', 2)) world.accounting({ tag })
    for (const tag of names('auth', 2)) world.access({ tag })
    world.settle()
    expect(world.tags()).toEqual(order)
  })

  it('puts due retries before everything else, oldest first', () => {
    const world = paced(5, { servers: [server('s1', { rate: 5, timeout: seconds(1) })] })
    for (const tag of names('old', 3)) world.access({ tag })
    world.advanceTo(later(START, millis(900)))
    for (const tag of names('new', 6)) world.access({ tag, state: 'x' })
    world.advanceTo(later(START, seconds(2)))
    const tags = world.tags()
    expect(tags.slice(0, 3)).toEqual(['old0', 'old1', 'old2'])
    // Each time-out (1 s +- 10 % after its sending) is followed by the next slot's only message: the retry.
    for (const tag of names('old', 3)) {
      const [first, second] = world.sentOf(tag)
      expect(second!.at - first!.at).toBeGreaterThanOrEqual(900_000)
      expect(second!.at - first!.at).toBeLessThanOrEqual(1_110_000 + 200_000)
    }
    expect(tags.indexOf('old1', 3)).toBeGreaterThan(tags.indexOf('old0', 3))
  })
})

describe('promotion', () => {
  it('moves what waits to the head of the instance queue, and is counted', () => {
    const world = paced(20)
    for (const tag of names('a', 10)) world.accounting({ tag })
    world.settle()
    expect(world.snapshot().classes.accounting).toMatchObject({ queued: 9, instanceQueued: 0, outstanding: 1 })
    expect(world.lane('s1', 'accounting')).toMatchObject({ queued: 9, waitingRetries: 0 })
    world.now = later(world.now, millis(70))
    world.accounting({ tag: 'newcomer' })
    world.engine.serve(world.now, 32)
    expect(world.tags()).toEqual(['a0', 'a1'])
    expect(world.lane('s1', 'accounting').counters.promotions).toBe(1)
    expect(world.lane('s1', 'accounting')).toMatchObject({ queued: 9, oldestAge: 70_000 })
  })
})

describe('the instance queue in a snapshot', () => {
  it('is what was not served yet, each class for itself, and not what waits for a server', () => {
    const world = paced(20)
    for (const tag of names('a', 3)) world.accounting({ tag })
    world.settle()
    world.now = later(world.now, millis(10))
    const first = world.access({ tag: 'first', state: 'a conversation' })
    world.now = later(world.now, millis(20))
    const second = world.access({ tag: 'second' })
    const late = world.accounting({ tag: 'late' })
    world.now = later(world.now, millis(5))
    const { authentication, accounting } = world.snapshot().classes
    expect(authentication).toMatchObject({
      instanceQueued: 2,
      instanceQueuedBytes: first.bytes.length + second.bytes.length,
      instanceOldestAge: 25_000,
    })
    expect(accounting).toMatchObject({
      queued: 3,
      instanceQueued: 1,
      instanceQueuedBytes: late.bytes.length,
      instanceOldestAge: 5_000,
      oldestAge: 35_000,
    })
  })
})
