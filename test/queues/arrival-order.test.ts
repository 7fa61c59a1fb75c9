/**
 * The list and the tree by arrival number, beside a plain sorted array under random use; and how many steps the
 * list and the tree take for one message, however many wait.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ArrivalList } from '../../src/queues/arrival-list.ts'
import { ArrivalTree } from '../../src/queues/arrival-tree.ts'
import { arrivals, CountedChain, QUEUE_CHAIN, shuffled, Waiter } from './waiter.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

const COUNT = 80
const use = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('put' as const), which: fc.nat(COUNT - 1) }),
    fc.record({ kind: fc.constant('remove' as const), which: fc.nat(COUNT - 1) }),
    fc.record({ kind: fc.constant('replace' as const), which: fc.nat(COUNT - 1) }),
    fc.record({ kind: fc.constant('first' as const), which: fc.constant(0) }),
  ),
  { maxLength: 200 },
)
const sorted = (model: ReadonlySet<number>): number[] => [...model].sort((a, b) => a - b)

describe('the list in the order of arrival', () => {
  it('agrees with a sorted array, wherever messages come in and leave', () => {
    fc.assert(
      fc.property(use, (steps) => {
        const list = new ArrivalList<Waiter>(QUEUE_CHAIN)
        const waiters = Array.from({ length: COUNT }, (_, arrival) => new Waiter(arrival))
        // So many that what comes into the middle is far from both ends.
        const model = new Set(waiters.map(({ arrival }) => arrival).filter((arrival) => arrival % 2 === 0))
        for (const arrival of model) list.insert(waiters[arrival]!)
        for (const { kind, which } of steps) {
          const waiter = waiters[which]!
          if (kind === 'first') {
            const first = sorted(model)[0]
            expect(list.first()?.arrival).toBe(first)
            if (list.first() !== undefined) list.remove(list.first() as Waiter)
            model.delete(first ?? -1)
          } else if (kind === 'put' && !model.has(which)) {
            list.insert(waiter)
            model.add(which)
          } else if (kind === 'remove' && model.has(which)) {
            list.remove(waiter)
            model.delete(which)
          } else if (kind === 'replace' && model.has(which)) {
            waiters[which] = new Waiter(which)
            list.replace(waiter, waiters[which])
            expect(waiter.isInQueue).toBe(false)
          }
          expect(arrivals(list)).toEqual(sorted(model))
          expect(list.length).toBe(model.size)
          expect(list.first()?.arrival).toBe(sorted(model)[0])
          expect(list.last()?.arrival).toBe(sorted(model).at(-1))
        }
      }),
    )
  })

  it('shows as first and last also one that came back, where those before and behind it have left', () => {
    const list = new ArrivalList<Waiter>(QUEUE_CHAIN)
    const waiters = Array.from({ length: COUNT }, (_, arrival) => new Waiter(arrival))
    const isBack = (arrival: number): boolean => arrival === 30 || arrival === 50
    for (const waiter of waiters) if (!isBack(waiter.arrival)) list.insert(waiter)
    for (const arrival of [50, 30]) list.insert(waiters[arrival]!)
    for (const waiter of waiters) if (waiter.arrival < 30 || waiter.arrival > 50) list.remove(waiter)
    expect([list.first()?.arrival, list.last()?.arrival, list.length]).toEqual([30, 50, 21])
    for (const waiter of waiters.slice(31, 50)) list.remove(waiter)
    expect([list.first()?.arrival, list.last()?.arrival, list.length]).toEqual([30, 50, 2])
  })

  it('refuses a message that waits already, and one that waits elsewhere', () => {
    const [one, other] = [new ArrivalList<Waiter>(QUEUE_CHAIN), new ArrivalList<Waiter>(QUEUE_CHAIN)]
    const waiter = new Waiter(1)
    one.insert(waiter)
    expect(() => one.insert(waiter)).toThrow('two places')
    expect(() => other.insert(waiter)).toThrow('two places')
    expect(() => other.remove(waiter)).toThrow('elsewhere')
    one.remove(waiter)
    expect(() => one.remove(waiter)).toThrow('elsewhere')
  })

  it('merges a long run into the middle of another', () => {
    const list = new ArrivalList<Waiter>(QUEUE_CHAIN)
    const waiters = Array.from({ length: 2_000 }, (_, arrival) => new Waiter(arrival))
    for (const waiter of waiters.filter(({ arrival }) => arrival % 2 === 0)) list.insert(waiter)
    for (const waiter of waiters.filter(({ arrival }) => arrival % 2 === 1)) list.insert(waiter)
    expect(arrivals(list)).toEqual(waiters.map(({ arrival }) => arrival))
  })
})

/** Waits, then comes back out of order: `out` messages among `waiting` others, neither older nor newer than all of them. */
const comeBack = (waiting: number, out: number) => {
  const chain = new CountedChain()
  const list = new ArrivalList<Waiter>(chain)
  const waiters = Array.from({ length: waiting + out + 1 }, (_, arrival) => new Waiter(arrival))
  const half = waiting / 2
  for (const waiter of waiters) if (waiter.arrival < half || waiter.arrival >= half + out) list.insert(waiter)
  const back = shuffled(out).map((place) => waiters[half + place]!)
  return { chain, list, waiters, back }
}

