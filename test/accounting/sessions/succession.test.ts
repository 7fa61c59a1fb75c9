import { describe, expect, it } from 'vitest'
import { type Coming, type Known, type Succession, succession } from '../../../src/accounting/sessions/succession.ts'

const START = 1
const STOP = 2
const INTERIM = 3

/** A session of which an interim came at second 1,000, when it was 600 s old. */
const known = (o: Partial<Known> = {}): Known => ({
  stamp: undefined,
  time: 600,
  second: 1_000,
  ended: false,
  wentOn: true,
  ...o,
})
const coming = (o: Partial<Coming> = {}): Coming => ({
  status: INTERIM,
  stamp: undefined,
  time: undefined,
  second: 1_300,
  ...o,
})

describe('without time stamps', () => {
  it.each<[string, Partial<Known>, Partial<Coming>, Succession]>([
    ['a longer session goes on', {}, { time: 900 }, 'next'],
    ['one as long goes on', {}, { time: 600 }, 'next'],
    ['a shorter one that began since the last record is new', {}, { time: 300 }, 'new-session'],
    ['so it is within the slack of two seconds', {}, { time: 302 }, 'new-session'],
    ['a shorter one that is older than that is late', {}, { time: 303 }, 'late'],
    ['one that came at once is late', {}, { time: 599, second: 1_000 }, 'late'],
    ['nothing is known of time: it goes on', { time: undefined }, {}, 'next'],
    ['after the Stop an interim is late', { ended: true }, { time: 900 }, 'late'],
    ['after the Stop the same Stop is repeated', { ended: true }, { status: STOP, time: 600 }, 'repeated'],
    ['after the Stop another one is late', { ended: true }, { status: STOP, time: 601 }, 'late'],
    ['after the Stop a Start is new', { ended: true }, { status: START }, 'new-session'],
    ['a second Start says nothing new', { wentOn: false, time: undefined }, { status: START }, 'repeated'],
    ['its own Start, overtaken, is late', {}, { status: START, second: 402 }, 'late'],
    ['a Start made after it began is new', {}, { status: START, second: 403 }, 'new-session'],
  ])('%s', (_what, before, record, expected) => {
    expect(succession(known(before), coming(record))).toBe(expected)
  })
})

describe('with time stamps', () => {
  it.each<[string, Partial<Known>, Partial<Coming>, Succession]>([
    ['a later one goes on', {}, { stamp: 51, time: 601 }, 'next'],
    ['a later one without session time goes on', {}, { stamp: 51 }, 'next'],
    ['a later one of a shorter session is new, however old', {}, { stamp: 51, time: 599 }, 'new-session'],
    ['an earlier one is late', {}, { stamp: 49, time: 900 }, 'late'],
    ['the same second of a shorter session is late', {}, { stamp: 50, time: 599 }, 'late'],
    ['the same second goes on', {}, { stamp: 50, time: 600 }, 'next'],
    ['an earlier Stop is late', {}, { status: STOP, stamp: 49 }, 'late'],
    ['after the Stop a later interim is late', { ended: true }, { stamp: 51, time: 601 }, 'late'],
    [
      'after the Stop a later interim of a shorter session is new',
      { ended: true },
      { stamp: 51, time: 1 },
      'new-session',
    ],
    ['after the Stop the same Stop is repeated', { ended: true }, { status: STOP, stamp: 50, time: 600 }, 'repeated'],
    ['an earlier Start is late', {}, { status: START, stamp: 49 }, 'late'],
    ['a later Start is new', {}, { status: START, stamp: 51 }, 'new-session'],
    ['a Start in the second of a record that says 600 s is new', {}, { status: START, stamp: 50 }, 'new-session'],
    ['a Start in the second of a record that says 0 s is late', { time: 0 }, { status: START, stamp: 50 }, 'late'],
    ['a Start again is repeated', { wentOn: false }, { status: START, stamp: 50 }, 'repeated'],
    ['an earlier Start after a Start is late', { wentOn: false }, { status: START, stamp: 49 }, 'late'],
    ['a later Start after a Start is new', { wentOn: false }, { status: START, stamp: 51 }, 'new-session'],
  ])('%s', (_what, before, record, expected) => {
    expect(succession(known({ stamp: 50, ...before }), coming(record))).toBe(expected)
  })
})
