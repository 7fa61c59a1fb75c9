/**
 * Between clients: turns where they wait, whose message a full queue sheds, rates and shares of their own, and what a reload makes
 * of what waits.
 */
import { describe, expect, it } from 'vitest'
import type { ClientOptions } from '../../src/proxy/border/options.ts'
import { after, millis, perSecond, seconds } from '../../src/units.ts'
import { STATUS } from './datagrams.ts'
import { type AskAccess, World } from './kit.ts'
import { client, queues, server } from './options.ts'

type Wanted = Partial<Omit<ClientOptions, 'secret'>>

const clientsOf = (a: Wanted = {}, b: Wanted = {}): ClientOptions[] => [
  client({ name: 'a', network: '10.1.0.0/16', ...a }),
  client({ name: 'b', network: '10.2.0.0/16', ...b }),
]

const FROM = { a: { address: '10.1.0.1' }, b: { address: '10.2.0.1' } } as const

/** One request in each slot of a second; the first of each class has gone, so what comes now waits. */
const busy = (o: ConstructorParameters<typeof World>[0] = {}, rate = 1): World => {
  const world = new World({
    clients: clientsOf(),
    servers: [server('s1', { rate, timeout: seconds(600), maxOutstanding: 1_000 })],
    queues: queues({ authentication: { maxAge: seconds(300) }, accounting: { maxAge: seconds(300) } }),
    ...o,
  })
  for (let used = 0; used < rate; used += 1) {
    world.access({ tag: 'used', from: FROM.b })
    world.accounting({ tag: 'used', from: FROM.b })
    world.settle()
    world.advance(seconds(1 / rate))
  }
  world.access({ tag: 'used', from: FROM.b })
  world.settle()
  return world
}

const ask = (world: World, tags: string, o: AskAccess = {}): void => {
  for (const tag of tags) world.access({ tag, from: FROM[tag === tag.toUpperCase() ? 'b' : 'a'], ...o })
  world.settle()
}

/** What leaves in the time to come, in order. */
const leaving = (world: World, length = 20): string => {
  const from = world.sent.length
  world.advance(seconds(length))
  return world.tags().slice(from).join('')
}

describe('clients', () => {
  it('have turns at a server: a storm of one does not make the other wait for it', () => {
    const world = busy()
    ask(world, 'abcdefXYZ')
    expect(leaving(world)).toBe('aXbYcZdef')
  })

  it('have turns by weight', () => {
    const world = busy({ clients: clientsOf({ weight: 3 }) })
    ask(world, 'abcdefgXYZ')
    expect(leaving(world)).toBe('abcXdefYgZ')
  })

  it('with fairness none go in the order of arrival', () => {
    const world = busy({ fairness: 'none' })
    ask(world, 'abcdefXYZ')
    expect(leaving(world)).toBe('abcdefXYZ')
  })

  it('have turns within what goes first: conversations before logins, logins before records', () => {
    const world = busy()
    ask(world, 'abX')
    for (const tag of ['c', 'd', 'Y']) {
      world.access({ tag, from: FROM[tag === 'Y' ? 'b' : 'a'], state: 'known' })
    }
    world.settle()
    expect(leaving(world)).toBe('cYdaXb')
  })

  it('have turns also in the instance queue, where a slot has room for some of what has just come', () => {
    const world = busy({}, 20)
    world.advance(seconds(1))
    for (const tag of 'abcdeX') world.access({ tag, from: FROM[tag === 'X' ? 'b' : 'a'] })
    world.settle()
    expect(world.tags().at(-1)).toBe('a')
    expect(leaving(world, 1)).toBe('Xbcde')
  })

  it('have turns where they parked: when a server lives again, nobody waits for the storm of another', () => {
    const world = busy({
      servers: [server('s1', { rate: 1, timeout: seconds(1), maxRetries: 0, maxOutstanding: 1_000, isHeldDown: true })],
    })
    ask(world, 'abcdXY')
    expect(world.snapshot().classes.authentication.parked).toBe(6 + 2)
    world.reconfigure({
      servers: [server('s1', { rate: 1, timeout: seconds(600), maxRetries: 0, maxOutstanding: 1_000 })],
    })
    // Those that return in one step do so in the order of arrival, and have turns at the server from then on.
    expect(leaving(world, 30).replaceAll('used', '-')).toBe('---aXbYcd')
  })

  it('lose a message of the one that holds most, if more comes than fits', () => {
    const world = busy({
      queues: queues({
        authentication: { maxMessages: 4, maxAge: seconds(300) },
        accounting: { maxAge: seconds(300) },
      }),
    })
    ask(world, 'abcdeX')
    expect(world.noted('shed').map(({ client, reason }) => `${client} ${reason}`)).toEqual([
      'a queue-messages',
      'a queue-messages',
    ])
    expect(leaving(world)).toBe('aXbc')
    const [a, b] = world.snapshot().clients
    expect([a!.served.authentication, b!.served.authentication]).toEqual([
      { sent: 3, shed: 2, expired: 0 },
      { sent: 3, shed: 0, expired: 0 },
    ])
  })

  it('lose first an interim update of the one that holds most of them, while there is any', () => {
    const world = busy({
      queues: queues({ accounting: { maxMessages: 4, maxAge: seconds(300), overflow: 'shed_interim_first' } }),
    })
    const record = (tag: string, of: 'a' | 'b', status: number): void => {
      world.accounting({ tag, status, from: FROM[of], session: tag })
      world.settle()
    }
    for (const tag of ['s', 't', 'u']) record(tag, 'a', STATUS.start)
    for (const tag of ['V', 'W']) record(tag, 'b', STATUS.interim)
    record('x', 'a', STATUS.interim)
    record('y', 'a', STATUS.stop)
    expect(world.noted('shed').map(({ client, record: kind }) => `${client} ${kind}`)).toEqual([
      'b interim',
      'b interim',
    ])
  })
})

