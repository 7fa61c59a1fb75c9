import { describe, expect, it } from 'vitest'
import { AlertOutbox, endOf } from '../../../src/observe/alarms/alert-outbox.ts'
import type { Alarm } from '../../../src/observe/view/alarm.ts'

const RESEND = 60
const alarm = (server: string, since = 0): Alarm => ({
  id: 'memory',
  severity: 'warning',
  subject: { server },
  sinceUnixSeconds: since,
  value: 1,
  detail: undefined,
  advice: undefined,
})

/** An outbox whose deliveries all succeed or all fail; answers what was told at a moment: `a` raised, `-a` cleared. */
function fixture() {
  const outbox = new AlertOutbox()
  const tell = (at: number, works = true): string[] => {
    const due = outbox.due(at, RESEND)
    if (due.length > 0) {
      if (works) outbox.delivered(due, at)
      else outbox.failed(at, 'no route')
    }
    return due.map(
      ({ alarm: { subject }, clearedUnixSeconds }) => `${clearedUnixSeconds === undefined ? '' : '-'}${subject.server}`,
    )
  }
  return { outbox, tell }
}

describe('the outbox of alerts', () => {
  it('tells of a raised alarm at once and again at each interval, of a cleared one once', () => {
    const { outbox, tell } = fixture()
    outbox.update([alarm('a')], [], 0)
    expect([tell(0), tell(1), tell(59), tell(60), tell(61), tell(120)]).toEqual([['a'], [], [], ['a'], [], ['a']])
    outbox.update([], [alarm('a')], 130)
    expect([tell(130), tell(131), tell(500)]).toEqual([['-a'], [], []])
  })

  it('tries again after 1, 2, 4, ... 60 s, and is as quick as ever after a delivery', () => {
    const { outbox, tell } = fixture()
    outbox.update([alarm('a')], [], 0)
    const tries = Array.from({ length: 400 }, (_, at) => at).filter((at) => tell(at, false).length > 0)
    expect(tries).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363])
    expect(tell(423)).toEqual(['a'])
    outbox.update([alarm('a'), alarm('b')], [], 424)
    expect(tell(424)).toEqual(['b'])
  })

  it('tells a receiver that comes back of the present, not of the past', () => {
    const { outbox, tell } = fixture()
    outbox.update([alarm('a'), alarm('b')], [], 0)
    tell(0, false)
    for (let at = 1; at < 50; at += 1) {
      outbox.update(at % 2 === 0 ? [alarm('a', at)] : [], at % 2 === 0 ? [] : [alarm('a')], at)
    }
    expect(outbox.waiting).toBe(2)
    expect(tell(100)).toEqual(['-a', 'b'])
    expect(outbox.waiting).toBe(0)
  })

  it('tells of what changed while a delivery was under way', () => {
    const { outbox, tell } = fixture()
    outbox.update([alarm('a')], [], 0)
    const due = outbox.due(0, RESEND)
    outbox.update([], [alarm('a')], 1)
    outbox.delivered(due, 2)
    expect(tell(2)).toEqual(['-a'])
  })

  it('says nothing of a cleared alarm that it never heard of', () => {
    const { outbox, tell } = fixture()
    outbox.update([], [alarm('a')], 0)
    expect(tell(0)).toEqual([])
  })

  it('is bounded, and counts what is beyond', () => {
    const { outbox } = fixture()
    outbox.update(
      Array.from({ length: 1_003 }, (_, at) => alarm(`s${at}`)),
      [],
      0,
    )
    expect(outbox.view).toMatchObject({ waiting: 1_000, lost: 3 })
  })

  it('has only the first failure after a success told, and shows why the last one failed', () => {
    const { outbox, tell } = fixture()
    outbox.update([alarm('a')], [], 0)
    expect(outbox.view).toEqual({ ok: 0, failed: 0, waiting: 1, lost: 0, failing: undefined })
    expect([outbox.failed(0, 'it answers 500'), outbox.failed(1, 'no route')]).toEqual([true, false])
    expect(outbox.view).toEqual({ ok: 0, failed: 2, waiting: 1, lost: 0, failing: 'no route' })
    expect(tell(10)).toEqual(['a'])
    expect(outbox.view).toEqual({ ok: 1, failed: 2, waiting: 0, lost: 0, failing: undefined })
    expect(outbox.failed(20, 'no route')).toBe(true)
  })

  it('has a raised alarm end three intervals from now, and a cleared one when it was cleared', () => {
    expect(endOf({ alarm: alarm('a'), clearedUnixSeconds: undefined }, 1_000, RESEND)).toBe(1_180)
    expect(endOf({ alarm: alarm('a'), clearedUnixSeconds: 990 }, 1_000, RESEND)).toBe(990)
  })
})
