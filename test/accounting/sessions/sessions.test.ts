import { describe, expect, it } from 'vitest'
import { RecordView } from '../../../src/accounting/record/record-view.ts'
import * as oracle from '../../radius/oracle.ts'
import { erx, ipv6, MLPPP_STOP, number, packetWith } from '../records.ts'
import { HOUR, SessionWorld } from '../session-world.ts'

const START = 1
const STOP = 2
const INTERIM = 3
const TOP = 2 ** 32 - 1

describe('a session from Start to Stop', () => {
  it('ends as one report with the figures of its Stop, and nothing was odd', () => {
    const world = new SessionWorld()
      .take({ status: START, stamp: 1_000, user: 'nemo@example.com' })
      .take({ status: INTERIM, stamp: 1_300, time: 300, octets: [1_000, 2_000], packets: [10, 20] })
      .take({
        status: STOP,
        stamp: 1_600,
        time: 600,
        octets: [5, 7_000],
        gigawords: [1, 0],
        packets: [4_000_000, 30],
        more: [number(49, 1), oracle.attribute(32, 'bng-7')],
      })
    // The NAS named itself only in the Stop: that is another session to us.
    expect(world.sessions.map(({ nas }) => nas)).toEqual(['bng-7'])
    const same = new SessionWorld()
      .take({ status: START, stamp: 1_000, user: 'nemo@example.com' })
      .take({ status: INTERIM, stamp: 1_300, time: 300, octets: [1_000, 2_000], packets: [10, 20] })
      .take({
        status: STOP,
        stamp: 1_600,
        time: 600,
        octets: [5, 7_000],
        gigawords: [1, 0],
        packets: [4_000_000, 30],
        more: [number(49, 1)],
      })
    expect(same.ended).toEqual([
      {
        kind: 'session',
        end: 'stop',
        terminateCause: 1,
        client: 'bng',
        address: '10.0.0.1',
        nas: '',
        session: 's1',
        multiSession: null,
        user: 'nemo@example.com',
        startSeen: true,
        sessionSeconds: 600,
        eventTimestamp: 1_600,
        inputOctetsWraps: 0,
        outputOctetsWraps: 0,
        inputOctets: '4294967301',
        outputOctets: '7000',
        inputPackets: '4000000',
        outputPackets: '30',
        inputIpv4Octets: null,
        outputIpv4Octets: null,
        inputIpv4Packets: null,
        outputIpv4Packets: null,
        inputIpv6Octets: null,
        outputIpv6Octets: null,
        inputIpv6Packets: null,
        outputIpv6Packets: null,
        labels: [],
      },
    ])
    expect(same.odd).toEqual({})
    expect(same.table.counts()).toMatchObject({ live: 0, ended: { stop: 1, silent: 0, reused: 0 }, evicted: 0 })
  })

  it('is the Stop of an MLPPP subscriber, labelled, its IPv6 unknown', () => {
    const world = new SessionWorld()
    world.table.observe(new RecordView().read(packetWith(...MLPPP_STOP)), world.client, '10.0.0.1', world.now)
    expect(world.sessions).toMatchObject([
      {
        session: '786',
        multiSession: '787',
        nas: 'kalka',
        inputOctets: '26837955704',
        outputOctets: '21448561280',
        inputPackets: '406636696',
        inputIpv6Octets: null,
        inputIpv4Octets: null,
        outputIpv6Packets: null,
        terminateCause: 2,
        labels: ['mlppp-member-link'],
      },
    ])
  })

  it('is one session for each address, NAS and Acct-Session-Id', () => {
    const world = new SessionWorld()
    const nas = (name: string) => [oracle.attribute(32, name)]
    world.take({ status: START }).take({ status: START, session: 's2' }).take({ status: START, address: '10.0.0.2' })
    world.take({ status: START, more: nas('a') }).take({ status: START, more: nas('b') })
    world.take({ status: START, more: [[4, Buffer.from('a...')]] })
    expect(world.table.counts().live).toBe(6)
    expect(world.live().map((one) => [one.address, one.nas, one.session])).toEqual([
      ['10.0.0.1', '', 's1'],
      ['10.0.0.1', '', 's2'],
      ['10.0.0.2', '', 's1'],
      ['10.0.0.1', 'a', 's1'],
      ['10.0.0.1', 'b', 's1'],
      ['10.0.0.1', '97.46.46.46', 's1'],
    ])
  })

  it('shows octets that are no text as hexadecimal digits', () => {
    const world = new SessionWorld().take({ status: START, session: 's\u0007', user: 'na\u00efve' })
    expect(world.live()).toMatchObject([{ session: '0x7307', user: 'na\u00efve' }])
  })

  it('is nothing where a record has no Acct-Session-Id, or is about the NAS', () => {
    const world = new SessionWorld()
    const view = new RecordView().read(packetWith(number(40, START)))
    world.table.observe(view, world.client, '10.0.0.1', world.now)
    for (const status of [7, 8, 9, 15]) world.take({ status })
    expect(world.table.counts().live).toBe(0)
  })
})

