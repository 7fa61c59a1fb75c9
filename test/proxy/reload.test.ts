/**
 * Another configuration while traffic flows: what holds from when on, and what becomes of what is in hand.
 */
import { describe, expect, it } from 'vitest'
import type { EngineOptions, ServerOptions } from '../../src/proxy/border/options.ts'
import { after as later, millis, seconds } from '../../src/units.ts'
import { hasValidAuthenticator, openPassword, valueAt, ZERO } from '../radius/oracle.ts'
import { START, World } from './kit.ts'
import { classes, client, deadServer, queues, server } from './options.ts'

const patient = { queues: queues({ authentication: { maxAge: seconds(600) } }) }

/** How many left in each grid second. */
const perSecond = (world: World): number[] => {
  const counts: number[] = []
  for (const { at } of world.sent) {
    const second = Math.floor((at - START) / 1_000_000)
    counts[second] = (counts[second] ?? 0) + 1
  }
  return counts
}

describe('a new rate', () => {
  const roomy = { maxOutstanding: 4000, timeout: seconds(600) }

  it.each([
    [30, 200],
    [200, 30],
    [5, 0],
    [0, 5],
  ])('from %i to %i holds from the next whole grid second on', (from, to) => {
    const world = new World({ ...patient, servers: [server('s1', { rate: from, ...roomy })] })
    for (let i = 0; i < 1_200; i += 1) world.accounting()
    world.advanceTo(later(START, millis(1_430)))
    world.reconfigure({ servers: [server('s1', { rate: to, ...roomy })] })
    expect(world.lane('s1', 'accounting').slots.pendingMaxRate).toBe(to)
    for (let i = 0; i < 200; i += 1) world.accounting()
    world.advanceTo(later(START, millis(3_999)))
    const [first = 0, second = 0, third = 0, fourth = 0] = perSecond(world)
    if (from === 0) expect([first, second, third, fourth]).toEqual([1_200, 200, 0, 0])
    else if (to === 0) expect([first, second, third, fourth]).toEqual([5, 5, 1_390, 0])
    else expect([first, second, third, fourth]).toEqual([from, from, to, to])
    expect(world.lane('s1', 'accounting').slots).toMatchObject({ maxRate: to, pendingMaxRate: undefined })
  })
})

