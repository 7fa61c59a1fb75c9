/**
 * max-rate and max-outstanding are a server's, not a lane's: whatever a reload does to the lane that leads there (another
 * source, another name, taken out and put back), what was used of them counts on. Judged at the network, by address, port
 * and class.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainOptions } from '../../src/instances/shared/plain-options.ts'
import { SharedMemories } from '../../src/instances/shared/shared-memory.ts'
import { SharedParts } from '../../src/instances/shared/shared-parts.ts'
import type { EngineOptions, ServerOptions } from '../../src/proxy/border/options.ts'
import { after, type Duration, type Instant, micros, millis, seconds } from '../../src/units.ts'
import { type Sent, START, World } from './kit.ts'
import { defaults, queues, server } from './options.ts'

fc.configureGlobal({ seed: 2_026 })

const SECOND = 1_000_000
const patient = { queues: queues({ authentication: { maxAge: seconds(600) } }) }

/** One or several engines of a host, reloaded together as the daemon does it. */
class Host {
  readonly worlds: World[]
  readonly #parts: (SharedParts | undefined)[]
  readonly #memories: SharedMemories
  options: EngineOptions

  constructor(options: Partial<EngineOptions>, instances = 1) {
    this.options = { ...defaults(), ...options }
    this.#memories = new SharedMemories({ scope: 'host', instances })
    const plain = plainOptions(this.options)
    const memory = this.#memories.of(plain, START)
    this.#memories.announce(plain, memory, START)
    this.#parts = Array.from(
      { length: instances },
      () => memory.tables && new SharedParts(memory.budgets, memory.tables),
    )
    this.worlds = this.#parts.map((parts) => new World(this.options, START, parts))
  }

  get now(): Instant {
    return (this.worlds[0] as World).now
  }

  get sent(): Sent[] {
    return this.worlds.flatMap(({ sent }) => sent)
  }

  /** `isRefused`: it is prepared everywhere and taken nowhere. */
  reload(servers: readonly ServerOptions[], isRefused = false): void {
    const options = { ...this.options, servers }
    const plain = plainOptions(options)
    const memory = this.#memories.of(plain, this.now)
    for (const world of this.worlds) world.engine.planFor(options, world.now)
    if (isRefused) return
    this.options = options
    this.#memories.announce(plain, memory, this.now)
    for (const [i, world] of this.worlds.entries()) {
      this.#parts[i]?.reconfigure(memory)
      world.reconfigure({ servers })
    }
  }

  advance(by: Duration): void {
    for (const world of this.worlds) world.advance(by)
  }
}

const s1 = server('s1', { rate: 20, maxOutstanding: 10 })
const other = server('s2', { address: '192.0.2.11', isHeldDown: true })

const burst = (world: World, count = 100): void => {
  for (let i = 0; i < count; i += 1) world.access({})
  world.settle()
}

