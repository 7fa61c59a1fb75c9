/**
 * A login that no other server is left to ask for: it waits for its answer while its client asks, and takes nobody's
 * place; and an answer that comes after the time-out still reaches whoever asks.
 */
import { describe, expect, it } from 'vitest'
import { after as later, millis, seconds } from '../../src/units.ts'
import { START, World } from './kit.ts'
import { answerAfter, differentPackets, login, othersLogIn } from './logins.ts'
import { classes, deadServer, queues, server } from './options.ts'

/** As in src/config/schema/schema.ts. */
const DEFAULTS = { timeout: seconds(2), maxRetries: 1 }
const probed = deadServer({ probe: 'status_server' })

describe('where no other server is left to ask', () => {
  it('a login waits for a server that takes longer than all tries, while its client asks, in one attempt', () => {
    for (const names of [['s1'], ['s1', 's2']]) {
      const world = new World({ servers: names.map((name) => server(name, DEFAULTS)), deadServer: probed })
      answerAfter(world, 5)
      const logins = Array.from({ length: 10 }, (_, i) => login(world, later(START, seconds(i * 0.7)), 5, 4))
      world.advance(seconds(60))
      expect(logins.filter(({ isUp }) => !isUp)).toEqual([])
      expect(differentPackets(world)).toBeLessThanOrEqual(10 * names.length)
    }
  })

  it('all of a hundred a second do, beside each other, as nobody needs their places', () => {
    const world = new World({ servers: [server('s1', { ...DEFAULTS, maxOutstanding: 4000 })], deadServer: probed })
    answerAfter(world, 8)
    const logins = Array.from({ length: 500 }, (_, i) => login(world, later(START, millis(i * 10)), 5, 4))
    world.advance(seconds(60))
    expect(logins.filter(({ isUp }) => !isUp)).toEqual([])
    expect(differentPackets(world)).toBe(500)
    const { counters } = world.lane('s1', 'authentication')
    expect(world.account('authentication')).toMatchObject({ answered: 500 })
    // What was answered in the end was not left unanswered.
    expect(counters).toMatchObject({ unansweredByLiveServer: 0, timeouts: world.sent.length })
  })

  it('each copy of its client is one more try of the same octets, as two lost tries are not the last word', () => {
    const world = new World({ servers: [server('s1', DEFAULTS)], deadServer: probed })
    world.onForward = (sent) => {
      if (world.sent.length === 3) world.plan(later(world.now, millis(20)), () => world.answer(sent))
    }
    const one = login(world, START, 5, 3)
    world.advance(seconds(20))
    expect(one.isUp).toBe(true)
    expect(differentPackets(world)).toBe(1)
    expect(world.sent).toHaveLength(3)
    expect(world.account('authentication')).toEqual({ received: 2, duplicate: 1, answered: 1 })
  })

  it('it ends when its client has stopped asking, and its time-outs count once', () => {
    const world = new World({ servers: [server('s1', DEFAULTS)], deadServer: probed })
    world.access()
    world.advance(seconds(8))
    expect(world.account('authentication')).toEqual({ received: 1, givenUp: 1 })
    expect(world.noted('given-up')).toMatchObject([{ tried: [{ server: 's1', transmissions: 2 }], why: 'max-age' }])
    expect(world.lane('s1', 'authentication').counters).toMatchObject({ timeouts: 2, failures: 1 })
  })

  it('each transmission that is not answered in time is one time-out', () => {
    const world = new World({ servers: [server('s1', DEFAULTS)], deadServer: probed })
    login(world, START, 3, 8)
    world.advance(seconds(60))
    expect(world.sent.length).toBeGreaterThan(5)
    expect(world.lane('s1', 'authentication').counters.timeouts).toBe(world.sent.length)
  })

  it('it ends 30 s after it came, whatever the time-out', () => {
    const world = new World({
      servers: [server('s1', { timeout: seconds(20), maxRetries: 0 })],
      deadServer: probed,
      queues: queues({ authentication: { maxAge: seconds(60) } }),
    })
    world.access()
    world.advance(seconds(29))
    expect(world.account('authentication')).not.toHaveProperty('givenUp')
    world.advance(seconds(2))
    expect(world.account('authentication')).toMatchObject({ givenUp: 1 })
  })

  it('it gives its place up at once to a request that finds none', () => {
    const world = new World({ servers: [server('s1', { ...DEFAULTS, maxOutstanding: 2 })], deadServer: probed })
    const old = world.access({ tag: 'old' })
    world.plan(later(START, seconds(1.5)), () => world.again(old))
    for (const [at, tag] of [
      [4.5, 'busy'],
      [4.6, 'new'],
    ] as const) {
      world.plan(later(START, seconds(at)), () => {
        world.access({ tag })
        world.settle()
      })
    }
    world.advance(seconds(4.55))
    expect(world.lane('s1', 'authentication').outstanding).toBe(2)
    world.advance(seconds(1))
    expect(world.sentOf('new')[0]!.at).toBe(later(START, seconds(4.6)))
    expect(world.account('authentication')).toMatchObject({ givenUp: 1 })
  })

  it('it waits on with the last identifier too', () => {
    const world = new World({ servers: [server('s1', { ...DEFAULTS, maxOutstanding: 1 })], deadServer: probed })
    answerAfter(world, 5)
    const one = login(world, START, 5, 4)
    world.advance(seconds(30))
    expect(one.isUp).toBe(true)
  })

  it("it does not wait with a secret that is not the server's any more, and holds up no stop", () => {
    for (const change of ['secret', 'stop'] as const) {
      const world = new World({ servers: [server('s1', DEFAULTS)], deadServer: probed })
      login(world, START, 3, 8)
      world.plan(later(START, seconds(1)), () => {
        if (change === 'stop') world.engine.drain('end')
        else world.reconfigure({ servers: [server('s1', { ...DEFAULTS, secret: 'another' })] })
      })
      world.advance(seconds(5))
      expect(world.account('authentication')).toMatchObject({ givenUp: 1 })
    }
  })
})

