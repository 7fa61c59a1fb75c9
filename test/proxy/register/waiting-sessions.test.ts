/**
 * What is known of the sessions that wait: no step reads more than a few of those that wait, however many do, and what a
 * reload asks of them holds for all of them in the end (docs/accounting.md).
 *
 * A record that rests is read from the octet store, so its reads are counted there: the same on any machine.
 */
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { EngineOptions } from '../../../src/proxy/border/options.ts'
import { OctetStore } from '../../../src/queues/containers/octet-store.ts'
import { seconds } from '../../../src/units.ts'
import { number, STATUS } from '../datagrams.ts'
import { type Sent, World } from '../kit.ts'
import { classes, client, queues, records, server } from '../options.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

/** More than any step may read: a step of the watch, and what a record needs for itself. */
const MOST_READS = 150

afterEach(() => {
  vi.restoreAllMocks()
})

/** How many records at rest are read while `act` is under way. */
const readsOf = (act: () => void): number => {
  const at = vi.spyOn(OctetStore.prototype, 'at')
  act()
  const reads = at.mock.calls.length
  at.mockRestore()
  return reads
}

const STUCK = { maxOutstanding: 1, timeout: seconds(600), maxRetries: 0 }
const accountingQueue = (o: Partial<EngineOptions['queues']['accounting']> = {}): EngineOptions['queues'] =>
  queues({ accounting: { maxMessages: 1_000_000, maxBytes: 1 << 30, ...o } })
const clients = (interims: 'all' | 'newest') => [client({ accounting: records({ interims }) })]

/** One record is outstanding at each server, so that all others wait. */
const stuck = (o: Partial<EngineOptions> = {}): World => {
  const servers = o.servers ?? [server('s1', STUCK)]
  const world = new World({ servers, classes: classes({ algorithm: 'round_robin' }), queues: accountingQueue(), ...o })
  servers.forEach((_, i) => {
    world.accounting({ tag: `blocks ${i}` })
    world.settle()
  })
  return world
}

const record = (world: World, session: string, status: number, time: number): void => {
  const attributes = status === STATUS.start ? [] : [number(46, time), number(42, time), number(43, time)]
  world.accounting({ tag: `${session} ${time}`, session, status, attributes })
}

const fill = (world: World, count: number, status: number = STATUS.stop): void => {
  for (let i = 0; i < count; i += 1) {
    record(world, `f${i}`, status, 1)
    if (i % 32 === 31) world.settle()
  }
  world.settle()
}

/** Answers what is outstanding until nothing is; the tags that leave from now on, in order. */
const drained = (world: World): string[] => {
  const from = world.sent.length
  for (let next = from - 1; next < world.sent.length; next += 1) world.answer(world.sent[next] as Sent)
  return world.sent.slice(from).map(({ tag }) => tag)
}

/** Answers so many of those that are outstanding. */
const drainedBy = (world: World, count: number): void => {
  for (let i = 0; i < count; i += 1) world.answer(world.sent.at(-1) as Sent)
}

