import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Alarms } from '../../../src/observe/alarms/alarms.ts'
import { type Subject, subjectText, type Threshold } from '../../../src/observe/view/alarm.ts'

const NOBODY: Subject = {}

/** One alarm that gets a value at each poll; answers at which polls it was raised. */
function played(values: readonly number[], threshold: Threshold): boolean[] {
  const alarms = new Alarms()
  return values.map((value, poll) => {
    alarms.judge([{ id: 'memory', severity: 'warning', threshold, readings: [{ subject: NOBODY, value }] }], poll)
    return alarms.current().length === 1
  })
}

const shown = (raised: readonly boolean[]): string => raised.map((one) => (one ? '#' : '.')).join('')

describe('the judge of alarms', () => {
  it('raises at high, clears under low, and lets nothing between change anything', () => {
    const threshold = { high: 80, low: 60, samples: 1, ofLast: 1 }
    expect(shown(played([79, 80, 79, 60, 59, 79, 60, 81, 0], threshold))).toBe('.###...#.')
  })

  it('with one threshold has no middle', () => {
    expect(shown(played([0, 1, 0, 1, 1, 0], { high: 1, low: 1, samples: 1, ofLast: 1 }))).toBe('.#.##.')
  })

  it.each([
    // Two of the last three, not necessarily in a row.
    { samples: 2, ofLast: 3, values: [9, 0, 9, 0, 0, 9, 0, 0, 0], says: '..#......' },
    { samples: 3, ofLast: 3, values: [9, 9, 9, 0, 0, 9, 0, 0, 0], says: '..######.' },
    { samples: 2, ofLast: 2, values: [9, 9, 0, 9, 0, 0, 9, 5, 9, 9], says: '.####....#' },
    // While as many are high as are low, it stays.
    { samples: 1, ofLast: 3, values: [9, 0, 0, 0, 9], says: '###.#' },
  ])('takes $samples of the last $ofLast, in both directions', ({ samples, ofLast, values, says }) => {
    expect(shown(played(values, { high: 9, low: 5, samples, ofLast }))).toBe(says)
  })

  it('never changes its mind without a reading beyond a threshold', () => {
    const threshold = fc.record({ samples: fc.integer({ min: 1, max: 4 }), more: fc.integer({ min: 0, max: 3 }) })
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 40 }),
        threshold,
        (values, { samples, more }) => {
          const ofLast = samples + more
          const raised = played(values, { high: 8, low: 4, samples, ofLast })
          for (const [poll, isRaised] of raised.entries()) {
            const seen = values.slice(Math.max(0, poll + 1 - ofLast), poll + 1)
            const highs = seen.filter((value) => value >= 8).length
            const lows = seen.filter((value) => value < 4).length
            const was = raised[poll - 1] ?? false
            if (highs >= samples) expect(isRaised).toBe(true)
            else if (lows >= samples) expect(isRaised).toBe(false)
            else expect(isRaised).toBe(was)
          }
        },
      ),
    )
  })

  it('says once when an alarm is raised and once when it is cleared, with its value and since when', () => {
    const alarms = new Alarms()
    const threshold = { high: 10, low: 5, samples: 1, ofLast: 1 }
    const judge = (value: number, at: number) =>
      alarms.judge([{ id: 'memory', severity: 'critical', threshold, readings: [{ subject: NOBODY, value }] }], at)
    const alarm = {
      id: 'memory',
      severity: 'critical',
      subject: NOBODY,
      sinceUnixSeconds: 100,
      detail: undefined,
      advice: undefined,
    }
    expect(judge(12, 100)).toEqual({ raised: [{ ...alarm, value: 12 }], cleared: [] })
    expect(judge(14, 101)).toEqual({ raised: [], cleared: [] })
    expect(alarms.current()).toEqual([{ ...alarm, value: 14 }])
    expect(judge(3, 105)).toEqual({ raised: [], cleared: [{ ...alarm, value: 3 }] })
    expect(alarms.current()).toEqual([])
  })

  it('keeps the value that raised it, also while a lull leaves it raised', () => {
    const alarms = new Alarms()
    const threshold = { high: 10, low: 5, samples: 1, ofLast: 12 }
    const judge = (value: number, at: number) =>
      alarms.judge(
        [
          {
            id: 'memory',
            severity: 'warning',
            threshold,
            readings: [{ subject: NOBODY, value, detail: `d${value}`, advice: `a${value}` }],
          },
        ],
        at,
      )
    judge(40, 1)
    judge(12, 2)
    for (let poll = 3; poll < 14; poll += 1) judge(0, poll)
    const kept = { value: 12, detail: 'd12', sinceUnixSeconds: 1 }
    // What to do is what is known now.
    expect(alarms.current()).toMatchObject([{ ...kept, advice: 'a0', quietSeconds: 11 }])
    judge(0, 14)
    expect(alarms.current()).toEqual([])
  })

  it.each([
    // Of a rate the rest of the interval is still to come: its number stays, what is known of the cause is of now.
    { isNow: false, value: 1, shows: { value: 12, detail: 'd12', advice: 'a1', quietSeconds: undefined } },
    { isNow: false, value: 15, shows: { value: 12, detail: 'd12', advice: 'a15', quietSeconds: undefined } },
    // What is of the moment is read again, and what is not so any more is said to be over.
    { isNow: true, value: 15, shows: { value: 15, detail: 'd15', advice: 'a15', quietSeconds: undefined } },
    { isNow: true, value: 7, shows: { value: 7, detail: 'd7', advice: 'a7', quietSeconds: undefined } },
    { isNow: true, value: 1, shows: { value: 12, detail: 'd12', advice: 'a1', quietSeconds: 3 } },
  ])('shows a raised alarm between two polls as it is now: of the moment $isNow, $value', ({ isNow, value, shows }) => {
    const alarms = new Alarms()
    const threshold = { high: 10, low: 5, samples: 1, ofLast: 2 }
    const rules = (reading: number) => {
      const readings = [{ subject: NOBODY, value: reading, detail: `d${reading}`, advice: `a${reading}` }]
      return [{ id: 'memory', severity: 'warning', threshold, isNow, readings } as const]
    }
    alarms.judge(rules(12), 100)
    const judged = alarms.current()
    expect(alarms.betweenPolls(rules(value), 103)).toEqual([{ ...judged[0], ...shows }])
    expect(alarms.current()).toEqual(judged)
  })

  it('foresees exactly what the next poll would raise, and changes nothing by it', () => {
    const value = fc.integer({ min: 0, max: 12 })
    const samples = fc.integer({ min: 1, max: 3 })
    fc.assert(
      fc.property(fc.array(value, { maxLength: 8 }), value, samples, samples, (before, next, some, more) => {
        const threshold = { high: 8, low: 4, samples: some, ofLast: some + more - 1 }
        const alarms = new Alarms()
        const rules = (reading: number) => [
          { id: 'memory', severity: 'warning', threshold, readings: [{ subject: NOBODY, value: reading }] } as const,
        ]
        for (const [at, reading] of before.entries()) alarms.judge(rules(reading), at)
        const current = alarms.current()
        const foreseen = alarms.foresee(rules(next), 99)
        expect(alarms.foresee(rules(next), 99)).toEqual(foreseen)
        expect(alarms.current()).toEqual(current)
        // What is between the thresholds may keep an alarm raised and never raises one.
        expect(foreseen).toEqual(alarms.judge(rules(next), 99).raised)
      }),
    )
  })

  it('looks at the subjects of ten thousand calm readings not at all', () => {
    const alarms = new Alarms()
    let looks = 0
    const readings = Array.from({ length: 10_000 }, (_, at) => ({
      value: 0,
      get subject() {
        looks += 1
        return { client: `c${at}` }
      },
    }))
    const threshold = { high: 1, low: 1, samples: 1, ofLast: 12 }
    const judge = () => alarms.judge([{ id: 'memory', severity: 'warning', threshold, readings }], 1)
    judge()
    judge()
    expect(looks).toBe(0)
    readings[7]!.value = 1
    judge()
    expect(alarms.current().map(({ subject }) => subject.client)).toEqual(['c7'])
  })

  it('judges each subject for itself and forgets those that are gone', () => {
    const alarms = new Alarms()
    const threshold = { high: 1, low: 1, samples: 1, ofLast: 1 }
    const judge = (servers: Readonly<Record<string, number>>, of: Threshold | 'off' = threshold) =>
      alarms.judge(
        [
          {
            id: 'memory',
            severity: 'warning',
            threshold: of === 'off' ? undefined : of,
            readings: Object.entries(servers).map(([server, value]) => ({ subject: { server }, value })),
          },
        ],
        7,
      )
    judge({ a: 1, b: 0, c: 1 })
    expect(alarms.current().map(({ subject }) => subject.server)).toEqual(['a', 'c'])
    expect(judge({ b: 0, c: 1 }).cleared.map(({ subject }) => subject.server)).toEqual(['a'])
    // Switched off by a reload.
    expect(judge({ b: 1, c: 1 }, 'off')).toMatchObject({ raised: [], cleared: [{ subject: { server: 'c' } }] })
  })
})

describe('a subject', () => {
  it('is told by its names', () => {
    expect(subjectText({ server: 'fr-1', class: 'accounting' })).toBe('server fr-1, accounting')
    expect(subjectText({ instance: '2' })).toBe('instance 2')
    expect(subjectText({})).toBe('')
  })
})
