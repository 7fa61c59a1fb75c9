/**
 * What a server's silence points to: a wrong secret, a closed port, answers that come too late. It is told within a few
 * requests, in the journal and in traces, and a valid response or another secret ends it.
 */
import { describe, expect, it } from 'vitest'
import { sumOf } from '../../../src/instances/shared/sum.ts'
import type { TraceEvent } from '../../../src/proxy/border/events.ts'
import { PROBE_PORT } from '../../../src/proxy/border/ports.ts'
import { heldText, likelyCause, someLateText } from '../../../src/proxy/work/silence.ts'
import { type Duration, type Instant, after as later, millis, seconds } from '../../../src/units.ts'
import { messageAuthenticator, packetOf, sign } from '../../radius/oracle.ts'
import { responseTo, SERVER_SECRET } from '../datagrams.ts'
import { World } from '../kit.ts'
import { deadServer, queues, server } from '../options.ts'

const NEVER = /^probably the secret, the client entry or a firewall: never a valid response to \d+ transmissions/
const LATE =
  'answers come after the time-out of 3 s, typically 3.5 s after the first transmission: raise timeout, or look at why the server is slow'
const AFTER_RETRY = 'most answers come only after a retry, typically 3.5 s after the first transmission: '
const LATE_OR_LOST =
  'packets are lost on the way, or the server takes longer than the time-out of 3 s; capture at the server whether the first transmission arrives, then mend the network, or raise timeout'

const worldOf = (o: Parameters<typeof server>[1] = {}): World =>
  new World({
    servers: [server('s1', { maxRetries: 1, ...o })],
    queues: queues({ authentication: { maxAge: seconds(600) } }),
    deadServer: deadServer({ consecutiveFailures: 50 }),
  })
const causeIn = (world: World): string | undefined => likelyCause(world.lane('s1', 'authentication'))
/** One failure makes its server Down; then it is probed. */
const probing = (): World =>
  new World({
    servers: [server('s1', { maxRetries: 0 })],
    deadServer: deadServer({ consecutiveFailures: 1, probe: 'status_server' }),
  })
/** As the server with the secret of `options.ts` gives it. */
const probeAnswer = (probe: Uint8Array): Uint8Array =>
  sign(packetOf(2, probe[1]!, probe.subarray(4, 20), [messageAuthenticator]), SERVER_SECRET, probe.subarray(4, 20))
