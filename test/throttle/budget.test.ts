/**
 * The port of the budgets: own and shared slots keep the same terms, whatever these are made of.
 */
import { describe, expect, it } from 'vitest'
import { type Budgets, type Term, termOf } from '../../src/throttle/budget.ts'
import { OwnBudgets } from '../../src/throttle/own-slots.ts'
import { SharedBudgets, slotMemory } from '../../src/throttle/shared-slots.ts'
import { instant, millis, perSecond } from '../../src/units.ts'

const SECOND = 1_000_000
const FIRST: Term = { quotas: [5, 0, 2], from: 0 }

const own = (): Budgets => {
  const budgets = new OwnBudgets()
  budgets.open('lane', FIRST, undefined)
  budgets.open('other', FIRST, undefined)
  return budgets
}
const shared = (): Budgets => new SharedBudgets({ lane: slotMemory(FIRST), other: slotMemory(FIRST) })

/** What can be taken of each slot of a second. */
const quotasIn = (budgets: Budgets, second: number, lane = 'lane'): number[] => {
  const budget = budgets.budgetOf(lane)
  const taken: number[] = []
  for (let at = second * SECOND; at < (second + 1) * SECOND; at = budget.nextSlotAt(instant(at)) ?? Number.MAX_VALUE) {
    let count = 0
    while (count < 100 && budget.tryTake(instant(at))) count += 1
    taken.push(count)
  }
  return taken
}

describe.each([
  ['own', own],
  ['shared', shared],
])('%s budgets', (_name, make) => {
  it('keep the quota of each slot, also of slots that have none', () => {
    const budgets = make()
    expect(quotasIn(budgets, 1)).toEqual([5, 0, 2])
    expect(quotasIn(budgets, 2)).toEqual([5, 0, 2])
    expect(budgets.budgetOf('lane').view(instant(3 * SECOND))).toMatchObject({
      maxRate: 7,
      slotsPerSecond: 3,
      quota: 5,
    })
  })

  it('take several terms at once: each holds from its second on', () => {
    const budgets = make()
    expect(quotasIn(budgets, 1)).toEqual([5, 0, 2])
    budgets.announce('lane', [
      { quotas: [1, 1], from: 2 },
      { quotas: [4], from: 4 },
    ])
    expect(budgets.budgetOf('lane').view(instant(1.9 * SECOND))).toMatchObject({ maxRate: 7, pendingMaxRate: 2 })
    expect([2, 3, 4, 5].map((second) => quotasIn(budgets, second))).toEqual([[1, 1], [1, 1], [4], [4]])
  })

  it('replace what begins at the same second or later, and keep what was announced for an earlier one', () => {
    const budgets = make()
    budgets.announce('lane', [{ quotas: [1], from: 2 }])
    budgets.announce('lane', [{ quotas: [2], from: 3 }])
    budgets.announce('lane', [{ quotas: [3], from: 3 }])
    expect([1, 2, 3].map((second) => quotasIn(budgets, second))).toEqual([[5, 0, 2], [1], [3]])
  })

  it('keep the term that is announced again, and go back before another one has begun', () => {
    const budgets = make()
    budgets.announce('lane', [{ ...FIRST, from: 2 }])
    expect(budgets.budgetOf('lane').view(instant(SECOND)).pendingMaxRate).toBeUndefined()
    budgets.announce('lane', [{ quotas: [1], from: 2 }])
    budgets.announce('lane', [{ ...FIRST, from: 2 }])
    expect(budgets.budgetOf('lane').view(instant(SECOND)).pendingMaxRate).toBeUndefined()
    expect(quotasIn(budgets, 2)).toEqual([5, 0, 2])
  })

  it('are of one lane each', () => {
    const budgets = make()
    budgets.announce('lane', [termOf({ maxRate: perSecond(30), slot: millis(100) }, 1)])
    expect(quotasIn(budgets, 1)).toEqual([3, 3, 3, 3, 3, 3, 3, 3, 3, 3])
    expect(quotasIn(budgets, 1, 'other')).toEqual([5, 0, 2])
    expect(() => budgets.budgetOf('nobody')).toThrow(/no lane nobody/)
    expect(() => budgets.announce('nobody', [FIRST])).toThrow(/no lane nobody/)
  })

  it('take no term of no slots for none at all', () => {
    const budgets = make()
    budgets.announce('lane', [])
    expect(quotasIn(budgets, 1)).toEqual([5, 0, 2])
    budgets.announce('lane', [{ quotas: [], from: 2 }])
    expect(budgets.budgetOf('lane').left(instant(2 * SECOND))).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('own budgets', () => {
  it('go on with what was used where a lane has another key', () => {
    const budgets = new OwnBudgets()
    const before = budgets.open('lane', { quotas: [3], from: 0 }, undefined)
    expect(before.tryTake(instant(SECOND))).toBe(true)
    const after = budgets.open('renamed', { quotas: [9], from: 0 }, before)
    expect(after.left(instant(SECOND))).toBe(2)
    budgets.announce('renamed', [{ quotas: [9], from: 2 }])
    expect(before.left(instant(2 * SECOND))).toBe(9)
  })

  it('forget the lanes that are no more', () => {
    const budgets = new OwnBudgets()
    for (const key of ['a', 'b']) budgets.open(key, FIRST, undefined)
    budgets.keepOnly(new Set(['b']))
    expect(() => budgets.budgetOf('a')).toThrow(/no lane a/)
    expect(budgets.budgetOf('b').left(instant(SECOND))).toBe(5)
  })
})
