/**
 * Servers that fall silent: Not Responding, Down, and where their requests go.
 */
import { describe, expect, it } from 'vitest'
import { instant, after as later, micros, millis, seconds } from '../../../src/units.ts'
import { START, World } from '../kit.ts'
import { classes, deadServer, queues, server } from '../options.ts'

const patient = queues({ authentication: { maxAge: seconds(600) } })
/** Two tries a second apart, then it counts as failed. */
const quick = { timeout: seconds(1), maxRetries: 1 }

describe('Not Responding', () => {
  it('says that a request used up its tries; the server stays eligible', () => {
    const world = new World({ servers: [server('s1', quick), server('s2', quick)], queues: patient })
    world.access({ tag: 'a' })
    world.advance(seconds(2.3))
    expect(world.statesOf('s1', 'authentication')).toEqual(['not_responding'])
    world.access({ tag: 'b' })
    world.settle()
    expect(world.sentOf('b')[0]!.server).toBe('s1')
    world.answer(world.sentOf('b')[0]!)
    expect(world.statesOf('s1', 'authentication')).toEqual(['not_responding', 'active'])
    expect(world.lane('s1', 'authentication').consecutiveFailures).toBe(0)
  })

  it('of one class says nothing about the other', () => {
    const world = new World({ servers: [server('s1', quick)], queues: patient })
    world.accounting()
    world.advance(seconds(4))
    expect(world.lane('s1', 'accounting').state).toBe('not_responding')
    expect(world.lane('s1', 'authentication').state).toBe('active')
  })
})

