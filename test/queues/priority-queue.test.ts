/**
 * Precedence: who goes next, for both orders of service, enumerated over every pair of messages.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Flow } from '../../src/queues/flow.ts'
import type { Stage } from '../../src/queues/message.ts'
import { PriorityQueue, type ServiceOrder } from '../../src/queues/priority-queue.ts'
import { arrivals, FIELDS, PREFERENCE, Waiter } from './waiter.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

const STAGES: readonly Stage[] = ['retry', 'failover', 'fresh']
const PREFERENCES = Object.keys(PREFERENCE) as (keyof typeof PREFERENCE)[]
const ORDERS: readonly ServiceOrder[] = ['authentication_first', 'fifo']

/** Every kind of message there is, once as the older and once as the younger of two. */
const kinds = STAGES.flatMap((stage) => PREFERENCES.map((preference) => ({ stage, preference })))

/** The rule in words: what was sent before goes first; then State, authentication, accounting; then age. */
const rankOf = ({ stage, preference }: { stage: Stage; preference: keyof typeof PREFERENCE }): number =>
  stage === 'fresh' ? 1 + PREFERENCES.indexOf(preference) : 0

const inOrder = (queue: PriorityQueue<Waiter>, identifierFree = true): number[] => {
  const order: number[] = []
  for (let next = queue.takeNext(identifierFree); next !== undefined; next = queue.takeNext(identifierFree)) {
    order.push(next.arrival)
  }
  return order
}

describe('precedence', () => {
  it('with authentication_first: what is sent again, then State, authentication, accounting, each by age', () => {
    for (const older of kinds) {
      for (const younger of kinds) {
        const queue = new PriorityQueue<Waiter>('authentication_first', FIELDS)
        queue.put(new Waiter(2, younger))
        queue.put(new Waiter(1, older))
        const overtakes = rankOf(younger) < rankOf(older)
        expect(inOrder(queue), `${JSON.stringify(older)} before ${JSON.stringify(younger)}`).toEqual(
          overtakes ? [2, 1] : [1, 2],
        )
      }
    }
  })

  it('with fifo: age alone, whatever the messages are', () => {
    for (const older of kinds) {
      for (const younger of kinds) {
        const queue = new PriorityQueue<Waiter>('fifo', FIELDS)
        queue.put(new Waiter(2, younger))
        queue.put(new Waiter(1, older))
        expect(inOrder(queue)).toEqual([1, 2])
      }
    }
  })

  it('without an identifier free only retries go, oldest first: they hold their own', () => {
    for (const order of ORDERS) {
      const queue = new PriorityQueue<Waiter>(order, FIELDS)
      queue.put(new Waiter(1))
      queue.put(new Waiter(2, { stage: 'failover' }))
      queue.put(new Waiter(4, { stage: 'retry' }))
      queue.put(new Waiter(3, { stage: 'retry' }))
      expect(inOrder(queue, false)).toEqual([3, 4])
      expect(queue.queued).toBe(2)
    }
  })

  it('of the next one over another is what the order in the queue would be', () => {
    for (const order of ORDERS) {
      for (const waiting of kinds) {
        for (const asking of kinds) {
          for (const [first, second] of [
            [1, 2],
            [2, 1],
          ] as const) {
            const queue = new PriorityQueue<Waiter>(order, FIELDS)
            const both = new PriorityQueue<Waiter>(order, FIELDS)
            queue.put(new Waiter(first, waiting))
            for (const waiter of [new Waiter(first, waiting), new Waiter(second, asking)]) both.put(waiter)
            const asker = new Waiter(second, asking)
            expect(queue.hasPrecedenceOver(asker)).toBe(both.takeNext()?.arrival === first)
          }
        }
      }
    }
  })

  it('with turns: of those that wait over a newcomer, and over one that had its turn only of its own client', () => {
    const [a, b] = [new Flow(), new Flow()]
    const queue = new PriorityQueue<Waiter>('fair', FIELDS)
    queue.put(new Waiter(5, { flow: a }))
    const over = (arrival: number, flow: Flow, hadItsTurn: boolean): boolean =>
      queue.hasPrecedenceOver(new Waiter(arrival, { flow }), hadItsTurn)
    expect([over(9, a, false), over(9, b, false)]).toEqual([true, true])
    expect([over(9, a, true), over(1, a, true), over(9, b, true)]).toEqual([true, false, false])
    const state = new Waiter(9, { flow: b, preference: 'state' })
    const accounting = new Waiter(1, { flow: b, preference: 'accounting' })
    expect([false, true].map((hadItsTurn) => queue.hasPrecedenceOver(state, hadItsTurn))).toEqual([false, false])
    expect([false, true].map((hadItsTurn) => queue.hasPrecedenceOver(accounting, hadItsTurn))).toEqual([true, true])
    queue.put(new Waiter(7, { stage: 'failover' }))
    expect([over(1, b, true), over(9, b, true)]).toEqual([true, true])
  })

  it('of nobody over anybody in an empty queue', () => {
    const queue = new PriorityQueue<Waiter>('fifo', FIELDS)
    expect(queue.hasPrecedenceOver(new Waiter(1))).toBe(false)
    expect(queue.takeNext()).toBeUndefined()
    expect(queue.isEmpty()).toBe(true)
  })
})

