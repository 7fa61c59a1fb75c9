/**
 * The choice among servers, by itself and through the engine: chosen once, changed by health alone.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Algorithm } from '../../../src/proxy/border/options.ts'
import type { Candidate } from '../../../src/proxy/pool/hash-choice.ts'
import { type Rank, ServerChoice } from '../../../src/proxy/pool/server-choice.ts'
import { after as later, millis, seconds } from '../../../src/units.ts'
import { vendorAttribute } from '../../radius/oracle.ts'
import { START, World } from '../kit.ts'
import { classes, server } from '../options.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

/** One that lives has rank 0, or 1 where that is said. */
interface Server extends Candidate {
  rank: Rank | undefined
}

const serversOf = (lives: readonly (boolean | Rank)[]): Server[] =>
  lives.map((life, number) => ({
    number,
    server: { name: `server ${number}` },
    rank: life === false ? undefined : life === true ? 0 : life,
  }))

const choiceOf = (lives: readonly (boolean | Rank)[]): ServerChoice<Server> => {
  const choice = new ServerChoice<Server>(({ rank }) => rank)
  choice.setCandidates(serversOf(lives))
  return choice
}

interface Wishes {
  readonly algorithm: Algorithm
  readonly tried?: readonly number[]
  readonly key?: string
}

const chosenBy = (choice: ServerChoice<Server>, { algorithm, tried = [], key = '' }: Wishes): number | undefined =>
  choice.choose({ algorithm, tried, key: () => new TextEncoder().encode(key) })?.number

const choose = (
  algorithm: Algorithm,
  o: Omit<Wishes, 'algorithm'> & { readonly lives: readonly boolean[] },
): number | undefined => chosenBy(choiceOf(o.lives), { algorithm, ...o })

const ALGORITHMS: readonly Algorithm[] = ['first_server', 'round_robin', 'hash']