describe('Down', () => {
  it('comes with consecutive_failures requests that used up their tries', () => {
    const world = new World({ servers: [server('s1', quick), server('s2', quick)], queues: patient })
    world.serversAnswerAfter(millis(10), 's2')
    for (let i = 0; i < 3; i += 1) world.accounting()
    world.advance(seconds(4))
    expect(world.lane('s1', 'accounting')).toMatchObject({ state: 'not_responding', consecutiveFailures: 3 })
    world.accounting()
    world.advance(seconds(4))
    expect(world.lane('s1', 'accounting').state).toBe('down')
    world.accounting({ tag: 'after' })
    world.settle()
    expect(world.sentOf('after')[0]!.server).toBe('s2')
    world.advance(seconds(4))
    expect(world.account('accounting')).toEqual({ received: 5, answered: 5 })
  })

  it('does not come while one answer in between begins the count anew', () => {
    const world = new World({ servers: [server('s1', quick)], queues: patient })
    for (let round = 0; round < 6; round += 1) {
      for (let i = 0; i < 3; i += 1) world.access()
      world.advance(seconds(4))
      world.access({ tag: `answered ${round}` })
      world.settle()
      world.answer(world.sentOf(`answered ${round}`)[0]!)
    }
    expect(world.statesOf('s1', 'authentication')).not.toContain('down')
    expect(world.lane('s1', 'authentication').counters.failures).toBe(18)
  })

  it('with a response_timeout waits until that has passed too, and needs no packet to notice', () => {
    const world = new World({
      servers: [server('s1', quick), server('s2')],
      queues: patient,
      deadServer: deadServer({ responseTimeout: seconds(20) }),
    })
    world.serversAnswerAfter(millis(10), 's2')
    for (let i = 0; i < 5; i += 1) world.accounting()
    world.advance(seconds(5))
    expect(world.lane('s1', 'accounting')).toMatchObject({ state: 'not_responding', consecutiveFailures: 5 })
    const firstFailure = world.events.find(({ event }) => event.kind === 'server-state')!.at
    world.advanceTo(instant(firstFailure + 19_999_999))
    expect(world.lane('s1', 'accounting').state).toBe('not_responding')
    world.advance(micros(1))
    expect(world.lane('s1', 'accounting').state).toBe('down')
  })

  it('moves the queue to the others at once, in the order of arrival', () => {
    const world = new World({
      servers: [server('s1', { ...quick, maxOutstanding: 4 }), server('s2')],
      queues: patient,
    })
    for (let i = 0; i < 20; i += 1) world.access({ tag: `a${i}` })
    world.advance(seconds(1.5))
    expect(world.lane('s1', 'authentication').queued).toBe(16)
    world.advance(seconds(1))
    const down = world.events.find(({ event }) => event.kind === 'server-state' && event.to === 'down')!
    expect(world.lane('s1', 'authentication')).toMatchObject({ state: 'down', queued: 0 })
    const neverThere = Array.from({ length: 20 }, (_, i) => `a${i}`).filter(
      (tag) => world.sentOf(tag)[0]!.server === 's2',
    )
    expect(neverThere.length).toBeGreaterThanOrEqual(10)
    const moved = world.sent.filter(({ tag }) => neverThere.includes(tag))
    expect(moved.map(({ tag }) => tag)).toEqual(neverThere)
    for (const { at } of moved) expect(at).toBe(down.at)
  })

  it('lets what is outstanding there fail over when it next times out, and an answer meanwhile still counts', () => {
    const world = new World({
      servers: [server('s1', { timeout: seconds(1), maxRetries: 3 }), server('s2')],
      queues: patient,
      deadServer: deadServer({ consecutiveFailures: 1 }),
    })
    world.access({ tag: 'old' })
    world.advance(seconds(3.55))
    const answered = world.access({ tag: 'answered' })
    const silent = world.access({ tag: 'silent' })
    world.advance(seconds(0.89))
    // `old` used up its four tries; the other two are outstanding at a server that is Down now.
    expect(world.lane('s1', 'authentication').state).toBe('down')
    expect(world.sentOf('silent').every((sent) => sent.server === 's1')).toBe(true)
    world.answer(world.sentOf('answered')[0]!)
    expect(world.answersTo(answered)).toHaveLength(1)
    expect(world.statesOf('s1', 'authentication').at(-1)).toBe('active')
    expect(world.sentOf('old').map((sent) => sent.server)).toEqual(['s1', 's1', 's1', 's1', 's2'])
    world.answer(world.sentOf('silent')[0]!)
    expect(world.answersTo(silent)).toHaveLength(1)
  })

  it('sends no retry to a server that is Down: at the next time-out the request goes elsewhere', () => {
    const world = new World({
      servers: [server('s1', { timeout: seconds(1), maxRetries: 3 }), server('s2')],
      queues: patient,
      deadServer: deadServer({ consecutiveFailures: 1 }),
    })
    world.access({ tag: 'old' })
    world.advance(seconds(3.4))
    world.access({ tag: 'young' })
    world.advance(seconds(10))
    expect(
      world
        .sentOf('young')
        .map((sent) => sent.server)
        .slice(0, 2),
    ).toEqual(['s1', 's2'])
  })

  it('takes waiting retries along: a due retry of a server that goes Down becomes a copy at the next', () => {
    const world = new World({
      servers: [server('s1', { rate: 2, timeout: seconds(1), maxRetries: 0 }), server('s2')],
      queues: patient,
      deadServer: deadServer({ consecutiveFailures: 1 }),
    })
    for (let i = 0; i < 6; i += 1) world.access({ tag: `a${i}` })
    world.advance(seconds(4))
    expect(world.lane('s1', 'authentication')).toMatchObject({ state: 'down', queued: 0, waitingRetries: 0 })
    for (let i = 0; i < 6; i += 1) expect(world.sentOf(`a${i}`).some((sent) => sent.server === 's2')).toBe(true)
  })

  it('with a full queue sheds by the policy as the retries join it, and what is shed stays shed', () => {
    for (const overflow of ['drop_newest', 'drop_oldest'] as const) {
      const world = new World({
        servers: [server('s1', { rate: 1, timeout: millis(300), maxRetries: 1 }), server('s2', { rate: 1 })],
        deadServer: deadServer({ consecutiveFailures: 1, responseTimeout: seconds(1.2) }),
        queues: queues({ accounting: { maxMessages: 5, overflow } }),
      })
      world.accounting({ tag: 'first' })
      world.accounting({ tag: 'second' })
      // `first` leaves at 0 s and 1 s and has failed at 1.3 s; `second` leaves at 2 s, and is due again from 2.3 s on.
      world.advance(seconds(2.4))
      for (let i = 0; i < 5; i += 1) world.accounting({ tag: `waits${i}` })
      world.settle()
      expect(world.lane('s1', 'accounting')).toMatchObject({ state: 'not_responding', queued: 5, waitingRetries: 1 })
      // 1.2 s after the failure: Down.
      world.advance(millis(200))
      expect(world.lane('s1', 'accounting')).toMatchObject({ state: 'down', queued: 0, waitingRetries: 0 })
      expect(world.account('accounting')['queue-messages']).toBe(1)
      world.serversAnswerAfter(millis(1), 's2')
      world.advance(seconds(30))
      const { received, answered, 'queue-messages': shed, ...others } = world.account('accounting')
      expect([received, others]).toEqual([7, {}])
      expect([answered, shed]).toEqual([6, 1])
    }
  })
})

