/**
 * Every server Down: messages park within their bounds, a returning farm is found, and the oldest go first.
 */
import { describe, expect, it } from 'vitest'
import { after as later, micros, millis, seconds } from '../../src/units.ts'
import { md5Of, messageAuthenticator, packetOf, sign } from '../radius/oracle.ts'
import { SERVER_SECRET } from './datagrams.ts'
import { World } from './kit.ts'
import { deadServer, queues, server } from './options.ts'

const patient = queues({ authentication: { maxAge: seconds(3600) } })
const failing = { timeout: seconds(1), maxRetries: 0 }

/** A farm of which all servers are Down, with one accounting request parked. */
const outage = (
  o: Partial<ConstructorParameters<typeof World>[0]> = {},
  names: readonly string[] = ['s1', 's2'],
): World => {
  const world = new World({
    servers: names.map((name) => server(name, failing)),
    queues: patient,
    deadServer: deadServer({ consecutiveFailures: 1 }),
    ...o,
  })
  world.accounting({ tag: 'felled them' })
  // With probes each is asked for a time-out before it is Down, and the record is sent to it again meanwhile.
  const isAsked = o.deadServer?.probe === 'status_server'
  world.advance(seconds(isAsked ? 2 + 1.2 * names.length : 1.2 * names.length))
  expect(names.map((name) => world.lane(name, 'accounting').state)).toEqual(names.map(() => 'down'))
  expect(world.account('accounting')).toEqual({ received: 1, queued: 1 })
  expect(world.snapshot().classes.accounting.parked).toBe(1)
  return world
}

describe('with every server Down', () => {
  it('messages park, nothing leaves, and the engine asks for no wake but its next trial', () => {
    const world = outage()
    const before = world.sent.length
    for (let i = 0; i < 50; i += 1) world.accounting()
    world.advance(seconds(2))
    expect(world.sent).toHaveLength(before)
    expect(world.snapshot().classes.accounting).toMatchObject({ queued: 51, parked: 51, instanceQueued: 0 })
    const down = world.lane('s2', 'accounting').stateSince
    expect(world.engine.nextWakeAt(world.now)).toBe(later(down, seconds(10)))
    expect(world.noted('all-servers-down')).toEqual([
      { kind: 'all-servers-down', class: 'accounting', parked: 0, held: [] },
    ])
  })

  it('the other class goes on undisturbed', () => {
    const world = outage()
    const asked = world.access()
    world.settle()
    world.answer(world.sent.at(-1)!)
    expect(world.answersTo(asked)).toHaveLength(1)
  })

  it('the bounds of the queue hold for the parked ones too', () => {
    const world = outage({ queues: queues({ accounting: { maxMessages: 10, overflow: 'drop_oldest' } }) })
    for (let i = 0; i < 30; i += 1) world.accounting()
    world.advance(millis(1))
    expect(world.account('accounting')).toEqual({ received: 31, queued: 10, 'queue-messages': 21 })
  })

  it('Access-Requests expire by their max_age, and the class is idle again', () => {
    const world = new World({
      servers: [server('s1', failing)],
      deadServer: deadServer({ consecutiveFailures: 1 }),
    })
    for (let i = 0; i < 5; i += 1) world.access()
    world.advance(seconds(1.2))
    for (let i = 0; i < 5; i += 1) world.access()
    world.advance(seconds(6))
    expect(world.account('authentication')).toEqual({ received: 10, expired: 10 })
    expect(world.engine.inspection.isIdle()).toBe(true)
    expect(world.engine.nextWakeAt(world.now)).toBe(later(world.lane('s1', 'authentication').stateSince, seconds(600)))
  })
})