describe('a server removed', () => {
  const two = (o: Partial<EngineOptions> = {}): World =>
    new World({
      ...patient,
      servers: [server('s1', { maxOutstanding: 2, timeout: seconds(1), maxRetries: 3 }), server('s2')],
      ...o,
    })

  it('gives its queue to the others at once, in the order of arrival', () => {
    const world = two()
    for (let i = 0; i < 10; i += 1) world.access({ tag: `a${i}` })
    world.settle()
    world.reconfigure({ servers: [server('s2')] })
    world.settle()
    expect(world.tags('s1')).toEqual(['a0', 'a1'])
    expect(world.tags('s2')).toEqual(['a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8', 'a9'])
    expect(world.sent.every(({ at }) => at === world.now)).toBe(true)
  })

  it('gets no retry of what is outstanding there; at its time-out that goes to another server', () => {
    const world = two()
    world.access({ tag: 'a' })
    world.settle()
    world.reconfigure({ servers: [server('s2')] })
    expect(world.lane('s1', 'authentication')).toMatchObject({ retiring: true, outstanding: 1 })
    world.advance(seconds(1.5))
    expect(world.sent.map((sent) => sent.server)).toEqual(['s1', 's2'])
    expect(world.snapshot().lanes.map((lane) => lane.server)).toEqual(['s2', 's2'])
  })

  it('may still answer what is outstanding there, and is forgotten after the last of it', () => {
    const world = two()
    const asked = world.access()
    world.settle()
    world.reconfigure({ servers: [server('s2')] })
    world.answer(world.sent[0]!)
    expect(world.answersTo(asked)).toHaveLength(1)
    expect(world.engine.plan().map((plan) => plan.server)).toEqual(['s2', 's2'])
    // A datagram for its lane, whose number no other path ever gets, finds nothing.
    world.respond(world.sent[0]!, Buffer.alloc(20))
    world.reconfigure({ servers: [server('s3', { address: '192.0.2.99' }), server('s2')] })
    expect(world.engine.plan().map(({ lane }) => lane)).toEqual([1, 3, 4, 5])
  })

  it('with nothing outstanding is gone at the next turn', () => {
    const world = two()
    world.reconfigure({ servers: [server('s2')] })
    world.settle()
    expect(world.snapshot().lanes.map((lane) => lane.server)).toEqual(['s2', 's2'])
  })

  it('takes no conversation down with it: a bound request goes to another server', () => {
    const world = two()
    world.access()
    world.settle()
    world.answer(world.sent[0]!, { code: 11, state: 's' })
    world.access({ tag: 'outstanding', state: 's' })
    world.settle()
    world.reconfigure({ servers: [server('s2')] })
    world.access({ tag: 'new', state: 's' })
    world.settle()
    expect(world.sentOf('new')[0]!.server).toBe('s2')
    world.advance(seconds(2))
    expect(
      world
        .sentOf('outstanding')
        .map((sent) => sent.server)
        .slice(0, 2),
    ).toEqual(['s1', 's2'])
  })

  it('that was the last one leaves messages parked; one that is added takes them in order', () => {
    const world = two({ servers: [server('s1', { maxOutstanding: 1, timeout: seconds(600) })] })
    for (let i = 0; i < 4; i += 1) world.accounting({ tag: `a${i}` })
    world.settle()
    world.reconfigure({ servers: [] })
    world.advance(seconds(60))
    expect(world.snapshot().classes.accounting).toMatchObject({ parked: 3, outstanding: 1 })
    world.reconfigure({ servers: [server('s3', { address: '192.0.2.99' })] })
    world.settle()
    expect(world.tags('s3')).toEqual(['a1', 'a2', 'a3'])
  })

  it('that answers once more is no return of the farm, when the others are Down', () => {
    const world = two({
      servers: [
        server('s1', { timeout: seconds(3), maxRetries: 0 }),
        server('s2', { timeout: seconds(1), maxRetries: 0 }),
      ],
      deadServer: deadServer({ consecutiveFailures: 1 }),
    })
    world.accounting({ tag: 'early' })
    world.advance(seconds(2))
    world.accounting({ tag: 'outstanding' })
    world.advance(seconds(2.5))
    expect(world.noted('all-servers-down')).toHaveLength(1)
    world.reconfigure({ servers: [server('s2', { timeout: seconds(1), maxRetries: 0 })] })
    world.answer(world.sentOf('outstanding')[0]!)
    expect(world.statesOf('s1', 'accounting').at(-1)).toBe('active')
    expect(world.noted('servers-back')).toEqual([])
    expect(world.snapshot().classes.accounting.parked).toBe(1)
  })

  it('with due retries in its queue: they become copies at another server', () => {
    const world = two({ servers: [server('s1', { rate: 2, timeout: millis(300), maxRetries: 5 }), server('s2')] })
    for (let i = 0; i < 2; i += 1) world.access({ tag: `a${i}` })
    world.advance(millis(950))
    expect(world.lane('s1', 'authentication').waitingRetries).toBeGreaterThan(0)
    world.reconfigure({ servers: [server('s2')] })
    world.settle()
    expect(world.tags('s2').length).toBeGreaterThan(0)
  })
})

describe('a server that stays', () => {
  it('keeps its lane, its outstanding requests, its health and its slot through a reload', () => {
    const world = new World({ ...patient, servers: [server('s1', { rate: 20, timeout: seconds(1), maxRetries: 0 })] })
    world.access()
    world.advance(seconds(1.2))
    const before = world.lane('s1', 'authentication')
    expect(before.state).toBe('not_responding')
    world.reconfigure({ servers: [server('s1', { rate: 20, timeout: seconds(2), maxRetries: 4 }), server('s2')] })
    expect(world.lane('s1', 'authentication')).toEqual({
      ...before,
      answers: { ...before.answers, timeout: seconds(2) },
    })
  })

  it('with another address or port is another server: the old lane retires', () => {
    for (const changed of [server('s1', { address: '192.0.2.99' }), server('s1', { port: 1645 })]) {
      const world = new World(patient)
      const old = world.access({ tag: 'old' })
      world.settle()
      world.reconfigure({ servers: [changed] })
      world.access({ tag: 'new' })
      world.settle()
      expect(world.sent.map(({ lane }) => lane)).toEqual([0, 2])
      world.answer(world.sent[0]!)
      expect(world.answersTo(old)).toHaveLength(1)
    }
  })

  it('takes the options of health and probes: Down by the new count, probed from now on', () => {
    const world = new World({ ...patient, servers: [server('s1', { timeout: seconds(1), maxRetries: 0 })] })
    world.accounting()
    world.advance(seconds(1.5))
    expect(world.lane('s1', 'accounting').state).toBe('not_responding')
    world.reconfigure({ deadServer: deadServer({ consecutiveFailures: 1, probe: 'status_server' }) })
    world.settle()
    expect(world.probes).toHaveLength(1)
    world.advance(seconds(1))
    expect(world.lane('s1', 'accounting').state).toBe('down')
    world.advance(seconds(12))
    expect(world.probes).toHaveLength(2)
    world.reconfigure({ deadServer: deadServer({ consecutiveFailures: 1, probe: 'none' }) })
    world.accounting({ tag: 'trial' })
    world.advance(seconds(11))
    expect(world.probes).toHaveLength(2)
    expect(world.sentOf('trial').length).toBeGreaterThan(0)
  })
})