describe('a failover copy', () => {
  it('is a new packet: another identifier, authenticator and secret, and the same attributes', () => {
    const world = new World({
      servers: [server('s1', { ...quick, secret: 'one' }), server('s2', { secret: 'two' })],
      queues: patient,
    })
    world.access({ tag: 'first' })
    world.advance(seconds(1))
    const asked = world.access({ tag: 'a', proxyStates: ['x', 'y'] })
    world.advance(seconds(3))
    const copies = world.sentOf('a')
    expect(copies.map((sent) => sent.server)).toEqual(['s1', 's1', 's2'])
    expect(Buffer.from(copies[2]!.bytes.subarray(4, 20)).equals(copies[0]!.bytes.subarray(4, 20))).toBe(false)
    world.answer(copies[2]!, { secret: 'two' })
    expect(world.answersTo(asked)).toHaveLength(1)
  })

  it('takes precedence over younger requests at its new server, and needs an identifier there', () => {
    const world = new World({
      servers: [
        server('s1', { timeout: seconds(1), maxRetries: 0 }),
        server('s2', { maxOutstanding: 1, timeout: seconds(60) }),
      ],
      queues: patient,
      classes: classes({ algorithm: 'round_robin' }),
      deadServer: deadServer({ consecutiveFailures: 100 }),
    })
    for (const tag of ['b0', 'a0', 'b1', 'a1', 'b2', 'a2']) world.access({ tag, state: 'x' })
    world.advance(seconds(2))
    expect(world.tags('s2')).toEqual(['b0'])
    expect(world.tags('s1')).toEqual(['a0', 'a1', 'a2'])
    for (const expected of ['a0', 'a1', 'a2', 'b1', 'b2']) {
      world.answer(world.sent.filter((sent) => sent.server === 's2').at(-1)!)
      expect(world.tags('s2').at(-1)).toBe(expected)
    }
  })

  it('of an Access-Request past its max_age is not made', () => {
    const world = new World({ servers: [server('s1', { timeout: seconds(6), maxRetries: 0 }), server('s2')] })
    world.access({ tag: 'a' })
    world.accounting({ tag: 'record' })
    world.advance(seconds(30))
    expect(world.sentOf('a').map((sent) => sent.server)).toEqual(['s1'])
    expect(world.account('authentication')).toEqual({ received: 1, givenUp: 1 })
    expect(world.sentOf('record')[1]!.server).toBe('s2')
  })

  it('of an accounting record past its max_age is not made either: it expires by name', () => {
    const world = new World({
      servers: [server('s1', { timeout: seconds(6), maxRetries: 0 }), server('s2')],
      queues: queues({ accounting: { maxAge: seconds(4) } }),
    })
    world.accounting({ tag: 'record' })
    world.advance(seconds(30))
    expect(world.sentOf('record').map((sent) => sent.server)).toEqual(['s1'])
    expect(world.account('accounting')).toEqual({ received: 1, expired: 1 })
  })

  it('counts as a time-out at the one and a request at the other', () => {
    const world = new World({
      servers: [server('s1', { timeout: seconds(1), maxRetries: 0 }), server('s2')],
      queues: patient,
    })
    world.access()
    world.advance(seconds(2))
    expect(world.lane('s1', 'authentication').counters).toMatchObject({ requests: 1, timeouts: 1, retransmissions: 0 })
    expect(world.lane('s2', 'authentication').counters).toMatchObject({ requests: 1, timeouts: 0 })
  })
})

