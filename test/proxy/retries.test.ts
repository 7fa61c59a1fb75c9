/**
 * Time-outs and retries: the same octets again, within quota, cancelled by a response, and an end to it.
 */
import { describe, expect, it } from 'vitest'
import { PROBE_PORT } from '../../src/proxy/border/ports.ts'
import { instant, after as later, micros, millis, seconds } from '../../src/units.ts'
import { START, World } from './kit.ts'
import { classes, deadServer, queues, server } from './options.ts'

const patient = { queues: queues({ authentication: { maxAge: seconds(600) } }) }
const unbreakable = deadServer({ consecutiveFailures: 1_000_000 })

describe('a retry', () => {
  it('keeps identifier, authenticator, source port and every octet (RFC 2865 section 2.5)', () => {
    const world = new World({ ...patient, servers: [server('s1', { maxRetries: 3 })] })
    for (const signed of [true, false]) {
      world.access({ tag: `access ${signed}`, signed })
      world.accounting({ tag: `record ${signed}`, signed, delay: 0 })
    }
    world.advance(seconds(10.5))
    expect(world.sent.length).toBeGreaterThan(12)
    for (const sent of world.sent) {
      const [original] = world.sentOf(sent.tag)
      expect(Buffer.from(sent.bytes).equals(original!.bytes)).toBe(true)
      expect(sent).toMatchObject({ lane: original!.lane, port: original!.port })
    }
  })

  it('comes one time-out after the actual sending, with a tenth of jitter to either side (RFC 5080 section 2.2.1)', () => {
    const world = new World({ ...patient, servers: [server('s1', { maxOutstanding: 1000, rate: 200 })] })
    for (let i = 0; i < 400; i += 1) world.access()
    world.advance(seconds(10))
    const waits: number[] = []
    for (const { tag } of world.sent) {
      const times = world.sentOf(tag).map(({ at }) => at)
      for (let i = 1; i < times.length; i += 1) waits.push(times[i]! - times[i - 1]!)
    }
    expect(waits.length).toBeGreaterThan(400)
    // Never early; late by the step of the wheel and, where the slot was used up, by the wait for quota.
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(2_700_000)
    expect(Math.min(...waits)).toBeLessThan(2_800_000)
    const unhindered = waits.filter((wait) => wait <= 3_300_000 + 10_000)
    expect(unhindered.length).toBeGreaterThan(100)
    expect(Math.max(...unhindered)).toBeGreaterThan(3_200_000)
  })

  it('without quota pressure is late by the wheel step at most', () => {
    const world = new World({ ...patient, servers: [server('s1', { maxOutstanding: 1000 })] })
    for (let i = 0; i < 500; i += 1) world.access()
    world.advance(seconds(4))
    const waits = world.sent.slice(500).map(({ tag, at }) => at - world.sentOf(tag)[0]!.at)
    expect(waits).toHaveLength(500)
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(2_700_000)
    expect(Math.max(...waits)).toBeLessThanOrEqual(3_310_000)
    expect(new Set(waits.map((wait) => Math.floor(wait / 100_000))).size).toBeGreaterThanOrEqual(6)
  })

  it('waits for quota, holds its identifier meanwhile, and a response cancels it', () => {
    const world = new World({ ...patient, servers: [server('s1', { rate: 1, timeout: millis(300) })] })
    const asked = world.access({ tag: 'first' })
    world.advanceTo(later(START, millis(400)))
    expect(world.tags()).toEqual(['first'])
    expect(world.lane('s1', 'authentication')).toMatchObject({ outstanding: 1, waitingRetries: 1, queued: 0 })
    world.answer(world.sent[0]!)
    expect(world.answersTo(asked)).toHaveLength(1)
    expect(world.lane('s1', 'authentication')).toMatchObject({ outstanding: 0, waitingRetries: 0 })
    world.advance(seconds(20))
    expect(world.tags()).toEqual(['first'])
    expect(world.account('authentication')).toEqual({ received: 1, answered: 1 })
  })

  it('is not needed after an answer, also to the second transmission', () => {
    const world = new World()
    const asked = world.access({ tag: 'a' })
    world.advance(seconds(3.5))
    expect(world.tags()).toEqual(['a', 'a'])
    world.answer(world.sent[1]!)
    expect(world.answersTo(asked)).toHaveLength(1)
    world.advance(seconds(20))
    expect(world.tags()).toEqual(['a', 'a'])
    expect(world.lane('s1', 'authentication').roundTripTime).toBeUndefined()
    expect(world.engine.nextWakeAt(world.now)).toBeUndefined()
  })
})