describe('one message, where a thousand wait and where five thousand do', () => {
  it.each([500, 5_000])('reads none of %i Stops in a full queue, whatever kind it is', (maxMessages) => {
    const world = stuck({ queues: accountingQueue({ maxMessages }) })
    fill(world, maxMessages)
    for (const kinds of [
      [STATUS.stop, STATUS.stop],
      [STATUS.interim, STATUS.stop],
      [STATUS.interim, STATUS.interim],
    ]) {
      for (let round = 0; round < 3; round += 1) {
        const reads = readsOf(() => {
          for (const [i, status] of kinds.entries()) record(world, `n${status} ${round} ${i}`, status, 1)
          world.settle()
        })
        expect(reads).toBeLessThan(10)
      }
    }
    expect(world.account('accounting')).toMatchObject({ 'queue-messages': 18, queued: maxMessages })
  })

  it('finds the last interim update of a session, though none waited for a while in a queue of thousands', () => {
    const world = stuck({ clients: clients('newest'), queues: accountingQueue({ maxMessages: 1_000 }) })
    fill(world, 1_000)
    for (const [session, status] of [
      ['a', STATUS.interim],
      ['b', STATUS.stop],
    ] as const) {
      record(world, session, status, 10)
      world.settle()
    }
    // Both were shed, so no interim update waits; then two of one session come.
    expect(world.account('accounting')).toMatchObject({ 'queue-messages': 2 })
    drainedBy(world, 2)
    record(world, 'c', STATUS.interim, 10)
    world.settle()
    record(world, 'c', STATUS.interim, 20)
    expect(world.account('accounting')).toMatchObject({ coalesced: 1 })
  })

  it.each([500, 5_000])('reads a few of %i that came in before the first of them was served', (count) => {
    const world = new World({ servers: [server('s1', STUCK), server('s2', STUCK)], queues: accountingQueue() })
    for (let i = 0; i < count; i += 1) record(world, `s${i}`, STATUS.interim, 1)
    expect(readsOf(() => world.engine.serve(world.now, 32))).toBeLessThan(MOST_READS)
    expect(readsOf(() => record(world, 'one more', STATUS.interim, 1))).toBeLessThan(MOST_READS)
  })

  it.each([
    ['shedding of interim updates', { queues: accountingQueue() }],
    ['interims: newest', { clients: clients('newest') }],
    ['a second server', { servers: [server('s1', STUCK), server('s2', STUCK)] }],
  ])('reads a few of five thousand that wait when a reload brings %s, and in each step from then on', (_, change) => {
    const world = stuck({ clients: clients('all'), queues: accountingQueue({ overflow: 'drop_newest' }) })
    fill(world, 5_000, STATUS.interim)
    expect(readsOf(() => world.reconfigure(change))).toBeLessThan(MOST_READS)
    let total = 0
    for (let step = 0; step < 400; step += 1) {
      const reads = readsOf(() => (step % 2 === 0 ? record(world, `n${step}`, STATUS.stop, 1) : world.settle()))
      expect(reads).toBeLessThan(MOST_READS)
      total += reads
    }
    // They were all read, once.
    expect(total).toBeGreaterThan(4_000)
    world.advance(seconds(1))
    expect(readsOf(() => record(world, 'the last', STATUS.stop, 1))).toBeLessThan(10)
  })
})

