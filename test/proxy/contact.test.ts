/**
 * What a server's silence points to: a wrong secret, a closed port, answers that come too late. It is told within a few
 * requests, in the journal and in traces, and a valid response or another secret ends it.
 */
import { describe, expect, it } from 'vitest'
import { sumOf } from '../../src/instances/sum.ts'
import { heldText, likelyCause } from '../../src/proxy/contact.ts'
import type { TraceEvent } from '../../src/proxy/ports.ts'
import { after as later, millis, seconds } from '../../src/units.ts'
import { responseTo } from './datagrams.ts'
import { World } from './kit.ts'
import { deadServer, queues, server } from './options.ts'

const NEVER = /^probably the secret, the client entry or a firewall: never a valid response to \d+ transmissions/
const LATE =
  'answers come after the time-out of 3 s, typically after 3.5 s: raise timeout, or look at why the server is slow'

const worldOf = (o: Parameters<typeof server>[1] = {}): World =>
  new World({
    servers: [server('s1', { maxRetries: 1, ...o })],
    queues: queues({ authentication: { maxAge: seconds(600) } }),
    deadServer: deadServer({ consecutiveFailures: 50 }),
  })
const causeIn = (world: World): string | undefined => likelyCause(world.lane('s1', 'authentication'))
const ask = (world: World, count: number): void => {
  for (let i = 0; i < count; i += 1) {
    world.access()
    world.advance(seconds(8))
  }
}

describe('a server that never gave a valid response', () => {
  it('is told of as a wrong secret after three transmissions, and not before', () => {
    const world = worldOf()
    ask(world, 1)
    expect(world.lane('s1', 'authentication').unheard).toEqual({ timeouts: 2 })
    expect(causeIn(world)).toBeUndefined()
    ask(world, 1)
    expect(causeIn(world)).toMatch(NEVER)
  })

  it('is not one whose first answers are late, however many requests it got at once', () => {
    const world = worldOf()
    world.onForward = (sent) => world.plan(later(world.now, millis(3_500)), () => world.answer(sent))
    for (let i = 0; i < 50; i += 1) world.access()
    world.advance(seconds(3.4))
    expect(world.lane('s1', 'authentication').counters.timeouts).toBe(50)
    expect(causeIn(world)).toBeUndefined()
    world.advance(seconds(1))
    expect(causeIn(world)).toMatch(/^answers come after the time-out/)
  })

  it('is told of in the journal and on the step of a trace that timed out', () => {
    const world = worldOf()
    const told: TraceEvent[] = []
    world.engine.follow([{ trace: 1, client: 'bng' }], { note: (_traces, event) => told.push(event) })
    ask(world, 2)
    const timedOut = told.filter(({ step }) => step === 'timed-out').map(({ why }) => why)
    expect(timedOut.map((why) => why !== undefined)).toEqual([false, false, true, true])
    expect(timedOut[2]).toMatch(NEVER)
    const silent = new World({ servers: [server('s1')], deadServer: deadServer({ consecutiveFailures: 2 }) })
    for (let i = 0; i < 3; i += 1) silent.access()
    silent.advance(seconds(60))
    expect(silent.noted('server-state').map(({ to, hint }) => [to, hint === undefined])).toEqual([
      ['not_responding', false],
      ['down', false],
    ])
  })

  it('is one that answers what does not verify', () => {
    const world = worldOf()
    world.onForward = (sent) =>
      world.plan(later(world.now, millis(5)), () => world.respond(sent, responseTo(sent.bytes, { secret: 'other' })))
    ask(world, 2)
    expect(causeIn(world)).toMatch(NEVER)
  })

  it('is none any more with its first valid response, to a probe as well', () => {
    const world = worldOf()
    ask(world, 2)
    world.serversAnswerAfter(millis(5))
    ask(world, 1)
    expect(world.lane('s1', 'authentication')).toMatchObject({ unheard: undefined, roundTripTime: millis(5) })
    expect(causeIn(world)).toBeUndefined()
    world.onForward = undefined
    ask(world, 3)
    expect(causeIn(world)).toBeUndefined()
  })

  it('begins anew with another secret, and only with another one', () => {
    const world = worldOf()
    world.serversAnswerAfter(millis(5))
    ask(world, 1)
    world.onForward = undefined
    world.reconfigure({ servers: [server('s1', { maxRetries: 1 })] })
    ask(world, 2)
    expect(causeIn(world)).toBeUndefined()
    world.reconfigure({ servers: [server('s1', { maxRetries: 1, secret: 'a new one' })] })
    expect(world.lane('s1', 'authentication')).toMatchObject({ unheard: { timeouts: 0 }, roundTripTime: undefined })
    ask(world, 2)
    expect(causeIn(world)).toMatch(NEVER)
  })

  it('is one only where no instance has heard of it', () => {
    const [deaf, hearing] = [worldOf(), worldOf()]
    hearing.serversAnswerAfter(millis(5))
    ask(deaf, 2)
    const idle = worldOf()
    expect(likelyCause(sumOf([idle.snapshot(), deaf.snapshot()], 'host').lanes[0]!)).toMatch(NEVER)
    ask(hearing, 1)
    const [sum] = sumOf([deaf.snapshot(), hearing.snapshot()], 'host').lanes
    expect(sum).toMatchObject({ unheard: undefined, roundTripTime: millis(5) })
    expect(likelyCause(sum!)).toBeUndefined()
  })
})