describe('the end of retries', () => {
  it('max_retries counts transmissions after the first; then the request is given up and is one failure', () => {
    for (const maxRetries of [0, 1, 5]) {
      const world = new World({ ...patient, servers: [server('s1', { maxRetries })] })
      world.access({ tag: 'a' })
      world.advance(seconds(60))
      expect(world.tags()).toHaveLength(1 + maxRetries)
      expect(world.account('authentication')).toEqual({ received: 1, givenUp: 1 })
      expect(world.noted('given-up')).toEqual([
        {
          kind: 'given-up',
          class: 'authentication',
          client: 'bng',
          tried: [{ server: 's1', transmissions: 1 + maxRetries }],
          why: 'no-other-server',
          untried: undefined,
          cause: maxRetries < 2 ? undefined : expect.stringMatching(/^s1: probably the secret/),
        },
      ])
      expect(world.lane('s1', 'authentication').counters).toMatchObject({
        requests: 1,
        retransmissions: maxRetries,
        timeouts: 1 + maxRetries,
        failures: 1,
      })
      expect(world.lane('s1', 'authentication')).toMatchObject({ state: 'not_responding', consecutiveFailures: 1 })
    }
  })

  it('max_transmissions caps them over all servers: with 3 servers, 3 tries each and 6 allowed, the third is not tried', () => {
    const world = new World({
      ...patient,
      servers: ['s1', 's2', 's3'].map((name) => server(name, { maxRetries: 2 })),
      classes: classes({ maxTransmissions: 6 }),
      deadServer: unbreakable,
    })
    world.accounting({ tag: 'a' })
    world.advance(seconds(60))
    expect(world.sent.map((sent) => sent.server)).toEqual(['s1', 's1', 's1', 's2', 's2', 's2'])
    expect(world.account('accounting')).toEqual({ received: 1, givenUp: 1 })
  })

  it('max_transmissions also cuts the tries at one server, and that is a failure of it', () => {
    const world = new World({ ...patient, classes: classes({ maxTransmissions: 2 }) })
    world.accounting({ tag: 'a' })
    world.advance(seconds(60))
    expect(world.tags()).toHaveLength(2)
    expect(world.lane('s1', 'accounting').consecutiveFailures).toBe(1)
    expect(world.account('accounting')).toEqual({ received: 1, givenUp: 1 })
  })

  it('without max_transmissions every server that lives is tried in turn', () => {
    const world = new World({
      ...patient,
      servers: ['s1', 's2', 's3'].map((name) => server(name, { maxRetries: 1 })),
      deadServer: unbreakable,
    })
    world.access({ tag: 'a' })
    world.advance(seconds(60))
    expect(world.sent.map((sent) => sent.server)).toEqual(['s1', 's1', 's2', 's2', 's3', 's3'])
    expect(world.account('authentication')).toEqual({ received: 1, givenUp: 1 })
  })
})

