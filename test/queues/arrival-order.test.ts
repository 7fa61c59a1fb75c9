/**
 * The list and the heap by arrival number, beside a plain sorted array under random use.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ArrivalHeap } from '../../src/queues/arrival-heap.ts'
import { ArrivalList, type Chain } from '../../src/queues/arrival-list.ts'
import { arrivals, Waiter } from './waiter.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

const CHAIN: Chain<Waiter> = {
  next: (of) => of.nextInLine,
  previous: (of) => of.previousInLine,
  setNext: (of, next) => {
    of.nextInLine = next
  },
  setPrevious: (of, previous) => {
    of.previousInLine = previous
  },
  isLinked: (of) => of.isInLine,
  setLinked: (of, isLinked) => {
    of.isInLine = isLinked
  },
}
const COUNT = 40
const use = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('put' as const), which: fc.nat(COUNT - 1) }),
    fc.record({ kind: fc.constant('remove' as const), which: fc.nat(COUNT - 1) }),
    fc.record({ kind: fc.constant('first' as const), which: fc.constant(0) }),
  ),
  { maxLength: 200 },
)
const sorted = (model: ReadonlySet<number>): number[] => [...model].sort((a, b) => a - b)

describe('the list in the order of arrival', () => {
  it('agrees with a sorted array, wherever messages come in and leave', () => {
    fc.assert(
      fc.property(use, (steps) => {
        const list = new ArrivalList<Waiter>(CHAIN)
        const waiters = Array.from({ length: COUNT }, (_, arrival) => new Waiter(arrival))
        const model = new Set<number>()
        for (const { kind, which } of steps) {
          const waiter = waiters[which]!
          if (kind === 'first') {
            const first = sorted(model)[0]
            expect(list.shift()?.arrival).toBe(first)
            model.delete(first ?? -1)
          } else if (kind === 'put' && !model.has(which)) {
            list.insert(waiter)
            model.add(which)
          } else if (kind === 'remove' && model.has(which)) {
            list.remove(waiter)
            model.delete(which)
          }
          expect(arrivals(list)).toEqual(sorted(model))
          expect(list.length).toBe(model.size)
          expect(list.first()?.arrival).toBe(sorted(model)[0])
          expect(list.last()?.arrival).toBe(sorted(model).at(-1))
        }
      }),
    )
  })

  it('refuses a message that waits already, and one that waits elsewhere', () => {
    const [one, other] = [new ArrivalList<Waiter>(CHAIN), new ArrivalList<Waiter>(CHAIN)]
    const waiter = new Waiter(1)
    one.insert(waiter)
    expect(() => one.insert(waiter)).toThrow('two places')
    expect(() => other.insert(waiter)).toThrow('two places')
    expect(() => other.remove(waiter)).toThrow('elsewhere')
    one.remove(waiter)
    expect(() => one.remove(waiter)).toThrow('elsewhere')
  })

  it('merges a long run into the middle of another', () => {
    const list = new ArrivalList<Waiter>(CHAIN)
    const waiters = Array.from({ length: 2_000 }, (_, arrival) => new Waiter(arrival))
    for (const waiter of waiters.filter(({ arrival }) => arrival % 2 === 0)) list.insert(waiter)
    for (const waiter of waiters.filter(({ arrival }) => arrival % 2 === 1)) list.insert(waiter)
    expect(arrivals(list)).toEqual(waiters.map(({ arrival }) => arrival))
  })
})

describe('the heap by arrival number', () => {
  it('always shows the oldest, whatever comes in and leaves in whatever order', () => {
    fc.assert(
      fc.property(use, (steps) => {
        const heap = new ArrivalHeap<Waiter>()
        const waiters = Array.from({ length: COUNT }, (_, arrival) => new Waiter(arrival))
        const model = new Set<number>()
        for (const { kind, which } of steps) {
          const waiter = kind === 'first' ? heap.first() : waiters[which]
          if (waiter === undefined) continue
          if (kind === 'put' && !model.has(which)) {
            heap.put(waiter)
            model.add(which)
          } else if (kind !== 'put' && model.has(waiter.arrival)) {
            heap.remove(waiter)
            model.delete(waiter.arrival)
          }
          expect(heap.first()?.arrival).toBe(sorted(model)[0])
          expect(heap.length).toBe(model.size)
          expect(arrivals(heap).sort((a, b) => a - b)).toEqual(sorted(model))
        }
      }),
    )
  })

  it('refuses a message that waits already, and one that waits elsewhere', () => {
    const [one, other] = [new ArrivalHeap<Waiter>(), new ArrivalHeap<Waiter>()]
    const waiter = new Waiter(1)
    one.put(waiter)
    expect(() => other.put(waiter)).toThrow('two places')
    expect(() => other.remove(waiter)).toThrow('elsewhere')
    one.remove(waiter)
    expect(() => one.remove(waiter)).toThrow('elsewhere')
  })
})
