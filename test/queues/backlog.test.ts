/**
 * The bounds of a class: count, octets, age, and who is shed by which policy.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Backlog, type BacklogLimits, type OverflowPolicy } from '../../src/queues/backlog.ts'
import { Patience } from '../../src/queues/patience.ts'
import { instant, micros, seconds } from '../../src/units.ts'
import { FIELDS, Waiter } from './waiter.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

const backlog = (o: Partial<BacklogLimits> = {}): Backlog<Waiter> =>
  new Backlog<Waiter>(
    { maxMessages: 3, maxBytes: 1_000_000, maxAge: micros(1_000), overflow: 'drop_newest', ...o },
    FIELDS,
  )

/** Who goes first where the oldest is shed. */
const oldestOf = (backlog: Backlog<Waiter>): Waiter | undefined => {
  const { limits } = backlog
  backlog.limits = { ...limits, maxMessages: 0, overflow: 'drop_oldest' }
  const oldest = backlog.excess()?.victim
  backlog.limits = limits
  return oldest
}

/** Enters them all, sheds by the policy after each; who was shed, in order. */
const shedBy = (limits: Partial<BacklogLimits>, waiters: readonly Waiter[]): number[] => {
  const one = backlog(limits)
  const shed: number[] = []
  for (const waiter of waiters) {
    one.enter(waiter)
    for (let excess = one.excess(); excess !== undefined; excess = one.excess()) {
      one.leave(excess.victim)
      shed.push(excess.victim.arrival)
    }
  }
  return shed
}

describe('a full backlog', () => {
  const five = (): Waiter[] => [1, 2, 3, 4, 5].map((arrival) => new Waiter(arrival, { interim: arrival % 2 === 0 }))

  it('with drop_newest sheds who came last', () => {
    expect(shedBy({}, five())).toEqual([4, 5])
  })

  it('with drop_oldest sheds who waits longest', () => {
    expect(shedBy({ overflow: 'drop_oldest' }, five())).toEqual([1, 2])
  })

  it('with shed_interim_first sheds interim updates, the oldest first', () => {
    expect(shedBy({ overflow: 'shed_interim_first' }, five())).toEqual([2, 4])
  })

  it('with shed_interim_first and no interim update left sheds who came last', () => {
    const waiters = [1, 2, 3, 4, 5].map((arrival) => new Waiter(arrival, { interim: arrival === 2 }))
    expect(shedBy({ overflow: 'shed_interim_first' }, waiters)).toEqual([2, 5])
  })

  it('by octets sheds as many as it takes', () => {
    const waiters = [300, 300, 300, 900].map((size, arrival) => new Waiter(arrival, { size }))
    expect(shedBy({ maxMessages: 100, maxBytes: 1_000, overflow: 'drop_oldest' }, waiters)).toEqual([0, 1, 2])
    expect(shedBy({ maxMessages: 100, maxBytes: 800 }, [new Waiter(1, { size: 900 })])).toEqual([1])
  })

  it('names the bound that is passed', () => {
    const one = backlog({ maxMessages: 1, maxBytes: 150 })
    one.enter(new Waiter(1))
    expect(one.excess()).toBeUndefined()
    one.enter(new Waiter(2))
    expect(one.excess()?.reason).toBe('queue-messages')
    one.limits = { maxMessages: 2, maxBytes: 199, maxAge: micros(1), overflow: 'drop_newest' }
    expect(one.excess()?.reason).toBe('queue-bytes')
    one.limits = { maxMessages: 2, maxBytes: 200, maxAge: micros(1), overflow: 'drop_newest' }
    expect(one.excess()).toBeUndefined()
  })

  it('never ends beyond its bounds and keeps its sums, for any mixture and policy', () => {
    const policies: readonly OverflowPolicy[] = ['drop_newest', 'drop_oldest', 'shed_interim_first']
    const waiter = fc.record({ size: fc.integer({ min: 20, max: 400 }), interim: fc.boolean() })
    fc.assert(
      fc.property(
        fc.array(waiter, { maxLength: 60 }),
        fc.constantFrom(...policies),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 100, max: 3_000 }),
        (kinds, overflow, maxMessages, maxBytes) => {
          const one = backlog({ maxMessages, maxBytes, overflow })
          const kept = new Set<Waiter>()
          for (const [arrival, kind] of kinds.entries()) {
            const waiter = new Waiter(arrival, kind)
            one.enter(waiter)
            kept.add(waiter)
            for (let excess = one.excess(); excess !== undefined; excess = one.excess()) {
              const { victim } = excess
              if (overflow === 'shed_interim_first' && [...kept].some(({ isInterim }) => isInterim))
                expect(victim.isInterim).toBe(true)
              expect(one.has(victim)).toBe(true)
              one.leave(victim)
              kept.delete(victim)
            }
            expect(one.messages).toBe(kept.size)
            expect(one.messages).toBeLessThanOrEqual(maxMessages)
            expect(one.octets).toBe([...kept].reduce((sum, { size }) => sum + size, 0))
            expect(one.octets).toBeLessThanOrEqual(maxBytes)
          }
        },
      ),
    )
  })
})

