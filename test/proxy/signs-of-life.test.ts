/**
 * What speaks against a server, and what does not: a request that it leaves unanswered while it answers others says
 * nothing; a signed response is a sign of life whatever is in it; a replay is none.
 */
import { describe, expect, it } from 'vitest'
import type { EngineOptions } from '../../src/proxy/border/options.ts'
import { after as later, millis, seconds } from '../../src/units.ts'
import { messageAuthenticator, packetOf, sign } from '../radius/oracle.ts'
import { responseTo, SERVER_SECRET } from './datagrams.ts'
import { type Sent, START, World } from './kit.ts'
import { classes, deadServer, queues, server } from './options.ts'

const quick = { timeout: seconds(1), maxRetries: 0 }
const PROBED = deadServer({ probe: 'status_server' })

/** Servers that answer after 5 ms what `isAnswered` says, and their probes where `livesFor` says so. */
const play = (
  o: Partial<EngineOptions>,
  isAnswered: (sent: Sent) => boolean,
  answersProbes: (server: string) => boolean = () => true,
): World => {
  const world = new World({ deadServer: PROBED, ...o })
  world.onForward = (sent) => {
    if (isAnswered(sent)) world.plan(later(world.now, millis(5)), () => world.answer(sent))
  }
  world.onProbe = ({ server: name, lane, bytes }) => {
    if (!answersProbes(name)) return
    const packet = packetOf(2, bytes[1]!, bytes.subarray(4, 20), [messageAuthenticator])
    const answer = sign(packet, SERVER_SECRET, bytes.subarray(4, 20))
    world.plan(later(world.now, millis(5)), () => world.engine.probeAnswered(lane, answer, world.now))
  }
  return world
}

/** `perSecond` requests of each tag, evenly, for so long. */
const load = (world: World, length: number, perSecond: Readonly<Record<string, number>>, at = START): void => {
  for (const [tag, rate] of Object.entries(perSecond)) {
    for (let i = 0; i < rate * length; i += 1) {
      world.plan(later(at, seconds(i / rate)), () => {
        world.access({ tag: `${tag} ${i}` })
        world.settle()
      })
    }
  }
}

const downs = (world: World): number => world.noted('server-state').filter(({ to }) => to === 'down').length

describe('a server that answers others', () => {
  it('stays Active while a dead realm behind it swallows more than half of its requests', () => {
    const servers = [server('s1', quick), server('s2', quick)]
    const world = play({ servers }, ({ tag }) => tag.startsWith('good'))
    load(world, 60, { silent: 5 })
    load(world, 65, { good: 4 })
    world.advance(seconds(70))
    expect(world.noted('server-state')).toEqual([])
    expect(world.account('authentication')).toEqual({ received: 560, answered: 260, givenUp: 300 })
    const counted = (name: string): object => {
      const { failures, unansweredByLiveServer } = world.lane(name, 'authentication').counters
      return { failures, unansweredByLiveServer }
    }
    expect(counted('s1')).toEqual({ failures: 0, unansweredByLiveServer: 300 })
    // The second server sees nothing but what the first one left unanswered: it is asked now and then, and not judged.
    expect(counted('s2')).toEqual({ failures: 300, unansweredByLiveServer: 0 })
    expect(world.probes.map(({ server: name }) => name)).toEqual(Array.from({ length: 7 }, () => 's2'))
  })

  it('stays Active over a second in which all is lost, with max_retries 0', () => {
    const lost = (at: number): boolean => at >= later(START, seconds(1)) && at < later(START, seconds(2))
    const servers = [server('s1', { timeout: seconds(3), maxRetries: 0, maxOutstanding: 2_000 }), server('s2')]
    const world = play({ servers }, ({ at, server: name }) => name === 's2' || !lost(at))
    load(world, 8, { login: 500 })
    world.advance(seconds(20))
    expect(world.noted('server-state')).toEqual([])
    expect(world.account('authentication')).toEqual({ received: 4_000, answered: 4_000 })
  })

  it('is told of by what they have in common: a realm', () => {
    const world = play({ servers: [server('s1', quick)] }, ({ tag }) => tag.startsWith('good'))
    load(world, 10, { good: 4 })
    for (let i = 0; i < 6; i += 1) {
      world.plan(later(START, seconds(1 + i)), () => world.access({ tag: `user${i}@Dead.Example` }))
    }
    world.advance(seconds(15))
    const told = world.noted('unanswered-by-live-server')
    expect(told).toHaveLength(6)
    expect(told[1]!.common).toEqual([])
    expect(told.at(-1)).toEqual({
      kind: 'unanswered-by-live-server',
      server: 's1',
      class: 'authentication',
      client: 'bng',
      common: ['client bng (6 of 6)', 'realm dead.example (6 of 6)'],
    })
  })
})

