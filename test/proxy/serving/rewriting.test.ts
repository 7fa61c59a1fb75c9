/**
 * Records that a client's configuration changes on their way: what leaves is judged octet by octet against what came, and
 * its signatures by an oracle of our own.
 */
import { describe, expect, it } from 'vitest'
import type { RecordOptions } from '../../../src/proxy/border/options.ts'
import { millis, seconds } from '../../../src/units.ts'
import { erx, ipv6, MLPPP_STOP, number } from '../../accounting/records.ts'
import * as oracle from '../../radius/oracle.ts'
import { CODE, SERVER_SECRET, STATUS } from '../datagrams.ts'
import { type Sent, World } from '../kit.ts'
import { client, deadServer, queues, records, server } from '../options.ts'

const worldOf = (o: Partial<RecordOptions>, more: ConstructorParameters<typeof World>[0] = {}): World =>
  new World({ clients: [client({ accounting: records(o) })], ...more })

/** One request is outstanding, so that the next one waits. */
const blocked = (o: Partial<RecordOptions>, servers = [server('s1', { maxOutstanding: 1, timeout: seconds(600) })]) => {
  const world = worldOf(o, { servers, queues: queues({ accounting: { maxAge: seconds(3_600) } }) })
  world.accounting({ tag: 'blocks' })
  world.settle()
  return world
}

const attributesOf = ({ bytes }: Sent): string[] =>
  oracle.decodeAttributes(bytes).map(([type, value]) => `${type} ${Buffer.from(value).toString('hex')}`)
const isSigned = ({ bytes }: Sent): boolean => oracle.hasValidAuthenticator(bytes, SERVER_SECRET, oracle.ZERO)
const delayOf = ({ bytes }: Sent): number | undefined => {
  const at = oracle.valueAt(bytes, 41)
  return at === -1 ? undefined : Buffer.from(bytes).readUInt32BE(at)
}
const rewritten = (world: World): Record<string, number> =>
  Object.fromEntries(
    Object.entries(world.snapshot().clients[0]?.accounting.rewritten ?? {}).filter(([, count]) => count > 0),
  )

describe('acct_delay_time: update', () => {
  const update = { acctDelayTime: 'update' } as const

  it('brings it up to date by what the record waited here, and adds it where there is none', () => {
    const world = blocked(update)
    world.accounting({ tag: 'with', delay: 4 })
    world.accounting({ tag: 'without' })
    world.advance(millis(2_900))
    world.answer(world.sentOf('blocks')[0]!)
    world.advance(millis(1_100))
    world.answer(world.sentOf('with')[0]!)
    expect(delayOf(world.sentOf('with')[0]!)).toBe(6)
    expect(delayOf(world.sentOf('without')[0]!)).toBe(4)
    expect(world.sent.every(isSigned)).toBe(true)
    expect(rewritten(world)).toEqual({ acct_delay_time: 2 })
  })

  it('signs Message-Authenticator anew, and moves nothing else', () => {
    const world = blocked(update)
    world.accounting({ tag: 'a', delay: 1, signed: true, proxyStates: ['x', 'y'] })
    world.advance(seconds(2))
    world.answer(world.sent[0]!)
    const [sent] = world.sentOf('a')
    expect(oracle.hasValidMessageAuthenticator(sent!.bytes, SERVER_SECRET, oracle.ZERO)).toBe(true)
    expect(attributesOf(sent!).map((one) => one.split(' ')[0])).toEqual(['40', '44', '41', '33', '33', '80'])
  })

  it('leaves a record that says when it happened, and one that waited less than a second', () => {
    const world = blocked(update)
    world.accounting({ tag: 'stamped', eventAt: 1_000, delay: 4 })
    world.advance(seconds(5))
    world.accounting({ tag: 'quick' })
    world.advance(millis(990))
    world.answer(world.sentOf('blocks')[0]!)
    world.answer(world.sentOf('stamped')[0]!)
    expect(delayOf(world.sentOf('stamped')[0]!)).toBe(4)
    expect(delayOf(world.sentOf('quick')[0]!)).toBeUndefined()
    expect(rewritten(world)).toEqual({})
  })

  it('never changes it between the tries at one server, and counts them for the next one', () => {
    const servers = [server('s1', { timeout: seconds(1), maxRetries: 3 }), server('s2', { timeout: seconds(1) })]
    const world = worldOf(update, { servers, deadServer: deadServer({ consecutiveFailures: 100 }) })
    world.accounting({ tag: 'a' })
    world.advance(seconds(6))
    const at = (name: string): Sent[] => world.sentOf('a').filter((sent) => sent.server === name)
    expect(at('s1')).toHaveLength(4)
    expect(new Set(at('s1').map(({ bytes }) => Buffer.from(bytes).toString('hex'))).size).toBe(1)
    expect(at('s1').map(delayOf)).toEqual([undefined, undefined, undefined, undefined])
    expect(new Set(at('s2').map(delayOf))).toEqual(new Set([Math.floor((at('s2')[0]!.at - 1e12) / 1e6)]))
    expect(delayOf(at('s2')[0]!)).toBeGreaterThanOrEqual(3)
  })

  it('does not make the record another one: sent again, it is known by its content', () => {
    const world = blocked(update)
    world.accounting({ tag: 'a' })
    world.advance(seconds(3))
    world.answer(world.sent[0]!)
    world.accounting({ tag: 'a', delay: 3 })
    expect(world.account('accounting')).toMatchObject({ received: 3, duplicate: 1, outstanding: 1 })
  })

  it('with keep nothing changes', () => {
    const world = blocked({})
    world.accounting({ tag: 'a', delay: 4 })
    world.advance(seconds(5))
    world.answer(world.sent[0]!)
    expect(delayOf(world.sentOf('a')[0]!)).toBe(4)
  })
})