describe('a waiting queue', () => {
  const waiter = fc.record({
    stage: fc.constantFrom(...STAGES),
    preference: fc.constantFrom(...PREFERENCES),
    size: fc.integer({ min: 20, max: 4096 }),
  })

  it('serves any mixture in the order of the rule, and counts messages and octets without retries', () => {
    fc.assert(
      fc.property(fc.array(waiter, { maxLength: 40 }), fc.constantFrom(...ORDERS), (kindsOf, order) => {
        const queue = new PriorityQueue<Waiter>(order, FIELDS)
        for (const [arrival, one] of kindsOf.entries()) queue.put(new Waiter(arrival, one))
        const queued = kindsOf.filter(({ stage }) => stage !== 'retry')
        expect(queue.queued).toBe(queued.length)
        expect(queue.octets).toBe(queued.reduce((sum, { size }) => sum + size, 0))
        expect(queue.retries).toBe(kindsOf.length - queued.length)
        const expected = [...kindsOf.entries()].sort(([a, one], [b, other]) =>
          order === 'fifo' ? a - b : rankOf(one) - rankOf(other) || a - b,
        )
        expect(inOrder(queue)).toEqual(expected.map(([arrival]) => arrival))
        expect([queue.queued, queue.octets, queue.retries, queue.isEmpty()]).toEqual([0, 0, 0, true])
      }),
    )
  })

  it('finds the oldest that is queued, the oldest that was never sent, and those sent elsewhere before', () => {
    const queue = new PriorityQueue<Waiter>('authentication_first', FIELDS)
    queue.put(new Waiter(1, { stage: 'retry' }))
    queue.put(new Waiter(2, { stage: 'failover' }))
    queue.put(new Waiter(4, { preference: 'state' }))
    queue.put(new Waiter(3, { preference: 'accounting' }))
    expect(queue.oldest()?.arrival).toBe(2)
    expect(queue.fresh.firstOfAll()?.arrival).toBe(3)
    expect(arrivals(queue.failovers())).toEqual([2])
  })

  it('gives up its oldest one after the other, retries included, whatever the order of service', () => {
    fc.assert(
      fc.property(fc.array(waiter, { maxLength: 40 }), fc.constantFrom(...ORDERS), (kindsOf, order) => {
        const queue = new PriorityQueue<Waiter>(order, FIELDS)
        for (const [arrival, one] of kindsOf.entries()) queue.put(new Waiter(arrival, one))
        const taken: number[] = []
        for (let next = queue.removeOldest(); next !== undefined; next = queue.removeOldest()) {
          expect(next.queue).toBeUndefined()
          taken.push(next.arrival)
        }
        expect(taken).toEqual([...kindsOf.keys()])
        expect(queue.isEmpty()).toBe(true)
      }),
    )
  })

  it('changes its order while messages wait', () => {
    const queue = new PriorityQueue<Waiter>('fifo', FIELDS)
    for (const arrival of [1, 2]) queue.put(new Waiter(arrival, { preference: 'accounting' }))
    queue.put(new Waiter(3, { preference: 'state' }))
    expect(queue.takeNext()?.arrival).toBe(1)
    queue.order = 'authentication_first'
    expect(inOrder(queue)).toEqual([3, 2])
  })

  it('refuses a message that waits already, and one that waits elsewhere', () => {
    const [one, other] = [new PriorityQueue<Waiter>('fifo', FIELDS), new PriorityQueue<Waiter>('fifo', FIELDS)]
    const waiting = new Waiter(1)
    one.put(waiting)
    expect(() => other.put(waiting)).toThrow('two places')
    expect(() => other.remove(waiting)).toThrow('elsewhere')
  })
})
