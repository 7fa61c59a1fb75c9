/**
 * Max-outstanding and identifiers through the whole engine: what is unanswered is bounded, and freed by responses and
 * time-outs alone.
 */
import { describe, expect, it } from 'vitest'
import { instant, after as later, millis, perSecond, seconds } from '../../src/units.ts'
import { type Sent, START, World } from './kit.ts'
import { classes, deadServer, queues, server } from './options.ts'

const unbreakable = deadServer({ consecutiveFailures: 1_000_000 })

/** The first transmission of each request. */
const first = (sent: readonly Sent[]): Sent[] => {
  const seen = new Set<string>()
  return sent.filter(({ tag }) => !seen.has(tag) && seen.add(tag))
}

describe('the example of the model: 5 a second, 256 outstanding', () => {
  it('sends 5 a second until 256 are unanswered, then nothing until one is answered or times out', () => {
    const world = new World({
      servers: [server('s1', { rate: 5, timeout: seconds(3600), maxRetries: 0 })],
      queues: queues({ accounting: { maxAge: seconds(36_000) } }),
      deadServer: unbreakable,
    })
    for (let i = 0; i < 300; i += 1) world.accounting()
    world.advanceTo(instant(START + 999_999))
    expect(world.sent).toHaveLength(5)
    world.advanceTo(later(START, seconds(100)))
    expect(world.sent).toHaveLength(256)
    expect(world.sent.at(-1)!.at).toBe(later(START, seconds(51)))
    world.advance(seconds(1_000))
    expect(world.sent).toHaveLength(256)
    // One response, one more: at the next moment with quota, which is now.
    world.answer(world.sent[17]!)
    expect(world.sent).toHaveLength(257)
    expect(world.sent[256]!.at).toBe(world.now)
    // The time-outs begin 3240 s (3600 - 10 %) after the first sending; each lets one more out.
    world.advanceTo(later(START, seconds(3_230)))
    expect(world.sent).toHaveLength(257)
    world.advanceTo(later(START, seconds(4_020)))
    expect(new Set(world.tags()).size).toBe(300)
  })
})

describe('max-outstanding', () => {
  it('is counted apart for authentication and accounting', () => {
    const world = new World({ servers: [server('s1', { maxOutstanding: 2 })] })
    for (let i = 0; i < 4; i += 1) {
      world.access()
      world.accounting()
    }
    world.settle()
    expect(world.lane('s1', 'authentication')).toMatchObject({ outstanding: 2, queued: 2 })
    expect(world.lane('s1', 'accounting')).toMatchObject({ outstanding: 2, queued: 2 })
  })

  it('of 256 towards a silent server lets exactly 256 different requests out, then one for each answer', () => {
    const world = new World({ servers: [server('s1', { maxRetries: 50 })] })
    for (let i = 0; i < 400; i += 1) world.accounting()
    world.advance(seconds(30))
    expect(first(world.sent)).toHaveLength(256)
    expect(world.lane('s1', 'accounting').counters).toMatchObject({ requests: 256, failures: 0 })
    expect(world.lane('s1', 'accounting').counters.retransmissions).toBeGreaterThan(256)
    for (let answered = 1; answered <= 10; answered += 1) {
      world.answer(first(world.sent)[answered]!)
      expect(first(world.sent)).toHaveLength(256 + answered)
    }
    world.advance(seconds(10))
    expect(first(world.sent)).toHaveLength(266)
  })

  it('of 4000 uses as many source ports as needed, one after the other, each identifier once', () => {
    const world = new World({ servers: [server('s1', { maxOutstanding: 4000 })] })
    expect(world.engine.plan()[1]).toMatchObject({ class: 'accounting', ports: 32 })
    for (let i = 0; i < 4_001; i += 1) world.accounting()
    world.settle()
    expect(world.sent).toHaveLength(4000)
    expect(world.sent.map(({ port }) => port)).toEqual(world.sent.map((_, i) => Math.floor(i / 256)))
    expect(new Set(world.sent.map(({ port, identifier }) => `${port} ${identifier}`)).size).toBe(4000)
  })

  it('still holds after a mass time-out: the next 4000 get identifiers that do not rest', () => {
    const world = new World({
      servers: [server('s1', { maxOutstanding: 4000, maxRetries: 0 }), server('s2', { maxOutstanding: 4000 })],
      deadServer: unbreakable,
    })
    for (let i = 0; i < 8_000; i += 1) world.accounting()
    world.advance(seconds(4))
    const [early, second] = [world.sent.slice(0, 4000), first(world.sent).slice(4000)]
    expect(second).toHaveLength(4000)
    const used = new Set(early.map(({ port, identifier }) => `${port} ${identifier}`))
    expect(second.filter((sent) => sent.server === 's1' && used.has(`${sent.port} ${sent.identifier}`))).toEqual([])
    expect(world.lane('s1', 'accounting')).toMatchObject({
      outstanding: 4000,
      identifiers: { total: 8192, free: 192, quarantined: 4000 },
    })
  })

  it('when lowered by a reload lets nothing new out until the count is below', () => {
    const world = new World({ servers: [server('s1', { maxOutstanding: 10 })] })
    for (let i = 0; i < 20; i += 1) world.accounting()
    world.settle()
    world.reconfigure({ servers: [server('s1', { maxOutstanding: 4 })] })
    for (let answered = 1; answered <= 6; answered += 1) {
      world.answer(world.sent[answered - 1]!)
      expect(world.sent).toHaveLength(10)
    }
    world.answer(world.sent[6]!)
    expect(world.sent).toHaveLength(11)
    expect(world.lane('s1', 'accounting')).toMatchObject({ outstanding: 4, maxOutstanding: 4 })
  })

  it('when raised by a reload lets more out at once', () => {
    const world = new World({ servers: [server('s1', { maxOutstanding: 1 })] })
    for (let i = 0; i < 700; i += 1) world.accounting()
    world.settle()
    world.reconfigure({ servers: [server('s1', { maxOutstanding: 600 })] })
    world.settle()
    expect(world.sent).toHaveLength(600)
    expect(Math.max(...world.sent.map(({ port }) => port))).toBe(2)
  })

  it('counts each server by itself: a full one never spills to the next', () => {
    const world = new World({ servers: [server('s1', { maxOutstanding: 1, rate: 5 }), server('s2')] })
    for (let i = 0; i < 50; i += 1) world.access()
    world.advance(seconds(4))
    expect(world.tags('s2')).toEqual([])
    expect(world.lane('s1', 'authentication').outstanding).toBe(1)
  })
})