describe('traffic', () => {
  it('is what the counters grew by, exact beyond 2^53', () => {
    const world = new SessionWorld({ maxPortRate: 0 }).take({ status: START })
    world.take({ status: INTERIM, time: 300, octets: [TOP, 5], gigawords: [TOP, 0], packets: [1, 1] })
    expect([world.grown('inputOctets'), world.grown('outputOctets')]).toEqual([2n ** 64n - 1n, 5n])
    for (let session = 0; session < 3; session += 1) {
      world.take({ status: START, session: `other-${session}` })
      world.take({ status: STOP, session: `other-${session}`, time: 9, octets: [TOP, 0], gigawords: [TOP, 0] })
    }
    expect(world.grown('inputOctets')).toBe(4n * (2n ** 64n - 1n))
    expect(world.grown('inputPackets')).toBe(1n)
  })

  it('leaves out what a session counted before it was watched', () => {
    const world = new SessionWorld({}, 1_000).take({
      status: INTERIM,
      time: 5_000,
      octets: [900, 800],
      packets: [9, 8],
    })
    expect(world.grown('inputOctets')).toBe(0n)
    world.take({ status: STOP, time: 5_001, octets: [1_000, 1_000], packets: [10, 10] })
    expect([world.grown('inputOctets'), world.grown('outputPackets')]).toEqual([100n, 2n])
    expect(world.odd).toEqual({})
  })
})