describe('every algorithm', () => {
  it('chooses a server that lives and was not tried, wherever there is one, however health changes', () => {
    const change = fc.record({
      server: fc.nat(5),
      rank: fc.constantFrom<Rank | undefined>(0, 0, 1, undefined),
      tried: fc.uniqueArray(fc.nat(5)),
      key: fc.string(),
    })
    fc.assert(
      fc.property(fc.constantFrom(...ALGORITHMS), fc.array(change, { maxLength: 40 }), (algorithm, changes) => {
        const servers = serversOf([true, true, true, true, true, true])
        const choice = new ServerChoice<Server>(({ rank }) => rank)
        choice.setCandidates(servers)
        for (const { server: number, rank, tried, key } of changes) {
          const changed = servers[number] as Server
          changed.rank = rank
          choice.rankChanged(changed)
          choice.check()
          const able = servers.filter((one) => one.rank !== undefined && !tried.includes(one.number))
          const first = able.filter((one) => one.rank === 0)
          const chosen = chosenBy(choice, { algorithm, tried, key })
          expect(choice.able).toBe(servers.filter((one) => one.rank !== undefined).length)
          if (able.length === 0) expect(chosen).toBeUndefined()
          else expect((first.length > 0 ? first : able).map((one) => one.number)).toContain(chosen)
        }
      }),
    )
  })

  it('chooses one of the second rank where no other can be', () => {
    for (const algorithm of ALGORITHMS) {
      const choice = choiceOf([1, 0])
      expect(chosenBy(choice, { algorithm })).toBe(1)
      expect(chosenBy(choice, { algorithm, tried: [1] })).toBe(0)
    }
  })

  it('notices in its check that a rank was changed and nobody told', () => {
    const servers = serversOf([true, true])
    const choice = new ServerChoice<Server>(({ rank }) => rank)
    choice.setCandidates(servers)
    servers[1]!.rank = undefined
    expect(() => choice.check()).toThrow('nobody told')
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
  const turnsOf = (
    choice: ServerChoice<Server>,
    count: number,
    tried: readonly number[] = [],
  ): (number | undefined)[] =>
    Array.from({ length: count }, () => chosenBy(choice, { algorithm: 'round_robin', tried }))

  it('takes turns', () => {
    expect(turnsOf(choiceOf([true, true, true]), 5)).toEqual([1, 2, 0, 1, 2])
  })

  it('gives each that lives its turn, and none two for a neighbour that is Down', () => {
    for (let down = 0; down < 4; down += 1) {
      const lives = [0, 1, 2, 3].map((number) => number !== down)
      const turns = turnsOf(choiceOf(lives), 3_000)
      for (let number = 0; number < 4; number += 1) {
        expect(turns.filter((turn) => turn === number)).toHaveLength(number === down ? 0 : 1_000)
      }
    }
  })

  it('goes on where it was when one goes and comes back', () => {
    const servers = serversOf([true, true, true, true])
    const choice = new ServerChoice<Server>(({ rank }) => rank)
    choice.setCandidates(servers)
    expect(turnsOf(choice, 2)).toEqual([1, 2])
    servers[3]!.rank = undefined
    choice.rankChanged(servers[3]!)
    expect(turnsOf(choice, 3)).toEqual([0, 1, 2])
    servers[3]!.rank = 0
    choice.rankChanged(servers[3]!)
    expect(turnsOf(choice, 2)).toEqual([3, 0])
  })

  it('is as even for all others while copies leave out the server that failed them', () => {
    const choice = choiceOf([true, true, true])
    const turns: (number | undefined)[] = []
    const copies: (number | undefined)[] = []
    for (let i = 0; i < 900; i += 1) {
      const [turn] = turnsOf(choice, 1)
      turns.push(turn)
      if (turn === 0) copies.push(...turnsOf(choice, 1, [0]))
    }
    for (const number of [0, 1, 2]) expect(turns.filter((turn) => turn === number)).toHaveLength(300)
    for (const number of [1, 2]) expect(copies.filter((turn) => turn === number)).toHaveLength(150)
  })

  it('divides what comes among those that live, one being Down', () => {
    const world = new World({
      servers: [server('s1'), server('s2', { isHeldDown: true }), server('s3')],
      classes: classes({ algorithm: 'round_robin' }),
    })
    world.serversAnswerAfter(millis(1))
    for (let i = 0; i < 300; i += 1) {
      world.access()
      world.advance(millis(2))
    }
    expect(['s1', 's2', 's3'].map((name) => world.tags(name).length)).toEqual([150, 0, 150])
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
      const [first, then] = [choiceOf(all), choiceOf(lives)]
      for (const key of KEYS) {
        const before = chosenBy(first, { algorithm: 'hash', key })
        const now = chosenBy(then, { algorithm: 'hash', key })
        if (before === gone) to.add(now)
        else expect(now).toBe(before)
      }
      expect(to.size).toBe(3)
    }
  })

  it('remembers what it would compute anew, however often servers go and come', () => {
    const servers = serversOf([true, true, true, true, true])
    const choice = new ServerChoice<Server>(({ rank }) => rank)
    choice.setCandidates(servers)
    let seed = 1
    const next = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff
      return (seed >> 8) % below
    }
    for (let round = 0; round < 400; round += 1) {
      for (let change = next(12); change > 0; change -= 1) {
        const changed = servers[next(servers.length)] as Server
        changed.rank = changed.rank === undefined ? 0 : undefined
        choice.rankChanged(changed)
      }
      const anew = new ServerChoice<Server>(({ rank }) => rank)
      anew.setCandidates(servers)
      // Few keys, so that each is asked for again and again; the other half of them after more changes than are kept.
      for (const key of KEYS.slice(round % 2 === 0 ? 0 : 20, 40)) {
        for (const tried of [[], [0], [1], [0, 1], [2, 3, 4]]) {
          const criteria = { algorithm: 'hash', tried, key } as const
          expect(chosenBy(choice, criteria)).toBe(chosenBy(anew, criteria))
        }
      }
    }
  })

  it('sends a copy where the key goes when its server is Down', () => {
    const all = [true, true, true, true]
    for (const key of KEYS.slice(0, 100)) {
      const first = choose('hash', { lives: all, key }) as number
      const lives = all.map((_, number) => number !== first)
      expect(choose('hash', { lives: all, key, tried: [first] })).toBe(choose('hash', { lives, key }))
    }
  })

  it('spreads keys evenly enough: each of 4 servers has 25 % +- 3 % of 3000', () => {
    const counts = [0, 0, 0, 0]
    const choice = choiceOf([true, true, true, true])
    for (const key of KEYS) counts[chosenBy(choice, { algorithm: 'hash', key }) as number]! += 1
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