/** Only the second transmission of each request is answered. */
function loseTheFirst(world: World, wait: Duration): void {
  const isKnown = new Set<string>()
  world.onForward = (sent) => {
    if (isKnown.has(sent.tag)) world.plan(later(world.now, wait), () => world.answer(sent))
    isKnown.add(sent.tag)
  }
}
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
    expect(causeIn(world)).toMatch(/^most answers come only after a retry/)
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

  it('begins anew with another secret although what was sent with the former one is still answered', () => {
    const world = worldOf()
    world.serversAnswerAfter(millis(50))
    world.access()
    world.settle()
    world.reconfigure({ servers: [server('s1', { maxRetries: 1, secret: 'a wrong one' })] })
    world.advance(millis(100))
    expect(world.lane('s1', 'authentication')).toMatchObject({ counters: { accepts: 1 }, unheard: { timeouts: 0 } })
    world.onForward = undefined
    ask(world, 2)
    expect(causeIn(world)).toMatch(NEVER)
  })

  it('begins anew with another secret although a probe sent with the former one is still answered', () => {
    const world = probing()
    world.onProbe = ({ lane, bytes }) =>
      world.plan(later(world.now, millis(50)), () => {
        world.reconfigure({ servers: [server('s1', { secret: 'a wrong one' })] })
        world.engine.probeAnswered(lane, probeAnswer(bytes), world.now)
      })
    world.access()
    world.advance(seconds(60))
    expect(world.lane('s1', 'authentication').counters.probesAnswered).toBe(1)
    expect(world.lane('s1', 'authentication')).toMatchObject({ heardAt: undefined })
  })

  it('counts nothing against another secret that was sent with the former one', () => {
    const world = worldOf({ maxRetries: 0 })
    for (let i = 0; i < 5; i += 1) {
      world.access()
      world.advance(millis(500))
    }
    world.reconfigure({ servers: [server('s1', { maxRetries: 0, secret: 'a new one' })] })
    world.advance(seconds(8))
    expect(world.lane('s1', 'authentication')).toMatchObject({ counters: { timeouts: 5 }, unheard: { timeouts: 0 } })
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

  it('is none any more once three that were sent after the error were left in silence', () => {
    const world = worldOf({ maxRetries: 0 })
    const refuse = (): void => world.engine.refused(world.sent[0]!.lane, 0, world.now)
    world.access()
    world.settle()
    refuse()
    ask(world, 3)
    expect(causeIn(world)).toMatch(/^nothing listens/)
    ask(world, 1)
    expect(causeIn(world)).toMatch(NEVER)
    refuse()
    expect(causeIn(world)).toMatch(/^nothing listens/)
  })

  it('is one still where few of many refusals are told of: hosts send one ICMP error a second', () => {
    const world = worldOf({ maxRetries: 0, timeout: millis(200) })
    for (let i = 0; i < 100; i += 1) {
      world.access()
      world.settle()
      if (i % 10 === 0) world.engine.refused(world.sent[0]!.lane, 0, world.now)
      world.advance(millis(100))
      expect(causeIn(world)).toMatch(/^nothing listens/)
    }
  })

  it('is none any more once another instance was left in silence', () => {
    const [refused, silent] = [worldOf(), worldOf()]
    refused.access()
    refused.settle()
    refused.engine.refused(refused.sent[0]!.lane, 0, refused.now)
    const causeOfBoth = () => likelyCause(sumOf([refused.snapshot(), silent.snapshot()], 'host').lanes[0]!)
    expect(causeOfBoth()).toMatch(/^nothing listens/)
    ask(silent, 4)
    expect(causeOfBoth()).toMatch(NEVER)
  })

  it('is none any more once three probes that were sent after the error were left in silence', () => {
    const world = probing()
    world.access()
    world.advance(seconds(60))
    const [first] = world.probes
    world.engine.refused(first!.lane, PROBE_PORT, world.now)
    expect(causeIn(world)).toMatch(/^nothing listens/)
    const { timeouts } = world.lane('s1', 'authentication').counters
    world.advance(seconds(60))
    expect(causeIn(world)).toBeUndefined()
    expect(world.lane('s1', 'authentication').counters.timeouts).toBe(timeouts)
  })

  it('is told of where the refusal came to a probe', () => {
    const world = worldOf()
    world.engine.refused(world.engine.plan()[0]!.lane, PROBE_PORT, world.now)
    expect(causeIn(world)).toMatch(/^nothing listens at 192\.0\.2\.10:1812/)
  })
})