describe('other options', () => {
  it('of the service order hold for what waits already', () => {
    const world = new World({
      ...patient,
      servers: [server('s1', { maxOutstanding: 1, timeout: seconds(600) })],
      serviceOrder: 'fifo',
    })
    for (const tag of ['blocks', 'plain']) world.access({ tag })
    world.settle()
    world.access({ tag: 'state', state: 's' })
    world.settle()
    world.reconfigure({ serviceOrder: 'authentication_first' })
    world.answer(world.sent[0]!)
    expect(world.tags()).toEqual(['blocks', 'state'])
  })

  it('of the algorithm hold for new requests; what waits keeps its server', () => {
    const world = new World({
      ...patient,
      servers: [server('s1', { maxOutstanding: 1, timeout: seconds(600) }), server('s2')],
    })
    for (let i = 0; i < 4; i += 1) world.access()
    world.settle()
    world.reconfigure({ classes: classes({ algorithm: 'round_robin' }) })
    for (let i = 0; i < 4; i += 1) world.access()
    world.settle()
    expect(world.lane('s1', 'authentication').queued).toBe(5)
    expect(world.tags('s2')).toHaveLength(2)
  })

  it('of the slot length hold from the next second on', () => {
    const world = new World({ ...patient, servers: [server('s1', { rate: 20 })] })
    world.reconfigure({ slot: seconds(1) })
    expect(world.lane('s1', 'accounting').slots.slotsPerSecond).toBe(20)
    world.advance(seconds(1))
    expect(world.lane('s1', 'accounting').slots.slotsPerSecond).toBe(1)
  })
})

describe('clients', () => {
  it('removed are still answered for what is in hand; what they send from now on is unknown', () => {
    const world = new World(patient)
    const asked = world.accounting()
    world.settle()
    world.reconfigure({ clients: [client({ name: 'other', network: '192.0.2.0/24' })] })
    world.answer(world.sent[0]!)
    expect(world.answersTo(asked)).toHaveLength(1)
    world.again(asked)
    expect(world.account('accounting')).toEqual({ received: 2, answered: 1, 'unknown-client': 1 })
  })

  it('with another secret: what is in hand ends with the old one, what comes is held to the new one', () => {
    const world = new World({ ...patient, servers: [server('s1', { maxOutstanding: 1 })] })
    const first = world.accounting({ tag: 'first' })
    world.settle()
    const waits = world.access({ tag: 'waits', password: 'in hand' })
    const record = world.accounting({ tag: 'record' })
    world.reconfigure({ clients: [client({ secret: 'new secret' })] })
    world.accounting({ tag: 'wrong now' })
    const fresh = world.accounting({ tag: 'fresh', secret: 'new secret' })
    world.settle()
    for (let i = 0; i < 4; i += 1) world.answer(world.sent[i]!)
    expect(world.answersTo(first)).toHaveLength(1)
    expect(world.answersTo(waits)).toHaveLength(1)
    expect(world.answersTo(record)).toHaveLength(1)
    expect(world.answersTo(fresh, 'new secret')).toHaveLength(1)
    expect(world.account('accounting')).toEqual({ received: 4, answered: 3, 'bad-authenticator': 1 })
    const { bytes } = world.sentOf('waits')[0]!
    const at = valueAt(bytes, 2)
    const password = openPassword(bytes.subarray(at, at + 16), 'the servers share that', bytes.subarray(4, 20))
    expect(password.toString().replaceAll('\0', '')).toBe('in hand')
  })

  it('keep their counters through a reload', () => {
    const world = new World(patient)
    world.access()
    world.accounting({ status: 1 })
    const { accounting, served, waiting } = world.snapshot().clients[0]!
    world.reconfigure({ clients: [client({ secret: 'new secret' })] })
    expect(world.snapshot().clients).toEqual([
      {
        name: 'bng',
        maxRate: 0,
        weight: 1,
        served,
        waiting,
        received: { authentication: 1, accounting: 1 },
        dropped: 0,
        badAuthenticators: 0,
        accounting,
        leftOut: { nas_ip_address: 0, gigawords: 0, acct_delay_time: 0 },
      },
    ])
    expect(accounting.records).toMatchObject({ start: 1 })
  })
})

