/**
 * Promotion: what can go now returns to the head of the instance queue, and a slot is promised only once.
 */
import { describe, expect, it } from 'vitest'
import { type Allowance, Flow } from '../../src/queues/flow.ts'
import { PriorityQueue } from '../../src/queues/priority-queue.ts'
import { ServerQueue } from '../../src/queues/server-queue.ts'
import { instant } from '../../src/units.ts'
import { FIELDS, Waiter } from './waiter.ts'

const setUp = (): { instance: PriorityQueue<Waiter>; queue: ServerQueue<Waiter> } => ({
  instance: new PriorityQueue<Waiter>('authentication_first', FIELDS),
  queue: new ServerQueue<Waiter>('authentication_first', FIELDS),
})

const served = (instance: PriorityQueue<Waiter>): number[] => {
  const order: number[] = []
  for (let next = instance.takeNext(); next !== undefined; next = instance.takeNext()) order.push(next.arrival)
  return order
}

describe('promotion', () => {
  it('gives back as many as there is quota and identifiers, the oldest, and they stand before all else there', () => {
    const { instance, queue } = setUp()
    for (const arrival of [10, 11]) instance.put(new Waiter(arrival))
    for (const arrival of [1, 2, 3, 4]) queue.waiting.put(new Waiter(arrival))
    expect(queue.promote({ quota: 3, identifiers: 2 }, instance)).toBe(2)
    expect(queue.waiting.queued).toBe(2)
    expect(served(instance)).toEqual([1, 2, 10, 11])
  })

  it('promises a slot once: a second look before those were served gives back nothing more', () => {
    const { instance, queue } = setUp()
    for (const arrival of [1, 2, 3, 4]) queue.waiting.put(new Waiter(arrival))
    const room = { quota: 2, identifiers: 256 }
    expect(queue.promote(room, instance)).toBe(2)
    expect(queue.promote(room, instance)).toBe(0)
    instance.takeNext()
    // One was served; it took one of the quota, so the room is one less, and one promise is still open.
    expect(queue.promote({ quota: 1, identifiers: 255 }, instance)).toBe(0)
    expect(queue.promote({ quota: 2, identifiers: 255 }, instance)).toBe(1)
  })

  it('gives the promise back where a promoted message leaves in another way', () => {
    const { instance, queue } = setUp()
    const waiters = [1, 2].map((arrival) => new Waiter(arrival))
    for (const waiter of waiters) queue.waiting.put(waiter)
    expect(queue.promote({ quota: 1, identifiers: 1 }, instance)).toBe(1)
    expect(waiters[0]!.queue).toBe(instance)
    instance.remove(waiters[0]!)
    expect(waiters[0]!.promoter).toBeUndefined()
    expect(queue.promote({ quota: 1, identifiers: 1 }, instance)).toBe(1)
    expect(served(instance)).toEqual([2])
  })

  it('lets retries go without an identifier, but not without quota', () => {
    const { instance, queue } = setUp()
    for (const arrival of [5, 6]) queue.waiting.put(new Waiter(arrival, { stage: 'retry' }))
    for (const arrival of [1, 2]) queue.waiting.put(new Waiter(arrival))
    expect(queue.promote({ quota: 0, identifiers: 9 }, instance)).toBe(0)
    expect(queue.promote({ quota: 3, identifiers: 0 }, instance)).toBe(2)
    expect(served(instance)).toEqual([5, 6])
    expect(queue.waiting.queued).toBe(2)
  })

  it('without a limit of the rate gives back what identifiers allow', () => {
    const { instance, queue } = setUp()
    for (let arrival = 0; arrival < 100; arrival += 1) queue.waiting.put(new Waiter(arrival))
    expect(queue.promote({ quota: Number.POSITIVE_INFINITY, identifiers: 60 }, instance)).toBe(60)
  })
})

describe('promotion where clients have turns', () => {
  const fair = () => ({
    instance: new PriorityQueue<Waiter>('fair', FIELDS),
    queue: new ServerQueue<Waiter>('fair', FIELDS),
  })

  it('gives back in turns, and they are served in that order, before the turns of the instance queue', () => {
    const { instance, queue } = fair()
    const [a, b] = [new Flow(), new Flow()]
    for (const arrival of [1, 2, 3]) queue.waiting.put(new Waiter(arrival, { flow: a }))
    for (const arrival of [4, 5]) queue.waiting.put(new Waiter(arrival, { flow: b }))
    for (const arrival of [8, 9]) instance.put(new Waiter(arrival, { flow: b }))
    expect(queue.promote({ quota: 4, identifiers: 9 }, instance)).toBe(4)
    expect(served(instance)).toEqual([1, 4, 2, 5, 8, 9])
  })

  it('promises a client no more places in its slot than it has, until those are served', () => {
    const { instance, queue } = fair()
    const allowance: Allowance = { promised: 0, left: () => 2, tryTake: () => true, nextSlotAt: () => instant(100) }
    for (const arrival of [1, 2, 3, 4]) queue.waiting.put(new Waiter(arrival, { allowance }))
    const room = { quota: 9, identifiers: 9 }
    expect(queue.promote(room, instance, instant(0))).toBe(2)
    expect(allowance.promised).toBe(2)
    expect(queue.promote(room, instance, instant(0))).toBe(0)
    expect(served(instance)).toEqual([1, 2])
    expect(allowance.promised).toBe(0)
    expect(queue.promote(room, instance, instant(100))).toBe(2)
  })
})

describe('the instance queue', () => {
  it('serves by precedence, and by age within it', () => {
    const { instance } = setUp()
    instance.put(new Waiter(1, { preference: 'accounting' }))
    instance.put(new Waiter(2))
    instance.put(new Waiter(3, { preference: 'state' }))
    instance.put(new Waiter(4, { stage: 'failover' }))
    expect(instance.queued).toBe(4)
    expect(served(instance)).toEqual([4, 3, 2, 1])
    expect(instance.isEmpty()).toBe(true)
  })

  it('with fifo serves by age alone', () => {
    const instance = new PriorityQueue<Waiter>('authentication_first', FIELDS)
    instance.order = 'fifo'
    instance.put(new Waiter(2, { preference: 'state' }))
    instance.put(new Waiter(1, { preference: 'accounting' }))
    expect(served(instance)).toEqual([1, 2])
  })
})