describe('a counter that falls', () => {
  const running = () => new SessionWorld().take({ status: START, stamp: 1_000 })

  it('has wrapped where the session went on and nobody sends the high half', () => {
    const world = running()
      .take({ status: INTERIM, time: 300, octets: [TOP - 9, 100], packets: [3_000_000, 4] })
      .take({ status: INTERIM, time: 600, octets: [90, 50], packets: [3_000_001, 5] })
    expect(world.odd).toEqual({ 'counter-wrapped': 1 })
    expect(world.live()).toMatchObject([{ inputOctets: '90', inputOctetsWraps: 1, outputOctetsWraps: 1 }])
    expect(world.grown('inputOctets')).toBe(2n ** 32n + 90n)
    expect(world.told).toMatchObject([
      { anomaly: 'counter-wrapped', count: 1, session: { inputOctets: '4294967286', sessionSeconds: 300 } },
    ])
    expect(world.told[0]!.record).toBe(
      'Acct-Status-Type 3, session time 600 s, octets 90 in 50 out, packets 3000001 in 5 out',
    )
  })

  it('was set back where the high half is sent, before or now', () => {
    for (const gigawords of [
      [
        [1, 1],
        [0, 0],
      ],
      [undefined, [0, 0]],
      [[0, 0], undefined],
    ] as const) {
      const world = running()
        .take({ status: INTERIM, time: 300, octets: [1_000, 1_000], ...(gigawords[0] && { gigawords: gigawords[0] }) })
        .take({ status: INTERIM, time: 600, octets: [999, 1_000], ...(gigawords[1] && { gigawords: gigawords[1] }) })
      expect(world.odd).toEqual({ 'counter-fell': 1 })
      expect(world.live()).toMatchObject([{ inputOctets: '999', inputOctetsWraps: 0 }])
    }
  })

  it('rises where only the low half falls', () => {
    const world = running()
      .take({ status: INTERIM, time: 300, octets: [TOP, 0], packets: [4_000_000, 0] })
      .take({ status: INTERIM, time: 600, octets: [5, 0], gigawords: [1, 0], packets: [4_000_001, 0] })
    expect(world.odd).toEqual({})
    expect(world.grown('inputOctets')).toBe(2n ** 32n + 5n)
  })

  it('was set back where nothing says that the session went on', () => {
    const world = running()
      .take({ status: INTERIM, octets: [100, 0] })
      .take({ status: INTERIM, octets: [99, 0] })
    expect(world.odd).toEqual({ 'counter-fell': 1 })
  })

  it('may be one of packets: then octets and packets are not compared any more', () => {
    const world = running()
      .take({ status: INTERIM, time: 30_000, octets: [0, 0], gigawords: [500, 0], packets: [TOP, 0] })
      .take({ status: INTERIM, time: 30_300, octets: [0, 0], gigawords: [501, 0], packets: [7, 0] })
    expect(world.odd).toEqual({ 'counter-wrapped': 1 })
    expect(world.grown('inputPackets')).toBe(2n ** 32n + 7n)
  })
})

describe('an Acct-Session-Id that is used again', () => {
  it('is another session where counters and session time fall', () => {
    const world = new SessionWorld()
      .take({ status: START, stamp: 1_000 })
      .take({ status: INTERIM, stamp: 1_600, time: 600, octets: [1_000, 0], user: 'nemo' })
      .take({ status: INTERIM, stamp: 1_900, time: 100, octets: [50, 0], user: 'other' })
    expect(world.odd).toMatchObject({ 'session-id-reused': 1 })
    expect(world.sessions).toMatchObject([
      { end: 'reused', inputOctets: '1000', sessionSeconds: 600, terminateCause: null },
    ])
    expect(world.live()).toMatchObject([{ user: 'other', inputOctets: '50', startSeen: false }])
    expect(world.table.counts()).toMatchObject({ live: 1, ended: { reused: 1 } })
  })

  it('is another session with a second Start, after a Stop or without', () => {
    const world = new SessionWorld()
      .take({ status: START, stamp: 1_000 })
      .take({ status: STOP, stamp: 1_100, time: 100, octets: [5, 5], packets: [0, 0], more: [] })
      .take({ status: START, stamp: 1_200 })
      .take({ status: START, stamp: 1_300 })
    expect(world.odd).toMatchObject({ 'session-id-reused': 2 })
    expect(world.sessions.map(({ end }) => end)).toEqual(['stop', 'reused'])
    expect(world.table.counts().live).toBe(1)
  })
})