describe('age', () => {
  it('makes a message overdue once it has waited longer than max-age, and the wake is aimed at that', () => {
    const one = backlog()
    expect(one.nextWakeAt()).toBeUndefined()
    const [first, second] = [new Waiter(1, { receivedAt: 5_000 }), new Waiter(2, { receivedAt: 5_400 })]
    one.enter(second)
    one.enter(first)
    expect(oldestOf(one)).toBe(first)
    expect(one.overdue(instant(6_000))).toBeUndefined()
    expect(one.nextWakeAt()).toBe(6_001)
    expect(one.overdue(instant(6_001))).toBe(first)
    one.leave(first)
    expect(one.has(first)).toBe(false)
    expect(one.overdue(instant(6_001))).toBeUndefined()
    expect(one.nextWakeAt()).toBe(6_401)
  })
})

describe('the age of copies', () => {
  const limits = { maxMessages: 100, maxBytes: 1_000_000, maxAge: seconds(5), overflow: 'drop_newest' } as const
  const at = (second: number) => instant(second * 1_000_000)

  it('counts from the latest copy of each, so that a younger one may expire first, and none before its time', () => {
    const backlog = new Backlog<Waiter>(limits, FIELDS)
    const renewed = new Waiter(1, { stage: 'failover', receivedAt: 0 })
    const other = new Waiter(2, { stage: 'failover', receivedAt: 1_000_000 })
    const fresh = new Waiter(3, { receivedAt: 2_000_000 })
    for (const one of [fresh, renewed, other]) backlog.enter(one)
    renewed.agesFrom = at(4)
    expect(oldestOf(backlog)).toBe(renewed)
    expect(backlog.nextWakeAt()).toBe(at(5) + 1)
    expect(backlog.overdue(at(6))).toBeUndefined()
    expect(backlog.overdue(instant(at(6) + 1))).toBe(other)
    backlog.leave(other)
    expect(backlog.overdue(instant(at(7) + 1))).toBe(fresh)
    backlog.leave(fresh)
    expect(backlog.overdue(at(9))).toBeUndefined()
    expect(backlog.overdue(instant(at(9) + 1))).toBe(renewed)
    backlog.leave(renewed)
    expect(backlog.nextWakeAt()).toBeUndefined()
  })

  it('is that of the first to expire where max_age is a number', () => {
    const backlog = new Backlog<Waiter>(limits, FIELDS)
    const renewed = new Waiter(1, { stage: 'failover', receivedAt: 0 })
    renewed.agesFrom = at(4)
    backlog.enter(renewed)
    expect(backlog.age(at(5))).toEqual({ oldestAge: seconds(1), ageShare: 1 / 5 })
    backlog.enter(new Waiter(2, { receivedAt: 3_000_000 }))
    expect(backlog.age(at(5))).toEqual({ oldestAge: seconds(2), ageShare: 2 / 5 })
  })

  it('takes a new max_age at once', () => {
    const backlog = new Backlog<Waiter>(limits, FIELDS)
    const copy = new Waiter(1, { stage: 'failover', receivedAt: 0 })
    backlog.enter(copy)
    backlog.limits = { ...limits, maxAge: seconds(2) }
    expect(backlog.nextWakeAt()).toBe(at(2) + 1)
    expect(backlog.overdue(instant(at(2) + 1))).toBe(copy)
  })

  it('is no matter for the policies: the oldest and the newest go by arrival, whoever they are', () => {
    for (const [overflow, goes] of [
      ['drop_newest', 4],
      ['drop_oldest', 1],
    ] as const) {
      const backlog = new Backlog<Waiter>({ ...limits, maxMessages: 3, overflow }, FIELDS)
      for (const arrival of [2, 3]) backlog.enter(new Waiter(arrival))
      for (const arrival of [4, 1]) backlog.enter(new Waiter(arrival, { stage: 'failover' }))
      expect(backlog.excess()?.victim.arrival).toBe(goes)
    }
    const none = new Backlog<Waiter>({ ...limits, maxMessages: 0, overflow: 'drop_newest' }, FIELDS)
    for (const stage of ['fresh', 'failover'] as const) {
      const only = new Waiter(1, { stage })
      none.enter(only)
      expect([none.excess()?.victim, oldestOf(none)]).toEqual([only, only])
      none.leave(only)
    }
  })
})

