/**
 * Records whose clients have given up: the counts by spans of time against a list of all records, and as the engine keeps them.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LastHeard } from '../../../src/proxy/register/last-heard.ts'
import { type Instant, instant, micros, millis, seconds } from '../../../src/units.ts'
import { START, World } from '../kit.ts'
import { server } from '../options.ts'

const SPAN = 4_000_000
const spanOf = (at: Instant): number => Math.floor(at / SPAN)

describe('the counts by when a record was last heard of', () => {
  it('are those of a list that remembers every moment', () => {
    const step = fc.record({
      which: fc.nat(2),
      does: fc.constantFrom('hear', 'hear', 'forget'),
      after: fc.oneof(
        fc.nat(60_000_000),
        fc.nat(6_000_000_000),
        // To the edge of what is in reach, and one beside it.
        fc.constantFrom(1_022, 1_023, 1_024, 1_025).map((spans) => spans * SPAN),
      ),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(10_000_000_000), (steps, begin) => {
        const spans = new Map<object, number>()
        const heard = new LastHeard<object>({
          get: (of) => spans.get(of) ?? -1,
          set: (of, span) => spans.set(of, span),
        })
        const records: object[] = Array.from({ length: 3 }, () => ({}))
        const lastAt = new Map<object, Instant>()
        let now = instant(begin)
        for (const { which, does, after } of steps) {
          now = instant(now + after)
          const record = records[which]!
          if (does === 'hear') {
            heard.hear(record, now)
            lastAt.set(record, now)
          } else {
            heard.forget(record)
            lastAt.delete(record)
          }
          const silent = [...lastAt.values()].filter((at) => (spanOf(at) + 1) * SPAN <= now - 30_000_000)
          const found = heard.givenUp(now)
          expect([heard.all, found.records]).toEqual([lastAt.size, silent.length])
          const longest = silent.length === 0 ? 0 : now - (Math.min(...silent.map(spanOf)) + 1) * SPAN
          // Spans out of reach are one: the age is then the least that it can be.
          expect(found.longest).toBe(Math.min(longest, now - (spanOf(now) - 1_023) * SPAN))
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('an engine with records that wait', () => {
  const parked = (): { world: World; asked: ReturnType<World['accounting']>[] } => {
    const world = new World({ servers: [server('s1', { timeout: millis(500), maxRetries: 0 })] })
    const asked = Array.from({ length: 20 }, () => world.accounting())
    world.advance(seconds(20))
    return { world, asked }
  }

  it('tells those whose clients have given up from those that are sent again, and forgets what ended', () => {
    const { world, asked } = parked()
    expect(world.snapshot().classes.accounting.clientsGaveUp).toBe(0)
    for (let n = 0; n < 4; n += 1) {
      for (const one of asked.slice(0, 5)) world.again(one)
      world.advance(seconds(10))
    }
    const { clientsGaveUp, longestGivenUp, queued, outstanding } = world.snapshot().classes.accounting
    expect([clientsGaveUp, queued + outstanding]).toEqual([15, 20])
    expect(longestGivenUp).toBeGreaterThan(seconds(50))
    expect(longestGivenUp).toBeLessThanOrEqual(world.now - START)
    expect(world.snapshot().classes.authentication.clientsGaveUp).toBe(0)
    world.serversAnswerAfter(millis(1))
    for (const sent of [...world.sent]) world.answer(sent)
    world.advance(seconds(60))
    expect(world.snapshot().classes.accounting).toMatchObject({ queued: 0, outstanding: 0, clientsGaveUp: 0 })
    expect(micros(0)).toBe(world.snapshot().classes.accounting.longestGivenUp)
  })

  it('counts a record as sent again that comes under another identifier with a new Acct-Delay-Time', () => {
    const world = new World({ servers: [server('s1', { timeout: millis(500), maxRetries: 0 })] })
    const record = (delay: number) => world.accounting({ tag: 'one', session: 'a', identifier: delay, delay })
    record(0)
    for (let delay = 20; delay <= 60; delay += 20) {
      world.advance(seconds(20))
      record(delay)
    }
    world.advance(seconds(20))
    const { ledger, clientsGaveUp, queued, outstanding } = world.snapshot().classes.accounting
    expect([ledger.received, ledger.duplicate, queued + outstanding]).toEqual([4, 3, 1])
    expect(clientsGaveUp).toBe(0)
    world.advance(seconds(20))
    expect(world.snapshot().classes.accounting.clientsGaveUp).toBe(1)
  })
})
