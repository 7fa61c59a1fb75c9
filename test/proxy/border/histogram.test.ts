import { describe, expect, it } from 'vitest'
import { BUCKET_LIMITS, count, emptyHistogram } from '../../../src/proxy/border/histogram.ts'
import { micros, millis, seconds } from '../../../src/units.ts'
import { World } from '../kit.ts'
import { client, server } from '../options.ts'

describe('a histogram', () => {
  it('has twelve ascending limits from 1 ms to 60 s', () => {
    expect(BUCKET_LIMITS).toHaveLength(12)
    expect([BUCKET_LIMITS[0], BUCKET_LIMITS[11]]).toEqual([millis(1), seconds(60)])
    expect([...BUCKET_LIMITS].sort((a, b) => a - b)).toEqual(BUCKET_LIMITS)
  })

  it('counts each in the first bucket whose limit it does not exceed', () => {
    for (const [bucket, limit] of BUCKET_LIMITS.entries()) {
      const histogram = emptyHistogram()
      count(histogram, limit)
      count(histogram, micros(limit + 1))
      const expected = emptyHistogram().counts
      expected[bucket] = 1
      expected[bucket + 1] = 1
      expect(histogram).toEqual({ counts: expected, sum: 2 * limit + 1 })
    }
  })
})

describe('the times of a lane', () => {
  const timesOf = (world: World) => {
    const { counters, holdingTime } = world.lane('s1', 'accounting')
    const all = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0)
    return {
      roundTrips: all(counters.roundTrips.counts),
      roundTripSum: counters.roundTrips.sum,
      waits: all(counters.queueWaits.counts),
      waitSum: counters.queueWaits.sum,
      holdingTime,
    }
  }

  it('have no round trip of a response that came after a retry (Karn), but how long the identifier was held', () => {
    const world = new World({ servers: [server('s1', { timeout: seconds(2) })] })
    world.accounting()
    world.advance(seconds(3))
    expect(world.sent).toHaveLength(2)
    world.answer(world.sent[1]!)
    expect(timesOf(world)).toMatchObject({ roundTrips: 0, waits: 1, waitSum: 0, holdingTime: seconds(3) })
  })

  it('count a wait once, to the server that was tried first', () => {
    const world = new World({
      servers: [server('s1', { maxRetries: 0 }), server('s2', { address: '192.0.2.11', maxRetries: 0 })],
    })
    world.serversAnswerAfter(millis(10), 's2')
    world.accounting()
    world.advance(seconds(5))
    expect(world.sent.map((one) => one.server)).toEqual(['s1', 's2'])
    expect(timesOf(world)).toMatchObject({ waits: 1, roundTrips: 0 })
    const other = world.lane('s2', 'accounting').counters
    expect([other.queueWaits.sum, other.roundTrips.sum]).toEqual([0, millis(10)])
  })

  it('follow a change of the holding time within some dozens of messages', () => {
    const world = new World({ servers: [server('s1')] })
    const ask = (count: number, answerAfter: number): void => {
      for (let i = 0; i < count; i += 1) {
        world.accounting()
        world.settle()
        world.advance(millis(answerAfter))
        world.answer(world.sent.at(-1)!)
      }
    }
    ask(1, 10)
    expect(timesOf(world).holdingTime).toBe(millis(10))
    ask(150, 100)
    expect(timesOf(world).holdingTime).toBeGreaterThan(millis(98))
    expect(timesOf(world).roundTripSum).toBe(millis(10 + 150 * 100))
  })
})

describe('bad authenticators', () => {
  it('are counted for the client they came from, and other drops are not', () => {
    const world = new World({ clients: [client(), client({ name: 'other', network: '10.9.0.0/16' })] })
    world.accounting({ secret: 'wrong' })
    world.access({ secret: 'wrong', signed: true })
    world.deliver('accounting', { link: 0, address: '10.9.0.1', port: 1 }, Buffer.from('junk'))
    expect(world.snapshot().clients).toMatchObject([
      { name: 'bng', dropped: 2, badAuthenticators: 2 },
      { name: 'other', dropped: 1, badAuthenticators: 0 },
    ])
  })
})
