import { describe, expect, it } from 'vitest'
import {
  type DayFiles,
  LOG_FILES,
  SESSIONS_FILES,
  TPS_FILES,
  tpsLine,
  untilNextLine,
} from '../../../src/observe/log/day-files.ts'

const AT = new Date(2026, 2, 7, 4, 5, 45)

describe('a line of the TPS file', () => {
  it('is date, time, messages taken in and messages shed a second', () => {
    expect(tpsLine(AT, { received: 263, shed: 0 })).toBe('03-07-2026,04:05:45,263,0\n')
    expect(tpsLine(new Date(2026, 2, 7, 23, 59, 45), { received: 1499.5, shed: 12 })).toBe(
      '03-07-2026,23:59:45,1500,12\n',
    )
  })

  it('hides nothing that was shed', () => {
    expect(tpsLine(AT, { received: 1, shed: 1 / 15 })).toMatch(/,1,1\n$/)
  })

  it('is due at each quarter of a minute, and once', () => {
    expect([0, 1, 14_000, 14_001, 14_999, 15_000, 29_500].map(untilNextLine)).toEqual([
      15_000, 14_999, 1_000, 15_999, 15_001, 15_000, 15_500,
    ])
  })
})

describe('the file of a day', () => {
  const FILES: readonly [DayFiles, string][] = [
    [LOG_FILES, 'radsluice-2026-03-07.log'],
    [SESSIONS_FILES, 'sessions-2026-03-07.jsonl'],
    [TPS_FILES, 'tps-03-07-2026.csv'],
  ]

  it.each(FILES)('has the name of its day, and is known again by it: %o, %s', (files, name) => {
    expect(files.nameOf(AT)).toBe(name)
    for (const [others] of FILES) expect(others.isOneOfThem.test(name)).toBe(others === files)
    expect(files.isOneOfThem.test(`${name}.gz`)).toBe(false)
  })
})
