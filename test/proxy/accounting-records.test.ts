/**
 * Accounting records: never lost to a reused identifier, never sent twice for a new Acct-Delay-Time.
 */
import { describe, expect, it } from 'vitest'
import { after as later, micros, millis, seconds } from '../../src/units.ts'
import { attribute, decodeAttributes } from '../radius/oracle.ts'
import { valuesOf } from './datagrams.ts'
import { type AskAccounting, type Asked, World } from './kit.ts'
import { classes, queues, server } from './options.ts'

const FROM = { link: 0, address: '10.1.1.1', port: 5_000 }
const content = (world: World): number => world.snapshot().classes.accounting.counters.contentDuplicates

describe('an identifier used again for another record', () => {
  it('leaves the old record in its place: it is delivered, and ends delivered_unanswered', () => {
    for (const sentBefore of [true, false]) {
      const world = new World()
      const old = world.accounting({ tag: 'old', from: FROM, identifier: 7 })
      if (sentBefore) world.settle()
      const now = world.accounting({ tag: 'new', from: FROM, identifier: 7 })
      world.settle()
      expect(world.tags()).toEqual(['old', 'new'])
      world.answer(world.sentOf('old')[0]!)
      expect(world.account('accounting')).toEqual({ received: 2, deliveredUnanswered: 1, outstanding: 1 })
      expect(world.replies).toEqual([])
      world.answer(world.sentOf('new')[0]!)
      expect([world.answersTo(old).length, world.answersTo(now).length]).toEqual([0, 1])
      expect(world.account('accounting')).toEqual({ received: 2, deliveredUnanswered: 1, answered: 1 })
    }
  })

  it('a client with 256 identifiers and 1000 records queued loses none', () => {
    const world = new World({ servers: [server('s1', { rate: 200 })] })
    world.serversAnswerAfter(millis(5))
    const tags = Array.from({ length: 1_000 }, (_, i) => `record ${i}`)
    for (const [i, tag] of tags.entries()) world.accounting({ tag, from: FROM, identifier: i % 256 })
    world.advance(seconds(6))
    expect(world.tags()).toEqual(tags)
    expect(world.account('accounting')).toEqual({ received: 1_000, answered: 256, deliveredUnanswered: 744 })
  })

  it('the old record is retried like any other', () => {
    const world = new World()
    world.accounting({ tag: 'old', from: FROM, identifier: 7 })
    world.settle()
    world.accounting({ tag: 'new', from: FROM, identifier: 7 })
    world.advance(seconds(3.5))
    expect(world.sentOf('old')).toHaveLength(2)
  })
})

/** The record again, under another identifier and with `delay`; everything else as before. */
const again = (world: World, o: AskAccounting): Asked => world.accounting({ tag: 'record', from: FROM, ...o })