describe('the list in the order of arrival, where a thousand wait and where a hundred thousand do', () => {
  it.each([1_000, 200_000])(
    'puts one of %i that comes back in its place in a few steps, and lets it go so',
    (waiting) => {
      const out = waiting / 10
      const { chain, list, waiters, back } = comeBack(waiting, out)
      const bound = 8 * Math.log2(out)
      expect(chain.mostOf(back.map((waiter) => () => list.insert(waiter)))).toBeLessThan(bound)
      expect(chain.mostOf([() => list.first(), () => list.last()])).toBeLessThan(bound)
      expect(arrivals(list)).toEqual(waiters.map(({ arrival }) => arrival))
      expect(chain.mostOf(waiters.map((waiter) => () => list.remove(waiter)))).toBeLessThan(bound)
      expect(list.length).toBe(0)
    },
  )

  it.each([1_000, 200_000])(
    'takes a queue of %i messages into another one that is as long, each in a few steps',
    (count) => {
      const chain = new CountedChain()
      const list = new ArrivalList<Waiter>(chain)
      const [own, others] = [[...Array(count).keys()].map((i) => 2 * i), [...Array(count).keys()].map((i) => 2 * i + 1)]
      for (const arrival of own) list.insert(new Waiter(arrival))
      // In the order of arrival, as a server's queue is emptied: they merge without a search.
      expect(chain.mostOf(others.map((arrival) => () => list.insert(new Waiter(arrival))))).toBeLessThan(20)
      expect(list.length).toBe(2 * count)
    },
  )

  it('does as little for the one that comes first, last or behind the one before it as if nobody had come back', () => {
    const { chain, list, back } = comeBack(1_000, 100)
    for (const waiter of back.slice(0, 50)) list.insert(waiter)
    const promoted = [-3, -2, -1].map((arrival) => new Waiter(arrival))
    const newcomers = [2_000, 2_001].map((arrival) => new Waiter(arrival))
    expect(chain.mostOf([...promoted, ...newcomers].map((waiter) => () => list.insert(waiter)))).toBeLessThan(6)
  })
})

describe('the tree of those that came back', () => {
  it('agrees with a sorted array, whoever comes, leaves or is replaced', () => {
    fc.assert(
      fc.property(use, (steps) => {
        const tree = new ArrivalTree<Waiter>(QUEUE_CHAIN)
        const waiters = Array.from({ length: COUNT }, (_, arrival) => new Waiter(arrival))
        const model = new Set<number>()
        for (const { kind, which } of steps) {
          const waiter = waiters[which]!
          const isIn = model.has(which)
          if (kind === 'put' && !isIn) {
            tree.put(waiter)
            model.add(which)
          } else if (kind === 'remove') {
            expect(tree.tryRemove(waiter)).toBe(isIn)
            model.delete(which)
          } else if (kind === 'replace') {
            waiters[which] = new Waiter(which)
            expect(tree.tryReplace(waiter, waiters[which])).toBe(isIn)
          }
          expect(arrivals(tree)).toEqual(sorted(model))
          expect(waiters.filter(({ isInQueue }) => isInQueue).length).toBe(model.size)
          expect(tree.size).toBe(model.size)
          expect(tree.first()?.arrival).toBe(sorted(model)[0])
          expect(tree.last()?.arrival).toBe(sorted(model).at(-1))
        }
      }),
    )
  })

  it.each([1_000, 100_000])('stays flat where %i come in the order of arrival, or in the reverse one', (count) => {
    for (const arrivalOf of [(i: number) => i, (i: number) => count - i]) {
      const chain = new CountedChain()
      const tree = new ArrivalTree<Waiter>(chain)
      const waiters = Array.from({ length: count }, (_, i) => new Waiter(arrivalOf(i)))
      const bound = 6 * Math.log2(count)
      expect(chain.mostOf(waiters.map((waiter) => () => tree.put(waiter)))).toBeLessThan(bound)
      expect(chain.mostOf(waiters.map((waiter) => () => tree.tryRemove(waiter)))).toBeLessThan(bound)
    }
  })
})
