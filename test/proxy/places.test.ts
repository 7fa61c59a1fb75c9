/**
 * The places of logins that wait on beyond their tries, and of requests that a late answer ends: given back at once, to
 * whoever waits for them, and counted once.
 */
import { describe, expect, it } from 'vitest'
import { type Instant, after as later, millis, seconds } from '../../src/units.ts'
import { attribute, sign } from '../radius/oracle.ts'
import { responseTo, SERVER_SECRET } from './datagrams.ts'
import { START, World } from './kit.ts'
import { answerAfter, differentPackets, othersLogIn } from './logins.ts'
import { classes, deadServer, queues, server } from './options.ts'

const DEFAULTS = { timeout: seconds(2), maxRetries: 1 }
const probed = deadServer({ probe: 'status_server', consecutiveFailures: 1000 })
const at = (second: number): Instant => later(START, seconds(second))
const patient = queues({ authentication: { maxAge: seconds(20) } })

describe('the place of a login that waits on', () => {
  it('is given up between dispatches: what it pushes out of a full queue is no request that is being sent', () => {
    const s1 = server('s1', { ...DEFAULTS, maxOutstanding: 1 })
    const s2 = (isHeldDown: boolean) => server('s2', { ...DEFAULTS, address: '192.0.2.11', rate: 1, isHeldDown })
    const world = new World({
      servers: [s1, s2(true)],
      deadServer: probed,
      queues: queues({ authentication: { maxMessages: 1 } }),
    })
    const old = world.access({ tag: 'old' })
    world.plan(at(1.5), () => world.again(old))
    world.plan(at(4.5), () => {
      world.reconfigure({ servers: [s1, s2(false)] })
      world.access({ tag: 'new' })
      world.settle()
    })
    world.advance(seconds(12))
    expect(world.account('authentication')).toMatchObject({ received: 3, duplicate: 1 })
  })

  it('goes to a request that waited for its slot, when that begins', () => {
    const world = new World({
      servers: [server('s1', { timeout: seconds(4), maxRetries: 0, maxOutstanding: 2, rate: 1 })],
      deadServer: probed,
      queues: patient,
    })
    world.access({ tag: 'a' })
    const b = world.access({ tag: 'b' })
    // It is sent again at 5.24 s and uses second 5.
    world.plan(at(4.9), () => world.again(b))
    world.plan(at(5.5), () => {
      world.access({ tag: 'new' })
      world.settle()
    })
    world.advance(seconds(13))
    expect(world.sentOf('new')[0]!.at).toBe(at(6))
  })

  it('goes to the next login of its own client as well', () => {
    const world = new World({ servers: [server('s1', { ...DEFAULTS, maxOutstanding: 1 })], deadServer: probed })
    const own = { identifier: 7, from: { port: 3000 } }
    const old = world.access({ tag: 'old', ...own })
    world.plan(at(1.5), () => world.again(old))
    world.plan(at(4.5), () => {
      world.access({ tag: 'new', ...own })
      world.settle()
    })
    world.advance(seconds(8))
    expect(world.sentOf('new')[0]?.at).toBe(at(4.5))
  })

  it('is kept where that helps nobody: all identifiers rest, or more would have to go than wait on', () => {
    const limits = { timeout: millis(100), maxRetries: 0, maxOutstanding: 128 }
    const world = new World({ servers: [server('s1', limits)], deadServer: probed })
    for (let i = 0; i < 128; i += 1) world.access({ tag: `a${i}` })
    world.advance(millis(1000))
    for (let i = 0; i < 128; i += 1) world.access({ tag: `b${i}` })
    world.advance(millis(500))
    const before = world.account('authentication')['givenUp']
    world.access({ tag: 'c' })
    world.settle()
    expect(world.sentOf('c')).toEqual([])
    expect(world.account('authentication')['givenUp']).toBe(before)
  })

  it('is enough for the newcomer where max_outstanding was lowered', () => {
    const servers = (maxOutstanding: number) => [server('s1', { ...DEFAULTS, maxOutstanding })]
    const world = new World({ servers: servers(8), deadServer: probed, queues: patient })
    for (let i = 0; i < 8; i += 1) world.access({ tag: `old ${i}` })
    world.plan(at(4.5), () => {
      world.reconfigure({ servers: servers(4) })
      world.access({ tag: 'new' })
      world.settle()
    })
    world.advance(seconds(4.6))
    expect(world.sentOf('new')).toHaveLength(1)
    expect(world.account('authentication')).toMatchObject({ givenUp: 5 })
    expect(world.lane('s1', 'authentication').outstanding).toBe(4)
  })

  it('is not taken from one that is being tried again, as a reload allows it more tries', () => {
    const servers = (maxRetries: number) => [server('s1', { timeout: seconds(2), maxRetries, maxOutstanding: 1 })]
    const world = new World({ servers: servers(1), deadServer: probed, queues: patient })
    world.access({ tag: 'old' })
    world.plan(at(5), () => world.reconfigure({ servers: servers(5) }))
    world.advance(seconds(5.5))
    while (world.sent.length === 2) world.advance(millis(10))
    world.access({ tag: 'new' })
    world.settle()
    expect(world.account('authentication')).not.toHaveProperty('givenUp')
  })
})

