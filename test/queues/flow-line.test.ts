/**
 * What waits by flow: turns of clients, turns of parts inside of them, and clients that may send no more in a slot.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Allowance, Flow, type Weight } from '../../src/queues/flow.ts'
import { FlowLine } from '../../src/queues/flow-line.ts'
import { type Instant, instant } from '../../src/units.ts'
import { arrivals, FIELDS, Waiter } from './waiter.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

const weighing = (weight: number): Weight => ({ weight })

/** So many messages in each slot of 100 us. */
class PerSlot implements Allowance {
  promised = 0
  readonly #most: number
  #taken = 0
  #slot = 0

  constructor(most: number) {
    this.#most = most
  }

  left(now: Instant): number {
    if (Math.floor(now / 100) !== this.#slot) {
      this.#slot = Math.floor(now / 100)
      this.#taken = 0
    }
    return this.#most - this.#taken
  }

  tryTake(now: Instant): boolean {
    if (this.left(now) <= 0) return false
    this.#taken += 1
    return true
  }

  nextSlotAt(now: Instant): Instant {
    return instant((Math.floor(now / 100) + 1) * 100)
  }
}

const filled = (waiters: readonly Waiter[]): FlowLine<Waiter> => {
  const line = new FlowLine<Waiter>(FIELDS)
  for (const waiter of waiters) line.insert(waiter)
  return line
}

const inTurn = (line: FlowLine<Waiter>, count = Number.POSITIVE_INFINITY): number[] => {
  const taken: number[] = []
  while (taken.length < count && line.first() !== undefined) taken.push(line.take().arrival)
  return taken
}

