/**
 * Failover within the patience of clients, with the defaults of the configuration: a client that still asks is still
 * there, and its login reaches the server that answers.
 */
import { describe, expect, it } from 'vitest'
import { after as later, millis, seconds } from '../../src/units.ts'
import { type Sent, START, World } from './kit.ts'
import { login } from './logins.ts'
import { deadServer, queues, server } from './options.ts'

/** As in src/config/schema/schema.ts. */
const DEFAULTS = { timeout: seconds(2), maxRetries: 1 }
const probed = deadServer({ probe: 'status_server' })

const farm = (o: Partial<typeof DEFAULTS> = {}, isAnswered = ({ server: name }: Sent) => name === 's2'): World => {
  const world = new World({
    servers: [server('s1', { ...DEFAULTS, ...o }), server('s2', { ...DEFAULTS, ...o })],
    deadServer: probed,
  })
  world.onForward = (sent) => {
    if (isAnswered(sent)) world.plan(later(world.now, millis(20)), () => world.answer(sent))
  }
  return world
}

const CLIENTS = [
  ['3 s x 3', 3, 3],
  ['3 s x 4', 3, 4],
  ['5 s x 4', 5, 4],
  ['6 s x 3', 6, 3],
] as const

describe('with the first of two servers silent and all defaults', () => {
  it.each(CLIENTS)(
    'no login is lost of a client of %s, at one a minute, one each 2 s and 20 a second',
    (_, gap, sends) => {
      for (const [every, count] of [
        [60, 12],
        [2, 60],
        [0.05, 400],
      ] as const) {
        const world = farm()
        const logins = Array.from({ length: count }, (_, i) =>
          login(world, later(START, seconds(i * every)), gap, sends),
        )
        world.advance(seconds(count * every + 30))
        expect(logins.filter(({ isUp }) => !isUp)).toEqual([])
      }
    },
  )

  it('what is given up says what was tried where, and what kept it from the other server', () => {
    const world = farm({ timeout: seconds(3), maxRetries: 5 })
    world.access()
    world.advance(seconds(20))
    expect(world.noted('given-up')).toEqual([
      {
        kind: 'given-up',
        class: 'authentication',
        client: 'bng',
        tried: [{ server: 's1', transmissions: 2 }],
        why: 'max-age',
        untried: 's2',
      },
    ])
  })
})

describe('a retransmission of the client', () => {
  it('renews the right to be retried and failed over, with whatever time-outs', () => {
    const world = farm({ timeout: seconds(3), maxRetries: 5 })
    const asked = world.access()
    for (let second = 4; second <= 16; second += 4) world.plan(later(START, seconds(second)), () => world.again(asked))
    world.advance(seconds(22))
    expect(world.answersTo(asked)).toHaveLength(1)
    expect(world.sent.at(-1)!.server).toBe('s2')
  })

  it('renews it in the queue of the other server too', () => {
    const world = new World({
      servers: [server('s1', DEFAULTS), server('s2', { ...DEFAULTS, maxOutstanding: 1, timeout: seconds(60) })],
      queues: queues({ authentication: { maxAge: seconds(5) } }),
      deadServer: probed,
    })
    const asked = world.access({ tag: 'a' })
    world.settle()
    world.plan(later(START, seconds(3)), () => world.again(asked))
    // The second server is busy for 7 s with a request of its own.
    world.reconfigure({ servers: [server('s1', { ...DEFAULTS, isHeldDown: true }), ...world.options.servers.slice(1)] })
    world.access({ tag: 'busy' })
    world.settle()
    world.reconfigure({ servers: [server('s1', DEFAULTS), ...world.options.servers.slice(1)] })
    world.advance(seconds(7))
    world.answer(world.sentOf('busy')[0]!)
    expect(world.sentOf('a').at(-1)!.server).toBe('s2')
  })
})