describe('a server with another secret', () => {
  it('gets retries as they were sent, and its answer to them is verified with the old one', () => {
    const world = new World({ ...patient, servers: [server('s1', { secret: 'old' })] })
    const asked = world.accounting({ tag: 'in hand' })
    world.settle()
    world.reconfigure({ servers: [server('s1', { secret: 'new' })] })
    world.advance(seconds(3.5))
    expect(world.sent).toHaveLength(2)
    expect(hasValidAuthenticator(world.sent[1]!.bytes, 'old', ZERO)).toBe(true)
    world.answer(world.sent[1]!, { secret: 'new' })
    expect(world.answersTo(asked)).toEqual([])
    world.answer(world.sent[1]!, { secret: 'old' })
    expect(world.answersTo(asked)).toHaveLength(1)
  })

  it('gets what was not sent yet signed with the new one', () => {
    const world = new World({ ...patient, servers: [server('s1', { secret: 'old', maxOutstanding: 1 })] })
    world.accounting()
    const asked = world.accounting()
    world.settle()
    world.reconfigure({ servers: [server('s1', { secret: 'new', maxOutstanding: 1 })] })
    world.answer(world.sent[0]!, { secret: 'old' })
    expect(hasValidAuthenticator(world.sent[1]!.bytes, 'new', ZERO)).toBe(true)
    world.answer(world.sent[1]!, { secret: 'new' })
    expect(world.answersTo(asked)).toHaveLength(1)
  })
})

describe('the plan of lanes', () => {
  it('for other options is exactly what those options leave, through any chain of reloads', () => {
    const world = new World(patient)
    const chains = [
      [server('s1'), server('s2')],
      [server('s2', { maxOutstanding: 4000 }), server('s1')],
      [server('s3', { port: 1645 })],
      [server('s1'), server('s3', { port: 1645, maxOutstanding: 10 })],
      [],
      [server('s2', { maxOutstanding: 1 })],
    ]
    for (const servers of chains) {
      world.access()
      world.accounting()
      world.settle()
      // `reconfigure` of the test kit compares planFor before with plan after.
      world.reconfigure({ servers })
      const numbers = world.engine.plan().map(({ lane }) => lane)
      expect(new Set(numbers).size).toBe(numbers.length)
    }
  })

  it('gives a server that comes back after all has come to rest only the ports that it needs now', () => {
    const wide = server('s2', { address: '192.0.2.11', maxOutstanding: 4_000 })
    const narrow = server('s2', { address: '192.0.2.11', maxOutstanding: 10 })
    const world = new World({ servers: [server('s1'), wide] })
    world.reconfigure({ servers: [server('s1')] })
    const plannedFor = (one: ServerOptions): number[] => {
      const servers = [server('s1'), one]
      const plan = world.engine.planFor({ ...world.options, servers }, world.now)
      return plan.filter((lane) => lane.server === 's2').map(({ ports }) => ports)
    }
    expect(plannedFor(narrow)).toEqual([32, 32])
    world.advance(seconds(1))
    expect(plannedFor(narrow)).toEqual([1, 1])
    world.reconfigure({ servers: [server('s1'), narrow] })
  })

  it("splits a server's source ports between its lanes, with one for the probes of each", () => {
    const ranged = {
      ...server('s1', { maxOutstanding: 256 }),
      sourcePorts: [20_000, 20_099] as const,
      sourceAddress: '192.0.2.2',
    }
    const world = new World({ servers: [ranged] })
    expect(world.engine.plan()).toMatchObject([
      {
        class: 'authentication',
        port: 1812,
        ports: 2,
        sourcePorts: { probe: 20_000, step: 1 },
        sourceAddress: '192.0.2.2',
      },
      {
        class: 'accounting',
        port: 1813,
        ports: 2,
        sourcePorts: { probe: 20_099, step: -1 },
        sourceAddress: '192.0.2.2',
      },
    ])
  })
})
