/**
 * `interims: newest`, and which records a full queue sheds first: both know what of a session waits.
 */
import { describe, expect, it } from 'vitest'
import type { EngineOptions } from '../../../src/proxy/border/options.ts'
import { type Duration, millis, seconds } from '../../../src/units.ts'
import * as oracle from '../../radius/oracle.ts'
import { number, STATUS, valuesOf } from '../datagrams.ts'
import { type AskAccounting, type Asked, World } from '../kit.ts'
import { classes, client, queues, records, server } from '../options.ts'

/** Figures after so many seconds of a session. */
const at = (time: number) => [number(46, time), number(42, time * 1_000), number(43, time)]

/** One record is outstanding, so that all others wait. */
const stuck = (
  o: Pick<Partial<EngineOptions>, 'sessions' | 'duplicates'> & {
    readonly interims?: 'all' | 'newest'
    readonly maxMessages?: number
    readonly maxBytes?: number
    readonly maxAge?: Duration
    readonly timeout?: Duration
  } = {},
): World => {
  const { interims = 'newest', timeout = seconds(600), sessions, duplicates, ...bounds } = o
  const world = new World({
    clients: [client({ accounting: records({ interims }) })],
    servers: [server('s1', { maxOutstanding: 1, timeout, maxRetries: o.timeout === undefined ? 5 : 0 })],
    queues: queues({ accounting: { maxAge: seconds(3_600), ...bounds } }),
    // Else a record is never given up.
    ...(o.timeout === undefined ? {} : { classes: classes({ maxTransmissions: 1 }) }),
    ...(sessions === undefined ? {} : { sessions }),
    ...(duplicates === undefined ? {} : { duplicates }),
  })
  world.accounting({ tag: 'blocks' })
  world.settle()
  return world
}

const record = (world: World, session: string, status: number, time: number, more: AskAccounting = {}): Asked => {
  const attributes = status === STATUS.start ? [] : [...at(time), ...(more.attributes ?? [])]
  const asked = world.accounting({ ...more, tag: `${session} ${time}`, session, status, attributes })
  world.settle()
  return asked
}
const interim = (world: World, session: string, time: number, more: AskAccounting = {}): Asked =>
  record(world, session, STATUS.interim, time, more)

/** Answers what is outstanding again and again; the tags that then leave, in order. */
const drained = (world: World): string[] => {
  const from = world.sent.length
  for (let i = 0; world.snapshot().classes.accounting.outstanding > 0 && i < 1_000; i += 1) {
    world.answer(world.sent.at(-1)!)
  }
  return world.sent.slice(from).map(({ tag }) => tag)
}

