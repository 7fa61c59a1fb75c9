/**
 * Deficit round robin: turns by weight, and nothing for those who come and go.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RoundRobin, type Taker } from '../../../src/queues/containers/round-robin.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

class One implements Taker {
  readonly name: string
  readonly weight: number
  credit = 0
  next: this | undefined = undefined
  previous: this | undefined = undefined

  constructor(name: string, weight = 1) {
    this.name = name
    this.weight = weight
  }
}

/** Serves so many, who all have more than that waiting; their names in order. */
const served = (ring: RoundRobin<One>, count: number): string =>
  Array.from({ length: count }, () => {
    const name = ring.current?.name ?? '-'
    ring.spend()
    return name
  }).join('')

describe('turns', () => {
  it('go round, as many messages in each as the weight says', () => {
    const ring = new RoundRobin<One>()
    for (const one of [new One('a'), new One('b', 3), new One('c')]) ring.join(one)
    expect(served(ring, 12)).toBe('abbbcabbbcab')
    expect([...ring].map(({ name }) => name)).toEqual(['b', 'c', 'a'])
  })

  it('begin for a newcomer after those of all others, in the middle of a turn too', () => {
    const ring = new RoundRobin<One>()
    for (const one of [new One('a', 3), new One('b')]) ring.join(one)
    expect(served(ring, 2)).toBe('aa')
    ring.join(new One('c'))
    expect(served(ring, 4)).toBe('abca')
  })

  it('leave nothing behind: who comes back with a turn half used begins anew at the end', () => {
    const ring = new RoundRobin<One>()
    const drip = new One('d', 5)
    for (const one of [new One('a'), drip, new One('b')]) ring.join(one)
    expect(served(ring, 2)).toBe('ad')
    ring.leave(drip)
    expect(drip.credit).toBe(0)
    ring.join(drip)
    expect(served(ring, 9)).toBe('badddddba')
  })

  it('are not there in an empty ring', () => {
    const ring = new RoundRobin<One>()
    const one = new One('a')
    expect(ring.current).toBeUndefined()
    expect(() => ring.spend()).toThrow('nobody')
    expect(() => ring.leave(one)).toThrow('no turn')
    ring.join(one)
    ring.leave(one)
    expect([...ring]).toEqual([])
  })

  it('differ by one turn at most between two who always have something, over any interval, whoever comes and goes', () => {
    const step = fc.record({ who: fc.integer({ min: 0, max: 3 }), comes: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.array(fc.integer({ min: 1, max: 9 })), (steps, weights) => {
        const ring = new RoundRobin<One>()
        const constant = [new One('x', weights[0] ?? 1), new One('y', weights[1] ?? 2)] as const
        const others = Array.from({ length: 4 }, (_, at) => new One(`${at}`, weights[2 + at] ?? 1))
        for (const one of constant) ring.join(one)
        let lead = 0
        let [least, most] = [0, 0]
        for (const { who, comes } of steps) {
          const other = others[who] as One
          if (comes && other.next === undefined) ring.join(other)
          else if (!comes && other.next !== undefined) ring.leave(other)
          const current = ring.current as One
          if (current === constant[0]) lead += 1 / current.weight
          if (current === constant[1]) lead -= 1 / current.weight
          ring.spend()
          least = Math.min(least, lead)
          most = Math.max(most, lead)
        }
        expect(most - least).toBeLessThanOrEqual(1 + 1e-9)
      }),
    )
  })
})
