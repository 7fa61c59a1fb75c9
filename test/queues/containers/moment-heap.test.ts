/**
 * The heap by moments beside a list that is sorted each time.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MomentHeap } from '../../../src/queues/containers/moment-heap.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

interface Thing {
  readonly number: number
}

const THINGS: readonly Thing[] = Array.from({ length: 12 }, (_, number) => ({ number }))

type Step = { readonly thing: number; readonly moment: number | undefined }

describe('the heap by moments', () => {
  it('always has the earliest first, of equal ones the one with the lowest number, whatever is put, moved or taken out', () => {
    const step = fc.record({ thing: fc.nat(11), moment: fc.option(fc.nat(6), { nil: undefined }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps: Step[]) => {
        const heap = new MomentHeap<Thing>(({ number }) => number)
        const model = new Map<Thing, number>()
        for (const { thing: number, moment } of steps) {
          const thing = THINGS[number] as Thing
          if (moment === undefined) {
            heap.remove(thing)
            model.delete(thing)
          } else {
            heap.put(thing, moment)
            model.set(thing, moment)
          }
          const [first] = sorted(model)
          expect(heap.first()).toBe(first?.[0])
          expect(heap.firstAt).toBe(first?.[1] ?? Number.POSITIVE_INFINITY)
          expect(heap.size).toBe(model.size)
          expect([...heap].sort((a, b) => a.number - b.number)).toEqual(
            [...model.keys()].sort((a, b) => a.number - b.number),
          )
        }
        const rest = Array.from({ length: model.size }, () => heap.shift())
        expect(rest).toEqual(sorted(model).map(([thing]) => thing))
        expect(heap.shift()).toBeUndefined()
      }),
    )
  })

  it('is empty once it was cleared, and takes the same again', () => {
    const heap = new MomentHeap<Thing>(({ number }) => number)
    for (const thing of THINGS) heap.put(thing, 100 - thing.number)
    heap.clear()
    expect(heap.first()).toBeUndefined()
    for (const thing of THINGS) heap.put(thing, thing.number)
    expect(heap.first()).toBe(THINGS[0])
  })
})

const sorted = (model: ReadonlyMap<Thing, number>): [Thing, number][] =>
  [...model].sort(([a, at], [b, bt]) => at - bt || a.number - b.number)
