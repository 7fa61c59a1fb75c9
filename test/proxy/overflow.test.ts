/**
 * Full queues, end to end: who is shed, that it is counted by reason and class, and that the client may come again.
 */
import { describe, expect, it } from 'vitest'
import { seconds } from '../../src/units.ts'
import { STATUS } from './datagrams.ts'
import { World } from './kit.ts'
import { queues, server } from './options.ts'

/** One request is outstanding for a long time; everything after it waits. */
const stuck = (
  o: Parameters<typeof queues>[0],
  servers = [server('s1', { maxOutstanding: 1, timeout: seconds(600) })],
): World => {
  const world = new World({ servers, queues: queues(o) })
  world.access({ tag: 'blocks' })
  world.accounting({ tag: 'blocks' })
  world.settle()
  return world
}

/** Answers what is outstanding in a class again and again; the tags that then leave, in order. */
const drained = (world: World, class_: 'authentication' | 'accounting'): string[] => {
  const from = world.sent.length
  for (let i = 0; world.snapshot().classes[class_].outstanding > 0 && i < 1_000; i += 1) {
    world.answer(world.sent.findLast((sent) => sent.class === class_)!)
  }
  return world.sent.slice(from).map(({ tag }) => tag)
}

describe('a queue that is full by count', () => {
  it('under drop_newest sheds the newcomer, by name, and forgets it: its retransmission is a new request', () => {
    const world = stuck({ authentication: { maxMessages: 2, overflow: 'drop_newest' } })
    for (const tag of ['a', 'b']) world.access({ tag })
    const shed = world.access({ tag: 'c' })
    world.settle()
    expect(world.account('authentication')).toEqual({ received: 4, outstanding: 1, queued: 2, 'queue-messages': 1 })
    expect(world.noted('shed')).toEqual([
      { kind: 'shed', class: 'authentication', reason: 'queue-messages', client: 'bng' },
    ])
    world.answer(world.sent[0]!)
    world.again(shed)
    expect(world.account('authentication')).toMatchObject({ received: 5, queued: 2, outstanding: 1 })
    expect(drained(world, 'authentication')).toEqual(['b', 'c'])
  })

  it('under drop_oldest sheds who waits longest, wherever it waits', () => {
    const world = stuck({ authentication: { maxMessages: 2, overflow: 'drop_oldest' } })
    for (const tag of ['a', 'b']) world.access({ tag })
    world.settle()
    // a and b wait in the server queue, c and d still in the instance queue.
    for (const tag of ['c', 'd']) world.access({ tag })
    expect(world.account('authentication')).toEqual({ received: 5, outstanding: 1, queued: 2, 'queue-messages': 2 })
    expect(drained(world, 'authentication')).toEqual(['c', 'd'])
  })

  it('under shed_interim_first keeps Start, Stop and Accounting-On while an interim update is there', () => {
    const world = stuck({ accounting: { maxMessages: 4, overflow: 'shed_interim_first' } })
    const kinds = [STATUS.interim, STATUS.start, STATUS.interim, STATUS.stop, STATUS.on, STATUS.start]
    for (const [i, status] of kinds.entries()) world.accounting({ tag: `${i}`, status })
    world.settle()
    expect(drained(world, 'accounting')).toEqual(['1', '3', '4', '5'])
    expect(world.account('accounting')).toEqual({ received: 7, answered: 5, 'queue-messages': 2 })
  })

  it('under shed_interim_first with no interim update left sheds the newest', () => {
    const world = stuck({ accounting: { maxMessages: 2, overflow: 'shed_interim_first' } })
    for (const tag of ['a', 'b', 'c']) world.accounting({ tag, status: STATUS.stop })
    world.settle()
    expect(drained(world, 'accounting')).toEqual(['a', 'b'])
  })

  it('under shed_interim_first sheds an interim update that comes when all the others are better', () => {
    const world = stuck({ accounting: { maxMessages: 2, overflow: 'shed_interim_first' } })
    for (const tag of ['a', 'b']) world.accounting({ tag, status: STATUS.stop })
    world.accounting({ tag: 'interim', status: STATUS.interim })
    world.settle()
    expect(drained(world, 'accounting')).toEqual(['a', 'b'])
  })

  it('counts what waits in the instance queue and in all server queues together, and nothing that is outstanding', () => {
    const world = stuck({ authentication: { maxMessages: 5 } }, [
      server('s1', { maxOutstanding: 3, timeout: seconds(600) }),
    ])
    for (let i = 0; i < 7; i += 1) {
      world.access()
      world.settle()
    }
    expect(world.account('authentication')).toEqual({ received: 8, outstanding: 3, queued: 5 })
    world.access()
    expect(world.account('authentication')).toEqual({ received: 9, outstanding: 3, queued: 5, 'queue-messages': 1 })
  })
})

