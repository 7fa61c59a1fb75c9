/**
 * State: a conversation stays with the server that began it, as long as that server is there.
 */
import { describe, expect, it } from 'vitest'
import { StateTable } from '../../src/proxy/pool/state-table.ts'
import { instant, after as later, micros, millis, seconds } from '../../src/units.ts'
import { CODE } from './datagrams.ts'
import { START, World } from './kit.ts'
import { classes, deadServer, queues, server } from './options.ts'

const state = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('the table State -> server', () => {
  const table = (maxEntries = 3): StateTable => new StateTable({ lifetime: seconds(60), maxEntries })

  it('knows a State for its lifetime, to the microsecond', () => {
    const states = table()
    states.learn(state('a'), 's1', START)
    expect(states.serverOf(state('a'), instant(START + 59_999_999))).toBe('s1')
    expect(states.serverOf(state('a'), later(START, seconds(60)))).toBeUndefined()
    expect(states.size).toBe(1)
    states.passTime(later(START, seconds(60)))
    expect(states.size).toBe(0)
  })

  it('is bounded: what was learned first goes first, and a State learned again is young again', () => {
    const states = table()
    for (const text of ['a', 'b', 'c', 'a', 'd']) states.learn(state(text), `by ${text}`, START)
    expect(states.size).toBe(3)
    const known = ['a', 'b', 'c', 'd'].map((text) => states.serverOf(state(text), START))
    expect(known).toEqual(['by a', undefined, 'by c', 'by d'])
  })

  it('keeps octets apart that are no text', () => {
    const states = table()
    states.learn(Uint8Array.of(0xc3, 0x28), 's1', START)
    expect(states.serverOf(Uint8Array.of(0xc3, 0x29), START)).toBeUndefined()
    expect(states.serverOf(Uint8Array.of(0xc3, 0x28), START)).toBe('s1')
  })

  it('takes new bounds at the next chance', () => {
    const states = table()
    for (const text of ['a', 'b', 'c']) states.learn(state(text), 's1', START)
    states.reconfigure({ lifetime: seconds(60), maxEntries: 1 })
    states.passTime(START)
    expect(states.size).toBe(1)
    expect(states.serverOf(state('c'), START)).toBe('s1')
  })
})

/** Two servers in turns; the conversation `s` was begun by the server that is answered. */
const conversation = (o: Partial<ConstructorParameters<typeof World>[0]> = {}): { world: World; home: string } => {
  const world = new World({
    servers: [server('s1'), server('s2')],
    classes: classes({ algorithm: 'round_robin' }),
    queues: queues({ authentication: { maxAge: seconds(600) } }),
    ...o,
  })
  world.access({ tag: 'begins' })
  world.settle()
  world.answer(world.sent[0]!, { code: CODE.challenge, state: 's' })
  return { world, home: world.sent[0]!.server }
}

/** Takes that server's authentication Down: one request with a State of its own uses up its tries there. */
const fell = (world: World, name: string): void => {
  for (let i = 0; world.lane(name, 'authentication').state !== 'down' && i < 20; i += 1) {
    world.access({ tag: `fells ${i}` })
    world.settle()
    for (const sent of world.sentOf(`fells ${i}`)) if (sent.server !== name) world.answer(sent)
    world.advance(seconds(1.2))
  }
  expect(world.lane(name, 'authentication').state).toBe('down')
}