describe('with probe none', () => {
  it('one live request per probe interval goes out, to the server that was least recently tried', () => {
    const world = outage({}, ['s1', 's2', 's3'])
    for (let i = 0; i < 5; i += 1) world.accounting({ tag: `waits${i}` })
    const before = world.sent.length
    const downSince = world.now
    world.advance(seconds(61))
    const trials = world.sent.slice(before)
    expect(trials.map((sent) => sent.server)).toEqual(['s1', 's2', 's3', 's1', 's2', 's3'])
    for (const [i, { at }] of trials.entries()) {
      if (i > 0) expect(at - trials[i - 1]!.at).toBeGreaterThanOrEqual(10_000_000)
      if (i > 0) expect(at - trials[i - 1]!.at).toBeLessThanOrEqual(10_010_000)
      else expect(at - downSince).toBeLessThanOrEqual(10_000_000)
    }
    // A trial that was in vain is no failure of a server that is Down already, and its request parks again.
    expect(world.snapshot().classes.accounting).toMatchObject({ queued: 6, parked: 6 })
    expect(world.lane('s1', 'accounting').stateSince).toBeLessThanOrEqual(downSince)
  })

  it('a farm that came back is found within one interval, and everything parked is served, oldest first', () => {
    const world = outage()
    for (let i = 0; i < 200; i += 1) {
      world.accounting({ tag: `r${i}` })
      world.advance(millis(100))
    }
    expect(world.snapshot().classes.accounting.parked).toBeGreaterThanOrEqual(200)
    const before = world.sent.length
    const back = world.now
    world.serversAnswerAfter(millis(5))
    world.advance(seconds(10.1))
    expect(world.account('accounting')).toEqual({ received: 201, answered: 201 })
    const after = world.sent.slice(before)
    expect(after.at(-1)!.at - back).toBeLessThanOrEqual(10_100_000)
    const fresh = after.slice(1).filter(({ tag }) => tag.startsWith('r'))
    const order = fresh.map(({ tag }) => Number(tag.slice(1)))
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    expect(world.noted('servers-back')).toHaveLength(1)
  })

  it('the trial is a request that was never sent, while there is one', () => {
    const world = outage()
    world.accounting({ tag: 'fresh' })
    world.advance(seconds(10))
    expect(world.sent.at(-1)!.tag).toBe('fresh')
    // Now all were sent: the one with the fewest transmissions so far.
    world.advance(seconds(10))
    expect(world.sent.at(-1)!.tag).toBe('fresh')
    world.advance(seconds(10))
    expect(new Set(world.sent.slice(-2).map(({ tag }) => tag))).toEqual(new Set(['fresh', 'felled them']))
  })

  it('a reload in the meantime does not put the trial off', () => {
    const world = outage()
    const before = world.sent.length
    for (let i = 0; i < 12; i += 1) {
      world.advance(seconds(5))
      world.reconfigure({})
    }
    expect(world.sent.length - before).toBeGreaterThanOrEqual(5)
  })

  it('a trial takes quota and an identifier like every transmission, and waits for them without spinning', () => {
    const world = new World({
      servers: [server('s1', { timeout: seconds(30), maxRetries: 0, maxOutstanding: 1 })],
      deadServer: deadServer({ consecutiveFailures: 1 }),
    })
    for (let i = 0; i < 3; i += 1) world.accounting({ tag: `r${i}` })
    world.advance(seconds(100))
    expect(world.lane('s1', 'accounting').state).toBe('down')
    // Each trial holds the only identifier for 30 s; the interval of 10 s passes in vain meanwhile.
    const times = world.sent.map(({ at }) => at)
    for (let i = 1; i < times.length; i += 1) expect(times[i]! - times[i - 1]!).toBeGreaterThanOrEqual(27_000_000)
    expect(times.length).toBeGreaterThanOrEqual(3)
  })

  it('where the slot is used up the trial waits for the next one without spinning', () => {
    // The only message of each second goes to what was outstanding when the server went Down: the dead time ends the trials.
    const world = new World({
      servers: [server('s1', { timeout: millis(500), maxRetries: 0, rate: 1 })],
      deadServer: deadServer({ consecutiveFailures: 1, probeInterval: millis(700) }),
    })
    for (let i = 0; i < 3; i += 1) world.accounting({ tag: `r${i}` })
    world.advance(seconds(20))
    const slots = world.sent.map(({ at }) => Math.floor(at / 1_000_000))
    expect(new Set(slots).size).toBe(slots.length)
    expect(slots.length).toBeGreaterThanOrEqual(15)
  })

  it('dead time over makes them Active without a trial', () => {
    const world = outage({ deadServer: deadServer({ consecutiveFailures: 1, deadTime: seconds(5) }) }, ['s1'])
    const asked = world.accounting({ tag: 'next' })
    world.advanceTo(later(world.lane('s1', 'accounting').stateSince, seconds(5)))
    expect(world.statesOf('s1', 'accounting').at(-1)).toBe('active')
    world.answer(world.sentOf('next')[0]!)
    expect(world.answersTo(asked)).toHaveLength(1)
  })
})

