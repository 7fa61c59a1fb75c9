/**
 * What a law remembers of requests ends with them. It does not grow with the length of the traffic.
 */

import { describe, expect, it } from 'vitest'
import { perClass } from '../../src/classes.ts'
import { withBooks } from '../../src/simulation/books/books.ts'
import { RequestLaw } from '../../src/simulation/laws/network/request-law.ts'
import { World } from '../../src/simulation/world/world.ts'
import { micros, seconds } from '../../src/units.ts'
import { bng, homeServer, options, reporting } from './rig.ts'

/** Twenty records a second; nothing waits for longer than a second, so nothing is in hand for longer than minutes. */
const rememberedAfter = (minutes: number): number => {
  const accounting = { ...bng().accounting, isOn: true, interimPeriod: seconds(1) }
  const clients = [reporting({ sessions: 20, accounting, upAtStart: { interimWithin: micros(0) } })]
  const servers = [homeServer('one')]
  const { queues } = options([], [])
  const queue = { ...queues.accounting, maxAge: seconds(1) }
  const engine = options(clients, servers, { queues: perClass(() => queue) })
  let law: RequestLaw | undefined
  const observers = withBooks(engine, (books) => {
    law = new RequestLaw(books)
    return [law]
  })
  new World({ seed: 'a long time', engine, servers, clients }, observers).run(seconds(minutes * 60))
  return law?.remembered ?? Number.NaN
}

describe('what a checker remembers of requests', () => {
  it('is as much after twenty minutes as after five', () => {
    const [short, long] = [rememberedAfter(5), rememberedAfter(20)]
    expect(short).toBeGreaterThan(20 * 120)
    expect(long).toBeLessThan(short * 1.3)
  })
})