describe('the own rate of a client', () => {
  it('lets others have the places that it may not use, and is used in each of its slots', () => {
    const world = busy({ clients: clientsOf({ maxRate: perSecond(2) }) }, 10)
    ask(world, 'abcdefXYZ')
    expect(leaving(world, 1)).toBe('aXYZbc')
    expect(leaving(world, 1)).toBe('de')
    expect(leaving(world, 2)).toBe('f')
  })

  it('is for each class by itself, and counts neither retries nor copies', () => {
    const world = new World({
      clients: clientsOf({ maxRate: perSecond(1) }),
      servers: [server('s1', { timeout: seconds(1), maxRetries: 5 })],
    })
    ask(world, 'ab')
    world.accounting({ tag: 'r', from: FROM.a })
    world.settle()
    expect(world.tags()).toEqual(['a', 'r'])
    world.advance(seconds(1.5))
    expect(world.sentOf('a')).toHaveLength(2)
    expect(world.sentOf('b')).toHaveLength(1)
  })

  it('begins, changes and ends with a reload, for what waits too', () => {
    const world = busy({ clients: clientsOf({ maxRate: perSecond(1) }) }, 20)
    ask(world, 'abcdefghijklmnop')
    expect(leaving(world, 2)).toBe('abc')
    world.reconfigure({ clients: clientsOf({ maxRate: perSecond(2) }) })
    expect(leaving(world, 2).length).toBeGreaterThanOrEqual(3)
    world.reconfigure({ clients: clientsOf() })
    expect(leaving(world, 2).at(-1)).toBe('p')
    world.reconfigure({ clients: clientsOf({ maxRate: perSecond(1) }) })
    ask(world, 'qrs')
    expect(world.tags().at(-1)).toBe('q')
    expect(leaving(world, 4)).toBe('rs')
  })

  it('goes on with what was used of its slot if it comes back in the same second', () => {
    const world = busy({ clients: clientsOf({ maxRate: perSecond(2) }) }, 10)
    ask(world, 'a')
    expect(leaving(world, 0.2)).toBe('a')
    world.reconfigure({ clients: clientsOf() })
    world.reconfigure({ clients: clientsOf({ maxRate: perSecond(2) }) })
    ask(world, 'b')
    expect(leaving(world, 0.2)).toBe('')
    expect(leaving(world, 0.2)).toBe('b')
  })
})

