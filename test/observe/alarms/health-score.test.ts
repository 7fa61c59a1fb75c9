import { describe, expect, it } from 'vitest'
import type { TrafficClass } from '../../../src/classes.ts'
import { HEALTH_FACTORS, type HealthFactor, healthScoreOf } from '../../../src/observe/alarms/health-score.ts'
import { concerns, notReady } from '../../../src/observe/judgements.ts'
import type { Interval } from '../../../src/observe/view/interval.ts'
import { type Change, calm, defaults, inClass, inEngine, inLane, inLedger, intervalOf, shedFor } from '../intervals.ts'

const { penalties } = defaults()
const by = (change: (value: number) => Change) => (value: number) => intervalOf(change(value))

/** For each factor an interval in which it has exactly this value. */
const AT: Readonly<Record<HealthFactor, (value: number) => Interval>> = {
  'queue-fill': by((percent) => inClass('authentication', () => ({ queued: 200 * percent }))),
  'queue-age': by((percent) => inClass('accounting', () => ({ ageShare: percent / 100 }))),
  shed: by((count) => inLedger('accounting', shedFor('queue-bytes', count))),
  timeouts: by((percent) =>
    inLane({ server: 's1', class: 'accounting' }, ({ counters }) => ({
      counters: { ...counters, requests: 1_000, timeouts: 10 * percent },
    })),
  ),
  servers: by((percent) => {
    // Of two servers none, one or both.
    const down = ['s1', 's2'].slice(0, Math.ceil(percent / 50))
    return (view) =>
      down.reduce((seen, server) => inLane({ server, class: 'accounting' }, () => ({ state: 'down' }))(seen), view)
  }),
  instances: by((percent) => (view) => ({
    ...view,
    instances: view.instances.map((one) => ({ ...one, isRunning: percent < 1 })),
  })),
  'bad-authenticators': by((count) =>
    inEngine((engine) => ({
      ...engine,
      clients: engine.clients.map((one, at) => (at === 0 ? { ...one, badAuthenticators: count } : one)),
    })),
  ),
  'event-loop-delay': (late) => intervalOf(undefined, late),
  memory: by((residentBytes) => (view) => ({ ...view, process: { ...view.process, residentBytes } })),
}
/** Where a factor has few values: one that is over the warning threshold and under the error threshold. */
const COARSE: readonly HealthFactor[] = ['servers', 'instances']

describe('the health', () => {
  it('is 10 where all is well', () => {
    expect(healthScoreOf(intervalOf(), penalties)).toEqual({ score: 10, reasons: [] })
  })

  it.each(Object.keys(HEALTH_FACTORS) as HealthFactor[])(
    'loses 1 at the warning threshold of %s, more at error',
    (factor) => {
      const { warning, error, cost } = penalties[factor] ?? { warning: 0, error: 0, cost: 0 }
      const at = (value: number) =>
        healthScoreOf(AT[factor](value), { ...penalties, memory: factor === 'memory' ? penalties.memory : undefined })
      expect(at(0).score).toBe(10)
      expect(at(error)).toMatchObject({ score: 10 - cost, reasons: [{ factor, level: 'error', cost }] })
      expect(cost).toBeGreaterThan(1)
      if (COARSE.includes(factor)) return
      expect(at(warning)).toMatchObject({ score: 9, reasons: [{ factor, level: 'warning', cost: 1 }] })
      expect(at(warning - warning / 1_000).score).toBe(10)
      expect(at(error - error / 1_000).score).toBe(9)
    },
  )

  it('loses 1 while one of two servers is Down, and all of it when none is left', () => {
    expect(healthScoreOf(AT.servers(50), penalties)).toMatchObject({ score: 9 })
    expect(healthScoreOf(AT.servers(100), penalties)).toMatchObject({ score: 0 })
  })

  it('says its reasons with their values, the dearest first', () => {
    const shed = inLedger('accounting', shedFor('queue-messages', 700))
    const full = inClass('authentication', () => ({ queued: 19_000 }))
    const all = intervalOf((view) => shed(full(view)))
    expect(healthScoreOf(all, penalties)).toEqual({
      score: 5,
      reasons: [
        { factor: 'shed', level: 'error', cost: 3, says: 'messages shed: 700 a minute' },
        { factor: 'queue-fill', level: 'error', cost: 2, says: 'the fullest queue: 95 %' },
      ],
    })
  })

  it('loses nothing by the logins that a client sends beyond its max_share, and something by its records', () => {
    const scoreOf = (name: TrafficClass): number =>
      healthScoreOf(intervalOf(inLedger(name, shedFor('client-share', 700))), penalties).score
    expect([scoreOf('authentication'), scoreOf('accounting')]).toEqual([10, 7])
  })

  it('never falls under 0', () => {
    const dear = { warning: 1, error: 1, cost: 9 }
    const all = intervalOf(inLedger('accounting', shedFor('queue-messages', 700)), 3)
    expect(healthScoreOf(all, { ...penalties, shed: dear, 'event-loop-delay': dear }).score).toBe(0)
  })

  it('takes no notice of a factor that is switched off', () => {
    expect(healthScoreOf(AT.shed(700), { ...penalties, shed: undefined }).score).toBe(10)
  })

  it('is a concern under degraded_below, and never a reason to be not ready', () => {
    const view = calm()
    const reasons = [{ factor: 'shed', level: 'error', cost: 3, says: 'messages shed: 700 a minute' }] as const
    const at = (score: number) => ({
      ...view,
      watch: { ...view.watch, health: { score, reasons }, degradedBelow: 8 },
    })
    const sentence = 'the health is 7 of 10 (messages shed: 700 a minute)'
    expect([concerns(at(8)), concerns(at(7))]).toEqual([[], [sentence]])
    expect([notReady(at(7)), notReady(at(0))]).toEqual([[], []])
  })
})