describe('a port that is closed', () => {
  it('is told of at once with its address, and until something valid comes from there', () => {
    const world = worldOf({ address: '2001:db8::1' })
    world.access()
    world.settle()
    world.engine.refused(world.sent[0]!.lane, 0, world.now)
    expect(causeIn(world)).toMatch(/^nothing listens at \[2001:db8::1\]:1812 \(ICMP port unreachable\)/)
    world.serversAnswerAfter(millis(5))
    world.advance(seconds(8))
    expect(causeIn(world)).toBeUndefined()
  })

  it('is told of where the refusal came to a probe', () => {
    const world = worldOf()
    world.engine.refused(world.engine.plan()[0]!.lane, -1, world.now)
    expect(causeIn(world)).toMatch(/^nothing listens at 192\.0\.2\.10:1812/)
  })
})

describe('answers after the time-out', () => {
  it.each([0, 1])('are named with how late they are, with %i retries', (maxRetries) => {
    const world = worldOf({ maxRetries })
    const isFirst = new Set<string>()
    // The server takes 3.5 s from the first transmission, and answers once.
    world.onForward = (sent) => {
      if (isFirst.has(sent.tag)) return
      isFirst.add(sent.tag)
      world.plan(later(world.now, millis(3_500)), () => world.answer(sent))
    }
    ask(world, 2)
    expect(causeIn(world)).toBeUndefined()
    ask(world, 2)
    expect(causeIn(world)).toBe(LATE)
    // Which transmission was answered is known only where there was one.
    expect(world.lane('s1', 'authentication').roundTripTime).toBe(maxRetries === 0 ? millis(3_500) : undefined)
  })

  it('are not the cause where most answers come in time', () => {
    const world = worldOf()
    let asked = 0
    world.onForward = (sent) => {
      asked += 1
      if (asked % 3 !== 0) world.plan(later(world.now, millis(10)), () => world.answer(sent))
    }
    ask(world, 20)
    expect(world.lane('s1', 'authentication').counters.timeouts).toBeGreaterThan(3)
    expect(causeIn(world)).toBeUndefined()
  })
})

it('an operator who holds servers down is named with the command that ends it', () => {
  expect(heldText(['fr-1'])).toBe('an operator holds fr-1 Down: "radsluice server up fr-1" ends that')
  expect(heldText(['fr-1', 'fr-2'])).toContain('"radsluice server up NAME" ends that')
})