describe('a line of flows', () => {
  it('takes in turns by weight, and of each flow in the order of arrival', () => {
    const [a, b] = [new Flow(weighing(1)), new Flow(weighing(2))]
    const line = filled([
      ...[1, 2, 3, 4].map((arrival) => new Waiter(arrival, { flow: a })),
      ...[15, 12, 13, 11, 14].map((arrival) => new Waiter(arrival, { flow: b })),
    ])
    expect(line.length).toBe(9)
    expect(inTurn(line)).toEqual([1, 11, 12, 2, 13, 14, 3, 15, 4])
    expect(line.length).toBe(0)
    expect(line.hasTurns()).toBe(false)
  })

  it('with one flow is the order of arrival', () => {
    const flow = new Flow(weighing(3))
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 500 }), { maxLength: 40 }), (numbers) => {
        const line = filled(numbers.map((arrival) => new Waiter(arrival, { flow })))
        expect(inTurn(line)).toEqual(numbers.toSorted((a, b) => a - b))
      }),
    )
  })

  it('lets who leaves without a turn cost his flow nothing', () => {
    const [a, b] = [new Flow(), new Flow()]
    const ofA = [1, 2, 3].map((arrival) => new Waiter(arrival, { flow: a }))
    const line = filled([...ofA, ...[11, 12].map((arrival) => new Waiter(arrival, { flow: b }))])
    line.remove(ofA[0]!)
    expect(inTurn(line)).toEqual([2, 11, 3, 12])
  })

  it('exchanges one for another in its place', () => {
    const flow = new Flow()
    const waiters = [1, 2, 3].map((arrival) => new Waiter(arrival, { flow }))
    const line = filled(waiters)
    const other = new Waiter(2, { flow })
    line.replace(waiters[1]!, other)
    expect(inTurn(line)).toEqual([1, 2, 3])
    expect(() => line.remove(other)).toThrow()
  })

  it('gives the parts of a client turns inside of its turn, and the client no turn more for them', () => {
    const [whole, other] = [new Flow(), new Flow()]
    whole.isDivided = true
    const parts = [new Flow(undefined, whole), new Flow(undefined, whole)]
    const line = filled([
      ...[1, 2, 3].map((arrival) => new Waiter(arrival, { flow: parts[0]! })),
      new Waiter(4, { flow: parts[1]! }),
      ...[5, 6, 7].map((arrival) => new Waiter(arrival, { flow: other })),
    ])
    expect(inTurn(line)).toEqual([1, 5, 4, 6, 2, 7, 3])
  })

  it('lets a client rest that has used up its allowance, and the others have their turns', () => {
    const [slow, quick] = [new Flow(), new Flow()]
    const allowance = new PerSlot(1)
    const line = filled([
      ...[1, 2, 3].map((arrival) => new Waiter(arrival, { flow: slow, allowance })),
      ...[11, 12, 13].map((arrival) => new Waiter(arrival, { flow: quick })),
    ])
    const at = (micros: number): number[] => {
      const taken: number[] = []
      for (let next = line.first(instant(micros)); next !== undefined; next = line.first(instant(micros))) {
        next.allowance?.tryTake(instant(micros))
        taken.push(line.take().arrival)
      }
      return taken
    }
    expect(at(250)).toEqual([1, 11, 12, 13])
    expect(line.restsUntil()).toBe(300)
    expect(at(299)).toEqual([])
    expect(at(300)).toEqual([2])
    expect(at(450)).toEqual([3])
    expect(line.restsUntil()).toBeUndefined()
  })

  it('knows how much rests, whoever comes and goes meanwhile', () => {
    const [slow, quick] = [new Flow(), new Flow()]
    const allowance = new PerSlot(1)
    const line = filled([1, 2, 3].map((arrival) => new Waiter(arrival, { flow: slow, allowance })))
    allowance.tryTake(instant(250))
    expect(line.restingAt(instant(250))).toBe(0)
    expect(line.first(instant(250))).toBeUndefined()
    expect(line.restingAt(instant(250))).toBe(3)
    const more = new Waiter(4, { flow: slow, allowance })
    line.insert(more)
    line.insert(new Waiter(11, { flow: quick }))
    expect([line.length, line.restingAt(instant(299))]).toEqual([5, 4])
    line.remove(more)
    expect([line.restingAt(instant(299)), line.restingAt(instant(300))]).toEqual([3, 0])
    expect(line.first(instant(300))?.arrival).toBe(11)
    expect(line.restingAt(instant(300))).toBe(0)
  })

  it('gives out all, those that rest too, where allowances do not count: what waits moves to another server', () => {
    const allowance = new PerSlot(1)
    const line = filled([1, 2, 3].map((arrival) => new Waiter(arrival, { allowance })))
    allowance.tryTake(instant(0))
    expect(line.first(instant(0))).toBeUndefined()
    expect(inTurn(line)).toEqual([1, 2, 3])
  })

  it('lets who is promised a place and has not taken it count', () => {
    const allowance = new PerSlot(2)
    const line = filled([1, 2, 3].map((arrival) => new Waiter(arrival, { allowance })))
    for (const arrival of [1, 2]) {
      expect(line.first(instant(0))?.arrival).toBe(arrival)
      line.take()
      allowance.promised += 1
    }
    expect(line.first(instant(0))).toBeUndefined()
    expect(line.restsUntil()).toBe(100)
  })

  it('knows its oldest, and what of a flow waits first, whoever has the turn', () => {
    const [a, b] = [new Flow(), new Flow()]
    a.isDivided = true
    const part = new Flow(undefined, a)
    const line = filled([new Waiter(5, { flow: b }), new Waiter(3, { flow: part }), new Waiter(4, { flow: part })])
    expect(line.oldest()?.arrival).toBe(3)
    expect(line.firstOfFlow(new Waiter(9, { flow: part }))?.arrival).toBe(3)
    expect(line.firstOfFlow(new Waiter(9, { flow: new Flow(undefined, a) }))).toBeUndefined()
    expect(line.firstOfFlow(new Waiter(9, { flow: new Flow() }))).toBeUndefined()
    expect(line.lengthOfWhole(new Waiter(9, { flow: part }))).toBe(2)
    expect(arrivals(line).toSorted()).toEqual([3, 4, 5])
  })

  it('is right after any comings, turns and goings of many flows, divided ones among them', () => {
    const act = fc.tuple(fc.constantFrom('come', 'come', 'take', 'leave'), fc.integer({ min: 0, max: 8 }))
    fc.assert(
      fc.property(fc.array(act, { maxLength: 120 }), (acts) => {
        const wholes = Array.from({ length: 3 }, () => new Flow())
        wholes[0]!.isDivided = true
        const flows = [...wholes.slice(1), ...Array.from({ length: 3 }, () => new Flow(undefined, wholes[0]))]
        const line = new FlowLine<Waiter>(FIELDS)
        const waiting: Waiter[] = []
        for (const [at, [kind, which]] of acts.entries()) {
          if (kind === 'come') {
            waiting.push(new Waiter(at, { flow: flows[which % flows.length]! }))
            line.insert(waiting.at(-1)!)
          } else if (kind === 'leave' && waiting.length > 0) {
            line.remove(waiting.splice(which % waiting.length, 1)[0]!)
          } else if (waiting.length > 0) {
            const next = line.first()!
            expect(line.take()).toBe(next)
            const older = waiting.filter(({ flow, arrival }) => flow === next.flow && arrival < next.arrival)
            expect(older).toEqual([])
            waiting.splice(waiting.indexOf(next), 1)
          }
          expect(line.length).toBe(waiting.length)
          expect(line.hasTurns()).toBe(waiting.length > 0)
          expect(line.oldest()?.arrival).toBe(waiting.length === 0 ? undefined : Math.min(...arrivals(waiting)))
        }
      }),
    )
  })
})