describe('a record that is out of order', () => {
  it('is an interim after the Stop: counted, and the figures stay', () => {
    const world = new SessionWorld()
      .take({ status: START, stamp: 1_000 })
      .take({ status: STOP, stamp: 1_600, time: 600, octets: [900, 0], packets: [9, 0] })
      .take({ status: INTERIM, stamp: 1_300, time: 300, octets: [500, 0], packets: [5, 0] })
    expect(world.odd).toEqual({ 'out-of-order': 1 })
    expect(world.told).toMatchObject([{ anomaly: 'out-of-order', session: { inputOctets: '900' } }])
    expect(world.sessions).toHaveLength(1)
    expect(world.grown('inputOctets')).toBe(900n)
  })

  it('is known without Event-Timestamp: a new session can not be older than the time since the last record', () => {
    const world = new SessionWorld().take({ status: START })
    world.second = 600
    world.take({ status: INTERIM, time: 600, octets: [900, 0], packets: [9, 0] })
    world.take({ status: INTERIM, time: 300, octets: [500, 0], packets: [5, 0] })
    expect(world.odd).toEqual({ 'out-of-order': 1 })
    world.second = 1_000
    world.take({ status: INTERIM, time: 300, octets: [500, 0], packets: [5, 0] })
    expect(world.odd).toMatchObject({ 'out-of-order': 1, 'session-id-reused': 1 })
  })

  it('may be the Start, which is then no missing one in the report', () => {
    const world = new SessionWorld({}, 0)
      .take({ status: INTERIM, stamp: 1_001, time: 1, octets: [20, 0], packets: [1, 0] })
      .take({ status: START, stamp: 1_000 })
    expect(world.odd).toEqual({ 'out-of-order': 1 })
    expect(world.live()).toMatchObject([{ startSeen: true, inputOctets: '20' }])
  })

  it('may be the Stop: it ends the session, and the figures and times of the interim that overtook it stay', () => {
    const world = new SessionWorld()
      .take({ status: START, stamp: 1_000 })
      .take({ status: INTERIM, stamp: 1_601, time: 601, octets: [901, 0], packets: [9, 0] })
      .take({ status: STOP, stamp: 1_600, time: 600, octets: [900, 0], packets: [9, 0] })
    expect(world.odd).toEqual({ 'out-of-order': 1 })
    expect(world.sessions).toMatchObject([
      { end: 'stop', inputOctets: '901', sessionSeconds: 601, eventTimestamp: 1_601, terminateCause: null },
    ])
    expect(world.grown('inputOctets')).toBe(901n)
  })

  it('may be a Stop that counted more all the same: counters never go back, so its figures are the newer ones', () => {
    const world = new SessionWorld()
      .take({ status: START, stamp: 1_000 })
      .take({ status: INTERIM, stamp: 1_601, time: 601, octets: [901, 5], packets: [9, 1] })
      .take({ status: STOP, stamp: 1_600, time: 600, octets: [950, 5], packets: [9, 1], more: [number(49, 1)] })
    expect(world.sessions).toMatchObject([
      { end: 'stop', inputOctets: '950', sessionSeconds: 601, eventTimestamp: 1_601, terminateCause: 1 },
    ])
    expect(world.grown('inputOctets')).toBe(950n)
  })

  it('changes no figures where it is a Stop after the Stop, or an interim after it', () => {
    const world = new SessionWorld()
      .take({ status: START, stamp: 1_000 })
      .take({ status: STOP, stamp: 1_600, time: 600, octets: [900, 0], packets: [9, 0] })
      .take({ status: STOP, stamp: 1_590, time: 590, octets: [890, 0], packets: [9, 0] })
      .take({ status: STOP, stamp: 1_610, time: 610, octets: [910, 0], packets: [9, 0] })
      .take({ status: INTERIM, stamp: 1_620, time: 620, octets: [920, 0], packets: [9, 0] })
    expect(world.odd).toEqual({ 'out-of-order': 3 })
    expect(world.sessions).toHaveLength(1)
    expect(world.grown('inputOctets')).toBe(900n)
  })
})

