/**
 * The magnifying glass on slots: peaks by the grid's own rule, and the seconds that it keeps.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EngineSnapshot } from '../../../src/proxy/border/snapshot.ts'
import { SlotScope } from '../../../src/simulation/rehearsal/slot-scope.ts'
import { START, type World } from '../../../src/simulation/world/world.ts'
import { instant } from '../../../src/units.ts'

/** What the scope asks of a world: one lane, with so many slots a second, that holds back so many. */
const snapshot = (slotsPerSecond: number, queued: number, at = 0): EngineSnapshot =>
  ({ at: START + at, lanes: [{ lane: 0, queued, slots: { slotsPerSecond } }] }) as unknown as EngineSnapshot
const worldOf = (slotsPerSecond: number): World =>
  ({ engine: { inspection: { snapshot: () => snapshot(slotsPerSecond, 0) } } }) as unknown as World

const NOTHING = new Uint8Array(0)
const scopeOf = (slotsPerSecond: number): SlotScope => {
  const scope = new SlotScope()
  scope.begins(worldOf(slotsPerSecond))
  return scope
}

describe('the scope', () => {
  it('finds the fullest slot and second, where slot k begins at floor(k x 1,000,000 / S)', () => {
    const moments = fc.array(fc.nat({ max: 2_999_999 }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), moments, (slots, unsorted) => {
        const scope = scopeOf(slots)
        const sorted = unsorted.toSorted((a, b) => a - b)
        for (const at of sorted) scope.forwarded(0, 1, NOTHING, instant(START + at))
        const inSlot = new Map<number, number>()
        const inSecond = new Map<number, number>()
        for (const at of sorted) {
          const second = Math.floor(at / 1_000_000)
          let k = 0
          while (Math.floor(((k + 1) * 1_000_000) / slots) <= at % 1_000_000) k += 1
          inSlot.set(second * slots + k, (inSlot.get(second * slots + k) ?? 0) + 1)
          inSecond.set(second, (inSecond.get(second) ?? 0) + 1)
        }
        expect(scope.peaks.get(0)).toMatchObject({
          mostInSlot: Math.max(...inSlot.values()),
          mostInSecond: Math.max(...inSecond.values()),
        })
      }),
    )
  })

  it('keeps four seconds from the one in which something first waits, that one from its beginning', () => {
    const scope = scopeOf(20)
    for (let step = 0; step < 200; step += 1) {
      const at = step * 50_000
      scope.received('authentication', NOTHING, instant(START + at))
      if (step % 2 === 0) scope.forwarded(0, 1, NOTHING, instant(START + at + 1))
      scope.sample(snapshot(20, at >= 2_500_000 ? 1 : 0, at))
    }
    const { arrived, sent } = scope.steps
    expect(scope.beginsAt).toBe(2)
    expect(arrived).toEqual(new Array(80).fill(1))
    expect(sent).toEqual(Array.from({ length: 80 }, (_, step) => (step + 1) % 2))
  })

  it('has gaps where nothing happened, whole seconds too', () => {
    const scope = scopeOf(20)
    scope.forwarded(0, 1, NOTHING, START)
    scope.sample(snapshot(20, 1))
    scope.forwarded(0, 1, NOTHING, instant(START + 2_000_000))
    scope.forwarded(0, 1, NOTHING, instant(START + 9_000_000))
    expect(scope.steps.sent.map((count, step) => (count > 0 ? step : -1)).filter((step) => step >= 0)).toEqual([0, 40])
    expect(scope.steps.sent).toHaveLength(80)
  })

  it('stays shut where nothing waits', () => {
    const scope = scopeOf(20)
    scope.forwarded(0, 1, NOTHING, START)
    scope.sample(snapshot(20, 0))
    expect(scope.beginsAt).toBeUndefined()
    expect(scope.steps.sent).toEqual([])
  })
})
