/**
 * The adaptive window through the whole engine: it bounds what is unanswered as max-outstanding does, and who waits for it goes at
 * once when it grows.
 */
import { describe, expect, it } from 'vitest'
import type { Tracer } from '../../src/proxy/border/ports.ts'
import { after as later, millis, seconds } from '../../src/units.ts'
import { type Sent, START, World } from './kit.ts'
import { deadServer, queues, server } from './options.ts'

const LANE = ['s1', 'accounting'] as const
const patient = {
  queues: queues({ accounting: { maxAge: seconds(36_000) } }),
  deadServer: deadServer({ consecutiveFailures: 1_000_000 }),
}

const adaptive = (o: Parameters<typeof server>[1] = {}): World =>
  new World({ ...patient, adaptive: 'window', servers: [server('s1', { maxOutstanding: 100, maxRetries: 0, ...o })] })

const send = (world: World, count: number): void => {
  for (let i = 0; i < count; i += 1) world.accounting()
  world.settle()
}

/** A world whose window was lowered to 49 by two seconds with time-outs; 300 records wait, and 49 are unanswered. */
function lowered(): World {
  const world = adaptive({ timeout: seconds(1) })
  send(world, 100)
  expect(world.lane(...LANE)).toMatchObject({ outstanding: 100, window: 100 })
  world.advance(seconds(2.5))
  send(world, 400)
  return world
}

describe('a window that was lowered', () => {
  it('lets nothing new out until fewer are unanswered, and then one for each that ends', () => {
    const world = adaptive({ timeout: seconds(3), maxRetries: 3 })
    send(world, 140)
    // All time out, in two seconds, and are sent again: their places stay taken, and the window falls below them.
    world.advance(seconds(4))
    const { window, outstanding, queued } = world.lane(...LANE)
    expect({ window, outstanding, queued }).toEqual({ window: 49, outstanding: 100, queued: 40 })
    const first = new Map(world.sent.map((sent) => [sent.tag, sent]))
    expect(first.size).toBe(100)
    const answered = [...first.values()]
    for (let ended = 1; ended <= 51; ended += 1) {
      world.answer(answered[ended]!)
      expect(world.lane(...LANE)).toMatchObject({ outstanding: 100 - ended, queued: 40 })
    }
    world.answer(answered[52]!)
    expect(world.lane(...LANE)).toMatchObject({ outstanding: 49, queued: 39 })
  })

  it('changes neither the source ports nor the grid', () => {
    const world = lowered()
    expect(world.lane(...LANE).window).toBeLessThan(100)
    expect(world.lane(...LANE).identifiers.total).toBe(256)
    expect(world.engine.plan().find((plan) => plan.class === 'accounting')).toMatchObject({ ports: 1 })
  })

  it('says in the trace that it is full, and that max_outstanding is where that is', () => {
    const whys: (string | undefined)[] = []
    const world = lowered()
    // Behind it stands how many of its own client go before it.
    const note: Tracer['note'] = (_traces, { why }) => whys.push(why?.split(';')[0])
    world.engine.follow([{ trace: 1 }], { note })
    const { window } = world.lane(...LANE)
    send(world, 1)
    expect(whys).toContain(`the window of ${window} is full`)
    const full = adaptive()
    full.engine.follow([{ trace: 1 }], { note })
    send(full, 101)
    expect(whys.at(-1)).toBe('max_outstanding is reached')
  })
})

