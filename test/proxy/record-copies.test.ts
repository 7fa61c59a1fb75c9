/**
 * What a record adds and what it gives way to does not depend on which of its copies it is: one that comes again after the
 * first was given up, shed or has expired is rewritten like the first, and observed no second time.
 */
import { describe, expect, it } from 'vitest'
import { exact } from '../../src/accounting/sessions/client-accounting.ts'
import type { EngineOptions } from '../../src/proxy/border/options.ts'
import { seconds } from '../../src/units.ts'
import * as oracle from '../radius/oracle.ts'
import { number, STATUS } from './datagrams.ts'
import { type AskAccounting, type Sent, World } from './kit.ts'
import { classes, client, deadServer, queues, records, server } from './options.ts'

const GIGA = 2n ** 32n
const sessions = { maxSessions: 100, lifetime: seconds(7_200), maxPortRate: 0 }
const synthesizing = (o: Partial<EngineOptions> = {}): World =>
  new World({
    clients: [client({ accounting: records({ synthesizeGigawords: true }) })],
    servers: [server('s1', { timeout: seconds(1), maxRetries: 0, maxOutstanding: 1 })],
    deadServer: deadServer({ consecutiveFailures: 100 }),
    // Else a record is never given up.
    classes: classes({ maxTransmissions: 1 }),
    sessions,
    ...o,
  })

const figures = (input: number, time: number) => [number(42, input), number(43, 5), number(46, time)]
const ask = (world: World, status: number, input: number, time: number, o: AskAccounting = {}) =>
  world.accounting({ tag: `${status} ${time}`, session: 'a', status, attributes: figures(input, time), ...o })

/** A session whose input wrapped once, up to its Stop's first copy. All but that are answered. */
const upToStop = (world: World, o: AskAccounting = {}): void => {
  const answered = (status: number, input: number, time: number): void => {
    ask(world, status, input, time, o.eventAt === undefined ? {} : { eventAt: 1_000 + time })
    world.settle()
    world.answer(world.sent.at(-1)!)
    world.advance(seconds(10))
  }
  answered(STATUS.start, 0, 0)
  answered(STATUS.interim, 4_000_000_000, 600)
  answered(STATUS.interim, 100, 1_200)
  ask(world, STATUS.stop, 200, 1_800, o)
  world.settle()
}

const gigawords = ({ bytes }: Sent): string[] =>
  oracle
    .decodeAttributes(bytes)
    .filter(([type]) => type === 52 || type === 53)
    .map(([type, value]) => `${type} ${Buffer.from(value).toString('hex')}`)
const ofStop = (world: World): string[][] => world.sentOf('2 1800').map(gigawords)
const counted = (world: World): bigint => exact(world.snapshot().clients[0]!.accounting.traffic.inputOctets)

describe('the Gigawords of a Stop that comes again', () => {
  it('are those of the first copy where that was given up: with a new Acct-Delay-Time, a time stamp, or the same packet', () => {
    for (const [first, again] of [
      [{ delay: 0 }, { delay: 60 }],
      [{ eventAt: 2_800 }, { eventAt: 2_800, delay: 60 }],
      [
        { delay: 0, identifier: 77 },
        { delay: 0, identifier: 77 },
      ],
    ]) {
      const world = synthesizing()
      upToStop(world, first)
      world.advance(seconds(60))
      ask(world, STATUS.stop, 200, 1_800, again)
      world.settle()
      expect(ofStop(world)).toEqual([['52 00000001'], ['52 00000001']])
      expect(counted(world)).toBe(GIGA + 200n)
      expect(world.ended).toHaveLength(1)
    }
  })

  it('are the same where it was shed, and where it has expired', () => {
    for (const bounds of [{ maxMessages: 1 }, { maxAge: seconds(30) }]) {
      const world = synthesizing({
        servers: [server('s1', { maxOutstanding: 1, timeout: seconds(600) })],
        queues: queues({ accounting: { overflow: 'drop_newest', ...bounds } }),
      })
      upToStop(world, { session: 'b' })
      // One record is outstanding and one waits: the Stop meets a full queue, or waits for too long.
      world.accounting({ tag: 'waits', session: 'c', status: STATUS.start })
      ask(world, STATUS.stop, 200, 1_800, { delay: 0 })
      world.settle()
      world.advance(seconds(40))
      expect(world.account('accounting')).toMatchObject('maxAge' in bounds ? { expired: 2 } : { 'queue-messages': 1 })
      for (let left = 2; left > 0; left -= 1)
        if (world.snapshot().classes.accounting.outstanding > 0) world.answer(world.sent.at(-1)!)
      ask(world, STATUS.stop, 200, 1_800, { delay: 40 })
      world.settle()
      expect(gigawords(world.sent.at(-1)!)).toEqual(['52 00000001'])
      expect(world.sent.at(-1)!.tag).toBe('2 1800')
    }
  })

  it('are the same after its session was forgotten, when nothing of it is counted a second time', () => {
    const world = synthesizing()
    upToStop(world, { delay: 0 })
    world.advance(seconds(3_600))
    expect(world.snapshot().sessions).toMatchObject({ live: 0, ended: { stop: 1 } })
    ask(world, STATUS.stop, 200, 1_800, { delay: 3_600 })
    world.settle()
    expect(ofStop(world)).toEqual([['52 00000001'], ['52 00000001']])
    expect(world.snapshot().sessions).toMatchObject({ live: 0, ended: { stop: 1 } })
    expect(counted(world)).toBe(GIGA + 200n)
  })

  it('are the same after the table had no room for its session', () => {
    const world = synthesizing({ sessions: { ...sessions, maxSessions: 1 } })
    upToStop(world, { delay: 0 })
    world.advance(seconds(20))
    world.accounting({ tag: 'other', session: 'b', status: STATUS.start })
    world.settle()
    world.answer(world.sent.at(-1)!)
    ask(world, STATUS.stop, 200, 1_800, { delay: 20 })
    world.settle()
    expect(ofStop(world)).toEqual([['52 00000001'], ['52 00000001']])
  })

  it('are the same each time, and after an answer that is forgotten by now', () => {
    const world = synthesizing()
    upToStop(world, { delay: 0 })
    for (const delay of [60, 120, 180]) {
      world.advance(seconds(60))
      ask(world, STATUS.stop, 200, 1_800, { delay })
      world.settle()
      if (delay === 120) world.answer(world.sent.at(-1)!)
    }
    world.advance(seconds(60))
    ask(world, STATUS.stop, 200, 1_800, { delay: 240 })
    world.settle()
    expect(ofStop(world)).toEqual(new Array(5).fill(['52 00000001']))
  })

  it('are the same where the first copy was answered, and both the answer and the session are forgotten', () => {
    const world = synthesizing()
    upToStop(world, { delay: 0 })
    world.answer(world.sent.at(-1)!)
    world.advance(seconds(3_600))
    ask(world, STATUS.stop, 200, 1_800, { delay: 3_600 })
    world.settle()
    expect(ofStop(world)).toEqual([['52 00000001'], ['52 00000001']])
    expect(world.snapshot().sessions).toMatchObject({ live: 0, ended: { stop: 1 } })
  })

  it('are forgotten with the memory, and nothing is made up then', () => {
    const world = synthesizing()
    upToStop(world, { delay: 0 })
    world.advance(seconds(7_300))
    ask(world, STATUS.stop, 200, 1_800, { delay: 7_300 })
    world.settle()
    expect(ofStop(world)).toEqual([['52 00000001'], []])
    world.advance(seconds(20_000))
    expect(world.snapshot().tables.remembered).toBe(0)
  })
})