describe('a conversation', () => {
  it('stays with the server that sent the State, whatever the algorithm says', () => {
    const { world, home } = conversation()
    for (let i = 0; i < 6; i += 1) world.access({ tag: 'goes on', state: 's' })
    world.settle()
    expect(world.sentOf('goes on').map((sent) => sent.server)).toEqual(Array.from({ length: 6 }, () => home))
    expect(world.snapshot().tables.states).toBe(1)
  })

  it('that nobody knows goes where the algorithm says', () => {
    const { world } = conversation()
    for (let i = 0; i < 6; i += 1) world.access({ tag: 'unknown', state: 'other' })
    world.settle()
    expect(new Set(world.sentOf('unknown').map((sent) => sent.server))).toEqual(new Set(['s1', 's2']))
  })

  it('is forgotten after the lifetime of its State', () => {
    const { world } = conversation({ state: { lifetime: seconds(60), maxEntries: 100 } })
    world.advance(seconds(60))
    for (let i = 0; i < 6; i += 1) world.access({ tag: 'late', state: 's' })
    world.settle()
    expect(new Set(world.sentOf('late').map((sent) => sent.server)).size).toBe(2)
  })

  it('waits for its server while that has no room, and overtakes what has no State there', () => {
    const { world, home } = conversation({
      servers: [server('s1', { maxOutstanding: 1 }), server('s2', { maxOutstanding: 1 })],
    })
    for (let i = 0; i < 4; i += 1) world.access({ tag: 'plain' })
    world.settle()
    world.access({ tag: 'goes on', state: 's' })
    world.settle()
    expect(world.sentOf('goes on')).toEqual([])
    world.answer(world.sent.findLast((sent) => sent.server === home)!)
    expect(world.sentOf('goes on')[0]!.server).toBe(home)
  })

  const brittle = {
    servers: [
      server('s1', { timeout: seconds(1), maxRetries: 0 }),
      server('s2', { timeout: seconds(1), maxRetries: 0 }),
    ],
    deadServer: deadServer({ consecutiveFailures: 1 }),
  }

  it('whose server is Down is dropped as state-server-down: any other server would reject it', () => {
    const { world, home } = conversation(brittle)
    fell(world, home)
    const asked = world.access({ tag: 'goes on', state: 's' })
    world.settle()
    expect(world.sentOf('goes on')).toEqual([])
    expect(world.account('authentication')['state-server-down']).toBe(1)
    expect(world.noted('dropped')).toMatchObject([
      { class: 'authentication', reason: 'state-server-down', client: 'bng', from: asked.from },
    ])
    expect(world.answersTo(asked)).toEqual([])
    // Forgotten: when the server is back the same octets are a new request.
    world.advance(seconds(601))
    expect(world.lane(home, 'authentication').state).toBe('active')
    world.access({ tag: 'learns', state: undefined })
    world.again(asked)
    world.settle()
    expect(world.sentOf('goes on')).toHaveLength(1)
  })

  it('that waits or is due again when its server goes Down ends the same way; the others move', () => {
    const { world, home } = conversation({
      ...brittle,
      servers: [
        server('s1', { timeout: seconds(1), maxRetries: 0, maxOutstanding: 1 }),
        server('s2', { timeout: seconds(1), maxRetries: 0, maxOutstanding: 1 }),
      ],
    })
    const other = home === 's1' ? 's2' : 's1'
    // The Challenge is no sign of life any more.
    world.advance(seconds(2))
    world.serversAnswerAfter(millis(1), other)
    world.access({ tag: 'plain0' })
    world.access({ tag: 'plain1' })
    world.access({ tag: 'goes on', state: 's' })
    world.settle()
    expect(world.lane(home, 'authentication').queued + world.lane(home, 'authentication').outstanding).toBe(2)
    world.advance(seconds(6))
    expect(world.lane(home, 'authentication').state).toBe('down')
    expect(world.account('authentication')).toEqual({ received: 4, answered: 3, 'state-server-down': 1 })
  })

  it('that times out at a server that lives is given up, not sent to one that would reject it', () => {
    const { world, home } = conversation({
      ...brittle,
      deadServer: deadServer({ consecutiveFailures: 100 }),
    })
    world.access({ tag: 'goes on', state: 's' })
    world.advance(seconds(35))
    expect(world.sentOf('goes on').map((sent) => sent.server)).toEqual([home])
    expect(world.account('authentication')).toEqual({ received: 2, answered: 1, givenUp: 1 })
  })

  it('that is outstanding when its server goes Down is dropped at its time-out', () => {
    const { world, home } = conversation({ ...brittle })
    world.advance(seconds(2))
    world.access({ tag: 'first', state: 's' })
    world.advance(millis(500))
    world.access({ tag: 'second', state: 's' })
    world.advance(seconds(5))
    expect(world.lane(home, 'authentication').state).toBe('down')
    const { 'state-server-down': dropped, givenUp } = world.account('authentication')
    expect(dropped).toBe(2)
    expect(givenUp).toBeUndefined()
    expect(world.tags().filter((tag) => tag !== 'begins')).toEqual(['first', 'second'])
    expect(world.engine.nextWakeAt(later(world.now, micros(1)))).toBeDefined()
  })
})