describe('the oldest with max_age: auto', () => {
  const limits = {
    maxMessages: 100,
    maxBytes: 1_000_000,
    maxAge: seconds(5),
    maxAgeMost: seconds(30),
    overflow: 'drop_newest',
  } as const
  const at = (second: number) => instant(second * 1_000_000)
  /** It came at `first`, and its client sends it each `gap` since. */
  const asking = (arrival: number, first: number, gap: number): Waiter => {
    const waiter = new Waiter(arrival, { receivedAt: at(first) })
    waiter.patience = new Patience(at(first))
    waiter.patience.heard(at(first + gap))
    return waiter
  }

  it('is who came first, though a younger one expires first', () => {
    const backlog = new Backlog<Waiter>(limits, FIELDS)
    const [patient, hasty] = [asking(1, 0, 14), asking(2, 13.7, 0.5)]
    for (const one of [patient, hasty]) backlog.enter(one)
    expect(backlog.nextWakeAt()).toBeLessThan(at(15))
    expect(backlog.age(at(14.2)).oldestAge).toBe(seconds(14.2))
    backlog.leave(patient)
    expect(backlog.age(at(14.2)).oldestAge).toBe(seconds(0.5))
    backlog.enter(new Waiter(0, { receivedAt: at(12) }))
    expect(backlog.age(at(14.2)).oldestAge).toBe(seconds(2.2))
    expect(new Backlog<Waiter>(limits, FIELDS).age(at(14.2))).toEqual({ oldestAge: 0, ageShare: 0 })
  })

  it('is near its end though the first to expire is of a client that sends each instant', () => {
    const backlog = new Backlog<Waiter>(limits, FIELDS)
    const [patient, hasty] = [asking(1, 0, 3), asking(2, 4.9, 0.1)]
    backlog.enter(patient)
    const alone = backlog.age(at(5)).ageShare
    expect(alone).toBeGreaterThan(0.6)
    backlog.enter(hasty)
    expect(backlog.age(at(5)).ageShare).toBe(alone)
  })

  it('has used up its time when it expires, whatever its limit is', () => {
    const once = new Waiter(1, { receivedAt: at(0) })
    for (const waiter of [once, asking(1, 0, 0.3), asking(1, 0, 3), asking(1, 0, 20)]) {
      const backlog = new Backlog<Waiter>(limits, FIELDS)
      backlog.enter(waiter)
      const end = instant(backlog.nextWakeAt()! - 1)
      expect([backlog.overdue(end), backlog.age(end).ageShare]).toEqual([undefined, 1])
      expect(backlog.age(instant(end / 2)).ageShare).toBeCloseTo(0.5, 5)
    }
  })
})
