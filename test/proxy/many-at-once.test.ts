/**
 * Where a reload lowers a bound, or time jumps, thousands are to go at one moment: each step ends some of them, the rest
 * follow, and none of them is sent meanwhile.
 */
import { describe, expect, it } from 'vitest'
import { instant, seconds } from '../../src/units.ts'
import { type Sent, World } from './kit.ts'
import { queues, server } from './options.ts'

/** One is outstanding, `count` wait. */
const waiting = (count: number): World => {
  const world = new World({
    servers: [server('s1', { maxOutstanding: 1, timeout: seconds(9_000), maxRetries: 0 })],
    queues: queues({ accounting: { maxAge: seconds(3_600) } }),
  })
  for (let i = 0; i <= count; i += 1) {
    world.accounting()
    if (i % 32 === 0) world.settle()
  }
  world.settle()
  return world
}
const ended = (world: World, act: () => void): number => {
  const before = world.snapshot().classes.accounting.queued
  act()
  return before - world.snapshot().classes.accounting.queued
}

describe.each([300, 5_000])('of %i that wait', (count) => {
  it('a few expire in each step where all are too old at one moment, and all without a datagram', () => {
    const world = waiting(count)
    world.now = instant(world.now + seconds(3_601))
    expect(ended(world, () => world.engine.wake(world.now))).toBe(64)
    // The first one's answer makes room for a second one, and that is too old, whatever its turn is.
    world.engine.respond(world.sent[0]!.lane, world.sent[0]!.port, new Uint8Array(0), world.now)
    world.answer(world.sent[0] as Sent)
    expect(world.engine.nextWakeAt(world.now) ?? world.now).toBe(world.now)
    world.advance(seconds(1))
    expect(world.sent).toHaveLength(1)
    expect(world.account('accounting')).toEqual({ received: count + 1, answered: 1, expired: count })
  })

  it('a few are shed in each step where a reload lowers the bound', () => {
    const world = waiting(count)
    world.reconfigure({ queues: queues({ accounting: { maxMessages: 10 } }) })
    const first = ended(world, () => world.accounting())
    expect(first).toBeGreaterThan(100)
    expect(first).toBeLessThan(300)
    for (let i = 0; i < count / 100; i += 1) world.accounting()
    expect(world.account('accounting')).toMatchObject({ queued: 10 })
  })
})
