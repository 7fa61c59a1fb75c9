/**
 * What a stop would lose, by a view alone: no live server, queues too long for the time, records set aside; and its words.
 */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { forecastOf, type InHand, inHandOf, OBSTACLES, totalOf } from '../../../src/observe/view/in-hand.ts'
import {
  fateText,
  hindranceText,
  inHandText,
  isNothing,
  notStoppedText,
  refusalText,
} from '../../../src/observe/view/in-hand-text.ts'
import type { ClassSnapshot, LaneSnapshot } from '../../../src/proxy/border/snapshot.ts'
import { instant, perSecond, seconds } from '../../../src/units.ts'
import { World } from '../../proxy/kit.ts'
import { client, server } from '../../proxy/options.ts'
import { type Change, calm, inClass, inEngine, inLane } from '../intervals.ts'

const acct = (server: string) => ({ server, class: 'accounting' as const })
const records = (changes: Partial<ClassSnapshot>): Change => inClass('accounting', () => changes)
const lane = (server: string, changes: Partial<LaneSnapshot>): Change => inLane(acct(server), () => changes)
const rate = (server: string, maxRate: number): Change =>
  inLane(acct(server), ({ slots }) => ({ slots: { ...slots, maxRate: perSecond(maxRate) } }))
/** So many records of that client wait, and its own rate is that; 0: it has none. */
const waiting = (name: string, maxRate: number, queued: number): Change =>
  inEngine((engine) => ({
    ...engine,
    clients: engine.clients.map((one) =>
      one.name !== name
        ? one
        : {
            ...one,
            maxRate: perSecond(maxRate),
            waiting: { ...one.waiting, accounting: { queued, oldestAge: seconds(1) } },
          },
    ),
  }))
const servers = [...new Set(calm().engine.lanes.map((one) => one.server))]
/** Every server has answered. */
const heard: readonly Change[] = servers.map((server) => lane(server, { unheard: undefined, heardAt: instant(1) }))

const foreseen = (changes: readonly Change[], limitSeconds = 20) =>
  forecastOf([...heard, ...changes].reduce((view, change) => change(view), calm()).engine, limitSeconds)
const of = (changes: readonly Change[], limitSeconds?: number) => foreseen(changes, limitSeconds).classes.accounting