describe('a server that only poison reaches', () => {
  it('is asked before it is judged, and is not Down if it answers', () => {
    const world = play({ servers: [server('s1', quick), server('s2', quick)] }, () => false)
    load(world, 4, { poison: 1 })
    world.advance(seconds(30))
    expect(downs(world)).toBe(0)
    expect(world.statesOf('s1', 'authentication')).toEqual(['not_responding', 'failing'])
    expect(world.probes.filter(({ server: name }) => name === 's1')).toHaveLength(1)
  })

  it('is Down one time-out after the probe if it does not answer that either', () => {
    const world = play(
      { servers: [server('s1', quick), server('s2', quick)] },
      () => false,
      () => false,
    )
    load(world, 4, { login: 1 })
    world.advance(seconds(30))
    const [probe] = world.probes
    expect(world.statesOf('s1', 'authentication')).toEqual(['not_responding', 'down'])
    expect(world.lane('s1', 'authentication').stateSince).toBe(later(probe!.at, seconds(1)))
  })

  it('goes on serving: good requests are answered at once, and after a few it is Active', () => {
    const world = play({ servers: [server('s1', quick)] }, ({ tag }) => tag.startsWith('good'))
    load(world, 4, { poison: 1 })
    load(world, 5, { good: 1 }, later(START, seconds(10)))
    world.advance(seconds(20))
    expect(world.statesOf('s1', 'authentication')).toEqual(['not_responding', 'failing', 'active'])
    expect(world.account('authentication')).toEqual({ received: 9, answered: 5, givenUp: 4 })
  })
})

describe('a late response', () => {
  it('keeps what was sent before it from counting, brings nothing back and resets no count', () => {
    const world = new World({
      servers: [server('s1', quick)],
      deadServer: deadServer({ consecutiveFailures: 3 }),
      // Nobody waits longer than for one transmission.
      queues: queues({ authentication: { maxAge: millis(800) } }),
    })
    for (const tag of ['a', 'b']) world.access({ tag })
    world.advance(seconds(1.2))
    expect(world.lane('s1', 'authentication')).toMatchObject({ state: 'not_responding', consecutiveFailures: 2 })
    world.access({ tag: 'c' })
    world.advance(millis(500))
    world.answer(world.sentOf('a')[0]!)
    expect(world.lane('s1', 'authentication')).toMatchObject({ state: 'not_responding', consecutiveFailures: 2 })
    world.advance(seconds(1))
    expect(world.lane('s1', 'authentication')).toMatchObject({
      consecutiveFailures: 2,
      counters: { failures: 2, unansweredByLiveServer: 1 },
    })
    world.access({ tag: 'd' })
    world.advance(seconds(1.2))
    expect(world.lane('s1', 'authentication').state).toBe('down')
    world.answer(world.sentOf('b')[0]!)
    expect(world.lane('s1', 'authentication').state).toBe('down')
  })

  it('counts once: a dead server whose old responses are replayed is Down all the same', () => {
    const world = play(
      { servers: [server('s1', quick), server('s2', quick)] },
      ({ server: name }) => name === 's2',
      (name) => name === 's2',
    )
    world.access({ tag: 'old' })
    world.settle()
    const [old] = world.sent
    const response = responseTo(old!.bytes)
    world.respond(old!, response)
    for (let i = 1; i <= 200; i += 1) {
      world.plan(later(START, millis(150 * i)), () => world.engine.respond(old!.lane, old!.port, response, world.now))
    }
    load(world, 25, { login: 2 }, later(START, seconds(3)))
    world.advance(seconds(30))
    expect(world.statesOf('s1', 'authentication')).toEqual(['not_responding', 'down'])
    expect(world.lane('s1', 'authentication').counters.dropped.late).toBe(200)
  })
})

