/**
 * All servers dead for an hour: everything waits in its order, nothing is lost, service is back within a probe interval,
 * and the hour itself costs next to nothing.
 */
import { describe, expect, it } from 'vitest'
import type { EngineOptions } from '../../src/proxy/border/options.ts'
import type { Observer } from '../../src/simulation/world/observer.ts'
import type { ScriptEntry } from '../../src/simulation/world/world.ts'
import { seconds } from '../../src/units.ts'
import { homeServer, options, Rig, reporting } from './rig.ts'

const RECORDS = 1_000
const HOUR = 3_600

/** 1,000 records within the first ten minutes, two servers dead from the start until the hour is over. */
const scenario = (
  probe: EngineOptions['deadServer']['probe'],
  deadTime: number,
  observers: readonly Observer[] = [],
): Rig => {
  const clients = [reporting({ sessions: RECORDS, upAtStart: { interimWithin: seconds(600) } })]
  const servers = [homeServer('first'), homeServer('second')]
  const deadServer = {
    consecutiveFailures: 4,
    responseTimeout: seconds(0),
    deadTime: seconds(deadTime),
    probe,
    probeInterval: seconds(10),
  }
  const limits = { rate: 50, timeout: seconds(1), maxRetries: 1 }
  const engine = options(clients, servers, { deadServer, limits, identifierQuarantine: seconds(0) })
  const rise: ScriptEntry = {
    at: seconds(HOUR),
    run: (world) => {
      for (const server of world.servers) server.rise()
    },
  }
  const rig = new Rig({ engine, servers, clients, script: [rise] }, observers)
  for (const server of rig.world.servers) server.die()
  return rig
}

describe('all servers dead for an hour', () => {
  for (const probe of ['status_server', 'none'] as const) {
    it(`keeps every record in its order, and delivers all of them afterwards, with probe: ${probe}`, () => {
      const rig = scenario(probe, 100_000).until(HOUR)
      const { accounting } = rig.snapshot.classes
      // Only what used up its tries at both before they were Down has ended, and that by name.
      const { givenUp } = accounting.ledger
      expect(givenUp).toBeLessThan(8)
      expect(accounting.queued + accounting.outstanding).toBe(RECORDS - givenUp)
      const before = rig.sent.length
      rig.until(HOUR + 60)
      expect(rig.replies).toBe(RECORDS - givenUp)
      expect(rig.snapshot.classes.accounting.ledger).toMatchObject({ received: RECORDS, answered: RECORDS - givenUp })
      const back = rig.sent.slice(before)
      // 12 s: the interval of 10 s and its spread of a fifth.
      expect(back[0]!.at).toBeLessThanOrEqual(HOUR + 12)
      const untried = new Set(rig.sent.slice(0, before).map(({ serial }) => serial))
      const fresh = back.filter(({ serial, isFirst }) => isFirst && !untried.has(serial)).map(({ serial }) => serial)
      expect(fresh).toEqual([...fresh].sort((a, b) => a - b))
      expect(fresh.length).toBeGreaterThan(RECORDS / 2)
    })
  }

  it('asks the dead no more than once an interval each', () => {
    const rig = scenario('status_server', 100_000).until(HOUR)
    for (const { counters, class: trafficClass } of rig.snapshot.lanes) {
      if (trafficClass === 'authentication') expect(counters.probesSent).toBe(0)
      else expect(counters.probesSent).toBeLessThanOrEqual(HOUR / 8)
    }
    const tries = scenario('none', 100_000).until(HOUR)
    const lastMinute = tries.sent.filter(({ at }) => at > HOUR - 60)
    expect(lastMinute.length).toBeGreaterThan(0)
    expect(lastMinute.length).toBeLessThanOrEqual(6 * 2)
  })

  it('is over by itself when the dead time is over, and begins again while they are dead', () => {
    const rig = scenario('none', 600).until(HOUR + 60)
    const revived = rig.events.filter(
      ({ event }) => event.kind === 'server-state' && event.from === 'down' && event.why === 'its dead time is over',
    )
    expect(revived.length).toBeGreaterThanOrEqual(5)
    const { ledger, queued, outstanding } = rig.snapshot.classes.accounting
    expect(rig.replies).toBe(RECORDS - ledger.givenUp)
    expect(queued + outstanding).toBe(0)
  })
})

describe('idle hours', () => {
  it('cost nothing: once all is answered the engine asks for no wake, and nothing happens to it for a week', () => {
    let touched = 0
    const stepped = (): void => {
      touched += 1
    }
    const rig = scenario('status_server', 100_000, [{ stepped }]).until(HOUR + 60)
    for (const client of rig.world.clients) client.isQuiet = true
    const before = touched
    expect(before).toBeGreaterThan(RECORDS)
    rig.until(HOUR + 60 + 7 * 24 * HOUR)
    expect(touched).toBe(before)
    expect(rig.world.engine!.nextWakeAt(rig.world.now)).toBeUndefined()
  })
})
