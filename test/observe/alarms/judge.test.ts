import { describe, expect, it } from 'vitest'
import { Judge, type JudgeOptions } from '../../../src/observe/alarms/judge.ts'
import type { DaemonView } from '../../../src/observe/view/view.ts'
import { type Change, calm, defaults, inClass, inEngine, inLedger } from '../intervals.ts'
import { instanceOf } from '../view-of.ts'

/** Notes what throws, and goes on with the former value. */
function noted() {
  const places: string[] = []
  const value = <T>(place: string, act: () => T, otherwise: T): T => {
    try {
      return act()
    } catch {
      places.push(place)
      return otherwise
    }
  }
  return { places, boundary: { value } }
}

/** Records that nobody sent, so that the ledger is off too. */
const full = inClass('accounting', () => ({ queued: 200_000 }))
/** The calm daemon, so many seconds later. */
const viewIn = (seconds: number, change: Change = (view) => view): DaemonView => {
  const view = calm()
  return change({ ...view, uptimeSeconds: view.uptimeSeconds + seconds })
}
const late =
  (p99: number): Change =>
  (view) => ({
    ...view,
    instances: [instanceOf(view.engine, { loopDelay: { mean: 0, p99, max: p99 } })],
  })

function fixture(options: JudgeOptions = defaults()) {
  const { places, boundary } = noted()
  const judge = new Judge(options, boundary)
  /** As the daemon makes its view: with what was found last. */
  const viewed = (view: DaemonView, at: number): DaemonView =>
    judge.upToDate({ ...view, watch: judge.found(undefined) }, at)
  const poll = (view: DaemonView, at: number) => judge.judge(viewed(view, at), at)
  return { judge, places, viewed, poll }
}
const idsOf = (alarms: DaemonView['watch']['alarms']): string[] => alarms.map(({ id }) => id)

