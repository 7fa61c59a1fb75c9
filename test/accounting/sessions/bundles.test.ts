import { describe, expect, it } from 'vitest'
import { HOUR, SessionWorld } from '../session-world.ts'

const START = 1
const STOP = 2
const INTERIM = 3

describe('a bundle of MLPPP links', () => {
  /** RFC 2866 section 5.12: Session-Id, Status-Type, Link-Count of the multi-session "10". */
  const EXAMPLE = [
    ['10', START, 1],
    ['11', START, 2],
    ['11', STOP, 2],
    ['12', START, 3],
    ['13', START, 4],
    ['12', STOP, 4],
    ['13', STOP, 4],
    ['10', STOP, 4],
  ] as const

  it('is complete with the last line of the example of RFC 2866 section 5.12, and not before', () => {
    const world = new SessionWorld()
    for (const [i, [session, status, links]] of EXAMPLE.entries()) {
      expect([i, world.bundles.length]).toEqual([i, 0])
      world.take({ status, session, multi: '10', links, ...(status === STOP ? { octets: [100, 10 ** (i % 4)] } : {}) })
    }
    expect(world.bundles).toMatchObject([
      {
        end: 'complete',
        client: 'bng',
        multiSession: '10',
        user: 'nemo',
        links: 4,
        stops: 4,
        linkCount: 4,
        linksWithoutFigures: 0,
        inputOctets: '400',
        outputOctets: String(10 ** 2 + 10 ** 1 + 10 ** 2 + 10 ** 3),
        inputPackets: '0',
        inputIpv6Octets: null,
        labels: ['mlppp-sum-of-links'],
      },
    ])
    expect(world.table.counts()).toMatchObject({ bundles: 0, memberLinks: 0, bundlesEnded: { complete: 1, silent: 0 } })
  })

  it('counts a Stop once for each Acct-Session-Id', () => {
    const world = new SessionWorld()
    const stop = (session: string) =>
      world.take({ status: STOP, session, multi: '10', links: 2, octets: [1, 1], time: 1 })
    stop('10')
    stop('10')
    expect(world.bundles).toEqual([])
    stop('11')
    expect(world.bundles).toMatchObject([{ stops: 2, links: 2, inputOctets: '2' }])
  })

  it('counts an Acct-Session-Id that is used again once, too', () => {
    const world = new SessionWorld()
    for (const stamp of [1_000, 2_000]) {
      world.take({ status: START, session: '10', multi: '10', links: 2, stamp })
      world.take({ status: STOP, session: '10', multi: '10', links: 2, stamp: stamp + 10, time: 10 })
    }
    expect(world.bundles).toEqual([])
    world.take({ status: STOP, session: '11', multi: '10', links: 2, stamp: 2_020, time: 10 })
    expect(world.bundles).toMatchObject([{ end: 'complete', stops: 2, links: 2 }])
  })

  it('goes by the largest Acct-Link-Count, whatever later records say', () => {
    const world = new SessionWorld().take({ status: START, session: '1', multi: 'a', links: 3 })
    for (const session of ['1', '2']) world.take({ status: STOP, session, multi: 'a', links: 2 })
    expect(world.bundles).toEqual([])
    world.take({ status: STOP, session: '3', multi: 'a', links: 2 })
    expect(world.bundles).toMatchObject([{ end: 'complete', stops: 3, linkCount: 3 }])
  })

  it('is told of once where more links stop than were counted', () => {
    const world = new SessionWorld()
    for (const status of [START, STOP]) {
      for (const session of ['1', '2', '3']) world.take({ status, session, multi: 'a', links: 2 })
    }
    expect(world.bundles).toMatchObject([{ end: 'complete', stops: 2, links: 3 }])
  })

  it('is one for each Acct-Multi-Session-Id of a client', () => {
    const world = new SessionWorld()
    world.take({ status: START, session: '1', multi: 'a' }).take({ status: START, session: '2', multi: 'b' })
    world.take({ status: START, session: '3', multi: 'a', address: '10.0.0.2' })
    expect(world.table.counts()).toMatchObject({ bundles: 3, memberLinks: 3 })
  })

  it('sums exactly beyond 2^53', () => {
    const world = new SessionWorld({ maxPortRate: 0 })
    for (const session of ['1', '2']) {
      world.take({ status: STOP, session, multi: 'a', links: 2, octets: [2 ** 32 - 1, 0], gigawords: [2 ** 30, 0] })
    }
    expect(world.bundles).toMatchObject([{ inputOctets: String(2n * (2n ** 62n + 2n ** 32n - 1n)) }])
  })

  it('ends by time where no Acct-Link-Count is sent, with what its links had counted', () => {
    const world = new SessionWorld()
      .take({ status: START, session: '1', multi: 'a' })
      .take({ status: START, session: '2', multi: 'a' })
      .take({ status: STOP, session: '1', multi: 'a', octets: [70, 7] })
      .take({ status: INTERIM, session: '2', multi: 'a', octets: [30, 3], time: 9 })
    world.passTo(3 + 2 * HOUR - 1)
    expect(world.bundles).toEqual([])
    world.passTo(3 + 2 * HOUR)
    expect(world.bundles).toMatchObject([
      {
        end: 'silent',
        links: 2,
        stops: 1,
        linkCount: null,
        linksWithoutFigures: 0,
        inputOctets: '100',
        outputOctets: '10',
      },
    ])
    expect(world.table.counts().bundles).toBe(0)
  })

  it('says how many links are not in the sum', () => {
    const world = new SessionWorld().take({ status: START, session: '1', multi: 'a' })
    world.take({ status: STOP, session: '2', multi: 'a', octets: [70, 7] })
    world.passTo(3 * HOUR)
    expect(world.bundles).toMatchObject([{ links: 2, linksWithoutFigures: 1, inputOctets: '70' }])
  })

  it('opens again for a link that comes later, and its second report has them all', () => {
    const world = new SessionWorld()
      .take({ status: START, session: '1', multi: 'a', links: 1 })
      .take({ status: STOP, session: '1', multi: 'a', links: 1, octets: [70, 7] })
      .take({ status: START, session: '2', multi: 'a', links: 2 })
      .take({ status: STOP, session: '2', multi: 'a', links: 2, octets: [30, 3] })
    expect(world.bundles).toMatchObject([
      { links: 1, stops: 1, inputOctets: '70' },
      { links: 2, stops: 2, inputOctets: '100' },
    ])
  })

  it('is none for the Acct-Multi-Session-Id of a Wi-Fi session', () => {
    const world = new SessionWorld()
    world.take({ status: START, session: '1', more: [[50, Buffer.from('a')]] })
    expect(world.table.counts()).toMatchObject({ live: 1, memberLinks: 0, bundles: 0 })
  })

  it('is bounded as the sessions are', () => {
    const world = new SessionWorld({ maxSessions: 3 })
    for (let i = 0; i < 20; i += 1) world.take({ status: START, session: `s${i}`, multi: `m${i}` })
    expect(world.table.counts()).toMatchObject({ live: 3, memberLinks: 3, bundles: 3, bundlesEnded: { evicted: 17 } })
  })
})