describe('a login that waits at a silent server, and whose client asks', () => {
  it.each([
    [3, 4],
    [5, 4],
    [6, 3],
  ])('goes back to one that failed it (%i s x %i)', (gap, sends) => {
    const world = new World({ servers: [server('s1', DEFAULTS), server('s2', DEFAULTS)], deadServer: probed })
    const back = later(START, seconds(5))
    world.onForward = (sent) => {
      if (sent.server === 's1' && world.now >= back) world.plan(later(world.now, millis(20)), () => world.answer(sent))
    }
    const one = login(world, START, gap, sends)
    world.advance(seconds(40))
    expect(one.isUp).toBe(true)
  })

  it('goes back to one that answers again, also from a server that lives and leaves it unanswered', () => {
    const world = new World({ servers: [server('s1', DEFAULTS), server('s2', DEFAULTS)], deadServer: probed })
    answerAfter(world, 0.02)
    const answer = world.onForward
    world.onForward = (sent) => {
      const isSilent = sent.tag === 'his' && sent.server === 's2'
      if (!isSilent && (sent.server === 's2' || world.now >= later(START, seconds(3)))) answer?.(sent)
    }
    const his = world.access({ tag: 'his' })
    for (const at of [5, 10]) world.plan(later(START, seconds(at)), () => world.again(his))
    othersLogIn(world, 0.5, 12)
    world.advance(seconds(12))
    expect(world.answersTo(his)).toHaveLength(1)
    expect(world.sentOf('his').at(-1)!.server).toBe('s1')
  })

  it('stays at one that lives, which may only take its time', () => {
    const world = new World({
      servers: [server('s1', DEFAULTS), server('s2', DEFAULTS)],
      deadServer: probed,
      classes: classes({ algorithm: 'round_robin' }),
    })
    answerAfter(world, 0.02)
    const answer = world.onForward
    world.onForward = (sent) => {
      const [first] = world.sentOf('his')
      if (sent.tag !== 'his') answer?.(sent)
      else if (sent.server !== first?.server && sent.at < later(START, seconds(5)))
        world.plan(later(world.now, seconds(8)), () => world.answer(sent))
    }
    const his = world.access({ tag: 'his' })
    for (const at of [5, 10]) world.plan(later(START, seconds(at)), () => world.again(his))
    othersLogIn(world, 0.1, 12)
    world.advance(seconds(13))
    expect(world.answersTo(his)).toHaveLength(1)
    expect(differentPackets({ sent: world.sentOf('his') })).toBe(2)
  })
})

describe('an answer that comes after the time-out', () => {
  it('reaches the client whose login went on to another server, and ends it there', () => {
    const world = new World({ servers: [server('s1', DEFAULTS), server('s2', DEFAULTS)], deadServer: probed })
    const asked = world.access()
    world.advance(seconds(5))
    const [at1, at2] = ['s1', 's2'].map((name) => world.sent.find((sent) => sent.server === name)!)
    world.answer(at1!)
    expect(world.answersTo(asked)).toHaveLength(1)
    expect(world.lane('s1', 'authentication').counters.dropped.late).toBe(0)
    // The other server's answer is for nobody, and the same one again is late.
    world.answer(at2!)
    world.answer(at1!)
    expect(world.answersTo(asked)).toHaveLength(1)
    expect(world.lane('s1', 'authentication').counters.dropped.late).toBe(1)
    expect(world.account('authentication')).toEqual({ received: 1, answered: 1 })
    world.advance(seconds(20))
    expect(world.lane('s2', 'authentication').outstanding).toBe(0)
  })

  it('reaches it where it waits for another server, is parked, or is due for a retry', () => {
    const slow = { ...DEFAULTS, maxOutstanding: 1, timeout: seconds(60) }
    const waits = new World({ servers: [server('s1', DEFAULTS), server('s2', slow)], deadServer: probed })
    waits.reconfigure({ servers: [server('s1', { ...DEFAULTS, isHeldDown: true }), ...waits.options.servers.slice(1)] })
    waits.access({ tag: 'busy' })
    waits.settle()
    waits.reconfigure({ servers: [server('s1', DEFAULTS), ...waits.options.servers.slice(1)] })
    const parks = new World({ servers: [server('s1', DEFAULTS)], deadServer: deadServer({ consecutiveFailures: 1 }) })
    for (const world of [waits, parks]) {
      const asked = world.access({ tag: 'his' })
      world.advance(seconds(4.9))
      world.answer(world.sentOf('his')[0]!)
      expect(world.answersTo(asked)).toHaveLength(1)
      expect(world.account('authentication')).toMatchObject({ answered: 1 })
    }
    expect(parks.lane('s1', 'authentication').state).toBe('down')
  })

  it('serves a record as well, wherever it waits, and the record goes to nobody else', () => {
    const world = new World({
      servers: [server('s1', { timeout: seconds(1), maxRetries: 0 }), server('s2', { timeout: seconds(100) })],
      deadServer: probed,
    })
    const record = world.accounting({ tag: 'a' })
    world.advance(seconds(2))
    world.answer(world.sentOf('a').find((sent) => sent.server === 's1')!)
    expect(world.answersTo(record)).toHaveLength(1)
    expect(world.account('accounting')).toEqual({ received: 1, answered: 1 })
  })
})