describe('figures that are impossible', () => {
  const stop = (o: object) =>
    new SessionWorld({ maxPortRate: 8_000 }).take({ status: START }).take({ status: STOP, time: 999, ...o })

  it('are octets that do not fit the packets: 20 to 65535 each', () => {
    const oddOf = (octets: number, packets: number) =>
      stop({ octets: [octets, 0], packets: [packets, 0] }).odd['packet-size'] ?? 0
    // 999 s: 2,098 of the packets may be control packets, and ten may have been counted a moment later.
    expect([oddOf(199, 2_108), oddOf(200, 2_108), oddOf(1_310_700, 10), oddOf(1_310_701, 10)]).toEqual([1, 0, 0, 1])
    expect([oddOf(0, 0), oddOf(1, 0), oddOf(0, 1), oddOf(0, 2_098), oddOf(0, 2_099)]).toEqual([0, 0, 0, 0, 1])
    const high = stop({ octets: [19, 0], gigawords: [20, 0], packets: [0, 0], more: [erx(number(42, 1))] })
    expect(high.odd['packet-size']).toBeUndefined()
    const tooSmall = stop({ octets: [TOP, 0], gigawords: [18, 0], packets: [0, 0], more: [erx(number(42, 1))] })
    expect(tooSmall.odd['packet-size']).toBe(1)
    expect(tooSmall.sessions).toMatchObject([{ labels: ['packet-size', 'rate-beyond-port'] }])
  })

  it('are not the control packets of a PPPoE session that carried nothing, idle for a second or a week', () => {
    const idle = (packets: number, time: number) =>
      new SessionWorld()
        .take({ status: START })
        .take({ status: STOP, time, octets: [0, 0], packets: [packets, packets] }).odd
    expect(idle(1, 0)).toEqual({})
    expect(idle(12, 1)).toEqual({})
    // An echo each 10 s and its answer, as a router with keepalives counts them.
    expect(idle(2 * 60_480, 604_800)).toEqual({})
  })

  it('are an IPv6 part greater than the aggregate, of octets or of packets', () => {
    const oddOf = (parts: readonly number[]) =>
      stop({ octets: [400, 400], packets: [4, 4], more: ipv6(parts) }).odd['ipv6-beyond-aggregate'] ?? 0
    expect([oddOf([400, 400, 4, 4, 0, 0]), oddOf([401, 0, 0, 0, 0, 0]), oddOf([0, 401, 0, 0, 0, 0])]).toEqual([0, 1, 1])
    expect([oddOf([0, 0, 5, 0, 0, 0]), oddOf([0, 0, 0, 5, 0, 0]), oddOf([0, 0, 0, 0, 0, 1])]).toEqual([1, 1, 1])
  })

  it('are more octets than the port carries in the time between two records, a second more allowed', () => {
    const oddOf = (octets: number, seconds: number) =>
      new SessionWorld({ maxPortRate: 8_000 })
        .take({ status: START })
        .take({ status: INTERIM, time: 100, octets: [50_000, 0] })
        .take({ status: INTERIM, time: 100 + seconds, octets: [50_000 + octets, 0] }).odd['rate-beyond-port'] ?? 0
    expect([oddOf(11_000, 10), oddOf(11_001, 10), oddOf(1_000, 0), oddOf(1_001, 0)]).toEqual([0, 1, 0, 1])
  })

  it('are not looked for in a rate that was not configured', () => {
    const world = new SessionWorld({ maxPortRate: 0 }).take({ status: START })
    world.take({ status: INTERIM, time: 1, octets: [TOP, 0], gigawords: [TOP, 0] })
    expect(world.odd).toEqual({})
  })
})

describe('a Stop without counters', () => {
  it('is counted, and the report keeps the figures of the last interim', () => {
    const world = new SessionWorld()
      .take({ status: START })
      .take({ status: INTERIM, time: 300, octets: [1_000, 2_000], packets: [10, 20] })
      .take({ status: STOP, time: 400, more: [number(49, 9)] })
    expect(world.odd).toEqual({ 'stop-without-counters': 1 })
    expect(world.sessions).toMatchObject([
      { inputOctets: '1000', outputPackets: '20', sessionSeconds: 400, labels: ['stop-without-counters'] },
    ])
  })
})

