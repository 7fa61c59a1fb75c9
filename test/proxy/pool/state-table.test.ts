/**
 * The table State -> server, beside a plain model: what they know, their bounds, and that no
 * step does more where many are remembered.
 */
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { StateTable } from '../../../src/proxy/pool/state-table.ts'
import { ForgettingTable } from '../../../src/queues/containers/forgetting-table.ts'
import { instant, micros } from '../../../src/units.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

const stateOf = (number: number): Uint8Array => {
  const state = new Uint8Array(number % 20)
  for (let i = 0; i < state.length; i += 1) state[i] = number >> (8 * (i % 4))
  return state
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('the table of conversations', () => {
  it('knows the last server of each State for its lifetime, of as many as it may keep', () => {
    const act = fc.record({ state: fc.integer({ min: 1, max: 300 }), server: fc.nat(3), wait: fc.nat(3) })
    fc.assert(
      fc.property(fc.array(act, { maxLength: 300 }), fc.integer({ min: 1, max: 40 }), (acts, maxEntries) => {
        const table = new StateTable({ lifetime: micros(30), maxEntries })
        /** In the order of learning. */
        const model = new Map<string, { server: string; until: number }>()
        let now = 1_000
        for (const { state, server, wait } of acts) {
          now += wait
          const key = String(stateOf(state))
          table.learn(stateOf(state), `s${server}`, instant(now))
          model.delete(key)
          model.set(key, { server: `s${server}`, until: now + 30 })
          for (const [oldest, { until }] of model) {
            if (until > now && model.size <= maxEntries) break
            model.delete(oldest)
          }
          expect(table.size).toBeLessThanOrEqual(maxEntries)
          for (let each = 1; each <= 300; each += 7) {
            expect(table.serverOf(stateOf(each), instant(now))).toBe(model.get(String(stateOf(each)))?.server)
          }
        }
      }),
      { numRuns: 30 },
    )
  })

  it.each([1_000, 50_000])('forgets a few of %i at a time, and finds none that is over', (count) => {
    const table = new StateTable({ lifetime: micros(30), maxEntries: count })
    for (let i = 0; i < count; i += 1) table.learn(Buffer.from(`state ${i}`), 's1', instant(1_000))
    const remove = vi.spyOn(ForgettingTable.prototype, 'remove')
    table.passTime(instant(1_029))
    expect(remove).not.toHaveBeenCalled()
    table.passTime(instant(1_030))
    expect(remove.mock.calls.length).toBeLessThan(100)
    expect(table.serverOf(Buffer.from(`state ${count - 1}`), instant(1_030))).toBeUndefined()
    remove.mockClear()
    table.learn(Buffer.from('one more'), 's2', instant(1_030))
    expect(remove.mock.calls.length).toBe(2)
    for (let i = 0; i < count; i += 1) table.passTime(instant(1_030))
    expect(table.size).toBe(1)
  })
})
