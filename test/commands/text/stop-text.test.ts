/**
 * What `stop`, `drain` and `resume` make of what the daemon said: the words, the values for programs, and the exit codes.
 */
import { describe, expect, it } from 'vitest'
import type { EndingNews } from '../../../src/admin/ending-stream.io.ts'
import { exitCodeOf } from '../../../src/commands/text/status-text.ts'
import {
  begun,
  drainResult,
  hasGone,
  hear,
  resumedText,
  type StopProgress,
  stopResult,
} from '../../../src/commands/text/stop-text.ts'
import { type Forecast, forecastOf, type InHand, inHandOf } from '../../../src/observe/view/in-hand.ts'
import { fateText, hindranceText, leftText } from '../../../src/observe/view/in-hand-text.ts'
import { calm, inClass, inLane } from '../../observe/intervals.ts'

const EMPTY = inHandOf(calm().engine)
const inHand = (queued: number): InHand => ({ ...EMPTY, accounting: { ...EMPTY.accounting, queued } })
const SOME = inHand(2)
const forecast = (queued: number, limitSeconds = 20): Forecast => {
  const view = inClass('accounting', () => ({ queued }))(calm())
  const lanes = view.engine.lanes.map(({ server }) => ({ server, class: 'accounting' as const }))
  const down = lanes.reduce((before, lane) => inLane(lane, () => ({ state: 'down' }))(before), view)
  return forecastOf(down.engine, limitSeconds)
}
const heardOf = (...messages: object[]): StopProgress[] => {
  const found: StopProgress[] = []
  for (const message of messages) found.push(hear(found.at(-1) ?? { says: [] }, JSON.stringify(message)))
  return found
}
const saying = (last: EndingNews, seen?: InHand): StopProgress => ({ last, says: [], ...(seen && { inHand: seen }) })

describe('what is heard of a drain or a stop', () => {
  it('is said to people once, until it changes, and never that nothing is in hand', () => {
    const lines = heardOf(
      { kind: 'begun', pid: 7, forecast: forecast(2) },
      { kind: 'in-hand', inHand: SOME },
      { kind: 'in-hand', inHand: inHand(1) },
      { kind: 'in-hand', inHand: EMPTY },
      { kind: 'in-hand', inHand: inHand(1) },
    )
    expect(lines.map(({ says }) => says)).toEqual([
      [hindranceText(forecast(2)), '2 records (2 queued) in hand'],
      [],
      ['1 record (1 queued) in hand'],
      [],
      ['1 record (1 queued) in hand'],
    ])
    expect(lines.map(({ pid, last }) => [pid, last])).toEqual(lines.map(() => [7, undefined]))
    expect(lines[3]?.inHand).toEqual(EMPTY)
  })

  it('begins with what may hinder it, if anything does', () => {
    expect(begun({ pid: 7, forecast: forecast(2) })).toEqual({
      pid: 7,
      inHand: forecast(2).classes,
      says: [expect.stringContaining('every server is Down')],
    })
    expect(begun({ pid: 7, forecast: forecast(0) }).says).toEqual([])
  })

  it('ends with the message that says the result, and keeps what was known before', () => {
    const [, last] = heardOf({ kind: 'begun', pid: 7, forecast: forecast(2) }, { kind: 'stopped', left: EMPTY })
    expect(last).toEqual({ pid: 7, inHand: forecast(2).classes, says: [], last: { kind: 'stopped', left: EMPTY } })
  })
})

describe('the daemon has gone', () => {
  it('if nobody listens there any more, or another process does', () => {
    expect(hasGone(7, 'NOT_RUNNING', 0)).toBe(true)
    expect(hasGone(7, 8, 0)).toBe(true)
    expect(hasGone(undefined, 'NOT_RUNNING', 0)).toBe(true)
  })

  it('is asked again while it answers or can not be asked, and has not gone after 10 s', () => {
    for (const seen of [7, 'REFUSED', 'NOT_PERMITTED', undefined]) {
      expect([hasGone(7, seen, 0), hasGone(7, seen, 9_999), hasGone(7, seen, 10_000)]).toEqual([
        undefined,
        undefined,
        false,
      ])
    }
    expect(hasGone(undefined, 7, 0)).toBeUndefined()
  })
})

