/**
 * A trace tells every step of the requests it follows, and of no others; and passwords are never in it.
 */
import { describe, expect, it } from 'vitest'
import type { Followed, TraceEvent } from '../../../src/proxy/border/events.ts'
import type { EngineOptions } from '../../../src/proxy/border/options.ts'
import { perSecond, seconds } from '../../../src/units.ts'
import { World } from '../kit.ts'
import { client, deadServer, queues, server } from '../options.ts'

type Told = TraceEvent & { readonly traces: readonly number[] }

const follow = (world: World, ...followed: readonly Followed[]): Told[] => {
  const told: Told[] = []
  world.engine.follow(followed, { note: (traces, event) => told.push({ ...event, traces }) })
  return told
}
const worldOf = (o: Partial<EngineOptions> = {}): World =>
  new World({ queues: queues({ authentication: { maxAge: seconds(600) } }), ...o })
const steps = (told: readonly Told[]): string[] => told.map(({ step }) => step)
const reasons = (told: readonly Told[], step: TraceEvent['step']): (string | undefined)[] =>
  told.filter((one) => one.step === step).map(({ why }) => why)

describe('a trace', () => {
  it('tells of a request that goes straight through', () => {
    const world = worldOf()
    const told = follow(world, { trace: 7, user: 'alice' })
    world.access({ tag: 'alice' })
    world.settle()
    world.advance(seconds(1))
    world.answer(world.sent[0]!, { code: 3 })
    expect(steps(told)).toEqual(['received', 'sent', 'answered'])
    expect(told[0]).toMatchObject({
      traces: [7],
      client: 'bng',
      user: 'alice',
      code: 1,
      age: 0,
      class: 'authentication',
    })
    expect(told[1]).toMatchObject({
      server: 's1',
      sourcePort: 0,
      serverIdentifier: world.sent[0]!.identifier,
      transmission: 1,
    })
    expect(told[2]).toMatchObject({ server: 's1', answer: 3, age: seconds(1) })
  })

  it('says what a request waits for: the slot, an identifier, those before it', () => {
    const slow = worldOf({ servers: [server('s1', { rate: 1 })] })
    const waits = follow(slow, { trace: 1, user: 'second' })
    slow.access({ tag: 'first' })
    slow.access({ tag: 'second' })
    slow.advance(seconds(1))
    expect(steps(waits)).toEqual(['received', 'queued', 'promoted', 'sent'])
    expect(reasons(waits, 'queued')).toEqual(['the slot is used up'])

    const narrow = worldOf({ servers: [server('s1', { maxOutstanding: 1 })] })
    const needs = follow(narrow, { trace: 1, user: 'second' })
    narrow.access({ tag: 'first' })
    narrow.access({ tag: 'second' })
    narrow.settle()
    expect(reasons(needs, 'queued')).toEqual(['max_outstanding is reached'])
  })

  describe('of a request whose client has others waiting for that server', () => {
    const [big, small] = [
      client({ name: 'big', network: '10.1.0.0/16' }),
      client({ name: 'small', network: '10.2.0.0/16' }),
    ]
    /** One is sent, four of `big` wait; then one of each client comes. */
    const reasonsOf = (o: Partial<EngineOptions>): (string | undefined)[] => {
      const world = worldOf({ clients: [big, small], servers: [server('s1', { rate: 1 })], ...o })
      for (let i = 0; i < 5; i += 1) world.access({ tag: `user ${i}`, from: { address: '10.1.0.1' } })
      world.settle()
      const told = follow(world, { trace: 1, user: 'of big' }, { trace: 1, user: 'of small' })
      world.access({ tag: 'of small', from: { address: '10.2.0.1' } })
      world.access({ tag: 'of big', from: { address: '10.1.0.1' } })
      world.settle()
      return reasons(told, 'queued').map((why) => why?.replace(/^.*?(; |$)/, ''))
    }

    it('says how many of its own client go before it, and nothing of others', () => {
      expect(reasonsOf({})).toEqual(['', 'it waits behind 4 of its own client'])
    })

    it('counts those of its own address where each address has turns', () => {
      const clients = [{ ...big, fairnessKey: 'address' as const }, small]
      expect(reasonsOf({ clients })).toEqual(['', 'it waits behind 4 of its own client'])
    })

    it('says only that they wait too where parts of the client have turns', () => {
      const clients = [{ ...big, flowKey: 'user' as const }, small]
      expect(reasonsOf({ clients })).toEqual(['', '4 of its own client wait there too'])
    })

    it('says nothing of it without turns', () => {
      expect(reasonsOf({ fairness: 'none' })).toEqual(['', ''])
    })

    it("names its client's own max_rate where the server would take it", () => {
      const world = worldOf({ clients: [{ ...big, maxRate: perSecond(1) }, small], servers: [server('s1')] })
      const told = follow(world, { trace: 1, client: 'big' })
      for (let i = 0; i < 3; i += 1) world.access({ from: { address: '10.1.0.1' } })
      world.settle()
      expect(reasons(told, 'queued')).toEqual([
        "its client's max_rate is used up",
        "its client's max_rate is used up; it waits behind 1 of its own client",
      ])
    })
  })

  it('tells of retries, of the failover, and of the end without an answer', () => {
    const failing = { timeout: seconds(1), maxRetries: 1 }
    const world = worldOf({
      servers: [server('s1', failing), server('s2', failing)],
      deadServer: deadServer({ consecutiveFailures: 9 }),
    })
    const told = follow(world, { trace: 1, user: 'bob' })
    world.access({ tag: 'bob' })
    world.advance(seconds(40))
    const atOne = ['sent', 'timed-out', 'promoted', 'retried', 'timed-out']
    expect(steps(told)).toEqual(['received', ...atOne, 'queued', 'promoted', ...atOne, 'queued', 'ended'])
    expect(reasons(told, 'queued')).toEqual([
      'server s1 did not answer',
      'no other server is left to ask, and its client asks',
    ])
    const why = 'given up after 2 tries at s1 and 2 tries at s2; no other server is left to ask'
    expect(reasons(told, 'ended')).toEqual([why])
    expect(told.filter(({ step }) => step === 'sent').map((one) => one.server)).toEqual(['s1', 's2'])
  })

  it('tells of every other end: parked and expired, shed, superseded, dropped', () => {
    const down = {
      servers: [server('s1', { timeout: seconds(1), maxRetries: 0 })],
      deadServer: deadServer({ consecutiveFailures: 1 }),
    }
    const expires = new World(down)
    expires.access({ tag: 'fells it' })
    expires.advance(seconds(2))
    const parked = follow(expires, { trace: 1, user: 'late' })
    expires.access({ tag: 'late' })
    expires.advance(seconds(6))
    expect(steps(parked)).toEqual(['received', 'queued', 'ended'])
    expect(reasons(parked, 'queued')).toEqual(['every server is Down'])
    expect(reasons(parked, 'ended')).toEqual(['expired: it waited longer than max_age'])

    const full = worldOf({ queues: queues({ authentication: { maxMessages: 1 } }) })
    const shed = follow(full, { trace: 1, user: 'too many' })
    full.access({ tag: 'first' })
    full.access({ tag: 'too many' })
    expect(reasons(shed, 'ended')).toEqual(['shed: queue-messages'])

    const again = worldOf()
    const gone = follow(again, { trace: 1, user: 'old' })
    again.access({ tag: 'old', identifier: 5, from: { port: 9 } })
    again.access({ tag: 'new', identifier: 5, from: { port: 9 } })
    expect(reasons(gone, 'ended')).toEqual(['superseded: the client gave it up for a newer one'])
  })

  it('tells of duplicates, absorbed and answered again', () => {
    const world = worldOf()
    const told = follow(world, { trace: 1, client: 'bng' })
    const asked = world.access({ tag: 'alice' })
    world.settle()
    world.again(asked)
    world.answer(world.sent[0]!)
    world.again(asked)
    expect(steps(told)).toEqual(['received', 'sent', 'duplicate', 'answered', 'duplicate'])
    expect(reasons(told, 'duplicate')).toEqual(['its request is on its way', 'it was answered, and is answered again'])
  })

  it('tells of what a client sends and is refused, also where it can not be read', () => {
    const world = worldOf()
    const told = follow(world, { trace: 1, client: 'bng' })
    const from = { link: 0, address: '10.1.1.1', port: 1 }
    world.deliver('authentication', from, Buffer.from('0102', 'hex'))
    world.accounting({ tag: 'forged', secret: 'another' })
    expect(steps(told)).toEqual(['refused', 'refused'])
    expect(told.map(({ why }) => why)).toEqual(['too-short', 'bad-authenticator'])
  })

  it('goes by client, by session, by all that is given, and by the whole name', () => {
    const world = worldOf({ clients: [client({ name: 'bng' }), client({ name: 'wifi', network: '10.2.0.0/16' })] })
    const wifi = { address: '10.2.0.1' }
    const told = follow(
      world,
      { trace: 1, client: 'wifi' },
      { trace: 2, session: 'one' },
      { trace: 3, client: 'wifi', session: 'one' },
      { trace: 4, session: 'on' },
    )
    world.accounting({ tag: 'one' })
    world.accounting({ tag: 'one', from: wifi })
    world.accounting({ tag: 'two', from: wifi })
    expect(told.map(({ traces }) => traces)).toEqual([[2], [1, 2, 3], [1]])
  })

  it('ends when it is told to', () => {
    const world = worldOf()
    const told = follow(world, { trace: 1, client: 'bng' })
    world.access()
    follow(world)
    world.access()
    world.settle()
    expect(steps(told)).toEqual(['received'])
  })

  it('has no password in it, in whatever way it came, and no control character of a stranger', () => {
    const world = worldOf()
    const told = follow(world, { trace: 1, client: 'bng' })
    world.access({ tag: 'pap', password: 'correct horse' })
    world.access({ tag: 'chap\u001b[2J', chap: true })
    world.access({ tag: 'eap', eap: true })
    world.settle()
    const text = JSON.stringify(told)
    expect(text).not.toContain('correct horse')
    expect(told.map(({ user }) => user)).toContain('chap\ufffd[2J')
    const known = ['step', 'at', 'class', 'request', 'from', 'client', 'code', 'identifier', 'user', 'session', 'age']
    const ofServer = ['server', 'sourcePort', 'serverIdentifier', 'transmission', 'answer', 'why', 'traces']
    for (const one of told) expect([...known, ...ofServer]).toEqual(expect.arrayContaining(Object.keys(one)))
  })
})