describe('the Gigawords of an interim update that comes again', () => {
  it('are those of its first copy, before a later wrap and after the Stop', () => {
    const world = synthesizing({ servers: [server('s1', { timeout: seconds(1), maxRetries: 0 })] })
    const at = (status: number, input: number, time: number, delay: number): string[] => {
      ask(world, status, input, time, { delay })
      world.settle()
      const said = gigawords(world.sent.at(-1)!)
      // Nobody answers: each of them is given up.
      world.advance(seconds(10))
      return said
    }
    const first = [
      at(STATUS.start, 0, 0, 0),
      at(STATUS.interim, 4_000_000_000, 600, 0),
      at(STATUS.interim, 100, 1_200, 0),
      at(STATUS.interim, 50, 1_800, 0),
      at(STATUS.stop, 20, 2_400, 0),
    ]
    expect(first).toEqual([[], [], ['52 00000001'], ['52 00000002'], ['52 00000003']])
    const odd = world.snapshot().sessions!.anomalies
    // Out of order, each 50 s after its own first copy.
    expect(at(STATUS.start, 0, 0, 50)).toEqual([])
    expect(at(STATUS.interim, 4_000_000_000, 600, 50)).toEqual([])
    expect(at(STATUS.interim, 100, 1_200, 50)).toEqual(['52 00000001'])
    expect(at(STATUS.interim, 50, 1_800, 50)).toEqual(['52 00000002'])
    expect(at(STATUS.stop, 20, 2_400, 50)).toEqual(['52 00000003'])
    expect(world.snapshot().sessions!.anomalies).toEqual(odd)
    expect(counted(world)).toBe(3n * GIGA + 20n)
  })

  it('take nothing from the session where the same packet comes again much later', () => {
    const world = synthesizing({ servers: [server('s1', { timeout: seconds(1), maxRetries: 0 })] })
    for (const [input, time] of [
      [4_000_000_000, 600],
      [100, 1_200],
    ] as const) {
      ask(world, STATUS.interim, input, time, { identifier: time / 600 })
      world.advance(seconds(600))
    }
    // Its session time would let it be a new session's.
    ask(world, STATUS.interim, 4_000_000_000, 600, { identifier: 1 })
    world.advance(seconds(5))
    ask(world, STATUS.interim, 300, 1_800)
    world.settle()
    expect(gigawords(world.sentOf('3 1800')[0]!)).toEqual(['52 00000001'])
    expect(world.snapshot().sessions!.anomalies['session-id-reused']).toBe(0)
  })
})

describe('the Gigawords of a record that was overtaken', () => {
  it('are known where it was made after the last wrap, and not where nobody knows', () => {
    const world = synthesizing()
    world.serversAnswerAfter(seconds(0))
    for (const [status, input, time] of [
      [STATUS.start, 0, 0],
      [STATUS.interim, 4_000_000_000, 600],
      [STATUS.interim, 100, 1_200],
      [STATUS.interim, 300, 1_800],
      [STATUS.interim, 200, 1_500],
      [STATUS.interim, 50, 900],
      [STATUS.stop, 250, 1_700],
    ] as const) {
      ask(world, status, input, time, { eventAt: 1_000 + time })
      world.advance(seconds(1))
    }
    expect(world.sent.map((sent) => [sent.tag, gigawords(sent)])).toEqual([
      ['1 0', []],
      ['3 600', []],
      ['3 1200', ['52 00000001']],
      ['3 1800', ['52 00000001']],
      ['3 1500', ['52 00000001']],
      ['3 900', []],
      ['2 1700', ['52 00000001']],
    ])
    expect(world.ended).toMatchObject([{ end: 'stop', inputOctets: '300', inputOctetsWraps: 1 }])
  })
})
