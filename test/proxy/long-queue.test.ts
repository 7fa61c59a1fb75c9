/**
 * A server goes Down, or is removed, with a long queue: it moves in steps, and nothing is lost, overtaken or forgotten.
 */
import { describe, expect, it } from 'vitest'
import { millis, seconds } from '../../src/units.ts'
import { STATUS } from './datagrams.ts'
import { World } from './kit.ts'
import { classes, deadServer, queues, server } from './options.ts'

const LONG = 500
/** The most that one step may move: 32 in the step of the change, and as many as a step serves. */
const STEP = 32

/** Two servers; all records wait for the first, which answers nothing. */
const waitingAtTheFirst = (o: ConstructorParameters<typeof World>[0] = {}): World => {
  const world = new World({
    servers: [server('s1', { maxOutstanding: 1, timeout: seconds(1), maxRetries: 0 }), server('s2', { rate: 100 })],
    classes: classes({ algorithm: 'first_server' }),
    queues: queues({ accounting: { maxAge: seconds(3_600) } }),
    deadServer: deadServer({ consecutiveFailures: 1 }),
    ...o,
  })
  world.serversAnswerAfter(millis(5), 's2')
  for (let i = 0; i < LONG; i += 1) {
    world.accounting({ tag: `r${i}`, session: `s${i % 50}`, status: STATUS.interim, eventAt: i })
    world.settle()
  }
  return world
}

const firsts = (world: World): number[] => [...new Set(world.tags('s2'))].map((tag) => Number(tag.slice(1)))

/** Time goes on until the first time-out, whose step takes the server Down; nothing is served yet. */
const goDown = (world: World): void => {
  world.now = world.engine.nextWakeAt(world.now) ?? world.now
  world.engine.wake(world.now)
  world.check()
  expect(world.lane('s1', 'accounting').state).toBe('down')
}

describe('the long queue of a server that goes Down', () => {
  it('moves a bounded number at each step', () => {
    const world = waitingAtTheFirst()
    const atTheSecond = (): number => world.lane('s2', 'accounting').queued
    goDown(world)
    let before = atTheSecond()
    // With the copy of the one that timed out.
    expect(before).toBeLessThanOrEqual(STEP + 1)
    let steps = 0
    for (let isMore = true; isMore; steps += 1) {
      isMore = world.engine.serve(world.now, STEP)
      world.check()
      const now = atTheSecond()
      expect(now - before).toBeLessThanOrEqual(STEP)
      before = now
    }
    expect(steps).toBeGreaterThan(LONG / STEP / 2)
    expect(world.lane('s1', 'accounting').queued).toBe(0)
    expect(world.snapshot().classes.accounting).toMatchObject({ instanceQueued: 0, parked: 0 })
  })

  it('moves whole, and leaves in the order of arrival, what comes meanwhile behind it', () => {
    const world = waitingAtTheFirst()
    goDown(world)
    for (let i = LONG; i < LONG + 20; i += 1) {
      world.accounting({ tag: `r${i}`, session: `s${i % 50}`, status: STATUS.interim, eventAt: i })
      world.engine.serve(world.now, 1)
    }
    world.advance(seconds(10))
    const order = firsts(world).filter((number) => number !== 0)
    expect(order).toEqual(Array.from({ length: LONG + 19 }, (_, i) => i + 1))
    expect(world.account('accounting')).toEqual({ received: LONG + 20, answered: LONG + 20 })
  })

  it('moves to its end though the server lives again in the middle, so that sessions keep their order', () => {
    const world = waitingAtTheFirst()
    const [first] = world.sent
    goDown(world)
    for (let step = 0; step < 5; step += 1) world.engine.serve(world.now, 1)
    world.serversAnswerAfter(millis(5))
    world.reconfigure({ deadServer: deadServer({ consecutiveFailures: 1, deadTime: seconds(1) }) })
    world.advance(seconds(20))
    expect(world.statesOf('s1', 'accounting')).toContain('active')
    const sent = [...new Set(world.sent.filter((one) => one !== first).map(({ tag }) => Number(tag.slice(1))))]
    for (let session = 0; session < 50; session += 1) {
      const records = sent.filter((number) => number % 50 === session && number !== 0)
      expect(records).toEqual([...records].sort((a, b) => a - b))
    }
    expect(world.account('accounting')).toEqual({ received: LONG, answered: LONG })
  })

  it('can expire, be shed and be superseded on its way, and never keeps the engine awake', () => {
    const world = waitingAtTheFirst()
    goDown(world)
    world.engine.serve(world.now, 1)
    world.reconfigure({ queues: queues({ accounting: { maxAge: millis(1), maxMessages: 3 } }) })
    world.advance(seconds(60))
    expect(world.account('accounting')).toMatchObject({ expired: expect.any(Number) as number })
    expect(world.engine.inspection.isIdle()).toBe(true)
    expect(world.snapshot().classes.accounting).toMatchObject({ queued: 0, instanceQueued: 0 })
    // The wakes that are left are those of the servers' health.
    expect(world.engine.serve(world.now, STEP)).toBe(false)
  })

  it('parks whole where no other server lives, and returns in order', () => {
    const world = waitingAtTheFirst({
      servers: [server('s1', { maxOutstanding: 1, timeout: seconds(1), maxRetries: 0 })],
      deadServer: deadServer({ consecutiveFailures: 1, deadTime: seconds(60) }),
    })
    goDown(world)
    expect(world.noted('all-servers-down')[0]?.parked).toBeGreaterThanOrEqual(LONG - STEP)
    world.settle()
    expect(world.snapshot().classes.accounting).toMatchObject({ parked: LONG, queued: LONG })
    world.serversAnswerAfter(millis(5))
    world.advance(seconds(120))
    expect(world.account('accounting')).toEqual({ received: LONG, answered: LONG })
    const order = [...new Set(world.tags())].map((tag) => Number(tag.slice(1))).filter((number) => number !== 0)
    expect(order).toEqual(Array.from({ length: LONG - 1 }, (_, i) => i + 1))
  })

  it('of a server that a reload removes moves as well, and the server is forgotten with its last identifier', () => {
    const world = waitingAtTheFirst()
    world.reconfigure({ servers: [server('s2', { rate: 100 })] })
    world.advance(seconds(20))
    expect(world.snapshot().lanes.map((lane) => lane.server)).not.toContain('s1')
    expect(world.account('accounting')).toEqual({ received: LONG, answered: LONG })
  })
})
