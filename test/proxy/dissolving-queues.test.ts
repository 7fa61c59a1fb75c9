/**
 * Queues of servers that go Down move to others in steps. Meanwhile more servers go Down or live again, and the records of one session
 * keep the order of arrival all the same.
 */
import { describe, expect, it } from 'vitest'
import { seconds } from '../../src/units.ts'
import { World } from './kit.ts'
import { queues, server } from './options.ts'

const FAST = 1_000

/** The last of so many servers is fast, or the one of that number. */
const servers = (count: number, o: { readonly held?: readonly number[]; readonly fast?: number } = {}) =>
  Array.from({ length: count }, (_, at) =>
    server(`s${at + 1}`, {
      address: `192.0.2.${10 + at}`,
      rate: at + 1 === o.fast ? FAST : 1,
      timeout: seconds(600),
      maxOutstanding: 1_000,
      isHeldDown: o.held?.includes(at + 1) ?? false,
    }),
  )

const waiting = (count: number, first: ReturnType<typeof servers>): World => {
  const patient = { maxAge: seconds(600) }
  const world = new World({ servers: first, queues: queues({ authentication: patient, accounting: patient }) })
  for (let at = 0; at < count; at += 1) {
    world.accounting({ tag: `${at}`, session: 'S' })
    world.settle()
  }
  return world
}

const isInOrder = (world: World): boolean => {
  const sent = world.tags().map(Number)
  return sent.every((number, at) => at === 0 || number > (sent[at - 1] as number))
}

describe('records of one session', () => {
  it.each([1, 2, 4, 6])('keep their order if the second server goes Down %i steps after the first', (steps) => {
    const world = waiting(200, servers(3, { fast: 3 }))
    world.reconfigure({ servers: servers(3, { fast: 3, held: [1] }) })
    for (let step = 0; step < steps; step += 1) world.engine.serve(world.now, 32)
    world.reconfigure({ servers: servers(3, { fast: 3, held: [1, 2] }) })
    world.advance(seconds(300))
    expect(world.sent).toHaveLength(200)
    expect(isInOrder(world)).toBe(true)
  })

  it.each([1, 3])('keep their order if a server lives again %i steps after all went Down', (steps) => {
    const world = waiting(300, servers(2))
    world.reconfigure({ servers: servers(2, { held: [1, 2] }) })
    for (let step = 0; step < steps; step += 1) world.engine.serve(world.now, 32)
    world.reconfigure({ servers: servers(2, { fast: 2, held: [1] }) })
    world.advance(seconds(300))
    expect(world.sent).toHaveLength(300)
    expect(isInOrder(world)).toBe(true)
  })
})