describe('a queue that is full by octets', () => {
  it('sheds as many as it takes, counted by that reason', () => {
    const world = stuck({ accounting: { maxBytes: 200, overflow: 'drop_oldest' } })
    for (const tag of ['a', 'b', 'c', 'd']) world.accounting({ tag })
    const { queuedBytes, queued } = world.snapshot().classes.accounting
    expect(queuedBytes).toBeLessThanOrEqual(200)
    expect(queuedBytes).toBe(queued * 29)
    world.accounting({ tag: 'x'.repeat(150) })
    expect(world.noted('shed').every(({ reason }) => reason === 'queue-bytes')).toBe(true)
    expect(world.account('accounting')).toEqual({ received: 6, outstanding: 1, queued: 1, 'queue-bytes': 4 })
    expect(drained(world, 'accounting')).toEqual(['x'.repeat(150)])
  })
})

describe('the limits of one class', () => {
  it('are no concern of the other', () => {
    const world = stuck({ authentication: { maxMessages: 1 }, accounting: { maxMessages: 3 } })
    for (let i = 0; i < 3; i += 1) {
      world.access()
      world.accounting()
    }
    expect(world.account('authentication')).toEqual({ received: 4, outstanding: 1, queued: 1, 'queue-messages': 2 })
    expect(world.account('accounting')).toEqual({ received: 4, outstanding: 1, queued: 3 })
  })

  it('when lowered by a reload shed nothing by themselves; the next arrival sees to it', () => {
    const world = stuck({ authentication: { maxMessages: 10 } })
    for (let i = 0; i < 10; i += 1) world.access({ tag: `${i}` })
    world.settle()
    world.reconfigure({ queues: queues({ authentication: { maxMessages: 3, overflow: 'drop_oldest' } }) })
    expect(world.account('authentication')).toEqual({ received: 11, outstanding: 1, queued: 10 })
    world.access({ tag: 'last' })
    expect(world.account('authentication')).toEqual({ received: 12, outstanding: 1, queued: 3, 'queue-messages': 8 })
    expect(drained(world, 'authentication')).toEqual(['8', '9', 'last'])
  })

  it('hold for failover copies as well: a request that returns to a full queue sheds by the policy', () => {
    const world = new World({
      servers: [
        server('s1', { timeout: seconds(1), maxRetries: 0, maxOutstanding: 2 }),
        server('s2', { maxOutstanding: 1, timeout: seconds(100) }),
      ],
      queues: queues({ accounting: { maxMessages: 2, overflow: 'drop_newest' } }),
    })
    for (const tag of ['a', 'b', 'c', 'd']) {
      world.accounting({ tag })
      world.settle()
    }
    // a and b are outstanding, c and d wait. At their time-outs a goes to s2, and so does b, which must wait there.
    world.advance(seconds(1.5))
    const { queued = 0, 'queue-messages': shed = 0, outstanding = 0 } = world.account('accounting')
    expect(queued).toBeLessThanOrEqual(2)
    expect(queued + shed + outstanding).toBe(4)
    expect(world.tags('s2')).toHaveLength(1)
  })
})