describe('what a stop would lose', () => {
  it('is nothing where nothing is in hand, whatever the servers do', () => {
    const down = servers.map((server) => lane(server, { state: 'down' }))
    expect(foreseen(down)).toMatchObject({ isSafe: true, classes: { accounting: { unfinishable: 0, because: [] } } })
    expect(foreseen([], 0).isSafe).toBe(true)
  })

  it('is all of a class whose servers are all Down or held Down, and nothing of the other', () => {
    const [first = '', ...others] = servers
    const down = [lane(first, { isHeldDown: true }), ...others.map((server) => lane(server, { state: 'down' }))]
    const found = foreseen([...down, records({ queued: 48, parked: 48, outstanding: 2 })])
    expect(found.isSafe).toBe(false)
    expect(found.classes.accounting).toMatchObject({
      unfinishable: 50,
      because: [{ obstacle: 'no-live-server', messages: 50 }],
    })
    expect(found.classes.authentication.unfinishable).toBe(0)
  })

  it('is all of a class whose servers never answered or do not answer now; nothing of a daemon that has just started', () => {
    const unheard = { unheard: { timeouts: 0 }, heardAt: undefined }
    const silences: readonly Partial<LaneSnapshot>[] = [unheard, { state: 'not_responding' }, { state: 'failing' }]
    for (const silence of silences) {
      const silent = servers.map((server) => lane(server, silence))
      expect(foreseen(silent).isSafe).toBe(true)
      expect(of([...silent, records({ outstanding: 4 })]).because).toEqual([
        { obstacle: 'no-answering-server', messages: 4 },
      ])
      const [first = ''] = servers
      expect(of([...silent, lane(first, { ...unheard, state: 'down' }), records({ queued: 1 })]).unfinishable).toBe(1)
    }
  })

  it('leaves what is with a silent server to the others, as far as they have room', () => {
    const [first = '', ...others] = servers
    const room = 10 * 20 * others.length
    const changes = [
      ...others.map((server) => rate(server, 10)),
      lane(first, { state: 'not_responding', outstanding: 5, queued: 10 }),
      records({ queued: room, outstanding: 5 }),
    ]
    expect(of(changes).because).toEqual([{ obstacle: 'queue-too-long', messages: 5 }])
    expect(of([...changes, records({ queued: room - 5 })]).because).toEqual([])
  })

  it('is what max_rate does not let through in the time', () => {
    const rates = servers.map((server) => rate(server, 10))
    const room = 10 * 20 * servers.length
    expect(of([...rates, records({ queued: room, instanceQueued: room })]).unfinishable).toBe(0)
    expect(of([...rates, records({ queued: room + 7, instanceQueued: room + 7 })])).toMatchObject({
      unfinishable: 7,
      because: [{ obstacle: 'queue-too-long', messages: 7 }],
    })
    expect(of([...rates, records({ queued: room + 7 })], 3_600).unfinishable).toBe(0)
  })

  it('is what the own max_rate of a client does not let through, though the servers have room', () => {
    const world = new World({ clients: [client({ name: 'slow', maxRate: perSecond(1) })], servers: [server('s1')] })
    world.serversAnswerAfter(seconds(0.01))
    for (let n = 0; n < 57; n += 1) world.accounting()
    world.settle()
    world.advance(seconds(0.5))
    expect(inHandOf(world.snapshot()).accounting).toMatchObject({ queued: 56, outstanding: 0 })
    const found = forecastOf(world.snapshot(), 5)
    expect(found.isSafe).toBe(false)
    expect(found.classes.accounting).toMatchObject({
      unfinishable: 51,
      because: [{ obstacle: 'client-rate', messages: 51 }],
    })
    expect(refusalText(found)).toMatch(/51 records \(more waits of a client than its own max_rate lets through/)
    expect(forecastOf(world.snapshot(), 56).isSafe).toBe(true)
  })

  it('counts each client by itself, and no message twice that a server has no room for either', () => {
    const rates = servers.map((server) => rate(server, 10))
    const room = 10 * 20 * servers.length
    const held = [...rates, waiting('bng', 5, 150), waiting('other', 0, room), records({ queued: room + 150 })]
    expect(of(held).because).toEqual([
      { obstacle: 'client-rate', messages: 50 },
      { obstacle: 'queue-too-long', messages: 100 },
    ])
    expect(of([waiting('bng', 5, 150), waiting('other', 3, 70), records({ queued: 220 })]).unfinishable).toBe(60)
  })

  it('is at each server without what rests there, and not without what rests at another', () => {
    const [first = '', second = ''] = servers
    const [at1, at2] = [rate(first, 300), rate(second, 300)]
    const resting = lane(first, { queued: 10_000, resting: 10_000 })
    const both = [at1, at2, resting, lane(second, { queued: 11_000 }), waiting('bng', 30, 10_000)]
    const found = of([...both, records({ queued: 21_000 })])
    expect(found.because).toEqual([
      { obstacle: 'client-rate', messages: 9_400 },
      { obstacle: 'queue-too-long', messages: 5_000 },
    ])
    const alone = [at1, at2, resting, waiting('bng', 30, 10_000), records({ queued: 10_000 })]
    expect(of(alone).because).toEqual([{ obstacle: 'client-rate', messages: 9_400 }])
    // Two limited clients: what rests at the first server could all go, but for the server.
    const two = [
      at1,
      rate(second, 1_000),
      lane(first, { queued: 7_000, resting: 7_000 }),
      lane(second, { queued: 10_000, resting: 10_000 }),
      waiting('bng', 30, 10_000),
      waiting('other', 1_000, 7_000),
      records({ queued: 17_000 }),
    ]
    expect(of(two).because).toEqual([
      { obstacle: 'client-rate', messages: 9_400 },
      { obstacle: 'queue-too-long', messages: 1_000 },
    ])
  })

  it('is what one server has in its own queue beyond that, though others have room', () => {
    const [first = ''] = servers
    const changes = [rate(first, 10), lane(first, { queued: 250 }), records({ queued: 250 })]
    expect(of(changes).unfinishable).toBe(50)
  })

  it('is what a silent server holds its identifiers for, not max_rate alone', () => {
    const slow = servers.map((server) => lane(server, { maxOutstanding: 10, holdingTime: seconds(2) }))
    expect(of([...slow, records({ queued: 1_000, instanceQueued: 1_000 })]).unfinishable).toBe(
      1_000 - 100 * servers.length,
    )
  })

  it('is what living servers left unanswered before', () => {
    expect(of([records({ queued: 5, setAside: 3 })])).toMatchObject({
      unfinishable: 3,
      because: [{ obstacle: 'set-aside', messages: 3 }],
    })
  })

  it('is everything where there is no time', () => {
    expect(of([records({ queued: 5, outstanding: 2 })], 0).because).toEqual([{ obstacle: 'no-time', messages: 7 }])
  })

  it('is never more than what is in hand, and never less with less time or one server fewer', () => {
    const some = fc.nat(10_000)
    fc.assert(
      fc.property(some, some, fc.nat(500), fc.nat(60), some, (queued, outstanding, maxRate, limit, setAside) => {
        const [first = ''] = servers
        const aside = Math.min(queued, setAside)
        const changes = [
          ...servers.map((server) => rate(server, maxRate)),
          records({ queued, outstanding, setAside: aside, instanceQueued: queued - aside }),
        ]
        const lost = of(changes, limit).unfinishable
        expect(lost).toBeLessThanOrEqual(queued + outstanding)
        expect(of(changes, limit + 1).unfinishable).toBeLessThanOrEqual(lost)
        expect(of([...changes, lane(first, { state: 'down' })], limit).unfinishable).toBeGreaterThanOrEqual(lost)
      }),
    )
  })
})

describe('docs/openapi.yaml', () => {
  it('has every obstacle', () => {
    const text = readFileSync(new URL('../../../docs/openapi.yaml', import.meta.url), 'utf8')
    const { because } = parse(text).components.schemas.ClassForecast.properties
    expect(because.items.properties.obstacle.enum).toEqual(OBSTACLES)
  })
})

describe('the words', () => {
  const hand = (changes: readonly Change[]): InHand =>
    inHandOf(changes.reduce((view, change) => change(view), calm()).engine)
  const given = hand([records({ queued: 60, outstanding: 2, clientsGaveUp: 48, longestGivenUp: seconds(720) })])
  const logins = hand([inClass('authentication', () => ({ queued: 1 }))])

  it('count by class and place', () => {
    expect(inHandText(hand([]))).toBe('nothing')
    expect(isNothing(hand([]))).toBe(true)
    expect(inHandText(given)).toBe('62 records (60 queued, 2 outstanding)')
    expect(inHandText(logins)).toBe('1 login (1 queued)')
    expect(totalOf(given)).toEqual({ queued: 60, outstanding: 2 })
  })

  it('promise of each kind only what is true', () => {
    expect(fateText(given)).toBe(
      '48 records, last sent up to 12 min ago: their clients have given up, so they are lost for good; 14 records: they come again if their clients still send them after the start, else they are lost',
    )
    expect(fateText(logins)).toBe('1 login: its client tries again, or has gone')
    expect(fateText(hand([records({ queued: 2, clientsGaveUp: 1, longestGivenUp: seconds(45) })]))).toBe(
      '1 record, last sent 45 s ago: its client has given up, so it is lost for good; 1 record: it comes again if its client still sends it after the start, else it is lost',
    )
    expect(fateText(hand([inClass('authentication', () => ({ queued: 2 }))]))).toBe(
      '2 logins: their clients try again, or have gone',
    )
    expect(fateText(hand([]))).toBe('')
  })

  it('say what to do', () => {
    const down = servers.map((server) => lane(server, { state: 'down' }))
    const changes = [...down, records({ queued: 48, parked: 48, clientsGaveUp: 48, longestGivenUp: seconds(720) })]
    expect(refusalText(foreseen(changes))).toMatch(
      /^not stopped, and it goes on as before: 48 records \(every server is Down or held Down\) can't be finished within drain_limit \(20 s\)\..*their clients have given up.*radsluice stop --force"$/,
    )
    expect(hindranceText(foreseen(changes))).toBe(
      '48 records (every server is Down or held Down) can\'t be finished within drain_limit (20 s) as it is now: bring a server back ("radsluice server up NAME", "radsluice status")',
    )
    expect(hindranceText(foreseen([]))).toBeUndefined()
    expect(notStoppedText(given)).toMatch(/^not stopped: 62 records .* "radsluice resume" .* "radsluice stop --force"/)
  })
})