describe('the share of the queue of a client', () => {
  it('is all that it may hold: its newest is shed as client-share, and nobody else’s', () => {
    const world = busy({
      clients: clientsOf({ maxShare: 30 }),
      queues: queues({
        authentication: { maxMessages: 10, maxAge: seconds(300) },
        accounting: { maxAge: seconds(300) },
      }),
    })
    ask(world, 'abcdeXYZ')
    expect(world.noted('shed').map(({ client, reason }) => `${client} ${reason}`)).toEqual([
      'a client-share',
      'a client-share',
    ])
    expect(leaving(world)).toBe('aXbYcZ')
  })

  it('holds without turns too', () => {
    const world = busy({
      fairness: 'none',
      clients: clientsOf({ maxShare: 30 }),
      queues: queues({
        authentication: { maxMessages: 10, maxAge: seconds(300) },
        accounting: { maxAge: seconds(300) },
      }),
    })
    ask(world, 'abcdeXYZ')
    expect(world.account('authentication')['client-share']).toBe(2)
    expect(leaving(world)).toBe('abcXYZ')
  })
})

describe('the parts of a client', () => {
  it('have turns inside of its turn: one user that loops takes nothing from the others, and the client gains nothing', () => {
    const world = busy({ clients: clientsOf({ flowKey: 'calling_station' }) })
    for (const tag of 'abcd') world.access({ tag, from: FROM.a, attributes: [[31, Buffer.from('loop')]] })
    world.access({ tag: 'e', from: FROM.a, attributes: [[31, Buffer.from('quiet')]] })
    ask(world, 'WXYZ')
    expect(leaving(world)).toBe('aWeXbYcZd')
  })

  it('keep the order of a session whose records name several stations, or none', () => {
    const world = busy({ clients: clientsOf({ flowKey: 'calling_station' }) })
    const record = (tag: string, session: string, station?: string): void => {
      const attributes = station === undefined ? [] : [[31, Buffer.from(station)] as const]
      world.accounting({ tag, session, attributes, from: FROM.a })
      world.settle()
    }
    // Sent at once.
    record('-', 'other', 'x')
    for (const tag of ['a', 'b', 'c']) record(tag, 'loop', 'x')
    record('d', 'loop')
    record('e', 'loop', 'y')
    record('f', 'quiet', 'y')
    expect(leaving(world)).toBe('afbcde')
  })

  it('are addresses with fairness_key address: each has the turn of a client', () => {
    const world = busy({ clients: clientsOf({ fairnessKey: 'address' }) })
    for (const tag of 'abc') world.access({ tag, from: { address: '10.1.0.1' } })
    world.access({ tag: 'd', from: { address: '10.1.0.2' } })
    ask(world, 'XY')
    expect(leaving(world)).toBe('adXbYc')
    expect(world.engine.inspection.check()).toBeUndefined()
  })
})

describe('a reload', () => {
  it('that gives clients turns, or takes them, sorts what waits anew', () => {
    const world = busy({ fairness: 'none' })
    ask(world, 'abcdXY')
    expect(leaving(world, 1)).toBe('a')
    world.reconfigure({ fairness: 'client' })
    expect(leaving(world, 2)).toBe('bX')
    ask(world, 'Z')
    world.reconfigure({ fairness: 'none' })
    expect(leaving(world)).toBe('cdYZ')
  })

  it('that gives a part of the addresses to another client gives that its own turns, in the order of arrival', () => {
    const world = busy({ clients: [client({ name: 'all', network: '10.0.0.0/8' })] })
    ask(world, 'abcXY')
    world.reconfigure({ clients: [...world.options.clients, client({ name: 'b', network: '10.2.0.0/16' })] })
    ask(world, 'Z')
    expect(leaving(world)).toBe('aXbYcZ')
  })

  it('that removes a client leaves what waits of it a turn, and joins it with those who own its addresses now', () => {
    const world = busy()
    ask(world, 'abXY')
    world.reconfigure({ clients: [client({ name: 'a', network: '10.1.0.0/16' })] })
    expect(leaving(world, 2)).toBe('aX')
    world.reconfigure({ clients: [client({ name: 'all', network: '10.0.0.0/8' })] })
    ask(world, 'cZ')
    expect(leaving(world)).toBe('bYcZ')
  })

  it('that names a client anew keeps the order of what waits and what comes', () => {
    const world = busy()
    ask(world, 'abcX')
    world.reconfigure({ clients: [client({ name: 'other', network: '10.1.0.0/16' }), clientsOf()[1]!] })
    ask(world, 'dY')
    expect(leaving(world)).toBe('XaYbcd')
  })

  it('that comes while some were given back to be served lets them go first, and promises them to whose they are now', () => {
    const world = new World({ servers: [server('s1', { rate: 100, timeout: seconds(600), maxOutstanding: 1_000 })] })
    // A slot takes five.
    ask(world, 'ABCDEabcdef')
    world.now = after(world.now, millis(50))
    world.engine.serve(world.now, 1)
    expect(world.tags().at(-1)).toBe('a')
    world.reconfigure({ clients: [client({ name: 'new', network: '10.1.0.0/16', maxRate: perSecond(100) })] })
    const promised = (): number | undefined =>
      world.engine.inspection.clients[0]!.share.allowances.authentication?.promised
    expect(promised()).toBe(4)
    expect(leaving(world)).toBe('bcdef')
    expect(promised()).toBe(0)
  })

  it('that changes a weight, or who has a turn, holds for what waits', () => {
    const world = busy()
    ask(world, 'abcdeXYZ')
    expect(leaving(world, 2)).toBe('aX')
    world.reconfigure({ clients: clientsOf({ weight: 2 }) })
    expect(leaving(world, 3)).toBe('bYc')
    world.reconfigure({ clients: clientsOf({ fairnessKey: 'address' }) })
    expect(leaving(world)).toBe('Zde')
  })
})

