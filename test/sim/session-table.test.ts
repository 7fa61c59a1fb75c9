/**
 * The session table in random worlds: it stays within its bounds, counts every record that was admitted and none twice, and
 * what the engine sends is the same with it and without.
 */
import { describe, expect, it } from 'vitest'
import { randomWorld } from '../../src/simulation/seeds/random-world.ts'
import { runPlan } from '../../src/simulation/seeds/run.ts'
import type { Observer } from '../../src/simulation/world/observer.ts'
import { BrokenLaw } from '../../src/simulation/world/observer.ts'
import { World } from '../../src/simulation/world/world.ts'
import { type Instant, micros, seconds } from '../../src/units.ts'

/** Worlds with accounting, some of them with reboots and reloads. */
const SEEDS = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]
const MOST = 7

/** A few sessions at most, for a short time: in every world the bounds are reached. */
const sessions = { maxSessions: MOST, lifetime: seconds(5), maxPortRate: 0 }

/** It ends nothing while the world lasts. */
const patient = { ...sessions, lifetime: seconds(3_600) }

class TableLaw implements Observer {
  mostSeen = 0
  evicted = 0
  silent = 0
  #world: World | undefined

  begins(world: World): void {
    this.#world = world
  }

  stepped(now: Instant): void {
    const snapshot = this.#world?.engine?.inspection.snapshot(now)
    if (snapshot?.sessions === undefined) return
    const { live, bundles, memberLinks, evicted, ended } = snapshot.sessions
    if (live > MOST || bundles > MOST || memberLinks > live) throw new BrokenLaw('session-table', `${live} live`, now)
    const { received, duplicate, dropped } = snapshot.classes.accounting.ledger
    const refused = Object.values(dropped).reduce((sum, one) => sum + one, 0)
    const counted = snapshot.clients.reduce(
      (sum, { accounting }) => sum + Object.values(accounting.records).reduce((all, one) => all + one, 0),
      0,
    )
    // What was dropped after it was admitted was observed as well.
    if (counted > received - duplicate || counted < received - duplicate - refused) {
      throw new BrokenLaw('session-table', `${counted} records observed of ${received}, ${duplicate} duplicates`, now)
    }
    this.mostSeen = Math.max(this.mostSeen, live)
    this.evicted = evicted
    this.silent = ended.silent
  }
}

describe('the session table', () => {
  it('stays within its bounds in every step, and sees each admitted record once', () => {
    let [evicted, silent, most] = [0, 0, 0]
    for (const seed of SEEDS) {
      const { plan, end } = randomWorld(seed)
      const law = new TableLaw()
      new World({ ...plan, engine: { ...plan.engine, sessions } }, [law]).run(end)
      evicted += law.evicted
      silent += law.silent
      most = Math.max(most, law.mostSeen)
    }
    // The worlds did reach the bounds.
    expect([evicted > 0, silent > 0, most]).toEqual([true, true, MOST])
  })

  it('changes nothing of what the engine sends, where it is not asked for Gigawords', () => {
    let worlds = 0
    for (let seed = 1; worlds < SEEDS.length; seed += 1) {
      const { plan: drawn, end } = randomWorld(seed)
      if (drawn.engine?.clients.some(({ accounting }) => accounting.synthesizeGigawords)) continue
      worlds += 1
      // Where timers are late by chance, one timer more is another world.
      const plan = { ...drawn, lateness: micros(0) }
      const tracked = { ...plan, engine: { ...plan.engine, sessions: patient } }
      const both = [plan, tracked].map((one) => runPlan(one, micros(end)))
      expect([seed, both[1]?.digest, both[1]?.broken]).toEqual([seed, both[0]?.digest, both[0]?.broken])
    }
  })
})