describe('interims: newest', () => {
  it('sends the newest one in the place of the oldest, and answers all of them with it', () => {
    const world = stuck()
    const asked = [interim(world, 'a', 10), interim(world, 'b', 10), interim(world, 'a', 20), interim(world, 'a', 30)]
    expect(world.account('accounting')).toEqual({ received: 5, coalesced: 2, queued: 2, outstanding: 1 })
    expect(drained(world)).toEqual(['a 30', 'b 10'])
    expect(asked.map((one) => world.answersTo(one).length)).toEqual([1, 1, 1, 1])
    expect(world.account('accounting')).toEqual({ received: 5, coalesced: 2, answered: 3 })
    expect(world.snapshot().clients[0]?.accounting.coalesced).toBe(2)
    // The octets are the newest one's own, whole.
    expect(oracle.decodeAttributes(world.sentOf('a 30')[0]!.bytes).slice(-3)).toEqual(
      at(30).map(([type, value]) => [type, Buffer.from(value)]),
    )
  })

  it('takes the age with the place', () => {
    const world = stuck()
    interim(world, 'a', 10)
    world.advance(seconds(3_000))
    interim(world, 'a', 20)
    world.advance(seconds(601))
    expect(world.account('accounting')).toMatchObject({ coalesced: 1, expired: 1 })
  })

  it('keeps all of them where it is not asked for, and those that are on their way already', () => {
    const all = stuck({ interims: 'all' })
    for (const time of [10, 20]) interim(all, 'a', time)
    expect(drained(all)).toEqual(['a 10', 'a 20'])
    const world = stuck()
    interim(world, 'a', 10)
    world.answer(world.sent[0]!)
    interim(world, 'a', 20)
    expect(drained(world)).toEqual(['a 20'])
    expect(world.account('accounting')).toEqual({ received: 3, answered: 3 })
  })

  it('never reaches over a Start or a Stop', () => {
    const world = stuck()
    interim(world, 'a', 10)
    record(world, 'a', STATUS.stop, 15)
    record(world, 'a', STATUS.start, 0)
    interim(world, 'a', 20)
    expect(drained(world)).toEqual(['a 10', 'a 15', 'a 0', 'a 20'])
  })

  it('lets an older one that comes late join the newer one', () => {
    const world = stuck()
    interim(world, 'a', 20)
    const late = interim(world, 'a', 10)
    expect(drained(world)).toEqual(['a 20'])
    expect(world.answersTo(late)).toHaveLength(1)
    expect(world.account('accounting')).toEqual({ received: 3, coalesced: 1, answered: 2 })
  })

  it('keeps what may be of two sessions, and what counts less than the one before', () => {
    const world = stuck()
    interim(world, 'a', 10, { attributes: [oracle.attribute(32, 'nas-1')] })
    interim(world, 'a', 20, { attributes: [oracle.attribute(32, 'nas-2')] })
    interim(world, 'b', 10)
    interim(world, 'b', 20, { from: { address: '10.2.2.2' } })
    interim(world, 'c', 10, { attributes: [number(47, 7)] })
    interim(world, 'c', 20)
    world.accounting({ tag: 'd 1', session: 'd', status: STATUS.interim })
    world.accounting({ tag: 'd 2', session: 'd', status: STATUS.interim })
    world.settle()
    interim(world, 'e', 10)
    interim(world, 'e', 10, { attributes: [number(47, 7)] })
    const kept = ['a 10', 'a 20', 'b 10', 'b 20', 'c 10', 'c 20', 'd 1', 'd 2', 'e 10', 'e 10']
    expect(drained(world)).toEqual(kept)
  })

  it('knows retransmissions of either, also with a new Acct-Delay-Time', () => {
    const world = stuck()
    const first = interim(world, 'a', 10)
    const second = interim(world, 'a', 20)
    world.again(first)
    world.again(second)
    world.advance(seconds(5))
    const third = interim(world, 'a', 20, { delay: 5 })
    const fourth = interim(world, 'a', 10, { delay: 5 })
    expect(drained(world)).toEqual(['a 20'])
    for (const asked of [first, second, third, fourth]) expect(world.answersTo(asked)).toHaveLength(1)
    expect(world.account('accounting')).toEqual({ received: 7, coalesced: 1, duplicate: 4, answered: 2 })
  })

  it('knows the newer one again by when it came itself, however long the older one had waited', () => {
    const world = stuck()
    interim(world, 'a', 10, { delay: 0 })
    world.advance(seconds(50))
    const newer = interim(world, 'a', 60, { delay: 0 })
    world.advance(seconds(5))
    const again = interim(world, 'a', 60, { delay: 5 })
    expect(drained(world)).toEqual(['a 60'])
    const afterwards = interim(world, 'a', 60, { delay: 5 })
    expect(drained(world)).toEqual([])
    for (const asked of [newer, again, afterwards]) expect(world.answersTo(asked)).toHaveLength(1)
    expect(world.account('accounting')).toMatchObject({ coalesced: 1, duplicate: 2 })
  })

  it('counts its own waiting in Acct-Delay-Time, not that of the one before', () => {
    const world = stuck()
    world.reconfigure({ clients: [client({ accounting: records({ interims: 'newest', acctDelayTime: 'update' }) })] })
    interim(world, 'a', 10, { delay: 0 })
    world.advance(seconds(50))
    interim(world, 'a', 20, { delay: 0 })
    world.advance(millis(3_500))
    drained(world)
    const { bytes } = world.sentOf('a 20')[0]!
    expect(Buffer.from(bytes).readUInt32BE(oracle.valueAt(bytes, 41))).toBe(3)
  })

  it('stays within bounds where the newer one is longer, and attaches a bounded number of identifiers', () => {
    const world = stuck({ maxBytes: 400 })
    for (const session of ['a', 'b', 'c', 'd']) interim(world, session, 10)
    interim(world, 'd', 20, { attributes: [oracle.attribute(25, Buffer.alloc(200))] })
    expect(world.snapshot().classes.accounting.queuedBytes).toBeLessThanOrEqual(400)
    const many = stuck()
    const asked = Array.from({ length: 40 }, (_, i) => interim(many, 'a', 10 + i))
    expect(drained(many)).toEqual(['a 49'])
    expect(asked.map((one) => many.answersTo(one).length).filter((count) => count === 1)).toHaveLength(16)
    expect(many.account('accounting')).toEqual({ received: 41, coalesced: 39, answered: 2 })
  })

  it('takes part in promotion and in the move from a Down server like any other', () => {
    const world = stuck()
    for (let time = 1; time <= 50; time += 1) {
      interim(world, `${time % 5}`, time)
      if (time % 10 === 0) world.answer(world.sent.at(-1)!)
    }
    drained(world)
    const { answered, coalesced } = world.account('accounting')
    expect((answered ?? 0) + (coalesced ?? 0)).toBe(51)
    for (let session = 0; session < 5; session += 1) {
      const sent = world.tags().filter((tag) => tag.startsWith(`${session} `))
      const times = sent.map((tag) => Number(tag.split(' ')[1]))
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      expect(times.at(-1)).toBe(session === 0 ? 50 : 45 + session)
    }
  })
})