it.each([0, 1])(
  'a login that two living servers leave unanswered goes to each once, with max_retries %i',
  (maxRetries) => {
    const limits = { timeout: seconds(2), maxRetries }
    const world = new World({
      servers: [server('s1', limits), server('s2', limits)],
      deadServer: probed,
      classes: classes({ algorithm: 'round_robin' }),
    })
    answerAfter(world, 0.02)
    const answer = world.onForward
    world.onForward = (sent) => {
      if (sent.tag !== 'his') answer?.(sent)
    }
    const his = world.access({ tag: 'his' })
    for (let second = 3; second < 30; second += 3) world.plan(at(second), () => world.again(his))
    othersLogIn(world, 0.1, 29)
    world.advance(seconds(29))
    expect(differentPackets({ sent: world.sentOf('his') })).toBe(2)
  },
)

it('a late answer that meets a due retry of a record that was set aside gives its share of the identifiers back', () => {
  const servers = (rate: number) => [server('s1', { timeout: millis(500), maxRetries: 1, maxOutstanding: 8, rate })]
  const world = new World({ servers: servers(0), deadServer: probed })
  const put = (second: number, tag: string): void => {
    world.plan(at(second), () => {
      world.accounting({ tag })
      world.settle()
    })
  }
  const others = (from: number): void => {
    for (let i = 0; i < 20; i += 1) put(from + i * 0.1, `ok ${from} ${i}`)
  }
  world.onForward = (sent) => {
    if (sent.tag.startsWith('ok')) world.plan(later(world.now, millis(20)), () => world.answer(sent))
  }
  put(0.15, 'a')
  others(0.1)
  world.plan(at(5), () => world.reconfigure({ servers: servers(1) }))
  world.advance(seconds(5))
  while (world.lane('s1', 'accounting').waitingRetries === 0) world.advance(millis(10))
  world.answer(world.sentOf('a')[0]!)
  world.reconfigure({ servers: servers(0) })
  world.advanceTo(at(30))
  put(30.15, 'b')
  others(30.1)
  world.advance(seconds(120))
  expect(world.sentOf('b').length).toBeGreaterThan(2)
})

describe('a signed Accounting-Response ends its record, whatever stands in it', () => {
  const torn = (bytes: Uint8Array): Uint8Array => {
    const packet = responseTo(bytes, { attributes: [attribute(25, 'x')] })
    packet[packet.length - 2] = 1
    return sign(packet, SERVER_SECRET, bytes.subarray(4, 20))
  }
  const unsigned = (bytes: Uint8Array): Uint8Array =>
    responseTo(bytes, { attributes: [attribute(80, Buffer.alloc(16, 7)), attribute(80, Buffer.alloc(16))] })
  const eap = (bytes: Uint8Array): Uint8Array =>
    responseTo(bytes, { attributes: [attribute(79, Buffer.from([3, 1, 0, 4]))] })

  it.each([torn, unsigned, eap])('in time, and late while it is in hand', (make) => {
    for (const waits of [0, 2]) {
      const world = new World({
        servers: [server('s1', { timeout: seconds(1), maxRetries: 0 }), server('s2', { timeout: seconds(100) })],
        deadServer: probed,
      })
      const told: string[] = []
      world.engine.follow([{ trace: 1 } as never], { note: (_traces, { step }) => told.push(step) })
      const record = world.accounting({ tag: 'a' })
      world.settle()
      world.advance(seconds(waits))
      const [sent] = world.sentOf('a')
      world.respond(sent!, make(sent!.bytes))
      expect(world.answersTo(record)).toHaveLength(1)
      expect(world.account('accounting')).toEqual({ received: 1, answered: 1 })
      expect(told.at(-1)).toBe('answered')
      expect(world.lane('s1', 'accounting').counters.responses).toBe(1)
    }
  })
})
