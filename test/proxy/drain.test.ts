/**
 * Draining: no new request is taken, what is in hand is finished, and the law still holds.
 */
import { describe, expect, it } from 'vitest'
import { millis, seconds } from '../../src/units.ts'
import { World } from './kit.ts'
import { server } from './options.ts'

describe('draining', () => {
  it('drops new requests by name, and finishes what waits and what is outstanding', () => {
    const world = new World({ servers: [server('s1', { rate: 5 })] })
    const asked = [world.access(), world.access(), world.accounting()]
    world.settle()
    expect(world.engine.isIdle()).toBe(false)
    world.serversAnswerAfter(millis(1))
    world.engine.drain(world.now)
    expect(world.snapshot().draining).toBe(true)
    world.access()
    world.accounting()
    for (const sent of [...world.sent]) world.answer(sent)
    world.advance(seconds(1))
    expect(asked.map((one) => world.answersTo(one).length)).toEqual([1, 1, 1])
    expect(world.account('authentication')).toEqual({ received: 3, answered: 2, draining: 1 })
    expect(world.account('accounting')).toEqual({ received: 2, answered: 1, draining: 1 })
    expect(world.noted('dropped').map(({ reason }) => reason)).toEqual(['draining', 'draining'])
    expect(world.engine.isIdle()).toBe(true)
  })

  it('still answers retransmissions of what was answered, and absorbs those of what is under way', () => {
    const world = new World()
    const [done, underWay] = [world.accounting(), world.accounting()]
    world.settle()
    world.answer(world.sent[0]!)
    world.engine.drain(world.now)
    world.again(done)
    world.again(underWay)
    expect(world.answersTo(done)).toHaveLength(2)
    expect(world.account('accounting')).toEqual({ received: 4, answered: 1, duplicate: 2, outstanding: 1 })
  })

  it('goes on retrying: a lost packet is no reason to lose a record', () => {
    const world = new World()
    const asked = world.accounting()
    world.settle()
    world.engine.drain(world.now)
    world.advance(seconds(3.5))
    expect(world.sent).toHaveLength(2)
    world.answer(world.sent[1]!)
    expect(world.answersTo(asked)).toHaveLength(1)
    expect(world.engine.isIdle()).toBe(true)
  })
})
