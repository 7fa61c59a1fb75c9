import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineLimiter } from '../../../src/observe/boundary/line-limiter.ts'
import { instant, seconds } from '../../../src/units.ts'

const SECOND = seconds(1)
const at = (microseconds: number) => instant(1_000_000_000 + microseconds)

describe('a line limiter', () => {
  it('lets the first event of a kind pass at once', () => {
    expect(new LineLimiter<string>().admit('a', 'first', at(0))).toEqual({ event: 'first', count: 1 })
  })

  it('counts the events of the following second and shows the last of them when it is over', () => {
    const limiter = new LineLimiter<string>()
    limiter.admit('a', 'first', at(0))
    expect(limiter.admit('a', 'second', at(1))).toBeUndefined()
    expect(limiter.admit('a', 'third', at(SECOND - 1))).toBeUndefined()
    expect(limiter.due(at(SECOND - 1))).toEqual([])
    expect(limiter.due(at(SECOND))).toEqual([{ event: 'third', count: 2 }])
    expect(limiter.due(at(2 * SECOND))).toEqual([])
  })

  it('keeps kinds apart', () => {
    const limiter = new LineLimiter<string>()
    limiter.admit('a', 'a', at(0))
    expect(limiter.admit('b', 'b', at(1))).toEqual({ event: 'b', count: 1 })
  })

  it('gives all that is held at the end', () => {
    const limiter = new LineLimiter<string>()
    for (let i = 0; i < 5; i += 1) limiter.admit('a', `${i}`, at(i))
    expect(limiter.takeHeld()).toEqual([{ event: '4', count: 4 }])
    expect(limiter.takeHeld()).toEqual([])
  })

  it('puts the kinds beyond its bound into one', () => {
    const limiter = new LineLimiter<number>()
    let lines = 0
    for (let i = 0; i < 10_050; i += 1) if (limiter.admit(`kind ${i}`, i, at(0))) lines += 1
    expect(lines).toBe(10_001)
    expect(limiter.takeHeld()).toEqual([{ event: 10_049, count: 49 }])
  })

  it('never writes two lines of a kind within a second, and counts every event exactly once', () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 1_500_000 }),
      kind: fc.constantFrom('a', 'b', 'c'),
      flush: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const limiter = new LineLimiter<string>()
        const lastLine = new Map<string, number>()
        let now = 0
        let counted = 0
        const write = (lines: { event: string; count: number }[]): void => {
          for (const { event, count } of lines) {
            expect(now - (lastLine.get(event) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(SECOND)
            lastLine.set(event, now)
            counted += count
          }
        }
        for (const { wait, kind, flush } of steps) {
          now += wait
          const line = limiter.admit(kind, kind, at(now))
          if (line) write([line])
          if (flush) write(limiter.due(at(now)))
        }
        for (const { count } of limiter.takeHeld()) counted += count
        expect(counted).toBe(steps.length)
      }),
    )
  })
})