describe('the newest of many updates', () => {
  it('is answered, and of those that wait with it the 15 that came last', () => {
    const world = stuck()
    const asked = Array.from({ length: 18 }, (_, i) => interim(world, 'a', 10 * (i + 1)))
    expect(drained(world)).toEqual(['a 180'])
    expect(asked.map((one) => world.answersTo(one).length)).toEqual([0, 0, ...new Array<number>(16).fill(1)])
    expect(world.account('accounting')).toEqual({ received: 19, coalesced: 17, answered: 2 })
  })

  it('is answered where its record came again and again, and where older ones came late', () => {
    const world = stuck()
    const newest = [interim(world, 'a', 10), interim(world, 'a', 500, { delay: 0 })].slice(1)
    for (let time = 20; time <= 300; time += 10) interim(world, 'a', time)
    world.advance(seconds(1))
    newest.push(interim(world, 'a', 500, { delay: 1 }))
    expect(drained(world)).toEqual(['a 500'])
    expect(newest.map((one) => world.answersTo(one).length)).toEqual([1, 1])
  })

  it('answers one that was let go when that comes again, as the same packet or with a new Acct-Delay-Time', () => {
    const world = stuck()
    const asked = Array.from({ length: 18 }, (_, i) => interim(world, 'a', 10 * (i + 1), { delay: 0 }))
    world.advance(seconds(4))
    world.again(asked[0]!)
    const second = interim(world, 'a', 20, { delay: 4 })
    expect(drained(world)).toEqual(['a 180'])
    expect([world.answersTo(asked[0]!).length, world.answersTo(second).length]).toEqual([1, 1])
    expect(world.account('accounting')).toEqual({ received: 21, coalesced: 17, duplicate: 2, answered: 2 })
  })
})

