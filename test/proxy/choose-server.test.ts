/**
 * The choice among servers, by itself and through the engine: chosen once, changed by health alone.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Candidate, chooseServer, hashOf } from '../../src/proxy/choose-server.ts'
import type { Algorithm } from '../../src/proxy/ports.ts'
import { after as later, millis, seconds } from '../../src/units.ts'
import { vendorAttribute } from '../radius/oracle.ts'
import { START, World } from './kit.ts'
import { classes, server } from './options.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

const candidates = (lives: readonly boolean[]): Candidate[] =>
  lives.map((_, number) => ({ number, nameHash: hashOf(new TextEncoder().encode(`server ${number}`)) }))

const choose = (
  algorithm: Algorithm,
  o: { readonly lives: readonly boolean[]; readonly tried?: number[]; readonly turn?: number; readonly key?: string },
): number | undefined =>
  chooseServer({
    algorithm,
    candidates: candidates(o.lives),
    isAble: ({ number }) => o.lives[number] === true,
    tried: o.tried ?? [],
    turn: o.turn ?? 0,
    key: () => new TextEncoder().encode(o.key ?? ''),
  })?.number

describe('every algorithm', () => {
  it('chooses a server that lives and was not tried, wherever there is one', () => {
    const algorithms = fc.constantFrom<Algorithm>('first_server', 'round_robin', 'hash')
    fc.assert(
      fc.property(
        algorithms,
        fc.array(fc.boolean(), { maxLength: 6 }),
        fc.uniqueArray(fc.nat(5)),
        fc.nat(20),
        fc.string(),
        (algorithm, lives, tried, turn, key) => {
          const able = [...lives.keys()].filter((number) => lives[number] && !tried.includes(number))
          const chosen = choose(algorithm, { lives, tried, turn, key })
          if (able.length === 0) expect(chosen).toBeUndefined()
          else expect(able).toContain(chosen)
        },
      ),
    )
  })
})

describe('first_server', () => {
  it('is the first in the order of the configuration', () => {
    expect(choose('first_server', { lives: [true, true] })).toBe(0)
    expect(choose('first_server', { lives: [false, true, true] })).toBe(1)
    expect(choose('first_server', { lives: [true, true, true], tried: [0, 1] })).toBe(2)
  })

  it('sends nothing to the second while the first is Active, however unequal the rates', () => {
    const world = new World({ servers: [server('s1', { rate: 20 }), server('s2', { rate: 2_000 })] })
    world.serversAnswerAfter(millis(5))
    for (let i = 0; i < 90; i += 1) world.access()
    world.advance(seconds(5))
    expect(world.tags('s1')).toHaveLength(90)
    expect(world.tags('s2')).toEqual([])
  })
})

describe('round_robin', () => {
  it('takes turns, and a server that does not live is left out of them', () => {
    const all = [true, true, true]
    expect([0, 1, 2, 3].map((turn) => choose('round_robin', { lives: all, turn }))).toEqual([0, 1, 2, 0])
    expect(choose('round_robin', { lives: [true, false, true], turn: 1 })).toBe(2)
  })

  it('spreads requests evenly', () => {
    const world = new World({
      servers: ['s1', 's2', 's3'].map((name) => server(name)),
      classes: classes({ algorithm: 'round_robin' }),
    })
    for (let i = 0; i < 30; i += 1) world.access()
    world.settle()
    for (const name of ['s1', 's2', 's3']) expect(world.tags(name)).toHaveLength(10)
    const servers = world.sent.map((sent) => sent.server)
    expect(servers.slice(3)).toEqual(servers.slice(0, -3))
  })

  it('leaves a request with its server while that server has no room', () => {
    const world = new World({
      servers: [server('s1', { maxOutstanding: 1 }), server('s2')],
      classes: classes({ algorithm: 'round_robin' }),
    })
    for (let i = 0; i < 20; i += 1) world.access()
    world.settle()
    expect(world.tags('s1')).toHaveLength(1)
    expect(world.tags('s2')).toHaveLength(10)
    expect(world.lane('s1', 'authentication').queued).toBe(9)
  })
})

describe('hash', () => {
  const KEYS = Array.from({ length: 3_000 }, (_, i) => `26201${String(i * 7_919).padStart(10, '0')}`)

  it('keeps a key with its server', () => {
    for (const key of KEYS.slice(0, 100)) {
      expect(choose('hash', { lives: [true, true, true], key })).toBe(
        choose('hash', { lives: [true, true, true], key }),
      )
    }
  })

  it('moves only the keys of a server that goes, and moves them to all others (rendezvous hashing)', () => {
    const all = [true, true, true, true]
    for (const gone of [0, 1, 2, 3]) {
      const lives = all.map((_, number) => number !== gone)
      const to = new Set<number | undefined>()
      for (const key of KEYS) {
        const before = choose('hash', { lives: all, key })
        const now = choose('hash', { lives, key })
        if (before === gone) to.add(now)
        else expect(now).toBe(before)
      }
      expect(to.size).toBe(3)
    }
  })

  it('spreads keys evenly enough: each of 4 servers has 25 % +- 3 % of 3000', () => {
    const counts = [0, 0, 0, 0]
    for (const key of KEYS) counts[choose('hash', { lives: [true, true, true, true], key }) as number]! += 1
    for (const count of counts) expect(Math.abs(count / 3_000 - 0.25)).toBeLessThan(0.03)
  })

  it('takes the configured attribute, a vendor one too, and keeps all records of one subscriber together', () => {
    const world = new World({
      servers: ['s1', 's2', 's3'].map((name) => server(name)),
      classes: classes({ algorithm: 'hash', hashKey: { vendor: 10_415, type: 1 } }),
    })
    for (let i = 0; i < 60; i += 1) {
      const imsi = Buffer.from(`26201000000${i % 6}`)
      world.accounting({
        tag: `${i % 6}`,
        eventAt: i,
        attributes: [vendorAttribute(10_415, [1, imsi])],
        from: { address: `10.1.1.${i}` },
      })
    }
    world.settle()
    for (let subscriber = 0; subscriber < 6; subscriber += 1) {
      expect(new Set(world.sentOf(`${subscriber}`).map((sent) => sent.server)).size).toBe(1)
    }
    expect(new Set(world.sent.map((sent) => sent.server)).size).toBeGreaterThan(1)
  })

  it('without the attribute keeps a request with its client: Accounting-On, say', () => {
    const world = new World({
      servers: ['s1', 's2', 's3'].map((name) => server(name)),
      classes: classes({ algorithm: 'hash', hashKey: { vendor: 0, type: 31 } }),
    })
    for (let i = 0; i < 60; i += 1)
      world.accounting({ tag: `${i % 20}`, eventAt: i, from: { address: `10.1.1.${i % 20}` } })
    world.settle()
    for (let i = 0; i < 20; i += 1) expect(new Set(world.sentOf(`${i}`).map((sent) => sent.server)).size).toBe(1)
    expect(new Set(world.sent.map((sent) => sent.server)).size).toBe(3)
    expect(world.sent[0]!.at).toBe(later(START, seconds(0)))
  })
})
