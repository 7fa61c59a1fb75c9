/**
 * The models of a storm: small worlds with a known answer, and what holds for every policy.
 */
import { describe, expect, it } from 'vitest'
import { boundOf } from '../../../bench/overload/bound.ts'
import { Caller } from '../../../bench/overload/caller.ts'
import { playModel } from '../../../bench/overload/model.ts'
import { fifo, type Heard, KNOWN_GAPS, ORACLES, OWN_GAPS, type Waiting } from '../../../bench/overload/policies.ts'
import { CAPACITY, figuresOf, kind, type Storm } from '../../../bench/overload/storm.ts'
import { seconds } from '../../../src/units.ts'

const storm = (o: Partial<Storm> = {}): Storm => ({
  sessions: 1,
  kinds: [kind(3, 3)],
  seed: 1,
  until: seconds(200),
  ...o,
})
const POLICIES = [fifo(5), KNOWN_GAPS, OWN_GAPS, ...ORACLES]

describe('a caller', () => {
  it('sends its copies one gap apart, gives up one gap after the last, and pauses for 8 to 12 s', () => {
    const call = new Caller(storm({ kinds: [kind(3, 4, { growth: 2 })] }), 0).call(0)
    expect(call.copies.map(({ at }) => at / seconds(1))).toEqual([0, 3, 9, 21])
    expect(call.copies.map(({ nextAt }) => nextAt / seconds(1))).toEqual([3, 9, 21, 45])
    expect(call.givesUpAt).toBe(seconds(45))
    expect(call.redialsAt - call.givesUpAt).toBeGreaterThanOrEqual(seconds(8))
    expect(call.redialsAt - call.givesUpAt).toBeLessThanOrEqual(seconds(12))
  })

  it('makes the same calls each time, and others than its neighbour and than under another seed', () => {
    const of = (number: number, seed = 1): unknown => new Caller(storm({ seed }), number).call(0)
    expect(of(1)).toEqual(of(1))
    expect(of(1)).not.toEqual(of(2))
    expect(of(1)).not.toEqual(of(1, 2))
  })
})

describe('a session alone', () => {
  it.each(POLICIES)('is up a round trip after its first dial: $name', (policy) => {
    expect(playModel(storm(), policy)).toMatchObject({ up: 1, p50: 0.006, p99: 0.006, wasted: 0 })
  })

  it('never comes up if all its copies are lost', () => {
    const lost = playModel(storm({ loss: 1 }), KNOWN_GAPS)
    expect(lost).toMatchObject({ up: 0, allUpAt: undefined, p50: undefined, wasted: 0 })
  })
})

describe('2,000 sessions that wait for 100 s', () => {
  const patient = storm({ sessions: 2_000, kinds: [kind(100, 1)] })
  const firstDial = Math.min(...Array.from({ length: 2_000 }, (_, number) => new Caller(patient, number).firstDial))
  /** The server never pauses, since they dial twice as fast as it works. The last answer takes a round trip. */
  const over = firstDial / seconds(1) + 1_999 / CAPACITY + 0.006

  it.each(ORACLES)('are up when the server has worked for each of them: $name', (policy) => {
    const figures = playModel(patient, policy)
    expect(figures.allUpAt).toBeGreaterThanOrEqual(over - 1e-9)
    expect(figures.allUpAt).toBeLessThan(over + 0.02)
    expect(figures.wasted).toBe(0)
  })
})

describe('a line that is longer than its clients are patient', () => {
  const impatient = storm({ sessions: 4_000, kinds: [kind(1, 2)] })

  it('works for clients that gave up, if it knows only its own age', () => {
    const figures = playModel(impatient, fifo(5))
    expect(figures.wasted).toBeGreaterThan(0.2)
  })

  it('wastes nothing, and is over sooner, if it knows the gaps', () => {
    const [known, age] = [playModel(impatient, KNOWN_GAPS), playModel(impatient, fifo(5))]
    expect(known.wasted).toBe(0)
    expect(known.allUpAt).toBeLessThan(age.allUpAt ?? Number.POSITIVE_INFINITY)
  })

  it('forgets all in a restart, and nobody is served while the daemon is down', () => {
    const restart = { at: seconds(0), downFor: seconds(5) }
    const figures = playModel({ ...impatient, kinds: [kind(3, 3)], restart }, KNOWN_GAPS)
    expect(figures.up).toBe(4_000)
    // Who dialled in the first 2 s is heard with its second or third copy.
    expect(figures.p50).toBeGreaterThan(3)
  })
})

