/** What returns from the parking place: who is older goes first, whatever happens to the server meanwhile. */
import { expect, it } from 'vitest'
import { after as later, seconds } from '../../../src/units.ts'
import { START, World } from '../kit.ts'
import { deadServer, server } from '../options.ts'

it('a request that was given back and is not served yet tries a Down server before a younger one that is parked', () => {
  const world = new World({
    servers: [server('s1', { timeout: seconds(1), maxRetries: 0 })],
    deadServer: deadServer({ consecutiveFailures: 1, deadTime: seconds(5), probeInterval: seconds(2) }),
    serviceOrder: 'authentication_first',
  })
  world.access()
  world.advance(seconds(5.5))
  world.access({ tag: 'trial' })
  world.settle()
  for (let i = 0; i < 3; i += 1) {
    world.access({ tag: `parked ${i}` })
    world.settle()
  }
  expect(world.sent.map(({ tag }) => tag)).toEqual(['r0', 'r0', 'trial'])
  expect(world.lane('s1', 'authentication').state).toBe('down')
  // Its dead time is over: one is given back, and what goes before it fells the server anew.
  world.now = later(START, seconds(6.2))
  world.access({ tag: 'first', state: 'state' })
  world.engine.serve(world.now, 1)
  expect(world.sent.at(-1)!.tag).toBe('first')
  world.now = later(START, seconds(7.5))
  world.engine.wake(world.now)
  expect(world.lane('s1', 'authentication').state).toBe('down')
  // A trial is due.
  world.now = later(START, seconds(9.8))
  world.engine.serve(world.now, 1)
  world.settle()
  expect(world.sent.at(-1)!.tag).toBe('parked 0')
})