describe('with probe status_server', () => {
  const probed = { deadServer: deadServer({ consecutiveFailures: 1, probe: 'status_server' as const }) }

  const probeAnswer = (probe: Uint8Array, o: { readonly code?: number; readonly secret?: string } = {}): Buffer => {
    const packet = packetOf(o.code ?? 5, probe[1]!, probe.subarray(4, 20), [messageAuthenticator])
    return sign(packet, o.secret ?? SERVER_SECRET, probe.subarray(4, 20))
  }

  /** Time passes until the server is probed again. */
  const nextProbe = (world: World, name: string): World['probes'][number] => {
    const before = world.probes.length
    const found = (): World['probes'][number] | undefined =>
      world.probes.slice(before).find(({ server: probed }) => probed === name)
    for (let step = 0; found() === undefined && step < 200; step += 1) world.advance(millis(100))
    return found()!
  }

  it('no live request is sent to a Down server; an answered probe brings everything back at once', () => {
    const world = outage(probed)
    for (let i = 0; i < 5; i += 1) world.accounting({ tag: `r${i}` })
    const before = world.sent.length
    world.advance(seconds(40))
    expect(world.sent).toHaveLength(before)
    const probe = nextProbe(world, 's2')
    world.engine.probeAnswered(probe.lane, probeAnswer(probe.bytes), world.now)
    world.settle()
    expect(world.lane('s2', 'accounting')).toMatchObject({ state: 'active', counters: { probesAnswered: 1 } })
    expect(world.sent.slice(before).map((sent) => sent.server)).toEqual(Array.from({ length: 6 }, () => 's2'))
    expect(world.lane('s1', 'accounting').state).toBe('down')
  })

  it('an answer that does not verify, or to an older probe, changes nothing and is counted', () => {
    const world = outage(probed, ['s1'])
    world.advance(seconds(30))
    const [older, latest] = world.probes.slice(-2)
    const answers: [Uint8Array, string][] = [
      [probeAnswer(latest!.bytes, { secret: 'wrong' }), 'bad-authenticator'],
      [probeAnswer(older!.bytes), 'bad-authenticator'],
      [probeAnswer(latest!.bytes, { code: 3 }), 'unknown-code'],
      [probeAnswer(latest!.bytes).subarray(0, 19), 'too-short'],
      [sign(packetOf(5, latest!.bytes[1]!, md5Of('x'), []), SERVER_SECRET, md5Of('x')), 'bad-authenticator'],
    ]
    for (const [bytes, reason] of answers) {
      world.engine.probeAnswered(latest!.lane, bytes, world.now)
      expect(world.noted('response-dropped').at(-1)).toMatchObject({ server: 's1', reason })
    }
    expect(world.lane('s1', 'accounting')).toMatchObject({ state: 'down', counters: { probesAnswered: 0 } })
    world.engine.probeAnswered(99, answers[0]![0], world.now)
  })

  it('an answer to a probe that took longer than a request may take is late, and changes nothing', () => {
    const world = outage(probed, ['s1'])
    const probe = nextProbe(world, 's1')
    world.advance(seconds(1.2))
    world.engine.probeAnswered(probe.lane, probeAnswer(probe.bytes), world.now)
    const { late, ...note } = world.noted('response-dropped').at(-1)!
    expect(note).toMatchObject({ server: 's1', reason: 'late' })
    expect(late?.limit).toBe(seconds(1))
    expect(late?.after).toBeGreaterThanOrEqual(seconds(1.2))
    expect(world.lane('s1', 'accounting').state).toBe('down')
  })

  it('an answered probe is over: the same answer again is none', () => {
    const world = outage(probed, ['s1'])
    const probe = nextProbe(world, 's1')
    const answer = probeAnswer(probe.bytes)
    world.engine.probeAnswered(probe.lane, answer, world.now)
    world.engine.probeAnswered(probe.lane, answer, world.now)
    expect(world.lane('s1', 'accounting').counters).toMatchObject({ probesAnswered: 1 })
    expect(world.lane('s1', 'accounting').counters.dropped['bad-authenticator']).toBe(1)
  })
})

describe('a late answer of the server that was Down', () => {
  it('to what is still outstanding makes it Active at once, and the parked go', () => {
    const world = new World({
      servers: [server('s1', { timeout: seconds(10), maxRetries: 0 })],
      queues: patient,
      deadServer: deadServer({ consecutiveFailures: 1 }),
    })
    world.accounting({ tag: 'old' })
    world.advance(seconds(5))
    world.accounting({ tag: 'young' })
    world.advance(seconds(7))
    expect(world.lane('s1', 'accounting').state).toBe('down')
    world.answer(world.sentOf('young')[0]!)
    expect(world.lane('s1', 'accounting').state).toBe('active')
    expect(world.tags()).toEqual(['old', 'young', 'old'])
    world.advance(micros(1))
    expect(world.snapshot().classes.accounting.parked).toBe(0)
  })
})
