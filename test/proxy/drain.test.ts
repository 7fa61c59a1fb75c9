/**
 * Draining: no new request is taken, what is in hand is finished, and the law still holds.
 */
import { describe, expect, it } from 'vitest'
import { after as later, millis, seconds } from '../../src/units.ts'
import { START, World } from './kit.ts'
import { queues, server } from './options.ts'

describe('draining', () => {
  it('drops new requests by name, and finishes what waits and what is outstanding', () => {
    const world = new World({ servers: [server('s1', { rate: 5 })] })
    const asked = [world.access(), world.access(), world.accounting()]
    world.settle()
    expect(world.engine.inspection.isIdle()).toBe(false)
    world.serversAnswerAfter(millis(1))
    world.engine.drain('keep')
    expect(world.snapshot().draining).toBe(true)
    world.access()
    world.accounting()
    for (const sent of [...world.sent]) world.answer(sent)
    world.advance(seconds(1))
    expect(asked.map((one) => world.answersTo(one).length)).toEqual([1, 1, 1])
    expect(world.account('authentication')).toEqual({ received: 3, answered: 2, draining: 1 })
    expect(world.account('accounting')).toEqual({ received: 2, answered: 1, draining: 1 })
    expect(world.noted('dropped').map(({ reason }) => reason)).toEqual(['draining', 'draining'])
    expect(world.engine.inspection.isIdle()).toBe(true)
  })

  it('still answers retransmissions of what was answered, and absorbs those of what is under way', () => {
    const world = new World()
    const [done, underWay] = [world.accounting(), world.accounting()]
    world.settle()
    world.answer(world.sent[0]!)
    world.engine.drain('keep')
    world.again(done)
    world.again(underWay)
    expect(world.answersTo(done)).toHaveLength(2)
    expect(world.account('accounting')).toEqual({ received: 4, answered: 1, duplicate: 2, outstanding: 1 })
  })

  it('goes on retrying: a lost packet is no reason to lose a record', () => {
    const world = new World()
    const asked = world.accounting()
    world.settle()
    world.engine.drain('keep')
    world.advance(seconds(3.5))
    expect(world.sent).toHaveLength(2)
    world.answer(world.sent[1]!)
    expect(world.answersTo(asked)).toHaveLength(1)
    expect(world.engine.inspection.isIdle()).toBe(true)
  })
})

describe('a drain that keeps, and its end', () => {
  const poisoned = (): World => {
    const world = new World({
      servers: [server('s1', { timeout: millis(500), maxRetries: 0 })],
      queues: queues({ accounting: { maxAge: seconds(3_600) } }),
    })
    world.onForward = (sent) => {
      if (!sent.tag.startsWith('poison')) world.plan(later(world.now, millis(5)), () => world.answer(sent))
    }
    for (let i = 0; i < 10; i += 1) world.accounting({ tag: `poison ${i}` })
    for (let i = 0; i < 40; i += 1)
      world.plan(later(START, millis(100 * i)), () => world.accounting({ tag: `good ${i}` }))
    world.advance(seconds(5))
    return world
  }

  it('gives no record up: what a living server leaves unanswered is tried at once, and set aside again', () => {
    const world = poisoned()
    expect(world.snapshot().classes.accounting).toMatchObject({ setAside: 10 })
    world.engine.drain('keep')
    world.advance(seconds(60))
    expect(world.account('accounting')).toMatchObject({ answered: 40 })
    expect(world.account('accounting')['givenUp']).toBeUndefined()
    expect(world.engine.inspection.isIdle()).toBe(false)
    world.engine.drain('end')
    world.advance(seconds(60))
    expect(world.account('accounting')).toEqual({ received: 50, answered: 40, givenUp: 10 })
  })

  it('takes traffic again, as if nothing had been', () => {
    const world = poisoned()
    world.engine.drain('keep')
    world.accounting({ tag: 'good meanwhile' })
    world.engine.drain('no')
    expect(world.snapshot().draining).toBe(false)
    world.accounting({ tag: 'good again' })
    world.advance(seconds(60))
    expect(world.account('accounting')).toMatchObject({ answered: 41, draining: 1 })
    expect(world.account('accounting')['givenUp']).toBeUndefined()
  })
})