describe('own gaps', () => {
  /** How long after the latest copy a request is kept that entered then. Seconds. */
  const kept = (gaps: Partial<Heard>, enteredAgo = 0): number => {
    const latestAt = seconds(100)
    const heard = { latestAt, gap: undefined, gapBefore: undefined, nextAt: 0, ...gaps }
    const call = new Caller(storm(), 0).call(0)
    const waiting: Waiting = { call, firstDial: 0, enteredAt: latestAt - seconds(enteredAgo), chance: 0, heard }
    return (OWN_GAPS.keepUntil(waiting) - latestAt) / seconds(1)
  }
  const gaps = (gap: number, gapBefore?: number): Partial<Heard> => ({
    gap: seconds(gap),
    gapBefore: gapBefore === undefined ? undefined : seconds(gapBefore),
  })

  it('keep a request for 5 s from entering while no gap is known', () => {
    expect([kept({}), kept({}, 2)]).toEqual([5, 3])
  })

  it('keep it for a little less than its last gap, and for 20 ms at least', () => {
    expect(kept(gaps(3))).toBeCloseTo(2.83, 6)
    expect(kept(gaps(0.03))).toBeCloseTo(0.02, 6)
  })

  it('expect a gap to grow as the last one did, if that was by 1.5 to 3 times, and by 2.2 times at most', () => {
    const ratios = [1.4, 1.5, 2, 2.5, 3, 3.1].map((ratio) => kept(gaps(3 * ratio, 3)))
    const factors = [1, 1.5, 2, 2.2, 2.2, 1]
    for (const [index, ratio] of [1.4, 1.5, 2, 2.5, 3, 3.1].entries())
      expect(ratios[index]).toBeCloseTo(0.95 * 3 * ratio * (factors[index] ?? 0) - 0.02, 3)
  })

  it('keep nothing for more than 30 s from entering', () => {
    expect(kept(gaps(24, 12), 25)).toBeCloseTo(5, 6)
  })
})

describe('the bound', () => {
  const inSpec = (gap: number, sends: number, growth = 1): Storm => storm({ kinds: [kind(gap, sends, { growth })] })

  it.each([
    { name: '3 s x 3', of: inSpec(3, 3), small: 48, large: 108 },
    { name: '3 s x 4', of: inSpec(3, 4), small: 48, large: 108 },
    { name: '6 s x 3', of: inSpec(6, 3), small: 46, large: 108 },
    { name: '5 s x 4', of: inSpec(5, 4), small: 46, large: 108 },
    // Calls of 45 s lie in 0-47, 53-104, 106 s and later: 98 s of the 100 are there before the third window.
    { name: 'back-off', of: inSpec(3, 4, 2), small: 40, large: 108 },
    { name: '0.3 s x 3', of: inSpec(0.3, 3), small: 48, large: 108 },
  ])('of $name is the service and the gaps between calls', ({ of, small, large }) => {
    expect(boundOf({ ...of, sessions: 20_000 })).toBeCloseTo(small, 6)
    expect(boundOf({ ...of, sessions: 50_000 })).toBeCloseTo(large, 6)
  })

  it('counts the time in which the daemon is down, if somebody could be calling then', () => {
    const of = { ...inSpec(3, 3), sessions: 20_000 }
    const downAt = (at: number): number => boundOf({ ...of, restart: { at: seconds(at), downFor: seconds(1) } })
    expect([downAt(10), downAt(12)]).toEqual([49, 48])
  })

  it.each([
    { name: 'even gaps', o: { kinds: [kind(1, 2)] } },
    { name: 'short gaps', o: { kinds: [kind(0.3, 3)] } },
    { name: 'back-off with jitter', o: { kinds: [kind(0.5, 3, { growth: 2, jitter: 0.1 })] } },
    { name: 'a mix', o: { kinds: [kind(1, 2, { share: 0.5 }), kind(0.3, 3, { share: 0.5 })] } },
    { name: 'loss', o: { kinds: [kind(1, 3)], loss: 0.1 } },
    { name: 'a restart', o: { kinds: [kind(1, 3)], restart: { at: seconds(1), downFor: seconds(1) } } },
  ])('is never above the time of any policy: $name', ({ o }) => {
    for (const seed of [1, 2]) {
      const one = storm({ sessions: 3_000, seed, ...o })
      for (const policy of POLICIES) {
        const { allUpAt = Number.POSITIVE_INFINITY } = playModel(one, policy)
        expect(allUpAt, policy.name).toBeGreaterThanOrEqual(boundOf(one))
      }
    }
  })
})

describe('figures', () => {
  it('are of all sessions, not only of those that came up', () => {
    const waits = Array.from({ length: 98 }, (_, index) => seconds(98 - index))
    const figures = figuresOf({ sessions: 100, waits, lastUpAt: seconds(98), worked: 196 })
    expect(figures).toEqual({ sessions: 100, up: 98, allUpAt: undefined, p50: 50, p99: undefined, wasted: 0.5 })
  })
})