describe('a window that grows', () => {
  it('is used at once: nothing waits for a wake', () => {
    const world = lowered()
    const unanswered = new Set<Sent>()
    world.onForward = (sent) => unanswered.add(sent)
    world.advance(seconds(3))
    // From now on the server answers each at once, so that nothing queues in it.
    for (let second = 0; second < 20; second += 1) {
      send(world, 200)
      for (const sent of [...unanswered].slice(-40)) {
        unanswered.delete(sent)
        world.answer(sent)
        const { outstanding, window = 0, queued } = world.lane(...LANE)
        if (queued > 0) expect(outstanding).toBeGreaterThanOrEqual(window)
      }
      world.advance(millis(900))
    }
  })

  it('counts no response time after a retry: nobody knows which transmission it answers', () => {
    const world = adaptive({ timeout: millis(900), maxRetries: 5 })
    send(world, 100)
    // All are sent again before the second is over, and answered in the next one.
    world.advance(millis(1_010))
    expect(world.sent).toHaveLength(200)
    expect(world.lane(...LANE)).toMatchObject({ window: 70 })
    for (const sent of world.sent.slice(0, 100)) world.answer(sent)
    world.advance(seconds(1))
    send(world, 1)
    world.answer(world.sent.at(-1)!)
    expect(world.lane(...LANE)).toMatchObject({ window: 70 })
  })

  it('does so while it is in use and nothing queues in the server', () => {
    const world = lowered()
    world.serversAnswerAfter(millis(50))
    const windows = Array.from({ length: 7 }, () => {
      send(world, 3_000)
      world.advance(seconds(1))
      return world.lane(...LANE).window ?? 0
    })
    // By then what was unanswered has timed out.
    const [before = 0] = windows.slice(2)
    expect(windows.at(-1)).toBeGreaterThan(before)
  })
})

describe('a reload', () => {
  it('turns it on and off, and what waits goes at once', () => {
    const world = lowered()
    const { window = 0, queued } = world.lane(...LANE)
    expect(window).toBeLessThan(100)
    expect(queued).toBeGreaterThan(100)
    world.reconfigure({ adaptive: 'off' })
    world.settle()
    expect(world.lane(...LANE)).toMatchObject({ window: undefined, outstanding: 100 })
    world.reconfigure({ adaptive: 'window' })
    expect(world.lane(...LANE)).toMatchObject({ window: 100 })
  })

  it('to another source address keeps the window: it is the server that is slow', () => {
    const world = lowered()
    const { window } = world.lane(...LANE)
    const [it] = world.options.servers
    world.reconfigure({ servers: [{ ...it!, sourceAddress: '192.0.2.99' }] })
    const windows = world.snapshot().lanes.filter((lane) => lane.class === 'accounting')
    expect(windows.map((lane) => lane.window)).toEqual([window, window])
    expect(world.now).toBe(later(START, seconds(2.5)))
  })
})

describe('the slowest pace of a server', () => {
  /** 40 answers a second for so many seconds, to a server that may leave `places` unanswered, of `asked` records. */
  function paceOf({ asked, places }: { asked: number; places: number }): number | undefined {
    const world = new World({ ...patient, servers: [server('s1', { maxOutstanding: places, timeout: seconds(60) })] })
    send(world, asked)
    for (let answered = 0; answered < 200; answered += 1) {
      world.advance(millis(25))
      world.answer(world.sent[answered]!)
    }
    return world.lane(...LANE).slowestPace
  }

  it('is measured while records wait, or as many as may are unanswered, and not otherwise', () => {
    expect(paceOf({ asked: 1_000, places: 100 })).toBe(40)
    expect(paceOf({ asked: 1_000, places: 1_001 })).toBeUndefined()
  })

  it('is measured where the window is always full and nothing waits', () => {
    const world = new World({ ...patient, servers: [server('s1', { maxOutstanding: 100, timeout: seconds(60) })] })
    send(world, 100)
    for (let answered = 0; answered < 200; answered += 1) {
      world.advance(millis(25))
      world.answer(world.sent[answered]!)
      send(world, 1)
    }
    expect(world.lane(...LANE).slowestPace).toBe(40)
  })

  it('is measured where records wait for slots, however few are unanswered', () => {
    const world = new World({ ...patient, servers: [server('s1', { maxOutstanding: 100, rate: 40 })] })
    world.serversAnswerAfter(millis(1))
    send(world, 300)
    world.advance(seconds(5))
    expect(world.lane(...LANE).slowestPace).toBe(40)
  })

  it('counts late answers: a server that answers nothing in time still has a pace', () => {
    const world = new World({
      ...patient,
      servers: [server('s1', { maxOutstanding: 100, timeout: seconds(1), maxRetries: 0 })],
    })
    send(world, 1_000)
    for (let answered = 0; answered < 400; answered += 1) {
      world.advance(millis(25))
      world.answer(world.sent[answered]!)
    }
    expect(world.lane(...LANE).counters.timeouts).toBeGreaterThan(100)
    expect(world.lane(...LANE).slowestPace).toBe(40)
  })
})
