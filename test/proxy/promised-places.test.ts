/**
 * A place in the slot that was promised to a message, and not used by it, goes to the next one in the same slot.
 */
import { describe, expect, it } from 'vitest'
import { micros, millis } from '../../src/units.ts'
import { type Attribute, attribute } from '../radius/oracle.ts'
import { type Asked, World } from './kit.ts'
import { server } from './options.ts'

/** Five a slot of 50 ms. */
const QUOTA = 5
const WAITING = 20

/** As long as a packet can be: with the Message-Authenticator that servers get it is too long. */
const tooLong = (): Attribute[] => [
  ...Array.from({ length: 15 }, () => attribute(25, Buffer.alloc(253))),
  attribute(25, Buffer.alloc(215)),
]

/** A slot that is used up, and logins that wait for the next one; `makeOf` says what is special about some of them. */
const waitingForASlot = (makeOf: (number: number) => { readonly attributes?: Attribute[] } = () => ({})) => {
  const world = new World({ servers: [server('s1', { rate: 20 * QUOTA })] })
  const asked: Asked[] = []
  for (let number = 0; number < QUOTA + WAITING; number += 1) {
    asked.push(world.access({ tag: `a${number}`, ...makeOf(number) }))
    world.settle()
  }
  expect(world.sent).toHaveLength(QUOTA)
  world.now = world.engine.nextWakeAt(world.now) ?? world.now
  return { world, asked }
}

const sentNow = (world: World): string[] => world.sent.filter(({ at }) => at === world.now).map(({ tag }) => tag)

describe('a promised place in the slot', () => {
  it('of a message that can not be sent goes to the next one', () => {
    const { world } = waitingForASlot((number) => (number === QUOTA + 1 ? { attributes: tooLong() } : {}))
    world.settle()
    expect(world.account('authentication')).toMatchObject({ 'too-long': 1 })
    expect(sentNow(world)).toEqual(['a5', 'a7', 'a8', 'a9', 'a10'])
  })

  it('of a message that its client gave up goes to the next one', () => {
    const { world, asked } = waitingForASlot()
    // All of this slot have returned to the instance queue, and all but the last are served.
    world.engine.serve(world.now, QUOTA - 1)
    // A step that gets no further than to others: nothing is left that would have the server looked at again.
    world.engine.serve(world.now, 0)
    const given = asked[2 * QUOTA - 1] as Asked
    world.engine.drain('keep')
    // A newer one under its identifier, which is not let in any more.
    world.access({ tag: 'newer', identifier: given.bytes[1], serial: 999, from: given.from })
    expect(world.account('authentication')).toMatchObject({ superseded: 1, draining: 1 })
    world.settle()
    expect(sentNow(world)).toEqual(['a5', 'a6', 'a7', 'a8', 'a10'])
    world.advance(millis(49))
    expect(sentNow(world)).toEqual([])
    world.advance(micros(2_000))
    expect(world.sent).toHaveLength(3 * QUOTA)
  })
})
