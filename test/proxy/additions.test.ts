/**
 * What is added to a packet on its way costs no delivery: at every size around the limit of 4,096 octets each request is
 * sent, with what fits; only what must be added can make one too long.
 */
import { describe, expect, it } from 'vitest'
import { seconds } from '../../src/units.ts'
import * as oracle from '../radius/oracle.ts'
import { number, SERVER_SECRET, STATUS } from './datagrams.ts'
import { type Asked, type Sent, World } from './kit.ts'
import { client, queues, records, server } from './options.ts'

const MOST = 4_096
const SIZES = Array.from({ length: 37 }, (_, i) => 4_060 + i)
const sessions = { maxSessions: 10, lifetime: seconds(7_200), maxPortRate: 0 }
const V4 = '10.1.1.1'
const V6 = '2001:db8::1'

/** Attributes of so many octets. */
const padding = (octets: number): oracle.Attribute[] => {
  const sizes = Array.from({ length: Math.floor(octets / 255) }, () => 255)
  const rest = octets % 255
  // An attribute has two octets at least.
  if (rest === 1) sizes[0]! -= 1
  return [...sizes, ...(rest === 0 ? [] : [Math.max(2, rest)])].map((size) => [200, Buffer.alloc(size - 2)])
}

/** Asks with as much padding as makes the packet so long. */
const ofSize = (size: number, ask: (attributes: readonly oracle.Attribute[]) => Asked): Asked => {
  const short = ask([])
  const asked = ask(padding(size - short.bytes.length))
  expect(asked.bytes).toHaveLength(size)
  return asked
}

const typesOf = ({ bytes }: Sent): number[] => oracle.decodeAttributes(bytes).map(([type]) => type)
const has = (sent: Sent, ...types: number[]): boolean[] => types.map((type) => typesOf(sent).includes(type))

const worldOf = (o: Parameters<typeof client>[0]): World =>
  new World({
    clients: [client({ network: '0.0.0.0/0', ...o }), client({ name: 'six', network: '::/0', ...o })],
    servers: [server('s1', { timeout: seconds(600) })],
    queues: queues({ accounting: { maxAge: seconds(3_600) } }),
    sessions,
  })

const leftOut = (world: World): Record<string, number> =>
  Object.fromEntries(
    world
      .snapshot()
      .clients.flatMap((one) => Object.entries(one.leftOut))
      .filter(([, count]) => count > 0),
  )

describe('an Access-Request of any size', () => {
  it('goes without NAS-IP-Address where that does not fit; Message-Authenticator and CHAP-Challenge must', () => {
    for (const [address, length, type] of [
      [V4, 6, 4],
      [V6, 18, 95],
    ] as const)
      for (const chap of [false, true])
        for (const signed of [false, true])
          for (const size of SIZES) {
            const world = worldOf({ addNasIpAddress: 'when_missing' })
            let serial = 0
            const asked = ofSize(size, (attributes) => {
              serial += 1
              return world.access({ from: { address }, serial, tag: `${serial}`, chap, signed, attributes })
            })
            world.settle()
            const needed = size + (signed ? 0 : 18) + (chap ? 18 : 0)
            const [sent] = world.sentOf(asked.tag)
            const what = { address, chap, signed, size }
            if (needed > MOST) {
              expect([what, world.account('authentication')]).toMatchObject([what, { 'too-long': 1 }])
              expect([what, leftOut(world)['nas_ip_address']]).toEqual([what, undefined])
              continue
            }
            const fits = needed + length <= MOST
            expect([what, sent?.bytes.length]).toEqual([what, needed + (fits ? length : 0)])
            expect([what, has(sent!, type, 80, 60)]).toEqual([what, [fits, true, chap]])
            expect([what, leftOut(world)]).toEqual([what, fits ? {} : { nas_ip_address: 1 }])
            const authenticator = sent!.bytes.subarray(4, 20)
            expect(oracle.hasValidMessageAuthenticator(sent!.bytes, SERVER_SECRET, authenticator)).toBe(true)
          }
  })
})

describe('an accounting record of any size', () => {
  it('is sent with what fits: Gigawords, then Acct-Delay-Time, then NAS-IP-Address', () => {
    for (const size of SIZES) {
      const world = worldOf({
        addNasIpAddress: 'when_missing',
        accounting: records({ synthesizeGigawords: true, acctDelayTime: 'update' }),
      })
      const figures = (low: number, time: number) => [number(42, low), number(43, low), number(46, time)]
      const answered = (status: number, low: number, time: number): void => {
        world.accounting({ tag: `${time}`, session: 'a', status, attributes: figures(low, time) })
        world.settle()
        world.answer(world.sent.at(-1)!)
      }
      answered(STATUS.start, 0, 0)
      answered(STATUS.interim, 4_000_000_000, 600)
      world.reconfigure({ servers: [server('s1', { maxOutstanding: 1, timeout: seconds(600) })] })
      world.accounting({ tag: 'blocks' })
      world.settle()
      const record = { tag: 'long', session: 'a', status: STATUS.interim }
      const bare = figures(100, 1_200)
      const own = 20 + 6 + 6 + 3 + 18
      const asked = world.accounting({ ...record, attributes: [...bare, ...padding(size - own)] })
      expect(asked.bytes).toHaveLength(size)
      world.advance(seconds(2))
      world.answer(world.sentOf('blocks')[0]!)
      const [sent] = world.sentOf('long')
      const fit = Math.min(4, Math.floor((MOST - size) / 6))
      expect([size, sent?.bytes.length]).toEqual([size, size + 6 * fit])
      expect([size, ...has(sent!, 52, 53, 41, 4)]).toEqual([size, fit >= 1, fit >= 2, fit >= 3, fit >= 4])
      expect([size, leftOut(world)]).toEqual([
        size,
        {
          ...(fit >= 2 ? {} : { gigawords: 1 }),
          ...(fit >= 3 ? {} : { acct_delay_time: 1 }),
          ...(fit >= 4 ? {} : { nas_ip_address: 1 }),
        },
      ])
      expect(oracle.hasValidAuthenticator(sent!.bytes, SERVER_SECRET, oracle.ZERO)).toBe(true)
    }
  })
})
