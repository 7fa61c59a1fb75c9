/**
 * Successions of interim updates that meet: what is known of one update is known of all, in whichever order they met, and
 * the way to it stays short.
 */
import { describe, expect, it } from 'vitest'
import { RECORD_WORDS, RecordMemory } from '../../../src/proxy/register/record-memory.ts'
import { SenderNumbers } from '../../../src/proxy/register/sender-numbers.ts'
import { instant } from '../../../src/units.ts'

const FORGET_AT = instant(1_000_000_000)
const ADDRESS = '192.0.2.1'

/** Updates by their session time; the key of each is its time. */
const memory = () => {
  const records = new RecordMemory(new SenderNumbers(), 1)
  const keyOf = (time: number): Int32Array => new Int32Array(RECORD_WORDS).fill(time)
  const keep = (time: number): number =>
    records.keep(
      keyOf(time),
      { address: ADDRESS, cameAt: instant(0), delay: 0, mark: 0, time, wraps: undefined },
      FORGET_AT,
    )
  const rowOf = (time: number): number => records.find(keyOf(time))
  return {
    meet: (older: number, newer: number) => records.succeed(keep(older), keep(newer), keyOf(newer), FORGET_AT),
    passed: (time: number, how: 'sent' | 'answered') => records.passed(rowOf(time), how),
    progressOf: (time: number) => records.progressOf(rowOf(time), new Int32Array(RECORD_WORDS), () => false),
  }
}

describe('two successions that meet', () => {
  it('are one: what is sent or answered later counts for the updates of both', () => {
    for (const how of ['sent', 'answered'] as const) {
      const { meet, passed, progressOf } = memory()
      meet(10, 20)
      meet(30, 40)
      meet(10, 40)
      passed(40, how)
      expect([10, 20, 30, 40].map(progressOf)).toEqual([how, how, how, 'none'])
    }
  })

  it('keep what was sent or answered before, of either', () => {
    for (const first of [10, 30]) {
      const { meet, passed, progressOf } = memory()
      meet(10, 25)
      meet(30, 40)
      passed(25, first === 10 ? 'sent' : 'answered')
      passed(40, first === 10 ? 'answered' : 'sent')
      meet(first, 50)
      meet(first === 10 ? 30 : 10, 50)
      expect([10, 30].map(progressOf)).toEqual(first === 10 ? ['answered', 'answered'] : ['answered', 'sent'])
      expect(progressOf(50)).toBe('none')
    }
  })

  it('are one also where many met, one after the other', () => {
    for (const isRising of [true, false]) {
      const { meet, passed, progressOf } = memory()
      const pairs = Array.from({ length: 100 }, (_, pair) => 10 * (pair + 1))
      for (const time of pairs) meet(time, time + 5)
      const order = isRising ? pairs : pairs.toReversed()
      for (const [at, time] of order.entries()) {
        const next = order[at + 1]
        if (next !== undefined) meet(Math.min(time, next), Math.max(time, next))
      }
      passed(1_005, 'sent')
      for (const time of pairs) expect(progressOf(time)).toBe('sent')
      expect(progressOf(1_005)).toBe('none')
    }
  })

  it('leave what never met alone', () => {
    const { meet, passed, progressOf } = memory()
    meet(10, 20)
    meet(30, 40)
    passed(40, 'sent')
    expect([10, 20, 30].map(progressOf)).toEqual(['none', 'none', 'sent'])
  })
})