describe('an update that gave way and comes again', () => {
  /** Two updates, the older one given way; the newer one is the one outstanding. */
  const passed = (o: Parameters<typeof stuck>[0] & { readonly isLate?: boolean } = {}): World => {
    const world = stuck(o)
    for (const time of o.isLate === true ? [20, 10] : [10, 20]) interim(world, 'a', time, { delay: 0 })
    world.answer(world.sent[0]!)
    expect(world.tags()).toEqual(['blocks', 'a 20'])
    return world
  }

  it('is answered with the newer one, which is outstanding, was answered, or was answered long ago', () => {
    for (const isLate of [false, true]) {
      const world = passed({ isLate })
      world.advance(seconds(3))
      const asked = [interim(world, 'a', 10, { delay: 3, proxyStates: ['x'] })]
      expect(world.answersTo(asked[0]!)).toHaveLength(0)
      world.answer(world.sent.at(-1)!, { attributes: [oracle.attribute(25, 'said')] })
      world.advance(seconds(3))
      asked.push(interim(world, 'a', 10, { delay: 6 }))
      world.advance(seconds(3_594))
      asked.push(interim(world, 'a', 10, { delay: 3_600 }))
      expect(world.tags()).toEqual(['blocks', 'a 20'])
      expect(asked.map((one) => world.answersTo(one).length)).toEqual([1, 1, 1])
      const [first, second, third] = asked.map((one) => valuesOf(world.answersTo(one)[0]!, 25))
      expect([first, second, third]).toEqual([['said'], ['said'], []])
      expect(valuesOf(world.answersTo(asked[0]!)[0]!, 33)).toEqual(['x'])
      expect(world.account('accounting')).toEqual({ received: 6, coalesced: 1, duplicate: 3, answered: 2 })
    }
  })

  it('is not observed again: nothing is out of order', () => {
    const sessions = { maxSessions: 10, lifetime: seconds(7_200), maxPortRate: 0 }
    const world = passed({ sessions })
    world.advance(seconds(3))
    interim(world, 'a', 10, { delay: 3 })
    expect(world.snapshot().sessions!.anomalies['out-of-order']).toBe(0)
    expect(world.snapshot().clients[0]!.accounting.records.interim).toBe(2)
  })

  it('waits for the newer one where that was sent, given up, and comes again', () => {
    const world = passed({ timeout: seconds(1) })
    world.advance(seconds(10))
    expect(world.account('accounting')).toMatchObject({ givenUp: 1 })
    const older = interim(world, 'a', 10, { delay: 10 })
    expect(world.tags()).toEqual(['blocks', 'a 20'])
    interim(world, 'a', 20, { delay: 10 })
    world.again(older)
    world.answer(world.sent.at(-1)!)
    expect(world.tags()).toEqual(['blocks', 'a 20', 'a 20'])
    expect(world.answersTo(older)).toHaveLength(1)
  })

  it('is a record like any other where the newer one was never sent', () => {
    const world = stuck({ maxAge: seconds(30) })
    for (const time of [10, 20]) interim(world, 'a', time, { delay: 0 })
    world.advance(seconds(31))
    expect(world.account('accounting')).toMatchObject({ coalesced: 1, expired: 1 })
    interim(world, 'a', 10, { delay: 31 })
    expect(drained(world)).toEqual(['a 10'])
    interim(world, 'a', 20, { delay: 31 })
    expect(world.tags().at(-1)).toBe('a 20')
  })

  it('is not sent after a newer one that others gave way to, of pairs that were strangers before', () => {
    const world = stuck({ maxAge: seconds(30), timeout: seconds(40) })
    for (const time of [10, 20]) interim(world, 'a', time, { delay: 0 })
    world.advance(seconds(31))
    for (const time of [40, 30, 10]) interim(world, 'a', time, { delay: time === 10 ? 31 : 0 })
    world.advance(seconds(60))
    expect(world.account('accounting')).toMatchObject({ coalesced: 3, expired: 1, givenUp: 2 })
    for (const time of [10, 30]) interim(world, 'a', time, { delay: time === 10 ? 91 : 60 })
    expect(world.tags()).toEqual(['blocks', 'a 40'])
  })

  it('is known through any number that gave way after it, each time it comes', () => {
    const world = stuck()
    for (let time = 10; time <= 1_000; time += 10) interim(world, 'a', time, { delay: 0 })
    world.advance(seconds(5))
    interim(world, 'a', 10, { delay: 5 })
    expect(drained(world)).toEqual(['a 1000'])
    for (const time of [10, 500, 990, 1_000]) {
      const again = interim(world, 'a', time, { delay: 5 })
      expect(world.answersTo(again)).toHaveLength(1)
    }
    expect(world.tags()).toEqual(['blocks', 'a 1000'])
  })

  it('does not hide a newer one, nor another session with its Acct-Session-Id', () => {
    const world = passed()
    world.answer(world.sent.at(-1)!)
    interim(world, 'a', 30)
    interim(world, 'a', 10, { attributes: [number(47, 7)] })
    expect(drained(world)).toContain('a 10')
    expect(world.tags().slice(0, 3)).toEqual(['blocks', 'a 20', 'a 30'])
  })

  it('is no other record of equal content, whose Acct-Delay-Time has not grown as time has passed', () => {
    const world = passed()
    world.answer(world.sent.at(-1)!)
    world.advance(seconds(600))
    interim(world, 'a', 10, { delay: 0 })
    expect(world.tags()).toEqual(['blocks', 'a 20', 'a 10'])
  })

  it('is forgotten beyond the bound, the oldest first, and is new then', () => {
    const { duplicates } = new World().options
    const world = stuck({ duplicates: { ...duplicates, maxRecords: 10 } })
    for (let time = 10; time <= 300; time += 10) interim(world, 'a', time, { delay: 0 })
    world.advance(seconds(5))
    expect(world.snapshot().tables.remembered).toBe(10)
    drained(world)
    expect(world.answersTo(interim(world, 'a', 250, { delay: 5 }))).toHaveLength(1)
    interim(world, 'a', 10, { delay: 5 })
    expect(world.tags()).toEqual(['blocks', 'a 300', 'a 10'])
  })
})

