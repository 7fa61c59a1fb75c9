/**
 * The law of the order within a session must be seen to fail: the faults are planted into the real engine, as in
 * planted-faults.test.ts.
 */
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { EngineOptions } from '../../src/proxy/border/options.ts'
import { WaitingSessions } from '../../src/proxy/register/waiting-sessions.ts'
import { booksFor } from '../../src/simulation/books/books.ts'
import { SessionLaw } from '../../src/simulation/laws/records/session-law.ts'
import { BrokenLaw } from '../../src/simulation/world/observer.ts'
import { START, World, type WorldPlan } from '../../src/simulation/world/world.ts'
import { seconds } from '../../src/units.ts'
import { homeServer, only, options, reporting } from './rig.ts'

/** The name of the law if it is broken within twenty seconds. */
const brokenLaw = (plan: WorldPlan & { readonly engine: EngineOptions }): string | undefined => {
  try {
    new World(plan, only(plan.engine, SessionLaw)).run(seconds(20))
    return undefined
  } catch (error) {
    if (error instanceof BrokenLaw) return error.law
    throw error
  }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('the order within a session', () => {
  const spread = (): WorldPlan & { readonly engine: EngineOptions } => {
    const clients = [reporting({ sessions: 30, accounting: { ...reporting().accounting, interimPeriod: seconds(2) } })]
    const servers = [homeServer('one'), homeServer('two')]
    const { classes } = options([], [])
    const accounting = { ...classes.accounting, algorithm: 'round_robin' as const }
    const limitsOf = { one: { rate: 3 }, two: { rate: 20 } }
    const engine = options(clients, servers, { limitsOf, classes: { ...classes, accounting } })
    return { seed: 'two servers in turn', engine, servers, clients }
  }

  it('is found broken where a record does not follow those of its session that wait', () => {
    const plan = spread()
    expect(brokenLaw(plan)).toBeUndefined()
    vi.spyOn(WaitingSessions.prototype, 'enter').mockReturnValue(undefined)
    expect(brokenLaw(plan)).toBe('session order')
  })

  it('is judged for each session apart', () => {
    const law = new SessionLaw(booksFor(spread().engine))
    law.checkOrder('a', 10, START)
    law.checkOrder('b', 5, START)
    expect(() => law.checkOrder('a', 9, START)).toThrow(/^session order: /)
  })
})