describe('a record that comes again with a new Acct-Delay-Time', () => {
  it('while it is queued or outstanding is attached: nothing more is sent, and every identifier is answered', () => {
    for (const sentBefore of [true, false]) {
      const world = new World()
      const asked = [again(world, { identifier: 1, delay: 0, eventAt: 9, proxyStates: ['first'] })]
      if (sentBefore) world.settle()
      world.advance(micros(0))
      asked.push(again(world, { identifier: 2, delay: 3, eventAt: 9, proxyStates: ['second', 'more'] }))
      asked.push(again(world, { identifier: 3, delay: 600, eventAt: 9 }))
      world.settle()
      expect(world.sent).toHaveLength(1)
      expect(content(world)).toBe(2)
      expect(world.account('accounting')).toEqual({ received: 3, duplicate: 2, outstanding: 1 })
      world.answer(world.sent[0]!, { attributes: [attribute(25, 'said')] })
      const answers = asked.map((one) => world.answersTo(one))
      expect(answers.map((one) => one.length)).toEqual([1, 1, 1])
      expect(answers.map(([one]) => valuesOf(one!, 33))).toEqual([['first'], ['second', 'more'], []])
      for (const [one] of answers) expect(valuesOf(one!, 25)).toEqual(['said'])
      expect(world.account('accounting')).toEqual({ received: 3, duplicate: 2, answered: 1 })
    }
  })

  it('keeps 16 identifiers waiting: with one more the oldest is let go', () => {
    const world = new World()
    const asked = Array.from({ length: 18 }, (_, i) => again(world, { identifier: i, delay: i, eventAt: 9 }))
    world.settle()
    world.answer(world.sent[0]!)
    expect(asked.map((one) => world.answersTo(one).length)).toEqual([0, 0, ...new Array<number>(16).fill(1)])
    expect(world.account('accounting')).toEqual({ received: 18, duplicate: 17, answered: 1 })
  })

  it('in the last 60 s answered is answered locally, with its own Proxy-States; after that it is new', () => {
    const world = new World()
    again(world, { identifier: 1, delay: 0, eventAt: 9, proxyStates: ['first'] })
    world.settle()
    world.answer(world.sent[0]!, { attributes: [attribute(25, 'said')] })
    world.advance(micros(59_999_999))
    const second = again(world, { identifier: 2, delay: 60, eventAt: 9, proxyStates: ['second'] })
    world.settle()
    expect(world.sent).toHaveLength(1)
    const [answer] = world.answersTo(second)
    expect(decodeAttributes(answer!).map(([type, value]) => [type, Buffer.from(value).toString()])).toEqual([
      [25, 'said'],
      [33, 'second'],
    ])
    world.advance(micros(1))
    again(world, { identifier: 3, delay: 61, eventAt: 9 })
    world.settle()
    expect(world.sent).toHaveLength(2)
    expect(world.account('accounting')).toEqual({ received: 3, answered: 1, duplicate: 1, outstanding: 1 })
  })

  it('answered locally is then remembered for the plain retransmission of that identifier', () => {
    const world = new World()
    again(world, { identifier: 1, delay: 0, eventAt: 9 })
    world.settle()
    world.answer(world.sent[0]!)
    const second = again(world, { identifier: 2, delay: 1, eventAt: 9 })
    world.again(second)
    expect(world.answersTo(second)).toHaveLength(2)
    expect(content(world)).toBe(1)
    expect(world.snapshot().classes.accounting.counters.cachedAnswers).toBe(1)
  })

  it('under its own old identifier is the record too: only the new exchange is answered', () => {
    const world = new World()
    const first = again(world, { identifier: 1, delay: 0, eventAt: 9 })
    world.settle()
    const second = again(world, { identifier: 1, delay: 5, eventAt: 9 })
    world.answer(world.sent[0]!)
    expect(world.sent).toHaveLength(1)
    expect([world.answersTo(first).length, world.answersTo(second).length]).toEqual([0, 1])
    expect(world.account('accounting')).toEqual({ received: 2, duplicate: 1, answered: 1 })
  })

  it('whose every identifier was used for something else ends delivered_unanswered, once', () => {
    const world = new World()
    again(world, { identifier: 1, delay: 0, eventAt: 9 })
    again(world, { identifier: 2, delay: 1, eventAt: 9 })
    world.accounting({ tag: 'other', from: FROM, identifier: 1 })
    world.accounting({ tag: 'another', from: FROM, identifier: 2 })
    world.settle()
    world.answer(world.sentOf('record')[0]!)
    expect(world.replies).toEqual([])
    expect(world.account('accounting')).toEqual({ received: 4, duplicate: 1, deliveredUnanswered: 1, outstanding: 2 })
  })

  it('that was given up, shed or expired is new: nobody has recorded it', () => {
    const world = new World({
      servers: [server('s1', { timeout: seconds(1), maxRetries: 0 })],
      classes: classes({ maxTransmissions: 1 }),
    })
    again(world, { identifier: 1, delay: 0, eventAt: 9 })
    world.advance(seconds(2))
    again(world, { identifier: 2, delay: 2, eventAt: 9 })
    world.settle()
    expect(world.sent).toHaveLength(2)
    expect(world.account('accounting')).toEqual({ received: 2, givenUp: 1, outstanding: 1 })
  })

  it('that was delivered after its client gave up waiting is answered locally all the same', () => {
    const world = new World()
    again(world, { identifier: 1, delay: 0, eventAt: 9 })
    world.settle()
    world.accounting({ tag: 'other', from: FROM, identifier: 1 })
    world.answer(world.sentOf('record')[0]!)
    const comesAgain = again(world, { identifier: 2, delay: 4, eventAt: 9 })
    expect(world.answersTo(comesAgain)).toHaveLength(1)
    expect(world.sentOf('record')).toHaveLength(1)
  })
})