describe('a missing Start', () => {
  it('is counted for a session that began while we watched, and for no other', () => {
    const oddOf = (second: number, time: number | undefined) =>
      new SessionWorld({ lifetime: 7_200_000_000 as never }, second).take({
        status: INTERIM,
        ...(time === undefined ? {} : { time }),
      }).odd['missing-start'] ?? 0
    expect(oddOf(1_000, 900)).toBe(1)
    expect(oddOf(1_000, 1_000)).toBe(0)
    expect(oddOf(1_000, 5_000)).toBe(0)
    expect(oddOf(1_000, undefined)).toBe(0)
    // It may have been forgotten: nothing came of it for the lifetime.
    expect(oddOf(100_000, 7_100)).toBe(1)
    expect(oddOf(100_000, 7_200)).toBe(0)
  })

  it('is not counted for a session that may have been evicted', () => {
    const world = new SessionWorld({ maxSessions: 2 }, 100)
    for (const session of ['a', 'b', 'c']) world.take({ status: START, session })
    world.second = 300
    world.take({ status: INTERIM, session: 'a', time: 200 })
    expect(world.odd).toEqual({})
  })
})

describe('the table', () => {
  it('never holds more than it may, and the least recently heard of go first, ended ones before all', () => {
    const world = new SessionWorld({ maxSessions: 4 })
    for (const session of ['a', 'b', 'c', 'd']) world.take({ status: START, session })
    world.take({ status: STOP, session: 'c', time: 1 })
    world.take({ status: INTERIM, session: 'a', time: 3 })
    world.take({ status: START, session: 'e' })
    expect(world.table.counts()).toMatchObject({ live: 4, evicted: 0 })
    world.take({ status: START, session: 'f' })
    expect(
      world
        .live()
        .map(({ session }) => session)
        .sort(),
    ).toEqual(['a', 'd', 'e', 'f'])
    expect(world.table.counts()).toMatchObject({ live: 4, evicted: 1 })
  })

  it('holds fewer where their texts are long, and never stops taking', () => {
    const world = new SessionWorld({ maxSessions: 10 })
    const long = (i: number) => `${i}-`.padEnd(250, 'x')
    for (let i = 0; i < 50; i += 1) world.take({ status: START, session: long(i), user: long(i) })
    const { live, evicted } = world.table.counts()
    expect(live + evicted).toBe(50)
    expect(live).toBe(2)
    expect(world.live().map(({ session }) => session)).toEqual(expect.arrayContaining([long(48), long(49)]))
  })

  it('ends what nothing was heard of for the lifetime, and says when', () => {
    const world = new SessionWorld({}, 10).take({ status: START, octets: [1, 1] })
    world.passTo(10 + 2 * HOUR - 1)
    expect(world.ended).toEqual([])
    expect(world.table.nextWakeAt()).toBe((10 + 2 * HOUR) * 1_000_000)
    world.passTo(10 + 2 * HOUR)
    expect(world.sessions).toMatchObject([{ end: 'silent', session: 's1' }])
    expect(world.table.counts()).toMatchObject({ live: 0, ended: { silent: 1 } })
    expect(world.table.nextWakeAt()).toBeUndefined()
  })

  it('remembers an ended session for ten minutes', () => {
    const world = new SessionWorld()
      .take({ status: START, stamp: 1 })
      .take({ status: STOP, stamp: 5, time: 4, octets: [0, 0] })
    world.passTo(1 + 600 - 1).take({ status: INTERIM, stamp: 3 })
    expect(world.odd).toEqual({ 'out-of-order': 1 })
    world.passTo(1 + 600).take({ status: INTERIM, stamp: 3 })
    expect(world.odd).toEqual({ 'out-of-order': 1 })
    expect(world.table.counts().live).toBe(1)
  })

  it('tells of one anomaly a second and kind, with the count since', () => {
    const world = new SessionWorld()
      .take({ status: START, stamp: 5 })
      .take({ status: STOP, stamp: 9, time: 4, octets: [0, 0] })
    const late = () => {
      world.take({ status: INTERIM, stamp: 7 })
      world.second -= 1
    }
    for (let i = 0; i < 5; i += 1) late()
    world.second += 1
    late()
    expect(world.told.map(({ anomaly, count }) => [anomaly, count])).toEqual([
      ['out-of-order', 1],
      ['out-of-order', 5],
    ])
    expect(world.odd).toEqual({ 'out-of-order': 6 })
  })
})
