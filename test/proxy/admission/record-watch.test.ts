import { describe, expect, it } from 'vitest'
import { exact } from '../../../src/accounting/sessions/client-accounting.ts'
import { seconds } from '../../../src/units.ts'
import { erx } from '../../accounting/records.ts'
import { attribute } from '../../radius/oracle.ts'
import { number, STATUS } from '../datagrams.ts'
import { World } from '../kit.ts'
import { client } from '../options.ts'

const tracked = { maxSessions: 100, lifetime: seconds(7_200), maxPortRate: 10e9 }
const two = [client({ name: 'bng' }), client({ name: 'wifi', network: '10.9.0.0/16' })]
const wifi = { from: { address: '10.9.0.1' } }
const figures = (octets: number, packets: number, time: number) => [
  number(42, octets),
  number(43, 0),
  number(47, packets),
  number(46, time),
]

describe('accounting records that are admitted', () => {
  it('are counted by client and kind, those of unknown kind too', () => {
    const world = new World({ clients: two })
    for (const status of [1, 2, 3, 3, 7, 8, 9, 15]) world.accounting({ status })
    world.accounting({ ...wifi, status: STATUS.interim })
    const [bng, other] = world.snapshot().clients
    expect(bng?.accounting.records).toEqual({
      start: 1,
      stop: 1,
      interim: 2,
      'accounting-on': 1,
      'accounting-off': 1,
      other: 2,
    })
    expect(other?.accounting.records).toMatchObject({ interim: 1, start: 0 })
  })

  it('are counted once, whatever their client sends again', () => {
    const world = new World({ sessions: tracked })
    const asked = world.accounting({ tag: 's1', status: STATUS.start, eventAt: 5 })
    world.again(asked)
    world.settle()
    world.again(asked)
    world.accounting({ tag: 's1', status: STATUS.start, eventAt: 5, delay: 3 })
    world.answer(world.sent[0]!)
    world.again(asked)
    expect(world.account('accounting')).toMatchObject({ received: 5, duplicate: 4 })
    expect(world.snapshot().clients[0]?.accounting.records.start).toBe(1)
    expect(world.snapshot().sessions).toMatchObject({ live: 1, anomalies: { 'out-of-order': 0 } })
  })

  it('are not those that were refused', () => {
    const world = new World({ sessions: tracked })
    world.engine.drain('keep')
    world.accounting()
    expect(world.snapshot().clients[0]?.accounting.records.start).toBe(0)
    expect(world.snapshot().sessions?.live).toBe(0)
  })

  it('pass untouched, however damaged their vendor attributes are, and the damage is counted', () => {
    const world = new World({ sessions: tracked })
    const cut = Buffer.from(erx(number(42, 1), number(151, 2))[1]).subarray(0, 13)
    const padded = Buffer.concat([erx(number(42, 1))[1], Buffer.alloc(3)])
    const attributes = [[26, cut] as const, [26, padded] as const, attribute(26, 'x')]
    const asked = world.accounting({ attributes })
    world.settle()
    expect(world.sent[0]!.bytes.subarray(20)).toEqual(new Uint8Array(asked.bytes.subarray(20)))
    expect(world.snapshot().clients[0]?.accounting).toMatchObject({
      damagedVendorAttributes: 2,
      paddedVendorAttributes: 1,
    })
  })

  it('that are of a member link have a count of their own', () => {
    const world = new World({ sessions: tracked })
    world.accounting({ attributes: [number(7, 1), attribute(50, 'm')] })
    world.accounting({ attributes: [attribute(50, 'm')] })
    expect(world.snapshot().clients[0]?.accounting.memberLinkRecords).toBe(1)
    expect(world.snapshot().sessions).toMatchObject({ live: 2, memberLinks: 1, bundles: 1 })
  })

  it('cost nothing but counts where sessions are not tracked', () => {
    const world = new World()
    world.accounting({ status: STATUS.stop })
    expect(world.snapshot().sessions).toBeUndefined()
    expect(world.engine.inspection.sessions(0, 100, {})).toBeUndefined()
    expect(world.ended).toEqual([])
  })
})

describe('tracked sessions', () => {
  it('end as a report, and their traffic is counted for their client', () => {
    const world = new World({ clients: two, sessions: tracked })
    world.accounting({ ...wifi, tag: 's1', status: STATUS.start })
    world.accounting({ ...wifi, tag: 's1', status: STATUS.stop, attributes: figures(5_000, 50, 60) })
    expect(world.ended).toMatchObject([
      { kind: 'session', end: 'stop', client: 'wifi', address: '10.9.0.1', session: 's1' },
    ])
    const [bng, other] = world.snapshot().clients.map(({ accounting }) => exact(accounting.traffic.inputOctets))
    expect([bng, other]).toEqual([0n, 5_000n])
  })

  it('tell the journal of what is odd', () => {
    const world = new World({ sessions: tracked })
    world.accounting({ tag: 's1', status: STATUS.start })
    world.accounting({ tag: 's1', status: STATUS.stop, attributes: figures(5_000, 1_000, 60) })
    expect(world.noted('accounting-anomaly')).toMatchObject([
      { anomaly: 'packet-size', count: 1, session: { session: 's1', client: 'bng' } },
    ])
  })

  it('can be looked at in steps', () => {
    const world = new World({ sessions: tracked })
    for (let i = 0; i < 10; i += 1) world.accounting({ tag: `s${i}` })
    const looked = (sought: object) =>
      [0, 4, 8].map((from) => world.engine.inspection.sessions(from, 4, sought)?.map(({ session }) => session))
    expect(looked({})).toEqual([
      ['s0', 's1', 's2'],
      ['s3', 's4', 's5', 's6'],
      ['s7', 's8', 's9'],
    ])
    expect(looked({ session: 's5' })).toEqual([[], ['s5'], []])
    expect(looked({ client: 'bng' }).flat()).toHaveLength(10)
    expect(looked({ client: 'other' }).flat()).toEqual([])
    expect(looked({ client: 'bng', session: 's' }).flat()).toEqual([])
    expect(world.engine.inspection.sessions(12, 4, {})).toBeUndefined()
  })

  it('keep their table through a reload, with the new lifetime', () => {
    const world = new World({ sessions: tracked })
    world.accounting({ tag: 's1' })
    world.serversAnswerAfter(seconds(0.01))
    world.reconfigure({ sessions: { ...tracked, lifetime: seconds(60) } })
    world.advance(seconds(59.9))
    expect(world.snapshot().sessions?.live).toBe(1)
    world.advance(seconds(0.2))
    expect(world.ended).toMatchObject([{ end: 'silent', session: 's1' }])
  })
})