describe('a full queue under shed_interim_first', () => {
  const shed = (world: World) =>
    Object.fromEntries(Object.entries(world.snapshot().clients[0]!.accounting.shed).filter(([, count]) => count > 0))

  it('sheds an interim update that another record of its session outdates, before an older one that none does', () => {
    const world = stuck({ interims: 'all', maxMessages: 5 })
    interim(world, 'alone', 10)
    interim(world, 'a', 10)
    interim(world, 'b', 10)
    interim(world, 'a', 20)
    record(world, 'b', STATUS.stop, 30)
    interim(world, 'c', 10)
    interim(world, 'd', 10)
    interim(world, 'e', 10)
    // First a 10 and b 10, which others say too, and then the oldest.
    expect(drained(world)).toEqual(['a 20', 'b 30', 'c 10', 'd 10', 'e 10'])
    expect(shed(world)).toEqual({ interim: 3 })
    expect(world.noted('shed').map(({ record: kind }) => kind)).toEqual(['interim', 'interim', 'interim'])
  })

  it('knows it also of what came in one turn, before anything had to wait', () => {
    const world = stuck({ interims: 'all', maxMessages: 3 })
    for (const [session, time] of [
      ['x', 1],
      ['a', 10],
      ['a', 20],
      ['y', 1],
    ] as const) {
      world.accounting({ tag: `${session} ${time}`, session, status: STATUS.interim, attributes: at(time) })
    }
    world.settle()
    expect(drained(world)).toEqual(['x 1', 'a 20', 'y 1'])
  })

  it('never takes a Start, a Stop or an Accounting-On while an interim update is left, and counts each by its kind', () => {
    const world = stuck({ interims: 'all', maxMessages: 3 })
    for (const status of [STATUS.start, STATUS.stop, STATUS.on]) world.accounting({ tag: `${status}`, status })
    for (let i = 0; i < 4; i += 1) interim(world, `s${i}`, 5)
    world.accounting({ tag: 'late', status: STATUS.stop })
    world.settle()
    expect(drained(world)).toEqual(['1', '2', '7'])
    expect(shed(world)).toEqual({ interim: 4, stop: 1 })
  })

  it('does not take a Stop without counters for one that says more', () => {
    const world = stuck({ interims: 'all', maxMessages: 2 })
    interim(world, 'older', 5)
    interim(world, 'a', 10)
    world.accounting({ tag: 'bare', session: 'a', status: STATUS.stop, attributes: [number(46, 20)] })
    world.settle()
    expect(drained(world)).toEqual(['a 10', 'bare'])
  })
})