describe('max_age', () => {
  it('of an Access-Request ends retries: with 5 s and a time-out of 3 s there are two transmissions', () => {
    const world = new World({ servers: [server('s1'), server('s2')] })
    world.access({ tag: 'a' })
    world.advance(seconds(60))
    expect(world.sent.map((sent) => sent.server)).toEqual(['s1', 's1'])
    expect(world.account('authentication')).toEqual({ received: 1, givenUp: 1 })
    // It is a failure all the same: else such a server could never go Down.
    expect(world.lane('s1', 'authentication')).toMatchObject({ consecutiveFailures: 1, state: 'not_responding' })
  })

  it('of an Access-Request also ends a retry that waits for quota too long', () => {
    const world = new World({
      servers: [server('s1', { rate: 1, timeout: seconds(1), maxRetries: 50 })],
      queues: queues({ authentication: { maxAge: seconds(4) } }),
    })
    for (let i = 0; i < 3; i += 1) world.access({ tag: `a${i}` })
    world.advance(seconds(60))
    for (const { at } of world.sent) expect(at - START).toBeLessThanOrEqual(4_000_000)
    expect(world.account('authentication')).toMatchObject({ received: 3 })
    // Whoever was sent and never answered has failed here, wherever the retry waited.
    const sent = new Set(world.sent.map(({ tag }) => tag)).size
    expect(world.lane('s1', 'authentication').counters.failures).toBe(sent)
    expect(world.engine.inspection.isIdle()).toBe(true)
  })

  it('does not end the wait for the answer: one that comes later is passed on', () => {
    const world = new World({ servers: [server('s1', { timeout: seconds(20) })] })
    const asked = world.access({ tag: 'a' })
    world.advance(seconds(15))
    world.answer(world.sent[0]!)
    expect(world.answersTo(asked)).toHaveLength(1)
  })

  it('expires an Access-Request that waits unsent, and forgets it: the retransmission enters as new', () => {
    const world = new World({ servers: [server('s1', { maxOutstanding: 1, timeout: seconds(100) })] })
    world.access({ tag: 'blocker' })
    world.settle()
    const asked = world.access({ tag: 'waits' })
    world.advanceTo(later(START, seconds(5)))
    expect(world.account('authentication')).toEqual({ received: 2, outstanding: 1, queued: 1 })
    world.advance(micros(1))
    expect(world.account('authentication')).toEqual({ received: 2, outstanding: 1, expired: 1 })
    expect(world.noted('expired')).toEqual([{ kind: 'expired', class: 'authentication', client: 'bng' }])
    world.again(asked)
    expect(world.account('authentication')).toEqual({ received: 3, outstanding: 1, expired: 1, queued: 1 })
    world.answer(world.sent[0]!)
    expect(world.tags()).toEqual(['blocker', 'waits'])
  })

  it('expires accounting too, by its own limit', () => {
    const world = new World({
      servers: [server('s1', { maxOutstanding: 1, timeout: seconds(100), maxRetries: 0 })],
      queues: queues({ accounting: { maxAge: seconds(30) } }),
    })
    world.accounting()
    world.settle()
    world.accounting()
    world.advanceTo(instant(START + 30_000_001))
    expect(world.account('accounting')).toEqual({ received: 2, outstanding: 1, expired: 1 })
  })

  it('does not end retries of accounting: a record is still a record', () => {
    const world = new World({ queues: queues({ accounting: { maxAge: seconds(5) } }) })
    world.accounting({ tag: 'a' })
    world.advance(seconds(60))
    expect(world.tags()).toHaveLength(6)
  })
})

describe('ECONNREFUSED', () => {
  it('shortens the wait of that one transmission to a second at most, and never sets a server Down by itself', () => {
    const world = new World({ ...patient, deadServer: deadServer({ consecutiveFailures: 1 }) })
    world.access({ tag: 'a' })
    world.settle()
    for (let i = 0; i < 10; i += 1) world.engine.refused(0, world.sent[0]!.port, world.now)
    expect(world.lane('s1', 'authentication')).toMatchObject({ state: 'active', counters: { refused: 10 } })
    world.advance(millis(1_010))
    expect(world.tags()).toEqual(['a', 'a'])
    expect(world.sent[1]!.at).toBe(later(START, seconds(1)))
    expect(world.lane('s1', 'authentication').state).toBe('active')
  })

  it('never lengthens a wait', () => {
    const world = new World({ ...patient, servers: [server('s1', { timeout: millis(500) })] })
    world.access()
    world.settle()
    world.engine.refused(0, world.sent[0]!.port, world.now)
    world.advance(millis(600))
    expect(world.sent).toHaveLength(2)
  })

  it('is about the last transmission from that port, and harmless where there is none', () => {
    const world = new World({ ...patient })
    world.engine.refused(0, 0, world.now)
    world.engine.refused(0, 1, world.now)
    world.engine.refused(0, PROBE_PORT, world.now)
    world.engine.refused(99, 0, world.now)
    const asked = world.access()
    world.settle()
    world.answer(world.sent[0]!)
    world.engine.refused(0, 0, world.now)
    world.settle()
    expect(world.answersTo(asked)).toHaveLength(1)
    expect(world.lane('s1', 'authentication')).toMatchObject({ state: 'active', outstanding: 0 })
  })

  it('gives a server that restarts its tries over seconds, not microseconds', () => {
    const world = new World({ ...patient })
    world.onForward = (sent) =>
      world.plan(later(world.now, micros(50)), () => world.engine.refused(sent.lane, sent.port, world.now))
    world.access()
    world.advance(seconds(60))
    expect(world.sent).toHaveLength(6)
    expect(world.sent.at(-1)!.at - START).toBeGreaterThanOrEqual(5_000_000)
  })
})