describe('the judge of the daemon', () => {
  it('finds nothing at the first view, which ends no interval', () => {
    const { judge, poll, viewed } = fixture()
    expect(viewed(viewIn(0, full), 100).watch).toEqual(judge.found(undefined))
    expect(poll(viewIn(0, full), 100)).toBeUndefined()
    expect([judge.alarms, judge.health]).toEqual([[], { score: 10, reasons: [] }])
  })

  it('raises an alarm at the end of an interval and clears it at the end of another', () => {
    const { judge, poll } = fixture()
    poll(viewIn(0), 100)
    const outcomes = [1, 2, 3].map((at) => poll(viewIn(5 * at, full), 100 + 5 * at))
    expect(outcomes.flatMap((one) => idsOf(one?.raised ?? []))).toContain('queue-fill')
    expect(judge.health.score).toBeLessThan(10)
    const [kept] = judge.alarms
    expect(kept).toMatchObject({ id: 'queue-fill', subject: { class: 'accounting' }, value: 100 })
    const calmed = [4, 5, 6].map((at) => poll(viewIn(5 * at), 100 + 5 * at))
    expect(calmed.flatMap((one) => idsOf(one?.cleared ?? []))).toContain('queue-fill')
    expect(judge.alarms).toEqual([])
  })

  it('foresees between two polls what the next one will raise, and the health before the first', () => {
    const { judge, poll, viewed } = fixture()
    const threshold = { high: 80, low: 60, samples: 1, ofLast: 1 }
    judge.reconfigure({ ...defaults(), alarms: { ...defaults().alarms, 'queue-fill': threshold } })
    poll(viewIn(0), 100)
    const { watch } = viewed(viewIn(1, full), 101)
    expect([idsOf(watch.alarms), idsOf(watch.foreseen)]).toEqual([[], ['queue-fill', 'ledger-imbalance']])
    expect(watch.health.score).toBeLessThan(10)
    // Nothing changes by a view.
    expect([judge.alarms, judge.health.score]).toEqual([[], 10])
    poll(viewIn(5, full), 105)
    const later = viewed(viewIn(6), 106).watch
    expect([idsOf(later.alarms), idsOf(later.foreseen)]).toEqual([['queue-fill', 'ledger-imbalance'], []])
    expect(later.health).toEqual(judge.health)
  })

  it('keeps the worst delay of an interval, whoever asked for the view that had it', () => {
    const threshold = { high: 0.5, low: 0.5, samples: 1, ofLast: 1 }
    const { poll, viewed } = fixture({
      ...defaults(),
      alarms: { ...defaults().alarms, 'event-loop-delay': threshold },
    })
    poll(viewIn(0), 100)
    viewed(viewIn(2, late(0.7)), 102)
    viewed(viewIn(3, late(0.1)), 103)
    const raised = poll(viewIn(5), 105)?.raised.find(({ id }) => id === 'event-loop-delay')
    expect(raised).toMatchObject({ value: 0.7, subject: { instance: '0' } })
    expect(idsOf(poll(viewIn(10), 110)?.cleared ?? [])).toEqual(['event-loop-delay'])
  })

  it('keeps an alarm and the health that can not be read, and judges the others', () => {
    const { judge, poll, places } = fixture()
    poll(viewIn(0), 100)
    for (const at of [1, 2, 3]) poll(viewIn(5 * at, full), 100 + 5 * at)
    const health = judge.health
    const broken = (view: DaemonView): DaemonView => ({
      ...view,
      config: { ...view.config, refused: 'a problem' },
      get limits(): DaemonView['limits'] {
        throw new TypeError('limits')
      },
    })
    // The getter is not copied into another view.
    for (const at of [4, 5]) judge.judge(broken(viewIn(5 * at)), 100 + 5 * at)
    expect(idsOf(judge.alarms)).toEqual(expect.arrayContaining(['queue-fill', 'reload-refused']))
    expect(judge.health).toBe(health)
    expect(new Set(places)).toEqual(new Set(['alarms', 'poll']))
  })

  it('takes a rate between two polls over a whole interval, since more can only come', () => {
    const { poll, viewed } = fixture()
    poll(viewIn(0), 100)
    // 1,800 messages within a second: over the interval of 5 s they are 360 a second, under the limit of 1,500.
    const many = inLedger('accounting', { received: 1_800 })
    expect(idsOf(viewed(viewIn(1, many), 101).watch.foreseen)).not.toContain('offered-rate')
    expect(idsOf(viewed(viewIn(5, inLedger('accounting', { received: 9_000 })), 105).watch.foreseen)).toContain(
      'offered-rate',
    )
  })

  it('finds who asked for most between two polls, and knows nobody before', () => {
    const { judge, poll } = fixture()
    const sent = (count: number): Change =>
      inEngine((engine) => ({
        ...engine,
        clients: engine.clients.map((one) => ({
          ...one,
          served: { ...one.served, accounting: { sent: one.name === 'bng' ? count : 0, shed: 0, expired: 0 } },
        })),
      }))
    poll(viewIn(0, sent(100)), 100)
    expect(judge.found(undefined).busiest).toEqual({ seconds: 0, clients: [] })
    poll(viewIn(5, sent(150)), 105)
    expect(judge.found(undefined).busiest).toMatchObject({
      seconds: 5,
      clients: [{ client: 'bng', sent: 10, share: 1 }],
    })
  })

  it('has the thresholds of its options, but of alarms that are off', () => {
    const { judge } = fixture()
    const off = { ...defaults(), degradedBelow: 3, alarms: { ...defaults().alarms, memory: undefined } }
    judge.reconfigure(off)
    const { thresholds, degradedBelow } = judge.found(undefined)
    expect(degradedBelow).toBe(3)
    expect(thresholds.map(({ id }) => id)).not.toContain('memory')
    expect(thresholds).toContainEqual({ id: 'queue-fill', high: 80, low: 60 })
  })
})