describe('answers after the time-out', () => {
  it.each([
    [0, LATE],
    [1, AFTER_RETRY + LATE_OR_LOST],
  ])('are named with how late they are, with %i retries', (maxRetries, words) => {
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
    expect(causeIn(world)).toBe(words)
    // Which transmission was answered is known only where there was one.
    expect(world.lane('s1', 'authentication').roundTripTime).toBe(maxRetries === 0 ? millis(3_500) : undefined)
  })

  it('are not told from loss where the first transmission is lost and the retry is answered at once', () => {
    const world = worldOf()
    loseTheFirst(world, millis(2))
    ask(world, 6)
    expect(causeIn(world)).toMatch(
      /^most answers come only after a retry, .*: packets are lost on the way, or the server/,
    )
  })

  it('are told from loss where both transmissions are answered', () => {
    const world = worldOf()
    const first = new Map<string, Instant>()
    world.onForward = (sent) => {
      const came = first.get(sent.tag) ?? world.now
      first.set(sent.tag, came)
      const at = later(came, millis(3_500))
      world.plan(at, () => world.answer(sent))
      world.plan(later(at, millis(1)), () => world.answer(sent))
    }
    ask(world, 6)
    expect(causeIn(world)).toBe(LATE)
  })

  it('are told from loss where they come after the time-out of the last transmission', () => {
    const world = worldOf({ maxRetries: 2 })
    const isKnown = new Set<string>()
    world.onForward = (sent) => {
      if (isKnown.has(sent.tag)) return
      isKnown.add(sent.tag)
      world.plan(later(world.now, seconds(11)), () => world.answer(sent))
    }
    ask(world, 12)
    expect(causeIn(world)).toMatch(/^answers come after the time-out of 3 s, typically 11 s/)
  })

  it('are none where a retry followed an ICMP error and was answered sooner than the time-out', () => {
    const world = worldOf()
    loseTheFirst(world, millis(2))
    for (let i = 0; i < 8; i += 1) {
      world.access()
      world.settle()
      world.engine.refused(world.sent[0]!.lane, 0, world.now)
      world.advance(seconds(8))
    }
    expect(causeIn(world)).toBeUndefined()
  })

  it('are the cause no more where silence follows them, and not again with the first answer', () => {
    const world = worldOf({ maxRetries: 0 })
    world.onForward = (sent) => world.plan(later(world.now, millis(3_500)), () => world.answer(sent))
    ask(world, 5)
    expect(causeIn(world)).toBe(LATE)
    world.onForward = undefined
    ask(world, 2)
    expect(causeIn(world)).toBe(LATE)
    ask(world, 1)
    expect(causeIn(world)).toBeUndefined()
    world.serversAnswerAfter(millis(5))
    ask(world, 1)
    expect(causeIn(world)).toBeUndefined()
  })

  it('are the cause no more once the time-out is longer', () => {
    const world = worldOf({ maxRetries: 0 })
    world.onForward = (sent) => world.plan(later(world.now, millis(3_500)), () => world.answer(sent))
    ask(world, 5)
    world.reconfigure({ servers: [server('s1', { maxRetries: 0, timeout: seconds(4) })] })
    expect(causeIn(world)).toBeUndefined()
    ask(world, 5)
    expect(causeIn(world)).toBeUndefined()
  })

  it('are the cause still while many wait for them at once', () => {
    const world = worldOf({ maxRetries: 0 })
    world.onForward = (sent) => world.plan(later(world.now, millis(3_500)), () => world.answer(sent))
    ask(world, 5)
    for (let i = 0; i < 50; i += 1) world.access()
    world.advance(millis(3_400))
    expect(causeIn(world)).toBe(LATE)
  })

  it('are the cause no more where another instance is answered in time, or is left in silence', () => {
    const [slow, other] = [worldOf({ maxRetries: 0 }), worldOf({ maxRetries: 0 })]
    slow.onForward = (sent) => slow.plan(later(slow.now, millis(3_500)), () => slow.answer(sent))
    ask(slow, 8)
    const causeOfBoth = () => likelyCause(sumOf([slow.snapshot(), other.snapshot()], 'host').lanes[0]!)
    expect(causeOfBoth()).toBe(LATE)
    other.advance(seconds(100))
    ask(other, 3)
    expect(causeOfBoth()).toBeUndefined()
    other.serversAnswerAfter(millis(5))
    ask(other, 8)
    expect(causeOfBoth()).toBeUndefined()
  })

  it('are the cause no more a minute after the last answer, nor once the port is closed', () => {
    const late = (): World => {
      const world = worldOf({ maxRetries: 0 })
      world.onForward = (sent) => world.plan(later(world.now, millis(3_500)), () => world.answer(sent))
      ask(world, 4)
      expect(causeIn(world)).toBe(LATE)
      return world
    }
    const idle = late()
    idle.advance(seconds(50))
    expect(causeIn(idle)).toBe(LATE)
    idle.advance(seconds(20))
    expect(causeIn(idle)).toBeUndefined()

    const closed = late()
    closed.engine.refused(0, 0, closed.now)
    closed.advance(millis(1))
    closed.onForward = (sent) => closed.answer(sent)
    ask(closed, 1)
    expect(causeIn(closed)).toBeUndefined()
  })

  it('are told of where retries are asked about, though most come in time', () => {
    const world = worldOf({ maxRetries: 1 })
    let count = 0
    const isKnown = new Set<string>()
    world.onForward = (sent) => {
      if (isKnown.has(sent.tag)) return
      isKnown.add(sent.tag)
      count += 1
      const wait = count % 3 === 0 ? millis(3_500) : millis(5)
      world.plan(later(world.now, wait), () => world.answer(sent))
    }
    ask(world, 8)
    expect(causeIn(world)).toBeUndefined()
    expect(someLateText(world.lane('s1', 'authentication'))).toMatch(
      /^2 of the last 8 answers came after the time-out of 3 s, or only after a retry, typically 3\.5 s/,
    )
    ask(world, 1)
    world.onForward = (sent) => world.answer(sent)
    ask(world, 8)
    expect(someLateText(world.lane('s1', 'authentication'))).toBeUndefined()
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