describe('a reload that makes another lane to the same server', () => {
  const changed: Readonly<Record<string, ServerOptions>> = {
    'from another source address': { ...s1, sourceAddress: '192.0.2.99' },
    'from other source ports': { ...s1, sourcePorts: [20_000, 20_099] },
    'under another name': { ...s1, name: 'renamed' },
    'from elsewhere under another name': { ...s1, name: 'renamed', sourceAddress: '192.0.2.99' },
  }

  it.each(Object.entries(changed))('%s: begins no new slot, and no new max-outstanding', (_, next) => {
    const fast = { ...next, lanes: { authentication: { ...next.lanes.authentication!, maxOutstanding: 4_000 } } }
    const wide = server('s1', { rate: 20, maxOutstanding: 4_000 })
    for (const [first, second, most] of [
      [wide, fast, 20],
      [s1, next, 10],
    ] as const) {
      const world = new World({ ...patient, servers: [first] })
      burst(world)
      world.advance(millis(930))
      for (let again = 0; again < 4; again += 1) {
        world.reconfigure({ servers: [again % 2 === 0 ? second : first] })
        world.advance(millis(15))
      }
      expect(world.sent).toHaveLength(most)
      world.serversAnswerAfter(millis(1))
      for (const sent of world.sent.slice()) world.answer(sent)
      world.advance(seconds(1))
      expect(world.sent.length).toBeGreaterThan(most)
    }
  })

  it('that is taken out and put back within a second begins neither', () => {
    const world = new World({ ...patient, servers: [s1, other] })
    burst(world)
    world.advance(millis(300))
    for (let k = 0; k < 4; k += 1) {
      world.reconfigure({ servers: [other] })
      world.advance(millis(20))
      world.reconfigure({ servers: [s1, other] })
      world.advance(millis(20))
    }
    world.advance(millis(500))
    expect(world.sent).toHaveLength(10)
  })

  it('goes on with its lane, and so its retries, where the path is the same: renamed, or put back', () => {
    for (const next of [{ ...s1, name: 'renamed' }, s1]) {
      const world = new World({ ...patient, servers: [s1, other] })
      world.access({ tag: 'a' })
      world.settle()
      if (next === s1) world.reconfigure({ servers: [other] })
      world.reconfigure({ servers: [next, other] })
      expect(world.lane(next.name, 'authentication')).toMatchObject({ lane: 0, outstanding: 1, retiring: false })
      world.advance(seconds(3.5))
      expect(world.sentOf('a')).toHaveLength(2)
      expect(world.sent[1]!.bytes).toEqual(world.sent[0]!.bytes)
    }
  })

  it('put back when all has come to rest, it is as new, and has its rate at once', () => {
    const world = new World({ ...patient, servers: [server('s1', { rate: 20, timeout: seconds(1), maxRetries: 0 })] })
    world.access()
    world.advance(seconds(1.5))
    expect(world.lane('s1', 'authentication').state).toBe('not_responding')
    world.reconfigure({ servers: [other] })
    world.advance(seconds(8))
    world.reconfigure({ servers: [server('s1', { rate: 5 }), other] })
    expect(world.lane('s1', 'authentication')).toMatchObject({ state: 'active', slots: { maxRate: 5 } })
    expect(world.lane('s1', 'authentication').slots.pendingMaxRate).toBeUndefined()
  })

  it('put back in a later second it has its rate at once too, with its outstanding requests counted on', () => {
    const world = new World({ ...patient, servers: [s1, other] })
    burst(world, 5)
    world.advance(millis(600))
    world.reconfigure({ servers: [other] })
    world.advance(millis(600))
    world.reconfigure({ servers: [server('s1', { rate: 100, maxOutstanding: 7 }), other] })
    expect(world.lane('s1', 'authentication')).toMatchObject({ lane: 0, outstanding: 5, slots: { maxRate: 100 } })
    burst(world)
    world.advance(millis(100))
    expect(world.sent).toHaveLength(7)
  })

  it('put back while an identifier rests, that one is not used before its rest is over', () => {
    const quick = server('s1', { timeout: seconds(1), maxRetries: 0, maxOutstanding: 1 })
    const world = new World({ ...patient, servers: [quick, other] })
    world.access()
    world.advance(seconds(1.5))
    world.reconfigure({ servers: [other] })
    world.advance(seconds(2))
    world.reconfigure({ servers: [quick, other] })
    expect(world.lane('s1', 'authentication').identifiers).toMatchObject({ quarantined: 1 })
  })

  it('keeps the health over the same path, and knows nothing of another one', () => {
    const dead = server('s1', { timeout: seconds(1), maxRetries: 0 })
    const cases = [
      [{ ...dead, name: 'renamed' }, 'not_responding'],
      [{ ...dead, sourceAddress: '192.0.2.99' }, 'active'],
    ] as const
    for (const [next, state] of cases) {
      const world = new World({ ...patient, servers: [dead] })
      world.access()
      world.advance(seconds(1.5))
      world.reconfigure({ servers: [next] })
      const live = world.snapshot().lanes.filter((lane) => lane.class === 'authentication' && !lane.retiring)
      expect(live.map((lane) => lane.state)).toEqual([state])
    }
  })

  it('knows a conversation of a server by its former name', () => {
    const two = [server('s1'), server('s2', { address: '192.0.2.11' })]
    const world = new World({ ...patient, servers: [two[1]!, two[0]!] })
    world.access()
    world.settle()
    world.answer(world.sent[0]!, { code: 11, state: 'a conversation' })
    world.reconfigure({ servers: [two[0]!, { ...two[1]!, name: 'renamed' }] })
    world.access({ tag: 'goes on', state: 'a conversation' })
    world.settle()
    expect(world.lane('renamed', 'authentication').lane).toBe(world.sent[0]!.lane)
    expect(world.sentOf('goes on')[0]!.lane).toBe(world.sent[0]!.lane)
  })

  it('has one budget for all instances of the host, also from another source', () => {
    const host = new Host({ ...patient, servers: [server('s1', { rate: 40, maxOutstanding: 4_000 })] }, 2)
    for (const world of host.worlds) burst(world)
    host.advance(millis(960))
    for (const sourceAddress of ['192.0.2.98', '192.0.2.99']) {
      host.reload([{ ...server('s1', { rate: 40, maxOutstanding: 4_000 }), sourceAddress }])
      host.advance(millis(15))
    }
    expect(host.sent.length).toBe(40)
  })

  it('that is refused costs no conversation, where the size of their table was to change', () => {
    const host = new Host({ servers: [s1] }, 2)
    const memories = new SharedMemories({ scope: 'host', instances: 2 })
    const plain = (maxEntries: number) =>
      plainOptions({ ...host.options, state: { lifetime: seconds(300), maxEntries } })
    const first = memories.of(plain(100), START)
    memories.announce(plain(100), first, START)
    memories.of(plain(7), START)
    expect(memories.of(plain(100), START).tables?.states).toBe(first.tables?.states)
  })
})