describe('what a reload asks of those that wait', () => {
  it('with two servers, an interim update that waited takes part in interims: newest', () => {
    const servers = [server('s1', STUCK), server('s2', STUCK)]
    const world = stuck({ servers, clients: clients('all'), queues: accountingQueue({ overflow: 'drop_newest' }) })
    record(world, 'a', STATUS.interim, 10)
    world.settle()
    world.reconfigure({ clients: clients('newest') })
    record(world, 'a', STATUS.interim, 20)
    world.settle()
    expect(world.account('accounting')).toMatchObject({ coalesced: 1, queued: 1 })
  })

  it('holds for the last of thousands, and a Stop among them keeps its session apart', () => {
    const world = stuck({ clients: clients('all'), queues: accountingQueue({ overflow: 'drop_newest' }) })
    record(world, 'a', STATUS.interim, 10)
    record(world, 'b', STATUS.interim, 10)
    fill(world, 2_000)
    record(world, 'b', STATUS.stop, 11)
    record(world, 'c', STATUS.interim, 10)
    world.settle()
    world.reconfigure({ clients: clients('newest') })
    // Too early: they wait beside each other, and none is lost.
    record(world, 'a', STATUS.interim, 20)
    expect(world.account('accounting')).not.toHaveProperty('coalesced')
    world.advance(seconds(1))
    for (const session of ['a', 'b', 'c']) record(world, session, STATUS.interim, 30)
    expect(world.account('accounting')).toMatchObject({ coalesced: 2, queued: 2_006 })
    const left = drained(world).filter((tag) => !tag.startsWith('f'))
    expect(left).toEqual(['a 10', 'b 10', 'b 11', 'c 30', 'a 30', 'b 30'])
  })

  it('holds though the record that is to be looked at next leaves meanwhile', () => {
    for (let before = 68; before < 76; before += 1) {
      const world = stuck({ clients: clients('all'), queues: accountingQueue({ overflow: 'drop_newest' }) })
      fill(world, before)
      record(world, 'shed', STATUS.interim, 10)
      fill(world, 300, STATUS.start)
      record(world, 'a', STATUS.interim, 10)
      world.settle()
      const { queued } = world.snapshot().classes.accounting
      world.reconfigure({ clients: clients('newest'), queues: accountingQueue({ maxMessages: queued }) })
      record(world, 'one more', STATUS.stop, 10)
      world.advance(seconds(1))
      record(world, 'a', STATUS.interim, 20)
      expect(world.account('accounting')).toMatchObject({ 'queue-messages': 1, coalesced: 1 })
    }
  })

  it('holds for what comes before all that waits was looked at', () => {
    const world = stuck({ queues: accountingQueue({ overflow: 'drop_newest' }) })
    record(world, 'z', STATUS.interim, 10)
    fill(world, 1_000)
    record(world, 'a', STATUS.interim, 10)
    world.reconfigure({ queues: accountingQueue({ maxMessages: 1_003 }) })
    record(world, 'a', STATUS.interim, 20)
    world.advance(seconds(1))
    record(world, 'one more', STATUS.stop, 10)
    expect(drained(world).filter((tag) => !tag.startsWith('f'))).toEqual(['z 10', 'a 20', 'one more 10'])
  })

  it('sheds what is outdated first, as if it had been asked for from the beginning', () => {
    const kinds = fc.record({
      session: fc.nat(30),
      status: fc.constantFrom(STATUS.start, STATUS.interim, STATUS.interim, STATUS.stop),
      time: fc.nat(5),
    })
    const sequence = fc.array(kinds, { minLength: 100, maxLength: 300 })
    fc.assert(
      fc.property(sequence, fc.nat(100), fc.nat(100), (came, reloadAt, keep) => {
        const at = Math.floor((came.length * reloadAt) / 100)
        const [late, always] = [
          stuck({ queues: accountingQueue({ overflow: 'drop_newest' }) }),
          stuck({ queues: accountingQueue() }),
        ]
        for (const world of [late, always]) {
          came.forEach(({ session, status, time }, i) => {
            if (i === at && world === late) world.reconfigure({ queues: accountingQueue() })
            record(world, `${session}`, status, time)
            if (i % 7 === 0) world.settle()
          })
          if (at >= came.length && world === late) world.reconfigure({ queues: accountingQueue() })
          world.advance(seconds(1))
          world.reconfigure({ queues: accountingQueue({ maxMessages: Math.max(1, keep) }) })
          record(world, 'the last', STATUS.stop, 1)
          world.settle()
        }
        expect(drained(late)).toEqual(drained(always))
      }),
      { numRuns: 15 },
    )
  })

  it('keeps the order of each session where a second server comes while thousands wait for the first', () => {
    const taking = (rate: number) => ({ rate, timeout: seconds(5), maxRetries: 0 })
    const world = new World({
      servers: [server('s1', taking(100))],
      classes: classes({ algorithm: 'round_robin' }),
      queues: accountingQueue(),
    })
    fill(world, 1_500)
    for (let i = 0; i < 50; i += 1) record(world, `${i}`, STATUS.stop, i)
    world.settle()
    world.reconfigure({ servers: [...world.options.servers, server('s2', taking(500))] })
    for (let i = 50; i < 450; i += 1) {
      record(world, `${i < 200 ? i % 50 : i}`, STATUS.stop, i)
      if (i % 10 === 0) world.settle()
    }
    world.onForward = (sent) => world.plan(world.now, () => world.answer(sent))
    world.advance(seconds(60))
    expect(world.tags('s2').length).toBeGreaterThan(50)
    for (let session = 0; session < 50; session += 1) {
      const times = world
        .tags()
        .filter((tag) => tag.startsWith(`${session} `))
        .map((tag) => Number(tag.split(' ')[1]))
      // Their first transmissions.
      expect([...new Set(times)]).toEqual([...new Set(times)].sort((a, b) => a - b))
    }
  })
})