describe('what is asked for', () => {
  const send = (world: World, attributes: readonly oracle.Attribute[], status: number = STATUS.interim): Sent => {
    world.accounting({ session: 'a', status, attributes })
    world.settle()
    const sent = world.sent.at(-1)!
    world.answer(sent)
    return sent
  }

  it('swaps directions, here and nowhere else', () => {
    const world = worldOf({ swapDirections: true })
    const sent = send(world, [number(42, 1), number(43, 2), erx(number(151, 3), number(152, 4)), number(46, 9)])
    expect(attributesOf(sent).slice(-4)).toEqual([
      '43 00000001',
      '42 00000002',
      `26 ${Buffer.from(erx(number(152, 3), number(151, 4))[1]).toString('hex')}`,
      '46 00000009',
    ])
    expect(isSigned(sent)).toBe(true)
    expect(rewritten(world)).toEqual({ directions: 1 })
  })

  it('drops the six zeros of a member link', () => {
    const world = worldOf({ erxIpv6Zeros: 'drop_on_mlppp' })
    const bytes = oracle.sign(
      oracle.packetOf(CODE.accountingRequest, 9, oracle.ZERO, MLPPP_STOP),
      'the clients share this',
    )
    world.deliver('accounting', { link: 0, address: '10.1.1.1', port: 999 }, bytes)
    world.settle()
    const zeros = ipv6([0, 0, 0, 0, 0, 0]).map(([type, value]) => `${type} ${Buffer.from(value).toString('hex')}`)
    const before = oracle
      .decodeAttributes(bytes)
      .map(([type, value]) => `${type} ${Buffer.from(value).toString('hex')}`)
    expect(attributesOf(world.sent[0]!)).toEqual(before.filter((one) => !zeros.includes(one)))
    expect(isSigned(world.sent[0]!)).toBe(true)
    expect(rewritten(world)).toEqual({ erx_ipv6_zeros: 1 })
  })

  it('adds Gigawords from the first wrap that was seen on, and counts on', () => {
    const sessions = { maxSessions: 100, lifetime: seconds(7_200), maxPortRate: 0 }
    const world = worldOf({ synthesizeGigawords: true }, { sessions })
    const figures = (input: number, output: number, time: number) => [
      number(42, input),
      number(43, output),
      number(46, time),
    ]
    const gigawords = (sent: Sent): string[] => attributesOf(sent).filter((one) => /^5[23] /.test(one))
    expect(gigawords(send(world, figures(0, 0, 0), STATUS.start))).toEqual([])
    expect(gigawords(send(world, figures(4_000_000_000, 10, 100)))).toEqual([])
    expect(gigawords(send(world, figures(5, 20, 200)))).toEqual(['52 00000001'])
    expect(gigawords(send(world, figures(6, 30, 300)))).toEqual(['52 00000001'])
    expect(gigawords(send(world, figures(4, 2, 400)))).toEqual(['52 00000002', '53 00000001'])
    expect(gigawords(send(world, figures(9, 3, 500), STATUS.stop))).toEqual(['52 00000002', '53 00000001'])
    // Late, and so from before a wrap or after it: nobody knows.
    expect(gigawords(send(world, figures(6, 40, 350)))).toEqual([])
    expect(rewritten(world)).toEqual({ gigawords: 4 })
  })
})