describe('an engine that follows a crashed one in the same grid second', () => {
  it('sends nothing before the next one, also to a server of another source, and then as every second', () => {
    const world = new World(
      { ...patient, servers: [server('s1', { rate: 20 })] },
      START,
      undefined,
      after(START, seconds(1)),
    )
    burst(world)
    world.advance(millis(500))
    world.reconfigure({ servers: [{ ...server('s1', { rate: 20 }), sourceAddress: '192.0.2.99' }] })
    world.advance(millis(499))
    expect(world.sent).toEqual([])
    world.advance(seconds(1))
    expect(world.sent).toHaveLength(20)
  })
})

/** What is unanswered for certain: within nine tenths of its time-out. */
const CERTAIN = 0.9 * SECOND
const limits = { rate: 30, maxOutstanding: 8, timeout: millis(1_000), maxRetries: 1 }
const bases = [server('a', limits), server('b', { ...limits, address: '192.0.2.11' })]

interface Reload {
  readonly kind: 'reload'
  readonly isRefused: boolean
  readonly change: readonly { readonly isThere: boolean; readonly name: number; readonly source: number }[]
}
type Step =
  | Reload
  | { readonly kind: 'burst'; readonly count: number }
  | { readonly kind: 'answer'; readonly count: number }
  | { readonly kind: 'pass'; readonly by: number }

const steps = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('reload'),
        isRefused: fc.boolean(),
        change: fc.array(fc.record({ isThere: fc.boolean(), name: fc.nat(1), source: fc.nat(2) }), {
          minLength: 2,
          maxLength: 2,
        }),
      }) as fc.Arbitrary<Step>,
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('burst'), count: fc.nat(20) }) as fc.Arbitrary<Step> },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('answer'), count: fc.nat(20) }) as fc.Arbitrary<Step> },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('pass'),
        by: fc.oneof(fc.nat(3_000), fc.nat(120_000), fc.nat(1_500_000)),
      }) as fc.Arbitrary<Step>,
    },
  ),
  { minLength: 10, maxLength: 60 },
)

const serversOf = ({ change }: Reload): ServerOptions[] =>
  bases.flatMap((base, i) => {
    const { isThere, name, source } = change[i]!
    if (!isThere) return []
    const sourceAddress = source === 0 ? {} : { sourceAddress: `192.0.2.${90 + source}` }
    return [{ ...base, name: `${base.name}${name}`, ...sourceAddress }]
  })