describe('the result of a stop', () => {
  it('is 0 only if nothing was left and the process has gone', () => {
    const results = [EMPTY, SOME].flatMap((left) =>
      [true, false].map((isGone) => stopResult(saying({ kind: 'stopped', left }), isGone)),
    )
    expect(results.map(({ code }) => code)).toEqual([0, 1, 1, 1])
    expect(results.map(({ value }) => value)).toEqual([
      { stopped: true, left: EMPTY },
      { stopped: false, left: EMPTY },
      { stopped: true, left: SOME },
      { stopped: false, left: SOME },
    ])
    const stays = 'it said its last word and still runs; look at its log'
    const left = `; left in hand: ${leftText(SOME)}`
    expect(results.map(({ line }) => line)).toEqual(['stopped', stays, `stopped${left}`, `${stays}${left}`])
  })

  it('is 1 if the daemon stays, with its own words', () => {
    const stays = saying({ kind: 'not-stopped', left: SOME, error: 'it stays' })
    expect(stopResult(stays, false)).toEqual({
      value: { stopped: false, error: 'it stays', left: SOME },
      line: 'it stays',
      code: 1,
    })
  })

  it('is 1 and unknown if the connection broke, with what was seen last', () => {
    const seen = stopResult({ inHand: SOME, says: [] }, false)
    expect(seen).toMatchObject({ value: { stopped: undefined, lastSeen: SOME }, code: 1 })
    expect(seen.line).toMatch(/^the connection broke.*; last seen in hand: 2 records/)
    expect(stopResult({ says: [] }, false)).toMatchObject({ line: expect.stringMatching(/"fatal"\)$/), code: 1 })
  })
})

describe('the result of a drain', () => {
  it('is 0 if nothing is in hand, by the word of the daemon or as it was seen', () => {
    for (const heard of [saying({ kind: 'drained' }, SOME), { inHand: EMPTY, says: [] }, saying({ kind: 'drained' })]) {
      expect(drainResult(heard, 60)).toMatchObject({
        value: { drained: true },
        line: expect.stringMatching(/^drained: nothing is in hand/),
        code: 0,
      })
    }
  })

  it('is 1 if something is in hand when the time is over, but 0 if nobody wanted to wait', () => {
    const [waited, begun] = [60, 0].map((seconds) => drainResult({ inHand: SOME, says: [] }, seconds))
    const line = `2 records (2 queued) left in hand; with a stop now: ${fateText(SOME)}`
    expect(waited).toEqual({ value: { drained: false, left: SOME }, line, code: 1 })
    expect(begun).toEqual({ ...waited, code: 0 })
  })

  it('is 1 if it was taken back', () => {
    expect(drainResult(saying({ kind: 'resumed' }, EMPTY), 60)).toEqual({
      value: { drained: false, resumed: true },
      line: 'somebody has it take traffic again ("radsluice resume")',
      code: 1,
    })
  })

  it('is that of a stop if the daemon ended meanwhile: 0 if nothing was left', () => {
    const [clean, unclean] = [EMPTY, SOME].map((left) => drainResult(saying({ kind: 'stopped', left }, SOME), 60))
    expect(clean).toEqual({
      value: { drained: false, error: 'it has ended', left: EMPTY },
      line: `it has ended; left in hand: ${leftText(EMPTY)}`,
      code: 0,
    })
    expect(unclean).toMatchObject({ value: { left: SOME }, code: 1 })
  })

  it('is 1 if the connection broke before anything was heard', () => {
    expect(drainResult({ says: [] }, 60)).toMatchObject({
      value: { drained: false },
      line: expect.stringMatching(/^the connection broke/),
      code: 1,
    })
  })
})

it('a resume says whether it drained before', () => {
  expect([true, false].map((resumed) => resumedText({ resumed }))).toEqual([
    'it takes traffic again',
    'it was not draining: it takes traffic as before',
  ])
})

it('status exits with 1 if the daemon is not ok', () => {
  expect([true, false].map((ok) => exitCodeOf({ ok }))).toEqual([0, 1])
})