describe('Failing', () => {
  const two = [server('s1', quick), server('s2', quick)]

  it('is who answers one in a hundred while another does better; it gets one request in 20', () => {
    let asked = 0
    const world = play({ servers: two }, ({ server: name }) => name === 's2' || ++asked % 100 === 0)
    load(world, 60, { login: 20 })
    world.advance(seconds(70))
    expect(world.statesOf('s1', 'authentication')).toEqual(['not_responding', 'failing'])
    const failingSince = world.lane('s1', 'authentication').stateSince
    expect(failingSince).toBeLessThan(later(START, seconds(10)))
    const afterwards = world.sent.filter(({ at }) => at >= failingSince)
    const share = afterwards.filter(({ server: name }) => name === 's1').length / afterwards.length
    expect(share).toBeGreaterThan(0.03)
    expect(share).toBeLessThanOrEqual(0.06)
    expect(world.account('authentication')).toEqual({ received: 1_200, answered: 1_200 })
  })

  it('is no one who has nobody better beside it', () => {
    const world = play({ servers: [server('s1', quick)] }, ({ tag }) => tag.endsWith('00'))
    load(world, 60, { login: 20 })
    world.advance(seconds(70))
    expect(world.statesOf('s1', 'authentication')).not.toContain('down')
  })

  it('is who answers all of them too late', () => {
    const world = play({ servers: two }, ({ server: name }) => name === 's2')
    const answerFirst = world.onForward!
    world.onForward = (sent) => {
      answerFirst(sent)
      if (sent.server === 's1') world.plan(later(world.now, seconds(2)), () => world.answer(sent))
    }
    load(world, 30, { login: 20 })
    world.advance(seconds(40))
    expect(world.statesOf('s1', 'authentication').at(-1)).toBe('failing')
    expect(downs(world)).toBe(0)
    expect(world.account('authentication')).toEqual({ received: 600, answered: 600 })
  })

  it('is who answers nothing but probes, and never Down or Active again while that is so', () => {
    const world = play({ servers: two }, ({ server: name }) => name === 's2')
    load(world, 300, { login: 2 })
    world.advance(seconds(310))
    expect(world.statesOf('s1', 'authentication')).toEqual(['not_responding', 'failing'])
    expect(world.account('authentication')).toEqual({ received: 600, answered: 600 })
  })

  it('is tried once a probe interval at least, though it is not the first choice', () => {
    let isBroken = true
    const world = play({ servers: two }, ({ server: name }) => name === 's1' || !isBroken)
    // The first one is held Down, so the second gets everything and answers nothing; then the first one is back.
    world.reconfigure({ servers: [server('s1', { ...quick, isHeldDown: true }), server('s2', quick)] })
    load(world, 100, { login: 2 })
    world.advance(seconds(8))
    expect(world.lane('s2', 'authentication').state).toBe('failing')
    world.reconfigure({ servers: two })
    isBroken = false
    world.advance(seconds(65))
    const { state, counters } = world.lane('s2', 'authentication')
    expect(state).toBe('active')
    expect(counters.responses).toBeLessThanOrEqual(6)
  })

  it('ends when half of what it is given is answered in time', () => {
    let isBroken = true
    const world = play({ servers: two }, ({ server: name }) => name === 's2' || !isBroken)
    load(world, 120, { login: 20 })
    world.advance(seconds(20))
    expect(world.lane('s1', 'authentication').state).toBe('failing')
    isBroken = false
    world.advance(seconds(20))
    expect(world.lane('s1', 'authentication').state).toBe('active')
  })

  it('keeps its own conversations and gives what waits for it to the others', () => {
    const servers = [server('s1', { ...quick, maxOutstanding: 16 }), server('s2', quick)]
    const world = play({ servers }, ({ server: name, tag }) => name === 's2' || tag === 'begin')
    world.access({ tag: 'begin' })
    world.settle()
    const [begin] = world.sent
    world.answer(begin!, { code: 11, state: 'bound to s1' })
    load(world, 8, { login: 40 }, later(START, seconds(1)))
    let waiting = 0
    for (let step = 0; world.lane('s1', 'authentication').state !== 'failing' && step < 800; step += 1) {
      waiting = world.lane('s1', 'authentication').queued
      world.advance(millis(10))
    }
    expect(waiting).toBeGreaterThan(10)
    expect(world.lane('s1', 'authentication')).toMatchObject({ state: 'failing', queued: 0 })
    world.advance(seconds(8))
    world.access({ tag: 'bound', state: 'bound to s1' })
    world.settle()
    expect(world.sentOf('bound').map((sent) => sent.server)).toEqual(['s1'])
  })

  it('is the choice where no other server lives', () => {
    const world = play(
      { servers: two },
      () => false,
      (name) => name === 's1',
    )
    load(world, 60, { login: 2 })
    world.advance(seconds(50))
    expect(world.lane('s1', 'authentication').state).toBe('failing')
    expect(world.lane('s2', 'authentication').state).toBe('down')
    world.access({ tag: 'now' })
    world.settle()
    expect(world.sentOf('now')[0]!.server).toBe('s1')
  })
})