describe('clients that rest, since their rate is used up', () => {
  const limited = (servers: ConstructorParameters<typeof World>[0]): World =>
    new World({
      clients: clientsOf({ maxRate: perSecond(2) }),
      queues: queues({ authentication: { maxAge: seconds(300) }, accounting: { maxAge: seconds(300) } }),
      ...servers,
    })
  const s1 = server('s1', { rate: 100, timeout: seconds(600), maxOutstanding: 1_000 })
  const s2 = server('s2', { address: '192.0.2.11', rate: 100, timeout: seconds(600), maxOutstanding: 1_000 })

  it('go to the others when their server is removed', () => {
    const world = limited({ servers: [s1, s2] })
    ask(world, 'abcdef')
    expect(world.tags('s1')).toEqual(['a'])
    world.reconfigure({ servers: [s2] })
    world.advance(seconds(5))
    expect(world.tags('s2').join('')).toBe('bcdef')
  })

  it('have no rate any more when a reload has removed or renamed them', () => {
    const world = limited({ servers: [s1] })
    ask(world, 'abcdef')
    world.reconfigure({ clients: [client({ name: 'renamed', network: '10.1.0.0/16' })] })
    world.advance(seconds(0.1))
    expect(world.tags().join('')).toBe('abcdef')
  })

  it('are in the way of no record that was set aside', () => {
    const world = limited({
      servers: [server('s1', { rate: 100, timeout: seconds(1), maxRetries: 0, maxOutstanding: 1_000 })],
    })
    world.accounting({ tag: 'aside', from: FROM.b })
    world.settle()
    world.accounting({ tag: 'good', from: FROM.b })
    world.settle()
    world.answer(world.sentOf('good')[0]!)
    world.advance(seconds(9.5))
    for (const tag of ['p', 'q', 'r', 's']) world.accounting({ tag, from: FROM.a })
    world.advance(seconds(2))
    expect(world.sentOf('aside').length).toBe(2)
  })
})

describe('addresses and parts that name a flow', () => {
  it('are forgotten when nothing of them waits, both of them', () => {
    const world = busy({ clients: clientsOf({ fairnessKey: 'address', flowKey: 'user' }) })
    ask(world, 'abc')
    expect(world.snapshot().flows.own).toBeGreaterThan(0)
    leaving(world)
    expect(world.snapshot().flows.own).toBe(0)
  })

  it('hold what comes back to wait, too: in an outage a full queue still takes from the one that holds most', () => {
    const world = new World({
      clients: clientsOf({ fairnessKey: 'address' }),
      servers: [server('s1', { timeout: seconds(1), maxRetries: 0, maxOutstanding: 1_000 })],
      queues: queues({ accounting: { maxMessages: 10, maxAge: seconds(300), overflow: 'drop_newest' } }),
    })
    for (let count = 0; count < 9; count += 1) world.accounting({ tag: `fat ${count}`, from: FROM.a })
    world.accounting({ tag: 'thin', from: FROM.b })
    world.advance(seconds(20))
    expect(world.account('accounting')['queued']).toBe(10)
    for (const tag of ['x', 'y']) world.accounting({ tag, from: FROM.b })
    world.settle()
    expect(world.noted('shed').map(({ client }) => client)).toEqual(['a', 'a'])
    expect(world.snapshot().clients.map(({ waiting }) => waiting.accounting.queued)).toEqual([7, 3])
  })
})