describe('without an Event-Timestamp', () => {
  const cases = [
    // Seconds between the arrivals, how much Acct-Delay-Time has grown, and whether it is the same record.
    [10, 10, true],
    [10, 12, true],
    [10, 8, true],
    [10, 12.5, false],
    [10, 7, false],
    [10, 0, false],
    [1, 0, true],
    [2, 0, true],
    [3, 0, false],
    [0, 2, true],
    [0, 3, false],
  ] as const

  it.each(cases)('%d s later with a delay grown by %d s it is the same record: %s', (passed, grown, same) => {
    const world = new World({ servers: [server('s1', { timeout: seconds(100) })] })
    // Acct-Delay-Time counts whole seconds; half a second is had from the arrivals.
    again(world, { identifier: 1, delay: 5 })
    world.settle()
    world.advance(seconds(passed - (grown - Math.floor(grown))))
    again(world, { identifier: 2, delay: 5 + Math.floor(grown) })
    world.settle()
    expect(world.sent).toHaveLength(same ? 1 : 2)
    expect(content(world)).toBe(same ? 1 : 0)
  })

  it('the 2 s are exact to the microsecond', () => {
    for (const [by, same] of [
      [2_000_000, true],
      [2_000_001, false],
    ] as const) {
      const world = new World()
      again(world, { identifier: 1 })
      world.advance(micros(by))
      again(world, { identifier: 2 })
      world.settle()
      expect(content(world)).toBe(same ? 1 : 0)
    }
  })

  it('the comparison is with the first one, also after it was answered', () => {
    const world = new World()
    again(world, { identifier: 1, delay: 0 })
    world.settle()
    world.answer(world.sent[0]!)
    for (const delay of [15, 30, 45]) {
      world.advance(seconds(15))
      expect(world.answersTo(again(world, { identifier: delay, delay }))).toHaveLength(1)
    }
    expect(world.sent).toHaveLength(1)
  })

  it('two records of equal content at different times are two records, and both are delivered', () => {
    const world = new World({ servers: [server('s1', { maxOutstanding: 1, timeout: seconds(100) })] })
    again(world, { identifier: 1 })
    world.advance(seconds(5))
    again(world, { identifier: 2 })
    world.settle()
    world.answer(world.sent[0]!)
    world.answer(world.sent[1]!)
    expect(world.snapshot().tables.records).toBe(1)
    expect(world.account('accounting')).toEqual({ received: 2, answered: 2 })
    // The newer one is what is remembered now.
    world.advance(seconds(3))
    expect(world.answersTo(again(world, { identifier: 3, delay: 3 }))).toHaveLength(1)
  })
})

describe('what makes two records different', () => {
  it.each([
    ['another session', { tag: 'other' }],
    ['another kind', { status: 2 }],
    ['another Event-Timestamp', { eventAt: 10 }],
    ['any other attribute', { attributes: [attribute(25, 'x')] }],
    ['another client', { from: { address: '10.1.1.2' } }],
  ] as const)('%s', (_what, difference) => {
    const world = new World()
    again(world, { identifier: 1, delay: 0, eventAt: 9 })
    again(world, {
      identifier: 2,
      delay: 0,
      eventAt: 9,
      ...difference,
      from: { ...FROM, ...('from' in difference ? difference.from : {}) },
    })
    world.settle()
    expect(world.sent).toHaveLength(2)
    expect(content(world)).toBe(0)
  })

  it('but not Proxy-State, Message-Authenticator or the port it came from', () => {
    const world = new World()
    again(world, { identifier: 1, eventAt: 9 })
    again(world, { identifier: 2, eventAt: 9, proxyStates: ['x'], signed: true, from: { ...FROM, port: 6_000 } })
    expect(content(world)).toBe(1)
  })
})

describe('the memory of records', () => {
  it('is over when its time is over, also where nothing woke the engine meanwhile', () => {
    const world = new World()
    again(world, { identifier: 1, eventAt: 9 })
    world.settle()
    world.answer(world.sent[0]!)
    world.now = later(world.now, seconds(60))
    again(world, { identifier: 2, eventAt: 9 })
    expect(world.account('accounting')).toEqual({ received: 2, answered: 1, queued: 1 })
  })

  it('is bounded by count and age', () => {
    const world = new World({ duplicates: { ...new World().options.duplicates, maxRecords: 10 } })
    world.serversAnswerAfter(millis(1))
    for (let i = 0; i < 40; i += 1) {
      world.accounting({ eventAt: i })
      world.advance(millis(2))
    }
    world.settle()
    expect(world.snapshot().tables.records).toBe(10)
    world.advance(seconds(60))
    world.settle()
    expect(world.snapshot().tables.records).toBe(0)
  })

  it('of a record in a queue is gone when the record is', () => {
    const world = new World({
      servers: [server('s1', { maxOutstanding: 1, timeout: seconds(600) })],
      queues: queues({ accounting: { maxMessages: 1, overflow: 'drop_oldest' } }),
    })
    world.accounting()
    world.settle()
    again(world, { identifier: 1, eventAt: 9 })
    world.accounting()
    expect(world.account('accounting')).toMatchObject({ 'queue-messages': 1 })
    again(world, { identifier: 2, eventAt: 9 })
    expect(content(world)).toBe(0)
  })
})
