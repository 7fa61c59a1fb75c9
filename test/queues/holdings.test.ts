/**
 * Who loses a message if more comes than fits: the flow that holds most by weight.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Flow } from '../../src/queues/flow.ts'
import { Holdings } from '../../src/queues/holdings.ts'
import { arrivals, FIELDS, Waiter } from './waiter.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

const holding = (waiters: readonly Waiter[], isFair = true): Holdings<Waiter> => {
  const holdings = new Holdings<Waiter>(FIELDS, isFair)
  for (const waiter of waiters) holdings.enter(waiter)
  return holdings
}

const of = (flow: Flow, ...numbers: number[]): Waiter[] => numbers.map((arrival) => new Waiter(arrival, { flow }))

describe('the victim', () => {
  it('is of the flow with the most messages by weight, also if another one came last', () => {
    const [fat, thin, heavy] = [new Flow(), new Flow(), new Flow({ weight: 5 })]
    const holdings = holding([...of(fat, 1, 2, 3), ...of(heavy, 4, 5, 6, 7, 8), ...of(thin, 9)])
    expect([holdings.newest('messages')?.arrival, holdings.oldest('messages')?.arrival]).toEqual([3, 1])
  })

  it('by octets is of the flow with the most octets', () => {
    const [many, large] = [new Flow(), new Flow()]
    const big = [7, 8, 9].map((arrival) => new Waiter(arrival, { flow: large, size: 4_000 }))
    const holdings = holding([...big, ...of(many, 11, 12, 13, 14, 15)])
    expect(holdings.newest('octets')?.arrival).toBe(9)
    expect(holdings.newest('messages')?.arrival).toBe(15)
  })

  it('that is an interim update is of the flow with the most of them: the outdated first, then the oldest', () => {
    const [a, b] = [new Flow(), new Flow()]
    const interims = (flow: Flow, ...numbers: number[]): Waiter[] =>
      numbers.map((arrival) => new Waiter(arrival, { flow, interim: true }))
    const ofA = interims(a, 3, 4, 5)
    const holdings = holding([...of(b, 1, 2, 8, 9), ...ofA, ...interims(b, 6)])
    expect(holdings.interim()?.arrival).toBe(3)
    holdings.outdate(ofA[2]!)
    expect(holdings.interim()?.arrival).toBe(5)
    for (const one of ofA) holdings.leave(one)
    expect(holdings.interim()?.arrival).toBe(6)
    expect(ofA[2]!.isOutdated).toBe(false)
  })

  it('in a divided flow is of the part that holds most', () => {
    const whole = new Flow()
    whole.isDivided = true
    const [loop, quiet] = [new Flow(undefined, whole), new Flow(undefined, whole)]
    const holdings = holding([...of(loop, 1, 2, 3), ...of(quiet, 4), ...of(new Flow(), 5, 6)])
    expect(holdings.newest('messages')?.arrival).toBe(3)
    expect(holdings.oldest('messages')?.arrival).toBe(1)
  })

  it('is told apart from the oldest of each client, of all its parts and addresses together', () => {
    const [plain, divided, several] = [{ weight: 1 }, { weight: 2 }, { weight: 3 }]
    const whole = new Flow(divided)
    whole.isDivided = true
    const parts = [new Flow(divided, whole), new Flow(divided, whole)]
    const addresses = [new Flow(several), new Flow(several)]
    const at = (flow: Flow | undefined, receivedAt: number) =>
      new Waiter(receivedAt, { flow: flow as Flow, receivedAt })
    const leaves = at(new Flow(plain), 1)
    const waiters = [
      leaves,
      at(leaves.flow, 4),
      at(parts[0], 6),
      at(parts[1], 5),
      at(addresses[0], 3),
      at(addresses[1], 2),
    ]
    const holdings = holding(waiters)
    holdings.leave(leaves)
    expect([plain, divided, several].map((of) => holdings.oldestByOwner().get(of))).toEqual([4, 5, 2])
    expect(holdings.oldestByOwner().size).toBe(3)
  })

  it('without flows is whoever came last or first of all', () => {
    const [fat, thin] = [new Flow(), new Flow()]
    const waiters = [...of(fat, 1, 2, 3), ...of(thin, 4)]
    const holdings = holding(waiters, false)
    expect([holdings.newest('messages')?.arrival, holdings.oldest('messages')?.arrival]).toEqual([4, 1])
    holdings.isFair = true
    expect(holdings.newest('messages')?.arrival).toBe(3)
    holdings.isFair = false
    expect(holdings.newest('messages')?.arrival).toBe(4)
  })

  it('is another one when weights change', () => {
    const weight = { weight: 1 }
    const [a, b] = [new Flow(weight), new Flow()]
    const holdings = holding([...of(a, 1, 2, 3, 4), ...of(b, 5, 6)])
    expect(holdings.newest('messages')?.arrival).toBe(4)
    weight.weight = 4
    holdings.reweigh()
    expect(holdings.newest('messages')?.arrival).toBe(6)
  })
})

describe('a share', () => {
  it('is passed by the client alone, whose newest goes', () => {
    const [a, b] = [new Flow(), new Flow()]
    const ofA = of(a, 1, 2, 3)
    const holdings = holding([...ofA, ...of(b, 4)])
    expect(holdings.beyondShare(ofA[0]!, 3, 3)).toBeUndefined()
    expect(holdings.beyondShare(ofA[0]!, 2, 3)?.arrival).toBe(3)
  })

  it('without flows is counted by who asks, and a newcomer goes, but no copy', () => {
    const newcomer = new Waiter(1)
    const copy = new Waiter(2, { stage: 'failover' })
    const holdings = holding([newcomer, copy], false)
    expect(holdings.beyondShare(newcomer, 2, 3)).toBe(newcomer)
    expect(holdings.beyondShare(newcomer, 3, 3)).toBeUndefined()
    expect(holdings.beyondShare(copy, 2, 3)).toBeUndefined()
  })
})

describe('what is held', () => {
  it('is found by flow, and the victim is of the fattest, after any comings and goings', () => {
    const act = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 50 }))
    const weights = [1, 1, 2, 3, 10]
    fc.assert(
      fc.property(fc.array(act, { maxLength: 120 }), (acts) => {
        const flows = weights.map((weight) => new Flow({ weight }))
        const holdings = new Holdings<Waiter>(FIELDS, true)
        const held: Waiter[] = []
        for (const [at, [comes, flow, which]] of acts.entries()) {
          if (comes) {
            held.push(new Waiter(at, { flow: flows[flow]!, interim: which % 3 === 0 }))
            holdings.enter(held.at(-1)!)
          } else if (held.length > 0) holdings.leave(held.splice(which % held.length, 1)[0]!)
          const of = (one: Flow): Waiter[] => held.filter((waiter) => waiter.flow === one)
          const most = Math.max(...flows.map((one) => Math.ceil(of(one).length / one.weight)))
          const victim = holdings.newest('messages')
          expect(victim === undefined ? 0 : Math.ceil(of(victim.flow).length / victim.flow.weight)).toBe(most)
          if (victim !== undefined) expect(victim.arrival).toBe(Math.max(...arrivals(of(victim.flow))))
          expect(holdings.messages).toBe(held.length)
          expect(holdings.interims).toBe(held.filter(({ isInterim }) => isInterim).length)
          expect(arrivals(holdings.heldBy((one) => one === flows[0]))).toEqual(arrivals(of(flows[0]!)))
          expect([...holdings].length).toBe(held.length)
        }
      }),
    )
  })
})