describe('a record that a living server leaves unanswered', () => {
  const patient = { queues: queues({ accounting: { maxAge: seconds(3_600) } }), classes: classes() }

  it('waits 10 s, then twice as long each time up to 5 min, behind the others, and is never given up', () => {
    const brief = { queues: queues({ accounting: { maxAge: seconds(1_000) } }) }
    const world = play({ ...brief, servers: [server('s1', quick)] }, ({ tag }) => tag !== 'poison')
    world.accounting({ tag: 'poison' })
    for (let i = 0; i < 2_000; i += 1)
      world.plan(later(START, millis(500 * i)), () => world.accounting({ tag: `good ${i}` }))
    world.advance(seconds(950))
    const gaps = world.sentOf('poison').map(({ at }, i, all) => Math.floor((at - (all[i - 1]?.at ?? at)) / 1_000_000))
    expect(gaps).toEqual([0, 11, 21, 41, 81, 161, 301, 301].map((gap, i) => (i === 0 ? 0 : expect.closeTo(gap, -0.5))))
    expect(world.noted('server-state')).toEqual([])
    expect(world.snapshot().classes.accounting).toMatchObject({ setAside: 1 })
    world.advance(seconds(100))
    expect(world.account('accounting')).toEqual({ received: 2_001, answered: 2_000, expired: 1 })
  })

  it('and all of them hold an eighth of the identifiers at most', () => {
    const servers = [server('s1', { ...quick, timeout: seconds(5), maxOutstanding: 32 })]
    const world = play({ ...patient, servers }, ({ tag }) => !tag.startsWith('poison'))
    for (let i = 0; i < 60; i += 1) world.accounting({ tag: `poison ${i}` })
    let most = 0
    for (let step = 0; step < 600; step += 1) {
      world.accounting({ tag: `good ${step}` })
      world.advance(millis(200))
      const again = world.sent.filter(
        ({ tag, at }) => tag.startsWith('poison') && at > later(START, seconds(12)) && at > world.now - 4_500_000,
      )
      most = Math.max(most, again.length)
    }
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual(4)
    expect(world.sentOf('good 599')).toHaveLength(1)
  })

  it('has one try more when the engine drains, and ends by name', () => {
    const world = play({ ...patient, servers: [server('s1', quick)] }, ({ tag }) => !tag.startsWith('poison'))
    for (let i = 0; i < 40; i += 1) world.accounting({ tag: `poison ${i}` })
    load(world, 3, { good: 4 })
    world.advance(seconds(4))
    expect(world.snapshot().classes.accounting).toMatchObject({ setAside: 40 })
    world.engine.drain('end')
    world.advance(seconds(5))
    expect(world.engine.inspection.isIdle()).toBe(true)
    expect(world.account('accounting')).toEqual({ received: 40, givenUp: 40 })
    expect(new Set(world.noted('given-up').map(({ why }) => why))).toEqual(new Set(['draining']))
    expect(world.sentOf('poison 0')).toHaveLength(2)
  })

  it('where all are silent waits at its place, and is sent again and again until the server is Down', () => {
    const world = play(
      { ...patient, servers: [server('s1', quick)] },
      ({ at }) => at > later(START, seconds(60)),
      () => false,
    )
    for (let i = 0; i < 600; i += 1) world.plan(later(START, millis(100 * i)), () => world.accounting({ tag: `r${i}` }))
    world.advance(seconds(59))
    expect(world.account('accounting')['givenUp']).toBeUndefined()
    world.reconfigure({ deadServer: deadServer({ probe: 'none' }) })
    world.advance(seconds(300))
    expect(world.account('accounting')).toEqual({ received: 600, answered: 600 })
  })
})