/** Counts at the network: by address, port and class, whatever lane it was. */
class Counter {
  readonly #slots = new Map<string, number>()
  readonly #flights = new Map<string, { readonly to: string; until: number }>()
  readonly #paths = new Map<number, string>()

  sees({ worlds, options }: Host, world: World, sent: Sent): void {
    for (const plan of world.engine.plan()) this.#paths.set(plan.lane, `${plan.address} ${plan.port}`)
    const to = this.#paths.get(sent.lane) as string
    const slots = Math.min(limits.rate, SECOND / options.slot)
    const second = Math.floor(sent.at / SECOND)
    let slot = slots - 1
    while (Math.floor((slot * SECOND) / slots) > sent.at - second * SECOND) slot -= 1
    const quota = Math.floor(((slot + 1) * limits.rate) / slots) - Math.floor((slot * limits.rate) / slots)
    expect(this.#raise(`${to} ${second} ${slot}`), `slot ${slot} to ${to}`).toBeLessThanOrEqual(quota)
    expect(this.#raise(`${to} ${second}`), `second to ${to}`).toBeLessThanOrEqual(limits.rate)
    const engine = worlds.indexOf(world)
    this.#flights.set(placeOf(engine, sent), { to: `${engine} ${to}`, until: sent.at + CERTAIN })
    const open = [...this.#flights.values()].filter((one) => one.to === `${engine} ${to}` && sent.at < one.until)
    expect(open.length, `unanswered at ${to}`).toBeLessThanOrEqual(limits.maxOutstanding)
  }

  answered(engine: number, sent: Sent): void {
    this.#flights.delete(placeOf(engine, sent))
  }

  #raise(key: string): number {
    const count = (this.#slots.get(key) ?? 0) + 1
    this.#slots.set(key, count)
    return count
  }
}

const placeOf = (engine: number, { bytes }: Sent): string => `${engine} ${Buffer.from(bytes).toString('hex')}`

const play = (instances: number, use: readonly Step[]): Host => {
  const host = new Host({ ...patient, servers: bases }, instances)
  const counter = new Counter()
  const unanswered: { readonly engine: number; readonly sent: Sent }[] = []
  for (const [engine, world] of host.worlds.entries()) {
    world.onForward = (sent) => {
      counter.sees(host, world, sent)
      unanswered.push({ engine, sent })
    }
  }
  for (const step of use) {
    if (step.kind === 'reload') host.reload(serversOf(step), step.isRefused)
    else if (step.kind === 'burst') for (const world of host.worlds) burst(world, step.count)
    else if (step.kind === 'answer') {
      for (const { engine, sent } of unanswered.splice(0, step.count)) {
        counter.answered(engine, sent)
        host.worlds[engine]!.answer(sent)
      }
    } else host.advance(micros(step.by))
    for (const world of host.worlds) world.settle()
  }
  return host
}

describe('over any chain of reloads, refused ones among them', () => {
  it.each([1, 2])(
    'no slot, no grid second and no max-outstanding of a server is overrun: %i instances',
    (instances) => {
      fc.assert(
        fc.property(steps, (use) => {
          play(instances, use)
        }),
        { numRuns: 150 },
      )
    },
    60_000,
  )

  it('nothing is left behind: with the servers back and answering, everything ends', () => {
    fc.assert(
      fc.property(steps, (use) => {
        const host = play(1, use)
        const [world] = host.worlds as [World]
        host.reload(bases)
        world.onForward = undefined
        world.serversAnswerAfter(millis(2))
        world.advanceTo(after(world.now, seconds(1_500)))
        expect(world.engine.inspection.isIdle()).toBe(true)
        const { lanes } = world.snapshot()
        expect(lanes).toHaveLength(4)
        for (const lane of lanes) expect(lane.identifiers).toMatchObject({ free: lane.identifiers.total, abandoned: 0 })
      }),
      { numRuns: 60 },
    )
  }, 60_000)
})
