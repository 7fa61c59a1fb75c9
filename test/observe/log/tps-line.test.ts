import { describe, expect, it } from 'vitest'
import { tpsFileName, tpsLine, untilNextLine } from '../../../src/observe/log/tps-line.ts'

const AT = { year: 2026, month: 3, day: 7, hour: 4, minute: 5, second: 45 }

describe('a line of the TPS file', () => {
  it('is date, time, messages taken in and messages shed a second', () => {
    expect(tpsLine(AT, { received: 263, shed: 0 })).toBe('03-07-2026,04:05:45,263,0\n')
    expect(tpsLine({ ...AT, hour: 23, minute: 59 }, { received: 1499.5, shed: 12 })).toBe(
      '03-07-2026,23:59:45,1500,12\n',
    )
  })

  it('hides nothing that was shed', () => {
    expect(tpsLine(AT, { received: 1, shed: 1 / 15 })).toMatch(/,1,1\n$/)
  })

  it('stands in the file of its day', () => {
    expect(tpsFileName(AT)).toBe('tps-03-07-2026.csv')
  })

  it('is due at each quarter of a minute, and once', () => {
    expect([0, 1, 14_000, 14_001, 14_999, 15_000, 29_500].map(untilNextLine)).toEqual([
      15_000, 14_999, 1_000, 15_999, 15_001, 15_000, 15_500,
    ])
  })
})