describe('identifiers', () => {
  it('are the least recently used: after an answer 255 others come first', () => {
    const world = new World()
    world.serversAnswerAfter(millis(1))
    const used: number[] = []
    // One port carries 256, two are open; the first is always preferred.
    for (let i = 0; i < 300; i += 1) {
      world.accounting()
      world.advance(millis(2))
      used.push(world.sent.at(-1)!.identifier)
    }
    expect(used).toEqual(Array.from({ length: 300 }, (_, i) => i % 256))
    expect(new Set(world.sent.map(({ port }) => port))).toEqual(new Set([0]))
  })

  it('rest for the quarantine after a time-out, and what has to wait for them leaves when it is over', () => {
    const world = new World({
      servers: [server('s1', { maxOutstanding: 128, timeout: seconds(1), maxRetries: 0 })],
      deadServer: unbreakable,
      classes: classes({ maxTransmissions: 1 }),
      queues: queues({ accounting: { maxAge: seconds(60) } }),
    })
    // 256 identifiers on one port: two rounds of 128 time out, then all rest.
    for (let i = 0; i < 300; i += 1) world.accounting()
    world.advanceTo(later(START, seconds(3)))
    expect(world.sent).toHaveLength(256)
    expect(world.lane('s1', 'accounting')).toMatchObject({ outstanding: 0, queued: 44, identifiers: { free: 0 } })
    world.advanceTo(later(START, seconds(8)))
    expect(world.sent).toHaveLength(300)
    for (const sent of world.sent.slice(256)) {
      const before = world.sent.slice(0, 256).find(({ identifier }) => identifier === sent.identifier)!
      expect(sent.at - before.at).toBeGreaterThanOrEqual(5_900_000)
    }
  })

  it('are free at once after an answer', () => {
    const world = new World({ servers: [server('s1', { maxOutstanding: 1, rate: 0 })] })
    for (let i = 0; i < 3; i += 1) world.access()
    world.settle()
    for (let i = 0; i < 3; i += 1) {
      expect(world.sent).toHaveLength(i + 1)
      world.answer(world.sent[i]!)
    }
    expect(world.lane('s1', 'authentication').identifiers).toMatchObject({ free: 256, quarantined: 0 })
    expect(world.options.servers[0]!.lanes.authentication?.maxRate).toBe(perSecond(0))
  })
})