describe('back to Active', () => {
  const fallen = (o: Partial<ConstructorParameters<typeof World>[0]> = {}): World => {
    const world = new World({
      servers: [server('s1', { timeout: seconds(1), maxRetries: 0 }), server('s2')],
      queues: patient,
      deadServer: deadServer({ consecutiveFailures: 1, deadTime: seconds(60) }),
      ...o,
    })
    world.access({ tag: 'felled it' })
    // With a probe it is asked first, for one time-out.
    world.advance(seconds(o.deadServer?.probe === 'status_server' ? 2.2 : 1.2))
    expect(world.lane('s1', 'authentication').state).toBe('down')
    return world
  }

  it('when the dead time is over, counted from going Down, with nothing else happening', () => {
    const world = fallen()
    const since = world.lane('s1', 'authentication').stateSince
    world.advanceTo(instant(since + 59_999_999))
    expect(world.lane('s1', 'authentication').state).toBe('down')
    world.advance(micros(1))
    expect(world.lane('s1', 'authentication')).toMatchObject({ state: 'active', consecutiveFailures: 0 })
    world.access({ tag: 'next' })
    world.settle()
    expect(world.sentOf('next')[0]!.server).toBe('s1')
  })

  it('when a probe is answered: Status-Server, one an interval, each new, none of them a retransmission', () => {
    const world = fallen({
      deadServer: deadServer({ consecutiveFailures: 1, probe: 'status_server', probeInterval: seconds(10) }),
    })
    world.answer(world.sentOf('felled it')[1]!)
    world.advance(seconds(48))
    expect(world.probes.length).toBeGreaterThanOrEqual(4)
    expect(new Set(world.probes.map(({ bytes }) => Buffer.from(bytes).toString('hex'))).size).toBe(world.probes.length)
    expect(new Set(world.probes.map(({ bytes }) => bytes[1])).size).toBe(world.probes.length)
    for (const [i, probe] of world.probes.entries()) {
      expect(probe).toMatchObject({ server: 's1' })
      expect(probe.bytes[0]).toBe(12)
      // The first one asked whether it lives; one time-out later it was Down.
      if (i === 0) expect(world.lane('s1', 'authentication').stateSince - probe.at).toBe(1_000_000)
      const before = i === 1 ? world.lane('s1', 'authentication').stateSince : world.probes[i - 1]?.at
      if (before !== undefined) expect(Math.abs(probe.at - before - 10_000_000)).toBeLessThanOrEqual(2_000_000)
    }
    expect(world.lane('s1', 'authentication').counters.probesSent).toBe(world.probes.length)
    expect(world.sent).toHaveLength(2)
  })

  it('is no test traffic: a server that answers, or only does not respond, is never probed', () => {
    const world = new World({
      servers: [server('s1', quick)],
      queues: patient,
      deadServer: deadServer({ probe: 'status_server' }),
    })
    world.access()
    world.advanceTo(later(START, seconds(300)))
    expect(world.lane('s1', 'authentication').state).toBe('not_responding')
    expect(world.probes).toEqual([])
  })
})
